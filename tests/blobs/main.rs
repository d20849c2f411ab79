//! Blobs: what the real cosigns signed, verified; what must be refused; and what is signed here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attacks;
mod signing;
#[path = "../support/mod.rs"]
mod support;
mod vectors;

use cosignet::blob::{Blob, BlobStream};
use cosignet::key::PublicKey;
use cosignet::log::{TrustedLog, TrustedLogs};
use cosignet::oci::Digest;
use cosignet::verify::{
    BlobSignature, BlobVerificationError, LogRequirement, Policy, Rejection, Rules, Verdict,
    VerifiedBlob, verify_blob, verify_blob_attestation,
};
use support::{data, first_pub, policy, rules};

type Verified = Result<VerifiedBlob, BlobVerificationError>;

/// A file of `cosign/blob`.
fn blob_file(name: &str) -> Vec<u8> {
    data(&format!("cosign/blob/{name}"))
}

/// What nearly all of those files are signatures of.
fn artifact() -> Vec<u8> {
    blob_file("artifact.txt")
}

/// A signature as it was kept, without an entry beside it.
fn kept(signature: impl Into<Vec<u8>>) -> BlobSignature {
    BlobSignature {
        signature: signature.into(),
        log_entry: None,
    }
}

/// Verifies one signature of a blob, which comes in pieces.
fn verify(policy: &Policy, blob: &[u8], signature: impl Into<Vec<u8>>) -> Verified {
    let algorithms: Vec<_> = policy.keys().iter().map(PublicKey::algorithm).collect();
    let mut stream = BlobStream::for_keys(&algorithms);
    for piece in blob.chunks(4) {
        stream.append(piece).unwrap();
    }
    verify_blob(policy, &stream.blob(), &[kept(signature)])
}

/// Verifies one attestation of a blob.
fn verify_attestation(
    policy: &Policy,
    blob: &[u8],
    predicate_type: &str,
    attestation: impl Into<Vec<u8>>,
) -> Verified {
    verify_blob_attestation(
        policy,
        &Blob::of(blob),
        predicate_type,
        &[kept(attestation)],
    )
}

/// The key that signed what has no key in its name.
fn first() -> Policy {
    policy(&[&first_pub()])
}

/// The same, and the log of the fixtures must have it.
fn first_logged() -> Policy {
    logged(&data("cosign/rekor/rekor.pub"))
}

fn logged(log: &[u8]) -> Policy {
    let log = TrustedLog::from_pem(log).unwrap();
    Policy::new(Rules {
        log: LogRequirement::Require {
            logs: TrustedLogs::new(vec![log]).unwrap(),
            witnesses: 0,
        },
        ..rules(&[&first_pub()])
    })
    .unwrap()
}

/// What was said of each signature: `None` of those that count.
fn rejections(result: &Verified) -> Vec<Option<Rejection>> {
    let reports = match result {
        Ok(blob) => blob.signatures(),
        Err(BlobVerificationError::NoMatch(blob)) => &blob.signatures,
        Err(other) => panic!("no report: {other}"),
    };
    let verdicts = reports.iter().map(|report| &report.verdict);
    verdicts
        .map(|verdict| match verdict {
            Verdict::Counted(_) => None,
            Verdict::Rejected(rejection) => Some(rejection.clone()),
        })
        .collect()
}

/// The one reason why a blob's one signature does not count.
#[track_caller]
fn rejection(result: &Verified) -> Rejection {
    let mut all = rejections(result);
    assert_eq!(all.len(), 1);
    all.remove(0).expect("it counts")
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::of(bytes)
}
