//! One operation on one repository: requests with authorization, redirects and retries.

use std::time::{Duration, Instant, SystemTime};

use reqwest::{
    Method, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue},
};

use super::{
    Failure, RegistryError,
    auth::{Access, Authorization},
    client::Shared,
    endpoint::{Endpoint, Scheme},
    hop,
    name::Repository,
};
use crate::http::{
    Answer, Backoff, Content, Request, Sink, TransportError, TransportErrorKind, display,
    is_redirect, is_transient, retry_after,
};

/// One operation on one repository, with its deadline.
pub(super) struct Session<'a> {
    pub shared: &'a Shared,
    pub endpoint: &'a Endpoint,
    pub repository: &'a Repository,
    /// What the operation cannot do without.
    pub need: Access,
    /// What to ask the token service for: more than `need` when a push will follow.
    pub ask: Access,
    pub deadline: Instant,
    /// How much longer than others a request of it may take: what it moves may be long.
    pub allowance: Duration,
}

/// A request to the registry, before it is known how to speak to it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The operation and its object, for error texts.
    pub what: String,
    pub method: Method,
    pub target: Target,
    pub accept: Option<&'static str>,
    pub content_type: Option<HeaderValue>,
    pub content_range: Option<HeaderValue>,
    pub body: Option<Content>,
    /// Where the body of a 2xx answer goes, if not into the answer.
    pub sink: Option<Sink>,
    /// The most bytes of a 2xx answer.
    pub limit: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Target {
    /// Below `/v2/REPOSITORY/`.
    Path(String),
    /// A `Location` of the registry's: its authorization goes along only to itself.
    Location { url: Url, from: Url },
}

impl Call {
    /// A request without body, whose answer's body does not matter.
    pub fn new(what: String, method: Method, target: Target) -> Self {
        Self {
            what,
            method,
            target,
            accept: None,
            content_type: None,
            content_range: None,
            body: None,
            sink: None,
            limit: MAX_IGNORED,
        }
    }
}

impl Session<'_> {
    /// Sends, again while failures may pass. Any status that will not pass is an answer.
    pub async fn send(&self, call: &Call) -> Result<Answer, RegistryError> {
        self.backoff().run(|| self.attempt(call)).await
    }

    /// The attempts that this operation has.
    pub fn backoff(&self) -> Backoff {
        Backoff::new(self.shared.retry, self.deadline)
    }

    /// Sends once; twice when the registry asks for (another) authorization.
    pub async fn attempt(&self, call: &Call) -> Result<Answer, Failure> {
        let known = self.known_authorization().await?;
        let mut answer = self.first_contact(call, known.as_ref()).await?;
        if answer.status == StatusCode::UNAUTHORIZED && self.endpoint.is_origin_of(&answer.url) {
            let fresh = self.authorize(&call.what, &answer, known.as_ref()).await?;
            answer = self.first_contact(call, Some(&fresh)).await?;
        }
        if is_transient(answer.status) {
            return Err(Failure::Transient {
                error: answer.refusal(&call.what, self.endpoint),
                after: retry_after(&answer.headers, SystemTime::now()),
            });
        }
        Ok(answer)
    }

    /// How long a request may take now.
    pub fn timeout(&self) -> Duration {
        let left = self.deadline.saturating_duration_since(Instant::now());
        left.min(self.shared.request_timeout + self.allowance)
    }

    /// Finds out whether a registry that may be spoken to in plain HTTP is.
    async fn first_contact(
        &self,
        call: &Call,
        authorization: Option<&Authorization>,
    ) -> Result<Answer, Failure> {
        let scheme = self.endpoint.scheme();
        let result = self.follow(call, scheme, authorization).await;
        let Some(other) = self.endpoint.alternative() else {
            return result.map_err(Failed::into_failure);
        };
        if speaks_otherwise(scheme, &result)
            && let Ok(answer) = self.follow(call, other, authorization).await
        {
            self.endpoint.speaks(other);
            return Ok(answer);
        }
        if result.is_ok() {
            self.endpoint.speaks(scheme);
        }
        result.map_err(Failed::into_failure)
    }

    /// Sends and follows redirects. Authorization goes to the registry itself only, and not
    /// again once a request has left it.
    async fn follow(
        &self,
        call: &Call,
        scheme: Scheme,
        mut authorization: Option<&Authorization>,
    ) -> Result<Answer, Failed> {
        let own = self.endpoint.url(scheme, "/")?;
        let mut url = self.resolve(call, scheme)?;
        for _ in 0..=MAX_REDIRECTS {
            if url.origin() != own.origin() {
                authorization = None;
            }
            let answer = self.exchange(call, &url, authorization).await?;
            if !is_redirect(answer.status) {
                return Ok(answer);
            }
            let next = answer.location()?;
            let repeatable = matches!(call.method, Method::GET | Method::HEAD)
                || matches!(answer.status.as_u16(), 307 | 308);
            if !repeatable {
                return Err(Failed::Final(RegistryError::Invalid(format!(
                    "{}: {} answered {} to {}, which cannot be followed",
                    call.what,
                    display(&answer.url),
                    answer.status,
                    call.method
                ))));
            }
            self.check_hop(&call.what, &answer.url, &next)?;
            url = next;
        }
        Err(Failed::Final(RegistryError::Invalid(format!(
            "{}: more than {MAX_REDIRECTS} redirects, the last to {}",
            call.what,
            display(&url)
        ))))
    }

    fn resolve(&self, call: &Call, scheme: Scheme) -> Result<Url, RegistryError> {
        match &call.target {
            Target::Path(path) => {
                let path = format!("/v2/{}/{path}", self.repository.path);
                self.endpoint.url(scheme, &path)
            }
            Target::Location { url, from } => {
                self.check_hop(&call.what, from, url)?;
                Ok(url.clone())
            }
        }
    }

    fn check_hop(&self, what: &str, from: &Url, to: &Url) -> Result<(), RegistryError> {
        hop::check(from, to, &self.shared.allow_http).map_err(|why| {
            RegistryError::Denied(format!(
                "{what}: {} sends on to where it may not: {why}",
                display(from)
            ))
        })
    }

    async fn exchange(
        &self,
        call: &Call,
        url: &Url,
        authorization: Option<&Authorization>,
    ) -> Result<Answer, Failed> {
        let mut headers = HeaderMap::new();
        if let Some(accept) = call.accept {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if let Some(content_type) = &call.content_type {
            headers.insert(CONTENT_TYPE, content_type.clone());
        }
        if let Some(content_range) = &call.content_range {
            headers.insert(CONTENT_RANGE, content_range.clone());
        }
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization.header());
        }
        let request = Request {
            method: call.method.clone(),
            url: url.clone(),
            headers,
            body: call.body.clone(),
            sink: call.sink.clone(),
            limit: call.limit,
            timeout: self.timeout(),
        };
        let result = self.shared.transport.exchange(request).await;
        result.map_err(|error| Failed::Transport {
            what: call.what.clone(),
            url: url.clone(),
            limit: call.limit,
            error,
        })
    }
}

/// Why `follow` has no answer, before it is known whether that matters.
enum Failed {
    Final(RegistryError),
    Transport {
        what: String,
        url: Url,
        limit: u64,
        error: TransportError,
    },
}

impl Failed {
    fn into_failure(self) -> Failure {
        match self {
            Self::Final(error) => Failure::Final(error),
            Self::Transport {
                what,
                url,
                limit,
                error,
            } => error.into_failure(&what, &url, limit),
        }
    }
}

impl From<RegistryError> for Failed {
    fn from(error: RegistryError) -> Self {
        Self::Final(error)
    }
}

impl TransportError {
    /// What it means for an operation.
    pub(super) fn into_failure(self, what: &str, url: &Url, limit: u64) -> Failure {
        let mut text = format!("{what}: {}: {}", display(url), self.text);
        match self.kind {
            TransportErrorKind::TooLarge => {
                let what = what.to_owned();
                return Failure::Final(RegistryError::TooLarge { what, limit });
            }
            TransportErrorKind::Certificate => {
                text.push_str("; add its authority with --registry-cacert");
            }
            _ => {}
        }
        match self.kind.is_transient() {
            true => Failure::transient(RegistryError::Unavailable(text)),
            false => Failure::Final(RegistryError::Unavailable(text)),
        }
    }
}

/// Whether a server that was spoken to in one way seems to want the other: TLS servers answer
/// plain HTTP with 400 and a word on HTTPS, or with bytes that are no HTTP.
fn speaks_otherwise(scheme: Scheme, result: &Result<Answer, Failed>) -> bool {
    match (scheme, result) {
        (Scheme::Http, Ok(answer)) => {
            answer.status == StatusCode::BAD_REQUEST
                && answer
                    .body
                    .windows(5)
                    .any(|word| word.eq_ignore_ascii_case(b"https"))
        }
        (Scheme::Http, Err(Failed::Transport { error, .. })) => {
            error.kind == TransportErrorKind::Broken
        }
        (Scheme::Https, Err(Failed::Transport { error, .. })) => {
            error.kind == TransportErrorKind::Connect
        }
        _ => false,
    }
}

const MAX_REDIRECTS: usize = 5;
/// Of answers whose body does not matter.
const MAX_IGNORED: u64 = 64 * 1024;
