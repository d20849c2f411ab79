//! Errors of the API, as Vault words them.

use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::json;
use thiserror::Error;

use super::super::response::{Reply, Response};

/// Why a request was refused.
#[derive(Debug, Error)]
pub(super) enum ApiError {
    #[error("no handler for route {path:?}. route entry not found.")]
    NoRoute { path: String },
    #[error("unsupported operation")]
    Method,
    #[error("permission denied")]
    Denied,
    #[error("invalid role or secret ID")]
    Login,
    /// Vault says nothing of it.
    #[error("")]
    NoKey,
    #[error("signing key not found")]
    NoSigningKey,
    #[error("key type {kind} does not support signing")]
    SignsNothing { kind: &'static str },
    #[error("requested version for signing is higher than the latest key version")]
    VersionTooHigh,
    #[error("supplied signature is invalid")]
    BadSignature,
    #[error("unable to decode input as base64: {0}")]
    Input(String),
    #[error("unknown key type {0:?}")]
    Kind(String),
    #[error("invalid hash algorithm {0:?}")]
    Hash(String),
    #[error("error parsing JSON: {0}")]
    Body(String),
    #[error("the request body is larger than {limit} bytes, or ended early")]
    TooLarge { limit: usize },
    #[error("internal error: {0}")]
    Internal(String),
}

impl ApiError {
    /// The response that tells the client about this error.
    pub(super) fn into_response(self) -> Response {
        let errors = match &self {
            Self::NoKey => json!([]),
            other => json!([other.to_string()]),
        };
        Reply::new(self.status())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(format!("{}\n", json!({ "errors": errors })))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoRoute { .. } | Self::NoKey => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Denied => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::VersionTooHigh | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Login
            | Self::NoSigningKey
            | Self::SignsNothing { .. }
            | Self::BadSignature
            | Self::Input(_)
            | Self::Kind(_)
            | Self::Hash(_)
            | Self::Body(_) => StatusCode::BAD_REQUEST,
        }
    }
}
