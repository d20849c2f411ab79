//! A service account: an assertion that its key signs, for an access token (RFC 7523).

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Granted, SCOPE, service_url};
use crate::registry::{
    RegistryError,
    provider::{
        Issued,
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
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.private_key_id {
            header["kid"] = id.as_str().into();
        }
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": seconds,
            "exp": seconds + LIFE,
        });
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let (header, claims) = (header.to_string(), claims.to_string());
        let mut token = Zeroizing::new(String::with_capacity(4096));
        *token += &format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.as_bytes())
        );
        let signature = self.sign(token.as_bytes())?;
        *token += ".";
        *token += &encode(&signature);
        Ok(token)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, by the library that TLS signs with.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, RegistryError> {
        let failed = |why: &str| {
            let account = &self.client_email;
            RegistryError::Denied(format!("private_key of {account}: {why}"))
        };
        let key = PrivateKeyDer::from_pem_slice(self.private_key.as_bytes());
        let key = key.map_err(|_| failed("expected a private key in PEM"))?;
        let key = Zeroizing::new(key);
        let key = any_supported_type(&key).map_err(|_| failed("expected an RSA key"))?;
        let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
        let signer = signer.ok_or_else(|| failed("expected an RSA key"))?;
        signer.sign(message).map_err(|_| failed("it does not sign"))
    }
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds; as long as Google allows.
const LIFE: u64 = 3600;
