use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::attached::AttachOutcome;
use super::signer::SigningError;
use crate::fetch::{Blobs, SIDE_BY_SIDE, blob_request, held, only, read_blobs, side_by_side};
use crate::imports::{
    BlobPush, ManifestPush, ManifestRequest, Registry, RegistryError, RegistryPush, ServedManifest,
};
use crate::oci::{BuiltSignatureImage, Descriptor, Digest, Repository};
use crate::verify::MAX_MANIFEST_SIZE;

/// What a tag names and several signers add to: a signature image, or a list of referrers.
pub(super) trait Document {
    /// Where it is.
    fn repository(&self) -> &Repository;

    /// Its tag.
    fn tag(&self) -> &str;

    /// What differs from signer to signer.
    fn seed(&self) -> Digest;

    /// Takes what the tag holds now; nothing, if there is no such tag. Returns the blobs that must be
    /// fetched to add to it.
    fn read(&mut self, found: Option<&ServedManifest>) -> Result<Vec<Descriptor>, SigningError>;

    /// What to write over what was read; `None` if all is there.
    fn merge(&mut self, blobs: &Blobs) -> Result<Option<Merged>, SigningError>;

    /// The blobs that it needs, beside those of [`Merged`].
    fn blobs(&self) -> Vec<(Digest, &[u8])>;

    /// Whether what was found holds all that is to be there.
    fn is_in(&self, found: &ServedManifest) -> Result<bool, SigningError>;
}

/// What is to be written.
pub(super) struct Merged {
    /// The manifest and its media type.
    pub(super) manifest: Vec<u8>,
    pub(super) media_type: String,
    /// A blob that it names: its configuration.
    pub(super) config: Option<(Digest, Vec<u8>)>,
    pub(super) outcome: AttachOutcome,
}

impl Merged {
    /// A signature image.
    pub(super) fn of_image(built: BuiltSignatureImage, outcome: AttachOutcome) -> Self {
        Self {
            media_type: built.manifest_descriptor.media_type,
            manifest: built.manifest,
            config: Some((built.config_descriptor.digest, built.config)),
            outcome,
        }
    }
}

/// What became of a document: the digest of its manifest, as it was read back, and what was done.
pub(super) type Kept = (Digest, AttachOutcome);

/// Adds to documents so that nothing is lost, others' work included.
///
/// A registry has no conditional write, so two signers can overwrite each other's tag. What is
/// done about it: blobs go first, so that reading the tag and writing it lie one request apart;
/// what was written is read back when all who had read the tag before must have written too,
/// until it rests; and what is gone is merged again after a pause that grows and differs from
/// signer to signer.
///
/// `None` of a document of which nothing is to be there, and nothing is.
pub(super) fn keep<H: Registry + RegistryPush>(
    host: &mut H,
    documents: Vec<&mut dyn Document>,
) -> Vec<Result<Option<Kept>, SigningError>> {
    let mut jobs: Vec<Result<Progress<'_>, SigningError>> =
        documents.into_iter().map(Progress::start).collect();
    // So many at a time that what is held of them is bounded.
    for _ in 0..MAX_ROUNDS {
        for group in jobs.chunks_mut(SIDE_BY_SIDE) {
            push_blobs(host, group);
            read(host, group);
            push_blobs(host, group);
            reread(host, group);
            write(host, group);
        }
        // All have written when the first is read back, so one pause is enough.
        let mut pause = CONFIRM_MS;
        for group in jobs.chunks_mut(SIDE_BY_SIDE) {
            confirm(host, group, &mut pause);
        }
        if jobs.iter().flatten().all(|job| job.ended.is_some()) {
            break;
        }
    }
    jobs.into_iter().map(|job| job?.finish()).collect()
}

/// A document on its way.
struct Progress<'a> {
    document: &'a mut dyn Document,
    /// Blobs that the registry has by our hand.
    pushed: Vec<Digest>,
    /// How often the tag was read to be merged with.
    rounds: u32,
    /// Why manifests were refused.
    refused: Vec<RegistryError>,
    /// The digest of what the tag was found to hold, and the blobs that tell what to do with it.
    found: Option<(Option<Digest>, Vec<Descriptor>)>,
    /// What is to be written, and over what.
    pending: Option<Pending>,
    /// What was written, or was found to hold what was written, and is to be confirmed.
    written: Option<Kept>,
    ended: Option<Option<Kept>>,
}

struct Pending {
    base: Option<Digest>,
    merged: Merged,
    /// Time went by since the tag was read.
    stale: bool,
}

type Jobs<'a> = [Result<Progress<'a>, SigningError>];

impl<'a> Progress<'a> {
    /// As if there were nothing yet, so that blobs can be pushed first.
    fn start(document: &'a mut dyn Document) -> Result<Self, SigningError> {
        document.read(None)?;
        let merged = document.merge(&Blobs::none())?;
        Ok(Self {
            document,
            pushed: Vec::new(),
            rounds: 0,
            refused: Vec::new(),
            found: None,
            pending: merged.map(|merged| Pending {
                base: None,
                merged,
                stale: false,
            }),
            written: None,
            ended: None,
        })
    }

    fn request(&self, after_ms: u32) -> ManifestRequest {
        ManifestRequest {
            repository: self.document.repository().clone(),
            reference: self.document.tag().into(),
            max_size: MAX_MANIFEST_SIZE,
            after_ms,
        }
    }

    /// A pause before the next try: it doubles, and differs from signer to signer.
    fn pause(&self) -> u32 {
        if self.rounds == 0 {
            return 0;
        }
        let jitter = self.document.seed().as_bytes()[self.rounds as usize % 32];
        let step = FIRST_PAUSE_MS << (self.rounds - 1).min(5);
        step / 2 + step * u32::from(jitter) / 255
    }

    /// Blobs that the manifest needs, those included that the registry has by our hand.
    fn blobs(&self) -> Vec<(Digest, &[u8])> {
        let Some(pending) = &self.pending else {
            return Vec::new();
        };
        let config = pending.merged.config.iter();
        let config = config.map(|(digest, content)| (*digest, content.as_slice()));
        self.document.blobs().into_iter().chain(config).collect()
    }

    /// Decides what to write over what was found.
    fn merge(
        &mut self,
        base: Option<Digest>,
        blobs: &Blobs,
        stale: bool,
    ) -> Result<(), SigningError> {
        match (self.document.merge(blobs)?, base) {
            (Some(merged), _) => {
                self.pending = Some(Pending {
                    base,
                    merged,
                    stale,
                });
            }
            (None, base) => self.end(base.map(|base| (base, AttachOutcome::Unchanged))),
        }
        Ok(())
    }

    /// Whether the tag is to be read and merged with.
    fn is_to_merge(&self) -> bool {
        self.ended.is_none() && self.written.is_none()
    }

    fn end(&mut self, kept: Option<Kept>) {
        self.pending = None;
        self.ended = Some(kept);
    }

    fn finish(mut self) -> Result<Option<Kept>, SigningError> {
        match (self.ended.take(), self.refused.pop()) {
            (Some(kept), _) => Ok(kept),
            (None, Some(refused)) => Err(SigningError::Registry(refused)),
            (None, None) => Err(SigningError::Contended(format!(
                "others kept writing to {}:{}: what was written did not stay in {MAX_ROUNDS} tries; \
                 try again",
                self.document.repository(),
                self.document.tag()
            ))),
        }
    }
}

/// Reads the tag, and what is needed to tell the signer's work from others'.
fn read<H: Registry>(host: &mut H, jobs: &mut Jobs<'_>) {
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
            let found = held(only(answers), MAX_MANIFEST_SIZE)?;
            let wanted = job.document.read(found.as_ref())?;
            job.found = Some((found.map(|found| Digest::of(&found.content)), wanted));
            Ok(())
        },
    );
    side_by_side(
        jobs,
        |job, requests| {
            let wanted = job.found.iter().flat_map(|(_, wanted)| wanted);
            requests.extend(wanted.map(|blob| blob_request(job.document.repository(), blob)));
        },
        |requests| host.fetch_blobs(&requests),
        |job, answers| {
            let Some((base, wanted)) = job.found.take() else {
                return Ok(());
            };
            let stale = !wanted.is_empty();
            job.merge(base, &read_blobs(&wanted, answers), stale)
        },
    );
}

/// Payloads and the configuration, as far as they were not pushed yet.
fn push_blobs<H: RegistryPush>(host: &mut H, jobs: &mut Jobs<'_>) {
    side_by_side(
        jobs,
        |job, requests| {
            for (digest, content) in job.blobs() {
                if !job.pushed.contains(&digest) {
                    requests.push(BlobPush {
                        repository: job.document.repository().clone(),
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
fn reread<H: Registry>(host: &mut H, jobs: &mut Jobs<'_>) {
    let stale = |job: &Progress<'_>| job.pending.as_ref().is_some_and(|pending| pending.stale);
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
            let now = held(only(answers), MAX_MANIFEST_SIZE)?.map(|now| Digest::of(&now.content));
            let base = job.pending.as_ref().and_then(|pending| pending.base);
            if now != base {
                job.pending = None;
            }
            Ok(())
        },
    );
}

fn write<H: RegistryPush>(host: &mut H, jobs: &mut Jobs<'_>) {
    side_by_side(
        jobs,
        |job, requests| {
            let Some(pending) = &job.pending else { return };
            requests.push(ManifestPush {
                repository: job.document.repository().clone(),
                reference: job.document.tag().into(),
                media_type: pending.merged.media_type.clone(),
                content: pending.merged.manifest.clone(),
            });
        },
        |manifests| host.push_manifests(manifests),
        |job, answers| {
            let Some(Pending { merged, .. }) = job.pending.take() else {
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
                    job.written = Some((Digest::of(&merged.manifest), merged.outcome));
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
fn confirm<H: Registry>(host: &mut H, jobs: &mut Jobs<'_>, pause: &mut u32) {
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
            let Some((digest, outcome)) = job.written.take() else {
                return Ok(());
            };
            let Some(found) = held(only(answers), MAX_MANIFEST_SIZE)? else {
                return Ok(());
            };
            let now = Digest::of(&found.content);
            if job.document.is_in(&found)? {
                match now == digest {
                    true => job.end(Some((now, outcome))),
                    false => job.written = Some((now, outcome)),
                }
            }
            Ok(())
        },
    );
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
