//! How a client is set up.

use std::{fmt, time::Duration};

use super::rekor::{Rekor, Shared};
use crate::http::{BaseUrl, InvalidBaseUrl, Settings, http_setters};

/// Settings of a [`Rekor`]; those it begins with suit most.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct RekorBuilder {
    url: String,
    tiles_url: Option<String>,
    timeout: Duration,
    http: Settings,
}

/// Why there is no client by these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RekorBuildError {
    /// The URL is not one of a log.
    #[error(
        "URL of a log {found}: {problem}; write http[s]://HOST[:PORT][/PATH], like \
         https://rekor.sigstore.dev"
    )]
    Url {
        /// What was given, quoted, without what may be secret.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A certificate authority is malformed.
    #[error("{0}")]
    ExtraCa(String),
}

impl From<InvalidBaseUrl> for RekorBuildError {
    fn from(error: InvalidBaseUrl) -> Self {
        let InvalidBaseUrl { found, problem } = error;
        Self::Url { found, problem }
    }
}

impl RekorBuilder {
    http_setters!();

    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            tiles_url: None,
            timeout: Duration::from_secs(30),
            http: Settings::default(),
        }
    }

    /// Where tiles and checkpoints of Rekor v2 are, if not below `api/v2` of the log's URL: storage
    /// that is served by another host.
    pub fn tiles_url(mut self, url: impl Into<String>) -> Self {
        self.tiles_url = Some(url.into());
        self
    }

    /// For one call of [`super::TransparencyLog`] with all its retries and pauses, to the last
    /// byte of the answer. 30 s at first.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The client. Nothing is connected yet.
    ///
    /// # Errors
    /// [`RekorBuildError`] when the URL or a certificate authority cannot be used.
    pub fn build(self) -> Result<Rekor, RekorBuildError> {
        let base = BaseUrl::parse(&self.url)?;
        let tiles = match &self.tiles_url {
            Some(url) => BaseUrl::parse(url)?,
            None => base.below("api/v2"),
        };
        let retry = self.http.retry;
        let transport = self.http.transport();
        let transport = transport.map_err(|error| RekorBuildError::ExtraCa(error.to_string()))?;
        Ok(Rekor::new(Shared {
            base,
            tiles,
            transport,
            timeout: self.timeout,
            retry,
        }))
    }
}

impl fmt::Debug for RekorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may have a password in it until it is parsed.
        f.debug_struct("RekorBuilder")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_to_write() {
        let refused = RekorBuilder::new("https://u:secret@log.test".into()).build();
        let words = refused.unwrap_err().to_string();
        assert!(
            words.contains("\"https://…@log.test\": a user or a password"),
            "{words}"
        );
        assert!(words.contains("https://rekor.sigstore.dev"), "{words}");
    }
}
