//! A registry in memory, on a port of the loopback interface, for demonstrations and tests.
//!
//! It speaks the [OCI distribution specification] 1.1 over plain HTTP/1.1 as honestly as a real
//! one: pull, push (at once, in chunks, by mounting), lists of tags and of referrers, deletion.
//! What real registries do wrong, it does when told to: see [`Fault`]. It is neither meant nor
//! hardened for production: nothing is kept on disk and nothing is ever collected.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use cosignet_host::embedded::registry::{Action, EmbeddedRegistry, Endpoint, Fault, Options};
//!
//! let registry = EmbeddedRegistry::start(Options::default()).await?;
//! let image = format!("{}/demo/app:v1", registry.host());
//! let slow = Fault::new(Action::too_many_requests(1)).endpoint(Endpoint::Blob).times(1);
//! let hits = registry.inject(slow);
//! // … sign and verify `image` …
//! assert_eq!(hits.count(), 1);
//! for request in registry.take_requests() {
//!     println!("{request}");
//! }
//! registry.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! How a request flows: the server of all embedded servers accepts it, a fault may stand in its
//! way, `api` checks who asks, `route` reads the path, `blobs` and `manifests` answer out of
//! `store`, and `budget` bounds what all of that may hold.
//!
//! [OCI distribution specification]: https://github.com/opencontainers/distribution-spec

use std::{fmt, io, net::SocketAddr};

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};

mod api;
mod blobs;
mod budget;
mod document;
mod error;
mod grammar;
mod manifests;
mod options;
mod route;
mod store;

use self::{api::Api, budget::Reservation, grammar::Digest};
pub use self::{
    options::{BasicAuth, Options},
    route::Endpoint,
};
pub use super::{RequestRecord, fault::Hits};
use super::{fault, serve::Server};

/// What a registry, or the way to it, does wrong, and to which requests.
pub type Fault = fault::Fault<Endpoint>;
/// What a [`Fault`] does.
pub type Action = fault::Action<Endpoint>;
/// A request as faults see it.
pub type RequestHead = fault::RequestHead<Endpoint>;
/// An asynchronous callback, made by [`Action::hold`](fault::Action::hold).
pub type Hook = fault::Hook<Endpoint>;

/// A running registry. Dropping it stops it in the background.
pub struct EmbeddedRegistry(Server<Api>);

impl EmbeddedRegistry {
    /// Starts a registry on a free port of 127.0.0.1, in the current tokio runtime.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(options: Options) -> Result<Self, io::Error> {
        Server::start(Api::new(&options)).await.map(Self)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.0.address()
    }

    /// The registry's part of an image reference: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.addr().to_string()
    }

    /// The requests answered so far, the latest 16384 of them, in the order of their answers. A
    /// client that has its answer finds its request here.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.0.journal().records()
    }

    /// Like [`requests`](Self::requests), and starts counting anew.
    pub fn take_requests(&self) -> Vec<RequestRecord> {
        self.0.journal().take()
    }

    /// Puts a fault into force, after those already there. For tests and demonstrations.
    pub fn inject(&self, fault: Fault) -> Hits {
        self.0.faults().inject(fault)
    }

    /// Ends all faults. Requests that are held stay held by their hooks.
    pub fn clear_faults(&self) {
        self.0.faults().clear();
    }

    /// The media type and the bytes of a manifest, by tag or digest.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<(String, Bytes)> {
        let manifest = self.0.site().store.manifest(repository, reference)?;
        Some((manifest.media_type, manifest.bytes))
    }

    /// The bytes of a blob.
    pub fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        self.0.site().store.blob(repository, digest)
    }

    /// Stores a blob and returns its `sha256:` digest.
    pub fn put_blob(&self, repository: &str, bytes: impl Into<Bytes>) -> String {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes).to_string();
        self.store_raw_blob(repository, &digest, bytes);
        digest
    }

    /// Stores a manifest as it is, under a tag if there is one, and returns its `sha256:` digest.
    /// Nothing is checked: neither that it is a manifest nor that what it refers to is there.
    pub fn put_manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) -> String {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes).to_string();
        self.store_raw_manifest(repository, &digest, media_type, bytes);
        if let Some(tag) = tag {
            self.put_tag(repository, tag, &digest);
        }
        digest
    }

    /// Points a tag at a digest, be it there or not.
    pub fn put_tag(&self, repository: &str, tag: &str, digest: &str) {
        self.0.site().store.seed_tag(repository, tag, digest);
    }

    /// Stores bytes as the manifest of `digest`, whatever theirs is, as a hostile registry does.
    /// Its `subject`, if it has one, makes it a referrer under that digest.
    pub fn store_raw_manifest(
        &self,
        repository: &str,
        digest: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) {
        self.0
            .site()
            .store
            .seed_manifest(repository, digest, media_type, bytes.into());
    }

    /// Stores bytes as the blob of `digest`, whatever theirs is, as a hostile registry does.
    pub fn store_raw_blob(&self, repository: &str, digest: &str, bytes: impl Into<Bytes>) {
        let free = Reservation::free_of_charge();
        self.0
            .site()
            .store
            .put_blob(repository, digest, bytes.into(), free);
    }

    /// Stops listening, gives requests under way a second to finish, and ends.
    pub async fn shutdown(self) {
        self.0.shutdown().await;
    }
}

impl fault::Action<Endpoint> {
    /// Answers 429 with `Retry-After` in whole seconds.
    pub fn too_many_requests(retry_after_seconds: u32) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(hyper::header::RETRY_AFTER, retry_after_seconds.into());
        let body = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#;
        Self::Respond {
            status: StatusCode::TOO_MANY_REQUESTS,
            headers,
            body: Bytes::from_static(body.as_bytes()),
        }
    }
}

impl fmt::Debug for EmbeddedRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedRegistry")
            .field("address", &self.addr())
            .finish_non_exhaustive()
    }
}
