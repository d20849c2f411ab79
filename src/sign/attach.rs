use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::merge::{Merged, NewSignature, Ownership, merge};
use super::options::Earlier;
use super::signer::SigningError;
use crate::fetch::{
    Blobs, FoundSignatures, MAX_PAYLOADS_SIZE, SIDE_BY_SIDE, blob_request, only, read_blobs,
    read_signatures, side_by_side, signatures_request,
};
use crate::imports::{
    BlobPush, ManifestPush, ManifestRequest, Registry, RegistryError, RegistryPush,
};
use crate::json::Object;
use crate::key::PublicKey;
use crate::log::TrustedLogs;
use crate::oci::{
    BuiltSignatureImage, Descriptor, Digest, MAX_SIGNATURES, Repository, SignatureImage,
    signature_tag,
};
use crate::verify::MAX_MANIFEST_SIZE;

/// Where signatures were attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The repository of the signature image.
    pub repository: Repository,
    /// Its tag.
    pub tag: String,
    /// The digest of its manifest, as it was read back.
    pub manifest_digest: Digest,
    /// What was done.
    pub outcome: AttachOutcome,
}

/// What was done at the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachOutcome {
    /// A signature was added.
    Added,
    /// It replaced earlier ones of the same key.
    Replaced,
    /// Nothing was written.
    Unchanged,
}

/// Signatures of one image, to be attached together.
pub(super) struct Job {
    /// Where the signature image is.
    pub(super) repository: Repository,
    /// The signed image.
    pub(super) digest: Digest,
    pub(super) wanted: Vec<NewSignature>,
}

/// Where the signatures are now, and which they are.
pub(super) type Outcome = Result<(Attached, Vec<Vec<u8>>), SigningError>;

/// What is the same for all jobs.
pub(super) struct How<'a> {
    pub(super) public_key: Option<&'a PublicKey>,
    /// The logs that the signer writes to.
    pub(super) logs: Option<&'a TrustedLogs>,
    pub(super) earlier: Earlier,
    pub(super) created: Option<&'a str>,
}

/// Attaches signatures so that none is lost, others' included.
///
/// A registry has no conditional write, so two signers can overwrite each other's tag. What is
/// done about it: blobs go first, so that reading the tag and writing it lie one request apart;
/// what was written is read back when all who had read the tag before must have written too,
/// until it rests; and a signature that is gone is merged again after a pause that grows and
/// differs from signer to signer.
///
/// Each job ends with the signatures that are attached: an equal one that was there already
/// takes the place of the one that was made.
pub(super) fn attach<H: Registry + RegistryPush>(
    host: &mut H,
    jobs: Vec<Job>,
    how: &How<'_>,
) -> Vec<Outcome> {
    let mut jobs: Vec<Result<Progress, SigningError>> = jobs
        .into_iter()
        .map(|job| Progress::start(job, how))
        .collect();
    // So many at a time that what is held of them is bounded.
    for _ in 0..MAX_ROUNDS {
        for group in jobs.chunks_mut(SIDE_BY_SIDE) {
            push_blobs(host, group);
            read(host, group, how);
            push_blobs(host, group);
            reread(host, group);
            write(host, group);
        }
        // All have written when the first is read back, so one pause is enough.
        let mut pause = CONFIRM_MS;
        for group in jobs.chunks_mut(SIDE_BY_SIDE) {
            confirm(host, group, how, &mut pause);
        }
        if jobs.iter().flatten().all(|job| job.attached.is_some()) {
            break;
        }
    }
    jobs.into_iter().map(|job| job?.finish()).collect()
}

/// A job on its way.
struct Progress {
    job: Job,
    /// Blobs that the registry has by our hand.
    pushed: Vec<Digest>,
    /// How often the tag was read to be merged with.
    rounds: u32,
    /// Why manifests were refused.
    refused: Vec<RegistryError>,
    /// What the tag was found to hold, and the blobs that tell what to do with it.
    found: Option<(Option<FoundSignatures>, Vec<Descriptor>)>,
    /// What is to be written, and over what.
    pending: Option<Pending>,
    /// What was written, or was found to hold what was written, and is to be confirmed.
    written: Option<Written>,
    attached: Option<Attached>,
    signatures: Vec<Vec<u8>>,
}

struct Pending {
    base: Option<Digest>,
    built: BuiltSignatureImage,
    outcome: AttachOutcome,
    /// Time went by since the tag was read.
    stale: bool,
}

struct Written {
    manifest_digest: Digest,
    outcome: AttachOutcome,
}

type Jobs = [Result<Progress, SigningError>];

impl Progress {
    fn start(job: Job, how: &How<'_>) -> Result<Self, SigningError> {
        let layers = job
            .wanted
            .iter()
            .map(|wanted| wanted.layer.clone())
            .collect();
        let built = build(SignatureImage::empty().with_layers(layers), how.created)?;
        let pending = Pending {
            base: None,
            built,
            outcome: AttachOutcome::Added,
            stale: false,
        };
        Ok(Self {
            job,
            pushed: Vec::new(),
            rounds: 0,
            refused: Vec::new(),
            found: None,
            pending: Some(pending),
            written: None,
            attached: None,
            signatures: Vec::new(),
        })
    }

    fn request(&self, after_ms: u32) -> ManifestRequest {
        signatures_request(
            &self.job.repository,
            &self.job.digest,
            MAX_MANIFEST_SIZE,
            after_ms,
        )
    }

    /// A pause before the next try: it doubles, and differs from signer to signer.
    fn pause(&self) -> u32 {
        if self.rounds == 0 {
            return 0;
        }
        let seed = self
            .job
            .wanted
            .first()
            .map_or(self.job.digest, |wanted| Digest::of(&wanted.signature));
        let jitter = seed.as_bytes()[self.rounds as usize % 32];
        let step = FIRST_PAUSE_MS << (self.rounds - 1).min(5);
        step / 2 + step * u32::from(jitter) / 255
    }

    /// Blobs that a manifest needs, those included that the registry has by our hand.
    fn blobs(&self) -> Vec<(Digest, &[u8])> {
        let Some(pending) = &self.pending else {
            return Vec::new();
        };
        let payloads = self.job.wanted.iter().map(|wanted| {
            let digest = wanted.content.descriptor.digest;
            (digest, wanted.payload.as_slice())
        });
        let digest = pending.built.config_descriptor.digest;
        let config = (digest, pending.built.config.as_slice());
        payloads.chain([config]).collect()
    }

    fn ownership<'a>(&'a self, how: &How<'a>) -> Ownership<'a> {
        Ownership {
            public_key: how.public_key,
            logs: how.logs,
            wanted: &self.job.wanted,
        }
    }

    /// Decides what to write over what was found.
    fn merge(
        &mut self,
        found: Option<FoundSignatures>,
        blobs: &Blobs,
        how: &How<'_>,
        created: Option<String>,
        stale: bool,
    ) -> Result<(), SigningError> {
        let base = found.as_ref().map(|found| found.manifest_digest);
        let image = found.map_or_else(SignatureImage::empty, |found| found.image);
        let Merged {
            layers,
            added,
            replaced,
            signatures,
        } = merge(image.layers(), &self.ownership(how), how.earlier, blobs);
        self.signatures = signatures;
        if let (Some(base), false, false) = (base, added, replaced) {
            self.done(base, AttachOutcome::Unchanged);
            return Ok(());
        }
        if layers.len() > MAX_SIGNATURES {
            return Err(SigningError::LimitExceeded(format!(
                "{} would hold {} signatures; at most {MAX_SIGNATURES} are read",
                self.place(),
                layers.len()
            )));
        }
        let built = build(
            image.with_layers(layers),
            how.created.or(created.as_deref()),
        )?;
        let outcome = if replaced {
            AttachOutcome::Replaced
        } else {
            AttachOutcome::Added
        };
        self.pending = Some(Pending {
            base,
            built,
            outcome,
            stale,
        });
        Ok(())
    }

    /// Whether what was found holds every signature that this job wants there.
    fn is_in(&self, found: &FoundSignatures, how: &How<'_>) -> bool {
        let ownership = self.ownership(how);
        self.job
            .wanted
            .iter()
            .zip(&self.signatures)
            .all(|(wanted, signature)| {
                found
                    .image
                    .layers()
                    .iter()
                    .filter_map(|layer| layer.content().ok())
                    .any(|content| {
                        ownership.says(content, wanted)
                            && content
                                .signature()
                                .and_then(|stored| crate::verify::decode_annotation(stored).ok())
                                .is_some_and(|stored| stored == *signature)
                    })
            })
    }

    /// Whether the tag is to be read and merged with.
    fn is_to_merge(&self) -> bool {
        self.attached.is_none() && self.written.is_none()
    }

    fn done(&mut self, manifest_digest: Digest, outcome: AttachOutcome) {
        self.pending = None;
        self.attached = Some(Attached {
            repository: self.job.repository.clone(),
            tag: signature_tag(&self.job.digest),
            manifest_digest,
            outcome,
        });
    }

    fn place(&self) -> String {
        format!(
            "{}:{}",
            self.job.repository,
            signature_tag(&self.job.digest)
        )
    }

    fn finish(mut self) -> Outcome {
        match (self.attached.take(), self.refused.pop()) {
            (Some(attached), _) => Ok((attached, self.signatures)),
            (None, Some(refused)) => Err(SigningError::Registry(refused)),
            (None, None) => Err(SigningError::Contended(format!(
                "others kept writing to {}: the signature did not stay in {MAX_ROUNDS} tries; \
                 sign again",
                self.place()
            ))),
        }
    }
}

/// Reads the tag, and what is needed to tell the signer's layers from others'.
fn read<H: Registry>(host: &mut H, jobs: &mut Jobs, how: &How<'_>) {
    side_by_side(
        jobs,
        |job, requests| {
            if job.is_to_merge() {
                requests.push(job.request(job.pause()));
            }
        },
        |requests| host.fetch_manifests(&requests),
        |job, answers| {
            if !job.is_to_merge() {
                return Ok(());
            }
            job.rounds += 1;
            let found = read_signatures(only(answers), MAX_MANIFEST_SIZE)?;
            let mut wanted = Vec::new();
            if let Some(found) = &found {
                wanted = job
                    .ownership(how)
                    .payloads(found.image.layers(), how.earlier);
                let total: u64 = wanted.iter().map(|payload| payload.size).sum();
                if total > MAX_PAYLOADS_SIZE {
                    return Err(SigningError::LimitExceeded(format!(
                        "the payloads at {} come to {total} bytes, too many to look for earlier \
                         signatures of this key; keep those to sign without looking",
                        job.place()
                    )));
                }
                let config = found
                    .image
                    .config()
                    .filter(|config| how.created.is_none() && config.size <= MAX_CONFIG_SIZE);
                wanted.extend(config.cloned());
            }
            job.found = Some((found, wanted));
            Ok(())
        },
    );
    side_by_side(
        jobs,
        |job, requests| {
            let wanted = job.found.iter().flat_map(|(_, wanted)| wanted);
            requests.extend(wanted.map(|blob| blob_request(&job.job.repository, blob)));
        },
        |requests| host.fetch_blobs(&requests),
        |job, answers| {
            let Some((found, wanted)) = job.found.take() else {
                return Ok(());
            };
            let stale = !wanted.is_empty();
            let blobs = read_blobs(&wanted, answers);
            let created = found
                .as_ref()
                .and_then(|found| creation_time(found, &blobs));
            job.merge(found, &blobs, how, created, stale)
        },
    );
}

/// Payloads and the configuration, as far as they were not pushed yet.
fn push_blobs<H: RegistryPush>(host: &mut H, jobs: &mut Jobs) {
    side_by_side(
        jobs,
        |job, requests| {
            for (digest, content) in job.blobs() {
                if !job.pushed.contains(&digest) {
                    requests.push(BlobPush {
                        repository: job.job.repository.clone(),
                        digest,
                        content: content.to_vec(),
                    });
                }
            }
        },
        |blobs| host.push_blobs(blobs),
        |job, answers| {
            if answers.is_empty() {
                return Ok(());
            }
            answers
                .into_iter()
                .collect::<Result<(), _>>()
                .map_err(SigningError::Registry)?;
            let pushed: Vec<Digest> = job.blobs().iter().map(|(digest, _)| *digest).collect();
            job.pushed.extend(pushed);
            if let Some(pending) = &mut job.pending {
                pending.stale |= job.rounds > 0;
            }
            Ok(())
        },
    );
}

/// Where blobs were fetched or pushed since the tag was read: is it still what it was?
///
/// Jobs go step by step together, so one that took time took it from all.
fn reread<H: Registry>(host: &mut H, jobs: &mut Jobs) {
    let stale = |job: &Progress| job.pending.as_ref().is_some_and(|pending| pending.stale);
    let any_is_stale = jobs.iter().flatten().any(stale);
    side_by_side(
        jobs,
        |job, requests| {
            if any_is_stale && job.pending.is_some() {
                requests.push(job.request(0));
            }
        },
        |requests| host.fetch_manifests(&requests),
        |job, answers| {
            if answers.is_empty() {
                return Ok(());
            }
            let now = read_signatures(only(answers), MAX_MANIFEST_SIZE)?;
            let base = job.pending.as_ref().and_then(|pending| pending.base);
            if now.map(|found| found.manifest_digest) != base {
                job.pending = None;
            }
            Ok(())
        },
    );
}

fn write<H: RegistryPush>(host: &mut H, jobs: &mut Jobs) {
    side_by_side(
        jobs,
        |job, requests| {
            let Some(pending) = &job.pending else { return };
            requests.push(ManifestPush {
                repository: job.job.repository.clone(),
                reference: signature_tag(&job.job.digest),
                media_type: pending.built.manifest_descriptor.media_type.clone(),
                content: pending.built.manifest.clone(),
            });
        },
        |manifests| host.push_manifests(manifests),
        |job, answers| {
            let Some(pending) = job.pending.take() else {
                return Ok(());
            };
            match only(answers) {
                // Two signers that push one blob at the same time can leave a registry without
                // it for a moment (seen with distribution 2.8): push all of it again.
                Err(RegistryError::Invalid(why)) if job.refused.len() < MAX_REFUSALS => {
                    job.refused.push(RegistryError::Invalid(why));
                    job.pushed.clear();
                }
                other => {
                    other.map_err(SigningError::Registry)?;
                    job.written = Some(Written {
                        manifest_digest: pending.built.manifest_descriptor.digest,
                        outcome: pending.outcome,
                    });
                }
            }
            Ok(())
        },
    );
}

/// Reads back what was written, until the tag rests.
///
/// Who does not know of a write read the tag before it and writes one request later: within twice
/// the time of a request. The host waits four times that of its slowest, so a tag that is the
/// same before and after the pause is safe: whoever writes next has read it. A tag that another
/// signer wrote to meanwhile is waited for once more, for there may be a third who read it
/// between the two.
fn confirm<H: Registry>(host: &mut H, jobs: &mut Jobs, how: &How<'_>, pause: &mut u32) {
    let after_ms = *pause;
    side_by_side(
        jobs,
        |job, requests| {
            if job.written.is_some() {
                requests.push(job.request(after_ms));
            }
        },
        |requests| {
            *pause = 0;
            host.fetch_manifests(&requests)
        },
        |job, answers| {
            let Some(written) = job.written.take() else {
                return Ok(());
            };
            let found = read_signatures(only(answers), MAX_MANIFEST_SIZE)?;
            if let Some(found) = found.filter(|found| job.is_in(found, how)) {
                let manifest_digest = found.manifest_digest;
                if manifest_digest == written.manifest_digest {
                    job.done(manifest_digest, written.outcome);
                } else {
                    job.written = Some(Written {
                        manifest_digest,
                        ..written
                    });
                }
            }
            Ok(())
        },
    );
}

fn build(
    image: SignatureImage,
    created: Option<&str>,
) -> Result<BuiltSignatureImage, SigningError> {
    let built = image.build(created).map_err(|why| {
        SigningError::UntrustedAnswer(format!(
            "the signature image cannot be added to, as it is malformed: {why}"
        ))
    })?;
    if built.manifest.len() as u64 > MAX_MANIFEST_SIZE {
        return Err(SigningError::LimitExceeded(format!(
            "the signature image's manifest would have {} bytes; registries take \
             {MAX_MANIFEST_SIZE}",
            built.manifest.len()
        )));
    }
    Ok(built)
}

/// The creation time that an earlier signer recorded, to be kept.
fn creation_time(found: &FoundSignatures, blobs: &Blobs) -> Option<String> {
    let config = found.image.config()?;
    let blob = blobs.get(config)?.as_ref().ok()?;
    Object::parse(blob.as_bytes()).ok()?.take("created").ok()?
}

/// How often a registry may refuse a manifest before that is the answer.
const MAX_REFUSALS: usize = 3;
/// How often the tag is merged with, or waited for, before the signer gives up.
const MAX_ROUNDS: u32 = 16;
/// The first pause between two tries; it doubles up to 32 times this.
const FIRST_PAUSE_MS: u32 = 25;
/// The least time before what was written is read back; a host whose requests take long waits
/// longer.
const CONFIRM_MS: u32 = 20;
/// More than a configuration of a thousand layers has.
const MAX_CONFIG_SIZE: u64 = 256 * 1024;
