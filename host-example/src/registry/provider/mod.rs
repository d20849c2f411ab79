//! Credentials that are issued for a while, by the cloud that a registry belongs to.
//!
//! A [`CredentialProvider`] is asked for one; `kept` keeps it for its life and asks again when a
//! registry refuses it. The clouds' own providers, `ecr`, `google` and `azure`, each behind a feature,
//! read what their cloud's tools read from the `environment` and speak to their `services`.

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

use super::{Credential, RegistryError, source::SourceKind};
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

/// The provider of a source's cloud, if it is in one.
pub(super) fn of_cloud(
    kind: SourceKind,
    transport: &Transport,
    retry: RetryPolicy,
) -> Option<Arc<dyn CredentialProvider>> {
    #[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
    let services = || services::Services::new(transport, retry);
    #[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
    let environment = environment::Environment::of_process;
    #[cfg(not(any(feature = "ecr", feature = "gcr", feature = "acr")))]
    let _ = (transport, retry);
    match kind {
        #[cfg(feature = "ecr")]
        SourceKind::Ecr => Some(Arc::new(ecr::Ecr::new(services(), environment()))),
        #[cfg(not(feature = "ecr"))]
        SourceKind::Ecr => Some(Arc::new(missing::ECR)),
        #[cfg(feature = "gcr")]
        SourceKind::Gcr | SourceKind::Gar => {
            Some(Arc::new(google::Google::new(services(), environment())))
        }
        #[cfg(not(feature = "gcr"))]
        SourceKind::Gcr | SourceKind::Gar => Some(Arc::new(missing::GCR)),
        #[cfg(feature = "acr")]
        SourceKind::Acr => Some(Arc::new(azure::Azure::new(services(), environment()))),
        #[cfg(not(feature = "acr"))]
        SourceKind::Acr => Some(Arc::new(missing::ACR)),
        SourceKind::DockerHub
        | SourceKind::Docker
        | SourceKind::Har
        | SourceKind::Jfrog
        | SourceKind::Ghcr
        | SourceKind::Quay
        | SourceKind::Harbor => None,
    }
}

/// The name in `HOST` or `HOST:PORT`.
fn name_of(registry: &str) -> &str {
    registry.split_once(':').map_or(registry, |(name, _)| name)
}
