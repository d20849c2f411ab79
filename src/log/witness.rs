use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::error::{TrustError, shown};
use super::fields::base64;
use super::note::{NoteError, SignedNote, is_key_name};
use crate::key::{Algorithm, PublicKey};

/// A witness: it cosigns the checkpoints of logs that it has seen to grow only
/// (C2SP `tlog-cosignature`, of type Ed25519).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: String,
    key_id: [u8; 4],
    key: PublicKey,
}

impl Witness {
    /// A witness by its name and its Ed25519 key.
    ///
    /// # Errors
    /// [`TrustError::UnusableWitness`].
    pub fn new(name: &str, key: PublicKey) -> Result<Self, TrustError> {
        if !is_key_name(name) {
            return Err(unusable("its name is empty or holds a space or a plus"));
        }
        let raw = ed25519_bytes(&key).ok_or_else(|| unusable("expected an Ed25519 key"))?;
        Ok(Self {
            name: name.into(),
            key_id: key_id(name, COSIGNATURE_V1, raw),
            key,
        })
    }

    /// Reads a verifier key (C2SP `signed-note`): `<name>+<key id in hex>+<base64 of type and
    /// key>`, of the type 0x04, which is that of cosignatures.
    ///
    /// # Errors
    /// [`TrustError::UnusableWitness`].
    pub fn from_vkey(vkey: &str) -> Result<Self, TrustError> {
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(unusable("expected name+id+key"));
        };
        let key = base64("key", key).map_err(unusable)?;
        let Some((&COSIGNATURE_V1, raw)) = key.split_first() else {
            return Err(unusable("expected a key of type 4 (cosignature/v1)"));
        };
        let spki: Vec<u8> = [ED25519_SPKI, raw].concat();
        let witness = Self::new(name, PublicKey::from_spki_der(&spki).map_err(unusable)?)?;
        match id == format!("{:08x}", u32::from_be_bytes(witness.key_id)) {
            true => Ok(witness),
            false => Err(unusable("the key id is not of this name and key")),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Verifies the cosignature: eight bytes of time and an Ed25519 signature over two lines and
    /// the text.
    pub(super) fn verify(&self, note: &SignedNote<'_>) -> Result<(), NoteError> {
        note.verify_with(&self.name, self.key_id, &|cosignature| {
            let Some((time, signature)) = cosignature.split_first_chunk() else {
                return false;
            };
            let time = u64::from_be_bytes(*time);
            let message = format!("cosignature/v1\ntime {time}\n{}", note.text());
            i64::try_from(time).is_ok() && self.key.verify(message.as_bytes(), signature).is_ok()
        })
    }
}

/// The first bytes of SHA-256 of a name, a newline, a type of signatures and an Ed25519 key.
pub(super) fn named_key_hash(name: &str, kind: u8, key: &[u8; 32]) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(name).chain_update([b'\n', kind]);
    hash.chain_update(key).finalize().into()
}

fn key_id(name: &str, kind: u8, key: &[u8; 32]) -> [u8; 4] {
    super::LogId(named_key_hash(name, kind, key)).hint()
}

/// The 32 bytes of an Ed25519 key, which end its SubjectPublicKeyInfo.
pub(super) fn ed25519_bytes(key: &PublicKey) -> Option<&[u8; 32]> {
    let is_ed25519 = key.algorithm() == Algorithm::Ed25519;
    is_ed25519.then(|| key.spki_der().last_chunk()).flatten()
}

fn unusable(problem: impl core::fmt::Display) -> TrustError {
    TrustError::UnusableWitness(shown(problem))
}

/// The type of timestamped Ed25519 cosignatures, C2SP `signed-note`.
const COSIGNATURE_V1: u8 = 4;
/// A SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4) up to the key.
const ED25519_SPKI: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
