//! A service account: an assertion that its key signs, for an access token (RFC 7523).

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Granted, SCOPE, service_url};
use crate::registry::{
    RegistryError,
    provider::{
        Issued,
        assertion::{self, Algorithm},
        services::{Question, Services},
    },
};

/// A key file, as Google makes it.
#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    client_email: String,
    private_key_id: Option<String>,
    private_key: Zeroizing<String>,
    token_uri: String,
}

impl ServiceAccount {
    pub async fn token(&self, services: &Services) -> Result<Issued, RegistryError> {
        let url = service_url("token_uri of a service account", &self.token_uri)?;
        let asked = SystemTime::now();
        let assertion = self.assertion(asked)?;
        let what = format!("access token of {}", self.client_email);
        let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
        let granted: Granted = services.ask_json(&Question::form(what, url, &form)).await?;
        Ok(granted.issued(asked))
    }

    fn assertion(&self, now: SystemTime) -> Result<Zeroizing<String>, RegistryError> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since.map_or(0, |since| since.as_secs());
        let header = match &self.private_key_id {
            Some(id) => json!({ "kid": id }),
            None => json!({}),
        };
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": seconds,
            "exp": seconds + LIFE,
        });
        let signed = assertion::sign(Algorithm::Rs256, header, &claims, &self.private_key);
        signed.map_err(|why| {
            let account = &self.client_email;
            RegistryError::Denied(format!("private_key of {account}: {why}"))
        })
    }
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds; as long as Google allows.
const LIFE: u64 = 3600;
