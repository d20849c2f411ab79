use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::iter;

use super::budget::Budget;
use super::judge::Judged;
use super::look_up::{LookUp, Offline};
use super::options::Options;
use super::policy::{Formats, Policy};
use super::referrers;
use super::report::{ManifestReport, Rejection, SignatureFormat, VerificationError, VerifiedImage};
use super::stored::Examined;
use super::wanted::{Search, Wanted};
use crate::fetch::{
    Answers, FetchError, MAX_PAYLOADS_SIZE, ResolveError, SIDE_BY_SIDE, Target, blob_request, held,
    read_blobs, read_signatures, resolve, side_by_side,
};
use crate::imports::{ManifestRequest, Registry, RegistryError, TransparencyLog};
use crate::oci::Descriptor;
use crate::walk::{Walk, WalkError, expand};

type Outcome = Result<VerifiedImage, VerificationError>;

/// Verifies images by the signatures that are attached to them: one result for each reference.
pub fn verify_images<R: Registry>(
    registry: &mut R,
    policy: &Policy,
    references: &[String],
    options: &Options,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let wanted = Wanted::Signatures;
    verify_all(registry, Offline, policy, wanted, references, options)
}

/// The same; where a log entry is required and none is stored with a signature, the log is asked
/// for one.
pub fn verify_images_with_log<R: Registry>(
    registry: &mut R,
    log: &mut dyn TransparencyLog,
    policy: &Policy,
    references: &[String],
    options: &Options,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let wanted = Wanted::Signatures;
    verify_all(registry, Some(log), policy, wanted, references, options)
}

/// Verifies images by the attestations that are attached to them, as far as their predicates are of
/// this type, a URI: one result for each reference. A signature of the image is no attestation.
pub fn verify_attestations<R: Registry>(
    registry: &mut R,
    policy: &Policy,
    predicate_type: &str,
    references: &[String],
    options: &Options,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let wanted = Wanted::Attestations(predicate_type);
    verify_all(registry, Offline, policy, wanted, references, options)
}

/// The same; where a log entry is required and none is stored with an attestation, the log is asked
/// for one.
pub fn verify_attestations_with_log<R: Registry>(
    registry: &mut R,
    log: &mut dyn TransparencyLog,
    policy: &Policy,
    predicate_type: &str,
    references: &[String],
    options: &Options,
) -> Vec<Result<VerifiedImage, VerificationError>> {
    let wanted = Wanted::Attestations(predicate_type);
    verify_all(registry, Some(log), policy, wanted, references, options)
}

pub(crate) fn verify_all<R: Registry, L: LookUp>(
    registry: &mut R,
    mut log: L,
    policy: &Policy,
    wanted: Wanted<'_>,
    references: &[String],
    options: &Options,
) -> Vec<Outcome> {
    if let Some(why) = wanted.impossible() {
        let refused = || Err(VerificationError::InvalidOption(why.into()));
        return references.iter().map(|_| refused()).collect();
    }
    let search = Search {
        policy,
        wanted,
        repository: options.signature_repository.as_ref(),
    };
    let mut results = Vec::with_capacity(references.len());
    for chunk in references.chunks(SIDE_BY_SIDE) {
        let mut walks: Vec<Result<Walk, VerificationError>> = resolve(registry, chunk)
            .into_iter()
            .map(|target| Ok(Walk::start(target?)))
            .collect();
        if options.recursive {
            expand(registry, &mut walks);
        }
        results.extend(verify_walks(registry, &mut log, &search, walks));
    }
    results
}

/// A manifest, and the place of the reference that led to it.
type Place<'a> = (usize, &'a Target);

/// All manifests side by side, whichever reference led to them.
fn verify_walks<R: Registry, L: LookUp>(
    registry: &mut R,
    log: &mut L,
    search: &Search<'_>,
    walks: Vec<Result<Walk, VerificationError>>,
) -> Vec<Outcome> {
    let going = walks.iter().enumerate();
    let going = going.filter_map(|(place, walk)| Some((place, walk.as_ref().ok()?)));
    let places: Vec<Place<'_>> = going
        .flat_map(|(place, walk)| {
            let below = walk.below.iter().map(|below| &below.target);
            let targets = iter::once(&walk.start).chain(below);
            targets.map(move |target| (place, target))
        })
        .collect();
    let mut budgets: Vec<Budget> = walks.iter().map(|_| Budget::new()).collect();
    let mut outcomes = Vec::with_capacity(places.len());
    for group in places.chunks(SIDE_BY_SIDE) {
        outcomes.extend(verify_group(registry, log, search, group, &mut budgets));
    }
    let mut outcomes = outcomes.into_iter();
    walks
        .into_iter()
        .map(|walk| conclude(walk?, &mut outcomes))
        .collect()
}

/// What became of a reference, by what became of its manifests.
fn conclude(walk: Walk, outcomes: &mut impl Iterator<Item = Outcome>) -> Outcome {
    let mut next = || {
        let missing = || VerificationError::UntrustedAnswer("it was not judged".into());
        outcomes.next().unwrap_or_else(|| Err(missing()))
    };
    let own = next();
    if walk.below.is_empty() {
        return own;
    }
    let manifests = walk.below.into_iter().map(|below| ManifestReport {
        digest: below.target.digest,
        platform: below.platform,
        outcome: next(),
    });
    let manifests = manifests.collect();
    let Target { repository, digest } = walk.start;
    VerifiedImage::judge_index(repository, digest, own, manifests)
}

fn verify_group<R: Registry, L: LookUp>(
    registry: &mut R,
    log: &mut L,
    search: &Search<'_>,
    group: &[Place<'_>],
    budgets: &mut [Budget],
) -> Vec<Outcome> {
    let targets: Vec<&Target> = group.iter().map(|(_, target)| *target).collect();
    let mut layers = match search.policy.formats() {
        Formats::Any | Formats::SimpleSigning => find_layers(registry, search, &targets),
        Formats::Bundles => Vec::new(),
    }
    .into_iter();
    let mut bundles = match search.policy.formats() {
        Formats::Any | Formats::Bundles => referrers::find(registry, search, &targets),
        Formats::SimpleSigning => Vec::new(),
    }
    .into_iter();
    let mut found: Vec<Result<Found<'_>, VerificationError>> = group
        .iter()
        .map(|place| {
            // Both are taken, whatever becomes of one: the next image's are behind them.
            let layers = layers.next().unwrap_or(Ok(Vec::new()));
            let bundles = bundles.next().unwrap_or(Ok(Vec::new()));
            let found = both(search.wanted, layers, bundles)?;
            Found::new(search, *place, found, &mut budgets[place.0])
        })
        .collect();
    while found.iter().flatten().any(|found| !found.blobs.is_empty()) {
        share(&mut found);
        side_by_side(
            &mut found,
            |found, requests| {
                let place = search.place(found.target);
                requests.extend(found.batch().iter().map(|blob| blob_request(&place, blob)));
            },
            |requests| registry.fetch_blobs(&requests),
            |found, answers| {
                let kept = found.judge_batch(search, answers, log);
                budgets[found.reference].keep(kept)
            },
        );
    }
    found
        .into_iter()
        .map(|found| found?.conclude(search.policy))
        .collect()
}

type Gathered = Result<Vec<Examined>, VerificationError>;

/// The signatures of both formats. What cannot be read of one does not hide those of the other.
fn both(wanted: Wanted<'_>, layers: Gathered, bundles: Gathered) -> Gathered {
    let unreadable = |format, why| {
        let why = Rejection::LayerMalformed(why);
        Examined::rejected(format, None, why)
    };
    match (layers, bundles) {
        (Ok(mut layers), Ok(bundles)) => {
            layers.extend(bundles);
            Ok(layers)
        }
        (Err(VerificationError::UntrustedAnswer(why)), Ok(mut bundles)) if !bundles.is_empty() => {
            bundles.insert(0, unreadable(wanted.layer_format(), why));
            Ok(bundles)
        }
        (Ok(mut layers), Err(VerificationError::UntrustedAnswer(why))) if !layers.is_empty() => {
            layers.push(unreadable(SignatureFormat::Bundle, why));
            Ok(layers)
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// The layers under the tag of each image.
fn find_layers<R: Registry>(
    registry: &mut R,
    search: &Search<'_>,
    targets: &[&Target],
) -> Vec<Gathered> {
    let limits = search.policy.limits();
    let requests = targets.iter().map(|target| ManifestRequest {
        repository: search.place(target),
        reference: search.wanted.tag(&target.digest),
        max_size: limits.manifest_size,
        after_ms: 0,
    });
    let mut answers = Answers::to(requests.collect(), |requests| {
        registry.fetch_manifests(&requests)
    });
    targets
        .iter()
        .map(|_| {
            let Some(found) = held(answers.one(), limits.manifest_size)? else {
                return Ok(Vec::new());
            };
            let image = read_signatures(&found)?;
            Ok(Examined::all(image.layers(), search.wanted, limits))
        })
        .collect()
}

/// An image and what was found of it, judged as far as its blobs have come.
struct Found<'a> {
    /// The place of the reference that led to it.
    reference: usize,
    target: &'a Target,
    found: Vec<Examined>,
    /// The blobs that are still to be fetched, each once.
    blobs: Vec<Descriptor>,
    /// How many of them are fetched next.
    next: usize,
}

/// Shares out how much may be held at a time, so that no number of neighbours costs more memory, or
/// hides a good signature.
fn share(found: &mut [Result<Found<'_>, VerificationError>]) {
    let mut held = 0;
    for found in found.iter_mut().flatten() {
        let (count, size) = found.fitting();
        let fits = held == 0 || held + size <= MAX_HELD_SIZE;
        (found.next, held) = match fits {
            true => (count, held + size),
            false => (0, held),
        };
    }
}

impl<'a> Found<'a> {
    fn new(
        search: &Search<'_>,
        (reference, target): Place<'a>,
        found: Vec<Examined>,
        budget: &mut Budget,
    ) -> Result<Self, VerificationError> {
        if found.is_empty() {
            let image = format!("{}@{}", target.repository, target.digest);
            return Err(search.wanted.none_found(image));
        }
        let most = search.policy.limits().signatures;
        if found.len() > most {
            return Err(VerificationError::LimitExceeded(format!(
                "{} signatures are attached to {}; the policy looks at {most}",
                found.len(),
                target.digest,
            )));
        }
        let mut blobs = Vec::<Descriptor>::new();
        for blob in found.iter().filter_map(Examined::waits_for) {
            if !blobs.contains(blob) {
                blobs.push(blob.clone());
            }
        }
        budget.look_at(found.len(), blobs.iter().map(|blob| blob.size).sum())?;
        Ok(Self {
            reference,
            target,
            found,
            blobs,
            next: 0,
        })
    }

    /// How many blobs may be held at a time for one image, one at least, and their size.
    fn fitting(&self) -> (usize, u64) {
        let mut total = 0;
        let mut fitting = (0, 0);
        for (place, blob) in self.blobs.iter().enumerate() {
            total += blob.size;
            if place > 0 && total > MAX_PAYLOADS_SIZE {
                break;
            }
            fitting = (place + 1, total);
        }
        fitting
    }

    fn batch(&self) -> &[Descriptor] {
        self.blobs.get(..self.next).unwrap_or_default()
    }

    /// Judges what has come. Returns how many bytes of it are kept.
    fn judge_batch(
        &mut self,
        search: &Search<'_>,
        answers: Vec<Result<Vec<u8>, RegistryError>>,
        log: &mut impl LookUp,
    ) -> u64 {
        let blobs = read_blobs(self.batch(), answers);
        let judged = Judged {
            policy: search.policy,
            repository: &self.target.repository,
            digest: self.target.digest,
            wanted: search.wanted,
        };
        let found = self.found.iter_mut();
        let kept = found.map(|found| found.judge(&judged, &blobs, log)).sum();
        self.blobs.retain(|blob| blobs.get(blob).is_none());
        kept
    }

    fn conclude(self, policy: &Policy) -> Outcome {
        let Target { repository, digest } = self.target.clone();
        let found = self.found.into_iter().enumerate();
        let reports = found.map(|(index, found)| found.report(index)).collect();
        VerifiedImage::judge(policy.required(), repository, digest, reports)
    }
}

impl From<ResolveError> for VerificationError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Reference(error) => Self::InvalidReference(error),
            ResolveError::NotFound(reference) => Self::ImageNotFound(reference),
            ResolveError::Registry(error) => Self::Registry(error),
        }
    }
}

impl From<WalkError> for VerificationError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::NotFound(name) => Self::ImageNotFound(name),
            WalkError::Fetch(error) => error.into(),
        }
    }
}

impl From<FetchError> for VerificationError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Registry(error) => Self::Registry(error),
            FetchError::Untrusted(why) => Self::UntrustedAnswer(why),
            FetchError::Limit(why) => Self::LimitExceeded(why),
        }
    }
}

/// The most bytes of blobs that are held for all images at a time: two of the largest attestations.
const MAX_HELD_SIZE: u64 = 32 * 1024 * 1024;
