use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Component;
use super::bindings::exports::cosignet::signing::keys::{
    Guest, GuestPrivateKey, KeyAlgorithm, KeyError, KeyPair, PrivateKey, PublicKeyInfo,
};
use super::random::HostRandom;
use crate::key::{self, Algorithm};
use crate::oci::Digest;

/// What stands behind a handle of `private-key`.
pub(super) struct OpenKey(pub(super) key::PrivateKey);

impl Guest for Component {
    type PrivateKey = OpenKey;

    fn generate(password: Vec<u8>) -> Result<KeyPair, KeyError> {
        let password = zeroize::Zeroizing::new(password);
        Ok(key::generate(&password, &mut HostRandom)?.into())
    }

    fn import_pem(pem: Vec<u8>, password: Vec<u8>) -> Result<KeyPair, KeyError> {
        let (pem, password) = (
            zeroize::Zeroizing::new(pem),
            zeroize::Zeroizing::new(password),
        );
        Ok(key::import(&pem, &password, &mut HostRandom)?.into())
    }

    fn read_public_key(pem: Vec<u8>) -> Result<PublicKeyInfo, KeyError> {
        Ok((&key::PublicKey::from_pem(&pem)?).into())
    }
}

impl GuestPrivateKey for OpenKey {
    fn open(file: Vec<u8>, password: Vec<u8>) -> Result<PrivateKey, KeyError> {
        let password = zeroize::Zeroizing::new(password);
        Ok(PrivateKey::new(Self(key::PrivateKey::open(
            &file, &password,
        )?)))
    }

    fn public_key(&self) -> PublicKeyInfo {
        self.0.public_key().into()
    }
}

impl From<key::KeyPair> for KeyPair {
    fn from(pair: key::KeyPair) -> Self {
        Self {
            private_key: pair.private_key_file,
            public_key: pair.public_key,
        }
    }
}

impl From<&key::PublicKey> for PublicKeyInfo {
    fn from(key: &key::PublicKey) -> Self {
        Self {
            algorithm: key.algorithm().into(),
            pem: key.to_pem(),
            fingerprint: fingerprint(&key.fingerprint()),
        }
    }
}

impl From<Algorithm> for KeyAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EcdsaP256 => Self::EcdsaP256,
            Algorithm::EcdsaP384 => Self::EcdsaP384,
            Algorithm::EcdsaP521 => Self::EcdsaP521,
            Algorithm::Rsa2048 => Self::Rsa2048,
            Algorithm::Rsa3072 => Self::Rsa3072,
            Algorithm::Rsa4096 => Self::Rsa4096,
            Algorithm::Ed25519 => Self::Ed25519,
        }
    }
}

impl From<key::KeyError> for KeyError {
    fn from(error: key::KeyError) -> Self {
        let words = error.to_string();
        match error {
            key::KeyError::WrongPassword => Self::WrongPassword,
            key::KeyError::Malformed { .. } => Self::Malformed(words),
            key::KeyError::Unsupported { .. } => Self::Unsupported(words),
            key::KeyError::TooLarge { .. } => Self::TooLarge(words),
            key::KeyError::OutOfMemory { .. } | key::KeyError::Random => Self::Other(words),
        }
    }
}

fn fingerprint(digest: &[u8; 32]) -> String {
    Digest::from(*digest).hex().to_string()
}
