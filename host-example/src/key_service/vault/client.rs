//! The client: what each operation sends.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::builder::VaultBuilder;
use super::login::{Auth, Lease, token_header};
use super::refusal::{Operation, passes, refusal, unreachable};
use super::transit::{self, PinnedKey};
use crate::KeyService;
use crate::api::KeyServiceError;
use crate::http::{
    Answer, Backoff, BaseUrl, Failure, Request, RetryPolicy, Transport, deadline, retry_after,
};
use crate::key_service::VaultKeyName;

/// A client of the transit engine of one Vault.
///
/// The public key of a key is read once and stays what it was: signatures are made by that version of
/// the key, even if it is rotated meanwhile. Cheap to clone; clones share what they know. It needs a
/// Tokio runtime with I/O and time.
///
/// ```no_run
/// use cosignet_host::{Imports, key_service::VaultBuilder};
///
/// let vault = VaultBuilder::from_environment()?.build()?;
/// let imports = Imports::none().key_service(vault);
/// # Ok::<(), cosignet_host::key_service::VaultBuildError>(())
/// ```
#[derive(Clone)]
pub struct Vault {
    shared: Arc<Shared>,
    lease: Arc<Mutex<Option<Lease>>>,
    keys: Arc<Mutex<HashMap<VaultKeyName, PinnedKey>>>,
}

/// What clones share, and what does not change.
pub(super) struct Shared {
    /// With `/v1`.
    pub base: BaseUrl,
    pub mount: String,
    pub namespace: Option<HeaderValue>,
    pub auth: Auth,
    pub key_version: Option<u64>,
    pub transport: Transport,
    pub timeout: Duration,
    pub retry: RetryPolicy,
}

/// A request.
struct Call<'a> {
    operation: Operation<'a>,
    method: Method,
    path: String,
    body: Option<Bytes>,
}

impl Vault {
    /// A client to be set up: see [`VaultBuilder::new`].
    pub fn builder(address: impl Into<String>) -> VaultBuilder {
        VaultBuilder::new(address)
    }

    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            lease: Arc::default(),
            keys: Arc::default(),
        }
    }

    /// The public key of a key, in PEM.
    ///
    /// # Errors
    /// Those of [`KeyService`].
    pub async fn read_public_key(&self, key: &VaultKeyName) -> Result<String, KeyServiceError> {
        self.with_key(key, |key| key.pem.clone()).await
    }

    /// Refuses a key that is not there, or cannot sign.
    ///
    /// # Errors
    /// Those of [`KeyService`].
    pub async fn check_signer(&self, key: &VaultKeyName) -> Result<(), KeyServiceError> {
        let version = self.with_key(key, PinnedKey::signing_version).await?;
        version.map(drop)
    }

    /// A signature over the message with this SHA-256 digest, by the version of the key whose public
    /// key was read.
    ///
    /// # Errors
    /// Those of [`KeyService`].
    pub async fn sign(
        &self,
        key: &VaultKeyName,
        digest: &[u8],
    ) -> Result<Vec<u8>, KeyServiceError> {
        let version = self.with_key(key, PinnedKey::signing_version).await??;
        let body = json!({
            "input": BASE64.encode(digest),
            "prehashed": true,
            "key_version": version,
            "marshaling_algorithm": "asn1",
            "signature_algorithm": "pkcs1v15",
        });
        let answer = self
            .send(&Call {
                operation: Operation::Sign(key),
                method: Method::POST,
                path: format!("{}/sign/{key}/sha2-256", self.shared.mount),
                body: Some(body.to_string().into()),
            })
            .await?;
        transit::signature(key, version, &answer.body)
    }

    /// Has a new ECDSA P-256 key made, and returns its public key in PEM. A key that exists already
    /// is left as it is.
    ///
    /// # Errors
    /// Those of [`KeyService`].
    pub async fn create_key(&self, key: &VaultKeyName) -> Result<String, KeyServiceError> {
        let body = json!({ "type": "ecdsa-p256" });
        self.send(&Call {
            operation: Operation::Create(key),
            method: Method::POST,
            path: format!("{}/keys/{key}", self.shared.mount),
            body: Some(body.to_string().into()),
        })
        .await?;
        self.read_public_key(key).await
    }

    /// Looks at a key, which is read if it is not known yet: once, however many ask at once.
    async fn with_key<T>(
        &self,
        name: &VaultKeyName,
        look: impl FnOnce(&PinnedKey) -> T,
    ) -> Result<T, KeyServiceError> {
        let mut keys = self.keys.lock().await;
        if let Some(key) = keys.get(name) {
            return Ok(look(key));
        }
        let answer = self
            .send(&Call {
                operation: Operation::Read(name),
                method: Method::GET,
                path: format!("{}/keys/{name}", self.shared.mount),
                body: None,
            })
            .await?;
        let key = PinnedKey::read(name, self.shared.key_version, &answer.body)?;
        Ok(look(keys.entry(name.clone()).or_insert(key)))
    }

    /// Sends with a token. One of a login that Vault no longer takes is replaced, once.
    async fn send(&self, call: &Call<'_>) -> Result<Answer, KeyServiceError> {
        let token = match &self.shared.auth {
            Auth::Agent => None,
            Auth::Token(token) => Some(token_header(token)?),
            Auth::AppRole(_) => Some(self.log_in(None).await?),
        };
        let answer = self.exchange(call, token.as_ref()).await?;
        let answer = match (&self.shared.auth, token) {
            (Auth::AppRole(_), Some(stale)) if answer.status == 403 => {
                let token = self.log_in(Some(&stale)).await?;
                self.exchange(call, Some(&token)).await?
            }
            _ => answer,
        };
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(refusal(&call.operation, &self.shared.mount, &answer)),
        }
    }

    /// A token, of an earlier login if it is good and not the `stale` one.
    async fn log_in(&self, stale: Option<&HeaderValue>) -> Result<HeaderValue, KeyServiceError> {
        let mut kept = self.lease.lock().await;
        let now = Instant::now();
        let is_fresh = |lease: &&Lease| lease.is_good(now) && stale != Some(&lease.token);
        if let Some(lease) = kept.as_ref().filter(is_fresh) {
            return Ok(lease.token.clone());
        }
        let Auth::AppRole(role) = &self.shared.auth else {
            return Err(KeyServiceError::Other("no AppRole to log in with".into()));
        };
        let body = serde_json::to_vec(role).map_err(|error| {
            KeyServiceError::Other(format!("what to log in to Vault with: {error}"))
        })?;
        let call = Call {
            operation: Operation::LogIn,
            method: Method::POST,
            path: "auth/approle/login".to_owned(),
            body: Some(body.into()),
        };
        let answer = self.exchange(&call, None).await?;
        if !answer.status.is_success() {
            return Err(refusal(&call.operation, &self.shared.mount, &answer));
        }
        let lease = Lease::read(&Zeroizing::new(answer.body), now)?;
        Ok(kept.insert(lease).token.clone())
    }

    /// Sends, again while failures may pass. Any status that will not pass is an answer.
    async fn exchange(
        &self,
        call: &Call<'_>,
        token: Option<&HeaderValue>,
    ) -> Result<Answer, KeyServiceError> {
        let deadline = deadline(self.shared.timeout);
        let backoff = Backoff::new(self.shared.retry, deadline);
        backoff.run(|| self.attempt(call, token, deadline)).await
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        token: Option<&HeaderValue>,
        deadline: Instant,
    ) -> Result<Answer, Failure<KeyServiceError>> {
        let mut headers = HeaderMap::new();
        // An agent may insist on it: no page in a browser can send it.
        headers.insert(REQUEST, HeaderValue::from_static("true"));
        headers.extend(token.map(|token| (TOKEN, token.clone())));
        let namespace = self.shared.namespace.clone();
        headers.extend(namespace.map(|namespace| (NAMESPACE, namespace)));
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = Request {
            method: call.method.clone(),
            url: self.shared.base.join(&call.path),
            headers,
            body: call.body.clone().map(Into::into),
            sink: None,
            limit: LONGEST_ANSWER,
            timeout: deadline.saturating_duration_since(Instant::now()),
        };
        let url = request.url.clone();
        let answer = self.shared.transport.exchange(request).await;
        let answer = answer.map_err(|error| unreachable(&call.operation, &url, error))?;
        match passes(&answer) {
            true => Err(Failure::Transient {
                error: refusal(&call.operation, &self.shared.mount, &answer),
                after: retry_after(&answer.headers, SystemTime::now()),
            }),
            false => Ok(answer),
        }
    }
}

/// The name of a key is its name in the engine.
#[async_trait]
impl KeyService for Vault {
    async fn public_key(&self, key: &str) -> Result<String, KeyServiceError> {
        self.read_public_key(&key.parse()?).await
    }

    async fn sign_digest(&self, key: &str, digest: &[u8]) -> Result<Vec<u8>, KeyServiceError> {
        self.sign(&key.parse()?, digest).await
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("base", &self.shared.base)
            .field("mount", &self.shared.mount)
            .finish_non_exhaustive()
    }
}

const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
/// A key that was rotated every day for ten years is read in less.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;
