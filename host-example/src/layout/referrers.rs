//! Who refers to what: every small blob is looked at, for cosign 3 names referrers in no index.

use std::collections::BTreeMap;

use cosignet::oci::{Descriptor, Digest, Referrer};

use super::document::{Document, media_type};
use super::{MAX_MANIFEST, folder::Folder};

/// All manifests among the blobs that refer to something, by what they refer to, in the order of
/// their digests. They are listed, not believed: whoever reads one hashes it.
///
/// A blob that is cut off or damaged refers to nothing; one that claims a foreign digest is listed.
pub(super) fn all(folder: &Folder) -> Result<BTreeMap<Digest, Vec<Referrer>>, String> {
    let mut found = BTreeMap::<Digest, Vec<Referrer>>::new();
    let mut left = MAX_TOTAL;
    let small = folder.blobs()?.into_iter();
    for (digest, size) in small.filter(|(_, size)| *size <= MAX_MANIFEST) {
        // Most of the others are layers.
        if !folder.begins_object(digest) {
            continue;
        }
        left = left.checked_sub(size).ok_or_else(|| {
            format!("{folder}: more than {MAX_TOTAL} bytes that may be manifests")
        })?;
        let content = folder.blob(digest, MAX_MANIFEST);
        let content = content.map_err(|error| error.to_string())?;
        if let Some((subject, referrer)) = referrer(digest, &content) {
            found.entry(subject).or_default().push(referrer);
        }
    }
    Ok(found)
}

fn referrer(digest: Digest, content: &[u8]) -> Option<(Digest, Referrer)> {
    let media_type = media_type(content)?;
    let document = Document::read(content).ok()?;
    let referrer = document.referrer(Descriptor {
        media_type,
        size: content.len() as u64,
        digest,
    });
    Some((document.subject()?, referrer))
}

/// More is not looked through for manifests.
const MAX_TOTAL: u64 = 1 << 28;
