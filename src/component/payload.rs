use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Component;
use super::bindings::cosignet::signing::types::Annotation;
use super::bindings::exports::cosignet::signing::payload::{Guest, PayloadError, SimpleSigning};
use crate::oci::InvalidDigest;
use crate::payload;

impl Guest for Component {
    fn create(content: SimpleSigning) -> Result<Vec<u8>, PayloadError> {
        let digest = content
            .digest
            .parse()
            .map_err(|error: InvalidDigest| PayloadError::Malformed(error.to_string()))?;
        let payload = payload::SimpleSigning {
            docker_reference: content.docker_reference,
            digest,
            annotations: claims(content.annotations),
        };
        Ok(payload.to_bytes()?)
    }

    fn parse(bytes: Vec<u8>) -> Result<SimpleSigning, PayloadError> {
        let payload = payload::SimpleSigning::parse(&bytes)?;
        Ok(SimpleSigning {
            docker_reference: payload.docker_reference,
            digest: payload.digest.to_string(),
            annotations: annotations(&payload.annotations),
        })
    }
}

impl From<payload::PayloadError> for PayloadError {
    fn from(error: payload::PayloadError) -> Self {
        match error {
            payload::PayloadError::UnexpectedType(found) => Self::UnexpectedType(found),
            payload::PayloadError::TooLarge(_) | payload::PayloadError::TooManyAnnotations(_) => {
                Self::TooLarge(error.to_string())
            }
            payload::PayloadError::Malformed(_) => Self::Malformed(error.to_string()),
        }
    }
}

/// Annotations as claims; of a key that is given twice the last value counts.
pub(super) fn claims(annotations: Vec<Annotation>) -> BTreeMap<String, String> {
    let mut claims = BTreeMap::new();
    for Annotation { key, value } in annotations {
        claims.insert(key, value);
    }
    claims
}

/// Claims as annotations, sorted by key.
pub(super) fn annotations(claims: &BTreeMap<String, String>) -> Vec<Annotation> {
    claims
        .iter()
        .map(|(key, value)| Annotation {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}
