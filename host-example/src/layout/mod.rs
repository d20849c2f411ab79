//! Images on disk: OCI image layouts (OCI image specification, `image-layout.md`), read, written
//! and loaded with all that is attached to an image.
//!
//! A [`Layout`] is a [`Registry`], so a directory is verified by the very path by which a registry
//! is: lend it to a session, and verify [`Layout::reference`].
//!
//! ```no_run
//! # async fn run(rules: cosignet_host::api::policy::Rules) -> Result<(), Box<dyn std::error::Error>> {
//! use cosignet_host::layout::Layout;
//! use cosignet_host::{Imports, Program, Session, World};
//!
//! let layout = Layout::open("saved".as_ref())?;
//! let image = layout.reference(None)?;
//! let program = Program::built_in(World::Verifier)?;
//! let mut session = Session::start(&program, Imports::none().registry(layout)).await?;
//! let policy = session.read_policy(&rules).await?;
//! session.verify_images(policy, &[image], &Default::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! What cosign, oras and crane write is read. Signatures and attestations are found by the
//! annotation `kind` of cosign's or by the tag that they had, referrers by their `subject`, wherever
//! among the blobs they are: cosign 3 names them nowhere.
//!
//! How data flows: `folder` opens and writes files and lets none outside be reached, `index` is
//! `index.json`, `document` what a manifest names, `referrers` finds who refers to what; `graph`
//! walks an image, in a registry or on disk, [`save`] and [`load`] copy what it found, and `merge` keeps
//! what others attached.

mod document;
mod folder;
mod graph;
mod index;
mod load;
mod merge;
mod referrers;
mod save;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use async_trait::async_trait;
use cosignet::oci::{Digest, Referrer, Referrers, VerifiedBytes, media_type};

pub use graph::Copied;
pub use load::load;
pub use save::save;

use crate::registry::{Descriptor, Manifest, Registry, RegistryError};
use folder::Folder;
use graph::{Graph, Source};
use index::{Entry, Index};

/// A directory with one image or several.
///
/// `index.json` is read once, when it is opened; manifests and blobs when they are asked for. Reads
/// are short and block the thread.
#[derive(Debug)]
pub struct Layout {
    folder: Folder,
    index: Index,
    /// Found when they are first asked for.
    referrers: OnceLock<Result<BTreeMap<Digest, Vec<Referrer>>, String>>,
}

/// Why a layout cannot be read, written or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The registry did not do what it was asked.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A file cannot be read or written, or is not inside of the directory.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No image layout, or an image that is not what its manifest says.
    #[error("{0}")]
    Malformed(String),
    /// More than an image has, or than is looked through.
    #[error("{0}")]
    TooLarge(String),
    /// The image that is asked for is not in the layout, or it is not said which one of several is.
    #[error("{0}")]
    WhichImage(String),
}

impl Layout {
    /// The repository that the images of every layout are in: a directory does not say where they
    /// came from. The name cannot be a registry's, `.invalid` never resolves (RFC 2606), and
    /// a layout knows no other repository.
    pub const REPOSITORY: &'static str = "layout.invalid/image";

    /// Opens the directory.
    ///
    /// # Errors
    /// It is no image layout of version 1.0.0, or its index cannot be read.
    pub fn open(directory: &Path) -> Result<Self, LayoutError> {
        let folder = Folder::open(directory)?;
        let index = Index::read(&folder)?;
        Ok(Self {
            folder,
            index,
            referrers: OnceLock::new(),
        })
    }

    /// The digest of the image with this tag or digest, or of the only image.
    ///
    /// # Errors
    /// It is not there, or nothing is named and there are several images, or none.
    pub fn image(&self, name: Option<&str>) -> Result<Digest, LayoutError> {
        let missing =
            |name: &str| LayoutError::WhichImage(format!("{}: no image {name} in it", self.folder));
        if let Some(name) = name {
            return match name.parse() {
                Ok(digest) if self.folder.size(digest).is_ok() => Ok(digest),
                Ok(_) => Err(missing(name)),
                Err(_) => self.index.tagged(name).ok_or_else(|| missing(name)),
            };
        }
        let images = self.images()?;
        match images.as_slice() {
            [only] => Ok(*only),
            [] => Err(missing("at all")),
            several => {
                let names = several.iter().map(ToString::to_string);
                Err(LayoutError::WhichImage(format!(
                    "{}: several images in it; name one by its tag or digest: {}",
                    self.folder,
                    names.collect::<Vec<_>>().join(", ")
                )))
            }
        }
    }

    /// How a verifier names the image with this tag or digest, or the only one:
    /// `layout.invalid/image@sha256:<hex>`.
    ///
    /// # Errors
    /// As [`image`](Self::image).
    pub fn reference(&self, name: Option<&str>) -> Result<String, LayoutError> {
        let digest = self.image(name)?;
        Ok(format!("{}@{digest}", Self::REPOSITORY))
    }

    /// Whatever the index names, but what is attached to something else. An image that is marked as
    /// an attachment and has a tag of its own is an image: others would take it for one.
    fn images(&self) -> Result<Vec<Digest>, LayoutError> {
        let mut images = Vec::new();
        for entry in self
            .index
            .entries
            .iter()
            .filter(|entry| !entry.is_attached())
        {
            let digest = entry.digest;
            if images.contains(&digest) || (entry.tag().is_none() && self.refers(entry)?) {
                continue;
            }
            images.push(digest);
        }
        Ok(images)
    }

    /// Whether what is named refers to something else: oras names referrers in the index.
    fn refers(&self, entry: &Entry) -> Result<bool, LayoutError> {
        let referrers = self.referrers().map_err(LayoutError::Malformed)?;
        let mut all = referrers.values().flatten();
        Ok(all.any(|referrer| referrer.descriptor.digest == entry.digest))
    }

    fn referrers(&self) -> Result<&BTreeMap<Digest, Vec<Referrer>>, String> {
        let found = self.referrers.get_or_init(|| referrers::all(&self.folder));
        found.as_ref().map_err(Clone::clone)
    }

    /// Compares an image, its children and all their blobs with their digests. A verifier judges
    /// signatures and takes the digest's word for the image: this says that the directory keeps it.
    ///
    /// # Errors
    /// Something is missing or altered.
    pub async fn check(&self, image: Digest) -> Result<(), LayoutError> {
        let graph = Graph::image(self.source(), image).await?;
        for blob in graph.blobs() {
            self.folder.verified_blob(&blob)?;
        }
        Ok(())
    }

    fn source(&self) -> Source<'_> {
        Source {
            registry: self,
            image: Self::REPOSITORY,
            attached: Self::REPOSITORY,
        }
    }

    /// A manifest, not hashed if it is asked for by its digest: whoever does hashes it. What a tag
    /// names is known here alone.
    fn manifest(
        &self,
        repository: &str,
        reference: &str,
        max_size: u64,
    ) -> Result<(Digest, Manifest), RegistryError> {
        let (digest, content) = match reference.contains(':') {
            true => {
                let digest = self.digest(repository, reference)?;
                (digest, self.folder.blob(digest, max_size)?)
            }
            false => {
                own(repository)?;
                let missing = || RegistryError::NotFound(format!("{}: {reference}", self.folder));
                let digest = self.index.attached(reference).ok_or_else(missing)?;
                // The index names it, so it is missed where it is not there.
                let content = self.folder.blob(digest, max_size);
                let content = content.map_err(|error| match error {
                    RegistryError::NotFound(words) => RegistryError::Invalid(words),
                    other => other,
                })?;
                let verified = VerifiedBytes::with_digest(content, digest).map_err(|error| {
                    RegistryError::Invalid(format!("{}: {reference}: {error}", self.folder))
                })?;
                (digest, verified.as_bytes().to_vec())
            }
        };
        let media_type = self.media_type(digest, &content)?;
        let manifest = Manifest {
            media_type,
            content,
        };
        Ok((digest, manifest))
    }

    /// A well-formed digest: nothing else becomes a file's name.
    fn digest(&self, repository: &str, digest: &str) -> Result<Digest, RegistryError> {
        own(repository)?;
        let parsed = digest.parse();
        parsed.map_err(|error| RegistryError::Invalid(format!("{}: {error}", self.folder)))
    }

    /// The type that the index gives it, or its own; neither is believed by who parses it.
    fn media_type(&self, digest: Digest, content: &[u8]) -> Result<String, RegistryError> {
        let mut named = self.index.entries.iter();
        let named = named.find(|entry| entry.digest == digest);
        let named = named.map(|entry| entry.media_type.clone());
        named
            .or_else(|| document::media_type(content))
            .ok_or_else(|| {
                RegistryError::Invalid(format!("{}: {digest} is no manifest", self.folder))
            })
    }
}

#[async_trait]
impl Registry for Layout {
    async fn resolve(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<Descriptor, RegistryError> {
        let (digest, manifest) = self.manifest(repository, reference, MAX_MANIFEST)?;
        Ok(Descriptor {
            media_type: manifest.media_type,
            digest: digest.to_string(),
            size: manifest.content.len() as u64,
        })
    }

    async fn fetch_manifest(
        &self,
        repository: &str,
        reference: &str,
        max_size: u64,
    ) -> Result<Manifest, RegistryError> {
        let (_, manifest) = self.manifest(repository, reference, max_size)?;
        Ok(manifest)
    }

    async fn fetch_blob(
        &self,
        repository: &str,
        digest: &str,
        max_size: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        let digest = self.digest(repository, digest)?;
        self.folder.blob(digest, max_size)
    }

    /// One page, by the blobs' own words: never unsupported.
    async fn list_referrers(
        &self,
        repository: &str,
        digest: &str,
        max_size: u64,
    ) -> Result<Vec<Manifest>, RegistryError> {
        let digest = self.digest(repository, digest)?;
        let what = format!("{}: list of the referrers of {digest}", self.folder);
        let invalid = |why: String| RegistryError::Invalid(format!("{what}: {why}"));
        let all = self.referrers().map_err(invalid)?;
        let mut found = all.get(&digest).into_iter().flatten();
        let list = found.try_fold(Referrers::empty(), |list, one| list.with(one));
        let list = list.and_then(|list| list.to_json()).map_err(invalid)?;
        if list.len() as u64 > max_size {
            return Err(RegistryError::TooLarge {
                what,
                limit: max_size,
            });
        }
        Ok(vec![Manifest {
            media_type: media_type::OCI_INDEX.into(),
            content: list.into_bytes(),
        }])
    }
}

/// A directory has one repository.
fn own(repository: &str) -> Result<(), RegistryError> {
    match repository == Layout::REPOSITORY {
        true => Ok(()),
        false => Err(RegistryError::NotFound(format!(
            "{repository}: a directory has no repository but {}",
            Layout::REPOSITORY
        ))),
    }
}

/// The distribution specification's limit, and a verifier's.
const MAX_MANIFEST: u64 = cosignet::verify::Limits::CEILING.manifest_size;
