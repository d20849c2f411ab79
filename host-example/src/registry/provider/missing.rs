//! In place of a provider that this build has not: it says so where its credentials are missed, and where
//! somebody has said whom it should ask as.

use std::sync::Arc;

use async_trait::async_trait;

use super::{CredentialProvider, Issued, name_of};
use crate::registry::{RegistryError, login::CloudLogin, source};

/// A cloud whose feature is off.
pub struct Missing {
    feature: &'static str,
    cloud: &'static str,
    is_one: fn(&str) -> bool,
}

#[cfg(any(test, not(feature = "ecr")))]
pub const ECR: Missing = Missing {
    feature: "ecr",
    cloud: "AWS",
    is_one: |host| source::EcrRegistry::of_host(host).is_some(),
};
#[cfg(any(test, not(feature = "gcr")))]
pub const GCR: Missing = Missing {
    feature: "gcr",
    cloud: "Google",
    is_one: source::is_google,
};
#[cfg(any(test, not(feature = "acr")))]
pub const ACR: Missing = Missing {
    feature: "acr",
    cloud: "Azure",
    is_one: source::is_azure,
};

impl Missing {
    /// In place of one that would have this login. Where it says whom to ask as, nobody else may be taken
    /// for them.
    pub fn instead_of(self, login: &CloudLogin) -> Result<Arc<Self>, RegistryError> {
        let Self { feature, cloud, .. } = self;
        match login.is_of_environment() {
            true => Ok(Arc::new(self)),
            false => Err(RegistryError::Unsupported(format!(
                "this build asks {cloud} for no credentials, whoever is named: build cosignet-host with \
                 --features {feature}, or say the registry's user and password"
            ))),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::login::{AzureLogin, AzureProof, LoginSecret};

    #[tokio::test]
    async fn each_says_its_feature_to_its_own_registries() {
        for (missing, registry, feature) in [
            (
                ECR,
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
                "--features ecr",
            ),
            (GCR, "eu.gcr.io", "--features gcr"),
            (GCR, "us-docker.pkg.dev", "--features gcr"),
            (ACR, "team.azurecr.io:444", "--features acr"),
        ] {
            assert!(missing.credential(registry).await.unwrap().is_none());
            let advice = missing.advice(registry).unwrap();
            assert!(
                advice.contains(feature) && advice.contains(registry),
                "{advice}"
            );
            assert_eq!(missing.advice("ghcr.io"), None);
        }
    }

    #[test]
    fn who_is_named_is_not_passed_over() {
        let environment = CloudLogin::Azure(AzureLogin::Environment);
        assert!(ACR.instead_of(&environment).is_ok());
        let login = CloudLogin::Azure(AzureLogin::Application {
            tenant: "t".into(),
            client: "c".into(),
            proof: AzureProof::Secret(LoginSecret::new("hush")),
        });
        let told = ACR.instead_of(&login).err().unwrap().to_string();
        assert!(told.contains("--features acr"), "{told}");
    }
}
