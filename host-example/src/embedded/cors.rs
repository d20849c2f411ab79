//! Letting pages of any origin read and write through a browser (the Fetch standard's CORS).

use hyper::{
    StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue,
    },
};

use super::response::{Reply, Response};

/// What pages may send to one kind of server, and read of its answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cors {
    pub(super) methods: &'static str,
    pub(super) request_headers: &'static str,
    pub(super) response_headers: &'static str,
}

impl Cors {
    /// The answer to a preflight.
    pub(super) fn preflight(self) -> Response {
        Reply::new(StatusCode::NO_CONTENT)
            .header(
                ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static(self.methods),
            )
            .header(
                ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static(self.request_headers),
            )
            .header(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"))
            .empty()
    }

    /// Without these a page could not read an answer, an injected one included.
    pub(super) fn mark(self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(self.response_headers),
        );
    }
}
