//! From a directory to a registry.

use std::collections::{BTreeMap, BTreeSet};

use cosignet::oci::{Digest, Reference, Referrer, Selector, referrers_tag};

use super::graph::{Copied, Graph};
use super::merge::{Ours, settle};
use super::{Layout, LayoutError, MAX_MANIFEST};
use crate::registry::{OciRegistry, Registry as _, RegistryError, RegistryPush as _};

/// Pushes an image of a layout, its children, and all that is attached to any of them: `name` is its
/// tag or digest there, where there are several. What is attached goes to the repository `attached`,
/// if it is another one.
///
/// First, whatever the index names and every blob of the image is compared with its digest: of a
/// damaged layout nothing is pushed. Blobs go first, then manifests, then the lists of referrers that clients keep where the registry keeps
/// none, then the tags of signatures, and the image's own tag at the very end: whoever sees the image
/// there sees all that belongs to it. Layers are streamed.
///
/// Nothing is verified but digests. Signatures, attestations and lists of referrers that are there
/// already are merged with ours, unlike in cosign, which replaces them.
///
/// # Errors
/// `to` names another digest, the layout is damaged or does not have that image, or the registry
/// fails; what was pushed until then stays.
pub async fn load(
    layout: &Layout,
    name: Option<&str>,
    registry: &OciRegistry,
    to: &Reference,
    attached: Option<&str>,
) -> Result<Copied, LayoutError> {
    let root = layout.image(name)?;
    let tag = match &to.selector {
        Selector::Tag(tag) => Some(tag),
        Selector::Digest(digest) if *digest == root => None,
        Selector::Digest(digest) => {
            return Err(LayoutError::WhichImage(format!(
                "the image in {} is {root}, not {digest}",
                layout.folder
            )));
        }
    };
    let graph = Graph::of(layout.source(), root).await?;
    for entry in &layout.index.entries {
        layout.folder.verified_blob(&entry.descriptor())?;
    }
    for blob in graph.blobs() {
        layout.folder.verified_blob(&blob)?;
    }

    let image = to.repository.as_str();
    let attached = attached.unwrap_or(image);
    let mut pushed = BTreeSet::new();
    for node in &graph.nodes {
        let place = node.of(image, attached);
        for blob in node.document.blobs() {
            if pushed.insert((place, blob.digest))
                && !registry.has_blob(place, &blob.digest).await?
            {
                let (file, _) = layout.folder.open_blob(blob.digest)?;
                registry.push_blob_from(place, &blob, file).await?;
            }
        }
        let name = node.descriptor.digest.to_string();
        push(registry, place, &name, &graph, node.descriptor.digest).await?;
    }
    keep_lists(registry, attached, &graph.referrers).await?;
    for tag in &graph.tags {
        let name = tag.name();
        match graph.node(tag.target) {
            Some(node) if tag.is_shared() => {
                let ours = Ours::Signatures {
                    media_type: &node.descriptor.media_type,
                    content: &node.content,
                };
                settle(registry, attached, &name, ours).await?;
            }
            _ => push(registry, attached, &name, &graph, tag.target).await?,
        }
    }
    if let Some(tag) = tag {
        push(registry, image, tag, &graph, root).await?;
    }
    Ok(graph.copied(root))
}

async fn push(
    registry: &OciRegistry,
    repository: &str,
    reference: &str,
    graph: &Graph,
    digest: Digest,
) -> Result<(), RegistryError> {
    let Some(node) = graph.node(digest) else {
        return Ok(());
    };
    let (media_type, content) = (&node.descriptor.media_type, node.content.clone());
    registry
        .push_manifest(repository, reference, media_type, content)
        .await
}

/// Keeps the lists where the registry keeps none (distribution specification, "Referrers Tag
/// Schema").
async fn keep_lists(
    registry: &OciRegistry,
    repository: &str,
    referrers: &[(Digest, Referrer)],
) -> Result<(), LayoutError> {
    let mut lists = BTreeMap::<Digest, Vec<&Referrer>>::new();
    for (subject, referrer) in referrers {
        lists.entry(*subject).or_default().push(referrer);
    }
    for (subject, referrers) in lists {
        let name = subject.to_string();
        let listed = registry.list_referrers(repository, &name, MAX_MANIFEST);
        match listed.await {
            Err(RegistryError::Unsupported(_)) => {
                let tag = referrers_tag(&subject);
                settle(registry, repository, &tag, Ours::Referrers(&referrers)).await?;
            }
            listed => drop(listed?),
        }
    }
    Ok(())
}
