use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;

use super::document::{is_object_with, open};
use crate::key::PublicKey;

/// The bundle that cosign wrote for blobs before sigstore had one (`LocalSignedPayload` in
/// `pkg/cosign/fetch.go`); nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldBundle {
    /// The signature; of an attestation the envelope, JSON.
    pub content: Vec<u8>,
    /// `cert`, in which cosign 3 (and cosign 2 for attestations) puts the public key.
    pub key: Option<PublicKey>,
    /// `rekorBundle`, JSON: what [`crate::log::LogEntry::from_annotation`] reads.
    pub log_entry: Option<String>,
}

impl OldBundle {
    /// Whether bytes claim to be such a bundle.
    pub fn is_claimed_by(bytes: &[u8]) -> bool {
        is_object_with(bytes, CONTENT)
    }

    /// Reads a bundle. A certificate in the place of a key is refused: others sign by it.
    ///
    /// # Errors
    /// Says what is wrong with it, or that it is larger than [`MAX_BUNDLE_SIZE`](super::MAX_BUNDLE_SIZE).
    pub fn parse(bundle: &[u8]) -> Result<Self, String> {
        let mut bundle = open(bundle)?;
        let content: String = bundle.require(CONTENT)?;
        let key: Option<String> = bundle.take("cert")?;
        let log_entry: Option<Box<RawValue>> = bundle.take("rekorBundle")?;
        bundle.finish()?;
        let decoded = BASE64.decode(content);
        Ok(Self {
            content: decoded.map_err(|error| format!("{CONTENT}: {error}"))?,
            key: key.map(|key| read_key(&key)).transpose()?,
            log_entry: log_entry.map(|entry| entry.get().into()),
        })
    }

    /// Writes the bundle, in cosign's order.
    pub fn to_json(&self) -> String {
        let content = BASE64.encode(&self.content);
        let member = |name: &str, value: Option<String>| {
            value.map_or_else(String::new, |value| format!(r#","{name}":{value}"#))
        };
        let key = self.key.as_ref();
        let key = key.map(|key| format!(r#""{}""#, BASE64.encode(key.to_pem())));
        format!(
            r#"{{"{CONTENT}":"{content}"{}{}}}"#,
            member("cert", key),
            member("rekorBundle", self.log_entry.clone())
        )
    }
}

/// PEM, in base64 as a rule.
fn read_key(text: &str) -> Result<PublicKey, String> {
    let decoded = BASE64.decode(text);
    let pem = decoded.as_deref().unwrap_or(text.as_bytes());
    PublicKey::from_pem(pem).map_err(|error| format!("cert: {error}"))
}

const CONTENT: &str = "base64Signature";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        let bundle = OldBundle {
            content: vec![1, 2],
            key: None,
            log_entry: Some(r#"{"Payload":{}}"#.into()),
        };
        let json = bundle.to_json();
        assert_eq!(
            json,
            r#"{"base64Signature":"AQI=","rekorBundle":{"Payload":{}}}"#
        );
        assert!(OldBundle::is_claimed_by(json.as_bytes()));
        assert_eq!(OldBundle::parse(json.as_bytes()), Ok(bundle));
        for (from, to, said) in [
            ("AQI=", "A", "base64Signature"),
            ("rekorBundle", "more", "more"),
            (
                r#""rekorBundle""#,
                r#""cert":"no key","rekorBundle""#,
                "cert",
            ),
            (
                r#""rekorBundle""#,
                r#""base64Signature":"","rekorBundle""#,
                "twice",
            ),
        ] {
            let bad = json.replacen(from, to, 1);
            let why = OldBundle::parse(bad.as_bytes()).unwrap_err();
            assert!(why.contains(said), "{bad}: {why}");
        }
        for other in [&b""[..], b"MEUC", b"{", b"{\"mediaType\":1}"] {
            assert!(!OldBundle::is_claimed_by(other));
        }
    }
}
