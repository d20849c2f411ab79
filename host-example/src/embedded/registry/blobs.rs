//! Handlers of blobs and of their uploads.

use bytes::Bytes;
use hyper::{
    Method, StatusCode,
    body::Incoming,
    header::{
        ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue,
        LOCATION, RANGE,
    },
    http::request::Parts,
};

use super::{
    super::response::{Reply, Response},
    api::{Api, CONTENT_DIGEST},
    budget::Content,
    error::ApiError,
    grammar::{Digest, is_repository},
    route::{parse_digest, query_value},
};

impl Api {
    /// `/v2/<name>/blobs/<digest>`
    pub(super) fn blob(
        &self,
        request: &Parts,
        repository: &str,
        digest: &Digest,
    ) -> Result<Response, ApiError> {
        match request.method {
            Method::GET | Method::HEAD => self.get_blob(request, repository, digest),
            Method::DELETE => {
                self.store.delete_blob(repository, digest.as_str())?;
                Ok(Reply::new(StatusCode::ACCEPTED).empty())
            }
            _ => Err(ApiError::method_not_allowed(request)),
        }
    }

    /// `/v2/<name>/blobs/uploads/`
    pub(super) async fn uploads(
        &self,
        request: &Parts,
        body: &mut Incoming,
        repository: &str,
    ) -> Result<Response, ApiError> {
        if request.method != Method::POST {
            return Err(ApiError::method_not_allowed(request));
        }
        let query = request.uri.query().unwrap_or_default();
        if let Some(digest) = query_value(query, "digest") {
            let digest = parse_digest(&digest)?;
            let content = self.store.budget.read(body, self.limits.blob).await?;
            return self.store_blob(repository, &digest, content);
        }
        if let Some(digest) = query_value(query, "mount") {
            let digest = parse_digest(&digest)?;
            let from = query_value(query, "from").filter(|from| is_repository(from));
            if let Some(from) = from
                && self.store.mount(&from, repository, digest.as_str())?
            {
                return Ok(created(repository, &digest));
            }
        }
        let id = self.store.start_upload(repository)?;
        Ok(progress(StatusCode::ACCEPTED, repository, &id, 0))
    }

    /// `/v2/<name>/blobs/uploads/<id>`
    pub(super) async fn upload(
        &self,
        request: &Parts,
        body: &mut Incoming,
        repository: &str,
        id: &str,
    ) -> Result<Response, ApiError> {
        let length = self.store.upload_length(repository, id)?;
        match request.method {
            Method::GET => Ok(progress(StatusCode::NO_CONTENT, repository, id, length)),
            Method::DELETE => {
                self.store.take_upload(repository, id)?;
                Ok(Reply::new(StatusCode::NO_CONTENT).empty())
            }
            Method::PATCH => {
                let length = self.append(request, body, repository, id).await?;
                Ok(progress(StatusCode::ACCEPTED, repository, id, length))
            }
            Method::PUT => {
                let query = request.uri.query().unwrap_or_default();
                let digest = query_value(query, "digest").ok_or(ApiError::DigestMissing)?;
                let digest = parse_digest(&digest)?;
                self.append(request, body, repository, id).await?;
                let content = self.store.take_upload(repository, id)?;
                self.store_blob(repository, &digest, content)
            }
            _ => Err(ApiError::method_not_allowed(request)),
        }
    }

    fn get_blob(
        &self,
        request: &Parts,
        repository: &str,
        digest: &Digest,
    ) -> Result<Response, ApiError> {
        let bytes = self
            .store
            .blob(repository, digest.as_str())
            .ok_or_else(|| ApiError::BlobUnknown {
                repository: repository.to_owned(),
                digest: digest.to_string(),
            })?;
        let reply = |status| {
            let reply = Reply::new(status);
            // hyper leaves it out of the answer to a HEAD of nothing.
            let reply = match bytes.is_empty() {
                true => reply.header(CONTENT_LENGTH, 0),
                false => reply,
            };
            reply
                .header(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/octet-stream"),
                )
                .header(ACCEPT_RANGES, HeaderValue::from_static("bytes"))
                .header(CONTENT_DIGEST, digest.as_str())
        };
        match requested_range(&request.headers, bytes.len())? {
            None => Ok(reply(StatusCode::OK).body(bytes)),
            Some((start, end)) => Ok(reply(StatusCode::PARTIAL_CONTENT)
                .header(
                    CONTENT_RANGE,
                    format!("bytes {start}-{end}/{}", bytes.len()),
                )
                .body(Bytes::copy_from_slice(
                    bytes.get(start..=end).unwrap_or_default(),
                ))),
        }
    }

    async fn append(
        &self,
        request: &Parts,
        body: &mut Incoming,
        repository: &str,
        id: &str,
    ) -> Result<usize, ApiError> {
        let chunk = self.store.budget.read(body, self.limits.blob).await?;
        let start = chunk_start(&request.headers, chunk.len())?;
        self.store
            .append_upload(repository, id, start, chunk, self.limits.blob)
    }

    fn store_blob(
        &self,
        repository: &str,
        digest: &Digest,
        content: Content,
    ) -> Result<Response, ApiError> {
        digest.check(content.as_slice())?;
        let (bytes, reservation) = content.into_parts();
        self.store
            .put_blob(repository, digest.as_str(), bytes, reservation);
        Ok(created(repository, digest))
    }
}

fn created(repository: &str, digest: &Digest) -> Response {
    Reply::new(StatusCode::CREATED)
        .header(LOCATION, format!("/v2/{repository}/blobs/{digest}"))
        .header(CONTENT_DIGEST, digest.as_str())
        .empty()
}

/// The `Location` has a query of its own, as registries in the field do: a client has to add
/// `digest` to it with `&`.
fn progress(status: StatusCode, repository: &str, id: &str, length: usize) -> Response {
    Reply::new(status)
        .header(
            LOCATION,
            format!("/v2/{repository}/blobs/uploads/{id}?_state={length}"),
        )
        .header(RANGE, format!("0-{}", length.saturating_sub(1)))
        .empty()
}

/// `<start>-<end>` of a chunk's `Content-Range`, which has to fit the body's length.
fn chunk_start(headers: &HeaderMap, length: usize) -> Result<Option<usize>, ApiError> {
    let Some(value) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let range = text.split_once('-').and_then(|(start, end)| {
        let (start, end) = (start.parse::<usize>().ok()?, end.parse::<usize>().ok()?);
        (end.checked_sub(start)?.checked_add(1)? == length).then_some(start)
    });
    range.map(Some).ok_or_else(|| ApiError::RangeMalformed {
        found: text.to_owned(),
        length,
    })
}

/// The one range of a `Range: bytes=…` header, inclusive; other forms are ignored (RFC 9110,
/// section 14.2).
fn requested_range(headers: &HeaderMap, length: usize) -> Result<Option<(usize, usize)>, ApiError> {
    let text = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let Some((start, end)) = text
        .and_then(|text| text.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let last = length.saturating_sub(1);
    let range = match (start.parse::<usize>(), end.parse::<usize>()) {
        (Ok(start), Ok(end)) if start <= end => (start, end.min(last)),
        (Ok(start), Err(_)) if end.is_empty() => (start, last),
        (Err(_), Ok(suffix)) if start.is_empty() && suffix > 0 => {
            (length.saturating_sub(suffix), last)
        }
        _ => return Ok(None),
    };
    if range.0 < length {
        Ok(Some(range))
    } else {
        Err(ApiError::RangeNotSatisfiable { length })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(text: &str, length: usize) -> Result<Option<(usize, usize)>, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, text.parse().expect("a header value"));
        requested_range(&headers, length)
    }

    #[test]
    fn ranges() {
        assert_eq!(range("bytes=0-0", 10).expect("satisfiable"), Some((0, 0)));
        assert_eq!(range("bytes=4-", 10).expect("satisfiable"), Some((4, 9)));
        assert_eq!(range("bytes=-3", 10).expect("satisfiable"), Some((7, 9)));
        assert_eq!(range("bytes=8-99", 10).expect("satisfiable"), Some((8, 9)));
        for ignored in [
            "bytes=5-4",
            "bytes=0-1,3-4",
            "bytes=x-y",
            "lines=0-1",
            "bytes=-0",
        ] {
            assert_eq!(range(ignored, 10).expect(ignored), None);
        }
        assert!(range("bytes=10-", 10).is_err());
        assert!(range("bytes=0-", 0).is_err());
    }

    proptest! {
        #[test]
        fn a_range_lies_within(text in "bytes=[0-9]{0,3}-[0-9]{0,3}", length in 0usize..300) {
            if let Ok(Some((start, end))) = range(&text, length) {
                prop_assert!(start <= end && end < length);
            }
        }
    }
}
