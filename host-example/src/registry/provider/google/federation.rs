//! Workload identity federation: another issuer's token, exchanged at Google's STS (RFC 8693) for an
//! access token, and that for one of a service account.

use std::{collections::BTreeMap, time::SystemTime};

use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderName},
};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Granted, SCOPE, issued, service_url};
use crate::{
    http::{Reach, reach},
    registry::{
        RegistryError,
        provider::{
            Issued,
            environment::read_token,
            services::{Question, Services},
        },
    },
};

/// A configuration file, as `gcloud iam workload-identity-pools create-cred-config` writes it.
#[derive(Deserialize)]
pub(super) struct Federation {
    audience: String,
    subject_token_type: String,
    token_url: String,
    service_account_impersonation_url: Option<String>,
    credential_source: Subject,
}

/// Where the other issuer's token is: in a file or behind a URL.
#[derive(Deserialize)]
struct Subject {
    file: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Zeroizing<String>>,
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize, Default)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Json {
        subject_token_field_name: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impersonated {
    access_token: Zeroizing<String>,
    expire_time: Option<String>,
}

impl Federation {
    pub async fn token(&self, services: &Services) -> Result<Issued, RegistryError> {
        // Before any token leaves its place.
        let url = service_url("token_url of a federation", &self.token_url)?;
        let account = self.service_account_impersonation_url.as_deref();
        let account = account
            .map(|url| service_url("service_account_impersonation_url of a federation", url))
            .transpose()?;
        let exchange = Exchange {
            audience: &self.audience,
            subject_token_type: &self.subject_token_type,
            url,
            account,
        };
        let subject = self.credential_source.token(services).await?;
        exchange.token(services, &subject).await
    }
}

/// An issuer of tokens in a workload identity pool.
pub(super) struct Pool<'a> {
    pub project_number: &'a str,
    pub pool: &'a str,
    pub provider: &'a str,
}

impl Pool<'_> {
    /// The token of a service account, for one of the issuer.
    pub async fn token(
        &self,
        services: &Services,
        service_account: &str,
        subject: &str,
    ) -> Result<Issued, RegistryError> {
        let Self {
            project_number,
            pool,
            provider,
        } = self;
        // It becomes a part of a path.
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-.@_".contains(&byte);
        if !(service_account.contains('@') && service_account.bytes().all(is_good)) {
            return Err(RegistryError::Denied(
                "service account of a federation: expected NAME@PROJECT.iam.gserviceaccount.com"
                    .to_owned(),
            ));
        }
        let account =
            format!("{IAM}/projects/-/serviceAccounts/{service_account}:generateAccessToken");
        let exchange = Exchange {
            audience: &format!(
                "//iam.googleapis.com/projects/{project_number}/locations/global/\
                 workloadIdentityPools/{pool}/providers/{provider}"
            ),
            subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
            url: service_url("STS of Google", STS)?,
            account: Some(service_url("service account of a federation", &account)?),
        };
        exchange.token(services, subject).await
    }
}

/// What another issuer's token is exchanged by.
struct Exchange<'a> {
    audience: &'a str,
    subject_token_type: &'a str,
    url: Url,
    /// Where a service account's token is to be had, for the federation's.
    account: Option<Url>,
}

impl Exchange<'_> {
    async fn token(self, services: &Services, subject: &str) -> Result<Issued, RegistryError> {
        let form = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("audience", self.audience),
            ("scope", SCOPE),
            (
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("subject_token_type", self.subject_token_type),
            ("subject_token", subject),
        ];
        let asked = SystemTime::now();
        let question = Question::form("access token of a federation", self.url, &form);
        let granted: Granted = services.ask_json(&question).await?;
        match self.account {
            None => Ok(granted.issued(asked)),
            Some(url) => impersonated(services, url, &granted.access_token).await,
        }
    }
}

/// The service account's token, for the federation's.
async fn impersonated(services: &Services, url: Url, token: &str) -> Result<Issued, RegistryError> {
    let body = json!({ "scope": [SCOPE], "lifetime": "3600s" }).to_string();
    let body = Zeroizing::new(body.into_bytes());
    let what = "access token of a federation's service account";
    let bearer = Zeroizing::new(format!("Bearer {token}"));
    let question = Question::post(what, url, "application/json", body);
    let question = question.header(AUTHORIZATION, &bearer)?;
    let granted: Impersonated = services.ask_json(&question).await?;
    let expires = granted.expire_time.as_deref();
    let expires = expires.and_then(|time| humantime::parse_rfc3339_weak(time).ok());
    Ok(issued(&granted.access_token, expires))
}

impl Subject {
    async fn token(&self, services: &Services) -> Result<Zeroizing<String>, RegistryError> {
        let text = match (&self.file, &self.url) {
            (Some(file), None) => read_token("credential_source of a federation", file)?,
            (None, Some(url)) => self.fetch(services, url).await?,
            _ => {
                return Err(RegistryError::Denied(
                    "credential_source of a federation: expected `file` or `url`; others, as of AWS \
                     or of programs, are not read"
                        .to_owned(),
                ));
            }
        };
        match &self.format {
            Format::Text => Ok(text),
            Format::Json {
                subject_token_field_name: field,
            } => {
                let value: Option<Value> = serde_json::from_str(&text).ok();
                let token = value.as_ref().and_then(|value| value.get(field)?.as_str());
                let token = token.map(|token| Zeroizing::new(token.to_owned()));
                token.ok_or_else(|| {
                    RegistryError::Denied(format!(
                        "credential_source of a federation: expected JSON with {field:?}"
                    ))
                })
            }
        }
    }

    async fn fetch(
        &self,
        services: &Services,
        url: &str,
    ) -> Result<Zeroizing<String>, RegistryError> {
        let mut question =
            Question::get("another issuer's token for a federation", source_url(url)?);
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str()).map_err(|_| {
                RegistryError::Denied(format!(
                    "credential_source of a federation: header {name:?}"
                ))
            })?;
            question = question.header(name, value)?;
        }
        let body = services.ask(&question).await?;
        let text = str::from_utf8(&body)
            .map_err(|_| RegistryError::Invalid(format!("{}: expected text", question.what)))?;
        Ok(Zeroizing::new(text.trim().to_owned()))
    }
}

/// https, or plain HTTP where nobody else listens: this machine, and what a cloud serves to it alone.
fn source_url(text: &str) -> Result<Url, RegistryError> {
    let refused = || {
        RegistryError::Denied(
            "url of a federation's credential_source: expected https, or http to this machine or \
             to a link-local address"
                .to_owned(),
        )
    };
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_near = reach(url.host_str().unwrap_or_default()) != Reach::Network;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_near => Ok(url),
        _ => Err(refused()),
    }
}

const STS: &str = "https://sts.googleapis.com/v1/token";
const IAM: &str = "https://iamcredentials.googleapis.com/v1";
