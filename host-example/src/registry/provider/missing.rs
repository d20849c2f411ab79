//! In place of a provider that this build has not: it says so where its credentials are missed, and where
//! somebody has said whom it should ask as.

use async_trait::async_trait;

use super::{CredentialProvider, Issued, name_of};
use crate::registry::{RegistryError, login::CloudLogin, source};

/// A cloud whose feature is off.
pub struct Missing {
    feature: &'static str,
    cloud: &'static str,
    is_one: fn(&str) -> bool,
    /// Whether somebody has said whom to ask as: then nobody else may be taken for them.
    is_told: bool,
}

#[cfg(any(test, not(feature = "ecr")))]
pub const ECR: Missing = Missing {
    feature: "ecr",
    cloud: "AWS",
    is_one: |host| source::EcrRegistry::of_host(host).is_some(),
    is_told: false,
};
#[cfg(any(test, not(feature = "gcr")))]
pub const GCR: Missing = Missing {
    feature: "gcr",
    cloud: "Google",
    is_one: source::is_google,
    is_told: false,
};
#[cfg(any(test, not(feature = "acr")))]
pub const ACR: Missing = Missing {
    feature: "acr",
    cloud: "Azure",
    is_one: source::is_azure,
    is_told: false,
};

impl Missing {
    /// The same in place of one that would have this login.
    pub fn of(self, login: &CloudLogin) -> Self {
        Self {
            is_told: !login.is_of_environment(),
            ..self
        }
    }
}

#[async_trait]
impl CredentialProvider for Missing {
    async fn credential(&self, registry: &str) -> Result<Option<Issued>, RegistryError> {
        match (self.is_told, self.advice(registry)) {
            (true, Some(advice)) => Err(RegistryError::Unsupported(advice)),
            _ => Ok(None),
        }
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

    #[tokio::test]
    async fn who_is_named_is_not_passed_over() {
        let registry = "team.azurecr.io";
        let credential = async |login| ACR.of(&CloudLogin::Azure(login)).credential(registry).await;
        assert!(matches!(
            credential(AzureLogin::Environment).await,
            Ok(None)
        ));
        let login = AzureLogin::Application {
            tenant: "t".into(),
            client: "c".into(),
            proof: AzureProof::Secret(LoginSecret::new("hush")),
        };
        let told = credential(login.clone()).await.unwrap_err().to_string();
        assert!(told.contains("--features acr"), "{told}");
        let told = ACR.of(&CloudLogin::Azure(login));
        assert!(told.credential("ghcr.io").await.unwrap().is_none());
    }
}
