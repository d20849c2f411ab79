//! An image with all that belongs to it: children, signatures, attestations, referrers.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;

use cosignet::oci::{
    Descriptor, Digest, Referrer, Referrers, VerifiedBytes, media_type, referrers_tag,
};

use super::{LayoutError, MAX_MANIFEST, document::Document};
use crate::registry::{Manifest, Registry, RegistryError};

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The image or index.
    pub digest: Digest,
    /// Its manifest, its children, and whatever is attached to any of them.
    pub manifests: usize,
    /// Their configurations and layers.
    pub blobs: usize,
    /// What is attached and was left out, being unreadable, and why: a bad neighbour keeps no image
    /// back.
    pub left_out: Vec<String>,
}

/// Where an image is read from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub registry: &'a dyn Registry,
    /// The repository of the image.
    pub image: &'a str,
    /// The repository of what is attached to it.
    pub attached: &'a str,
}

/// Everything, with manifests in memory and blobs by name.
pub(super) struct Graph {
    /// Each after all that it names.
    pub nodes: Vec<Node>,
    /// What lies under tags beside the image.
    pub tags: Vec<Tag>,
    /// Who refers to what.
    pub referrers: Vec<(Digest, Referrer)>,
    left_out: Vec<String>,
    seen: BTreeSet<Digest>,
    size: usize,
}

/// A manifest that was compared with its digest.
pub(super) struct Node {
    pub descriptor: Descriptor,
    pub content: Vec<u8>,
    pub document: Document,
    /// Whether it is attached to the image rather than a part of it.
    pub is_attached: bool,
}

/// `sha256-<hex>.<suffix>`.
pub(super) struct Tag {
    /// The image that it is attached to.
    pub subject: Digest,
    pub suffix: &'static str,
    pub target: Digest,
}

impl Node {
    /// That of two repositories which it belongs into.
    pub fn of<'a>(&self, image: &'a str, attached: &'a str) -> &'a str {
        match self.is_attached {
            true => attached,
            false => image,
        }
    }
}

impl Tag {
    /// As it is written.
    pub fn name(&self) -> String {
        format!("{}.{}", referrers_tag(&self.subject), self.suffix)
    }

    /// Whether several add to what is under it.
    pub fn is_shared(&self) -> bool {
        matches!(self.suffix, "sig" | "att")
    }
}

type Walk<'a, T> = Pin<Box<dyn Future<Output = Result<T, LayoutError>> + Send + 'a>>;

impl Graph {
    /// An image and all that is attached.
    pub async fn of(source: Source<'_>, root: Digest) -> Result<Self, LayoutError> {
        let mut graph = Self::image(source, root).await?;
        let images: Vec<Digest> = graph.seen.iter().copied().collect();
        for image in &images {
            graph.tagged(source, *image).await?;
        }
        let mut subjects = VecDeque::from(images);
        while let Some(subject) = subjects.pop_front() {
            subjects.extend(graph.referring(source, subject).await?);
        }
        Ok(graph)
    }

    /// An image and its children.
    pub async fn image(source: Source<'_>, root: Digest) -> Result<Self, LayoutError> {
        let mut graph = Self {
            nodes: Vec::new(),
            tags: Vec::new(),
            referrers: Vec::new(),
            left_out: Vec::new(),
            seen: BTreeSet::new(),
            size: 0,
        };
        let manifest = fetch(source, source.image, root).await?;
        let manifest = manifest.ok_or_else(|| {
            let name = format!("{}@{root}", source.image);
            RegistryError::NotFound(format!("{name}: no such image"))
        })?;
        graph.add(source, root, manifest, 0, false).await?;
        Ok(graph)
    }

    /// The manifest of the image itself, which is before whatever is attached.
    pub fn node(&self, digest: Digest) -> Option<&Node> {
        let mut nodes = self.nodes.iter();
        nodes.find(|node| node.descriptor.digest == digest)
    }

    /// All configurations and layers, once each.
    pub fn blobs(&self) -> impl Iterator<Item = Descriptor> {
        let mut seen = BTreeSet::new();
        let blobs = self.nodes.iter().flat_map(|node| node.document.blobs());
        blobs.filter(move |blob| seen.insert(blob.digest))
    }

    /// What a copy of it has copied.
    pub fn copied(self, digest: Digest) -> Copied {
        Copied {
            digest,
            manifests: self.nodes.len(),
            blobs: self.blobs().count(),
            left_out: self.left_out,
        }
    }

    /// Adds a manifest after its children, if it is new.
    fn add<'a>(
        &'a mut self,
        source: Source<'a>,
        digest: Digest,
        manifest: Manifest,
        depth: usize,
        is_attached: bool,
    ) -> Walk<'a, ()> {
        Box::pin(async move {
            if !self.seen.insert(digest) {
                return Ok(());
            }
            self.size += manifest.content.len();
            if self.seen.len() > MAX_NODES || self.size > MAX_SIZE || depth > MAX_DEPTH {
                return Err(LayoutError::TooLarge(format!(
                    "{digest}: too much belongs to this image: at most {MAX_NODES} manifests, \
                     {MAX_SIZE} bytes of them, and indexes {MAX_DEPTH} deep are copied"
                )));
            }
            let document = Document::parse(&manifest.media_type, &manifest.content)
                .map_err(|why| LayoutError::Malformed(format!("{digest}: {why}")))?;
            let place = match is_attached {
                true => source.attached,
                false => source.image,
            };
            for child in document.children() {
                let Some(manifest) = fetch(source, place, child.digest).await? else {
                    let (digest, child) = (&digest, &child.digest);
                    return Err(LayoutError::Malformed(format!(
                        "{digest}: the index names {child}, which is not there"
                    )));
                };
                self.add(source, child.digest, manifest, depth + 1, is_attached)
                    .await?;
            }
            self.nodes.push(Node {
                descriptor: Descriptor::of(&manifest.media_type, &manifest.content),
                content: manifest.content,
                document,
                is_attached,
            });
            Ok(())
        })
    }

    /// What lies under tags beside an image.
    async fn tagged(&mut self, source: Source<'_>, subject: Digest) -> Result<(), LayoutError> {
        for suffix in ["sig", "att", "sbom"] {
            let tag = format!("{}.{suffix}", referrers_tag(&subject));
            let fetched = source
                .registry
                .fetch_manifest(source.attached, &tag, MAX_MANIFEST);
            let Some(manifest) = found(fetched.await)? else {
                continue;
            };
            let target = Digest::of(&manifest.content);
            if self.attach(source, target, manifest).await? {
                self.tags.push(Tag {
                    subject,
                    suffix,
                    target,
                });
            }
        }
        Ok(())
    }

    /// Adds something that is attached; `false` where it is left out.
    async fn attach(
        &mut self,
        source: Source<'_>,
        digest: Digest,
        manifest: Manifest,
    ) -> Result<bool, LayoutError> {
        match self.add(source, digest, manifest, 0, true).await {
            Err(LayoutError::Malformed(why)) => self.left_out.push(why),
            added => return added.map(|()| true),
        }
        Ok(false)
    }

    /// Who refers to it, and is new: others may refer to those in turn.
    async fn referring(
        &mut self,
        source: Source<'_>,
        subject: Digest,
    ) -> Result<Vec<Digest>, LayoutError> {
        let mut new = Vec::new();
        for page in pages(source, subject).await? {
            let list = Referrers::parse(&page.media_type, &page.content).map_err(|error| {
                LayoutError::Malformed(format!("list of the referrers of {subject}: {error}"))
            })?;
            for listed in list.all() {
                let digest = listed.descriptor.digest;
                let is_new = !self.seen.contains(&digest);
                if is_new && !self.listed(source, digest).await? {
                    continue;
                }
                let node = self.node(digest);
                let Some(node) = node.filter(|node| node.document.subject() == Some(subject))
                else {
                    let why = format!("{digest} is listed as a referrer of {subject}, and is none");
                    self.left_out.push(why);
                    continue;
                };
                let referrer = node.document.referrer(node.descriptor.clone());
                self.referrers.push((subject, referrer));
                new.extend(is_new.then_some(digest));
            }
        }
        Ok(new)
    }

    /// Adds a listed referrer; `false` where it is left out. One that is gone can neither be copied
    /// nor verified.
    async fn listed(&mut self, source: Source<'_>, digest: Digest) -> Result<bool, LayoutError> {
        match fetch(source, source.attached, digest).await {
            Ok(None) => Ok(false),
            Ok(Some(manifest)) => self.attach(source, digest, manifest).await,
            Err(LayoutError::Malformed(why)) => {
                self.left_out.push(why);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// The list of referrers, by the registry or as clients keep it.
async fn pages(source: Source<'_>, subject: Digest) -> Result<Vec<Manifest>, LayoutError> {
    let Source {
        registry, attached, ..
    } = source;
    let name = subject.to_string();
    match registry.list_referrers(attached, &name, MAX_MANIFEST).await {
        Err(RegistryError::Unsupported(_)) => {
            let tag = referrers_tag(&subject);
            let kept = found(registry.fetch_manifest(attached, &tag, MAX_MANIFEST).await)?;
            // `cosign copy` leaves the image itself under that tag, which is no list.
            let kept = kept.filter(|kept| kept.media_type == media_type::OCI_INDEX);
            Ok(kept.into_iter().collect())
        }
        listed => Ok(listed?),
    }
}

async fn fetch(
    source: Source<'_>,
    repository: &str,
    digest: Digest,
) -> Result<Option<Manifest>, LayoutError> {
    let name = digest.to_string();
    let fetched = source
        .registry
        .fetch_manifest(repository, &name, MAX_MANIFEST);
    let Some(Manifest {
        media_type,
        content,
    }) = found(fetched.await)?
    else {
        return Ok(None);
    };
    let verified = VerifiedBytes::with_digest(content, digest)
        .map_err(|error| LayoutError::Malformed(format!("{repository}@{digest}: {error}")))?;
    Ok(Some(Manifest {
        media_type,
        content: verified.as_bytes().to_vec(),
    }))
}

fn found(answer: Result<Manifest, RegistryError>) -> Result<Option<Manifest>, RegistryError> {
    match answer {
        Ok(manifest) => Ok(Some(manifest)),
        Err(RegistryError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Far more than any image has.
const MAX_NODES: usize = 4096;
/// Of all manifests, which are held in memory.
const MAX_SIZE: usize = 32 * 1024 * 1024;
/// An index of indexes is rare; one of those in turn is nobody's.
const MAX_DEPTH: usize = 4;
