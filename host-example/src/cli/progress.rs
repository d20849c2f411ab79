//! How far signing many images has come: a bar on a terminal, nothing in a pipe.

use std::io::{self, IsTerminal as _};

use async_trait::async_trait;
use indicatif::{ProgressBar, ProgressStyle};

use cosignet_host::OciRegistry;
use cosignet_host::registry::{RegistryError, RegistryPush};

/// A registry, and a bar that moves with each signature image that it takes.
pub struct Progress {
    registry: OciRegistry,
    bar: ProgressBar,
}

impl Progress {
    /// Watches what is pushed for so many images.
    pub fn watch(registry: OciRegistry, bar: ProgressBar) -> Self {
        Self { registry, bar }
    }
}

/// The bar for so many images.
pub fn bar(images: usize) -> ProgressBar {
    if images < WORTH_SHOWING || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} pushed, {len} images")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(images as u64).with_style(style)
}

#[async_trait]
impl RegistryPush for Progress {
    async fn push_blob(
        &self,
        repository: &str,
        digest: &str,
        content: Vec<u8>,
    ) -> Result<(), RegistryError> {
        self.registry.push_blob(repository, digest, content).await
    }

    async fn push_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        content: Vec<u8>,
    ) -> Result<(), RegistryError> {
        let push = self
            .registry
            .push_manifest(repository, reference, media_type, content);
        push.await?;
        self.bar.inc(1);
        Ok(())
    }

    async fn delete_manifest(&self, repository: &str, digest: &str) -> Result<(), RegistryError> {
        self.registry.delete_manifest(repository, digest).await
    }
}

/// Fewer are signed before a bar is read.
const WORTH_SHOWING: usize = 8;
