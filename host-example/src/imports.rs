//! What this host lends to the component: traits to hook into, and the glue that turns the
//! component's imports into calls of theirs.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::{join_all, ready};
use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::cosignet::signing::key_service::{self, KeyServiceError};
use crate::bindings::cosignet::signing::{registry as wit, registry_push, transparency_log, types};
use crate::bindings::wasi::random::random;
use crate::log::{LogApi, LogError, Receipt, TransparencyLog};
use crate::registry::{Registry, RegistryError, RegistryPush};

/// A service that holds private keys: HashiCorp Vault's transit engine, a cloud KMS, a token.
///
/// What `sign_digest` returns is verified by the component with what `public_key` returned.
#[async_trait]
pub trait KeyService: Send + Sync {
    /// The public key of a named key, SubjectPublicKeyInfo in PEM.
    async fn public_key(&self, key: &str) -> Result<String, KeyServiceError>;

    /// A signature over the message with this SHA-256 digest.
    async fn sign_digest(&self, key: &str, digest: &[u8]) -> Result<Vec<u8>, KeyServiceError>;
}

/// Everything that a session of the component may reach. What is not given answers
/// `unsupported`.
#[derive(Clone)]
pub struct Imports {
    registry: Option<Arc<dyn Registry>>,
    push: Option<Arc<dyn RegistryPush>>,
    keys: Option<Arc<dyn KeyService>>,
    log: Option<Arc<dyn TransparencyLog>>,
    side_by_side: usize,
    slowest: Slowest,
}

/// The longest that a request for a manifest took, in milliseconds: how long a write of another
/// signer may be under way.
#[derive(Clone, Default)]
struct Slowest(Arc<AtomicU64>);

impl Slowest {
    async fn watch<A>(&self, request: impl Future<Output = A>) -> A {
        let begin = Instant::now();
        let answer = request.await;
        let took = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_max(took, Ordering::Relaxed);
        answer
    }

    /// Waits until such a write has ended, as `wit/registry.wit` says.
    async fn outlast(&self, at_least_ms: u32) {
        if at_least_ms == 0 {
            return;
        }
        let pause = self.0.load(Ordering::Relaxed).saturating_mul(4);
        let pause = Duration::from_millis(pause.max(at_least_ms.into()));
        tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
    }
}

impl Default for Imports {
    fn default() -> Self {
        Self {
            registry: None,
            push: None,
            keys: None,
            log: None,
            side_by_side: 16,
            slowest: Slowest::default(),
        }
    }
}

impl Imports {
    /// Nothing but randomness.
    pub fn none() -> Self {
        Self::default()
    }

    /// Lends reading from registries.
    pub fn registry(mut self, registry: impl Registry + 'static) -> Self {
        self.registry = Some(Arc::new(registry));
        self
    }

    /// Lends writing to registries.
    pub fn registry_push(mut self, push: impl RegistryPush + 'static) -> Self {
        self.push = Some(Arc::new(push));
        self
    }

    /// Lends a key service.
    pub fn key_service(mut self, keys: impl KeyService + 'static) -> Self {
        self.keys = Some(Arc::new(keys));
        self
    }

    /// Lends a transparency log.
    pub fn transparency_log(mut self, log: impl TransparencyLog + 'static) -> Self {
        self.log = Some(Arc::new(log));
        self
    }

    /// How many requests of one call run at the same time; 16 unless it is set.
    pub fn side_by_side(mut self, requests: usize) -> Self {
        self.side_by_side = requests.max(1);
        self
    }

    /// Serves independent requests side by side, answers in the order of the requests.
    async fn each<Q, A, F>(&self, requests: Vec<Q>, serve: impl Fn(Q) -> F) -> Vec<A>
    where
        F: Future<Output = A>,
    {
        self.each_after(requests, |_| ready(()), serve).await
    }

    /// The same, each after a pause of its own: who waits takes no place from who is served.
    async fn each_after<Q, A, W, F>(
        &self,
        requests: Vec<Q>,
        pause: impl Fn(&Q) -> W,
        serve: impl Fn(Q) -> F,
    ) -> Vec<A>
    where
        W: Future<Output = ()>,
        F: Future<Output = A>,
    {
        let (places, pause, serve) = (&Semaphore::new(self.side_by_side), &pause, &serve);
        let all = requests.into_iter().map(|request| async move {
            pause(&request).await;
            // It is never closed, so there is a place sooner or later.
            let _place = places.acquire().await;
            serve(request).await
        });
        join_all(all).await
    }
}

/// Adds all imports of the world `signer` to a linker. A component that imports fewer takes what
/// it needs.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    imports: fn(&mut T) -> &mut Imports,
) -> wasmtime::Result<()> {
    types::add_to_linker::<T, HasSelf<Imports>>(linker, imports)?;
    wit::add_to_linker::<T, HasSelf<Imports>>(linker, imports)?;
    registry_push::add_to_linker::<T, HasSelf<Imports>>(linker, imports)?;
    key_service::add_to_linker::<T, HasSelf<Imports>>(linker, imports)?;
    transparency_log::add_to_linker::<T, HasSelf<Imports>>(linker, imports)?;
    random::add_to_linker::<T, HasSelf<Imports>>(linker, imports)
}

impl types::Host for Imports {}

impl wit::Host for Imports {
    async fn resolve(
        &mut self,
        requests: Vec<wit::TagRequest>,
    ) -> Vec<Result<types::Descriptor, types::RegistryError>> {
        let registry = &self.registry;
        self.each(requests, |request| async move {
            let registry = lent(registry)?;
            let found = registry.resolve(&request.repository, &request.tag).await?;
            Ok(types::Descriptor {
                media_type: found.media_type,
                digest: found.digest,
                size: found.size,
            })
        })
        .await
    }

    async fn fetch_manifests(
        &mut self,
        requests: Vec<wit::ManifestRequest>,
    ) -> Vec<Result<wit::Manifest, types::RegistryError>> {
        let (registry, slowest) = (&self.registry, &self.slowest);
        let pause = |request: &wit::ManifestRequest| slowest.outlast(request.after_ms);
        self.each_after(requests, pause, |request| async move {
            let registry = lent(registry)?;
            let (repository, reference) = (&request.repository, &request.reference);
            let fetch = registry.fetch_manifest(repository, reference, request.max_size);
            let found = slowest.watch(fetch).await?;
            Ok(wit::Manifest {
                media_type: found.media_type,
                content: found.content,
            })
        })
        .await
    }

    async fn fetch_blobs(
        &mut self,
        requests: Vec<wit::BlobRequest>,
    ) -> Vec<Result<Vec<u8>, types::RegistryError>> {
        let registry = &self.registry;
        self.each(requests, |request| async move {
            let registry = lent(registry)?;
            let (repository, digest) = (&request.repository, &request.digest);
            Ok(registry
                .fetch_blob(repository, digest, request.max_size)
                .await?)
        })
        .await
    }

    async fn list_referrers(
        &mut self,
        requests: Vec<wit::ReferrersRequest>,
    ) -> Vec<Result<Vec<wit::Manifest>, types::RegistryError>> {
        let registry = &self.registry;
        self.each(requests, |request| async move {
            let registry = lent(registry)?;
            let (repository, digest) = (&request.repository, &request.digest);
            let list = registry.list_referrers(repository, digest, request.max_size);
            let pages = list.await?.into_iter().map(|page| wit::Manifest {
                media_type: page.media_type,
                content: page.content,
            });
            Ok(pages.collect())
        })
        .await
    }
}

impl registry_push::Host for Imports {
    async fn push_blobs(
        &mut self,
        blobs: Vec<registry_push::BlobPush>,
    ) -> Vec<Result<(), types::RegistryError>> {
        let push = &self.push;
        self.each(blobs, |blob| async move {
            Ok(lent(push)?
                .push_blob(&blob.repository, &blob.digest, blob.content)
                .await?)
        })
        .await
    }

    async fn push_manifests(
        &mut self,
        manifests: Vec<registry_push::ManifestPush>,
    ) -> Vec<Result<(), types::RegistryError>> {
        let (push, slowest) = (&self.push, &self.slowest);
        self.each(manifests, |manifest| async move {
            let (repository, reference) = (&manifest.repository, &manifest.reference);
            let (media_type, content) = (&manifest.media_type, manifest.content);
            let push = lent(push)?.push_manifest(repository, reference, media_type, content);
            Ok(slowest.watch(push).await?)
        })
        .await
    }

    async fn delete_manifests(
        &mut self,
        manifests: Vec<registry_push::ManifestDeletion>,
    ) -> Vec<Result<(), types::RegistryError>> {
        let push = &self.push;
        self.each(manifests, |manifest| async move {
            let (repository, digest) = (&manifest.repository, &manifest.digest);
            Ok(lent(push)?.delete_manifest(repository, digest).await?)
        })
        .await
    }
}

impl key_service::Host for Imports {
    async fn public_key(&mut self, key: String) -> Result<String, KeyServiceError> {
        self.keys
            .as_ref()
            .ok_or_else(no_key_service)?
            .public_key(&key)
            .await
    }

    async fn sign_digest(
        &mut self,
        key: String,
        digest: Vec<u8>,
    ) -> Result<Vec<u8>, KeyServiceError> {
        self.keys
            .as_ref()
            .ok_or_else(no_key_service)?
            .sign_digest(&key, &digest)
            .await
    }
}

impl transparency_log::Host for Imports {
    async fn submit(
        &mut self,
        submissions: Vec<transparency_log::Submission>,
    ) -> Vec<Result<transparency_log::Receipt, transparency_log::LogError>> {
        let log = &self.log;
        self.each(submissions, |submission| async move {
            let api = match submission.api {
                transparency_log::LogApi::RekorV1 => LogApi::RekorV1,
                transparency_log::LogApi::RekorV2 => LogApi::RekorV2,
            };
            let submit = lent_log(log)?.submit(api, submission.entry, submission.max_size);
            Ok(match submit.await? {
                Receipt::Logged(answer) => transparency_log::Receipt::Logged(answer),
                Receipt::AlreadyLogged(name) => transparency_log::Receipt::AlreadyLogged(name),
            })
        })
        .await
    }

    async fn fetch_entries(
        &mut self,
        requests: Vec<transparency_log::EntryRequest>,
    ) -> Vec<Result<Vec<u8>, transparency_log::LogError>> {
        let log = &self.log;
        self.each(requests, |request| async move {
            let fetch = lent_log(log)?.fetch_entry(&request.uuid, request.max_size);
            Ok(fetch.await?)
        })
        .await
    }

    async fn search_entries(
        &mut self,
        requests: Vec<transparency_log::SearchRequest>,
    ) -> Vec<Result<Vec<u8>, transparency_log::LogError>> {
        let log = &self.log;
        self.each(requests, |request| async move {
            let search = lent_log(log)?.search_entries(request.query, request.max_size);
            Ok(search.await?)
        })
        .await
    }

    async fn fetch_tiles(
        &mut self,
        requests: Vec<transparency_log::TileRequest>,
    ) -> Vec<Result<Vec<u8>, transparency_log::LogError>> {
        let log = &self.log;
        self.each(requests, |request| async move {
            let fetch = lent_log(log)?.fetch_tile(&request.path, request.max_size);
            Ok(fetch.await?)
        })
        .await
    }
}

impl random::Host for Imports {
    async fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        // Far more than a key takes; an answer that is too short is a trap in the component.
        let mut bytes = vec![0; len.min(64 * 1024) as usize];
        fill_random(&mut bytes);
        bytes
    }

    async fn get_random_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        fill_random(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

impl From<RegistryError> for types::RegistryError {
    fn from(error: RegistryError) -> Self {
        let words = error.to_string();
        match error {
            RegistryError::NotFound(words) => Self::NotFound(words),
            RegistryError::Denied(words) => Self::Denied(words),
            RegistryError::Unavailable(words) => Self::Unavailable(words),
            RegistryError::TooLarge { .. } => Self::TooLarge(words),
            RegistryError::Invalid(words) => Self::Invalid(words),
            RegistryError::Unsupported(words) => Self::Unsupported(words),
        }
    }
}

impl From<LogError> for transparency_log::LogError {
    fn from(error: LogError) -> Self {
        let words = error.to_string();
        match error {
            LogError::NotFound(words) => Self::NotFound(words),
            LogError::Denied(words) => Self::Denied(words),
            LogError::Unavailable(words) => Self::Unavailable(words),
            LogError::Refused(words) => Self::Refused(words),
            LogError::TooLarge { .. } => Self::TooLarge(words),
            LogError::Invalid(words) => Self::Invalid(words),
            LogError::Unsupported(words) => Self::Unsupported(words),
            LogError::Other(words) => Self::Other(words),
        }
    }
}

fn lent<T: ?Sized>(hook: &Option<Arc<T>>) -> Result<&T, types::RegistryError> {
    hook.as_deref().ok_or_else(|| {
        types::RegistryError::Unsupported("this session was lent no access to registries".into())
    })
}

fn lent_log(
    log: &Option<Arc<dyn TransparencyLog>>,
) -> Result<&dyn TransparencyLog, transparency_log::LogError> {
    log.as_deref().ok_or_else(|| {
        let words = "this session was lent no transparency log";
        transparency_log::LogError::Unsupported(words.into())
    })
}

fn no_key_service() -> KeyServiceError {
    KeyServiceError::Unsupported("this session was lent no key service".into())
}

fn fill_random(out: &mut [u8]) {
    getrandom::fill(out).expect("the operating system has randomness once it has booted");
}

/// A pause must not become a hang.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
