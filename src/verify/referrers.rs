//! The bundles that refer to images: found by lists that nobody has to believe.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::image::Examined;
use super::policy::Policy;
use super::report::{Rejection, SignatureFormat, VerificationError};
use crate::bundle;
use crate::fetch::{Answers, MAX_PAYLOADS_SIZE, Target};
use crate::imports::{ManifestRequest, ReferrersRequest, Registry, RegistryError, ServedManifest};
use crate::oci::{
    Descriptor, Digest, ReferrerManifest, Referrers, Repository, VerifiedBytes, referrers_tag,
};
use crate::payload::IMAGE_SIGNATURE;

/// The bundles of each image, as far as their manifests tell. A list that cannot be read is an
/// error of its image, and never none.
pub(super) fn find<R: Registry>(
    registry: &mut R,
    policy: &Policy,
    targets: &[&Target],
    place: impl Fn(&Target) -> Repository,
) -> Vec<Result<Vec<Examined>, VerificationError>> {
    let limit = policy.limits().manifest_size;
    let mut lists = list(registry, limit, targets, &place);
    // The manifests that are to be read, each with the place of its image.
    let mut wanted: Vec<(usize, Descriptor)> = Vec::new();
    for (image, list) in lists.iter_mut().enumerate() {
        let most = policy.limits().signatures;
        match core::mem::replace(list, Ok(Vec::new())) {
            Ok(listed) if listed.len() > most => {
                *list = Err(VerificationError::LimitExceeded(format!(
                    "{} manifests refer to the image; the policy looks at {most}",
                    listed.len()
                )));
            }
            Ok(listed) => wanted.extend(listed.into_iter().map(|found| (image, found))),
            Err(error) => *list = Err(error),
        }
    }
    let mut found: Vec<Result<Vec<Examined>, VerificationError>> = lists
        .into_iter()
        .map(|list| list.map(|_| Vec::new()))
        .collect();
    let mut rest = wanted.as_slice();
    while !rest.is_empty() {
        let (batch, others) = rest.split_at(batch_length(rest));
        rest = others;
        let requests = batch.iter().filter_map(|(image, descriptor)| {
            let target = targets.get(*image)?;
            Some(ManifestRequest {
                repository: place(target),
                reference: format!("{}", descriptor.digest),
                max_size: descriptor.size.min(MAX_REFERRER_SIZE),
                after_ms: 0,
            })
        });
        let mut answers = Answers::to(requests.collect(), |requests| {
            registry.fetch_manifests(&requests)
        });
        for (image, descriptor) in batch {
            let answer = answers.one();
            if let (Some(Ok(bundles)), Some(target)) = (found.get_mut(*image), targets.get(*image))
            {
                bundles.extend(examine(descriptor, answer, target.digest));
            }
        }
    }
    found
}

/// What may be a bundle, by the registry's list, or by the one that clients keep.
fn list<R: Registry>(
    registry: &mut R,
    limit: u64,
    targets: &[&Target],
    place: impl Fn(&Target) -> Repository,
) -> Vec<Result<Vec<Descriptor>, VerificationError>> {
    let requests = targets.iter().map(|target| ReferrersRequest {
        repository: place(target),
        digest: target.digest,
        max_size: limit,
    });
    let mut answers = Answers::to(requests.collect(), |requests| {
        registry.list_referrers(&requests)
    });
    let listed: Vec<Result<Vec<ServedManifest>, RegistryError>> =
        targets.iter().map(|_| answers.one()).collect();
    let has_none = |list: &Result<_, _>| matches!(list, Err(RegistryError::Unsupported(_)));
    let requests = targets
        .iter()
        .zip(&listed)
        .filter(|(_, list)| has_none(list));
    let requests = requests.map(|(target, _)| ManifestRequest {
        repository: place(target),
        reference: referrers_tag(&target.digest),
        max_size: limit,
        after_ms: 0,
    });
    let mut kept = Answers::to(requests.collect(), |requests| {
        registry.fetch_manifests(&requests)
    });
    listed
        .into_iter()
        .map(|list| match list {
            Err(RegistryError::Unsupported(_)) => match kept.one() {
                Ok(index) => read(&[index], limit),
                Err(RegistryError::NotFound(_)) => Ok(Vec::new()),
                Err(error) => Err(VerificationError::Registry(error)),
            },
            Ok(pages) => read(&pages, limit),
            Err(error) => Err(VerificationError::Registry(error)),
        })
        .collect()
}

/// All pages of a list, each manifest once.
fn read(pages: &[ServedManifest], limit: u64) -> Result<Vec<Descriptor>, VerificationError> {
    let size: u64 = pages.iter().map(|page| page.content.len() as u64).sum();
    if size > limit {
        return Err(VerificationError::Registry(RegistryError::TooLarge(
            format!("the host handed over a list of {size} bytes; the limit is {limit}"),
        )));
    }
    let mut all = Vec::<Descriptor>::new();
    for page in pages {
        let list = Referrers::parse(&page.media_type, &page.content).map_err(|error| {
            VerificationError::UntrustedAnswer(format!("list of referrers: {error}"))
        })?;
        for found in list.candidates() {
            if !all.contains(found) {
                all.push(found.clone());
            }
        }
    }
    Ok(all)
}

/// As many manifests as may be held at a time.
fn batch_length(rest: &[(usize, Descriptor)]) -> usize {
    let mut total = 0;
    let fits = rest.iter().take_while(|(_, descriptor)| {
        total += descriptor.size.min(MAX_REFERRER_SIZE);
        total <= MAX_PAYLOADS_SIZE
    });
    fits.count().max(1)
}

/// A bundle that is worth fetching, or why not; nothing of what is no bundle.
fn examine(
    descriptor: &Descriptor,
    answer: Result<ServedManifest, RegistryError>,
    image: Digest,
) -> Option<Examined> {
    // The bundle is not known yet: its manifest stands for it.
    let manifest = Some(descriptor.digest);
    let rejected = |why| Some(Examined::rejected(SignatureFormat::Bundle, manifest, why));
    if descriptor.size > MAX_REFERRER_SIZE {
        return rejected(Rejection::PayloadTooLarge {
            size: descriptor.size,
            limit: MAX_REFERRER_SIZE,
        });
    }
    let served = match answer {
        Ok(served) => served,
        Err(error) => return rejected(Rejection::PayloadUnavailable(error)),
    };
    let bytes = match VerifiedBytes::with_descriptor(served.content, descriptor) {
        Ok(bytes) => bytes,
        Err(error) => return rejected(Rejection::PayloadAltered(format!("{error}"))),
    };
    let manifest = match ReferrerManifest::parse(&served.media_type, bytes.as_bytes()) {
        Ok(manifest) => manifest,
        Err(error) => return rejected(Rejection::LayerMalformed(format!("{error}"))),
    };
    let layer = manifest
        .layers
        .iter()
        .find(|layer| layer.media_type == bundle::MEDIA_TYPE)?;
    if manifest.subject.digest != image {
        return rejected(Rejection::OtherImage(manifest.subject.digest));
    }
    // A hint, and good enough to leave an attestation where it is: who lies here hides what could
    // be left out as well.
    let kind = manifest.annotations.get(PREDICATE_TYPE);
    if let Some(other) = kind.filter(|kind| *kind != IMAGE_SIGNATURE) {
        let shown: String = other.chars().take(120).collect();
        return rejected(Rejection::OtherPredicate(shown));
    }
    if layer.size > MAX_SIGNATURE_BUNDLE_SIZE {
        return rejected(Rejection::PayloadTooLarge {
            size: layer.size,
            limit: MAX_SIGNATURE_BUNDLE_SIZE,
        });
    }
    Some(Examined::waiting_bundle(layer.clone()))
}

/// The annotation in which cosign says what kind of statement a bundle holds.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// Bytes of a referrer's manifest; that of a bundle has 900.
const MAX_REFERRER_SIZE: u64 = 64 * 1024;
/// Bytes of a bundle with a signature: a thousand annotations, a log entry and its proof.
const MAX_SIGNATURE_BUNDLE_SIZE: u64 = 512 * 1024;
