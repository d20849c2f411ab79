//! The hashes that signatures are made over.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::Algorithm;

/// A hash that signatures and log entries are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-256, which goes with ECDSA P-256 and RSA, and which cosign 2 uses for every key.
    Sha256,
    /// SHA-384, which goes with ECDSA P-384.
    Sha384,
    /// SHA-512, which goes with ECDSA P-521 and Ed25519ph.
    Sha512,
}

impl HashAlgorithm {
    pub(crate) const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The hash that goes with a key: what logs take such signatures with. cosign 2 signs with
    /// SHA-256 whatever the key, which no log takes of the larger ones.
    pub fn of(key: Algorithm) -> Self {
        match key {
            Algorithm::EcdsaP384 => Self::Sha384,
            Algorithm::EcdsaP521 | Algorithm::Ed25519 => Self::Sha512,
            _ => Self::Sha256,
        }
    }

    /// The name in entries of Rekor v1.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The name in sigstore's protobuf (`sigstore_common.proto`), and so in bundles and in entries
    /// of Rekor v2.
    pub(crate) fn protobuf_name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA2_256",
            Self::Sha384 => "SHA2_384",
            Self::Sha512 => "SHA2_512",
        }
    }

    pub(crate) fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// sigstore's name for a key and a hash (`PublicKeyDetails` in `sigstore_common.proto`), for
    /// the pairs that Rekor v2 takes.
    pub(crate) fn key_details(self, key: Algorithm) -> Option<&'static str> {
        match (key, self) {
            (Algorithm::EcdsaP256, Self::Sha256) => Some("PKIX_ECDSA_P256_SHA_256"),
            (Algorithm::EcdsaP384, Self::Sha384) => Some("PKIX_ECDSA_P384_SHA_384"),
            (Algorithm::EcdsaP521, Self::Sha512) => Some("PKIX_ECDSA_P521_SHA_512"),
            (Algorithm::Rsa2048, Self::Sha256) => Some("PKIX_RSA_PKCS1V15_2048_SHA256"),
            (Algorithm::Rsa3072, Self::Sha256) => Some("PKIX_RSA_PKCS1V15_3072_SHA256"),
            (Algorithm::Rsa4096, Self::Sha256) => Some("PKIX_RSA_PKCS1V15_4096_SHA256"),
            (Algorithm::Ed25519, Self::Sha512) => Some("PKIX_ED25519_PH"),
            _ => None,
        }
    }
}
