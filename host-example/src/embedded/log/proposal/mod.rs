//! What a client proposes to log: checked, and brought into the form that is logged, as Rekor v1
//! does (`pkg/types/hashedrekord/v0.0.1`, `pkg/types/dsse/v0.0.1`).

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use cosignet::{log::canonicalize, oci::Digest};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

mod dsse;
mod hashedrekord;
mod verifier;

/// A proposal that passed.
#[derive(Debug)]
pub(super) struct Proposal {
    /// What is logged, byte for byte as Rekor logs it.
    pub(super) body: String,
    /// What the entry can be found by: see [`key_of_pem`] and [`key_of_hash`].
    pub(super) keys: Vec<String>,
}

/// Why a proposal is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum Refusal {
    #[error("entry kind '{kind}' in version '{version}' is not supported by this log")]
    Unsupported { kind: String, version: String },
    #[error("{0}")]
    Malformed(String),
    #[error("verifying signature: {0}")]
    BadSignature(&'static str),
    #[error("entry algorithms are not allowed")]
    Algorithms,
    #[error("the entry would be larger than {MAX_BODY_SIZE} bytes")]
    TooLarge,
}

/// The members of all kinds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    api_version: String,
    kind: String,
    spec: Value,
}

impl Proposal {
    /// Checks a proposal.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn check(proposal: Value) -> Result<Self, Refusal> {
        let Envelope {
            api_version: version,
            kind,
            spec,
        } = parse(proposal)?;
        match (kind.as_str(), version.as_str()) {
            ("hashedrekord", "0.0.1") => hashedrekord::check(spec),
            ("dsse", "0.0.1") => dsse::check(spec),
            _ => Err(Refusal::Unsupported { kind, version }),
        }
    }

    /// A proposal of this kind with this canonical `spec`.
    fn new(kind: &str, spec: &Value, keys: Vec<String>) -> Result<Self, Refusal> {
        let body = serde_json::json!({ "apiVersion": "0.0.1", "kind": kind, "spec": spec });
        let body = canonicalize(&body.to_string()).map_err(Refusal::Malformed)?;
        if body.len() > MAX_BODY_SIZE {
            return Err(Refusal::TooLarge);
        }
        Ok(Self { body, keys })
    }
}

/// What entries by a public key are found by: the hexadecimal SHA-256 of its PEM file.
pub(super) fn key_of_pem(pem: &str) -> String {
    sha256_hex(pem.as_bytes())
}

/// What entries about a hash are found by: its algorithm, a colon, and its lower-case digits.
pub(super) fn key_of_hash(algorithm: &str, digits: &str) -> String {
    format!("{algorithm}:{digits}").to_lowercase()
}

/// The public key of a PEM file as the log holds it.
///
/// # Errors
/// In words.
pub(super) fn canonical_pem(pem: &[u8]) -> Result<String, String> {
    verifier::Verifier::parse(pem).map(|key| key.pem())
}

fn sha256_hex(bytes: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    Digest::from(hash).hex().to_string()
}

fn parse<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| Refusal::Malformed(error.to_string()))
}

/// Bytes in base64, as JSON holds them.
struct Encoded(Vec<u8>);

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = decode_base64(&text).ok_or_else(|| D::Error::custom("illegal base64 data"))?;
        Ok(Self(bytes))
    }
}

/// Base64 as Go's standard encoding reads it: with padding; line breaks, and bits behind the last
/// byte, count for nothing.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let plain: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    GO_STANDARD.decode(plain).ok()
}

/// Base64 as DSSE allows it: of the standard alphabet, or else of the one for URLs.
fn decode_base64_or_url(text: &str) -> Option<Vec<u8>> {
    decode_base64(text).or_else(|| GO_URL.decode(text).ok())
}

const GO_CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
const GO_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, GO_CONFIG);
const GO_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, GO_CONFIG);
/// An entry of a sixteen-fold RSA-4096 signature has 29 KB.
const MAX_BODY_SIZE: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn other_kinds_are_not_supported() {
        for (kind, version) in [
            ("intoto", "0.0.2"),
            ("rekord", "0.0.1"),
            ("hashedrekord", "0.0.2"),
            ("", ""),
        ] {
            let proposal = json!({ "kind": kind, "apiVersion": version, "spec": {} });
            assert_eq!(
                Proposal::check(proposal).expect_err(kind),
                Refusal::Unsupported {
                    kind: kind.to_owned(),
                    version: version.to_owned(),
                }
            );
        }
        for bad in [
            json!(null),
            json!([]),
            json!({}),
            json!({ "kind": "dsse", "apiVersion": "0.0.1" }),
            json!({ "kind": 1, "apiVersion": "0.0.1", "spec": {} }),
        ] {
            let error = Proposal::check(bad.clone()).expect_err("refused");
            assert!(matches!(error, Refusal::Malformed(_)), "{bad}: {error}");
        }
    }

    #[test]
    fn base64_is_that_of_go() {
        for (text, bytes) in [
            ("AP8=", &[0, 255][..]),
            ("AP\r\n8=\n", &[0, 255]),
            ("AP9=", &[0, 255]),
            ("", &[]),
        ] {
            assert_eq!(decode_base64(text).as_deref(), Some(bytes), "{text:?}");
        }
        for bad in ["AP8", "A", "-_8=", "AP8= ", "AP8=="] {
            assert_eq!(decode_base64(bad), None, "{bad:?}");
        }
        assert_eq!(
            decode_base64_or_url("-_8=").as_deref(),
            Some(&[251, 255][..])
        );
    }

    proptest! {
        #[test]
        fn any_json_is_answered(
            kind in "hashedrekord|dsse",
            spec in any::<String>().prop_map(Value::from),
            member in "data|hash|signature|proposedContent",
        ) {
            let proposal = json!({
                "kind": kind, "apiVersion": "0.0.1", "spec": { member: { "hash": spec } },
            });
            let _ = Proposal::check(proposal);
        }
    }
}
