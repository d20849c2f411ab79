//! An answer, read within its limit.

use reqwest::{
    StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName},
};

/// A whole answer. Of a refusal the body may be cut.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Where it came from.
    pub url: Url,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's text, if it is there and is text.
    pub fn header(&self, name: impl Into<HeaderName>) -> Option<&str> {
        self.headers.get(name.into())?.to_str().ok()
    }

    /// `Content-Type` without parameters.
    pub fn media_type(&self) -> Option<&str> {
        let value = self.header(CONTENT_TYPE)?;
        let essence = value.split(';').next().unwrap_or(value).trim();
        (!essence.is_empty()).then_some(essence)
    }
}

/// Statuses that may pass by themselves.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// Statuses that send the request elsewhere.
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
