use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::policy::{Policy, first_place};
use super::report::Rejection;
use crate::key::PublicKey;
use crate::oci::{Digest, Repository};
use crate::payload::SimpleSigning;

/// A signature that was verified and that a policy counts. Only this module can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature {
    key_index: usize,
    key_fingerprint: [u8; 32],
    claims: SimpleSigning,
    payload: Vec<u8>,
}

impl VerifiedSignature {
    /// The place of the key in the policy; of equal keys, the first.
    pub fn key_index(&self) -> usize {
        self.key_index
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub fn key_fingerprint(&self) -> &[u8; 32] {
        &self.key_fingerprint
    }

    /// The repository that the signer named.
    pub fn docker_reference(&self) -> &str {
        &self.claims.docker_reference
    }

    /// What else the signer claimed.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.claims.annotations
    }

    /// The exact bytes that were signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// The image that signatures are judged for.
pub(super) struct Judged<'a> {
    pub(super) policy: &'a Policy,
    pub(super) repository: &'a Repository,
    pub(super) digest: Digest,
}

impl Judged<'_> {
    /// Authenticates the exact bytes first, and reads them only then.
    pub(super) fn judge(
        &self,
        payload: &[u8],
        signature: &[u8],
    ) -> Result<VerifiedSignature, Rejection> {
        let keys = self.policy.keys();
        let verifies = |key: &PublicKey| key.verify(payload, signature).is_ok();
        let found = keys
            .iter()
            .position(verifies)
            .ok_or(Rejection::NoTrustedKey)?;
        let key_index = first_place(keys, found);
        let claims = SimpleSigning::parse(payload)
            .map_err(|error| Rejection::PayloadMalformed(error.to_string()))?;
        if claims.digest != self.digest {
            return Err(Rejection::OtherImage(claims.digest));
        }
        if let Some(key) = self.policy.unmet_annotation(&claims.annotations) {
            return Err(Rejection::AnnotationMismatch(key.into()));
        }
        if !self
            .policy
            .allows_identity(self.repository, &claims.docker_reference)
        {
            return Err(Rejection::OtherIdentity(claims.docker_reference));
        }
        let key_fingerprint = keys[found].fingerprint();
        Ok(VerifiedSignature {
            key_index,
            key_fingerprint,
            claims,
            payload: payload.to_vec(),
        })
    }
}
