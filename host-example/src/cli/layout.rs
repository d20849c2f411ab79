//! Images on disk: `save`, `load`, and how a directory is named.

use std::path::Path;

use clap::Args;

use cosignet::oci::Reference;
use cosignet_host::layout::{self, Copied, Layout, LayoutError};

use super::failure::Failure;
use super::options::{Common, RegistryOptions, signature_repository};

#[derive(Args)]
pub struct Save {
    /// The directory: made where it is missing, its index replaced where it is there, as cosign does.
    #[arg(long, value_name = "DIR")]
    dir: String,
    #[command(flatten)]
    registry: RegistryOptions,
    /// The image: [HOST/]REPOSITORY[:TAG][@DIGEST].
    image: String,
}

#[derive(Args)]
pub struct Load {
    /// The directory: DIR, or DIR:TAG or DIR@DIGEST where there are several images in it.
    #[arg(long, value_name = "DIR")]
    dir: String,
    #[command(flatten)]
    registry: RegistryOptions,
    /// What it is to be called: [HOST/]REPOSITORY[:TAG][@DIGEST].
    image: String,
}

impl Save {
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let client = self.registry.client()?;
        let image = reference(&self.registry.reference(&self.image)?)?;
        let place = signature_repository();
        let saved = layout::save(&client, &image, place.as_deref(), Path::new(&self.dir)).await?;
        tell("Saved", &saved, &self.dir);
        Ok(())
    }
}

impl Load {
    pub async fn run(self, _: &Common) -> Result<(), Failure> {
        let client = self.registry.client()?.for_push();
        let image = reference(&self.registry.reference(&self.image)?)?;
        let (layout, name) = open(&self.dir)?;
        let place = signature_repository();
        let loaded = layout::load(&layout, name, &client, &image, place.as_deref()).await?;
        tell("Loaded", &loaded, &image.to_string());
        Ok(())
    }
}

/// A layout by its directory, and the name of one of its images if one is given, as oras does: a
/// tag after a colon, or a digest after an @. A directory whose name is like that is meant itself.
pub fn open(named: &str) -> Result<(Layout, Option<&str>), LayoutError> {
    let (directory, name) = match (named.split_once('@'), named.rsplit_once(':')) {
        _ if Path::new(named).is_dir() => (named, None),
        (Some((directory, digest)), _) => (directory, Some(digest)),
        (None, Some((directory, tag))) => (directory, Some(tag)),
        (None, None) => (named, None),
    };
    Ok((Layout::open(Path::new(directory))?, name))
}

fn reference(text: &str) -> Result<Reference, Failure> {
    text.parse()
        .map_err(|error| Failure::other(format!("parsing reference: {error}")))
}

fn tell(done: &str, copied: &Copied, place: &str) {
    for left_out in &copied.left_out {
        eprintln!("Warning: left out: {}", Failure::other(left_out.as_str()));
    }
    let Copied {
        digest,
        manifests,
        blobs,
        ..
    } = copied;
    eprintln!("{done} {digest} to {place}: {manifests} manifests, {blobs} blobs");
}

impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        Self::other(error.to_string())
    }
}
