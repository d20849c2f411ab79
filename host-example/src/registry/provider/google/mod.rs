//! Google's registries take an access token as the password of `oauth2accesstoken`. Where it comes
//! from is said by a login, or by what Google's own tools call application default credentials: a
//! token that is given, a file that names an account or a federation, the metadata server of the
//! machine.

mod account;
mod federation;
mod file;
mod metadata;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::Url;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    CredentialProvider, Issued,
    environment::Environment,
    name_of,
    services::{Services, url_of},
};
use crate::{
    http::{Reach, reach},
    registry::{Credential, RegistryError, login::GoogleLogin, source},
};

/// The provider of `gcr.io` and `pkg.dev`.
pub(super) struct Google {
    services: Services,
    environment: Environment,
    login: GoogleLogin,
}

/// An access token, as OAuth's services answer it.
#[derive(Deserialize)]
struct Granted {
    access_token: Zeroizing<String>,
    /// Seconds.
    expires_in: Option<u64>,
}

impl Google {
    pub fn new(services: Services, environment: Environment, login: GoogleLogin) -> Self {
        Self {
            services,
            environment,
            login,
        }
    }

    async fn token(&self) -> Result<Option<Issued>, RegistryError> {
        let token = match &self.login {
            GoogleLogin::Environment => return self.token_by_environment().await,
            GoogleLogin::Credentials(text) => {
                self.token_by_credentials("credentials", text.text()).await
            }
            GoogleLogin::Federation {
                project_number,
                pool,
                provider,
                service_account,
                token,
            } => {
                let pool = federation::Pool {
                    project_number,
                    pool,
                    provider,
                };
                pool.token(&self.services, service_account, token.text())
                    .await
            }
        };
        token.map(Some)
    }

    async fn token_by_environment(&self) -> Result<Option<Issued>, RegistryError> {
        if let Some((_, token)) = self.environment.first(&TOKENS) {
            return Ok(Some(issued(&token, None)));
        }
        match self.environment.get(FILE) {
            Some(path) => self.token_by_file(&path).await.map(Some),
            None => self.token_by_metadata().await,
        }
    }
}

impl Granted {
    fn issued(&self, asked: SystemTime) -> Issued {
        let life = self.expires_in.map(Duration::from_secs);
        issued(
            &self.access_token,
            life.and_then(|life| asked.checked_add(life)),
        )
    }
}

#[async_trait]
impl CredentialProvider for Google {
    async fn credential(&self, registry: &str) -> Result<Option<Issued>, RegistryError> {
        match source::is_google(name_of(registry)) {
            true => self.token().await,
            false => Ok(None),
        }
    }

    fn advice(&self, registry: &str) -> Option<String> {
        source::is_google(name_of(registry)).then(|| {
            format!(
                "set {FILE} to the file of a service account or of a workload identity federation \
                 that may use the repository, or give --registry-username _json_key and the file's \
                 text as --registry-password"
            )
        })
    }
}

fn issued(token: &str, expires: Option<SystemTime>) -> Issued {
    Issued {
        credential: Credential::basic("oauth2accesstoken", token),
        expires,
    }
}

/// The URL of one of Google's services that a file names: Google's own, or a stand-in here. A file
/// from elsewhere may not send an assertion anywhere else.
fn service_url(whence: &str, text: &str) -> Result<Url, RegistryError> {
    let url = url_of(whence, text)?;
    let host = url.host_str().unwrap_or_default();
    let is_google = host == "googleapis.com" || host.ends_with(".googleapis.com");
    match is_google || reach(host) == Reach::Loopback {
        true => Ok(url),
        false => Err(RegistryError::Denied(format!(
            "{whence}: {host} is no host of Google's services, which are below googleapis.com"
        ))),
    }
}

const FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// gcloud's name for an access token, and Terraform's.
const TOKENS: [&str; 2] = ["CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"];
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
