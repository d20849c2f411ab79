use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Cleaning, WorkKind, drop_manifests};
use crate::fetch::{
    Answers, Blobs, MAX_FETCHED, Target, batches, blob_request, held, read_signatures,
};
use crate::imports::{ManifestRequest, Registry, RegistryError, RegistryPush, ServedManifest};
use crate::key::PublicKey;
use crate::oci::{
    AttachedSignature, Descriptor, Digest, Layer, Repository, SignatureImage, VerifiedBytes,
    attestation_tag, signature_tag,
};
use crate::payload::{Envelope, MAX_ENVELOPE_SIZE, MAX_PAYLOAD_SIZE};
use crate::sign::attached::AttachOutcome;
use crate::sign::layers::{build, creation_time, stored_signature, time_blob};
use crate::sign::signer::SigningError;
use crate::sign::tag::{Document, Merged, keep};
use crate::verify::MAX_MANIFEST_SIZE;

/// One key's layers under one tag.
pub(super) struct OwnLayers {
    pub(super) kind: WorkKind,
    pub(super) tag: String,
    pub(super) manifest_digest: Digest,
    pub(super) contents: Vec<AttachedSignature>,
}

/// Finds this key's layers. A blob that is not there, or is another, leaves its layer with others'.
pub(super) fn find<R: Registry>(
    registry: &mut R,
    target: &Target,
    cleaning: &Cleaning<'_>,
) -> Result<Vec<OwnLayers>, SigningError> {
    let tags = [
        (WorkKind::Signature, signature_tag(&target.digest)),
        (WorkKind::Attestation, attestation_tag(&target.digest)),
    ];
    let tags = tags
        .into_iter()
        .filter(|(kind, _)| cleaning.is_about(*kind));
    let tags: Vec<_> = tags.collect();
    let requests = tags.iter().map(|(_, tag)| ManifestRequest {
        repository: target.repository.clone(),
        reference: tag.clone(),
        max_size: MAX_MANIFEST_SIZE,
        after_ms: 0,
    });
    let mut answers = Answers::to(requests.collect(), |requests| {
        registry.fetch_manifests(&requests)
    });
    let served: Vec<_> = tags.iter().map(|_| answers.one()).collect();
    let mut found = Vec::new();
    for ((kind, tag), served) in tags.into_iter().zip(served) {
        let Some(served) = held(served, MAX_MANIFEST_SIZE)? else {
            continue;
        };
        let image = read_signatures(&served)?;
        let contents = own(registry, target, kind, image.layers(), cleaning.public_key)?;
        if !contents.is_empty() {
            found.push(OwnLayers {
                kind,
                tag,
                manifest_digest: Digest::of(&served.content),
                contents,
            });
        }
    }
    Ok(found)
}

fn own<R: Registry>(
    registry: &mut R,
    target: &Target,
    kind: WorkKind,
    layers: &[Layer],
    key: &PublicKey,
) -> Result<Vec<AttachedSignature>, SigningError> {
    let contents = layers.iter().filter_map(|layer| layer.content().ok());
    let is_readable = |content: &&AttachedSignature| {
        let limit = match kind {
            WorkKind::Signature => MAX_PAYLOAD_SIZE,
            WorkKind::Attestation => MAX_ENVELOPE_SIZE,
        };
        content.descriptor.size <= limit as u64
    };
    let candidates: Vec<_> = contents.filter(is_readable).collect();
    let size = candidates.iter().map(|content| content.descriptor.size);
    if size.fold(0, u64::saturating_add) > MAX_FETCHED {
        return Err(SigningError::LimitExceeded(format!(
            "what is attached to {} comes to more than {MAX_FETCHED} bytes",
            target.digest
        )));
    }
    let mut own = Vec::new();
    for batch in batches(&candidates, |content| content.descriptor.size) {
        let requests = batch.iter();
        let requests =
            requests.map(|content| blob_request(&target.repository, &content.descriptor));
        let mut answers = Answers::to(requests.collect(), |requests| {
            registry.fetch_blobs(&requests)
        });
        for content in batch {
            let blob = match answers.one() {
                Ok(bytes) => VerifiedBytes::with_descriptor(bytes, &content.descriptor),
                Err(RegistryError::NotFound(_)) => continue,
                Err(error) => return Err(SigningError::Registry(error)),
            };
            if blob.is_ok_and(|blob| is_signed(kind, content, blob.as_bytes(), key)) {
                own.push((*content).clone());
            }
        }
    }
    Ok(own)
}

fn is_signed(kind: WorkKind, content: &AttachedSignature, blob: &[u8], key: &PublicKey) -> bool {
    match kind {
        WorkKind::Signature => {
            stored_signature(content).is_some_and(|signature| key.verify(blob, &signature).is_ok())
        }
        WorkKind::Attestation => Envelope::parse(blob)
            .is_ok_and(|envelope| key.verify(&envelope.pae(), &envelope.signature).is_ok()),
    }
}

/// Takes the layers away. A tag without layers goes, if the registry deletes.
pub(super) fn remove<H: Registry + RegistryPush>(
    host: &mut H,
    target: &Target,
    own: &[OwnLayers],
) -> Result<(), SigningError> {
    let mut documents: Vec<_> = own
        .iter()
        .map(|own| OthersLayers {
            target,
            own,
            found: SignatureImage::empty(),
            has_none: false,
        })
        .collect();
    let all = documents.iter_mut();
    let kept = keep(host, all.map(|one| one as &mut dyn Document).collect());
    let mut empty = Vec::new();
    for (document, kept) in documents.iter().zip(kept) {
        let kept = kept?.filter(|_| document.has_none);
        empty.extend(kept.map(|(digest, _)| digest));
    }
    if !empty.is_empty() {
        drop_manifests(host, &target.repository, empty.into_iter());
    }
    Ok(())
}

/// What others signed: the image without one key's layers.
struct OthersLayers<'a> {
    target: &'a Target,
    own: &'a OwnLayers,
    /// What the tag was found to hold.
    found: SignatureImage,
    /// Whether nobody else signed.
    has_none: bool,
}

impl OthersLayers<'_> {
    fn is_own(&self, layer: &Layer) -> bool {
        let content = layer.content();
        content.is_ok_and(|content| self.own.contents.contains(content))
    }
}

impl Document for OthersLayers<'_> {
    fn repository(&self) -> &Repository {
        &self.target.repository
    }

    fn tag(&self) -> &str {
        &self.own.tag
    }

    fn seed(&self) -> Digest {
        self.own.manifest_digest
    }

    fn read(&mut self, found: Option<&ServedManifest>) -> Result<Vec<Descriptor>, SigningError> {
        self.found = found.map_or_else(|| Ok(SignatureImage::empty()), read_signatures)?;
        Ok(time_blob(&self.found).cloned().into_iter().collect())
    }

    fn merge(&mut self, blobs: &Blobs) -> Result<Option<Merged>, SigningError> {
        let layers = self.found.layers();
        let others: Vec<Layer> = layers
            .iter()
            .filter(|layer| !self.is_own(layer))
            .cloned()
            .collect();
        if others.len() == layers.len() {
            return Ok(None);
        }
        self.has_none = others.is_empty();
        let created = creation_time(&self.found, blobs);
        let image = core::mem::replace(&mut self.found, SignatureImage::empty());
        let built = build(&image.with_layers(others), created.as_deref())?;
        Ok(Some(Merged::of_image(built, AttachOutcome::Replaced)))
    }

    fn blobs(&self) -> Vec<(Digest, &[u8])> {
        vec![]
    }

    fn is_in(&self, found: &ServedManifest) -> Result<bool, SigningError> {
        let found = read_signatures(found)?;
        Ok(!found.layers().iter().any(|layer| self.is_own(layer)))
    }
}
