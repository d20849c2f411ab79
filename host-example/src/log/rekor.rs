//! The client: what each operation sends.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};

use super::{
    Failure, LogApi, LogError, Receipt, TransparencyLog, answer,
    builder::RekorBuilder,
    name::{check_path, check_uuid},
};
use crate::http::{
    Answer, Backoff, BaseUrl, Request, RetryPolicy, Transport, TransportError, TransportErrorKind,
    deadline, display, is_transient, retry_after,
};

/// A client of one Rekor, v1 or v2, over HTTP(S).
///
/// Plain HTTP is as good as https here: what comes back is verified by the component, and nothing
/// secret is sent. Redirects are not followed. Cheap to clone; clones share connections, and may be
/// used side by side. It needs a Tokio runtime with I/O and time.
///
/// ```no_run
/// use cosignet_host::{Imports, Rekor};
///
/// let log = Rekor::builder("https://rekor.sigstore.dev").build()?;
/// let imports = Imports::none().transparency_log(log);
/// # Ok::<(), cosignet_host::log::RekorBuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rekor {
    shared: Arc<Shared>,
}

/// What clones share.
#[derive(Debug)]
pub(super) struct Shared {
    pub base: BaseUrl,
    pub tiles: BaseUrl,
    pub transport: Transport,
    pub timeout: Duration,
    pub retry: RetryPolicy,
}

/// A request to the log.
struct Call {
    /// The operation, for error texts.
    what: &'static str,
    url: Url,
    body: Body,
    /// The most bytes of a 2xx answer.
    limit: u64,
}

enum Body {
    /// GET, of JSON or of bytes.
    None { accept: Option<HeaderValue> },
    /// POST, of JSON for JSON.
    Json(Bytes),
}

impl Rekor {
    /// A client to be set up. The URL is `http[s]://HOST[:PORT][/PATH]`; the paths of the APIs are
    /// below it.
    pub fn builder(url: impl Into<String>) -> RekorBuilder {
        RekorBuilder::new(url.into())
    }

    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Sends, again while failures may pass. Any status that will not pass is an answer.
    async fn send(&self, call: &Call) -> Result<Answer, LogError> {
        let deadline = deadline(self.shared.timeout);
        // To post an entry twice is safe: the log answers 409 then.
        let backoff = Backoff::new(self.shared.retry, deadline);
        backoff.run(|| self.attempt(call, deadline)).await
    }

    async fn attempt(&self, call: &Call, deadline: Instant) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::new();
        let (method, body) = match &call.body {
            Body::None { accept } => {
                headers.extend(accept.clone().map(|accept| (ACCEPT, accept)));
                (Method::GET, None)
            }
            Body::Json(body) => {
                headers.insert(ACCEPT, JSON);
                headers.insert(CONTENT_TYPE, JSON);
                (Method::POST, Some(body.clone()))
            }
        };
        let request = Request {
            method,
            url: call.url.clone(),
            headers,
            body: body.map(Into::into),
            sink: None,
            limit: call.limit,
            timeout: deadline.saturating_duration_since(Instant::now()),
        };
        let answer = self.shared.transport.exchange(request).await;
        let answer = answer.map_err(|error| failure(call, error))?;
        match is_transient(answer.status) {
            true => Err(Failure::Transient {
                error: answer::refusal(call.what, &answer),
                after: retry_after(&answer.headers, SystemTime::now()),
            }),
            false => Ok(answer),
        }
    }
}

#[async_trait]
impl TransparencyLog for Rekor {
    async fn submit(
        &self,
        api: LogApi,
        entry: Vec<u8>,
        max_size: u64,
    ) -> Result<Receipt, LogError> {
        let call = Call {
            what: "submit an entry",
            url: self.shared.base.join(match api {
                LogApi::RekorV1 => ENTRIES_V1,
                LogApi::RekorV2 => ENTRIES_V2,
            }),
            body: Body::Json(entry.into()),
            limit: max_size,
        };
        answer::receipt(call.what, api, self.send(&call).await?)
    }

    async fn fetch_entry(&self, uuid: &str, max_size: u64) -> Result<Vec<u8>, LogError> {
        check_uuid(uuid)?;
        let call = Call {
            what: "fetch an entry",
            url: self.shared.base.join(&format!("{ENTRIES_V1}/{uuid}")),
            body: Body::None { accept: Some(JSON) },
            limit: max_size,
        };
        answer::content(call.what, self.send(&call).await?)
    }

    async fn search_entries(&self, query: Vec<u8>, max_size: u64) -> Result<Vec<u8>, LogError> {
        let call = Call {
            what: "search entries",
            url: self.shared.base.join(RETRIEVE_V1),
            body: Body::Json(query.into()),
            limit: max_size,
        };
        answer::content(call.what, self.send(&call).await?)
    }

    async fn fetch_tile(&self, path: &str, max_size: u64) -> Result<Vec<u8>, LogError> {
        check_path(path)?;
        let call = Call {
            what: "fetch a tile",
            url: self.shared.tiles.join(path),
            body: Body::None { accept: None },
            limit: max_size,
        };
        answer::content(call.what, self.send(&call).await?)
    }
}

/// What it means for an operation that there is no answer.
fn failure(call: &Call, error: TransportError) -> Failure {
    let (what, url) = (call.what, display(&call.url));
    let mut text = format!("{what}: {url}: {}", error.text);
    match error.kind {
        TransportErrorKind::TooLarge => {
            return Failure::Final(LogError::TooLarge {
                what: format!("{what}: the answer of {url}"),
                limit: call.limit,
            });
        }
        TransportErrorKind::Certificate => {
            text.push_str("; add its authority to those of this machine or of this client");
        }
        _ => {}
    }
    match error.kind.is_transient() {
        true => Failure::transient(LogError::Unavailable(text)),
        false => Failure::Final(LogError::Unavailable(text)),
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ENTRIES_V1: &str = "api/v1/log/entries";
const RETRIEVE_V1: &str = "api/v1/log/entries/retrieve";
const ENTRIES_V2: &str = "api/v2/log/entries";
