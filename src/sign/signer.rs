use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::log::Logging;
use crate::fetch::{FetchError, ResolveError};
use crate::imports::{KeyService, KeyServiceError, LogServiceError, RegistryError};
use crate::key::{Message, PrivateKey, PublicKey, Random, SignError};
use crate::oci::{Digest, InvalidReference};
use crate::payload::PayloadError;
use crate::walk::WalkError;

/// What signs: an open key, or a key of a key service.
pub struct Signer<'a> {
    public_key: PublicKey,
    place: Place<'a>,
    log: Option<Logging<'a>>,
}

enum Place<'a> {
    Here {
        key: &'a PrivateKey,
        random: &'a mut dyn Random,
    },
    Service {
        service: &'a mut dyn KeyService,
        name: String,
    },
}

impl<'a> Signer<'a> {
    /// Signs with a key that was opened here.
    pub fn private_key(key: &'a PrivateKey, random: &'a mut dyn Random) -> Self {
        Self {
            public_key: key.public_key().clone(),
            place: Place::Here { key, random },
            log: None,
        }
    }

    /// Signs with a named key of a service, whose public key is asked for once.
    pub fn key_service(service: &'a mut dyn KeyService, name: &str) -> Result<Self, SigningError> {
        let pem = service.public_key(name).map_err(SigningError::KeyService)?;
        let public_key = PublicKey::from_pem(pem.as_bytes()).map_err(|error| {
            SigningError::BadSignature(alloc::format!("public key of {name}: {error}"))
        })?;
        Ok(Self {
            public_key,
            place: Place::Service {
                service,
                name: name.to_owned(),
            },
            log: None,
        })
    }

    /// Logs what is signed before it is attached. Without this no log is asked for anything.
    #[must_use]
    pub fn with_log(mut self, log: Logging<'a>) -> Self {
        self.log = Some(log);
        self
    }

    pub(super) fn log(&mut self) -> Option<&mut Logging<'a>> {
        self.log.as_mut()
    }

    /// The key that its signatures verify with.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Signs a message. What a service returns is verified before it is used.
    pub fn sign(&mut self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        self.sign_message(message.into())
    }

    /// As [`Signer::sign`], a message of which only digests may be known.
    pub fn sign_message(&mut self, message: Message<'_>) -> Result<Vec<u8>, SigningError> {
        match &mut self.place {
            Place::Here { key, random } => {
                let signature = key.sign_message(message, *random);
                signature.map_err(|error| match error {
                    SignError::Fault(_) => SigningError::BadSignature(error.to_string()),
                    SignError::ContentNeeded(_) => SigningError::InvalidOption(error.to_string()),
                })
            }
            Place::Service { service, name } => {
                let signature = service
                    .sign_digest(name, &Digest::from(message.sha256()))
                    .map_err(SigningError::KeyService)?;
                self.public_key
                    .verify_message(message, &signature)
                    .map_err(|error| {
                        SigningError::BadSignature(alloc::format!(
                            "the signature that the key service made with {name} does not verify \
                         with its public key: {error}"
                        ))
                    })?;
                Ok(signature)
            }
        }
    }
}

/// Why an image or a blob was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Not a reference.
    #[error(transparent)]
    InvalidReference(#[from] InvalidReference),
    /// An option cannot be.
    #[error("{0}")]
    InvalidOption(String),
    /// What was to be signed does not exist.
    #[error("image not found: {0}")]
    ImageNotFound(String),
    /// The registry did not do its part.
    #[error("{0}")]
    Registry(RegistryError),
    /// The registry holds something else than it should.
    #[error("{0}")]
    UntrustedAnswer(String),
    /// Others kept writing to the same tag.
    #[error("{0}")]
    Contended(String),
    /// Something is above its limit.
    #[error("{0}")]
    LimitExceeded(String),
    /// The key service did not sign.
    #[error("{0}")]
    KeyService(KeyServiceError),
    /// The transparency log did not take the signature.
    #[error("{0}")]
    Log(LogServiceError),
    /// The transparency log answered something that does not prove that it took the signature.
    #[error("{0}")]
    BadLogEntry(String),
    /// A signature does not verify with its public key.
    #[error("{0}")]
    BadSignature(String),
}

impl From<ResolveError> for SigningError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Reference(error) => Self::InvalidReference(error),
            ResolveError::NotFound(reference) => Self::ImageNotFound(reference),
            ResolveError::Registry(error) => Self::Registry(error),
        }
    }
}

impl From<FetchError> for SigningError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Registry(error) => Self::Registry(error),
            FetchError::Untrusted(why) => Self::UntrustedAnswer(why),
            FetchError::Limit(why) => Self::LimitExceeded(why),
        }
    }
}

impl From<WalkError> for SigningError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::NotFound(name) => Self::ImageNotFound(name),
            WalkError::Fetch(error) => error.into(),
        }
    }
}

impl From<PayloadError> for SigningError {
    fn from(error: PayloadError) -> Self {
        match error {
            PayloadError::TooLarge(_) | PayloadError::TooManyAnnotations(_) => {
                Self::LimitExceeded(error.to_string())
            }
            other => Self::InvalidOption(other.to_string()),
        }
    }
}
