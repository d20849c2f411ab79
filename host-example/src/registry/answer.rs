//! What a registry's answer means: success, refusal, the way on.

use reqwest::{StatusCode, Url, header::LOCATION};

use super::{RegistryError, endpoint::Endpoint};
use crate::http::{Answer, Said, display, is_transient};

impl Answer {
    /// Itself when the status is 2xx, else the error that the status stands for.
    pub(super) fn into_success(
        self,
        what: &str,
        registry: &Endpoint,
    ) -> Result<Self, RegistryError> {
        match self.status.is_success() {
            true => Ok(self),
            false => Err(self.refusal(what, registry)),
        }
    }

    /// The error that a status other than 2xx stands for.
    pub(super) fn refusal(&self, what: &str, registry: &Endpoint) -> RegistryError {
        let text = format!(
            "{what}: {} answered {}{}",
            display(&self.url),
            self.status,
            Said(&self.body)
        );
        match self.status {
            StatusCode::NOT_FOUND => RegistryError::NotFound(text),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                RegistryError::Denied(format!("{text}; {}", registry.advice()))
            }
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                RegistryError::Unsupported(text)
            }
            status if is_transient(status) || status.is_server_error() => {
                RegistryError::Unavailable(text)
            }
            _ => RegistryError::Invalid(text),
        }
    }

    /// `Location`, resolved against where the answer came from, without user info (which an
    /// HTTP client would send as credentials).
    pub(super) fn location(&self) -> Result<Url, RegistryError> {
        let from = display(&self.url);
        let header = self.header(LOCATION).ok_or_else(|| {
            RegistryError::Invalid(format!("{from} answered {} without Location", self.status))
        })?;
        let mut url = self.url.join(header).map_err(|error| {
            RegistryError::Invalid(format!("{from} answered a malformed Location: {error}"))
        })?;
        // Fails for URLs that cannot have user info, which therefore have none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(url)
    }
}
