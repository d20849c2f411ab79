//! AWS keys, where AWS's own tools look for them first: variables, a web identity's token, the
//! container's credentials; and the role that is to be taken with them.

use aws_credential_types::Credentials;

use super::{Ecr, container};
use crate::registry::{RegistryError, source::EcrRegistry};

impl Ecr {
    /// The keys to sign with. `None` where the environment names none.
    pub(super) async fn keys(
        &self,
        registry: &EcrRegistry,
    ) -> Result<Option<Credentials>, RegistryError> {
        let Some(keys) = self.first_keys(registry).await? else {
            return Ok(None);
        };
        let external = self.environment.get("COSIGNET_ECR_EXTERNAL_ID");
        match self.environment.get("COSIGNET_ECR_ROLE_ARN") {
            None => Ok(Some(keys)),
            Some(role) => {
                let external = external.as_ref().map(|id| id.as_str());
                let assumed = self.assume_role(registry, &keys, &role, external);
                assumed.await.map(Some)
            }
        }
    }

    async fn first_keys(
        &self,
        registry: &EcrRegistry,
    ) -> Result<Option<Credentials>, RegistryError> {
        let environment = &self.environment;
        let pair = environment.pair("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")?;
        if let Some([id, secret]) = pair {
            let session = environment.get("AWS_SESSION_TOKEN");
            return Ok(Some(keys(
                &id,
                &secret,
                session.as_ref().map(|it| it.as_str()),
            )));
        }
        if let Some(file) = environment.get("AWS_WEB_IDENTITY_TOKEN_FILE") {
            let role = environment.get("AWS_ROLE_ARN").ok_or_else(|| {
                RegistryError::Denied(
                    "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not: set both or none"
                        .to_owned(),
                )
            })?;
            let assumed = self.assume_role_with_web_identity(registry, &role, &file);
            return assumed.await.map(Some);
        }
        container::keys(&self.services, environment).await
    }
}

/// Wiped when they are dropped.
pub(super) fn keys(id: &str, secret: &str, session: Option<&str>) -> Credentials {
    Credentials::new(id, secret, session.map(str::to_owned), None, "cosignet")
}
