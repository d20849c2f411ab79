//! Errors of the registry's HTTP interface, as the distribution specification words them.

use hyper::{
    StatusCode,
    header::{ALLOW, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE, WWW_AUTHENTICATE},
    http::request::Parts,
};
use serde_json::json;
use thiserror::Error;

use super::{
    super::response::{Reply, Response},
    route::Endpoint,
};

/// Why a request was refused. Each has a status, a code of the specification and a message.
#[derive(Debug, Error)]
pub(super) enum ApiError {
    #[error("authentication required: send `Authorization: Basic` with the configured user")]
    Unauthorized,
    #[error("no such endpoint: {path}")]
    UnknownEndpoint { path: String },
    #[error("method {method} is not supported at this endpoint")]
    MethodNotAllowed {
        method: String,
        allowed: &'static str,
    },
    #[error("`{found}` is not a repository name")]
    NameInvalid { found: String },
    #[error("repository {repository} is unknown: push something into it first")]
    NameUnknown { repository: String },
    #[error("`{found}` is neither a tag nor a digest")]
    TagInvalid { found: String },
    #[error("`{found}` is not a sha256 or sha512 digest")]
    DigestMalformed { found: String },
    #[error("the query has no `digest`: finish the upload with `?digest=<digest>`")]
    DigestMissing,
    #[error("content does not match its digest: claimed {claimed}, found {found}")]
    DigestMismatch { claimed: String, found: String },
    #[error("blob {digest} is unknown in repository {repository}")]
    BlobUnknown { repository: String, digest: String },
    #[error("upload {id} is unknown in repository {repository}: start a new one with POST")]
    UploadUnknown { repository: String, id: String },
    #[error("Content-Range `{found}` is not `<start>-<end>` of a body of {length} bytes")]
    RangeMalformed { found: String, length: usize },
    #[error("chunk starts at {start}, expected {expected}: chunks come in order, without gaps")]
    RangeOutOfOrder { start: usize, expected: usize },
    #[error("the range starts beyond the end of a blob of {length} bytes")]
    RangeNotSatisfiable { length: usize },
    #[error("manifest {reference} is unknown in repository {repository}")]
    ManifestUnknown {
        repository: String,
        reference: String,
    },
    #[error("manifest refers to {digest}, which repository {repository} lacks: push it first")]
    ManifestBlobUnknown { repository: String, digest: String },
    #[error("manifest is invalid: {reason}")]
    ManifestInvalid { reason: String },
    #[error("`{found}` is not a number of entries")]
    PageSizeInvalid { found: String },
    #[error("content is larger than the limit of {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the request target is longer than {limit} bytes")]
    TargetTooLong { limit: usize },
    #[error("the registry is full: it holds at most {limit} bytes")]
    Full { limit: usize },
    #[error("the request body ended early")]
    BodyAborted,
}

impl ApiError {
    /// The error for a method that an endpoint does not have.
    pub(super) fn method_not_allowed(request: &Parts) -> Self {
        let path = request.uri.path();
        let allowed = match Endpoint::of(path) {
            Some(Endpoint::Base) | None => "GET, HEAD",
            Some(Endpoint::Blob) => "GET, HEAD, DELETE",
            Some(Endpoint::Upload) if path.trim_end_matches('/').ends_with("/uploads") => "POST",
            Some(Endpoint::Upload) => "GET, PATCH, PUT, DELETE",
            Some(Endpoint::Manifest) => "GET, HEAD, PUT, DELETE",
            Some(Endpoint::Tags | Endpoint::Referrers) => "GET",
        };
        Self::MethodNotAllowed {
            method: request.method.to_string(),
            allowed,
        }
    }

    /// The response that tells the client about this error.
    pub(super) fn into_response(self) -> Response {
        let body = json!({
            "errors": [{
                "code": self.code(),
                "message": self.to_string(),
                "detail": self.detail(),
            }]
        });
        let reply = Reply::new(self.status())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let reply = match &self {
            Self::Unauthorized => {
                reply.header(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE))
            }
            Self::MethodNotAllowed { allowed, .. } => {
                reply.header(ALLOW, HeaderValue::from_static(allowed))
            }
            Self::RangeOutOfOrder { expected, .. } => {
                reply.header(RANGE, format!("0-{}", expected.saturating_sub(1)))
            }
            Self::RangeNotSatisfiable { length } => {
                reply.header(CONTENT_RANGE, format!("bytes */{length}"))
            }
            _ => reply,
        };
        reply.body(body.to_string())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::UnknownEndpoint { .. }
            | Self::NameUnknown { .. }
            | Self::BlobUnknown { .. }
            | Self::UploadUnknown { .. }
            | Self::ManifestUnknown { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NameInvalid { .. }
            | Self::TagInvalid { .. }
            | Self::DigestMalformed { .. }
            | Self::DigestMissing
            | Self::DigestMismatch { .. }
            | Self::RangeMalformed { .. }
            | Self::ManifestBlobUnknown { .. }
            | Self::ManifestInvalid { .. }
            | Self::PageSizeInvalid { .. }
            | Self::BodyAborted => StatusCode::BAD_REQUEST,
            Self::RangeOutOfOrder { .. } | Self::RangeNotSatisfiable { .. } => {
                StatusCode::RANGE_NOT_SATISFIABLE
            }
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "UNAUTHORIZED",
            Self::UnknownEndpoint { .. }
            | Self::MethodNotAllowed { .. }
            | Self::TargetTooLong { .. } => "UNSUPPORTED",
            Self::NameInvalid { .. } => "NAME_INVALID",
            Self::NameUnknown { .. } => "NAME_UNKNOWN",
            Self::TagInvalid { .. } => "TAG_INVALID",
            Self::DigestMalformed { .. } | Self::DigestMissing | Self::DigestMismatch { .. } => {
                "DIGEST_INVALID"
            }
            Self::BlobUnknown { .. } => "BLOB_UNKNOWN",
            Self::UploadUnknown { .. } => "BLOB_UPLOAD_UNKNOWN",
            Self::RangeMalformed { .. }
            | Self::RangeOutOfOrder { .. }
            | Self::RangeNotSatisfiable { .. }
            | Self::BodyAborted => "BLOB_UPLOAD_INVALID",
            Self::ManifestUnknown { .. } => "MANIFEST_UNKNOWN",
            Self::ManifestBlobUnknown { .. } => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid { .. } => "MANIFEST_INVALID",
            Self::PageSizeInvalid { .. } => "PAGINATION_NUMBER_INVALID",
            Self::TooLarge { .. } => "SIZE_INVALID",
            Self::Full { .. } => "DENIED",
        }
    }

    fn detail(&self) -> serde_json::Value {
        match self {
            Self::BlobUnknown { digest, .. } | Self::ManifestBlobUnknown { digest, .. } => {
                json!({ "digest": digest })
            }
            Self::DigestMismatch { claimed, found } => {
                json!({ "claimed": claimed, "found": found })
            }
            Self::ManifestUnknown { reference, .. } => json!({ "reference": reference }),
            Self::TooLarge { limit } | Self::Full { limit } => json!({ "limit": limit }),
            _ => serde_json::Value::Null,
        }
    }
}

const CHALLENGE: &str = "Basic realm=\"embedded registry\", charset=\"UTF-8\"";
