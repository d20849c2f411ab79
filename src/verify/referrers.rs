//! The signatures and attestations that refer to images: found by lists that nobody has to believe.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::policy::Formats;
use super::report::{Rejection, SignatureFormat, VerificationError};
use super::stored::{Examined, check_hint};
use super::wanted::Search;
use crate::bundle;
use crate::fetch::{Answers, MAX_PAYLOADS_SIZE, Target};
use crate::imports::{ManifestRequest, ReferrersRequest, Registry, RegistryError, ServedManifest};
use crate::oci::{
    Descriptor, Digest, ReferrerManifest, Referrers, SignatureImage, VerifiedBytes, referrers_tag,
};

/// What refers to each image and is looked for, as far as the manifests tell. A list that cannot be
/// read is an error of its image, and never none.
pub(super) fn find<R: Registry>(
    registry: &mut R,
    search: &Search<'_>,
    targets: &[&Target],
) -> Vec<Result<Vec<Examined>, VerificationError>> {
    let limit = search.policy.limits().manifest_size;
    let mut lists = list(registry, search, limit.min(MAX_LIST_SIZE), targets);
    // The manifests that are to be read, each with the place of its image.
    let mut wanted: Vec<(usize, Descriptor)> = Vec::new();
    for (image, list) in lists.iter_mut().enumerate() {
        let most = search.policy.limits().signatures;
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
        let (batch, others) = rest.split_at(batch_length(rest, limit));
        rest = others;
        let requests = batch.iter().filter_map(|(image, descriptor)| {
            let target = targets.get(*image)?;
            Some(ManifestRequest {
                repository: search.place(target),
                reference: format!("{}", descriptor.digest),
                max_size: descriptor.size.min(limit),
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
                bundles.extend(examine(search, descriptor, answer, target.digest));
            }
        }
    }
    found
}

/// What may be a bundle, by the registry's list, or by the one that clients keep.
fn list<R: Registry>(
    registry: &mut R,
    search: &Search<'_>,
    limit: u64,
    targets: &[&Target],
) -> Vec<Result<Vec<Descriptor>, VerificationError>> {
    let requests = targets.iter().map(|target| ReferrersRequest {
        repository: search.place(target),
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
        repository: search.place(target),
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
fn batch_length(rest: &[(usize, Descriptor)], limit: u64) -> usize {
    let mut total = 0;
    let fits = rest.iter().take_while(|(_, descriptor)| {
        total += descriptor.size.min(limit);
        total <= MAX_PAYLOADS_SIZE
    });
    fits.count().max(1)
}

/// The signatures that are worth fetching, or why not; nothing of what holds none.
fn examine(
    search: &Search<'_>,
    descriptor: &Descriptor,
    answer: Result<ServedManifest, RegistryError>,
    image: Digest,
) -> Vec<Examined> {
    // What is in it is not known yet: its manifest stands for it.
    let manifest = Some(descriptor.digest);
    let rejected = |why| vec![Examined::rejected(SignatureFormat::Bundle, manifest, why)];
    let (wanted, limits) = (search.wanted, search.policy.limits());
    let limit = limits.manifest_size;
    if descriptor.size > limit {
        return rejected(Rejection::PayloadTooLarge {
            size: descriptor.size,
            limit,
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
    let of = |kind: &str| {
        let mut layers = manifest.layers.iter();
        layers.find(|layer| layer.media_type == kind)
    };
    let (layer, bundled) = (of(wanted.layer_type()), of(bundle::MEDIA_TYPE));
    if bundled.is_none() && (layer.is_none() || search.policy.formats() != Formats::Any) {
        return Vec::new();
    }
    if manifest.subject.digest != image {
        return rejected(Rejection::OtherImage(manifest.subject.digest));
    }
    let Some(layer) = bundled else {
        // As they lie under a tag, but that this one refers to the image.
        return match SignatureImage::parse(&served.media_type, bytes.as_bytes()) {
            Ok(image) => Examined::all(image.layers(), wanted, limits),
            Err(error) => rejected(Rejection::LayerMalformed(format!("{error}"))),
        };
    };
    let said = manifest.annotations.get(bundle::PREDICATE_TYPE);
    if let Err(why) = check_hint(said.map(String::as_str), wanted) {
        return rejected(why);
    }
    let (size, limit) = (layer.size, wanted.bundle_limit(limits));
    if size > limit {
        return rejected(Rejection::PayloadTooLarge { size, limit });
    }
    vec![Examined::waiting_bundle(layer.clone())]
}

/// Bytes of a list; a thousand of cosign's entries come to half of it. The lists of many images are
/// held together.
const MAX_LIST_SIZE: u64 = 1024 * 1024;
