//! Bundles that refer to images: pushed as manifests of their own, which the registry lists, or which
//! are listed under a tag where it does not.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::attached::{AttachOutcome, Attached};
use super::bundles::{Read, Wanted, check, read_bundles};
use super::image::{Failed, Made};
use super::layers::{How, is_earlier};
use super::new_signature::{Claim, NewSignature};
use super::options::Earlier;
use super::referrers_list::ReferrersList;
use super::signer::SigningError;
use super::tag::{Document, keep};
use crate::bundle::{self, Bundle, Content};
use crate::fetch::{
    Answers, Listed, MAX_LIST_SIZE, SIDE_BY_SIDE, Target, list_referrers, side_by_side,
};
use crate::imports::{
    BlobPush, ManifestDeletion, ManifestPush, Registry, RegistryError, RegistryPush, TagRequest,
};
use crate::oci::{
    Descriptor, Digest, EMPTY_CONFIG, Referrer, ReferrerManifest, Referrers, Repository,
    media_type, referrers_tag,
};
use crate::verify::MAX_MANIFEST_SIZE;

/// Bundles that are to refer to one image.
pub(super) struct Referring<'a> {
    repository: Repository,
    /// The image as the referrers name it.
    subject: Descriptor,
    how: &'a How<'a>,
    wanted: Vec<NewReferrer>,
    /// The lists of referrers that are there.
    lists: Vec<Referrers>,
    /// The tag of the list that clients keep, if the registry keeps none.
    tag: Option<String>,
    /// Earlier bundles of this key that are to go.
    replaced: Vec<Digest>,
    is_pushed: bool,
    /// How often the registry refused a manifest.
    refusals: usize,
}

/// A bundle on its way.
#[derive(Clone)]
struct NewReferrer {
    new: NewSignature,
    bundle: String,
    manifest: Vec<u8>,
    /// What a list says of the manifest.
    entry: Referrer,
    /// Whether it is there already: it, or another bundle of this key that says the same.
    is_there: bool,
}

type Jobs<'a> = [Result<Referring<'a>, SigningError>];

/// Finds out what the bundles will refer to and what refers to it already. Nothing is written, so what
/// can fail fails before anything is logged or attached. An image that is named twice has one job.
pub(super) fn prepare<'a, H: Registry>(
    host: &mut H,
    images: &mut [Result<Made, Failed>],
    place: Option<&Repository>,
    how: &'a How<'a>,
) -> Vec<Referring<'a>> {
    let mut targets = Vec::<Target>::new();
    for made in images.iter().flatten() {
        if !targets.contains(&made.target) {
            targets.push(made.target.clone());
        }
    }
    let requests = targets.iter().map(|target| TagRequest {
        repository: target.repository.clone(),
        tag: target.digest.to_string(),
    });
    let mut answers = Answers::to(requests.collect(), |requests| host.resolve(&requests));
    let mut jobs: Vec<_> = targets
        .iter()
        .map(|target| {
            let place = place.unwrap_or(&target.repository);
            Referring::new(target, place, how, answers.one())
        })
        .collect();
    let subjects = jobs.iter().flatten();
    let subjects: Vec<_> = subjects
        .map(|job| (job.repository.clone(), job.subject.digest))
        .collect();
    let lists = list_referrers(host, &subjects, MAX_LIST_SIZE);
    let going = jobs.iter_mut().filter(|job| job.is_ok());
    for (place, listed) in going.zip(lists) {
        match (place.as_mut(), listed) {
            (Ok(job), Ok(listed)) => job.take(listed),
            (_, Err(error)) => *place = Err(error.into()),
            (Err(_), Ok(_)) => {}
        }
    }
    for image in images {
        let Ok(Made { target, .. }) = image else {
            continue;
        };
        let place = targets.iter().position(|known| known == target);
        if let Some(Err(error)) = place.and_then(|place| jobs.get(place)) {
            *image = Err(error.clone().into());
        }
    }
    jobs.into_iter().flatten().collect()
}

/// Pushes the bundles and has them listed.
pub(super) fn refer<H: Registry + RegistryPush>(
    host: &mut H,
    jobs: Vec<Referring<'_>>,
) -> Vec<Referred> {
    let places: Vec<_> = jobs
        .iter()
        .map(|job| (job.repository.clone(), job.subject.digest))
        .collect();
    let mut jobs: Vec<_> = jobs.into_iter().map(Ok).collect();
    find_earlier(host, &mut jobs);
    push(host, &mut jobs);
    list(host, &mut jobs);
    delete(host, &mut jobs);
    let both = places.into_iter().zip(jobs);
    both.map(|((repository, digest), job)| Referred {
        repository,
        digest,
        outcome: job.map(Referring::finish),
    })
    .collect()
}

/// What became of the bundles for one image.
pub(super) struct Referred {
    repository: Repository,
    digest: Digest,
    pub(super) outcome: Result<Vec<StoredReferrer>, SigningError>,
}

impl Referred {
    pub(super) fn is_for(&self, repository: &Repository, digest: &Digest) -> bool {
        self.repository == *repository && self.digest == *digest
    }
}

/// A bundle that refers to an image now: the one that was made, or an equal one that was there already.
pub(super) struct StoredReferrer {
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) bundle: String,
    pub(super) attached: Attached,
}

impl<'a> Referring<'a> {
    fn new(
        target: &Target,
        place: &Repository,
        how: &'a How<'a>,
        subject: Result<Descriptor, RegistryError>,
    ) -> Result<Self, SigningError> {
        let name = || format!("{}@{}", target.repository, target.digest);
        let subject = subject.map_err(|error| match error {
            RegistryError::NotFound(_) => SigningError::ImageNotFound(name()),
            other => SigningError::Registry(other),
        })?;
        if subject.digest != target.digest {
            return Err(SigningError::UntrustedAnswer(format!(
                "asked for {}, the registry answered with {}",
                name(),
                subject.digest
            )));
        }
        Ok(Self {
            repository: place.clone(),
            subject,
            how,
            wanted: Vec::new(),
            lists: Vec::new(),
            tag: None,
            replaced: Vec::new(),
            is_pushed: false,
            refusals: 0,
        })
    }

    pub(super) fn is_for(&self, repository: &Repository, digest: &Digest) -> bool {
        self.repository == *repository && self.subject.digest == *digest
    }

    /// Adds a bundle, once.
    pub(super) fn add(&mut self, new: &NewSignature) -> Result<(), SigningError> {
        let (Claim::Statement { predicate_type, .. }, Some(key)) =
            (&new.claim, self.how.public_key)
        else {
            return Ok(());
        };
        let bundle = new.bundle(key)?;
        if self.wanted.iter().any(|there| there.bundle == bundle) {
            return Ok(());
        }
        let mut annotations = BTreeMap::from([
            (bundle::CONTENT.into(), "dsse-envelope".into()),
            (bundle::PREDICATE_TYPE.into(), predicate_type.clone()),
        ]);
        let created = self.how.created.map(|time| (CREATED.into(), time.into()));
        annotations.extend(created);
        let manifest = ReferrerManifest {
            subject: self.subject.clone(),
            artifact_type: bundle::MEDIA_TYPE.into(),
            layers: vec![Descriptor::of(bundle::MEDIA_TYPE, bundle.as_bytes())],
            annotations,
        };
        let bytes = manifest.to_json().map_err(SigningError::InvalidOption)?;
        let descriptor = Descriptor::of(media_type::OCI_MANIFEST, bytes.as_bytes());
        let is_listed = |list: &Referrers| list.contains(&descriptor.digest);
        self.wanted.push(NewReferrer {
            new: new.clone(),
            bundle,
            is_there: self.lists.iter().any(is_listed),
            entry: Referrer {
                descriptor,
                artifact_type: Some(manifest.artifact_type),
                annotations: manifest.annotations,
            },
            manifest: bytes.into_bytes(),
        });
        Ok(())
    }

    fn take(&mut self, listed: Listed) {
        self.lists = listed.pages;
        let digest = &self.subject.digest;
        self.tag = listed.is_kept_by_clients.then(|| referrers_tag(digest));
    }

    /// The manifests that may be earlier bundles of this key.
    fn candidates(&self) -> Vec<Descriptor> {
        if self.how.earlier == Earlier::Keep {
            return Vec::new();
        }
        // Nobody has signed what a list says, but who lies there keeps a bundle from being replaced
        // and can do no more.
        let may_state = |referrer: &&Referrer| {
            let said = referrer.annotations.get(bundle::PREDICATE_TYPE);
            referrer.may_sign()
                && said.is_none_or(|said| self.wanted.iter().any(|wanted| wanted.states(said)))
        };
        let listed = self.lists.iter().flat_map(Referrers::all).filter(may_state);
        let mut candidates = Vec::<Descriptor>::new();
        for referrer in listed {
            let found = &referrer.descriptor;
            let is_own = self
                .wanted
                .iter()
                .any(|wanted| wanted.entry.descriptor == *found);
            if !is_own && found.size <= MAX_MANIFEST_SIZE && !candidates.contains(found) {
                candidates.push(found.clone());
            }
        }
        candidates
    }

    /// Takes note of a bundle that is there.
    fn judge(&mut self, manifest: &Descriptor, bytes: &[u8]) {
        let (Some(key), Ok(found)) = (self.how.public_key, Bundle::parse(bytes)) else {
            return;
        };
        let Content::Dsse(envelope) = found.content else {
            return;
        };
        let earlier = |wanted: &&mut NewReferrer| {
            is_earlier(&envelope, &wanted.new.claim, key, &self.subject.digest)
        };
        let Some(wanted) = self.wanted.iter_mut().find(earlier) else {
            return;
        };
        let is_same = !wanted.is_there && envelope.payload == wanted.new.payload();
        let mut stored = wanted.new.clone();
        stored.signature = envelope.signature;
        if is_same && self.how.logs_alike(&stored, found.log_entries.as_deref()) {
            wanted.new = stored;
            wanted.bundle = String::from_utf8_lossy(bytes).into_owned();
            wanted.entry.descriptor = manifest.clone();
            wanted.is_there = true;
        } else {
            self.replaced.push(manifest.digest);
        }
    }

    /// What is still to be pushed.
    fn missing(&self) -> impl Iterator<Item = &NewReferrer> {
        let is_missing = |wanted: &&NewReferrer| !wanted.is_there && !self.is_pushed;
        self.wanted.iter().filter(is_missing)
    }

    fn blobs(&self) -> Vec<BlobPush> {
        let bundles = self.missing().map(|wanted| wanted.bundle.as_bytes());
        let configuration = self.missing().next().map(|_| EMPTY_CONFIG);
        let blobs = bundles.chain(configuration).map(|content| BlobPush {
            repository: self.repository.clone(),
            digest: Digest::of(content),
            content: content.to_vec(),
        });
        blobs.collect()
    }

    fn manifests(&self) -> Vec<ManifestPush> {
        let manifests = self.missing().map(|wanted| ManifestPush {
            repository: self.repository.clone(),
            reference: wanted.entry.descriptor.digest.to_string(),
            media_type: wanted.entry.descriptor.media_type.clone(),
            content: wanted.manifest.clone(),
        });
        manifests.collect()
    }

    /// The list that clients keep, if there is something to be changed in it.
    fn list(&self) -> Option<ReferrersList<'_>> {
        let added = self.wanted.iter().filter(|wanted| !wanted.is_there);
        let added: Vec<_> = added.map(|wanted| &wanted.entry).collect();
        let is_needed = !added.is_empty() || !self.replaced.is_empty();
        let (repository, image) = (&self.repository, self.subject.digest);
        let list = ReferrersList::new(
            repository,
            image,
            self.tag.as_deref()?,
            added,
            &self.replaced,
        );
        is_needed.then_some(list)
    }

    fn finish(self) -> Vec<StoredReferrer> {
        let replaces = !self.replaced.is_empty();
        let wanted = self.wanted.into_iter();
        let stored = wanted.map(|wanted| StoredReferrer {
            payload: wanted.new.payload().to_vec(),
            signature: wanted.new.signature,
            bundle: wanted.bundle,
            attached: Attached {
                repository: self.repository.clone(),
                tag: self.tag.clone(),
                manifest_digest: wanted.entry.descriptor.digest,
                outcome: match (wanted.is_there, replaces) {
                    (true, false) => AttachOutcome::Unchanged,
                    (_, true) => AttachOutcome::Replaced,
                    (false, false) => AttachOutcome::Added,
                },
            },
        });
        stored.collect()
    }
}

impl NewReferrer {
    fn states(&self, predicate_type: &str) -> bool {
        matches!(&self.new.claim, Claim::Statement { predicate_type: own, .. } if own == predicate_type)
    }
}

/// Finds this key's earlier bundles among what refers to the images. What cannot be fetched or read is
/// left with others': never lose theirs.
fn find_earlier<H: Registry>(host: &mut H, jobs: &mut Jobs<'_>) {
    let mut wanted = Vec::new();
    for (place, job) in jobs.iter_mut().enumerate() {
        let Ok(known) = job else { continue };
        let candidates = known.candidates();
        if let Err(error) = check(&candidates, &known.subject.digest) {
            *job = Err(error);
            continue;
        }
        wanted.extend(candidates.into_iter().map(|manifest| Wanted {
            place,
            repository: known.repository.clone(),
            image: known.subject.digest,
            manifest,
        }));
    }
    read_bundles(host, &wanted, |wanted, read| {
        let Some(job) = jobs.get_mut(wanted.place) else {
            return;
        };
        match (job.as_mut(), read) {
            (Ok(job), Read::Bundle(bytes)) => job.judge(&wanted.manifest, bytes),
            (_, Read::TooMuch(error)) => *job = Err(error),
            (_, Read::Unavailable(_)) | (Err(_), _) => {}
        }
    });
}

/// Pushes blobs, then manifests. Two signers that push one blob at the same time can leave a registry
/// without it for a moment (seen with distribution 2.8), so a refusal is not the end.
fn push<H: RegistryPush>(host: &mut H, jobs: &mut Jobs<'_>) {
    for _ in 0..=MAX_REFUSALS {
        for group in jobs.chunks_mut(SIDE_BY_SIDE) {
            side_by_side(
                group,
                |job, requests| requests.extend(job.blobs()),
                |blobs| host.push_blobs(blobs),
                |_, answers| all(answers).map_err(SigningError::Registry),
            );
            side_by_side(
                group,
                |job, requests| requests.extend(job.manifests()),
                |manifests| host.push_manifests(manifests),
                |job, answers| match all(answers) {
                    Err(RegistryError::Invalid(_)) if job.refusals < MAX_REFUSALS => {
                        job.refusals += 1;
                        Ok(())
                    }
                    other => {
                        job.is_pushed = true;
                        other.map_err(SigningError::Registry)
                    }
                },
            );
        }
        if jobs.iter().flatten().all(|job| job.is_pushed) {
            break;
        }
    }
}

/// Keeps the lists of the registries that keep none.
fn list<H: Registry + RegistryPush>(host: &mut H, jobs: &mut Jobs<'_>) {
    let mut places = Vec::new();
    let mut lists = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        let list = job.as_ref().ok().and_then(Referring::list);
        places.extend(list.as_ref().map(|_| place));
        lists.extend(list);
    }
    let documents = lists.iter_mut().map(|list| list as &mut dyn Document);
    let kept = keep(host, documents.collect());
    for (place, kept) in places.into_iter().zip(kept) {
        if let (Err(error), Some(job)) = (kept, jobs.get_mut(place)) {
            *job = Err(error);
        }
    }
}

/// Takes earlier bundles from registries that keep lists. A registry that deletes nothing, or does not
/// let this signer, keeps them beside the new one, which harms nobody.
fn delete<H: RegistryPush>(host: &mut H, jobs: &mut Jobs<'_>) {
    side_by_side(
        jobs,
        |job, requests| {
            let replaced = job.replaced.iter().filter(|_| job.tag.is_none());
            requests.extend(replaced.map(|digest| ManifestDeletion {
                repository: job.repository.clone(),
                digest: *digest,
            }));
        },
        |manifests| host.delete_manifests(&manifests),
        |job, answers| {
            if job.tag.is_none() {
                let mut answers = answers.into_iter();
                let is_gone = |answer| matches!(answer, Ok(()) | Err(RegistryError::NotFound(_)));
                job.replaced.retain(|_| answers.next().is_some_and(is_gone));
            }
            Ok(())
        },
    );
}

fn all(answers: Vec<Result<(), RegistryError>>) -> Result<(), RegistryError> {
    answers.into_iter().collect()
}

/// The time at which an artifact was made (OCI image specification, "Pre-Defined Annotation Keys").
const CREATED: &str = "org.opencontainers.image.created";
/// How often a registry may refuse a manifest before that is the answer.
const MAX_REFUSALS: usize = 3;
