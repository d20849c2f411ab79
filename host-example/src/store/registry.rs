//! What is in a store, lent as a registry.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use cosignet::bundle::{self, Bundle, Content};
use cosignet::oci::{
    self, Digest, Layer, Referrer, ReferrerManifest, Referrers, SignatureImage, attestation_tag,
    media_type, signature_tag,
};

use super::kept::Kept;
use super::{Format, Store};
use crate::registry::{Descriptor, Manifest, Registry, RegistryError};

/// A registry in which nothing is attached to an image but what a store has of it.
///
/// Images, and the manifests that indexes name, are those of the registry behind it. Signatures come in the form
/// in which they would have been attached: under the tags of cosign, or as bundles that refer to the image. So the
/// component fetches, hashes and judges them by every rule of its policy, and this needs no judgment of its own.
pub struct StoredRegistry<R> {
    store: Mutex<Store>,
    behind: R,
    shelf: Mutex<Shelf>,
}

/// What was made of stored signatures, by name.
#[derive(Default)]
struct Shelf {
    manifests: BTreeMap<String, Manifest>,
    blobs: BTreeMap<String, Vec<u8>>,
    referrers: BTreeMap<String, Manifest>,
}

impl<R> StoredRegistry<R> {
    /// Lends a store, before a registry.
    pub fn new(store: Store, behind: R) -> Self {
        Self {
            store: Mutex::new(store),
            behind,
            shelf: Mutex::default(),
        }
    }

    /// Makes what is attached to an image, once.
    fn shelf(&self, image: &Digest) -> Result<MutexGuard<'_, Shelf>, RegistryError> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let name = image.to_string();
        if !shelf.referrers.contains_key(&name) {
            let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = store.kept(&name);
            let kept = kept.map_err(|error| RegistryError::Invalid(error.to_string()))?;
            let malformed = |why| {
                let path = store.path().display();
                RegistryError::Invalid(format!("store {path}: a signature of {name}: {why}"))
            };
            shelf.fill(image, &kept).map_err(malformed)?;
        }
        Ok(shelf)
    }
}

impl Shelf {
    fn fill(&mut self, image: &Digest, kept: &[Kept]) -> Result<(), String> {
        let (mut signatures, mut attestations) = (Vec::new(), Vec::new());
        let mut list = Referrers::empty();
        for found in kept {
            match found.format {
                Format::Simple => signatures.push(self.signature(found)?),
                Format::Envelope => attestations.push(self.attestation(found)?),
                Format::Bundle => list = list.with(&self.bundle(image, found)?)?,
                Format::Detached => {}
            }
        }
        for (tag, layers) in [
            (signature_tag(image), signatures),
            (attestation_tag(image), attestations),
        ] {
            if !layers.is_empty() {
                let built = SignatureImage::empty().with_layers(layers).build(None)?;
                let served = Manifest {
                    media_type: built.manifest_descriptor.media_type,
                    content: built.manifest,
                };
                self.manifests.insert(tag, served);
            }
        }
        let served = Manifest {
            media_type: media_type::OCI_INDEX.into(),
            content: list.to_json()?.into_bytes(),
        };
        self.referrers.insert(image.to_string(), served);
        Ok(())
    }

    fn signature(&mut self, found: &Kept) -> Result<Layer, String> {
        let kept = &found.signature;
        self.put(kept.payload.clone());
        Layer::of(&kept.payload, &kept.signature, kept.log_entry.as_deref())
    }

    fn attestation(&mut self, found: &Kept) -> Result<Layer, String> {
        let kept = &found.signature;
        let Content::Dsse(envelope) = Bundle::parse(kept.bundle.as_bytes())?.content else {
            return Err("an attestation is an envelope, and this signs a message".into());
        };
        let envelope = envelope.to_json()?.into_bytes();
        let predicate_type = found.claim.as_deref().unwrap_or_default();
        let layer = Layer::of_envelope(&envelope, predicate_type, kept.log_entry.as_deref())?;
        self.put(envelope);
        Ok(layer)
    }

    fn bundle(&mut self, image: &Digest, found: &Kept) -> Result<Referrer, String> {
        let bundle = found.signature.bundle.as_bytes();
        let claim = found.claim.clone();
        let annotations = claim.map(|claim| (bundle::PREDICATE_TYPE.to_owned(), claim));
        let manifest = ReferrerManifest {
            // The image may be out of reach, and nothing depends on its size.
            subject: oci::Descriptor {
                media_type: media_type::OCI_MANIFEST.into(),
                digest: *image,
                size: 0,
            },
            artifact_type: bundle::MEDIA_TYPE.into(),
            layers: vec![oci::Descriptor::of(bundle::MEDIA_TYPE, bundle)],
            annotations: annotations.into_iter().collect(),
        };
        self.put(bundle.to_vec());
        let content = manifest.to_json()?.into_bytes();
        let descriptor = oci::Descriptor::of(media_type::OCI_MANIFEST, &content);
        let served = Manifest {
            media_type: descriptor.media_type.clone(),
            content,
        };
        self.manifests.insert(descriptor.digest.to_string(), served);
        Ok(Referrer {
            descriptor,
            artifact_type: Some(manifest.artifact_type),
            annotations: manifest.annotations,
        })
    }

    fn put(&mut self, blob: Vec<u8>) {
        self.blobs.insert(Digest::of(&blob).to_string(), blob);
    }
}

#[async_trait]
impl<R: Registry> Registry for StoredRegistry<R> {
    async fn resolve(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<Descriptor, RegistryError> {
        self.behind.resolve(repository, reference).await
    }

    async fn fetch_manifest(
        &self,
        repository: &str,
        reference: &str,
        max_size: u64,
    ) -> Result<Manifest, RegistryError> {
        let made = match image_of(reference) {
            Some(image) => {
                let shelf = self.shelf(&image)?;
                let made = shelf.manifests.get(reference).cloned();
                Some(made.ok_or_else(|| not_found(reference))?)
            }
            None => {
                let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
                shelf.manifests.get(reference).cloned()
            }
        };
        match made {
            Some(made) => {
                within(&made.content, max_size, reference)?;
                Ok(made)
            }
            None => {
                let behind = &self.behind;
                behind.fetch_manifest(repository, reference, max_size).await
            }
        }
    }

    async fn fetch_blob(
        &self,
        _: &str,
        digest: &str,
        max_size: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let blob = shelf.blobs.get(digest).ok_or_else(|| not_found(digest))?;
        within(blob, max_size, digest)?;
        Ok(blob.clone())
    }

    async fn list_referrers(
        &self,
        _: &str,
        digest: &str,
        max_size: u64,
    ) -> Result<Vec<Manifest>, RegistryError> {
        let image = digest.parse::<Digest>();
        let image = image.map_err(|error| RegistryError::Invalid(error.to_string()))?;
        let shelf = self.shelf(&image)?;
        let list = shelf
            .referrers
            .get(digest)
            .ok_or_else(|| not_found(digest))?;
        within(&list.content, max_size, digest)?;
        Ok(vec![list.clone()])
    }
}

/// The image that a tag of cosign is beside.
fn image_of(tag: &str) -> Option<Digest> {
    let (image, _) = tag.rsplit_once('.')?;
    let digest: Digest = image.replacen('-', ":", 1).parse().ok()?;
    [signature_tag(&digest), attestation_tag(&digest)]
        .contains(&tag.to_owned())
        .then_some(digest)
}

fn not_found(what: &str) -> RegistryError {
    RegistryError::NotFound(format!("{what}: it is not in the store"))
}

fn within(content: &[u8], limit: u64, what: &str) -> Result<(), RegistryError> {
    match content.len() as u64 > limit {
        true => Err(RegistryError::TooLarge {
            what: format!("{what} in the store"),
            limit,
        }),
        false => Ok(()),
    }
}
