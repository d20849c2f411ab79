//! Docker credential helpers: `docker-credential-NAME get`, the server on standard input, JSON
//! on standard output.

use std::{ffi::OsString, time::Duration};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{RegistryError, credentials::Credential};
use crate::{
    http::escaped,
    process::{Bounds, Call},
};

/// Where and how helpers are run.
#[derive(Clone, Debug, Default)]
pub(super) struct Helpers {
    /// In place of the `PATH` that this process has.
    pub search_path: Option<OsString>,
}

impl Helpers {
    /// Asks the helper `name` for the credential of `server`; `None` when it has none.
    pub async fn get(&self, name: &str, server: &str) -> Result<Option<Credential>, RegistryError> {
        if name.is_empty() || name.contains(['/', '\\']) {
            return Err(RegistryError::Denied(format!(
                "credential helper {name:?}: expected the NAME of a docker-credential-NAME"
            )));
        }
        let program = format!("docker-credential-{name}");
        let failed = |why: String| {
            RegistryError::Denied(format!("credentials for {server}: {program} {why}"))
        };
        let mut call = Call::new(&program, ["get"]).input(server).silent();
        if let Some(path) = &self.search_path {
            call = call.search_path(path);
        }
        let ran = call
            .run(BOUNDS)
            .await
            .map_err(|error| RegistryError::Denied(format!("credentials for {server}: {error}")))?;
        if !ran.succeeded {
            let text = String::from_utf8_lossy(&ran.output);
            let text = text.trim();
            if NO_CREDENTIALS.iter().any(|known| text.contains(known)) {
                return Ok(None);
            }
            // By the protocol an error text; anything structured could hold a secret.
            let mut shown = String::new();
            if !text.contains('{') {
                let _ = escaped(text, MAX_SHOWN, &mut shown);
            }
            return Err(failed(format!("failed: {shown}")));
        }
        // The parser's error would quote the answer.
        let found: Found = serde_json::from_slice(&ran.output).map_err(|_| {
            failed("answered something else than {\"Username\":…,\"Secret\":…}".to_owned())
        })?;
        let secret = Zeroizing::new(found.secret);
        Ok(match found.username.as_str() {
            "<token>" => Some(Credential::identity_token(secret.as_str())),
            "" if secret.is_empty() => None,
            username => Some(Credential::basic(username, secret.as_str())),
        })
    }
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Users may have to unlock a keychain, or a cloud to answer.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(30),
    output: 64 * 1024,
};
const MAX_SHOWN: usize = 256;
/// docker-credential-helpers, `credentials/error.go`.
const NO_CREDENTIALS: [&str; 3] = [
    "credentials not found in native keychain",
    "no credentials server URL",
    "no credentials username",
];
