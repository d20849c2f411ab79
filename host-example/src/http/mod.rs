//! HTTP(S) as every client here speaks it: those of registries, logs and key services.
//!
//! `settings` are what users set, `transport` owns the HTTP clients and `tls` their trust, `answer` is what comes back, `stream` are
//! bodies too long for memory, `said` what a refusal says for people, `backoff` when to ask again, `base`
//! where a service is, and `url` how a URL may be shown and how far away its host is. What a status means
//! is each client's own business.

mod answer;
mod backoff;
mod base;
mod said;
mod settings;
mod stream;
mod tls;
mod transport;
mod url;

#[cfg(test)]
pub(crate) mod test_server;

pub use transport::RequestEvent;

pub(crate) use answer::{Answer, is_redirect, is_transient};
pub(crate) use backoff::{Backoff, Failure, RetryPolicy, deadline, retry_after};
pub(crate) use base::{BaseUrl, InvalidBaseUrl};
pub(crate) use said::{Said, escaped, quoted};
pub(crate) use settings::{Settings, http_setters};
pub(crate) use stream::{Content, Sink};
pub(crate) use transport::{Request, Transport, TransportError, TransportErrorKind};
pub(crate) use url::{Reach, display, origin, reach};
