//! Rekor v2 (tiles): what is posted to `/api/v2/log/entries`. What comes back is what bundles
//! hold: [`LogEntry::from_rekor_v2`](super::LogEntry::from_rekor_v2).

use alloc::format;
use alloc::string::String;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::error::LogError;
use super::signed::Signed;
use crate::key::HashAlgorithm;

/// The `hashedrekord` 0.0.2 that proposes a signature. A DSSE envelope is proposed by the same, over
/// the hash of its PAE.
///
/// # Errors
/// [`LogError::KeyDetailsMismatch`] for a key with a hash that Rekor v2 does not take together: it
/// takes P-256 and RSA with SHA-256, P-384 with SHA-384, P-521 and Ed25519 (Ed25519ph) with SHA-512.
/// [`LogError::UnknownDigest`] where that digest of what was signed is not known.
pub fn hashedrekord_request(signed: &Signed<'_>, hash: HashAlgorithm) -> Result<String, LogError> {
    let algorithm = signed.key.algorithm();
    let details = hash.key_details(algorithm);
    let details = details.ok_or_else(|| LogError::KeyDetailsMismatch {
        expected: "none",
        found: format!("{algorithm} with {}", hash.name()),
    })?;
    let digest = STANDARD.encode(signed.digest(hash)?);
    let signature = STANDARD.encode(signed.signature);
    let key = STANDARD.encode(signed.key.spki_der());
    Ok(format!(
        r#"{{"hashedRekordRequestV002":{{"digest":"{digest}","signature":{{"content":"{signature}","verifier":{{"publicKey":{{"rawBytes":"{key}"}},"keyDetails":"{details}"}}}}}}}}"#
    ))
}
