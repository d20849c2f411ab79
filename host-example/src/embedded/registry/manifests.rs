//! Handlers of manifests, lists of tags and lists of referrers.

use std::num::NonZeroUsize;

use hyper::{
    Method, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, LINK, LOCATION},
    http::request::Parts,
};
use serde_json::json;

use super::{
    super::response::{Reply, Response},
    api::{Api, CONTENT_DIGEST},
    document::{Document, OCI_INDEX, declared_media_type},
    error::ApiError,
    grammar::{Digest, Reference},
    route::query_value,
};

impl Api {
    /// `/v2/<name>/manifests/<reference>`
    pub(super) async fn manifest(
        &self,
        request: &Parts,
        body: &mut Incoming,
        repository: &str,
        reference: &Reference,
    ) -> Result<Response, ApiError> {
        match request.method {
            Method::GET | Method::HEAD => self.get_manifest(repository, reference),
            Method::PUT => {
                self.put_manifest(request, body, repository, reference)
                    .await
            }
            Method::DELETE => {
                self.store.delete_manifest(repository, reference)?;
                Ok(Reply::new(StatusCode::ACCEPTED).empty())
            }
            _ => Err(ApiError::method_not_allowed(request)),
        }
    }

    /// `/v2/<name>/tags/list`
    pub(super) fn tags(&self, request: &Parts, repository: &str) -> Result<Response, ApiError> {
        if request.method != Method::GET {
            return Err(ApiError::method_not_allowed(request));
        }
        let query = request.uri.query().unwrap_or_default();
        let asked = match query_value(query, "n") {
            None => None,
            Some(text) => match text.parse::<usize>() {
                Ok(asked) => Some(asked),
                Err(_) => return Err(ApiError::PageSizeInvalid { found: text }),
            },
        };
        let most = asked.unwrap_or(usize::MAX).min(self.page_size());
        let last = query_value(query, "last");
        let (tags, more) = self.store.tags(repository, last.as_deref(), most)?;
        let reply = Reply::new(StatusCode::OK)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let reply = match tags.last().filter(|_| more) {
            None => reply,
            Some(last) => {
                let next = query_string(&[("n", &most.to_string()), ("last", last)]);
                reply.header(
                    LINK,
                    format!("</v2/{repository}/tags/list?{next}>; rel=\"next\""),
                )
            }
        };
        Ok(reply.body(json!({ "name": repository, "tags": tags }).to_string()))
    }

    /// `/v2/<name>/referrers/<digest>`: an index, empty when nothing refers to the digest.
    pub(super) fn referrers(
        &self,
        request: &Parts,
        repository: &str,
        subject: &Digest,
    ) -> Result<Response, ApiError> {
        if request.method != Method::GET {
            return Err(ApiError::method_not_allowed(request));
        }
        let query = request.uri.query().unwrap_or_default();
        let last = query_value(query, "last");
        let wanted = query_value(query, "artifactType");
        let mut found = self
            .store
            .referrers(repository, subject.as_str(), last.as_deref());
        if wanted.is_some() {
            found.retain(|descriptor| descriptor.artifact_type == wanted);
        }
        let more = found.len() > self.page_size();
        found.truncate(self.page_size());

        let mut reply =
            Reply::new(StatusCode::OK).header(CONTENT_TYPE, HeaderValue::from_static(OCI_INDEX));
        if let Some(last) = found.last().filter(|_| more) {
            let mut next = vec![("last", last.digest.as_str())];
            next.extend(wanted.as_deref().map(|wanted| ("artifactType", wanted)));
            let next = query_string(&next);
            reply = reply.header(
                LINK,
                format!("</v2/{repository}/referrers/{subject}?{next}>; rel=\"next\""),
            );
        }
        if wanted.is_some() {
            reply = reply.header(FILTERS_APPLIED, HeaderValue::from_static("artifactType"));
        }
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found });
        Ok(reply.body(index.to_string()))
    }

    fn get_manifest(&self, repository: &str, reference: &Reference) -> Result<Response, ApiError> {
        let reference = match reference {
            Reference::Tag(tag) => tag,
            Reference::Digest(digest) => digest.as_str(),
        };
        let manifest = self.store.manifest(repository, reference).ok_or_else(|| {
            ApiError::ManifestUnknown {
                repository: repository.to_owned(),
                reference: reference.to_owned(),
            }
        })?;
        Ok(Reply::new(StatusCode::OK)
            .header(CONTENT_TYPE, manifest.media_type)
            .header(CONTENT_DIGEST, manifest.digest)
            .body(manifest.bytes))
    }

    async fn put_manifest(
        &self,
        request: &Parts,
        body: &mut Incoming,
        repository: &str,
        reference: &Reference,
    ) -> Result<Response, ApiError> {
        let content = self.store.budget.read(body, self.limits.manifest).await?;
        let digest = match reference {
            Reference::Tag(_) => Digest::of(content.as_slice()),
            Reference::Digest(digest) => {
                digest.check(content.as_slice())?;
                digest.clone()
            }
        };
        let media_type = request
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_owned())
            .or_else(|| declared_media_type(content.as_slice()))
            .ok_or_else(|| ApiError::ManifestInvalid {
                reason: "neither Content-Type nor mediaType says what it is".to_owned(),
            })?;
        let document = Document::parse(&media_type, content.as_slice())?;
        self.store.push_manifest(
            repository, reference, &digest, media_type, &document, content,
        )?;
        let reply = Reply::new(StatusCode::CREATED)
            .header(LOCATION, format!("/v2/{repository}/manifests/{digest}"))
            .header(CONTENT_DIGEST, digest.as_str());
        // The header tells the client that it need not keep the referrers tag itself.
        match document.subject().filter(|_| self.referrers_api) {
            Some(subject) => Ok(reply.header(OCI_SUBJECT, subject).empty()),
            None => Ok(reply.empty()),
        }
    }

    fn page_size(&self) -> usize {
        self.page_size.map_or(usize::MAX, NonZeroUsize::get)
    }
}

fn query_string(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
