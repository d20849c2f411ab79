//! The chain of events: each holds the hash of the one before.
//!
//! # Encoding
//!
//! The hash of event `n` is SHA-256 of these bytes, one after the other:
//!
//! | bytes | |
//! |---|---|
//! | `cosignet custody event v1\n` | 26 bytes: nothing else that is hashed begins so |
//! | `n` | 8 bytes, big-endian; the first event is 1 |
//! | 32 | 8 bytes, big-endian: the length of what follows |
//! | the hash of event `n - 1` | 32 bytes; of the first event, zeros |
//! | the length of the body | 8 bytes, big-endian |
//! | the body | [`super::Event`] in JSON, byte for byte as it is stored |
//!
//! # What it shows
//!
//! An event that is edited, one that is removed with others after it, and events in another order all
//! leave a hash that is not what it should be. A chain alone **cannot** show that events are missing at its end, nor
//! that somebody who can write the file wrote all of it anew: nothing in it is secret. Both are seen by
//! whoever has kept a hash of it elsewhere, as every run of a pipeline can: a chain that does not hold that
//! hash any more is not the one that it was.

use std::fmt;
use std::str::FromStr;

use cosignet::oci::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// SHA-256 of an event, or of what is kept of a signature; 64 lower-case hexadecimal digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first event holds for the one before.
    pub(super) const NONE: Self = Self([0; 32]);

    /// The hash of an event.
    pub(super) fn of_event(number: u64, previous: &Self, body: &str) -> Self {
        let mut hash = Sha256::new_with_prefix(EVENT);
        hash.update(number.to_be_bytes());
        for part in [previous.as_bytes(), body.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The hash of parts that may be absent, each after its length, under a name of its own.
    pub(super) fn of_parts(domain: &[u8], parts: &[Option<&[u8]>]) -> Self {
        let mut hash = Sha256::new_with_prefix(domain);
        for part in parts {
            hash.update([u8::from(part.is_some())]);
            let part = part.unwrap_or_default();
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = String;

    fn try_from(bytes: &[u8]) -> Result<Self, String> {
        let exact = bytes.try_into();
        exact.map(Self).map_err(|_| {
            let found = bytes.len();
            format!("a hash has 32 bytes, found {found}")
        })
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest::from(self.0).hex().fmt(formatter)
    }
}

impl FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digest: Result<Digest, _> = format!("sha256:{text}").parse();
        let digest = digest.map_err(|_| "a hash is 64 lower-case hexadecimal digits".to_owned())?;
        Ok(Self(*digest.as_bytes()))
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

const EVENT: &[u8] = b"cosignet custody event v1\n";

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `hashlib` from the table above.
    #[test]
    fn the_encoding_is_as_it_is_written_down() {
        let first = Hash::of_event(1, &Hash::NONE, "{}");
        assert_eq!(first.to_string(), FIRST);
        let second = Hash::of_event(2, &first, "{\"a\":1}");
        assert_eq!(second.to_string(), SECOND);
        assert_eq!(SECOND.parse::<Hash>().unwrap(), second);
    }

    #[test]
    fn only_hashes_are_hashes() {
        let upper = FIRST.to_uppercase();
        for bad in ["", "00", upper.as_str(), &format!("sha256:{FIRST}")] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
        assert!(Hash::try_from(&[0; 31][..]).is_err());
    }

    const FIRST: &str = "4c355fe7a473329d744c866619725d2ebffb030d6f8b6b10019d08db133204b8";
    const SECOND: &str = "679be8eeee8661235402f878baf70a596786ad6967438d0bc5b8418f153ed034";
}
