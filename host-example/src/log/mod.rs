//! Transparency logs: what a host asks of one, and a client that does it.
//!
//! [`TransparencyLog`] is all the rest of the crate knows; [`Rekor`] fulfils it over HTTP(S), for
//! Rekor v1 and v2. Nothing here judges an answer: the component makes what is sent, and verifies
//! what comes back with keys of its own.
//!
//! How a call flows: `name` checks what becomes part of a URL, `rekor` sends
//! one request with its retries, and `answer` says what a status means.

mod answer;
mod builder;
mod name;
mod rekor;

#[cfg(test)]
mod tests;

use async_trait::async_trait;

pub use crate::http::RequestEvent;
pub use builder::{RekorBuildError, RekorBuilder};
pub use rekor::Rekor;

/// Why one attempt failed.
type Failure = crate::http::Failure<LogError>;

/// Which API a log speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogApi {
    /// Rekor v1: `/api/v1/log/entries`.
    RekorV1,
    /// Rekor v2: `/api/v2/log/entries`, and tiles (C2SP `tlog-tiles`).
    RekorV2,
}

/// What a log says to an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was taken: the answer's body, believed by nobody until it was verified.
    Logged(Vec<u8>),
    /// It was there before: its UUID (Rekor v1), or its index in decimal (Rekor v2).
    AlreadyLogged(String),
}

/// Why a log did not do what it was asked.
///
/// Each text says the operation, the URL without query or user info, and what came back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// 404: no such entry or tile, or no such API.
    #[error("not found: {0}")]
    NotFound(String),
    /// 401 or 403.
    #[error("access denied: {0}")]
    Denied(String),
    /// Network, TLS, timeout, 429 or 5xx, after retries.
    #[error("log unavailable: {0}")]
    Unavailable(String),
    /// The log does not take this, whoever sends it (4xx other than those above).
    #[error("refused by the log: {0}")]
    Refused(String),
    /// An answer longer than the caller accepts, whether announced or streamed.
    #[error("{what} is longer than the {limit} bytes accepted")]
    TooLarge {
        /// What was being read.
        what: String,
        /// The most bytes that were acceptable.
        limit: u64,
    },
    /// A malformed UUID or path, or an answer that breaks the protocol.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The log does not offer the operation (501).
    #[error("not supported by the log: {0}")]
    Unsupported(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Writing to a transparency log, and reading from it.
///
/// `max_size` is the most bytes of an answer that will be accepted.
#[async_trait]
pub trait TransparencyLog: Send + Sync {
    /// Has an entry logged: the JSON of a proposed entry (Rekor v1) or of a request (Rekor v2). To
    /// send one again is safe: the log has it then.
    async fn submit(&self, api: LogApi, entry: Vec<u8>, max_size: u64)
    -> Result<Receipt, LogError>;

    /// The entry of Rekor v1 with that UUID, 64 or 80 hexadecimal digits.
    async fn fetch_entry(&self, uuid: &str, max_size: u64) -> Result<Vec<u8>, LogError>;

    /// What Rekor v1 finds by a search, which is JSON.
    async fn search_entries(&self, query: Vec<u8>, max_size: u64) -> Result<Vec<u8>, LogError>;

    /// A tile or checkpoint of Rekor v2, by its path below the log's URL: `checkpoint`,
    /// `tile/0/x001/234.p/56`.
    async fn fetch_tile(&self, path: &str, max_size: u64) -> Result<Vec<u8>, LogError>;
}
