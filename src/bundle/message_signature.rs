use alloc::format;
use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::key::PublicKey;
use crate::oci::Digest;

/// The bundle of a signature over a message as it is, by a key that the verifier has.
///
/// `log_entry` is one of `tlogEntries`, in JSON. The order is that of the fields' numbers, as Go's
/// `protojson` writes it; the hint is cosign's, SHA-256 of the SubjectPublicKeyInfo.
pub fn message_signature(
    message: &[u8],
    signature: &[u8],
    key: &PublicKey,
    log_entry: &str,
) -> String {
    let hint = BASE64.encode(key.fingerprint());
    let digest = BASE64.encode(Digest::of(message).as_bytes());
    let signature = BASE64.encode(signature);
    format!(
        r#"{{"mediaType":"{MEDIA_TYPE}","verificationMaterial":{{"publicKey":{{"hint":"{hint}"}},"tlogEntries":[{log_entry}]}},"messageSignature":{{"messageDigest":{{"algorithm":"SHA2_256","digest":"{digest}"}},"signature":"{signature}"}}}}"#
    )
}

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
