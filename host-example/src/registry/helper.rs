//! Docker credential helpers: `docker-credential-NAME get`, the server on standard input, JSON
//! on standard output.

use std::{ffi::OsString, process::Stdio, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};
use zeroize::Zeroizing;

use super::{RegistryError, credentials::Credential};
use crate::http::escaped;

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
        let output = tokio::time::timeout(TIMEOUT, self.run(&program, server))
            .await
            .map_err(|_| failed(format!("gave no answer in {} s", TIMEOUT.as_secs())))?
            .map_err(|error| failed(format!("cannot be run: {error}")))?;
        if !output.succeeded {
            let text = String::from_utf8_lossy(&output.stdout);
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
        let found: Found = serde_json::from_slice(&output.stdout).map_err(|_| {
            failed("answered something else than {\"Username\":…,\"Secret\":…}".to_owned())
        })?;
        let secret = Zeroizing::new(found.secret);
        Ok(match found.username.as_str() {
            "<token>" => Some(Credential::identity_token(secret.as_str())),
            "" if secret.is_empty() => None,
            username => Some(Credential::basic(username, secret.as_str())),
        })
    }

    async fn run(&self, program: &str, server: &str) -> std::io::Result<Output> {
        let mut command = Command::new(program);
        if let Some(path) = &self.search_path {
            command.env("PATH", path);
        }
        let mut child = command
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A helper that knows its answer without reading is no failure.
            let _ = stdin.write_all(server.as_bytes()).await;
        }
        let mut stdout = Zeroizing::new(Vec::with_capacity(MAX_OUTPUT));
        if let Some(pipe) = child.stdout.take() {
            pipe.take(MAX_OUTPUT as u64)
                .read_to_end(&mut stdout)
                .await?;
        }
        let succeeded = child.wait().await?.success();
        Ok(Output { succeeded, stdout })
    }
}

struct Output {
    succeeded: bool,
    stdout: Zeroizing<Vec<u8>>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Users may have to unlock a keychain, or a cloud to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_OUTPUT: usize = 64 * 1024;
const MAX_SHOWN: usize = 256;
/// docker-credential-helpers, `credentials/error.go`.
const NO_CREDENTIALS: [&str; 3] = [
    "credentials not found in native keychain",
    "no credentials server URL",
    "no credentials username",
];
