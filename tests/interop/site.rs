//! The embedded registry, served on a thread of its own.

use cosignet_host::embedded::registry::{EmbeddedRegistry, Options};
use tokio::runtime::{Builder, Runtime};

use crate::image::Repository;

/// A running registry, gone when dropped.
pub struct Site {
    /// The registry.
    pub registry: EmbeddedRegistry,
    _runtime: Runtime,
}

impl Site {
    /// Starts one with the referrers API, or one whose clients keep the lists.
    pub fn start(referrers_api: bool) -> Self {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let options = Options {
            referrers_api,
            ..Options::default()
        };
        let registry = runtime.block_on(EmbeddedRegistry::start(options));
        Self {
            registry: registry.expect("a registry"),
            _runtime: runtime,
        }
    }

    /// An image there.
    pub fn name(&self, image: &str) -> String {
        format!("{}/{image}", self.registry.host())
    }

    /// A repository there.
    pub fn repository(&self, name: &str) -> Repository {
        Repository::new(&self.registry.host(), name)
    }
}
