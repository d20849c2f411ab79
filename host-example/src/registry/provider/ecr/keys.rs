//! AWS keys: those of the login, or where AWS's own tools look for them first: variables, a web
//! identity's token, the container's credentials; and the role that is to be taken with them.

use aws_credential_types::Credentials;

use super::{super::environment::read_token, Ecr, container};
use crate::registry::{
    RegistryError,
    login::{AmazonIdentity, AmazonRole, LoginSecret},
    source::EcrRegistry,
};

impl Ecr {
    /// The keys to sign with. `None` where nobody says any.
    pub(super) async fn keys(
        &self,
        registry: &EcrRegistry,
    ) -> Result<Option<Credentials>, RegistryError> {
        let first = match self.identity()? {
            None => container::keys(&self.services, &self.environment).await?,
            Some(AmazonIdentity::Keys {
                id,
                secret,
                session_token,
            }) => {
                let session = session_token.as_ref().map(LoginSecret::text);
                Some(keys(&id, secret.text(), session))
            }
            Some(AmazonIdentity::WebIdentity { role, token }) => {
                let assumed = self.assume_role_with_web_identity(registry, &role, token.text());
                Some(assumed.await?)
            }
        };
        match (first, self.role()) {
            (Some(keys), Some(role)) => self.assume_role(registry, &keys, &role).await.map(Some),
            (first, _) => Ok(first),
        }
    }

    /// Of the login, or of the environment.
    fn identity(&self) -> Result<Option<AmazonIdentity>, RegistryError> {
        if let Some(identity) = &self.login.identity {
            return Ok(Some(identity.clone()));
        }
        let environment = &self.environment;
        let pair = environment.pair("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")?;
        if let Some([id, secret]) = pair {
            let session = environment.get("AWS_SESSION_TOKEN");
            return Ok(Some(AmazonIdentity::Keys {
                id: id.to_string(),
                secret: LoginSecret::new(secret.as_str()),
                session_token: session.map(|token| LoginSecret::new(token.as_str())),
            }));
        }
        let Some(file) = environment.get(TOKEN_FILE) else {
            return Ok(None);
        };
        let role = environment.get("AWS_ROLE_ARN").ok_or_else(|| {
            RegistryError::Denied(format!(
                "{TOKEN_FILE} is set, and AWS_ROLE_ARN is not: set both or none"
            ))
        })?;
        let token = read_token(TOKEN_FILE, &file)?;
        Ok(Some(AmazonIdentity::WebIdentity {
            role: role.to_string(),
            token: LoginSecret::new(token.as_str()),
        }))
    }

    /// Of the login, or of the environment.
    fn role(&self) -> Option<AmazonRole> {
        if let Some(role) = &self.login.role {
            return Some(role.clone());
        }
        let arn = self.environment.get("COSIGNET_ECR_ROLE_ARN")?;
        let external_id = self.environment.get("COSIGNET_ECR_EXTERNAL_ID");
        Some(AmazonRole {
            arn: arn.to_string(),
            external_id: external_id.map(|id| id.to_string()),
        })
    }
}

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

/// Wiped when they are dropped.
pub(super) fn keys(id: &str, secret: &str, session: Option<&str>) -> Credentials {
    Credentials::new(id, secret, session.map(str::to_owned), None, "cosignet")
}
