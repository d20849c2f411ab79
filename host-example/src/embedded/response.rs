//! Responses and their bodies, those that a fault has broken included.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use thiserror::Error;

/// What a server answers.
pub(super) type Response = hyper::Response<Body>;

/// Puts a response together.
#[derive(Debug)]
pub(super) struct Reply(Response);

impl Reply {
    pub(super) fn new(status: StatusCode) -> Self {
        let mut response = Response::new(Body::from(Bytes::new()));
        *response.status_mut() = status;
        Self(response)
    }

    /// Sets a header. A value that HTTP cannot carry is left out: only seeded content has such.
    pub(super) fn header(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Ok(value) = value.try_into() {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Response {
        *self.0.body_mut() = Body::from(body.into());
        self.0
    }

    pub(super) fn empty(self) -> Response {
        self.0
    }
}

/// A response body.
#[derive(Debug)]
pub(super) enum Body {
    /// Everything at once.
    Full(Option<Bytes>),
    /// `declared` bytes are promised, `sent` are sent, then the connection breaks.
    Truncated {
        declared: u64,
        sent: Option<Bytes>,
        flushed: bool,
    },
    /// The same bytes for ever, with no length declared.
    Endless(Bytes),
}

impl Body {
    /// The bytes of a whole body; `None` of one that is broken already.
    pub(super) fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Full(bytes) => bytes.as_ref(),
            Self::Truncated { .. } | Self::Endless(_) => None,
        }
    }

    /// `bytes` cut off after `keep`, although the whole length is declared.
    pub(super) fn truncated(bytes: &Bytes, keep: usize) -> Self {
        Self::Truncated {
            declared: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sent: Some(bytes.slice(..keep.min(bytes.len()))),
            flushed: false,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Full(Some(bytes))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Severed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Severed>>> {
        match &mut *self {
            Self::Full(bytes) => {
                let bytes = bytes.take().filter(|bytes| !bytes.is_empty());
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Self::Truncated { sent, flushed, .. } => {
                if let Some(bytes) = sent.take().filter(|bytes| !bytes.is_empty()) {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                if !*flushed {
                    // One idle poll, in which the server writes out what it has so far.
                    *flushed = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err(Severed)))
            }
            Self::Endless(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes.clone())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Full(bytes) if bytes.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
            Self::Truncated { declared, .. } => SizeHint::with_exact(*declared),
            Self::Endless(_) => SizeHint::default(),
        }
    }
}

/// A fault asked for the connection to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("connection closed by an injected fault")]
pub(super) struct Severed;
