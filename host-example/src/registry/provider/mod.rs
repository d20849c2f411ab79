//! Credentials that are issued for a while, by the cloud that a registry belongs to.
//!
//! A [`CredentialProvider`] is asked for one; `kept` keeps it for its life and asks again when a
//! registry refuses it. The clouds' own providers, `ecr`, `google` and `azure`, each behind a feature,
//! are told by a login, or else by what their cloud's tools read from the `environment`, and speak to
//! their `services`, some of which take an `assertion`.

#[cfg(any(feature = "gcr", feature = "acr"))]
mod assertion;
#[cfg(feature = "acr")]
mod azure;
#[cfg(feature = "ecr")]
mod ecr;
#[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
mod environment;
#[cfg(feature = "gcr")]
mod google;
mod kept;
#[cfg(any(test, not(all(feature = "ecr", feature = "gcr", feature = "acr"))))]
mod missing;
#[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
mod services;

use std::{sync::Arc, time::SystemTime};

use async_trait::async_trait;

use super::{Credential, RegistryError, login::CloudLogin};
use crate::http::{RetryPolicy, Transport};

pub(super) use kept::{Providers, YOUNG};

/// A source of credentials that are issued for a while.
#[async_trait]
pub trait CredentialProvider: Send + Sync {
    /// The credential for a registry, `HOST` or `HOST:PORT`. `None` for registries of others, and
    /// where there is nothing to ask with: files and helpers are looked at then.
    ///
    /// # Errors
    /// Any [`RegistryError`] ends the operation: what was meant to be used cannot be.
    async fn credential(&self, registry: &str) -> Result<Option<Issued>, RegistryError>;

    /// What a user can do when this registry lets nobody in. `None` for registries of others.
    fn advice(&self, registry: &str) -> Option<String>;
}

/// A credential and how long it is good for.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The credential.
    pub credential: Credential,
    /// When it ends. `None`: when the registry refuses it.
    pub expires: Option<SystemTime>,
}

/// The provider of a login's cloud. Where its feature is off, nobody can be asked as the login says.
pub(super) fn of_cloud(
    login: CloudLogin,
    transport: &Transport,
    retry: RetryPolicy,
) -> Result<Arc<dyn CredentialProvider>, RegistryError> {
    #[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
    let services = || services::Services::new(transport, retry);
    #[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
    let environment = environment::Environment::of_process;
    #[cfg(not(any(feature = "ecr", feature = "gcr", feature = "acr")))]
    let _ = (transport, retry);
    Ok(match login {
        #[cfg(feature = "ecr")]
        CloudLogin::Amazon(login) => Arc::new(ecr::Ecr::new(services(), environment(), login)),
        #[cfg(not(feature = "ecr"))]
        CloudLogin::Amazon(_) => missing::ECR.instead_of(&login)?,
        #[cfg(feature = "gcr")]
        CloudLogin::Google(login) => {
            Arc::new(google::Google::new(services(), environment(), login))
        }
        #[cfg(not(feature = "gcr"))]
        CloudLogin::Google(_) => missing::GCR.instead_of(&login)?,
        #[cfg(feature = "acr")]
        CloudLogin::Azure(login) => Arc::new(azure::Azure::new(services(), environment(), login)),
        #[cfg(not(feature = "acr"))]
        CloudLogin::Azure(_) => missing::ACR.instead_of(&login)?,
    })
}

/// The name in `HOST` or `HOST:PORT`.
fn name_of(registry: &str) -> &str {
    registry.split_once(':').map_or(registry, |(name, _)| name)
}
