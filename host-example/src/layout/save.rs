//! From a registry to a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cosignet::oci::{Descriptor, Digest, Reference, Selector};

use super::folder::Folder;
use super::graph::{Copied, Graph, Node, Source, Tag};
use super::index::{Entry, IMAGE, IMAGE_INDEX, Index, KIND, KINDS, REF_NAME};
use super::{LayoutError, MAX_MANIFEST};
use crate::registry::{OciRegistry, Registry as _};

/// Saves an image or an index, its children, and all that is attached to any of them: signatures,
/// attestations, referrers. `attached` is the repository of those, if it is another one.
///
/// The directory is made where it is missing. As with cosign, blobs that are in it stay, and its
/// `index.json` is replaced: the directory then holds this image. That happens last and at once, so
/// whatever goes wrong, the index names what is there and whole. Layers are streamed.
///
/// Nothing is verified but digests.
///
/// # Errors
/// The registry fails or answers other bytes than those of a digest, a manifest is malformed, or a
/// file cannot be written.
pub async fn save(
    registry: &OciRegistry,
    image: &Reference,
    attached: Option<&str>,
    directory: &Path,
) -> Result<Copied, LayoutError> {
    let repository = image.repository.as_str();
    let (root, tag) = match &image.selector {
        Selector::Digest(digest) => (*digest, None),
        Selector::Tag(tag) => {
            let manifest = registry
                .fetch_manifest(repository, tag, MAX_MANIFEST)
                .await?;
            (Digest::of(&manifest.content), Some(tag.as_str()))
        }
    };
    let source = Source {
        registry,
        image: repository,
        attached: attached.unwrap_or(repository),
    };
    let graph = Graph::of(source, root).await?;
    let folder = Folder::create(directory)?;
    let mut stored = BTreeSet::new();
    for node in &graph.nodes {
        let place = node.of(source.image, source.attached);
        for blob in node.document.blobs() {
            if stored.insert(blob.digest) {
                fetch(registry, place, &blob, &folder).await?;
            }
        }
        folder.store(&node.content)?;
    }
    index(&graph, root, tag).write(&folder)?;
    Ok(graph.copied(root))
}

/// Fetches a blob that is not there yet, or not whole.
async fn fetch(
    registry: &OciRegistry,
    repository: &str,
    blob: &Descriptor,
    folder: &Folder,
) -> Result<(), LayoutError> {
    if folder.verified_blob(blob).is_ok() {
        return Ok(());
    }
    let mut file = folder.begin_blob()?;
    registry
        .fetch_blob_to(repository, blob, file.as_file_mut())
        .await?;
    folder.finish_blob(file, blob.digest)
}

/// The image and its signatures by cosign's kinds; everything by the tags it had; and, as oras does,
/// the referrers.
fn index(graph: &Graph, root: Digest, tag: Option<&str>) -> Index {
    let image = graph.node(root).map(|node| {
        let kind = match node.descriptor.is_index() {
            true => IMAGE_INDEX,
            false => IMAGE,
        };
        entry(node, Some(kind), tag)
    });
    let tags = graph.tags.iter().filter_map(|tag| {
        let node = graph.node(tag.target)?;
        let kind = kind(tag).filter(|_| tag.subject == root);
        Some(entry(node, kind, Some(&tag.name())))
    });
    let referrers = graph.referrers.iter();
    let referrers = referrers.filter_map(|(_, referrer)| {
        let node = graph.node(referrer.descriptor.digest)?;
        Some(entry(node, None, None))
    });
    Index::of(image.into_iter().chain(tags).chain(referrers).collect())
}

fn kind(tag: &Tag) -> Option<&'static str> {
    let mut kinds = KINDS.iter();
    let (_, kind) = kinds.find(|(suffix, _)| *suffix == tag.suffix)?;
    Some(kind)
}

fn entry(node: &Node, kind: Option<&str>, tag: Option<&str>) -> Entry {
    let annotations = [(KIND, kind), (REF_NAME, tag)].into_iter();
    let annotations: BTreeMap<_, _> = annotations
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    Entry {
        media_type: node.descriptor.media_type.clone(),
        size: node.descriptor.size,
        digest: node.descriptor.digest,
        annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
        artifact_type: node.document.subject().and_then(|_| node.document.kind()),
    }
}
