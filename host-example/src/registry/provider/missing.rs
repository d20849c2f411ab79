//! In place of a provider that this build has not: it says so where its credentials are missed.

use async_trait::async_trait;

use super::{CredentialProvider, Issued, name_of};
use crate::registry::{RegistryError, source};

/// A cloud whose feature is off.
pub struct Missing {
    feature: &'static str,
    cloud: &'static str,
    is_one: fn(&str) -> bool,
}

#[cfg(not(feature = "ecr"))]
pub const ECR: Missing = Missing {
    feature: "ecr",
    cloud: "AWS",
    is_one: |host| source::EcrRegistry::of_host(host).is_some(),
};
#[cfg(not(feature = "gcr"))]
pub const GCR: Missing = Missing {
    feature: "gcr",
    cloud: "Google",
    is_one: source::is_google,
};
#[cfg(not(feature = "acr"))]
pub const ACR: Missing = Missing {
    feature: "acr",
    cloud: "Azure",
    is_one: source::is_azure,
};

#[async_trait]
impl CredentialProvider for Missing {
    async fn credential(&self, _: &str) -> Result<Option<Issued>, RegistryError> {
        Ok(None)
    }

    fn advice(&self, registry: &str) -> Option<String> {
        let Self { feature, cloud, .. } = self;
        (self.is_one)(name_of(registry)).then(|| {
            format!(
                "this build asks {cloud} for no credentials: build cosignet-host with \
                 --features {feature}, run `docker login {registry}`, or give \
                 --registry-username and --registry-password"
            )
        })
    }
}
