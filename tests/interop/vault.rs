//! The embedded transit engine, served on a thread of its own.

use std::ops::Deref;

use cosignet_host::embedded::vault::{EmbeddedVault, Options};
use tokio::runtime::{Builder, Runtime};

/// A running transit engine, gone when dropped.
pub struct Vault {
    vault: EmbeddedVault,
    _runtime: Runtime,
}

impl Vault {
    /// Starts one without keys.
    pub fn start() -> Self {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let vault = runtime.block_on(EmbeddedVault::start(Options::default()));
        Self {
            vault: vault.expect("a transit engine"),
            _runtime: runtime,
        }
    }
}

impl Deref for Vault {
    type Target = EmbeddedVault;

    fn deref(&self) -> &EmbeddedVault {
        &self.vault
    }
}
