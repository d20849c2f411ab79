use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::error::LogError;
use crate::key::{HashAlgorithm, Message, PublicKey};
use crate::oci::{Digest, Hex};

/// A signature, and what it is over: what an entry is made for, and what it must be about.
///
/// The signature itself is verified elsewhere: a log checks it when it takes the entry, and that
/// is not relied upon.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// What was signed; of a DSSE envelope, its pre-authentication encoding (PAE).
    pub message: Message<'a>,
    /// The payload, if a DSSE envelope was signed: Rekor v1 hashes that.
    pub dsse_payload: Option<&'a [u8]>,
    /// The signature, decoded.
    pub signature: &'a [u8],
    /// The key that made it.
    pub key: &'a PublicKey,
}

impl Signed<'_> {
    /// A digest of what was signed.
    pub(super) fn digest(&self, hash: HashAlgorithm) -> Result<Vec<u8>, LogError> {
        let digest = self.message.digest(hash);
        digest.ok_or(LogError::UnknownDigest(hash.name()))
    }
}

/// A public key as entries of Rekor v1 hold it: its PEM file, in base64.
pub(super) fn encoded_pem(key: &PublicKey) -> String {
    STANDARD.encode(key.to_pem())
}

/// `sha256:` and the hexadecimal digits, whatever the hash.
pub(super) fn hash_text(algorithm: HashAlgorithm, hash: &[u8]) -> String {
    format!("{}:{}", algorithm.name(), Hex(hash))
}

/// What an error calls a key.
pub(super) fn fingerprint(key: &PublicKey) -> Digest {
    Digest::from(key.fingerprint())
}
