//! What can be wrong with a key, a signing or a signature.

use alloc::{format, string::String};
use core::fmt::Display;

use thiserror::Error;

use super::Algorithm;

/// Why a key could not be opened, parsed, imported or made.
///
/// No variant holds a password or key material. Text that came from the input is shortened and
/// escaped.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// The ciphertext does not authenticate under this password. A wrong password and a file
    /// altered in its salt, nonce or ciphertext look alike, by design of the cipher.
    #[error("wrong password, or the key file was altered; check the password first")]
    WrongPassword,

    /// The input is not what it has to be.
    #[error("malformed {part}: {problem}")]
    Malformed {
        /// Which part of the input.
        part: &'static str,
        /// What was expected there and what was found.
        problem: String,
    },

    /// The input is well formed, but of a kind that cosign does not use either.
    #[error("unsupported {part}: found {found}, accepted: {accepted}")]
    Unsupported {
        /// Which property of the input.
        part: &'static str,
        /// Its value in the input.
        found: String,
        /// The values that are accepted.
        accepted: &'static str,
    },

    /// The input is larger than any key; it was not looked at.
    #[error("{part} of {size} bytes is too large: no key needs more than {limit} bytes")]
    TooLarge {
        /// What is too large.
        part: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The largest size accepted, in bytes.
        limit: usize,
    },

    /// The memory that scrypt needs for this file is not to be had.
    #[error("scrypt needs {needed} bytes of memory for this key file; raise the memory limit")]
    OutOfMemory {
        /// How much is needed at once, in bytes.
        needed: usize,
    },

    /// The random source gave no usable key in several attempts, which chance does not do.
    #[error("the random source is broken: several draws in a row were no valid key")]
    Random,
}

/// Why a private key did not sign.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SignError {
    /// The RSA operation did not pass its own check (a fault in computing), or the random source
    /// gave nothing to blind it with. No signature was given out.
    #[error(
        "the {0} operation failed its own check and was discarded; \
         try again, and suspect the random source or the hardware if it recurs"
    )]
    Fault(Algorithm),

    /// Only digests are known of the message, and keys of this algorithm sign none.
    #[error("{0} keys sign no digest: hand over the content, or sign with another key")]
    ContentNeeded(Algorithm),
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SignatureError {
    /// The bytes are no signature of the key's algorithm: expected are, for ECDSA, DER or r and s
    /// one after the other, both from 1 to the order of the curve less 1; for RSA, as many bytes
    /// as the modulus has; for Ed25519, 64 bytes.
    #[error("{size} bytes that are no {algorithm} signature; is it still base64, or cut?")]
    Malformed {
        /// The algorithm of the key.
        algorithm: Algorithm,
        /// How many bytes there were.
        size: usize,
    },

    /// A signature, but not by this key over this message.
    #[error("the signature was not made by this {algorithm} key over these bytes")]
    DoesNotVerify {
        /// The algorithm of the key.
        algorithm: Algorithm,
    },

    /// It may be over more than is known of the message: Ed25519 signs no digest, and cosign 3 signs
    /// with P-384 and P-521 over other digests than SHA-256.
    #[error("whether this {algorithm} key made the signature cannot be told without the content")]
    ContentNeeded {
        /// The algorithm of the key.
        algorithm: Algorithm,
    },
}

impl KeyError {
    pub(super) fn malformed(part: &'static str, problem: impl Display) -> Self {
        Self::Malformed {
            part,
            problem: format!("{problem}"),
        }
    }

    pub(super) fn unsupported(
        part: &'static str,
        found: impl Display,
        accepted: &'static str,
    ) -> Self {
        Self::Unsupported {
            part,
            found: format!("{found}"),
            accepted,
        }
    }

    /// Refuses what is larger than `MAX_INPUT`.
    pub(super) fn check_size(part: &'static str, input: &[u8]) -> Result<(), Self> {
        match input.len() {
            size if size > MAX_INPUT => Err(Self::TooLarge {
                part,
                size,
                limit: MAX_INPUT,
            }),
            _ => Ok(()),
        }
    }
}

/// Text of the input in quotes, fit for one line of an error.
pub(super) fn quoted(text: &str) -> String {
    let start: String = text.chars().take(MAX_QUOTED).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{start:?}{more}")
}

/// An RSA-4096 key file has 4.5 KB; this leaves room for text around the PEM block.
const MAX_INPUT: usize = 64 * 1024;
const MAX_QUOTED: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_escapes_and_shortens() {
        assert_eq!(quoted("a\n\u{1b}"), r#""a\n\u{1b}""#);
        assert_eq!(quoted(&"é".repeat(96)), format!("\"{}\"", "é".repeat(96)));
        assert_eq!(quoted(&"é".repeat(97)), format!("\"{}\"…", "é".repeat(96)));
    }
}
