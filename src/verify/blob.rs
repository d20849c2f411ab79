use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::detached::decode_signature;
use super::judge::{Beside, FoundEntry, JudgedBlob, VerifiedSignature, bundled_entries};
use super::policy::Policy;
use super::report::{
    BlobVerificationError, Rejection, SignatureFormat, SignatureReport, Verdict, VerifiedBlob,
};
use crate::blob::Blob;
use crate::bundle::{Bundle, Content, MAX_BUNDLE_SIZE, OldBundle};
use crate::key::PublicKey;
use crate::log::LogEntry;
use crate::oci::Digest;
use crate::payload::Envelope;

/// A signature of a blob, or an attestation, as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobSignature {
    /// A signature in base64 (white space is ignored) or as it is, or a DSSE envelope, in JSON or in
    /// base64; or either in cosign's old bundle, or in a sigstore bundle v0.3.
    pub signature: Vec<u8>,
    /// The log entry, as in cosign's annotation `dev.sigstore.cosign/bundle`. Not beside a bundle.
    pub log_entry: Option<Vec<u8>>,
}

/// Verifies signatures over a blob. Nothing is fetched.
///
/// # Errors
/// [`BlobVerificationError::NoMatch`] says of each signature why it does not count.
pub fn verify_blob(
    policy: &Policy,
    blob: &Blob<'_>,
    signatures: &[BlobSignature],
) -> Result<VerifiedBlob, BlobVerificationError> {
    let judged = JudgedBlob { policy, blob };
    verify(&judged, signatures, |kept| judge_signature(&judged, kept))
}

/// Verifies attestations of a blob, whose predicate must be of this type.
///
/// # Errors
/// As [`verify_blob`].
pub fn verify_blob_attestation(
    policy: &Policy,
    blob: &Blob<'_>,
    predicate_type: &str,
    attestations: &[BlobSignature],
) -> Result<VerifiedBlob, BlobVerificationError> {
    let judged = JudgedBlob { policy, blob };
    verify(&judged, attestations, |kept| {
        judge_attestation(&judged, predicate_type, kept)
    })
}

fn verify(
    judged: &JudgedBlob<'_>,
    signatures: &[BlobSignature],
    judge: impl Fn(Kept) -> Result<VerifiedSignature, Rejection>,
) -> Result<VerifiedBlob, BlobVerificationError> {
    let limit = judged.policy.limits().signatures;
    match signatures.len() {
        0 => return Err(BlobVerificationError::NoSignatures),
        found if found > limit => {
            return Err(BlobVerificationError::LimitExceeded(format!(
                "{found} signatures were handed in; the policy looks at {limit}"
            )));
        }
        _ => {}
    }
    let report = |(index, found): (usize, &BlobSignature)| {
        let kept = Kept::read(found);
        SignatureReport {
            index,
            format: kept
                .as_ref()
                .map_or(SignatureFormat::Detached, Kept::format),
            payload_digest: Some(Digest::of(&found.signature)),
            verdict: kept
                .and_then(&judge)
                .map_or_else(Verdict::Rejected, Verdict::Counted),
        }
    };
    let reports = signatures.iter().enumerate().map(report).collect();
    VerifiedBlob::judge(judged.policy.required(), judged.blob.digest(), reports)
}

/// What was handed in, read and not verified.
struct Kept {
    content: KeptContent,
    key: Option<PublicKey>,
    log: KeptLog,
}

enum KeptContent {
    /// Bytes that were in no bundle.
    Bare(Vec<u8>),
    /// The content of cosign's old bundle.
    Old(Vec<u8>),
    Bundle(Content),
}

enum KeptLog {
    None,
    Annotation(Vec<u8>),
    Bundled(Vec<LogEntry>),
}

impl Kept {
    fn read(found: &BlobSignature) -> Result<Self, Rejection> {
        let stored = &found.signature;
        if stored.len() > MAX_BUNDLE_SIZE {
            return Err(malformed(format!(
                "it has at most {MAX_BUNDLE_SIZE} bytes, found {}",
                stored.len()
            )));
        }
        let (is_bundle, is_old) = (
            Bundle::is_claimed_by(stored),
            OldBundle::is_claimed_by(stored),
        );
        if (is_bundle || is_old) && found.log_entry.is_some() {
            return Err(malformed(
                "a bundle holds its log entries; none can be given beside it".into(),
            ));
        }
        if is_bundle {
            let bundle = Bundle::parse(stored).map_err(malformed_bundle)?;
            let entries = bundled_entries(bundle.log_entries.as_deref())?;
            return Ok(Self {
                content: KeptContent::Bundle(bundle.content),
                key: None,
                log: KeptLog::Bundled(entries),
            });
        }
        if is_old {
            let bundle = OldBundle::parse(stored).map_err(malformed_bundle)?;
            let entry = bundle.log_entry.map(String::into_bytes);
            return Ok(Self {
                content: KeptContent::Old(bundle.content),
                key: bundle.key,
                log: entry.map_or(KeptLog::None, KeptLog::Annotation),
            });
        }
        let entry = found.log_entry.clone();
        Ok(Self {
            content: KeptContent::Bare(stored.clone()),
            key: None,
            log: entry.map_or(KeptLog::None, KeptLog::Annotation),
        })
    }

    fn format(&self) -> SignatureFormat {
        match self.content {
            KeptContent::Bundle(_) => SignatureFormat::Bundle,
            KeptContent::Bare(_) | KeptContent::Old(_) => SignatureFormat::Detached,
        }
    }
}

fn judge_signature(judged: &JudgedBlob<'_>, kept: Kept) -> Result<VerifiedSignature, Rejection> {
    let beside = beside(&kept.log, kept.key.as_ref());
    let (signature, digest) = match kept.content {
        KeptContent::Bare(stored) => (decode_signature(&stored).map_err(malformed)?, None),
        KeptContent::Old(signature) => (signature, None),
        KeptContent::Bundle(Content::MessageSignature { signature, digest }) => (signature, digest),
        KeptContent::Bundle(Content::Dsse(_)) => {
            return Err(malformed_bundle(
                "it holds an attestation, and no signature of a blob".into(),
            ));
        }
    };
    let is_of_blob = digest.map(|digest| digest.is_of(judged.blob.message()));
    if is_of_blob == Some(Some(false)) {
        return Err(Rejection::OtherBlob("by the digest in the bundle".into()));
    }
    let verified = judged.judge(&signature, beside)?;
    match is_of_blob {
        // A digest that no key here signs over cannot be compared: it is not passed over.
        Some(None) => Err(malformed_bundle(
            "its messageDigest is of a hash that does not go with the key".into(),
        )),
        _ => Ok(verified),
    }
}

fn judge_attestation(
    judged: &JudgedBlob<'_>,
    predicate_type: &str,
    kept: Kept,
) -> Result<VerifiedSignature, Rejection> {
    let beside = beside(&kept.log, kept.key.as_ref());
    let envelope = match kept.content {
        KeptContent::Bare(stored) => read_envelope(&stored),
        KeptContent::Old(envelope) => Envelope::parse(&envelope),
        KeptContent::Bundle(Content::Dsse(envelope)) => Ok(envelope),
        KeptContent::Bundle(Content::MessageSignature { .. }) => {
            Err("the bundle holds a signature of a blob, and no attestation".into())
        }
    };
    judged.judge_attestation(envelope.map_err(malformed)?, predicate_type, beside)
}

fn beside<'a>(log: &'a KeptLog, key: Option<&'a PublicKey>) -> Beside<'a> {
    Beside {
        log_entry: match log {
            KeptLog::None => None,
            KeptLog::Annotation(annotation) => Some(FoundEntry::Stored(annotation)),
            KeptLog::Bundled(entries) => Some(FoundEntry::Bundled(entries)),
        },
        key,
    }
}

/// JSON, or JSON in base64.
fn read_envelope(stored: &[u8]) -> Result<Envelope, String> {
    if stored.trim_ascii_start().first() == Some(&b'{') {
        return Envelope::parse(stored);
    }
    let decoded = BASE64.decode(stored.trim_ascii());
    Envelope::parse(&decoded.map_err(|_| "neither an envelope nor base64 of one")?)
}

fn malformed(why: String) -> Rejection {
    Rejection::SignatureMalformed(why)
}

fn malformed_bundle(why: String) -> Rejection {
    malformed(format!("bundle: {why}"))
}
