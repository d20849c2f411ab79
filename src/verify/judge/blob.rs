//! Signatures of blobs, and attestations of them. They name no repository, and a signature claims
//! nothing: a policy that asks for either is not satisfied.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Candidate, FoundEntry, SignedBy, VerifiedSignature, other_subject, statement};
use crate::blob::Blob;
use crate::key::PublicKey;
use crate::payload::Envelope;
use crate::verify::policy::Policy;
use crate::verify::report::Rejection;

/// The blob that signatures are judged for.
pub(in crate::verify) struct JudgedBlob<'a> {
    pub(in crate::verify) policy: &'a Policy,
    pub(in crate::verify) blob: &'a Blob<'a>,
}

/// What is stored with a signature besides.
#[derive(Clone, Copy, Default)]
pub(in crate::verify) struct Beside<'a> {
    pub(in crate::verify) log_entry: Option<FoundEntry<'a>>,
    /// The key that made it, by the word of who stored it.
    pub(in crate::verify) key: Option<&'a PublicKey>,
}

impl JudgedBlob<'_> {
    /// A signature over the blob itself.
    pub(in crate::verify) fn judge(
        &self,
        signature: &[u8],
        beside: Beside<'_>,
    ) -> Result<VerifiedSignature, Rejection> {
        let found = Candidate {
            message: self.blob.message(),
            dsse_payload: None,
            signature,
            log_entry: beside.log_entry,
        };
        let signed_by = self.authenticate(&found, beside.key)?;
        let annotations = BTreeMap::new();
        self.check_claims(&annotations)?;
        Ok(VerifiedSignature {
            signed_by,
            docker_reference: None,
            annotations,
            payload: Vec::new(),
            predicate: None,
            signature: signature.to_vec(),
        })
    }

    /// An envelope with a statement about the blob: authenticated first, and read only then.
    pub(in crate::verify) fn judge_attestation(
        &self,
        envelope: Envelope,
        predicate_type: &str,
        beside: Beside<'_>,
    ) -> Result<VerifiedSignature, Rejection> {
        let pae = envelope.pae();
        let found = Candidate {
            message: (&pae).into(),
            dsse_payload: Some(&envelope.payload),
            signature: &envelope.signature,
            log_entry: beside.log_entry,
        };
        let signed_by = self.authenticate(&found, beside.key)?;
        let statement = statement(&envelope, predicate_type)?;
        let Some(subject) = statement.subject(&self.blob.digest()) else {
            return Err(other_subject(&statement, |other| {
                Rejection::OtherBlob(other.to_string())
            }));
        };
        let annotations = subject.annotations.clone();
        self.check_claims(&annotations)?;
        Ok(VerifiedSignature {
            signed_by,
            docker_reference: None,
            annotations,
            payload: envelope.payload,
            predicate: Some(statement.into_predicate()),
            signature: envelope.signature,
        })
    }

    /// A key that is stored with the signature must be the one that made it (CVE-2022-36056).
    fn authenticate(
        &self,
        found: &Candidate<'_>,
        named: Option<&PublicKey>,
    ) -> Result<SignedBy, Rejection> {
        let signed_by = self.policy.authenticate(found)?;
        match named {
            Some(key) if key.fingerprint() != signed_by.key_fingerprint => {
                Err(Rejection::SignatureMalformed(
                    "the key that is stored with it is another than the one that made it".into(),
                ))
            }
            _ => Ok(signed_by),
        }
    }

    fn check_claims(&self, annotations: &BTreeMap<String, String>) -> Result<(), Rejection> {
        if let Some(key) = self.policy.unmet_annotation(annotations) {
            return Err(Rejection::AnnotationMismatch(key.into()));
        }
        match self.policy.allows_nameless() {
            true => Ok(()),
            false => Err(Rejection::OtherIdentity(
                "none, as blobs are in no repository".into(),
            )),
        }
    }
}
