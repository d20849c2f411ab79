use alloc::string::{String, ToString};

use super::LogId;
use super::error::{TrustError, shown};
use super::witness::{ed25519_bytes, named_key_hash};
use crate::key::{Algorithm, PublicKey};

/// A log whose word counts: its key, and what is known of its id, name and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedLog {
    key: PublicKey,
    id: LogId,
    /// Whether the id was given with the key, so that no other is computed.
    id_is_given: bool,
    checkpoint_key_id: Option<[u8; 4]>,
    origin: Option<String>,
    host: Option<String>,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
}

impl TrustedLog {
    /// A log by its public key in PEM, ECDSA or Ed25519, for all time and by any name.
    ///
    /// Its id is the SHA-256 of the SubjectPublicKeyInfo. A log of Rekor v2 with an Ed25519 key
    /// has an id of its name and its key: that is accepted as well, whatever the name, since the
    /// key is what is trusted; see [`TrustedLog::with_origin`].
    ///
    /// # Errors
    /// [`TrustError::UnusableKey`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, TrustError> {
        Self::new(PublicKey::from_pem(pem).map_err(unusable)?)
    }

    /// As [`TrustedLog::from_pem`], by a key that was parsed.
    ///
    /// # Errors
    /// [`TrustError::UnusableKey`] for RSA, which no log signs with.
    pub fn new(key: PublicKey) -> Result<Self, TrustError> {
        match key.algorithm() {
            Algorithm::EcdsaP256
            | Algorithm::EcdsaP384
            | Algorithm::EcdsaP521
            | Algorithm::Ed25519 => Ok(Self {
                id: LogId(key.fingerprint()),
                key,
                id_is_given: false,
                checkpoint_key_id: None,
                origin: None,
                host: None,
                start: None,
                end: None,
            }),
            _ => Err(unusable("a log signs with ECDSA or Ed25519, not with RSA")),
        }
    }

    /// Trusts the log by this name alone: the origin of its checkpoints, of Rekor v1 with or
    /// without the number of the tree.
    #[must_use]
    pub fn with_origin(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_string());
        self
    }

    /// Trusts the log within these seconds since 1970 alone, the first and the last included.
    #[must_use]
    pub fn with_validity(mut self, start: Option<i64>, end: Option<i64>) -> Self {
        (self.start, self.end) = (start, end);
        self
    }

    /// With an id that was given, and what a trusted root says of the log.
    pub(super) fn with_given_id(
        mut self,
        id: LogId,
        checkpoint_key_id: Option<[u8; 4]>,
        host: Option<String>,
    ) -> Self {
        (self.id, self.id_is_given) = (id, true);
        (self.checkpoint_key_id, self.host) = (checkpoint_key_id, host);
        self
    }

    /// The key of the log.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The id that was given, or else the SHA-256 of the SubjectPublicKeyInfo.
    pub fn id(&self) -> LogId {
        self.id
    }

    /// The name that the log is trusted by, if it is.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Where a trusted root says that the log is: the origin of a Rekor v2.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Whether an entry with this id is of this log. `name` is what its checkpoint says.
    pub(super) fn has_id(&self, id: LogId, name: Option<&str>) -> bool {
        if self.id == id {
            return true;
        }
        if self.id_is_given {
            return false;
        }
        let name = self.origin().or(name);
        let named = name.zip(ed25519_bytes(&self.key));
        named.is_some_and(|(name, key)| named_key_hash(name, ED25519, key) == id.0)
    }

    /// The id that entries of the log bear; `name` is what its checkpoint says.
    pub(super) fn entry_id(&self, name: &str) -> LogId {
        let name = self.origin().unwrap_or(name);
        match ed25519_bytes(&self.key).filter(|_| !self.id_is_given) {
            Some(key) => LogId(named_key_hash(name, ED25519, key)),
            None => self.id,
        }
    }

    /// What the log's signatures under checkpoints begin with, if the trusted root says nothing
    /// else: its id does, of Rekor v1 and v2.
    pub(super) fn checkpoint_key_id(&self, name: &str, is_rekor_v1: bool) -> [u8; 4] {
        let has_name = !self.id_is_given && !is_rekor_v1;
        let id = match ed25519_bytes(&self.key).filter(|_| has_name) {
            Some(key) => LogId(named_key_hash(name, ED25519, key)),
            None => self.id,
        };
        self.checkpoint_key_id.unwrap_or_else(|| id.hint())
    }
}

fn unusable(problem: impl core::fmt::Display) -> TrustError {
    TrustError::UnusableKey(shown(problem))
}

/// The type of Ed25519 signatures, C2SP `signed-note`.
const ED25519: u8 = 1;
