//! The transit engine of a Vault in the process, on a port of the loopback interface, for
//! demonstrations and tests.
//!
//! It makes keys, rotates them and signs with them as HashiCorp Vault and OpenBao do, as far as signing
//! images needs it, and takes tokens and logins by AppRole. What goes wrong with such a service, it does
//! when told to: see [`Fault`].
//!
//! **It is neither meant nor hardened for production.** Keys are in memory, and policies there are none.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use cosignet_host::embedded::vault::{EmbeddedVault, KeyKind, Options};
//!
//! let vault = EmbeddedVault::start(Options::default()).await?;
//! vault.create_key("release", KeyKind::EcdsaP256)?;
//! // … VAULT_ADDR is `vault.url()`, VAULT_TOKEN `vault.token()`:
//! // cosignet sign --key hashivault://release …
//! vault.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What differs from Vault
//!
//! - Keys are ECDSA over P-256 or P-384, Ed25519, and `aes256-gcm96`, which signs nothing.
//! - ECDSA signatures are in ASN.1 alone; there are no batches.
//! - A namespace is not looked at.
//!
//! How a request flows: the server of all embedded servers accepts it, a fault may stand in its way,
//! `route` says what it is about, `api` checks the token and answers from the `key`s, or with an `error`.

mod api;
mod error;
mod fault;
mod key;
mod route;

use std::{fmt, io, net::SocketAddr};

use self::api::Api;
pub use self::{key::KeyKind, route::Endpoint};
use super::serve::Server;
pub use super::{RequestRecord, fault::Hits};

/// What a Vault, or the way to it, does wrong, and to which requests.
pub type Fault = super::fault::Fault<Endpoint>;
/// What a [`Fault`] does.
pub type Action = super::fault::Action<Endpoint>;

/// Settings of an [`EmbeddedVault`]. Start from `Options::default()`.
#[derive(Clone, Debug)]
pub struct Options {
    /// The token that may do everything.
    pub token: String,
    /// The one AppRole: its id.
    pub role_id: String,
    /// The one AppRole: its secret.
    pub secret_id: String,
    /// Seconds that the token of a login is said to be good for; 0 for ever.
    pub lease: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: "embedded-root".to_owned(),
            role_id: "embedded-role".to_owned(),
            secret_id: "embedded-secret".to_owned(),
            lease: 3600,
        }
    }
}

/// A running transit engine. Dropping it stops it in the background.
pub struct EmbeddedVault {
    server: Server<Api>,
}

impl EmbeddedVault {
    /// Starts one on a free port of 127.0.0.1, in the current tokio runtime, with no keys in it.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let server = Server::start(Api::new(options)).await?;
        Ok(Self { server })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.address()
    }

    /// What `VAULT_ADDR` wants: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// What `VAULT_TOKEN` wants.
    pub fn token(&self) -> &str {
        &self.server.site().options.token
    }

    /// Makes a key. One that exists already is left as it is.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn create_key(&self, name: &str, kind: KeyKind) -> io::Result<()> {
        self.server.site().keys().create(name, kind)
    }

    /// Gives a key another version, which signs from now on unless one is named. A key that does not
    /// exist is not made.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn rotate_key(&self, name: &str) -> io::Result<()> {
        self.server.site().keys().rotate(name)
    }

    /// Takes no longer what logins have brought; who logs in again goes on.
    pub fn revoke_logins(&self) {
        self.server.site().revoke_logins();
    }

    /// The requests answered so far, the latest 16384 of them, in the order of their answers. A
    /// client that has its answer finds its request here.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.server.journal().records()
    }

    /// Like [`requests`](Self::requests), and starts counting anew.
    pub fn take_requests(&self) -> Vec<RequestRecord> {
        self.server.journal().take()
    }

    /// Puts a fault into force, after those already there.
    pub fn inject(&self, fault: Fault) -> Hits {
        self.server.faults().inject(fault)
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.server.faults().clear();
    }

    /// Stops listening, gives requests under way a second to finish, and ends. The keys are gone.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

impl fmt::Debug for EmbeddedVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedVault")
            .field("address", &self.addr())
            .finish_non_exhaustive()
    }
}
