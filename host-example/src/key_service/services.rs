//! Every key service that a reference can name.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, OnceCell};

use super::{InvalidKeyReference, KeyReference, Plugin, Vault, VaultBuildError, VaultBuilder};
use crate::KeyService;
use crate::api::KeyServiceError;

/// Key services by a key's reference, which is the name of the key here: `hashivault://KEY`, or
/// `NAME://KEY` for the program `sigstore-kms-NAME`.
///
/// Vault is set up when a key of it is first asked for, and each public key is asked for once. Cheap to
/// clone; clones share what they know.
#[derive(Clone, Debug)]
pub struct KeyServices {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    vault_settings: Result<VaultBuilder, VaultBuildError>,
    vault: OnceCell<Vault>,
    /// Public keys that programs have told, by the reference.
    told: Mutex<HashMap<String, String>>,
}

impl KeyServices {
    /// With Vault as the environment has it: see [`VaultBuilder::from_environment`]. `allow_http`
    /// allows plain HTTP to hosts other than this one.
    pub fn from_environment(allow_http: bool) -> Self {
        let settings = VaultBuilder::from_environment();
        Self {
            shared: Arc::new(Shared {
                vault_settings: settings.map(|builder| builder.allow_http(allow_http)),
                vault: OnceCell::new(),
                told: Mutex::default(),
            }),
        }
    }

    /// Has a new ECDSA P-256 key made, and returns its public key in PEM. A key of Vault that exists
    /// already is left as it is.
    ///
    /// # Errors
    /// Those of [`KeyService`].
    pub async fn create_key(&self, reference: &str) -> Result<String, KeyServiceError> {
        match reference.parse()? {
            KeyReference::Vault(name) => self.vault().await?.create_key(&name).await,
            KeyReference::Plugin { name, key } => Plugin::new(&name).create_key(&key).await,
        }
    }

    /// Refuses a key that is not there, or cannot sign.
    ///
    /// # Errors
    /// Those of [`KeyService`].
    pub async fn check_signer(&self, reference: &str) -> Result<(), KeyServiceError> {
        match reference.parse()? {
            KeyReference::Vault(name) => self.vault().await?.check_signer(&name).await,
            KeyReference::Plugin { .. } => self.public_key(reference).await.map(drop),
        }
    }

    async fn vault(&self) -> Result<&Vault, KeyServiceError> {
        let build = || async {
            let settings = self.shared.vault_settings.as_ref();
            let built = settings.map_err(ToString::to_string);
            let vault = built.and_then(|builder| {
                let built = builder.clone().build();
                built.map_err(|error| error.to_string())
            });
            vault.map_err(KeyServiceError::Other)
        };
        self.shared.vault.get_or_try_init(build).await
    }
}

#[async_trait]
impl KeyService for KeyServices {
    async fn public_key(&self, key: &str) -> Result<String, KeyServiceError> {
        match key.parse()? {
            KeyReference::Vault(name) => self.vault().await?.read_public_key(&name).await,
            KeyReference::Plugin {
                name,
                key: of_plugin,
            } => {
                let mut told = self.shared.told.lock().await;
                if let Some(pem) = told.get(key) {
                    return Ok(pem.clone());
                }
                let pem = Plugin::new(&name).public_key(&of_plugin).await?;
                Ok(told.entry(key.to_owned()).or_insert(pem).clone())
            }
        }
    }

    async fn sign_digest(&self, key: &str, digest: &[u8]) -> Result<Vec<u8>, KeyServiceError> {
        match key.parse()? {
            KeyReference::Vault(name) => self.vault().await?.sign(&name, digest).await,
            KeyReference::Plugin { name, key } => {
                Plugin::new(&name).sign_digest(&key, digest).await
            }
        }
    }
}

impl From<InvalidKeyReference> for KeyServiceError {
    fn from(error: InvalidKeyReference) -> Self {
        Self::NotFound(error.to_string())
    }
}
