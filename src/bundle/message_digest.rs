use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::json::Object;

/// The digest that a bundle gives of a message: a hint for people who look for it, and to be
/// compared with the message (sigstore-go #600).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageDigest {
    algorithm: Algorithm,
    value: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl MessageDigest {
    /// The SHA-256 digest of a message.
    pub fn of(message: &[u8]) -> Self {
        let algorithm = Algorithm::Sha256;
        Self {
            value: algorithm.hash(message),
            algorithm,
        }
    }

    /// Whether it is the digest of this message.
    pub fn is_of(&self, message: &[u8]) -> bool {
        self.algorithm.hash(message) == self.value
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
        let known = Algorithm::ALL
            .into_iter()
            .find(|known| known.name() == algorithm);
        let algorithm = known.ok_or("messageDigest: expected SHA2_256, SHA2_384 or SHA2_512")?;
        let value = BASE64.decode(value);
        let value = value.map_err(|error| format!("messageDigest: {error}"))?;
        Ok(Some(Self { algorithm, value }))
    }

    pub(super) fn to_json(&self) -> String {
        let (algorithm, value) = (self.algorithm.name(), BASE64.encode(&self.value));
        format!(r#"{{"algorithm":"{algorithm}","digest":"{value}"}}"#)
    }
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in `sigstore_common.proto`.
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA2_256",
            Self::Sha384 => "SHA2_384",
            Self::Sha512 => "SHA2_512",
        }
    }

    fn hash(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}
