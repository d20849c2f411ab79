use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::judge::{Candidate, FoundEntry, Judged, bundled_entries};
use super::policy::Policy;
use super::report::{
    Rejection, SignatureFormat, SignatureReport, Verdict, VerificationError, VerifiedImage,
};
use super::wanted::Wanted;
use crate::bundle::{Bundle, Content};
use crate::oci::{Digest, Reference, Selector};

/// A payload and its signature, as they were kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachedSignature {
    /// The exact bytes that were signed.
    pub payload: Vec<u8>,
    /// In base64, or as it is; or a sigstore bundle v0.3 of it, whose log entries count too.
    pub signature: Vec<u8>,
    /// The log entry: cosign's annotation `dev.sigstore.cosign/bundle`.
    pub log_entry: Option<Vec<u8>>,
}

/// Verifies signatures of the image that a reference names by digest. Nothing is fetched.
pub fn verify_detached(
    policy: &Policy,
    reference: &str,
    signatures: &[DetachedSignature],
) -> Result<VerifiedImage, VerificationError> {
    let reference: Reference = reference.parse()?;
    let Selector::Digest(digest) = reference.selector else {
        return Err(VerificationError::DigestRequired(reference.to_string()));
    };
    if signatures.is_empty() {
        return Err(VerificationError::NoSignatures(reference.to_string()));
    }
    if signatures.len() > policy.limits().signatures {
        return Err(VerificationError::LimitExceeded(format!(
            "{} signatures were handed in; the policy looks at {}",
            signatures.len(),
            policy.limits().signatures
        )));
    }
    let judged = Judged {
        policy,
        repository: &reference.repository,
        digest,
        wanted: Wanted::Signatures,
    };
    let reports = signatures
        .iter()
        .enumerate()
        .map(|(index, found)| {
            let verdict =
                judge_one(&judged, found).map_or_else(Verdict::Rejected, Verdict::Counted);
            SignatureReport {
                index,
                format: SignatureFormat::SimpleSigning,
                payload_digest: Some(Digest::of(&found.payload)),
                verdict,
            }
        })
        .collect();
    VerifiedImage::judge(policy.required(), reference.repository, digest, reports)
}

fn judge_one(
    judged: &Judged<'_>,
    found: &DetachedSignature,
) -> Result<super::VerifiedSignature, Rejection> {
    let limit = judged.policy.limits().payload_size;
    if found.payload.len() as u64 > limit {
        return Err(Rejection::PayloadTooLarge {
            size: found.payload.len() as u64,
            limit,
        });
    }
    let is_small = found.signature.len() <= MAX_DETACHED_BUNDLE_SIZE;
    if is_small && Bundle::is_claimed_by(&found.signature) {
        return judge_bundle(judged, found);
    }
    let signature = decode_signature(&found.signature).map_err(Rejection::SignatureMalformed)?;
    judged.judge(&Candidate {
        message: (&found.payload).into(),
        dsse_payload: None,
        signature: &signature,
        log_entry: found.log_entry.as_deref().map(FoundEntry::Stored),
    })
}

fn judge_bundle(
    judged: &Judged<'_>,
    found: &DetachedSignature,
) -> Result<super::VerifiedSignature, Rejection> {
    let malformed = |why: String| Rejection::SignatureMalformed(format!("bundle: {why}"));
    if found.log_entry.is_some() {
        return Err(malformed(
            "it holds its log entries; none can be given beside it".into(),
        ));
    }
    let bundle = Bundle::parse(&found.signature).map_err(malformed)?;
    let Content::MessageSignature { signature, digest } = bundle.content else {
        return Err(malformed(
            "it signs an envelope, not the payload beside it".into(),
        ));
    };
    check_size(&signature).map_err(malformed)?;
    if digest.is_some_and(|digest| digest.is_of((&found.payload).into()) != Some(true)) {
        return Err(Rejection::PayloadAltered(
            "the bundle is of another payload, by its digest".into(),
        ));
    }
    let entries = bundled_entries(bundle.log_entries.as_deref())?;
    judged.judge(&Candidate {
        message: (&found.payload).into(),
        dsse_payload: None,
        signature: &signature,
        log_entry: Some(FoundEntry::Bundled(&entries)),
    })
}

/// Reads a signature that was kept in base64, white space ignored, or as it is.
///
/// cosign's rule: what decodes as base64 as a whole is base64.
pub fn decode_signature(stored: &[u8]) -> Result<Vec<u8>, String> {
    check_size(stored)?;
    let text: Vec<u8> = stored
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    check_size(&text)?;
    Ok(BASE64.decode(&text).unwrap_or_else(|_| stored.to_vec()))
}

/// Reads the signature of a layer's annotation: base64 alone, in which Go reads past line ends.
pub(crate) fn decode_annotation(stored: &str) -> Result<Vec<u8>, String> {
    check_size(stored.as_bytes())?;
    let text: String = stored
        .chars()
        .filter(|end| !matches!(end, '\r' | '\n'))
        .collect();
    check_size(text.as_bytes())?;
    BASE64.decode(&text).map_err(|error| error.to_string())
}

fn check_size(stored: &[u8]) -> Result<(), String> {
    match stored.len() {
        0 => Err("it is empty".into()),
        1..=MAX_STORED_SIGNATURE => Ok(()),
        long => Err(format!(
            "it is at most {MAX_STORED_SIGNATURE} bytes long, found {long}"
        )),
    }
}

/// An RSA-4096 signature in base64 has 684 characters.
const MAX_STORED_SIGNATURE: usize = 4096;
/// A bundle without an envelope is its log entries and little more.
const MAX_DETACHED_BUNDLE_SIZE: usize = 2 * 1024 * 1024;
