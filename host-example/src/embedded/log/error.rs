//! Errors of the API, as Rekor words them.

use std::time::Duration;

use hyper::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue, LOCATION},
};
use serde_json::json;
use thiserror::Error;

use super::{
    super::response::{Reply, Response},
    proposal::Refusal,
    route,
};

/// Why a request was refused. Each has a status, a number and a message.
#[derive(Debug, Error)]
pub(super) enum ApiError {
    #[error("path {path} was not found")]
    UnknownEndpoint { path: String },
    #[error("method {found} is not allowed, but [{allowed}] are")]
    MethodNotAllowed {
        found: Method,
        allowed: &'static str,
    },
    #[error("the request target is longer than {limit} bytes")]
    TargetTooLong { limit: usize },
    #[error("the request body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the request body took longer than {limit:?}")]
    TooSlow { limit: Duration },
    #[error("the request body ended early")]
    BodyAborted,
    #[error("parsing {name} body from \"\" failed, because {reason}")]
    MalformedBody { name: &'static str, reason: String },
    #[error("error processing entry: {0}")]
    Refused(#[from] Refusal),
    #[error("{name} in {place} should match '{pattern}'")]
    Pattern {
        name: &'static str,
        place: &'static str,
        pattern: &'static str,
    },
    #[error("{name} in query is required")]
    Missing { name: &'static str },
    #[error("{name} in query must be of type int64: {found:?}")]
    NotANumber { name: &'static str, found: String },
    #[error("{name} in query should be greater than or equal to {least}")]
    TooSmall { name: &'static str, least: usize },
    #[error("more than max allowed {limit} entries in request")]
    TooManyQueries { limit: usize },
    /// Rekor says nothing else of it.
    #[error("not found")]
    NotFound,
    #[error("an equivalent entry already exists in the transparency log with UUID {uuid}")]
    Exists { uuid: String },
    #[error("firstSize({first}) must be less than lastSize({last})")]
    SizesReversed { first: usize, last: usize },
    #[error(
        "the tree size requested({requested}) was greater than what is currently observable({size})"
    )]
    SizeUnknown { requested: usize, size: usize },
    #[error("there is no tree {found} here, but {expected}")]
    OtherTree { found: String, expected: u64 },
    #[error("the PKI format requested is not supported by this server")]
    OtherKeyFormat,
    #[error("public key provided could not be parsed")]
    MalformedKey,
    #[error("the log is full: it holds at most {limit} entries")]
    Full { limit: usize },
    #[error("the entry could not be kept: {0}")]
    NotKept(String),
    #[error("the log is ending")]
    Ending,
}

impl ApiError {
    /// The response that tells the client about this error.
    pub(super) fn into_response(self) -> Response {
        let reply = Reply::new(self.status());
        if matches!(self, Self::NotFound) {
            return reply.empty();
        }
        let reply = reply.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let reply = match &self {
            Self::Exists { uuid } => reply.header(LOCATION, route::location(uuid)),
            _ => reply,
        };
        let body = json!({ "code": self.code(), "message": self.to_string() });
        reply.body(format!("{body}\n"))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownEndpoint { .. } | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyAborted
            | Self::MalformedBody { .. }
            | Self::Refused(_)
            | Self::SizesReversed { .. }
            | Self::SizeUnknown { .. }
            | Self::OtherTree { .. }
            | Self::OtherKeyFormat
            | Self::MalformedKey => StatusCode::BAD_REQUEST,
            Self::Pattern { .. }
            | Self::Missing { .. }
            | Self::NotANumber { .. }
            | Self::TooSmall { .. }
            | Self::TooManyQueries { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Exists { .. } => StatusCode::CONFLICT,
            Self::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
            Self::NotKept(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Ending => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The status, or the number that go-openapi, which Rekor is made with, has for what a
    /// parameter does wrong.
    fn code(&self) -> u16 {
        match self {
            Self::NotANumber { .. } => 601,
            Self::Missing { .. } => 602,
            Self::Pattern { .. } => 605,
            Self::TooSmall { .. } => 609,
            other => other.status().as_u16(),
        }
    }
}
