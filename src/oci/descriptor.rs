use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Digest, media_type};
use crate::json::Object;

/// A descriptor, OCI image specification: what is where, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Object")]
pub struct Descriptor {
    /// The media type of what is described.
    #[serde(rename(serialize = "mediaType"))]
    pub media_type: String,
    /// The size in bytes.
    pub size: u64,
    /// The digest of exactly that many bytes.
    pub digest: Digest,
}

impl Descriptor {
    /// Describes these bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            size: bytes.len() as u64,
            digest: Digest::of(bytes),
        }
    }

    /// Takes the members out that describe.
    pub(super) fn take(object: &mut Object) -> Result<Self, String> {
        Ok(Self {
            media_type: object.require("mediaType")?,
            size: object.require("size")?,
            digest: object.require("digest")?,
        })
    }

    /// Whether an index is described.
    pub fn is_index(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            media_type::OCI_INDEX | media_type::DOCKER_LIST
        )
    }
}

/// Reads past other members, and refuses one that is given twice.
impl TryFrom<Object> for Descriptor {
    type Error = String;

    fn try_from(mut object: Object) -> Result<Self, String> {
        Self::take(&mut object)
    }
}

/// Bytes that were compared with the digest, and the size if one is known, that they came for.
///
/// The one way from an import's answer to a parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBytes {
    bytes: Vec<u8>,
    digest: Digest,
}

impl VerifiedBytes {
    /// Accepts bytes that have this digest.
    pub fn with_digest(bytes: Vec<u8>, expected: Digest) -> Result<Self, AlteredBytes> {
        let found = Digest::of(&bytes);
        if found != expected {
            return Err(AlteredBytes::Digest { expected, found });
        }
        Ok(Self {
            bytes,
            digest: expected,
        })
    }

    /// Accepts bytes that have this size and digest.
    pub fn with_descriptor(bytes: Vec<u8>, expected: &Descriptor) -> Result<Self, AlteredBytes> {
        if bytes.len() as u64 != expected.size {
            return Err(AlteredBytes::Size {
                expected: expected.size,
                found: bytes.len() as u64,
            });
        }
        Self::with_digest(bytes, expected.digest)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Bytes that are not what they came for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlteredBytes {
    /// Their digest is another.
    #[error("expected bytes with digest {expected}, found {found}")]
    Digest {
        /// The digest that was asked for.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// They are more, or fewer.
    #[error("expected {expected} bytes, found {found}")]
    Size {
        /// The size in the descriptor.
        expected: u64,
        /// The size of what came.
        found: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_bytes_it_describes_alone() {
        let descriptor = Descriptor::of("text/plain", b"abc");
        assert!(VerifiedBytes::with_descriptor(b"abc".to_vec(), &descriptor).is_ok());
        assert!(matches!(
            VerifiedBytes::with_descriptor(b"abd".to_vec(), &descriptor),
            Err(AlteredBytes::Digest { .. })
        ));
        assert!(matches!(
            VerifiedBytes::with_descriptor(b"abcd".to_vec(), &descriptor),
            Err(AlteredBytes::Size {
                expected: 3,
                found: 4
            })
        ));
        let lies = Descriptor {
            size: 4,
            ..descriptor
        };
        assert!(VerifiedBytes::with_descriptor(b"abc".to_vec(), &lies).is_err());
    }
}
