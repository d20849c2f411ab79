use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::attached::{AttachOutcome, Attached};
use super::new_signature::{Claim, NewLayer, NewSignature};
use super::options::Earlier;
use super::signer::SigningError;
use super::tag::{Document, Kept, Merged};
use crate::fetch::{Blobs, MAX_PAYLOADS_SIZE, read_signatures};
use crate::imports::ServedManifest;
use crate::json::Object;
use crate::key::PublicKey;
use crate::log::{LogEntry, TrustedLogs};
use crate::oci::{
    AttachedSignature, BuiltSignatureImage, Descriptor, Digest, Layer, MAX_SIGNATURES, Repository,
    SignatureImage,
};
use crate::payload::{
    Envelope, MAX_ENVELOPE_SIZE, MAX_PAYLOAD_SIZE, STATEMENT_TYPE, SimpleSigning, Statement,
};
use crate::verify::{MAX_MANIFEST_SIZE, decode_annotation};

/// The image, under a tag, in which cosign keeps what was signed for another: a layer for each
/// signature or attestation.
pub(super) struct SignatureLayers<'a> {
    repository: Repository,
    /// What the signatures are of.
    digest: Digest,
    tag: String,
    wanted: Vec<NewLayer>,
    how: &'a How<'a>,
    /// What the tag was found to hold.
    found: SignatureImage,
    /// For each wanted signature the one that is, or will be, in the image.
    signatures: Vec<Vec<u8>>,
}

/// What is the same for all that one call attaches.
pub(super) struct How<'a> {
    /// Without a key (a signature that was made elsewhere) only the same signature counts as the
    /// signer's.
    pub(super) public_key: Option<&'a PublicKey>,
    /// The logs that the signer writes to.
    pub(super) logs: Option<&'a TrustedLogs>,
    pub(super) earlier: Earlier,
    pub(super) created: Option<&'a str>,
}

impl How<'_> {
    /// Whether the evidence that is stored with an equal signature is as good as a new one. Logs sign
    /// the time of an entry anew whenever they are asked.
    pub(super) fn logs_alike(&self, stored: &NewSignature, entries: Option<&str>) -> bool {
        let (Some(entries), Some(key)) = (entries, self.public_key) else {
            return stored.log.is_none();
        };
        let signed = stored.signed(key);
        let Ok(entries) = LogEntry::all_from_bundle(entries.as_bytes()) else {
            return false;
        };
        match (&stored.log, self.logs) {
            (Some(_), Some(logs)) => entries
                .iter()
                .any(|entry| entry.verify(&signed, logs).is_ok()),
            _ => entries.iter().all(|entry| entry.bind(&signed).is_ok()),
        }
    }
}

impl<'a> SignatureLayers<'a> {
    pub(super) fn new(
        repository: Repository,
        digest: Digest,
        tag: String,
        how: &'a How<'a>,
    ) -> Self {
        Self {
            repository,
            digest,
            tag,
            wanted: Vec::new(),
            how,
            found: SignatureImage::empty(),
            signatures: Vec::new(),
        }
    }

    pub(super) fn is_for(&self, repository: &Repository, digest: &Digest) -> bool {
        self.repository == *repository && self.digest == *digest
    }

    /// Adds a layer, each payload once.
    pub(super) fn add(&mut self, layer: NewLayer) {
        let same = |there: &NewLayer| there.content.descriptor == layer.content.descriptor;
        if !self.wanted.iter().any(same) {
            self.wanted.push(layer);
        }
    }

    /// The signature that is stored for a claim: an equal one that was there already takes the place of
    /// the one that was made.
    pub(super) fn stored(&self, new: &NewSignature) -> Option<&Vec<u8>> {
        let mut wanted = self.wanted.iter();
        let place = wanted.position(|there| there.new.payload() == new.payload())?;
        self.signatures.get(place)
    }

    pub(super) fn attached(&self, (manifest_digest, outcome): Kept) -> Attached {
        Attached {
            repository: self.repository.clone(),
            tag: Some(self.tag.clone()),
            manifest_digest,
            outcome,
        }
    }

    fn ownership(&self) -> Ownership<'_> {
        Ownership {
            how: self.how,
            digest: self.digest,
            wanted: &self.wanted,
        }
    }
}

/// The configuration of a signature image, which says when it was made, if it is worth reading.
pub(super) fn time_blob(image: &SignatureImage) -> Option<&Descriptor> {
    image
        .config()
        .filter(|config| config.size <= MAX_CONFIG_SIZE)
}

/// The creation time that an earlier signer recorded, to be kept.
pub(super) fn creation_time(image: &SignatureImage, blobs: &Blobs) -> Option<String> {
    let blob = blobs.get(image.config()?)?.as_ref().ok()?;
    Object::parse(blob.as_bytes()).ok()?.take("created").ok()?
}

impl Document for SignatureLayers<'_> {
    fn repository(&self) -> &Repository {
        &self.repository
    }

    fn tag(&self) -> &str {
        &self.tag
    }

    fn seed(&self) -> Digest {
        let signature = self.wanted.first().map(|wanted| &wanted.new.signature);
        signature.map_or(self.digest, |signature| Digest::of(signature))
    }

    fn read(&mut self, found: Option<&ServedManifest>) -> Result<Vec<Descriptor>, SigningError> {
        let Some(found) = found else {
            self.found = SignatureImage::empty();
            return Ok(Vec::new());
        };
        self.found = read_signatures(found)?;
        let mut wanted = self.ownership().payloads(self.found.layers());
        let total: u64 = wanted.iter().map(|payload| payload.size).sum();
        if total > MAX_PAYLOADS_SIZE.max(wanted.first().map_or(0, |only| only.size)) {
            return Err(SigningError::LimitExceeded(format!(
                "the payloads at {}:{} come to {total} bytes, too many to look for earlier \
                 signatures of this key; keep those to sign without looking",
                self.repository, self.tag
            )));
        }
        let config = time_blob(&self.found).filter(|_| self.how.created.is_none());
        wanted.extend(config.cloned());
        Ok(wanted)
    }

    fn merge(&mut self, blobs: &Blobs) -> Result<Option<Merged>, SigningError> {
        let created = creation_time(&self.found, blobs);
        let MergedLayers {
            layers,
            added,
            replaced,
            signatures,
        } = merge(self.found.layers(), &self.ownership(), blobs);
        self.signatures = signatures;
        if !added && !replaced {
            return Ok(None);
        }
        if layers.len() > MAX_SIGNATURES {
            return Err(SigningError::LimitExceeded(format!(
                "{}:{} would hold {} signatures; at most {MAX_SIGNATURES} are read",
                self.repository,
                self.tag,
                layers.len()
            )));
        }
        let image = core::mem::replace(&mut self.found, SignatureImage::empty());
        let image = image.with_layers(layers);
        let built = build(&image, self.how.created.or(created.as_deref()))?;
        let outcome = match replaced {
            true => AttachOutcome::Replaced,
            false => AttachOutcome::Added,
        };
        Ok(Some(Merged::of_image(built, outcome)))
    }

    fn blobs(&self) -> Vec<(Digest, &[u8])> {
        let wanted = self.wanted.iter();
        wanted
            .map(|wanted| (wanted.content.descriptor.digest, wanted.blob()))
            .collect()
    }

    fn is_in(&self, found: &ServedManifest) -> Result<bool, SigningError> {
        let found = read_signatures(found)?;
        let ownership = self.ownership();
        let mut wanted = self.wanted.iter().zip(&self.signatures);
        Ok(wanted.all(|(wanted, signature)| {
            let contents = found
                .layers()
                .iter()
                .filter_map(|layer| layer.content().ok());
            contents
                .filter(|content| ownership.says(content, wanted))
                .any(|content| match wanted.new.claim {
                    // Of an envelope, the descriptor says the signature too.
                    Claim::Statement { .. } => true,
                    Claim::Simple(_) => stored_signature(content).as_ref() == Some(signature),
                })
        }))
    }
}

pub(super) fn build(
    image: &SignatureImage,
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

pub(super) fn stored_signature(content: &AttachedSignature) -> Option<Vec<u8>> {
    decode_annotation(content.signature()?).ok()
}

/// Which of the layers that are there were made by the signer.
struct Ownership<'a> {
    how: &'a How<'a>,
    digest: Digest,
    wanted: &'a [NewLayer],
}

impl Ownership<'_> {
    /// The blobs that must be fetched to tell: those of layers that might be the signer's
    /// and whose bytes are not at hand.
    fn payloads(&self, layers: &[Layer]) -> Vec<Descriptor> {
        if self.how.earlier == Earlier::Keep || self.how.public_key.is_none() {
            return Vec::new();
        }
        let mut payloads = Vec::<Descriptor>::new();
        for content in layers.iter().filter_map(|layer| layer.content().ok()) {
            if self.is_candidate(content)
                && self.own_blob(content).is_none()
                && !payloads.contains(&content.descriptor)
            {
                payloads.push(content.descriptor.clone());
            }
        }
        payloads
    }

    fn is_candidate(&self, content: &AttachedSignature) -> bool {
        let size = content.descriptor.size;
        self.wanted.iter().any(|wanted| match &wanted.new.claim {
            Claim::Simple(_) => content.signature().is_some() && size <= MAX_PAYLOAD_SIZE as u64,
            // Nobody has signed what a layer says its predicate is, but who lies there keeps a layer
            // from being replaced and can do no more.
            Claim::Statement { predicate_type, .. } => {
                content.predicate_type() == Some(predicate_type) && size <= MAX_ENVELOPE_SIZE as u64
            }
        })
    }

    /// Whether a layer says what is wanted, whatever the signature.
    fn says(&self, content: &AttachedSignature, wanted: &NewLayer) -> bool {
        wanted.content.is_said_by(content) || self.proves_the_same(content, wanted)
    }

    /// Logs sign the time of an entry anew whenever they are asked, so other evidence for the same
    /// signature is as good, if it holds.
    fn proves_the_same(&self, content: &AttachedSignature, wanted: &NewLayer) -> bool {
        let (Some(logs), Some(key)) = (self.how.logs, self.how.public_key) else {
            return false;
        };
        if wanted.new.log.is_none() || content.descriptor != wanted.content.descriptor {
            return false;
        }
        if let Claim::Simple(_) = wanted.new.claim
            && stored_signature(content).as_ref() != Some(&wanted.new.signature)
        {
            return false;
        }
        let entry = || LogEntry::from_annotation(content.log_entry()?.as_bytes()).ok();
        entry().is_some_and(|entry| entry.verify(&wanted.new.signed(key), logs).is_ok())
    }

    fn own_blob(&self, content: &AttachedSignature) -> Option<&[u8]> {
        let same = |wanted: &&NewLayer| {
            let descriptor = &wanted.content.descriptor;
            descriptor.digest == content.descriptor.digest
                && descriptor.size == content.descriptor.size
        };
        self.wanted.iter().find(same).map(NewLayer::blob)
    }

    /// A blob that cannot be fetched leaves its layer with others: never lose theirs.
    fn owns(&self, content: &AttachedSignature, blobs: &Blobs) -> bool {
        if self.wanted.iter().any(|wanted| wanted.content == *content) {
            return true;
        }
        let fetched = || {
            let blob = blobs.get(&content.descriptor)?.as_ref().ok()?;
            Some(blob.as_bytes())
        };
        let (Some(key), true) = (self.how.public_key, self.is_candidate(content)) else {
            return false;
        };
        let Some(blob) = self.own_blob(content).or_else(fetched) else {
            return false;
        };
        match self.wanted.first().map(|wanted| &wanted.new.claim) {
            None => false,
            Some(Claim::Simple(_)) => {
                let signature = stored_signature(content);
                signature.is_some_and(|signature| key.verify(blob, &signature).is_ok())
                    && self.is_about_the_same(blob)
            }
            Some(Claim::Statement { .. }) => Envelope::parse(blob).is_ok_and(|envelope| {
                self.wanted
                    .iter()
                    .any(|wanted| is_earlier(&envelope, &wanted.new.claim, key, &self.digest))
            }),
        }
    }

    /// A claim for another repository is another claim, also by the same key: signatures of many
    /// repositories can lie in one place (`COSIGN_REPOSITORY`), and one image can be signed for a
    /// mirror later.
    fn is_about_the_same(&self, payload: &[u8]) -> bool {
        SimpleSigning::parse(payload).is_ok_and(|earlier| {
            self.wanted.iter().any(|wanted| match &wanted.new.claim {
                Claim::Simple(claims) => {
                    claims.digest == earlier.digest
                        && claims.docker_reference == earlier.docker_reference
                }
                Claim::Statement { .. } => false,
            })
        })
    }
}

/// Whether an envelope is this key's, with a statement of the same type about the same image.
pub(super) fn is_earlier(
    envelope: &Envelope,
    wanted: &Claim,
    key: &PublicKey,
    digest: &Digest,
) -> bool {
    let Claim::Statement { predicate_type, .. } = wanted else {
        return false;
    };
    envelope.payload_type == STATEMENT_TYPE
        && key.verify(&envelope.pae(), &envelope.signature).is_ok()
        && Statement::parse(&envelope.payload).is_ok_and(|statement| {
            statement.predicate_type == *predicate_type && statement.subject(digest).is_some()
        })
}

/// What the layers become.
struct MergedLayers {
    layers: Vec<Layer>,
    added: bool,
    replaced: bool,
    /// For each wanted signature, the one that is in the layers.
    signatures: Vec<Vec<u8>>,
}

/// Others' layers in their order; then what is new. A layer of the signer's that says the same
/// is left as it is.
fn merge(layers: &[Layer], ownership: &Ownership<'_>, blobs: &Blobs) -> MergedLayers {
    let mut signatures: Vec<Option<Vec<u8>>> = ownership.wanted.iter().map(|_| None).collect();
    let mut kept = Vec::with_capacity(layers.len() + ownership.wanted.len());
    let mut replaced = false;
    for layer in layers {
        let owned = layer
            .content()
            .ok()
            .filter(|content| ownership.owns(content, blobs));
        let Some(content) = owned else {
            kept.push(layer.clone());
            continue;
        };
        let mut wanted = ownership.wanted.iter().zip(&mut signatures);
        let equal =
            wanted.find(|(wanted, found)| found.is_none() && ownership.says(content, wanted));
        match equal {
            Some((wanted, found)) => {
                *found = Some(match wanted.new.claim {
                    Claim::Simple(_) => stored_signature(content).unwrap_or_default(),
                    Claim::Statement { .. } => wanted.new.signature.clone(),
                });
                kept.push(layer.clone());
            }
            None if ownership.how.earlier == Earlier::Keep => kept.push(layer.clone()),
            None => replaced = true,
        }
    }
    let mut added = false;
    let signatures = ownership
        .wanted
        .iter()
        .zip(signatures)
        .map(|(wanted, found)| {
            found.unwrap_or_else(|| {
                added = true;
                kept.push(wanted.layer.clone());
                wanted.new.signature.clone()
            })
        })
        .collect();
    MergedLayers {
        layers: kept,
        added,
        replaced,
        signatures,
    }
}

/// More than a configuration of a thousand layers has.
const MAX_CONFIG_SIZE: u64 = 256 * 1024;
