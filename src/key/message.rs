//! What signatures are over: bytes, or digests of bytes that are elsewhere.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{Algorithm, HashAlgorithm};

/// What a signature is over: bytes, or as much as is known of them. SHA-256 always is.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a>(Known<'a>);

#[derive(Clone, Copy, Debug)]
enum Known<'a> {
    Bytes(&'a [u8]),
    Digests(&'a Digests),
    Both(&'a [u8], &'a Digests),
}

impl<'a> Message<'a> {
    /// Bytes whose digests are known: nothing is hashed again.
    pub(crate) fn hashed(bytes: &'a [u8], digests: &'a Digests) -> Self {
        Self(Known::Both(bytes, digests))
    }

    /// The bytes, where they are at hand.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        match self.0 {
            Known::Bytes(bytes) | Known::Both(bytes, _) => Some(bytes),
            Known::Digests(_) => None,
        }
    }

    /// The SHA-256 digest.
    pub fn sha256(&self) -> [u8; 32] {
        match self.0 {
            Known::Bytes(bytes) => Sha256::digest(bytes).into(),
            Known::Digests(digests) | Known::Both(_, digests) => digests.sha256,
        }
    }

    /// A digest; `None` where it is not known and there are no bytes to hash.
    pub fn digest(&self, hash: HashAlgorithm) -> Option<Vec<u8>> {
        let known = match self.0 {
            Known::Bytes(_) => None,
            Known::Digests(digests) | Known::Both(_, digests) => digests.get(hash),
        };
        known
            .map(<[u8]>::to_vec)
            .or_else(|| self.bytes().map(|bytes| hash.hash(bytes)))
    }
}

impl<'a> From<&'a [u8]> for Message<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Known::Bytes(bytes))
    }
}

impl<'a> From<&'a Vec<u8>> for Message<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self(Known::Bytes(bytes))
    }
}

impl<'a> From<&'a Digests> for Message<'a> {
    /// A message that is elsewhere.
    fn from(digests: &'a Digests) -> Self {
        Self(Known::Digests(digests))
    }
}

/// The digests that are known of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    sha256: [u8; 32],
    sha384: Option<[u8; 48]>,
    sha512: Option<[u8; 64]>,
}

impl Digests {
    /// The SHA-256 digest.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    fn get(&self, hash: HashAlgorithm) -> Option<&[u8]> {
        match hash {
            HashAlgorithm::Sha256 => Some(&self.sha256),
            HashAlgorithm::Sha384 => self.sha384.as_ref().map(<[u8; 48]>::as_slice),
            HashAlgorithm::Sha512 => self.sha512.as_ref().map(<[u8; 64]>::as_slice),
        }
    }
}

impl From<[u8; 32]> for Digests {
    /// SHA-256 alone.
    fn from(sha256: [u8; 32]) -> Self {
        Self {
            sha256,
            sha384: None,
            sha512: None,
        }
    }
}

/// Hashes a message that comes in pieces, with SHA-256 and with what keys sign over besides.
#[derive(Clone)]
pub struct Hasher {
    sha256: Sha256,
    sha384: Option<Sha384>,
    sha512: Option<Sha512>,
}

impl Hasher {
    /// For signatures by keys of these algorithms. Ed25519 needs the bytes, not a digest.
    pub fn for_keys(keys: &[Algorithm]) -> Self {
        let has = |algorithm| keys.contains(&algorithm);
        Self {
            sha256: Sha256::new(),
            sha384: has(Algorithm::EcdsaP384).then(Sha384::new),
            sha512: has(Algorithm::EcdsaP521).then(Sha512::new),
        }
    }

    /// Takes the next bytes.
    pub fn append(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(hash) = &mut self.sha384 {
            hash.update(bytes);
        }
        if let Some(hash) = &mut self.sha512 {
            hash.update(bytes);
        }
    }

    /// The digests of what came so far.
    pub fn digests(&self) -> Digests {
        Digests {
            sha256: self.sha256.clone().finalize().into(),
            sha384: self.sha384.clone().map(|hash| hash.finalize().into()),
            sha512: self.sha512.clone().map(|hash| hash.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hash_like_the_whole() {
        let whole: &[u8] = b"in three pieces";
        for keys in [
            &[][..],
            &[Algorithm::EcdsaP384],
            &[
                Algorithm::EcdsaP521,
                Algorithm::EcdsaP384,
                Algorithm::Ed25519,
            ],
        ] {
            let mut hasher = Hasher::for_keys(keys);
            for piece in [&whole[..3], &[], &whole[3..]] {
                hasher.append(piece);
            }
            let digests = hasher.digests();
            let elsewhere = Message::from(&digests);
            assert_eq!(elsewhere.sha256(), Message::from(whole).sha256());
            for hash in HashAlgorithm::ALL {
                let expected = Message::from(whole).digest(hash);
                assert!(expected.is_some());
                assert_eq!(Message::hashed(whole, &digests).digest(hash), expected);
                let known = hash == HashAlgorithm::Sha256
                    || keys.iter().any(|key| HashAlgorithm::of(*key) == hash);
                assert_eq!(elsewhere.digest(hash), expected.filter(|_| known));
            }
        }
    }
}
