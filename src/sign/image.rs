use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::iter;

use super::attach::{Attached, How, Job, attach};
use super::log::Logged;
use super::merge::NewSignature;
use super::options::{Attachment, Earlier, Options};
use super::signer::{Signer, SigningError};
use crate::fetch::{SIDE_BY_SIDE, Target, resolve};
use crate::imports::{Registry, RegistryPush};
use crate::log::LogEntry;
use crate::oci::{Digest, Layer, Repository};
use crate::payload::SimpleSigning;
use crate::verify::decode_signature;
use crate::walk::{Walk, expand};

/// A payload and the signature over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The exact bytes that were signed.
    pub payload: Vec<u8>,
    /// ECDSA in DER, RSASSA-PKCS1-v1_5, or Ed25519.
    pub signature: Vec<u8>,
    /// The entry that a log made for it, if one was asked.
    pub log: Option<Logged>,
}

/// A manifest that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedImage {
    /// Where it is.
    pub repository: Repository,
    /// The digest that was signed.
    pub digest: Digest,
    /// One for each identity.
    pub signatures: Vec<Signature>,
    /// Where they were attached, if they were to be.
    pub attached: Option<Attached>,
}

/// What became of one manifest.
#[derive(Debug)]
pub struct SigningResult {
    /// The place of the reference that it belongs to.
    pub reference_index: usize,
    /// What was to be signed.
    pub subject: String,
    /// Whether it was.
    pub outcome: Result<SignedImage, SigningError>,
    /// Signatures that a log has taken though the outcome is an error: they are attached nowhere.
    pub unattached: Vec<Signature>,
}

/// Signs images, logs the signatures if the signer has a log, and attaches them. One that fails
/// stops no other.
pub fn sign_images<H: Registry + RegistryPush>(
    host: &mut H,
    signer: &mut Signer<'_>,
    references: &[String],
    options: &Options,
) -> Vec<SigningResult> {
    let checked = options.check();
    let mut subjects = Vec::new();
    for (chunk, group) in references.chunks(SIDE_BY_SIDE).enumerate() {
        let mut walks: Vec<Result<Walk, SigningError>> = match &checked {
            Ok(()) => resolve(host, group)
                .into_iter()
                .map(|target| Ok(Walk::start(target?)))
                .collect(),
            Err(error) => group.iter().map(|_| Err(error.clone())).collect(),
        };
        if options.recursive {
            expand(host, &mut walks);
        }
        for (place, (reference, walk)) in group.iter().zip(walks).enumerate() {
            let reference_index = chunk * SIDE_BY_SIDE + place;
            match walk {
                Err(error) => subjects.push((reference_index, reference.clone(), Err(error))),
                Ok(walk) => {
                    let below = walk.below.into_iter().map(|below| below.target);
                    let targets = iter::once(walk.start).chain(below);
                    for (child, target) in targets.enumerate() {
                        let subject = match child {
                            0 => reference.clone(),
                            _ => format!("{}@{}", target.repository, target.digest),
                        };
                        subjects.push((reference_index, subject, Ok(target)));
                    }
                }
            }
        }
    }
    sign_subjects(host, signer, subjects, options)
}

/// A signature that was made elsewhere, for an image.
#[derive(Clone, Copy, Debug)]
pub struct ForeignSignature<'a> {
    /// The image.
    pub reference: &'a str,
    /// The exact bytes that were signed.
    pub payload: &'a [u8],
    /// In base64, or as it is.
    pub signature: &'a [u8],
    /// The entry that a log made for it: cosign's annotation `dev.sigstore.cosign/bundle`.
    pub log_entry: Option<&'a [u8]>,
}

/// Attaches a signature that was made elsewhere.
pub fn attach_signature<H: Registry + RegistryPush>(
    host: &mut H,
    foreign: &ForeignSignature<'_>,
    signature_repository: Option<&Repository>,
) -> Result<Attached, SigningError> {
    let target = resolve(host, &[foreign.reference.to_string()])
        .pop()
        .ok_or_else(|| SigningError::InvalidOption("no reference".into()))??;
    let claims = SimpleSigning::parse(foreign.payload)?;
    if claims.digest != target.digest {
        return Err(SigningError::InvalidOption(format!(
            "the payload is for {}, not for {}",
            claims.digest, target.digest
        )));
    }
    let signature = decode_signature(foreign.signature)
        .map_err(|why| SigningError::InvalidOption(format!("the signature is malformed: {why}")))?;
    let log_entry = foreign
        .log_entry
        .map(|entry| stored_entry(entry, foreign.payload, &signature))
        .transpose()?;
    let payload = foreign.payload.to_vec();
    let wanted = vec![new_signature(claims, payload, signature, log_entry)?];
    let repository = signature_repository.unwrap_or(&target.repository).clone();
    let job = Job {
        repository,
        digest: target.digest,
        wanted,
    };
    let how = How {
        public_key: None,
        logs: None,
        earlier: Earlier::Keep,
        created: None,
    };
    let (attached, _) = attach(host, vec![job], &how)
        .pop()
        .ok_or_else(|| SigningError::InvalidOption("nothing to attach".into()))??;
    Ok(attached)
}

/// An entry that is about the signature, as it is stored beside it. Who verifies asks who logged it.
fn stored_entry(entry: &[u8], payload: &[u8], signature: &[u8]) -> Result<String, SigningError> {
    let malformed = |why: &dyn core::fmt::Display| {
        SigningError::InvalidOption(format!("the log entry cannot be attached: {why}"))
    };
    let entry = LogEntry::from_annotation(entry).map_err(|error| malformed(&error))?;
    entry
        .bind_signature(payload, signature)
        .map_err(|error| malformed(&error))?;
    let annotation = entry.to_annotation();
    annotation.ok_or_else(|| malformed(&"it has no signed entry timestamp"))
}

type Named = (usize, String, Result<Target, SigningError>);

fn sign_subjects<H: Registry + RegistryPush>(
    host: &mut H,
    signer: &mut Signer<'_>,
    subjects: Vec<Named>,
    options: &Options,
) -> Vec<SigningResult> {
    let mut labels = Vec::with_capacity(subjects.len());
    let mut signed = Vec::with_capacity(subjects.len());
    for (reference_index, subject, target) in subjects {
        labels.push((reference_index, subject));
        signed.push(target.map_err(Failed::from).and_then(|target| {
            let wanted = sign(signer, &target, options)?;
            Ok(Made { target, wanted })
        }));
    }
    let public_key = signer.public_key().clone();
    let mut logs = None;
    if let Some(log) = signer.log() {
        log.log(&public_key, &mut signed);
        logs = Some(&log.logs);
    }
    let place = match &options.attachment {
        Attachment::None => None,
        Attachment::BesideImage(earlier) => Some((None, *earlier)),
        Attachment::Repository(repository, earlier) => Some((Some(repository), *earlier)),
    };
    let outcomes = match place {
        None => signed
            .into_iter()
            .map(|made| {
                let Made { target, wanted } = made?;
                let signatures = wanted.into_iter().map(Signature::from).collect();
                Ok(signed_image(target, signatures, None))
            })
            .collect(),
        Some((repository, earlier)) => {
            let how = How {
                public_key: Some(&public_key),
                logs,
                earlier,
                created: options.created.as_deref(),
            };
            attach_all(host, signed, repository, &how)
        }
    };
    labels
        .into_iter()
        .zip::<Vec<_>>(outcomes)
        .map(|((reference_index, subject), outcome)| {
            let (outcome, unattached) = match outcome {
                Ok(image) => (Ok(image), Vec::new()),
                Err(Failed { error, unattached }) => (Err(error), unattached),
            };
            SigningResult {
                reference_index,
                subject,
                outcome,
                unattached,
            }
        })
        .collect()
}

/// What was signed for one manifest.
pub(super) struct Made {
    target: Target,
    pub(super) wanted: Vec<NewSignature>,
}

/// Why nothing is attached, and what a log has taken all the same.
pub(super) struct Failed {
    error: SigningError,
    unattached: Vec<Signature>,
}

impl Failed {
    /// Of these signatures some, or all, are in a log.
    pub(super) fn after_logging(error: SigningError, made: Vec<NewSignature>) -> Self {
        let logged = made.into_iter().filter(|new| new.log.is_some());
        Self {
            error,
            unattached: logged.map(Signature::from).collect(),
        }
    }
}

impl From<SigningError> for Failed {
    fn from(error: SigningError) -> Self {
        Self::after_logging(error, Vec::new())
    }
}

impl From<NewSignature> for Signature {
    fn from(new: NewSignature) -> Self {
        Self {
            payload: new.payload,
            signature: new.signature,
            log: new.log,
        }
    }
}

fn attach_all<H: Registry + RegistryPush>(
    host: &mut H,
    signed: Vec<Result<Made, Failed>>,
    signature_repository: Option<&Repository>,
    how: &How<'_>,
) -> Vec<Result<SignedImage, Failed>> {
    let mut jobs = Vec::<Job>::new();
    let mut made = Vec::with_capacity(signed.len());
    for signed in signed {
        made.push(signed.map(|Made { target, wanted }| {
            let repository = signature_repository.unwrap_or(&target.repository);
            let (job, places) = enlist(&mut jobs, repository, target.digest, &wanted);
            (target, wanted, job, places)
        }));
    }
    let attached = attach(host, jobs, how);
    made.into_iter()
        .map(|made| {
            let (target, wanted, job, places) = made?;
            let missing = || SigningError::Contended("it was not attached".into());
            let outcome = attached.get(job).cloned().unwrap_or_else(|| Err(missing()));
            let (attached, stored) = match outcome {
                Ok(outcome) => outcome,
                Err(error) => return Err(Failed::after_logging(error, wanted)),
            };
            let signatures = wanted.into_iter().zip(places).map(|(new, place)| {
                let mut signature = Signature::from(new);
                if let Some(stored) = stored.get(place) {
                    signature.signature.clone_from(stored);
                }
                signature
            });
            Ok(signed_image(target, signatures.collect(), Some(attached)))
        })
        .collect()
}

/// Puts signatures into the one job for their tag, each payload once: two jobs for one tag would
/// overwrite each other. Returns the job's place, and the signatures' places in it.
fn enlist(
    jobs: &mut Vec<Job>,
    repository: &Repository,
    digest: Digest,
    wanted: &[NewSignature],
) -> (usize, Vec<usize>) {
    let same = |job: &Job| job.repository == *repository && job.digest == digest;
    let place = jobs.iter().position(same).unwrap_or_else(|| {
        jobs.push(Job {
            repository: repository.clone(),
            digest,
            wanted: Vec::new(),
        });
        jobs.len() - 1
    });
    let all = &mut jobs[place].wanted;
    let places = wanted.iter().map(|new| {
        let same = |there: &NewSignature| there.content.descriptor == new.content.descriptor;
        all.iter().position(same).unwrap_or_else(|| {
            all.push(new.clone());
            all.len() - 1
        })
    });
    (place, places.collect())
}

fn sign(
    signer: &mut Signer<'_>,
    target: &Target,
    options: &Options,
) -> Result<Vec<NewSignature>, SigningError> {
    let own = [target.repository.to_string()];
    let identities = match options.identities.as_slice() {
        [] => own.as_slice(),
        identities => identities,
    };
    identities
        .iter()
        .enumerate()
        .filter(|(place, identity)| !identities[..*place].contains(identity))
        .map(|(_, identity)| {
            let claims = SimpleSigning {
                docker_reference: identity.clone(),
                digest: target.digest,
                annotations: options.annotations.clone(),
            };
            let payload = claims.to_bytes()?;
            let signature = signer.sign(&payload)?;
            new_signature(claims, payload, signature, None)
        })
        .collect()
}

fn new_signature(
    claims: SimpleSigning,
    payload: Vec<u8>,
    signature: Vec<u8>,
    log_entry: Option<String>,
) -> Result<NewSignature, SigningError> {
    let malformed = |why: &str| SigningError::InvalidOption(why.to_string());
    let layer =
        Layer::of(&payload, &signature, log_entry.as_deref()).map_err(|why| malformed(&why))?;
    let content = layer.content().map_err(malformed)?.clone();
    Ok(NewSignature {
        claims,
        payload,
        signature,
        layer,
        content,
        log: None,
    })
}

fn signed_image(
    target: Target,
    signatures: Vec<Signature>,
    attached: Option<Attached>,
) -> SignedImage {
    let Target { repository, digest } = target;
    SignedImage {
        repository,
        digest,
        signatures,
        attached,
    }
}
