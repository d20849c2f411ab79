use serde::{Deserialize, Serialize};

use super::chain::Hash;

/// The form in which a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Simple signing, for a `.sig` image.
    Simple,
    /// An attestation in an envelope, for an `.att` image.
    Envelope,
    /// A sigstore bundle.
    Bundle,
    /// Bytes of a signature, as they were given.
    Detached,
}

impl Format {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Simple, Self::Envelope, Self::Bundle, Self::Detached];

    /// Its name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Envelope => "envelope",
            Self::Bundle => "bundle",
            Self::Detached => "detached",
        }
    }
}

/// A signature with all that verifying it takes, but trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSignature {
    /// The simple-signing payload, the statement, or nothing of a file, which is not kept.
    pub payload: Vec<u8>,
    /// ECDSA in DER, RSASSA-PKCS1-v1_5, or Ed25519.
    pub signature: Vec<u8>,
    /// A sigstore bundle v0.3 of it.
    pub bundle: String,
    /// The entry of a log as cosign stores it: `dev.sigstore.cosign/bundle`.
    pub log_entry: Option<String>,
}

impl StoredSignature {
    /// Four columns of a row, from this one on.
    pub(super) fn read(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            payload: row.get(first)?,
            signature: row.get(first + 1)?,
            bundle: row.get(first + 2)?,
            log_entry: row.get(first + 3)?,
        })
    }

    /// What the event of its making holds, so that a change is seen: SHA-256 of
    /// `cosignet stored signature v1\n` and of payload, signature, bundle and log entry, each after a byte
    /// that is 1 if it is there and 0 if not, and its length in 8 bytes, big-endian.
    pub fn digest(&self) -> Hash {
        let log_entry = self.log_entry.as_deref().map(str::as_bytes);
        Hash::of_parts(
            b"cosignet stored signature v1\n",
            &[
                Some(&self.payload),
                Some(&self.signature),
                Some(self.bundle.as_bytes()),
                log_entry,
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_of_every_part() {
        let signature = StoredSignature {
            payload: b"p".to_vec(),
            signature: b"s".to_vec(),
            bundle: "b".into(),
            log_entry: None,
        };
        let others = [
            StoredSignature {
                payload: b"ps".to_vec(),
                signature: Vec::new(),
                ..signature.clone()
            },
            StoredSignature {
                bundle: "c".into(),
                ..signature.clone()
            },
            StoredSignature {
                log_entry: Some(String::new()),
                ..signature.clone()
            },
        ];
        for other in others {
            assert_ne!(signature.digest(), other.digest(), "{other:?}");
        }
    }
}
