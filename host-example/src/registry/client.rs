//! The client: what each operation sends and what it reads from the answer.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    Method,
    header::{CONTENT_LENGTH, HeaderName, HeaderValue},
};
use sha2::{Digest as _, Sha256};

use super::{
    Descriptor, Manifest, Registry, RegistryError, RegistryPush,
    auth::Access,
    builder::OciRegistryBuilder,
    credentials::Keychain,
    endpoint::{AllowHttp, Endpoint},
    name::{Host, Repository, check_digest, check_reference},
    referrers,
    session::{Call, Session, Target},
    upload,
};
use crate::http::{Answer, RetryPolicy, Transport, deadline};

/// A client of OCI registries (distribution specification 1.1) over HTTP(S).
///
/// Cheap to clone; clones share connections, tokens and what was learnt of each registry, and
/// may be used side by side. It needs a Tokio runtime with I/O and time.
#[derive(Clone, Debug)]
pub struct OciRegistry {
    shared: Arc<Shared>,
    /// Reads ask for the right to push as well.
    pushes: bool,
}

/// What clones share.
#[derive(Debug)]
pub(super) struct Shared {
    pub transport: Transport,
    pub keychain: Keychain,
    pub trusted_realms: Vec<String>,
    pub allow_http: AllowHttp,
    pub request_timeout: Duration,
    pub operation_timeout: Duration,
    pub retry: RetryPolicy,
    pub endpoints: Mutex<HashMap<Host, Arc<Endpoint>>>,
}

impl OciRegistry {
    /// A client to be set up.
    pub fn builder() -> OciRegistryBuilder {
        OciRegistryBuilder::default()
    }

    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            pushes: false,
        }
    }

    /// The same client for reads that a push will follow: the right to push is asked for at
    /// once, so that a whole signing costs one token per repository. Where it is refused, reads
    /// fall back to reading alone.
    #[must_use]
    pub fn for_push(mut self) -> Self {
        self.pushes = true;
        self
    }

    /// Runs one operation on one repository.
    pub(super) fn session<'a>(&'a self, target: &'a Place, need: Access) -> Session<'a> {
        Session {
            shared: &self.shared,
            endpoint: &target.endpoint,
            repository: &target.repository,
            need,
            ask: match (self.pushes, need) {
                (true, Access::Pull) => Access::PullPush,
                _ => need,
            },
            deadline: deadline(self.shared.operation_timeout),
            allowance: Duration::ZERO,
        }
    }

    /// Runs one operation that moves so many bytes.
    pub(super) fn moving<'a>(&'a self, target: &'a Place, need: Access, size: u64) -> Session<'a> {
        let allowance = Duration::from_secs(size / SLOWEST);
        Session {
            deadline: deadline(self.shared.operation_timeout.saturating_add(allowance)),
            allowance,
            ..self.session(target, need)
        }
    }

    pub(super) fn place(&self, repository: &str) -> Result<Place, RegistryError> {
        let repository = Repository::parse(repository)?;
        let host = &repository.registry;
        let mut endpoints = lock(&self.shared.endpoints);
        let endpoint = match endpoints.get(host) {
            Some(endpoint) => Arc::clone(endpoint),
            None => {
                let advice = self.shared.keychain.providers.advice(host);
                let endpoint = Endpoint::new(host.clone(), &self.shared.allow_http, advice);
                let endpoint = Arc::new(endpoint);
                endpoints.insert(host.clone(), Arc::clone(&endpoint));
                endpoint
            }
        };
        drop(endpoints);
        Ok(Place {
            repository,
            endpoint,
        })
    }
}

#[async_trait]
impl Registry for OciRegistry {
    /// HEAD; GET and hash where a registry has no HEAD, or leaves out what it should tell.
    async fn resolve(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<Descriptor, RegistryError> {
        check_reference(reference)?;
        let place = self.place(repository)?;
        let session = self.session(&place, Access::Pull);
        let mut call = manifest_call("resolve", &place, reference, Method::HEAD, 0);
        let head = session.send(&call).await?;
        if !matches!(head.status.as_u16(), 405 | 501) {
            let head = head.into_success(&call.what, &place.endpoint)?;
            if let Some(descriptor) = announced(&head)? {
                return same_digest(&call.what, reference, descriptor);
            }
        }
        call.method = Method::GET;
        call.limit = MAX_RESOLVED;
        let answer = session.send(&call).await?;
        let answer = answer.into_success(&call.what, &place.endpoint)?;
        let media_type = media_type(&call.what, &answer)?;
        let descriptor = Descriptor {
            media_type,
            digest: sha256(&answer.body),
            size: answer.body.len() as u64,
        };
        same_digest(&call.what, reference, descriptor)
    }

    async fn fetch_manifest(
        &self,
        repository: &str,
        reference: &str,
        max_size: u64,
    ) -> Result<Manifest, RegistryError> {
        check_reference(reference)?;
        let place = self.place(repository)?;
        let call = manifest_call("fetch manifest", &place, reference, Method::GET, max_size);
        let answer = self.session(&place, Access::Pull).send(&call).await?;
        let answer = answer.into_success(&call.what, &place.endpoint)?;
        Ok(Manifest {
            media_type: media_type(&call.what, &answer)?,
            content: answer.body,
        })
    }

    async fn fetch_blob(
        &self,
        repository: &str,
        digest: &str,
        max_size: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        check_digest(digest)?;
        let place = self.place(repository)?;
        let what = format!("fetch blob {}@{digest}", place.repository);
        let target = Target::Path(format!("blobs/{digest}"));
        let call = Call {
            limit: max_size,
            ..Call::new(what, Method::GET, target)
        };
        let answer = self.session(&place, Access::Pull).send(&call).await?;
        Ok(answer.into_success(&call.what, &place.endpoint)?.body)
    }

    async fn list_referrers(
        &self,
        repository: &str,
        digest: &str,
        max_size: u64,
    ) -> Result<Vec<Manifest>, RegistryError> {
        check_digest(digest)?;
        let place = self.place(repository)?;
        referrers::list(&self.session(&place, Access::Pull), digest, max_size).await
    }
}

#[async_trait]
impl RegistryPush for OciRegistry {
    async fn push_blob(
        &self,
        repository: &str,
        digest: &str,
        content: Vec<u8>,
    ) -> Result<(), RegistryError> {
        check_digest(digest)?;
        let place = self.place(repository)?;
        let session = self.session(&place, Access::PullPush);
        upload::push_blob(&session, digest, Bytes::from(content).into()).await
    }

    async fn push_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        content: Vec<u8>,
    ) -> Result<(), RegistryError> {
        check_reference(reference)?;
        let content_type = HeaderValue::from_str(media_type).map_err(|_| {
            RegistryError::Invalid(format!("media type {media_type:?}: expected TYPE/SUBTYPE"))
        })?;
        let place = self.place(repository)?;
        let what = format!("push manifest {}", name_of(&place.repository, reference));
        let target = Target::Path(format!("manifests/{reference}"));
        let call = Call {
            content_type: Some(content_type),
            body: Some(Bytes::from(content).into()),
            ..Call::new(what, Method::PUT, target)
        };
        let answer = self.session(&place, Access::PullPush).send(&call).await?;
        answer.into_success(&call.what, &place.endpoint)?;
        Ok(())
    }

    async fn delete_manifest(&self, repository: &str, digest: &str) -> Result<(), RegistryError> {
        check_digest(digest)?;
        let place = self.place(repository)?;
        let call = manifest_call("delete manifest", &place, digest, Method::DELETE, 0);
        let answer = self.session(&place, Access::Delete).send(&call).await?;
        answer.into_success(&call.what, &place.endpoint)?;
        Ok(())
    }
}

/// A repository and the registry that it is in.
pub(super) struct Place {
    pub repository: Repository,
    pub endpoint: Arc<Endpoint>,
}

fn manifest_call(
    operation: &str,
    place: &Place,
    reference: &str,
    method: Method,
    limit: u64,
) -> Call {
    let what = format!("{operation} {}", name_of(&place.repository, reference));
    let target = Target::Path(format!("manifests/{reference}"));
    Call {
        accept: Some(MANIFESTS),
        limit,
        ..Call::new(what, method, target)
    }
}

fn name_of(repository: &Repository, reference: &str) -> String {
    match reference.contains(':') {
        true => format!("{repository}@{reference}"),
        false => format!("{repository}:{reference}"),
    }
}

/// The descriptor that the headers of a HEAD tell; `None` when one of them is missing.
fn announced(head: &Answer) -> Result<Option<Descriptor>, RegistryError> {
    let digest = head.header(HeaderName::from_static("docker-content-digest"));
    // No manifest is empty, but some proxies say so of any HEAD.
    let size = head
        .header(CONTENT_LENGTH)
        .and_then(|text| text.parse().ok())
        .filter(|size| *size > 0);
    let (Some(media_type), Some(digest), Some(size)) = (head.media_type(), digest, size) else {
        return Ok(None);
    };
    check_digest(digest)?;
    Ok(Some(Descriptor {
        media_type: media_type.to_owned(),
        digest: digest.to_owned(),
        size,
    }))
}

/// Asked for a digest, a registry cannot answer with another one. The algorithm may differ: the
/// digest that was asked for stays.
fn same_digest(
    what: &str,
    reference: &str,
    descriptor: Descriptor,
) -> Result<Descriptor, RegistryError> {
    let algorithm = |digest: &str| {
        digest
            .split_once(':')
            .map(|(algorithm, _)| algorithm.to_owned())
    };
    let Some(asked) = algorithm(reference) else {
        return Ok(descriptor);
    };
    if descriptor.digest != reference && algorithm(&descriptor.digest) == Some(asked) {
        return Err(RegistryError::Invalid(format!(
            "{what}: the registry answered with {}",
            descriptor.digest
        )));
    }
    Ok(Descriptor {
        digest: reference.to_owned(),
        ..descriptor
    })
}

/// A manifest without a media type could be read as anything (CVE-2021-41190).
pub(super) fn media_type(what: &str, answer: &Answer) -> Result<String, RegistryError> {
    match answer.media_type() {
        Some(media_type) => Ok(media_type.to_owned()),
        None => Err(RegistryError::Invalid(format!(
            "{what}: the registry answered without Content-Type"
        ))),
    }
}

fn sha256(content: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(content) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while one is held; what it guards is whole in any case.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What cosign accepts, without Docker's schema 1, which cannot be signed.
const MANIFESTS: &str = "application/vnd.docker.distribution.manifest.v2+json,\
    application/vnd.oci.image.manifest.v1+json,\
    application/vnd.docker.distribution.manifest.list.v2+json,\
    application/vnd.oci.image.index.v1+json";
/// Bytes in a second that are waited for.
const SLOWEST: u64 = 64 * 1024;
/// A manifest that is hashed for want of a HEAD: the distribution specification's limit.
const MAX_RESOLVED: u64 = 4 * 1024 * 1024;
