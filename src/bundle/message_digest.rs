use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::json::Object;
use crate::key::{HashAlgorithm, Message};

/// The digest that a bundle gives of a message: a hint for people who look for it, and to be
/// compared with the message (sigstore-go #600).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageDigest {
    algorithm: HashAlgorithm,
    value: Vec<u8>,
}

impl MessageDigest {
    /// The SHA-256 digest of a message.
    pub fn of(message: Message<'_>) -> Self {
        Self {
            algorithm: HashAlgorithm::Sha256,
            value: message.sha256().to_vec(),
        }
    }

    /// Whether it is the digest of this message; `None` where that digest is not known.
    pub fn is_of(&self, message: Message<'_>) -> Option<bool> {
        let digest = message.digest(self.algorithm)?;
        Some(digest == self.value)
    }

    /// `None` where neither member is there, as cosign leaves it with Ed25519 keys.
    pub(super) fn read(mut digest: Object) -> Result<Option<Self>, String> {
        let algorithm: Option<String> = digest.take("algorithm")?;
        let value: Option<String> = digest.take("digest")?;
        digest.finish()?;
        let (algorithm, value) = match (algorithm, value) {
            (None, None) => return Ok(None),
            (Some(algorithm), Some(value)) => (algorithm, value),
            _ => return Err("messageDigest: expected an algorithm and a digest".into()),
        };
        let known = HashAlgorithm::ALL
            .into_iter()
            .find(|known| known.protobuf_name() == algorithm);
        let algorithm = known.ok_or("messageDigest: expected SHA2_256, SHA2_384 or SHA2_512")?;
        let value = BASE64.decode(value);
        let value = value.map_err(|error| format!("messageDigest: {error}"))?;
        Ok(Some(Self { algorithm, value }))
    }

    pub(super) fn to_json(&self) -> String {
        let algorithm = self.algorithm.protobuf_name();
        let value = BASE64.encode(&self.value);
        format!(r#"{{"algorithm":"{algorithm}","digest":"{value}"}}"#)
    }
}
