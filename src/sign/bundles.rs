//! Bundles that refer to images already.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::signer::SigningError;
use crate::bundle::{self, MAX_BUNDLE_SIZE};
use crate::fetch::{Answers, MAX_FETCHED, batches, blob_request};
use crate::imports::{ManifestRequest, Registry, RegistryError, ServedManifest};
use crate::oci::{Descriptor, Digest, MAX_SIGNATURES, ReferrerManifest, Repository, VerifiedBytes};

/// A manifest that may hold a bundle.
pub(super) struct Wanted {
    /// Of which job.
    pub(super) place: usize,
    pub(super) repository: Repository,
    /// What it must refer to.
    pub(super) image: Digest,
    pub(super) manifest: Descriptor,
}

/// What became of it.
pub(super) enum Read<'a> {
    /// It holds this bundle.
    Bundle(&'a [u8]),
    /// The registry did not hand it over.
    Unavailable(RegistryError),
    /// With it, what refers to the image comes to more than is read.
    TooMuch(SigningError),
}

/// Refuses to look through what would take too long.
pub(super) fn check(candidates: &[Descriptor], image: &Digest) -> Result<(), SigningError> {
    let size = candidates.iter().map(|found| found.size);
    let size = size.fold(0, u64::saturating_add);
    match candidates.len() > MAX_SIGNATURES || size > MAX_FETCHED {
        true => Err(too_much(image)),
        false => Ok(()),
    }
}

fn too_much(image: &Digest) -> SigningError {
    SigningError::LimitExceeded(format!(
        "more than {MAX_SIGNATURES} manifests refer to {image}, or more than {MAX_FETCHED} bytes: too \
         many to look for bundles of this key; keep earlier ones to sign without looking"
    ))
}

/// Reads manifests, in the order of their places, and the bundles in them. What holds none, or is not
/// what its digest says, is passed over.
pub(super) fn read_bundles<R: Registry>(
    registry: &mut R,
    wanted: &[Wanted],
    mut each: impl FnMut(&Wanted, Read<'_>),
) {
    let mut found = Vec::new();
    for batch in batches(wanted, |wanted| wanted.manifest.size) {
        let requests = batch.iter().map(|wanted| ManifestRequest {
            repository: wanted.repository.clone(),
            reference: wanted.manifest.digest.to_string(),
            max_size: wanted.manifest.size,
            after_ms: 0,
        });
        let mut answers = Answers::to(requests.collect(), |requests| {
            registry.fetch_manifests(&requests)
        });
        for wanted in batch {
            match answers.one() {
                Ok(served) => found.extend(bundle_in(wanted, served).map(|layer| (wanted, layer))),
                Err(error) => each(wanted, Read::Unavailable(error)),
            }
        }
    }
    let mut spent = (usize::MAX, 0u64);
    found.retain(|(wanted, layer)| {
        if spent.0 != wanted.place {
            spent = (wanted.place, 0);
        }
        spent.1 = spent.1.saturating_add(layer.size);
        let fits = spent.1 <= MAX_FETCHED;
        if !fits {
            each(wanted, Read::TooMuch(too_much(&wanted.image)));
        }
        fits
    });
    for batch in batches(&found, |(_, layer)| layer.size) {
        let requests = batch.iter();
        let requests = requests.map(|(wanted, layer)| blob_request(&wanted.repository, layer));
        let mut answers = Answers::to(requests.collect(), |requests| {
            registry.fetch_blobs(&requests)
        });
        for (wanted, layer) in batch {
            match answers.one() {
                Ok(bytes) => {
                    if let Ok(bytes) = VerifiedBytes::with_descriptor(bytes, layer) {
                        each(wanted, Read::Bundle(bytes.as_bytes()));
                    }
                }
                Err(error) => each(wanted, Read::Unavailable(error)),
            }
        }
    }
}

/// The bundle in a manifest that refers to the image.
fn bundle_in(wanted: &Wanted, served: ServedManifest) -> Option<Descriptor> {
    let bytes = VerifiedBytes::with_descriptor(served.content, &wanted.manifest).ok()?;
    let manifest = ReferrerManifest::parse(&served.media_type, bytes.as_bytes()).ok()?;
    let mut layers = manifest.layers.into_iter();
    let bundle = layers.find(|layer| layer.media_type == bundle::MEDIA_TYPE)?;
    let is_bounded = bundle.size <= MAX_BUNDLE_SIZE as u64;
    (is_bounded && manifest.subject.digest == wanted.image).then_some(bundle)
}
