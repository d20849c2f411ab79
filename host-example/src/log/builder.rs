//! How a client is set up.

use std::{fmt, sync::Arc, time::Duration};

use super::rekor::{Rekor, Shared};
use crate::http::{
    BaseUrl, Clients, InvalidBaseUrl, Observer, RequestEvent, RetryPolicy, Transport, Trust,
};

/// Settings of a [`Rekor`]; those it begins with suit most.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct RekorBuilder {
    url: String,
    tiles_url: Option<String>,
    extra_cas: Vec<Vec<u8>>,
    connect_timeout: Duration,
    timeout: Duration,
    retry: RetryPolicy,
    observer: Option<Observer>,
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
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            tiles_url: None,
            extra_cas: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            retry: RetryPolicy {
                retries: 3,
                pause: Duration::from_millis(250),
            },
            observer: None,
        }
    }

    /// Where tiles and checkpoints of Rekor v2 are, if not below `api/v2` of the log's URL: storage
    /// that is served by another host.
    pub fn tiles_url(mut self, url: impl Into<String>) -> Self {
        self.tiles_url = Some(url.into());
        self
    }

    /// Certificate authorities in PEM, beside the system's.
    pub fn extra_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_cas.push(pem.into());
        self
    }

    /// For a TCP connection and its TLS handshake. 10 s at first.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// For one call of [`super::TransparencyLog`] with all its retries and pauses, to the last
    /// byte of the answer. 30 s at first.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Attempts after the first, when a failure may pass. 3 at first.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retry.retries = retries;
        self
    }

    /// The pause before the first retry, about; each further one is about twice as long. 250 ms
    /// at first. A log's `Retry-After` overrides it.
    pub fn retry_pause(mut self, pause: Duration) -> Self {
        self.retry.pause = pause;
        self
    }

    /// Is told of each HTTP request.
    pub fn on_request(
        mut self,
        observer: impl Fn(&RequestEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Some(Arc::new(observer));
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
        let mut trust = Trust::default();
        for pem in &self.extra_cas {
            let added = trust.add_pem(pem);
            added.map_err(|error| RekorBuildError::ExtraCa(error.to_string()))?;
        }
        Ok(Rekor::new(Shared {
            base,
            tiles,
            transport: Transport {
                trust,
                connect_timeout: self.connect_timeout,
                addresses: Vec::new(),
                observer: self.observer,
                clients: Clients::default(),
            },
            timeout: self.timeout,
            retry: self.retry,
        }))
    }
}

impl fmt::Debug for RekorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may have a password in it until it is parsed.
        f.debug_struct("RekorBuilder")
            .field("connect_timeout", &self.connect_timeout)
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
