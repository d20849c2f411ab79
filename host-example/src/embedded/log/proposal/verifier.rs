//! Public keys, and signatures over hashes: what Rekor has before it.

use cosignet::key::{Algorithm, PublicKey};
use p256::{ecdsa::signature::hazmat::PrehashVerifier as _, pkcs8::DecodePublicKey};
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use serde::Deserialize;
use sha2::{
    Digest as _, Sha256, Sha384, Sha512,
    digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update, consts::U64},
};

/// The hashes that entries may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum HashAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl HashAlgorithm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// A hash in hexadecimal digits of either case; `None` when it is of another length.
    pub(super) fn parse_hex(self, digits: &str) -> Option<Vec<u8>> {
        let size = match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        };
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let pair = |pair: &[u8]| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        };
        let hash: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
        hash.filter(|hash| hash.len() == size)
    }
}

/// A public key of one of the kinds that cosign uses. Certificates are not taken.
pub(super) struct Verifier {
    public: PublicKey,
    key: Key,
}

enum Key {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Rsa(Box<RsaPublicKey>),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl Verifier {
    /// Reads a PEM file, which ends with the key.
    ///
    /// # Errors
    /// In words.
    pub(super) fn parse(pem: &[u8]) -> Result<Self, String> {
        if !pem.trim_ascii_end().ends_with(PEM_END) {
            return Err(
                "invalid public key: text after the PEM block, or no such block".to_owned(),
            );
        }
        let public = PublicKey::from_pem(pem).map_err(|error| error.to_string())?;
        let key = Key::parse(&public).map_err(|error| error.to_string())?;
        Ok(Self { public, key })
    }

    /// The `PUBLIC KEY` file that Go writes, which is what is logged.
    pub(super) fn pem(&self) -> String {
        self.public.to_pem()
    }

    /// Whether Rekor takes this kind of key with that hash in a `hashedrekord`, as it does unless
    /// it is told otherwise (`--client-signing-algorithms`).
    pub(super) fn goes_with(&self, hash: HashAlgorithm) -> bool {
        let expected = match self.public.algorithm() {
            Algorithm::EcdsaP256 | Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => {
                HashAlgorithm::Sha256
            }
            Algorithm::EcdsaP384 => HashAlgorithm::Sha384,
            Algorithm::EcdsaP521 | Algorithm::Ed25519 => HashAlgorithm::Sha512,
        };
        hash == expected
    }

    /// Whether a signature is the key's over a message with this hash: ECDSA in DER or r‖s,
    /// RSASSA-PKCS1-v1_5, Ed25519ph.
    pub(super) fn verifies_hash(
        &self,
        algorithm: HashAlgorithm,
        hash: &[u8],
        signature: &[u8],
    ) -> bool {
        match &self.key {
            Key::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .or_else(|_| p256::ecdsa::Signature::from_slice(signature))
                .is_ok_and(|signature| key.verify_prehash(hash, &signature).is_ok()),
            Key::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .or_else(|_| p384::ecdsa::Signature::from_slice(signature))
                .is_ok_and(|signature| key.verify_prehash(hash, &signature).is_ok()),
            Key::P521(key) => p521::ecdsa::Signature::from_der(signature)
                .or_else(|_| p521::ecdsa::Signature::from_slice(signature))
                .is_ok_and(|signature| key.verify_prehash(hash, &signature).is_ok()),
            Key::Rsa(key) => {
                let scheme = match algorithm {
                    HashAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                    HashAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                    HashAlgorithm::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
                };
                key.verify(scheme, hash, signature).is_ok()
            }
            Key::Ed25519(key) => {
                let hash = hash.try_into().map(Hashed).ok();
                let signature = ed25519_dalek::Signature::from_slice(signature).ok();
                hash.zip(signature).is_some_and(|(hash, signature)| {
                    key.verify_prehashed_strict(hash, None, &signature).is_ok()
                })
            }
        }
    }

    /// Whether a signature is the key's over a message: of ECDSA and RSA over its SHA-256,
    /// Ed25519 as it is.
    pub(super) fn verifies_message(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            Key::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            _ => self.verifies_hash(HashAlgorithm::Sha256, &Sha256::digest(message), signature),
        }
    }
}

impl Key {
    /// The same key for another use.
    fn parse(public: &PublicKey) -> p256::pkcs8::spki::Result<Self> {
        let spki = public.spki_der();
        Ok(match public.algorithm() {
            Algorithm::EcdsaP256 => Self::P256(DecodePublicKey::from_public_key_der(spki)?),
            Algorithm::EcdsaP384 => Self::P384(DecodePublicKey::from_public_key_der(spki)?),
            Algorithm::EcdsaP521 => Self::P521(DecodePublicKey::from_public_key_der(spki)?),
            Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => {
                Self::Rsa(Box::new(DecodePublicKey::from_public_key_der(spki)?))
            }
            Algorithm::Ed25519 => Self::Ed25519(DecodePublicKey::from_public_key_der(spki)?),
        })
    }
}

/// A hash that is there already, in the form in which Ed25519ph asks for one.
struct Hashed([u8; 64]);

impl Default for Hashed {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl HashMarker for Hashed {}

impl OutputSizeUser for Hashed {
    type OutputSize = U64;
}

/// Nothing is hashed any more.
impl Update for Hashed {
    fn update(&mut self, _data: &[u8]) {}
}

impl FixedOutput for Hashed {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}

const PEM_END: &[u8] = b" PUBLIC KEY-----";
