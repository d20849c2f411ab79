//! The keys, all in memory.

use std::{collections::BTreeMap, io, time::SystemTime};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::key::PublicKey;
use ed25519_dalek::{Signer as _, pkcs8::EncodePublicKey as _};
use p256::{ecdsa::signature::hazmat::PrehashSigner as _, pkcs8::LineEnding};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::error::ApiError;

/// What kind of key a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `ecdsa-p256`
    EcdsaP256,
    /// `ecdsa-p384`
    EcdsaP384,
    /// `ed25519`
    Ed25519,
    /// `aes256-gcm96`, Vault's own choice: it signs nothing.
    Aes256Gcm96,
}

impl KeyKind {
    const ALL: [Self; 4] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
        Self::Aes256Gcm96,
    ];

    /// Vault's name for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::Ed25519 => "ed25519",
            Self::Aes256Gcm96 => "aes256-gcm96",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// All keys, by their names.
#[derive(Default)]
pub(super) struct Keys(BTreeMap<String, Key>);

/// A key with its versions, the first of which is version 1.
pub(super) struct Key {
    pub(super) kind: KeyKind,
    versions: Vec<Version>,
}

struct Version {
    private: Private,
    created: SystemTime,
}

enum Private {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Symmetric,
}

impl Keys {
    pub(super) fn create(&mut self, name: &str, kind: KeyKind) -> io::Result<()> {
        if !self.0.contains_key(name) {
            let versions = vec![Version::new(kind)?];
            self.0.insert(name.to_owned(), Key { kind, versions });
        }
        Ok(())
    }

    pub(super) fn rotate(&mut self, name: &str) -> io::Result<()> {
        if let Some(key) = self.0.get_mut(name) {
            key.versions.push(Version::new(key.kind)?);
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Key> {
        self.0.get(name)
    }
}

impl Key {
    /// What reading it answers.
    pub(super) fn describe(&self, name: &str) -> Value {
        let is_symmetric = self.kind == KeyKind::Aes256Gcm96;
        let versions = self.versions.iter().zip(1_u64..);
        let keys = versions.map(|(version, number)| (number.to_string(), version.describe()));
        json!({
            "allow_plaintext_backup": false,
            "auto_rotate_period": 0,
            "deletion_allowed": false,
            "derived": false,
            "exportable": false,
            "imported_key": false,
            "keys": keys.collect::<serde_json::Map<_, _>>(),
            "latest_version": self.versions.len(),
            "min_available_version": 0,
            "min_decryption_version": 1,
            "min_encryption_version": 0,
            "name": name,
            "soft_deleted": false,
            "supports_decryption": is_symmetric,
            "supports_derivation": is_symmetric || self.kind == KeyKind::Ed25519,
            "supports_encryption": is_symmetric,
            "supports_signing": !is_symmetric,
            "type": self.kind.name(),
        })
    }

    /// A signature over a digest, or over a message if the key is Ed25519; and the version that made
    /// it, the latest for 0.
    pub(super) fn sign(&self, version: u64, input: &[u8]) -> Result<(u64, Vec<u8>), ApiError> {
        let latest = self.versions.len() as u64;
        let number = if version == 0 { latest } else { version };
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let version = self.versions.get(index).ok_or(ApiError::VersionTooHigh)?;
        let failed = |error: p256::ecdsa::Error| ApiError::Internal(error.to_string());
        let signature = match &version.private {
            Private::P256(key) => {
                let signature: p256::ecdsa::DerSignature =
                    key.sign_prehash(input).map_err(failed)?;
                signature.as_bytes().to_vec()
            }
            Private::P384(key) => {
                let signature: p384::ecdsa::DerSignature =
                    key.sign_prehash(input).map_err(failed)?;
                signature.as_bytes().to_vec()
            }
            Private::Ed25519(key) => key.sign(input).to_vec(),
            Private::Symmetric => {
                let kind = self.kind.name();
                return Err(ApiError::SignsNothing { kind });
            }
        };
        Ok((number, signature))
    }

    /// The public key of a version; `None` where there is none.
    pub(super) fn public_key(&self, version: u64) -> Option<PublicKey> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        let pem = self.versions.get(index)?.pem()?;
        PublicKey::from_pem(pem.as_bytes()).ok()
    }
}

impl Version {
    fn new(kind: KeyKind) -> io::Result<Self> {
        let private = match kind {
            KeyKind::EcdsaP256 => Private::P256(random(|bytes: &[u8; 32]| {
                p256::ecdsa::SigningKey::from_slice(bytes).ok()
            })?),
            KeyKind::EcdsaP384 => Private::P384(random(|bytes: &[u8; 48]| {
                p384::ecdsa::SigningKey::from_slice(bytes).ok()
            })?),
            KeyKind::Ed25519 => Private::Ed25519(random(|bytes: &[u8; 32]| {
                Some(ed25519_dalek::SigningKey::from_bytes(bytes))
            })?),
            KeyKind::Aes256Gcm96 => Private::Symmetric,
        };
        let created = SystemTime::now();
        Ok(Self { private, created })
    }

    fn describe(&self) -> Value {
        let name = match &self.private {
            Private::P256(_) => "P-256",
            Private::P384(_) => "P-384",
            Private::Ed25519(_) => "ed25519",
            Private::Symmetric => {
                let since = self.created.duration_since(SystemTime::UNIX_EPOCH);
                return since.unwrap_or_default().as_secs().into();
            }
        };
        let public = match &self.private {
            // The bytes alone.
            Private::Ed25519(key) => Some(STANDARD.encode(key.verifying_key().as_bytes())),
            _ => self.pem(),
        };
        json!({
            "certificate_chain": "",
            "creation_time": humantime::format_rfc3339_nanos(self.created).to_string(),
            "name": name,
            "public_key": public,
        })
    }

    fn pem(&self) -> Option<String> {
        let pem = match &self.private {
            Private::P256(key) => key.verifying_key().to_public_key_pem(LineEnding::LF),
            Private::P384(key) => key.verifying_key().to_public_key_pem(LineEnding::LF),
            Private::Ed25519(key) => key.verifying_key().to_public_key_pem(LineEnding::LF),
            Private::Symmetric => return None,
        };
        pem.ok()
    }
}

/// A key of random bytes; some bytes are none.
fn random<const SIZE: usize, K>(key: impl Fn(&[u8; SIZE]) -> Option<K>) -> io::Result<K> {
    let mut bytes = Zeroizing::new([0; SIZE]);
    loop {
        getrandom::fill(&mut *bytes).map_err(|error| io::Error::other(error.to_string()))?;
        if let Some(key) = key(&bytes) {
            return Ok(key);
        }
    }
}
