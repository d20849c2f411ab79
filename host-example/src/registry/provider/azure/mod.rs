//! Azure Container Registry: a token of Azure's directory is exchanged, at the registry itself, for a
//! refresh token of the registry.
//!
//! The directory's token opens more than a registry. It goes to Azure's own domains and to no other
//! host, whatever an image is called (CVE-2025-27403).

mod certificate;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::Url;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    CredentialProvider, Issued,
    environment::{Environment, read_secret, read_token},
    name_of,
    services::{Question, Services, url_of},
};
use crate::registry::{
    Credential, RegistryError,
    login::{AzureLogin, AzureProof, LoginSecret},
    source,
};

/// The provider of ACR's registries.
pub(super) struct Azure {
    services: Services,
    environment: Environment,
    login: AzureLogin,
}

/// An application in a directory, and what proves that it asks.
struct Application {
    tenant: String,
    client: String,
    proof: AzureProof,
}

impl Azure {
    pub fn new(services: Services, environment: Environment, login: AzureLogin) -> Self {
        Self {
            services,
            environment,
            login,
        }
    }

    /// The one of the login, or of the environment.
    fn application(&self) -> Result<Option<Application>, RegistryError> {
        let (whence, application) = match &self.login {
            AzureLogin::Environment => ("AZURE_TENANT_ID", self.of_environment()?),
            AzureLogin::Application {
                tenant,
                client,
                proof,
            } => (
                "the tenant",
                Some(Application {
                    tenant: tenant.clone(),
                    client: client.clone(),
                    proof: proof.clone(),
                }),
            ),
        };
        let Some(application) = application else {
            return Ok(None);
        };
        // It becomes a part of a path.
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let tenant = &application.tenant;
        match tenant.bytes().all(is_good) && !tenant.is_empty() && !tenant.starts_with('.') {
            true => Ok(Some(application)),
            false => Err(RegistryError::Denied(format!(
                "{whence}: expected a UUID or a domain"
            ))),
        }
    }

    fn of_environment(&self) -> Result<Option<Application>, RegistryError> {
        let environment = &self.environment;
        let (Some(tenant), Some(client)) = (
            environment.get("AZURE_TENANT_ID"),
            environment.get("AZURE_CLIENT_ID"),
        ) else {
            return Ok(None);
        };
        let proof = match environment.get("AZURE_CLIENT_SECRET") {
            Some(secret) => AzureProof::Secret(LoginSecret::new(secret.as_str())),
            None => match environment.first(&[CERTIFICATE_FILE, TOKEN_FILE]) {
                Some((CERTIFICATE_FILE, file)) => {
                    let pem = read_secret(CERTIFICATE_FILE, &file)?;
                    AzureProof::Certificate(LoginSecret::new(pem.as_str()))
                }
                Some((name, file)) => {
                    let token = read_token(name, &file)?;
                    AzureProof::Token(LoginSecret::new(token.as_str()))
                }
                None => return Ok(None),
            },
        };
        Ok(Some(Application {
            tenant: tenant.to_string(),
            client: client.to_string(),
            proof,
        }))
    }

    /// The directory's token for registries.
    async fn directory_token(
        &self,
        registry: &str,
        application: &Application,
    ) -> Result<Zeroizing<String>, RegistryError> {
        let authority = self.environment.get("AZURE_AUTHORITY_HOST");
        let authority = authority.as_ref().map_or_else(
            || authority_of(name_of(registry)),
            |authority| authority.as_str(),
        );
        let tenant = application.tenant.as_str();
        let url = format!(
            "{}/{tenant}/oauth2/v2.0/token",
            authority.trim_end_matches('/')
        );
        let url = url_of("AZURE_AUTHORITY_HOST", &url)?;
        let signed;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", application.client.as_str()),
            ("scope", SCOPE),
        ];
        let assertion = match &application.proof {
            AzureProof::Secret(secret) => {
                form.push(("client_secret", secret.text()));
                None
            }
            AzureProof::Token(token) => Some(token.text()),
            AzureProof::Certificate(pem) => {
                let client = &application.client;
                let made = certificate::assertion(pem.text(), client, url.as_str());
                signed = made.map_err(|why| {
                    RegistryError::Denied(format!("the certificate of {client}: {why}"))
                })?;
                Some(signed.as_str())
            }
        };
        if let Some(assertion) = assertion {
            form.push(("client_assertion_type", ASSERTION));
            form.push(("client_assertion", assertion));
        }
        let what = format!("credentials for {registry}: Azure's directory");
        let question = Question::form(what, url, &form);
        let granted: DirectoryToken = self.services.ask_json(&question).await?;
        Ok(granted.access_token)
    }

    /// The registry's refresh token for the directory's token.
    async fn exchange(
        &self,
        registry: &str,
        tenant: &str,
        token: &str,
    ) -> Result<Zeroizing<String>, RegistryError> {
        let what = format!("credentials for {registry}: exchange");
        let url = exchange_url(registry)?;
        let form = [
            ("grant_type", "access_token"),
            ("service", name_of(registry)),
            ("tenant", tenant),
            ("access_token", token),
        ];
        let question = Question::form(what, url, &form);
        let granted: RegistryToken = self.services.ask_json(&question).await?;
        Ok(granted.refresh_token)
    }
}

#[async_trait]
impl CredentialProvider for Azure {
    async fn credential(&self, registry: &str) -> Result<Option<Issued>, RegistryError> {
        if !source::is_azure(name_of(registry)) {
            return Ok(None);
        }
        let Some(application) = self.application()? else {
            return Ok(None);
        };
        let asked = SystemTime::now();
        let token = self.directory_token(registry, &application).await?;
        let token = self.exchange(registry, &application.tenant, &token).await?;
        Ok(Some(Issued {
            credential: Credential::identity_token(token.as_str()),
            expires: Some(asked + LIFE),
        }))
    }

    fn advice(&self, registry: &str) -> Option<String> {
        source::is_azure(name_of(registry)).then(|| {
            format!(
                "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, {CERTIFICATE_FILE} or \
                 {TOKEN_FILE}, of an application with AcrPull or AcrPush, or run \
                 `docker login {registry}`"
            )
        })
    }
}

/// Where a directory's token is sent: to Azure's registries, over TLS.
fn exchange_url(registry: &str) -> Result<Url, RegistryError> {
    let refused = || {
        RegistryError::Denied(format!(
            "{registry} is none of Azure's registries: a token of Azure's directory does not go there"
        ))
    };
    let url = Url::parse(&format!("https://{registry}/oauth2/exchange"));
    let url = url.map_err(|_| refused())?;
    match url.host_str().is_some_and(source::is_azure) {
        true => Ok(url),
        false => Err(refused()),
    }
}

/// The directory of the cloud that a registry is in.
fn authority_of(host: &str) -> &'static str {
    match host.rsplit_once('.') {
        Some((_, "cn")) => "https://login.chinacloudapi.cn",
        Some((_, "us")) => "https://login.microsoftonline.us",
        _ => "https://login.microsoftonline.com",
    }
}

#[derive(Deserialize)]
struct DirectoryToken {
    access_token: Zeroizing<String>,
}

#[derive(Deserialize)]
struct RegistryToken {
    refresh_token: Zeroizing<String>,
}

const CERTIFICATE_FILE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const SCOPE: &str = "https://containerregistry.azure.net/.default";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Of a registry's refresh token, as Azure documents it.
const LIFE: Duration = Duration::from_secs(3 * 60 * 60);
