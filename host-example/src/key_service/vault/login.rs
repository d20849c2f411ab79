//! Who asks, and how a token is come by.

use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::KeyServiceError;

/// Who asks.
#[derive(Clone)]
pub(super) enum Auth {
    /// Who has this token.
    Token(Zeroizing<String>),
    /// Who can log in.
    AppRole(AppRole),
    /// Whoever the agent says.
    Agent,
}

/// What an AppRole logs in with.
#[derive(Clone, Serialize)]
pub(super) struct AppRole {
    pub role_id: String,
    /// Roles may be bound to addresses instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_id: Option<Zeroizing<String>>,
}

/// A token that a login has brought.
#[derive(Clone)]
pub(super) struct Lease {
    pub token: HeaderValue,
    /// When it is no longer good; `None` of one that stays.
    until: Option<Instant>,
}

impl Lease {
    /// Of the answer to a login.
    pub fn read(body: &[u8], now: Instant) -> Result<Self, KeyServiceError> {
        #[derive(Deserialize)]
        struct Answer {
            auth: Granted,
        }
        #[derive(Deserialize)]
        struct Granted {
            client_token: Zeroizing<String>,
            lease_duration: u64,
        }
        // The parser's error would quote the answer.
        let Answer { auth } = serde_json::from_slice(body).map_err(|_| {
            KeyServiceError::Other(
                "log in to Vault: expected JSON with auth.client_token and auth.lease_duration, \
                 found something else"
                    .to_owned(),
            )
        })?;
        // A tenth earlier, lest it ends on the way.
        let lease = Duration::from_secs(auth.lease_duration);
        let until = (!lease.is_zero()).then(|| now.checked_add(lease - lease / 10));
        Ok(Self {
            token: token_header(&auth.client_token)?,
            until: until.flatten(),
        })
    }

    /// Whether it is good at that time.
    pub fn is_good(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A token as it is sent; never shown.
pub(super) fn token_header(token: &str) -> Result<HeaderValue, KeyServiceError> {
    let mut value = HeaderValue::from_str(token).map_err(|_| {
        KeyServiceError::Denied(
            "the token of Vault has characters that no token has: look at VAULT_TOKEN, or at \
             ~/.vault-token"
                .to_owned(),
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_a_tenth_early() {
        let now = Instant::now();
        let answer = br#"{"auth":{"client_token":"t","lease_duration":100}}"#;
        let lease = Lease::read(answer, now).unwrap();
        assert!(lease.is_good(now + Duration::from_secs(89)));
        assert!(!lease.is_good(now + Duration::from_secs(90)));
        let answer = br#"{"auth":{"client_token":"t","lease_duration":0}}"#;
        let lease = Lease::read(answer, now).unwrap();
        assert!(lease.is_good(now + Duration::from_secs(1 << 30)));
    }

    #[test]
    fn another_answer_is_not_quoted() {
        for bad in [
            &br#"{"auth":{"client_token":"secret"}}"#[..],
            br#"{"auth":"secret"}"#,
            br#"{"auth":{"client_token":"secret\n","lease_duration":1}}"#,
            b"secret",
        ] {
            let error = Lease::read(bad, Instant::now()).err().unwrap();
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
