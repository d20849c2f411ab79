//! What every client's builder can set of HTTP.

use std::{net::SocketAddr, time::Duration};

use super::{
    backoff::RetryPolicy,
    tls::{CaError, Trust},
    transport::{Clients, Observer, Transport},
};

/// How servers are reached, and how often they are asked.
#[derive(Clone)]
pub(crate) struct Settings {
    pub extra_cas: Vec<Vec<u8>>,
    pub insecure_tls: bool,
    pub connect_timeout: Duration,
    pub addresses: Vec<(String, SocketAddr)>,
    pub retry: RetryPolicy,
    pub observer: Option<Observer>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            extra_cas: Vec::new(),
            insecure_tls: false,
            connect_timeout: Duration::from_secs(10),
            addresses: Vec::new(),
            retry: RetryPolicy {
                retries: 3,
                pause: Duration::from_millis(250),
            },
            observer: None,
        }
    }
}

impl Settings {
    /// The clients by these settings. Nothing is connected yet.
    pub fn transport(self) -> Result<Transport, CaError> {
        let mut trust = Trust {
            insecure: self.insecure_tls,
            ..Trust::default()
        };
        for pem in &self.extra_cas {
            trust.add_pem(pem)?;
        }
        Ok(Transport {
            trust,
            connect_timeout: self.connect_timeout,
            addresses: self.addresses,
            observer: self.observer,
            clients: Clients::default(),
        })
    }
}

/// The setters that every builder with a field `http` of [`Settings`] has.
macro_rules! http_setters {
    () => {
        /// Certificate authorities in PEM, beside the system's.
        pub fn extra_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
            self.http.extra_cas.push(pem.into());
            self
        }

        /// For a TCP connection and its TLS handshake. 10 s at first.
        pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.http.connect_timeout = timeout;
            self
        }

        /// Attempts after the first, when a failure may pass. 3 at first.
        pub fn retries(mut self, retries: u32) -> Self {
            self.http.retry.retries = retries;
            self
        }

        /// The pause before the first retry, about; each further one is about twice as long. 250 ms at
        /// first. A server's `Retry-After` overrides it.
        pub fn retry_pause(mut self, pause: std::time::Duration) -> Self {
            self.http.retry.pause = pause;
            self
        }

        /// Is told of each HTTP request, those for tokens and redirects included.
        pub fn on_request(
            mut self,
            observer: impl Fn(&$crate::http::RequestEvent<'_>) + Send + Sync + 'static,
        ) -> Self {
            self.http.observer = Some(std::sync::Arc::new(observer));
            self
        }
    };
}

pub(crate) use http_setters;
