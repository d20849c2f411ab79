//! Amazon ECR: `GetAuthorizationToken` gives a password that is good for twelve hours, for the keys
//! of a login or of the environment.

mod container;
mod keys;
mod signing;
mod sts;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Url, header::HeaderName};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    CredentialProvider, Issued,
    environment::Environment,
    name_of,
    services::{Question, Services, url_of},
};
use crate::registry::{Credential, RegistryError, login::AmazonLogin, source::EcrRegistry};

/// The provider of ECR's private registries.
pub(super) struct Ecr {
    services: Services,
    environment: Environment,
    login: AmazonLogin,
}

impl Ecr {
    pub fn new(services: Services, environment: Environment, login: AmazonLogin) -> Self {
        Self {
            services,
            environment,
            login,
        }
    }

    async fn issue(&self, registry: &EcrRegistry) -> Result<Option<Issued>, RegistryError> {
        let Some(keys) = self.keys(registry).await? else {
            return Ok(None);
        };
        let what = format!("credentials for {registry}: ECR");
        let url = self.endpoint("AWS_ENDPOINT_URL_ECR", "api.ecr", registry)?;
        let body = Zeroizing::new(b"{}".to_vec());
        let question = Question::post(what.as_str(), url, "application/x-amz-json-1.1", body)
            .header(
                TARGET,
                "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
            )?;
        let question = signing::signed(question, &keys, &registry.region, "ecr")?;
        let answer: Answer = self.services.ask_json(&question).await?;
        let odd = || {
            RegistryError::Invalid(format!(
                "{what}: expected one authorizationToken, the base64 of AWS:PASSWORD"
            ))
        };
        let [granted] = answer.authorization_data.as_slice() else {
            return Err(odd());
        };
        let pair = STANDARD.decode(granted.authorization_token.as_bytes());
        let pair = pair.map(Zeroizing::new).map_err(|_| odd())?;
        let pair = str::from_utf8(&pair).map_err(|_| odd())?;
        let (username, password) = pair.split_once(':').ok_or_else(odd)?;
        Ok(Some(Issued {
            credential: Credential::basic(username, password),
            expires: granted.expires_at.and_then(time_of),
        }))
    }

    /// Where a service of the registry's region is: what the environment says, else AWS itself.
    fn endpoint(
        &self,
        variable: &str,
        service: &str,
        registry: &EcrRegistry,
    ) -> Result<Url, RegistryError> {
        match self.environment.first(&[variable, "AWS_ENDPOINT_URL"]) {
            Some((name, url)) => url_of(name, &url),
            None => {
                let EcrRegistry { region, .. } = registry;
                let url = format!("https://{service}.{region}.{}", registry.domain());
                url_of("endpoint of AWS", &url)
            }
        }
    }
}

#[async_trait]
impl CredentialProvider for Ecr {
    async fn credential(&self, registry: &str) -> Result<Option<Issued>, RegistryError> {
        match EcrRegistry::of_host(name_of(registry)) {
            Some(registry) => self.issue(&registry).await,
            None => Ok(None),
        }
    }

    fn advice(&self, registry: &str) -> Option<String> {
        EcrRegistry::of_host(name_of(registry)).map(|_| {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_WEB_IDENTITY_TOKEN_FILE and \
             AWS_ROLE_ARN, of somebody who may ecr:GetAuthorizationToken and use the repository"
                .to_owned()
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    authorization_data: Vec<Granted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Granted {
    authorization_token: Zeroizing<String>,
    /// Seconds since 1970, with a fraction.
    expires_at: Option<f64>,
}

fn time_of(seconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
