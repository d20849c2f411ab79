//! The registry behind HTTP: who may ask, and which handler answers.

use std::num::NonZeroUsize;

use base64ct::{Base64, Encoding as _};
use hyper::{
    Method, StatusCode,
    body::Incoming,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    http::request::Parts,
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    super::{
        cors::Cors,
        response::{Reply, Response},
        serve::{MAX_TARGET_SIZE, Site, is_target_too_long},
    },
    error::ApiError,
    options::{BasicAuth, Options},
    route::{Endpoint, Route},
    store::Store,
};

/// The state and the settings that every request meets.
pub(super) struct Api {
    pub(super) store: Store,
    pub(super) limits: Limits,
    pub(super) page_size: Option<NonZeroUsize>,
    pub(super) referrers_api: bool,
    cors: Option<Cors>,
    credentials: Option<Credentials>,
}

/// The most bytes of one piece of content.
pub(super) struct Limits {
    pub(super) manifest: usize,
    pub(super) blob: usize,
}

impl Api {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            store: Store::new(options.max_total_size),
            limits: Limits {
                manifest: options.max_manifest_size,
                blob: options.max_blob_size,
            },
            page_size: options.page_size,
            referrers_api: options.referrers_api,
            cors: options.cors.then_some(CORS),
            credentials: options.auth.as_ref().map(Credentials::new),
        }
    }

    async fn dispatch(&self, request: &Parts, body: &mut Incoming) -> Result<Response, ApiError> {
        if is_target_too_long(request) {
            return Err(ApiError::TargetTooLong {
                limit: MAX_TARGET_SIZE,
            });
        }
        self.authorize(request)?;
        if !self.referrers_api && Endpoint::of(request.uri.path()) == Some(Endpoint::Referrers) {
            return Ok(page_not_found());
        }
        match Route::parse(request.uri.path())? {
            Route::Base if request.method == Method::GET || request.method == Method::HEAD => {
                Ok(Reply::new(StatusCode::OK)
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                    .body("{}"))
            }
            Route::Base => Err(ApiError::method_not_allowed(request)),
            Route::Blob { repository, digest } => self.blob(request, &repository, &digest),
            Route::Uploads { repository } => self.uploads(request, body, &repository).await,
            Route::Upload { repository, id } => self.upload(request, body, &repository, &id).await,
            Route::Manifest {
                repository,
                reference,
            } => self.manifest(request, body, &repository, &reference).await,
            Route::Tags { repository } => self.tags(request, &repository),
            Route::Referrers {
                repository,
                subject,
            } => self.referrers(request, &repository, &subject),
        }
    }

    fn authorize(&self, request: &Parts) -> Result<(), ApiError> {
        let Some(credentials) = &self.credentials else {
            return Ok(());
        };
        let sent = request
            .headers
            .get(AUTHORIZATION)
            .map(HeaderValue::as_bytes);
        if sent.is_some_and(|sent| credentials.admit(sent)) {
            return Ok(());
        }
        Err(ApiError::Unauthorized)
    }
}

impl Site for Api {
    type Endpoint = Endpoint;

    fn endpoint(path: &str) -> Option<Endpoint> {
        Endpoint::of(path)
    }

    async fn answer(&self, request: &Parts, body: &mut Incoming) -> Response {
        let answer = self.dispatch(request, body).await;
        answer.unwrap_or_else(ApiError::into_response)
    }

    fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    }

    fn cors(&self) -> Option<Cors> {
        self.cors
    }
}

/// The hash of the one `Authorization` value that is let in. Hashes are compared in place of the
/// values, so that the time taken says nothing about them.
struct Credentials([u8; 32]);

impl Credentials {
    fn new(auth: &BasicAuth) -> Self {
        let pair = Zeroizing::new(format!("{}:{}", auth.user, auth.password.as_str()));
        Self::hash(Zeroizing::new(Base64::encode_string(pair.as_bytes())).as_bytes())
    }

    /// RFC 7617: `Basic`, in any case, and the base64 of `user:password`.
    fn admit(&self, sent: &[u8]) -> bool {
        let Some((scheme, pair)) = sent.split_at_checked(BASIC.len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(BASIC) && Self::hash(pair.trim_ascii()).0 == self.0
    }

    fn hash(pair: &[u8]) -> Self {
        Self(Sha256::digest(pair).into())
    }
}

/// Word for word what Docker's registry says of any path that it does not know.
fn page_not_found() -> Response {
    Reply::new(StatusCode::NOT_FOUND)
        .header(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        )
        .body("404 page not found\n")
}

/// `Docker-Content-Digest`: the digest of the manifest or blob that a response is about.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const BASIC: &[u8] = b"Basic ";
const CORS: Cors = Cors {
    methods: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    request_headers: "Accept, Authorization, Content-Range, Content-Type, Range",
    response_headers: "Content-Range, Docker-Content-Digest, Link, Location, OCI-Filters-Applied, \
        OCI-Subject, Range, Retry-After, WWW-Authenticate",
};
