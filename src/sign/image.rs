use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::iter;

use super::attach::{Attaching, attach_all, attach_one};
use super::attached::Attached;
use super::layers::How;
use super::log::Logged;
use super::new_signature::NewSignature;
use super::options::{Attachment, Earlier, Options};
use super::refer;
use super::signer::{Signer, SigningError};
use super::task::Task;
use crate::fetch::{SIDE_BY_SIDE, Target, resolve};
use crate::imports::{Registry, RegistryPush};
use crate::key::PublicKey;
use crate::log::LogEntry;
use crate::oci::{Digest, Repository, signature_tag};
use crate::payload::{Predicate, SimpleSigning};
use crate::verify::decode_signature;
use crate::walk::{MAX_MANIFESTS, Walk, expand};

/// A payload and the signature over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What was claimed: simple signing, or an in-toto statement.
    pub payload: Vec<u8>,
    /// Its media type. A statement is signed in an envelope (DSSE), simple signing as it is.
    pub payload_type: &'static str,
    /// ECDSA in DER, RSASSA-PKCS1-v1_5, or Ed25519.
    pub signature: Vec<u8>,
    /// A sigstore bundle v0.3 of it, with the log's entry and proof if a log was asked.
    pub bundle: String,
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
    /// One for each identity, and one for each form.
    pub signatures: Vec<Signature>,
    /// Where they were attached, if they were to be: one for each form.
    pub attached: Vec<Attached>,
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
    let subjects = find(host, references, options.check(), options.recursive);
    sign_groups(host, signer, subjects, MAX_MANIFESTS, &Task::Sign, options)
}

/// Attests something of images, likewise: a statement with this predicate for each.
pub fn attest_images<H: Registry + RegistryPush>(
    host: &mut H,
    signer: &mut Signer<'_>,
    references: &[String],
    predicate: &Predicate,
    options: &Options,
) -> Vec<SigningResult> {
    let checked = options
        .check()
        .and_then(|()| options.check_attestation(&predicate.content));
    let subjects = find(host, references, checked, options.recursive);
    // Predicates can be large, and each image has one of its own.
    let group = MAX_PREDICATES_SIZE / predicate.content.len().max(1);
    let task = Task::Attest(predicate);
    sign_groups(
        host,
        signer,
        subjects,
        group.min(SIDE_BY_SIDE),
        &task,
        options,
    )
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
    let new = NewSignature::simple(claims, foreign.payload.to_vec(), signature);
    let layer = new.layer(log_entry.as_deref())?;
    let repository = signature_repository.unwrap_or(&target.repository).clone();
    let how = How {
        public_key: None,
        logs: None,
        earlier: Earlier::Keep,
        created: None,
    };
    let tag = signature_tag(&target.digest);
    attach_one(host, repository, target.digest, tag, layer, &how)
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

/// The manifests that references lead to.
fn find<R: Registry>(
    registry: &mut R,
    references: &[String],
    checked: Result<(), SigningError>,
    recursive: bool,
) -> Vec<Named> {
    let mut subjects = Vec::new();
    for (chunk, group) in references.chunks(SIDE_BY_SIDE).enumerate() {
        let mut walks: Vec<Result<Walk, SigningError>> = match &checked {
            Ok(()) => resolve(registry, group)
                .into_iter()
                .map(|target| Ok(Walk::start(target?)))
                .collect(),
            Err(error) => group.iter().map(|_| Err(error.clone())).collect(),
        };
        if recursive {
            expand(registry, &mut walks);
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
    subjects
}

/// At most so many at a time.
fn sign_groups<H: Registry + RegistryPush>(
    host: &mut H,
    signer: &mut Signer<'_>,
    subjects: Vec<Named>,
    most: usize,
    task: &Task<'_>,
    options: &Options,
) -> Vec<SigningResult> {
    // Lists of referrers are held for all images of a group.
    let most = match options.form.is_bundled() {
        true => most.min(SIDE_BY_SIDE),
        false => most.min(MAX_MANIFESTS),
    };
    let mut subjects = subjects.into_iter();
    let mut results = Vec::with_capacity(subjects.len());
    loop {
        let group: Vec<Named> = subjects.by_ref().take(most.max(1)).collect();
        if group.is_empty() {
            return results;
        }
        results.extend(sign_subjects(host, signer, group, task, options));
    }
}

fn sign_subjects<H: Registry + RegistryPush>(
    host: &mut H,
    signer: &mut Signer<'_>,
    subjects: Vec<Named>,
    task: &Task<'_>,
    options: &Options,
) -> Vec<SigningResult> {
    let mut labels = Vec::with_capacity(subjects.len());
    let mut signed = Vec::with_capacity(subjects.len());
    for (reference_index, subject, target) in subjects {
        labels.push((reference_index, subject));
        signed.push(target.map_err(Failed::from).and_then(|target| {
            let wanted = task.sign(signer, &target, options)?;
            Ok(Made { target, wanted })
        }));
    }
    let public_key = signer.public_key().clone();
    let logs = signer.log().map(|log| log.logs.clone());
    let (place, earlier) = match &options.attachment {
        Attachment::None => (None, Earlier::Keep),
        Attachment::BesideImage(earlier) => (None, *earlier),
        Attachment::Repository(repository, earlier) => (Some(repository), *earlier),
    };
    let how = How {
        public_key: Some(&public_key),
        logs: logs.as_ref(),
        earlier,
        created: options.created.as_deref(),
    };
    let is_attached = options.attachment != Attachment::None;
    // Before a log has them: what refers to an image that is not there would be logged for nothing.
    let referring = match is_attached && options.form.is_bundled() {
        true => refer::prepare(host, &mut signed, place, &how),
        false => Vec::new(),
    };
    if let Some(log) = signer.log() {
        log.log(&public_key, &mut signed);
    }
    let outcomes = match is_attached {
        false => signed
            .into_iter()
            .map(|made| signed_image(made?, &public_key))
            .collect(),
        true => {
            let attaching = Attaching {
                task,
                form: options.form,
                place,
                how: &how,
                key: &public_key,
            };
            attach_all(host, signed, referring, &attaching)
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
            let unattached = unattached.into_iter();
            SigningResult {
                reference_index,
                subject,
                outcome,
                unattached: unattached
                    .filter_map(|new| new.into_signature(&public_key).ok())
                    .collect(),
            }
        })
        .collect()
}

/// What was signed for one manifest.
pub(super) struct Made {
    pub(super) target: Target,
    pub(super) wanted: Vec<NewSignature>,
}

/// Why nothing is attached, and what a log has taken all the same.
pub(super) struct Failed {
    error: SigningError,
    unattached: Vec<NewSignature>,
}

impl Failed {
    /// Of these signatures some, or all, are in a log.
    pub(super) fn after_logging(error: SigningError, made: Vec<NewSignature>) -> Self {
        let logged = made.into_iter().filter(|new| new.log.is_some());
        Self {
            error,
            unattached: logged.collect(),
        }
    }
}

impl From<SigningError> for Failed {
    fn from(error: SigningError) -> Self {
        Self::after_logging(error, Vec::new())
    }
}

/// An image of which nothing is attached.
fn signed_image(made: Made, key: &PublicKey) -> Result<SignedImage, Failed> {
    let Target { repository, digest } = made.target;
    let signatures = made.wanted.into_iter();
    let signatures = signatures.map(|new| new.into_signature(key));
    Ok(SignedImage {
        repository,
        digest,
        signatures: signatures.collect::<Result<_, _>>()?,
        attached: Vec::new(),
    })
}

/// Bytes of predicates that are attested together.
const MAX_PREDICATES_SIZE: usize = 2 * 1024 * 1024;
