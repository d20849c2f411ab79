//! The file of application default credentials.

use serde::Deserialize;

use super::{FILE, Google, account::ServiceAccount, federation::Federation};
use crate::registry::{
    RegistryError,
    provider::{Issued, environment::read_secret},
};

/// What it can hold.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Credentials {
    ServiceAccount(ServiceAccount),
    ExternalAccount(Box<Federation>),
}

impl Google {
    pub(super) async fn token_by_file(&self, path: &str) -> Result<Issued, RegistryError> {
        let text = read_secret(FILE, path)?;
        self.token_by_credentials(&format!("{FILE}: {path}"), &text)
            .await
    }

    /// By the text of such a file, from wherever it is.
    pub(super) async fn token_by_credentials(
        &self,
        whence: &str,
        text: &str,
    ) -> Result<Issued, RegistryError> {
        // The parser's error would quote the file.
        let credentials = serde_json::from_str(text).map_err(|error| {
            RegistryError::Denied(format!(
                "{whence}: expected JSON of type service_account or external_account with \
                 their usual fields (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?;
        match credentials {
            Credentials::ServiceAccount(account) => account.token(&self.services).await,
            Credentials::ExternalAccount(federation) => federation.token(&self.services).await,
        }
    }
}
