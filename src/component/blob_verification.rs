use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::blob_verification as wit;
use super::bindings::exports::cosignet::signing::blobs::BlobBorrow;
use super::bindings::exports::cosignet::signing::policy::PolicyBorrow;
use super::blobs::OpenBlob;
use super::policy::ReadPolicy;
use super::report::{number, signatures};
use crate::verify;

impl wit::Guest for Component {
    fn verify_blob(
        policy: PolicyBorrow<'_>,
        blob: BlobBorrow<'_>,
        signatures: Vec<wit::BlobSignature>,
    ) -> Result<wit::VerifiedBlob, wit::BlobVerificationError> {
        let policy = &policy.get::<ReadPolicy>().policy;
        let stream = blob.get::<OpenBlob>().0.borrow();
        let verified = verify::verify_blob(policy, &stream.blob(), &kept(signatures))?;
        Ok(verified.into())
    }

    fn verify_blob_attestation(
        policy: PolicyBorrow<'_>,
        blob: BlobBorrow<'_>,
        predicate_type: String,
        attestations: Vec<wit::BlobSignature>,
    ) -> Result<wit::VerifiedBlob, wit::BlobVerificationError> {
        let policy = &policy.get::<ReadPolicy>().policy;
        let stream = blob.get::<OpenBlob>().0.borrow();
        let verified = verify::verify_blob_attestation(
            policy,
            &stream.blob(),
            &predicate_type,
            &kept(attestations),
        )?;
        Ok(verified.into())
    }
}

fn kept(signatures: Vec<wit::BlobSignature>) -> Vec<verify::BlobSignature> {
    let signatures = signatures.into_iter();
    signatures
        .map(|found| verify::BlobSignature {
            signature: found.signature,
            log_entry: found.log_entry,
        })
        .collect()
}

impl From<verify::VerifiedBlob> for wit::VerifiedBlob {
    fn from(blob: verify::VerifiedBlob) -> Self {
        Self {
            digest: blob.digest().to_string(),
            signatures: signatures(blob.into_signatures()),
        }
    }
}

impl From<verify::BlobVerificationError> for wit::BlobVerificationError {
    fn from(error: verify::BlobVerificationError) -> Self {
        use verify::BlobVerificationError as Core;
        match error {
            Core::NoSignatures => Self::NoSignatures,
            Core::LimitExceeded(words) => Self::LimitExceeded(words),
            Core::NoMatch(blob) => Self::NoMatch(wit::UnverifiedBlob {
                digest: blob.digest.to_string(),
                required: number(blob.required),
                counted: number(blob.counted),
                signatures: signatures(blob.signatures),
            }),
        }
    }
}
