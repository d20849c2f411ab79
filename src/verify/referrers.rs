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
use crate::fetch::{Answers, Listed, MAX_LIST_SIZE, Target, batches, list_referrers};
use crate::imports::{ManifestRequest, Registry, RegistryError, ServedManifest};
use crate::oci::{Descriptor, Digest, ReferrerManifest, Referrers, SignatureImage, VerifiedBytes};

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
    for batch in batches(&wanted, |(_, descriptor)| descriptor.size.min(limit)) {
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

/// What may be looked for, each manifest once.
fn list<R: Registry>(
    registry: &mut R,
    search: &Search<'_>,
    limit: u64,
    targets: &[&Target],
) -> Vec<Result<Vec<Descriptor>, VerificationError>> {
    let subjects = targets.iter();
    let subjects: Vec<_> = subjects
        .map(|target| (search.place(target), target.digest))
        .collect();
    let listed = list_referrers(registry, &subjects, limit).into_iter();
    listed.map(|list| Ok(candidates(&list?))).collect()
}

fn candidates(list: &Listed) -> Vec<Descriptor> {
    let mut all = Vec::<Descriptor>::new();
    for found in list.pages.iter().flat_map(Referrers::candidates) {
        if !all.contains(found) {
            all.push(found.clone());
        }
    }
    all
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
