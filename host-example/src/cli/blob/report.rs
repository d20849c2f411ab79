use serde_json::{Value, json};

use cosignet_host::api::blobs::{BlobVerificationError, UnverifiedBlob, VerifiedBlob};
use cosignet_host::api::report::{SignatureReport, Verdict};

use crate::cli::failure::{Failure, rejection_words, verdict_words};
use crate::cli::verdicts::{Kind, claims, format, logged};

/// What is said of a blob, as JSON. `artifact` is what it is by its name.
pub fn report(artifact: Value, result: &Result<VerifiedBlob, BlobVerificationError>) -> Value {
    match result {
        Ok(blob) => json!({
            "verified": true,
            "artifact": artifact,
            "digest": blob.digest,
            "signatures": signatures(&blob.signatures),
        }),
        Err(BlobVerificationError::NoMatch(blob)) => json!({
            "verified": false,
            "artifact": artifact,
            "reason": "no matching signatures",
            "digest": blob.digest,
            "required": blob.required,
            "counted": blob.counted,
            "signatures": signatures(&blob.signatures),
        }),
        Err(error) => json!({
            "verified": false,
            "artifact": artifact,
            "reason": words(error),
        }),
    }
}

fn signatures(reports: &[SignatureReport]) -> Vec<Value> {
    reports.iter().map(signature).collect()
}

fn signature(report: &SignatureReport) -> Value {
    match &report.verdict {
        Verdict::Counted(signature) => {
            let mut value = json!({
                "index": report.index,
                "format": format(report),
                "counted": true,
                "keyFingerprint": signature.key_fingerprint,
                "keyIndex": signature.key_index,
                "log": signature.log.as_ref().map(logged),
            });
            if let (Some(predicate), Some(members)) = (&signature.predicate, value.as_object_mut())
            {
                let content = serde_json::from_slice(&predicate.content).unwrap_or(Value::Null);
                members.insert("annotations".into(), claims(signature));
                members.insert(
                    "predicateType".into(),
                    predicate.predicate_type.clone().into(),
                );
                members.insert("predicate".into(), content);
            }
            value
        }
        Verdict::Rejected(rejection) => json!({
            "index": report.index,
            "format": format(report),
            "counted": false,
            "reason": rejection_words(rejection),
        }),
    }
}

fn words(error: &BlobVerificationError) -> String {
    match error {
        BlobVerificationError::NoSignatures => "no signature was given".into(),
        BlobVerificationError::NoMatch(blob) => unverified_words(blob),
        BlobVerificationError::LimitExceeded(words) | BlobVerificationError::Other(words) => {
            words.clone()
        }
    }
}

fn unverified_words(blob: &UnverifiedBlob) -> String {
    let words = format!(
        "no matching signatures: {} of {} required keys have signed {}",
        blob.counted, blob.required, blob.digest
    );
    words + &verdict_words(&blob.signatures, Kind::Signature)
}

/// cosign's exit code of all that fails with blobs is 1.
impl From<BlobVerificationError> for Failure {
    fn from(error: BlobVerificationError) -> Self {
        Self::other(words(&error))
    }
}
