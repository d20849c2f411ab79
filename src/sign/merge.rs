use alloc::vec::Vec;

use super::log::{Logged, ToLog};
use super::options::Earlier;
use super::signer::SigningError;
use crate::bundle::Content;
use crate::fetch::Blobs;
use crate::key::PublicKey;
use crate::log::{LogEntry, Signed, TrustedLogs};
use crate::oci::{AttachedSignature, Descriptor, Layer};
use crate::payload::{MAX_PAYLOAD_SIZE, SimpleSigning};
use crate::verify::decode_annotation;

/// A signature that is to be attached.
#[derive(Clone)]
pub(super) struct NewSignature {
    pub(super) claims: SimpleSigning,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) layer: Layer,
    pub(super) content: AttachedSignature,
    /// The entry that a log made for it.
    pub(super) log: Option<Logged>,
}

impl NewSignature {
    /// What an entry in a log must be about.
    pub(super) fn signed<'a>(&'a self, key: &'a PublicKey) -> Signed<'a> {
        Signed {
            message: (&self.payload).into(),
            dsse_payload: None,
            signature: &self.signature,
            key,
        }
    }

    /// What a log is handed.
    pub(super) fn to_log<'a>(&'a self, key: &'a PublicKey) -> ToLog<'a> {
        let signed = self.signed(key);
        ToLog {
            signed,
            content: Content::of_message(signed.message, self.signature.clone()),
        }
    }

    /// Stores the entry with the signature, as far as the layer has room for it.
    pub(super) fn put_log_entry(&mut self, logged: Logged) -> Result<(), SigningError> {
        let malformed = |why: &str| SigningError::BadLogEntry(why.into());
        let annotation = logged.annotation.as_deref();
        self.layer =
            Layer::of(&self.payload, &self.signature, annotation).map_err(|why| malformed(&why))?;
        self.content = self.layer.content().map_err(malformed)?.clone();
        self.log = Some(logged);
        Ok(())
    }
}

/// Which of the layers that are there were made by the signer.
pub(super) struct Ownership<'a> {
    /// Without a key (a signature that was made elsewhere) only the same signature counts.
    pub(super) public_key: Option<&'a PublicKey>,
    /// The logs that the signer writes to.
    pub(super) logs: Option<&'a TrustedLogs>,
    pub(super) wanted: &'a [NewSignature],
}

impl Ownership<'_> {
    /// The payloads that must be fetched to tell: those of layers that might be the signer's
    /// and whose bytes are not at hand.
    pub(super) fn payloads(&self, layers: &[Layer], earlier: Earlier) -> Vec<Descriptor> {
        if earlier == Earlier::Keep || self.public_key.is_none() {
            return Vec::new();
        }
        let mut payloads = Vec::<Descriptor>::new();
        for content in layers.iter().filter_map(|layer| layer.content().ok()) {
            let is_candidate = content.signature().is_some()
                && content.descriptor.size <= MAX_PAYLOAD_SIZE as u64
                && self.own_payload(content).is_none();
            if is_candidate && !payloads.contains(&content.descriptor) {
                payloads.push(content.descriptor.clone());
            }
        }
        payloads
    }

    /// Whether a layer says what is wanted, whatever the signature.
    pub(super) fn says(&self, content: &AttachedSignature, wanted: &NewSignature) -> bool {
        wanted.content.is_said_by(content) || self.proves_the_same(content, wanted)
    }

    /// Logs sign the time of an entry anew whenever they are asked, so other evidence for the same
    /// signature is as good, if it holds.
    fn proves_the_same(&self, content: &AttachedSignature, wanted: &NewSignature) -> bool {
        let (Some(logs), Some(key), Some(_)) = (self.logs, self.public_key, &wanted.log) else {
            return false;
        };
        let decoded = |stored| decode_annotation(stored).ok();
        let is_same = content.descriptor == wanted.content.descriptor
            && content.signature().and_then(decoded).as_ref() == Some(&wanted.signature);
        let entry = || LogEntry::from_annotation(content.log_entry()?.as_bytes()).ok();
        is_same && entry().is_some_and(|entry| entry.verify(&wanted.signed(key), logs).is_ok())
    }

    fn own_payload(&self, content: &AttachedSignature) -> Option<&[u8]> {
        let same = |wanted: &&NewSignature| {
            let descriptor = &wanted.content.descriptor;
            descriptor.digest == content.descriptor.digest
                && descriptor.size == content.descriptor.size
        };
        self.wanted
            .iter()
            .find(same)
            .map(|wanted| wanted.payload.as_slice())
    }

    /// A payload that cannot be fetched leaves its layer with others: never lose theirs.
    fn owns(&self, content: &AttachedSignature, blobs: &Blobs) -> bool {
        let Some(stored) = content.signature() else {
            return false;
        };
        if self.wanted.iter().any(|wanted| wanted.content == *content) {
            return true;
        }
        let fetched = || {
            blobs
                .get(&content.descriptor)?
                .as_ref()
                .ok()
                .map(|blob| blob.as_bytes())
        };
        let payload = self.own_payload(content).or_else(fetched);
        let signature = decode_annotation(stored).ok();
        match (self.public_key, payload, signature) {
            (Some(key), Some(payload), Some(signature)) => {
                key.verify(payload, &signature).is_ok() && self.is_about_the_same(payload)
            }
            _ => false,
        }
    }

    /// A claim for another repository is another claim, also by the same key: signatures of many
    /// repositories can lie in one place (`COSIGN_REPOSITORY`), and one image can be signed for a
    /// mirror later.
    fn is_about_the_same(&self, payload: &[u8]) -> bool {
        SimpleSigning::parse(payload).is_ok_and(|earlier| {
            self.wanted.iter().any(|wanted| {
                wanted.claims.digest == earlier.digest
                    && wanted.claims.docker_reference == earlier.docker_reference
            })
        })
    }
}

/// What the layers become.
pub(super) struct Merged {
    pub(super) layers: Vec<Layer>,
    pub(super) added: bool,
    pub(super) replaced: bool,
    /// For each wanted signature, the one that is in the layers.
    pub(super) signatures: Vec<Vec<u8>>,
}

/// Others' layers in their order; then what is new. A layer of the signer's that says the same
/// is left as it is.
pub(super) fn merge(
    layers: &[Layer],
    ownership: &Ownership<'_>,
    earlier: Earlier,
    blobs: &Blobs,
) -> Merged {
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
            Some((_, found)) => {
                *found = content
                    .signature()
                    .and_then(|stored| decode_annotation(stored).ok());
                kept.push(layer.clone());
            }
            None if earlier == Earlier::Keep => kept.push(layer.clone()),
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
                wanted.signature.clone()
            })
        })
        .collect();
    Merged {
        layers: kept,
        added,
        replaced,
        signatures,
    }
}
