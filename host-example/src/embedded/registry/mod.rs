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
//! How a request flows: `serve` accepts it, `fault` may stand in its way, `api` checks who asks,
//! `route` reads the path, `blobs` and `manifests` answer out of `store`, and `budget` bounds
//! what all of that may hold.
//!
//! [OCI distribution specification]: https://github.com/opencontainers/distribution-spec

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use hyper::Method;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

mod api;
mod blobs;
mod budget;
mod document;
mod error;
mod fault;
mod grammar;
mod manifests;
mod options;
mod response;
mod route;
mod serve;
mod store;

use self::{
    api::Api,
    budget::Reservation,
    fault::Faults,
    grammar::Digest,
    serve::{Journal, Shared},
};
pub use self::{
    fault::{Action, Fault, Hits, Hook, RequestHead},
    options::{BasicAuth, Options},
    route::Endpoint,
};

/// A running registry. Dropping it stops it in the background.
pub struct EmbeddedRegistry {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<()>,
    server: JoinHandle<()>,
}

impl EmbeddedRegistry {
    /// Starts a registry on a free port of 127.0.0.1, in the current tokio runtime.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(options: Options) -> Result<Self, io::Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            api: Api::new(&options),
            faults: Faults::default(),
            journal: Journal::default(),
        });
        let (stop, stopped) = watch::channel(());
        let server = tokio::spawn(serve::run(listener, Arc::clone(&shared), stopped));
        Ok(Self {
            address,
            shared,
            stop,
            server,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The registry's part of an image reference: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests answered so far, the latest 16384 of them, in the order of their answers. A
    /// client that has its answer finds its request here.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.journal.records()
    }

    /// Like [`requests`](Self::requests), and starts counting anew.
    pub fn take_requests(&self) -> Vec<RequestRecord> {
        self.shared.journal.take()
    }

    /// Puts a fault into force, after those already there. For tests and demonstrations.
    pub fn inject(&self, fault: Fault) -> Hits {
        self.shared.faults.inject(fault)
    }

    /// Ends all faults. Requests that are held stay held by their hooks.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// The media type and the bytes of a manifest, by tag or digest.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<(String, Bytes)> {
        let manifest = self.shared.api.store.manifest(repository, reference)?;
        Some((manifest.media_type, manifest.bytes))
    }

    /// The bytes of a blob.
    pub fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        self.shared.api.store.blob(repository, digest)
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
        self.shared.api.store.seed_tag(repository, tag, digest);
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
        self.shared
            .api
            .store
            .seed_manifest(repository, digest, media_type, bytes.into());
    }

    /// Stores bytes as the blob of `digest`, whatever theirs is, as a hostile registry does.
    pub fn store_raw_blob(&self, repository: &str, digest: &str, bytes: impl Into<Bytes>) {
        let free = Reservation::free_of_charge();
        self.shared
            .api
            .store
            .put_blob(repository, digest, bytes.into(), free);
    }

    /// Stops listening, gives requests under way a second to finish, and ends.
    pub async fn shutdown(self) {
        drop(self.stop);
        // The task can only fail by a panic of its own, which the runtime has reported.
        let _ = self.server.await;
    }
}

impl fmt::Debug for EmbeddedRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedRegistry")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A request and how it was answered. Headers are not kept: they may hold credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// The method.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// The query as sent, without the question mark; empty when there was none.
    pub query: String,
    /// The status; `None` when a fault closed the connection before any answer.
    pub status: Option<u16>,
}

impl fmt::Display for RequestRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        match self.status {
            Some(status) => write!(f, " {status}"),
            None => f.write_str(" (dropped)"),
        }
    }
}
