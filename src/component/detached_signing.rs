use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Component;
use super::bindings::cosignet::signing::types::Descriptor as WitDescriptor;
use super::bindings::exports::cosignet::signing::detached_signing::{
    DetachedSigningError, Guest, PayloadSignature, SignatureImage,
};
use super::bindings::exports::cosignet::signing::keys::PrivateKeyBorrow;
use super::keys::OpenKey;
use super::random::HostRandom;
use crate::oci::{self, Descriptor, Digest, InvalidDigest, Layer, MAX_SIGNATURES, signature_tag};
use crate::payload::MAX_PAYLOAD_SIZE;

impl Guest for Component {
    fn sign_payload(
        key: PrivateKeyBorrow<'_>,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, DetachedSigningError> {
        check_payload(&payload)?;
        let key = &key.get::<OpenKey>().0;
        key.sign(&payload, &mut HostRandom)
            .map_err(|error| DetachedSigningError::Other(error.to_string()))
    }

    fn build_signature_image(
        digest: String,
        signatures: Vec<PayloadSignature>,
    ) -> Result<SignatureImage, DetachedSigningError> {
        let digest: Digest = digest.parse().map_err(|error: InvalidDigest| {
            DetachedSigningError::InvalidDigest(error.to_string())
        })?;
        if signatures.is_empty() {
            return Err(DetachedSigningError::NoSignatures);
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(DetachedSigningError::LimitExceeded(alloc::format!(
                "a signature image holds at most {MAX_SIGNATURES} signatures, found {}",
                signatures.len()
            )));
        }
        let layers = signatures
            .iter()
            .map(|found| {
                check_payload(&found.payload)?;
                Layer::of(&found.payload, &found.signature, None)
                    .map_err(DetachedSigningError::Other)
            })
            .collect::<Result<_, _>>()?;
        let built = oci::SignatureImage::empty()
            .with_layers(layers)
            .build(None)
            .map_err(DetachedSigningError::Other)?;
        Ok(SignatureImage {
            tag: signature_tag(&digest),
            manifest: built.manifest,
            manifest_descriptor: built.manifest_descriptor.into(),
            config: built.config,
            config_descriptor: built.config_descriptor.into(),
        })
    }
}

impl From<Descriptor> for WitDescriptor {
    fn from(descriptor: Descriptor) -> Self {
        Self {
            media_type: descriptor.media_type,
            digest: descriptor.digest.to_string(),
            size: descriptor.size,
        }
    }
}

fn check_payload(payload: &[u8]) -> Result<(), DetachedSigningError> {
    if payload.len() > MAX_PAYLOAD_SIZE {
        return Err(DetachedSigningError::LimitExceeded(alloc::format!(
            "a payload is at most {MAX_PAYLOAD_SIZE} bytes long, found {}",
            payload.len()
        )));
    }
    Ok(())
}
