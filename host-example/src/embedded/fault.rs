//! Faults: what a server, or the way to it, can do to a client. For tests and demonstrations.
//!
//! Each embedded server names its own kinds of endpoint, `E` here, and makes types of its own of
//! these.

use std::{
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{HeaderName, HeaderValue},
};

use super::response::{Body, Reply, Response};

/// A rule: which requests are hit, and what happens to them.
///
/// A new fault hits every request; [`method`](Self::method), [`endpoint`](Self::endpoint) and
/// [`path_contains`](Self::path_contains) narrow it down, and all that are given have to fit.
/// When several faults hit one request they act in the order of their injection, until one of
/// them answers the request or closes the connection.
#[derive(Debug, Clone)]
pub struct Fault<E> {
    action: Action<E>,
    method: Option<Method>,
    endpoint: Option<E>,
    path_contains: Option<String>,
    skip: usize,
    times: usize,
}

impl<E> Fault<E> {
    /// A fault that does `action` to every request.
    pub fn new(action: Action<E>) -> Self {
        Self {
            action,
            method: None,
            endpoint: None,
            path_contains: None,
            skip: 0,
            times: usize::MAX,
        }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Only requests to this kind of endpoint.
    #[must_use]
    pub fn endpoint(mut self, endpoint: E) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Only requests whose path, as sent and without its query, contains `text`.
    #[must_use]
    pub fn path_contains(mut self, text: impl Into<String>) -> Self {
        self.path_contains = Some(text.into());
        self
    }

    /// Lets the first `requests` that fit pass.
    #[must_use]
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// Hits at most `requests` times.
    #[must_use]
    pub fn times(mut self, requests: usize) -> Self {
        self.times = requests;
        self
    }

    fn fits(&self, request: &RequestHead<E>) -> bool
    where
        E: PartialEq,
    {
        self.method
            .as_ref()
            .is_none_or(|method| *method == request.method)
            && (self.endpoint.is_none() || self.endpoint == request.endpoint)
            && self
                .path_contains
                .as_ref()
                .is_none_or(|text| request.path.contains(text))
    }
}

/// What a [`Fault`] does.
#[derive(Debug, Clone)]
pub enum Action<E> {
    /// Answers in place of the server, which never learns of the request.
    Respond {
        /// The status.
        status: StatusCode,
        /// All headers but `Content-Length`.
        headers: HeaderMap,
        /// The body.
        body: Bytes,
    },
    /// Waits before the server sees the request.
    Delay(Duration),
    /// Runs a hook before the server sees the request: see [`Action::hold`].
    Hold(Hook<E>),
    /// Closes the connection without an answer; the server never learns of the request.
    Drop,
    /// Lets the server do what was asked, then closes the connection without an answer.
    LoseResponse,
    /// Sends this many bytes of the body, of the whole length declared, then closes.
    Truncate(usize),
    /// Flips a bit of the body, so that it no longer has its digest. An empty one gets a byte.
    Corrupt,
    /// Replaces the body, and leaves the headers but for `Content-Length`.
    ReplaceBody(Bytes),
    /// Makes another body of it: see [`Action::rewrite`].
    Rewrite(Rewrite),
    /// Replaces the body by one that never ends, and declares no length.
    Endless,
    /// Sets a header of the answer.
    SetHeader(HeaderName, HeaderValue),
    /// Removes a header from the answer.
    RemoveHeader(HeaderName),
}

impl<E> Action<E> {
    /// Answers with a bare status.
    pub fn status(status: StatusCode) -> Self {
        Self::Respond {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// Runs `hook` and waits for it before the server sees the request, so that a test decides
    /// the order of racing requests. The hook may call the server; nothing is locked meanwhile.
    pub fn hold<F, W>(hook: F) -> Self
    where
        F: Fn(RequestHead<E>) -> W + Send + Sync + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        Self::Hold(Hook(Arc::new(move |request| Box::pin(hook(request)))))
    }

    /// Never answers, and keeps the connection: until the client gives up, or the server ends.
    pub fn hang() -> Self {
        Self::hold(|_| std::future::pending())
    }

    /// Replaces the body by what `change` makes of it, and leaves the headers but for
    /// `Content-Length`. A body that an earlier fault has broken is left as it is.
    pub fn rewrite<F>(change: F) -> Self
    where
        F: Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    {
        Self::Rewrite(Rewrite(Arc::new(change)))
    }
}

/// A request as faults see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead<E> {
    /// The method.
    pub method: Method,
    /// The path as sent, without the query.
    pub path: String,
    /// The kind of endpoint, `None` for a path that is none.
    pub endpoint: Option<E>,
}

/// An asynchronous callback, made by [`Action::hold`].
pub struct Hook<E>(Arc<dyn Fn(RequestHead<E>) -> Wait + Send + Sync>);

type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<E> Clone for Hook<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> fmt::Debug for Hook<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

/// A change of a body, made by [`Action::rewrite`].
#[derive(Clone)]
pub struct Rewrite(Arc<Change>);

type Change = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rewrite")
    }
}

/// Tells how often a fault has hit, so that a test can see that it did.
#[derive(Debug, Clone, Default)]
pub struct Hits(Arc<AtomicUsize>);

impl Hits {
    /// The number of requests hit so far.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// The faults in force.
#[derive(Debug)]
pub(super) struct Faults<E>(Mutex<Vec<Rule<E>>>);

#[derive(Debug)]
struct Rule<E> {
    fault: Fault<E>,
    seen: usize,
    hits: Hits,
}

impl<E: Clone + PartialEq> Faults<E> {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(super) fn inject(&self, fault: Fault<E>) -> Hits {
        let hits = Hits::default();
        self.rules().push(Rule {
            fault,
            seen: 0,
            hits: hits.clone(),
        });
        hits
    }

    pub(super) fn clear(&self) {
        self.rules().clear();
    }

    /// The actions for one request, which is counted by every rule that it fits.
    pub(super) fn strike(&self, request: &RequestHead<E>) -> Vec<Action<E>> {
        let mut rules = self.rules();
        let fitting = rules.iter_mut().filter(|rule| rule.fault.fits(request));
        fitting.filter_map(Rule::strike).collect()
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule<E>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Clone> Rule<E> {
    fn strike(&mut self) -> Option<Action<E>> {
        let turn = self.seen;
        self.seen = self.seen.saturating_add(1);
        let struck = turn.checked_sub(self.fault.skip)? < self.fault.times;
        struck.then(|| {
            self.hits.0.fetch_add(1, Ordering::SeqCst);
            self.fault.action.clone()
        })
    }
}

/// What comes before the server: `Break` with the answer to give in its place, or with `None`
/// to close the connection.
pub(super) async fn before<E: Clone>(
    actions: &[Action<E>],
    request: &RequestHead<E>,
) -> ControlFlow<Option<Response>> {
    for action in actions {
        match action {
            Action::Respond {
                status,
                headers,
                body,
            } => {
                let mut response = Reply::new(*status).body(body.clone());
                *response.headers_mut() = headers.clone();
                return ControlFlow::Break(Some(response));
            }
            Action::Drop => return ControlFlow::Break(None),
            Action::Delay(time) => tokio::time::sleep(*time).await,
            Action::Hold(Hook(hook)) => hook(request.clone()).await,
            Action::LoseResponse
            | Action::Truncate(_)
            | Action::Corrupt
            | Action::ReplaceBody(_)
            | Action::Rewrite(_)
            | Action::Endless
            | Action::SetHeader(..)
            | Action::RemoveHeader(_) => {}
        }
    }
    ControlFlow::Continue(())
}

/// What happens to the answer; `None` closes the connection.
pub(super) fn after<E>(actions: &[Action<E>], mut response: Response) -> Option<Response> {
    for action in actions {
        match action {
            Action::LoseResponse => return None,
            Action::Truncate(keep) => {
                replace_body(&mut response, |bytes| Body::truncated(bytes, *keep));
            }
            Action::Corrupt => replace_body(&mut response, |bytes| corrupt(bytes).into()),
            Action::Rewrite(Rewrite(change)) => {
                replace_body(&mut response, |bytes| Bytes::from(change(bytes)).into());
            }
            Action::ReplaceBody(body) => *response.body_mut() = Body::from(body.clone()),
            Action::Endless => *response.body_mut() = Body::Endless(ENDLESS_CHUNK),
            Action::SetHeader(name, value) => {
                response.headers_mut().insert(name, value.clone());
            }
            Action::RemoveHeader(name) => {
                response.headers_mut().remove(name);
            }
            Action::Respond { .. } | Action::Delay(_) | Action::Hold(_) | Action::Drop => {}
        }
    }
    Some(response)
}

fn replace_body(response: &mut Response, change: impl FnOnce(&Bytes) -> Body) {
    if let Some(body) = response.body().bytes().map(change) {
        *response.body_mut() = body;
    }
}

fn corrupt(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    match bytes.last_mut() {
        Some(last) => *last ^= 1,
        None => bytes.push(0),
    }
    bytes.into()
}

const ENDLESS_CHUNK: Bytes = Bytes::from_static(&[b' '; 16 << 10]);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Endpoint {
        Blob,
        Manifest,
    }

    fn head(method: Method, path: &str) -> RequestHead<Endpoint> {
        let endpoint = match path {
            _ if path.contains("/blobs/") => Some(Endpoint::Blob),
            _ if path.contains("/manifests/") => Some(Endpoint::Manifest),
            _ => None,
        };
        RequestHead {
            method,
            path: path.to_owned(),
            endpoint,
        }
    }

    #[test]
    fn all_given_conditions_have_to_fit() {
        let fault = Fault::new(Action::Drop)
            .method(Method::PUT)
            .endpoint(Endpoint::Manifest)
            .path_contains(".sig");
        assert!(fault.fits(&head(Method::PUT, "/v2/a/manifests/x.sig")));
        assert!(!fault.fits(&head(Method::GET, "/v2/a/manifests/x.sig")));
        assert!(!fault.fits(&head(Method::PUT, "/v2/a/manifests/x")));
        assert!(!fault.fits(&head(Method::PUT, "/v2/a/blobs/x.sig")));
    }

    #[test]
    fn skip_and_times_pick_the_occurrence() {
        let faults = Faults::new();
        let hits = faults.inject(Fault::new(Action::Drop).skip(2).times(1));
        let request = head(Method::GET, "/v2/");
        let struck: Vec<bool> = (0..5)
            .map(|_| !faults.strike(&request).is_empty())
            .collect();
        assert_eq!(struck, [false, false, true, false, false]);
        assert_eq!(hits.count(), 1);
        faults.clear();
        faults.inject(Fault::new(Action::Drop));
        assert_eq!(faults.strike(&request).len(), 1);
    }

    #[test]
    fn corruption_changes_every_body() {
        for body in [&b""[..], b"x", b"xyz"] {
            assert_ne!(corrupt(&Bytes::from_static(body)), body);
        }
    }
}
