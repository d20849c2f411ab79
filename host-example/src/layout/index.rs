//! `index.json` and `oci-layout`.

use std::collections::BTreeMap;

use cosignet::oci::{Descriptor, Digest, media_type, referrers_tag};
use serde::{Deserialize, Serialize};

use super::{LayoutError, MAX_MANIFEST, folder::Folder};

/// What the index names.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    schema_version: u32,
    media_type: Option<String>,
    #[serde(rename = "manifests")]
    pub entries: Vec<Entry>,
}

/// A manifest in the index.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub media_type: String,
    pub size: u64,
    pub digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Index {
    /// Reads it, and that the directory is a layout.
    pub fn read(folder: &Folder) -> Result<Self, LayoutError> {
        let malformed = |name: &str, why: String| {
            LayoutError::Malformed(format!("{folder} is no OCI image layout: {name}: {why}"))
        };
        let version = folder.read(VERSION_FILE, 1024)?;
        let version: Version = serde_json::from_slice(&version)
            .map_err(|error| malformed(VERSION_FILE, error.to_string()))?;
        if version.image_layout_version != VERSION {
            let found = version.image_layout_version;
            return Err(malformed(
                VERSION_FILE,
                format!("expected version {VERSION}, found {found:?}"),
            ));
        }
        let index = folder.read(INDEX_FILE, MAX_MANIFEST)?;
        let index: Self = serde_json::from_slice(&index)
            .map_err(|error| malformed(INDEX_FILE, error.to_string()))?;
        match (index.schema_version, index.media_type.as_deref()) {
            (2, None | Some(media_type::OCI_INDEX)) => Ok(index),
            (2, Some(other)) => Err(malformed(INDEX_FILE, format!("mediaType: {other:?}"))),
            (other, _) => Err(malformed(INDEX_FILE, format!("schemaVersion: {other}"))),
        }
    }

    /// An index of these.
    pub fn of(entries: Vec<Entry>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::OCI_INDEX.into()),
            entries,
        }
    }

    /// Writes it, as the last of all files: what it names is there already.
    pub fn write(&self, folder: &Folder) -> Result<(), LayoutError> {
        let unwritable = |error: serde_json::Error| LayoutError::Malformed(error.to_string());
        let version = Version {
            image_layout_version: VERSION.into(),
        };
        let version = serde_json::to_vec(&version).map_err(unwritable)?;
        folder.write(VERSION_FILE, &version)?;
        let index = serde_json::to_vec_pretty(self).map_err(unwritable)?;
        folder.write(INDEX_FILE, &index)
    }

    /// What has this tag.
    pub fn tagged(&self, tag: &str) -> Option<Digest> {
        let entries = self.entries.iter();
        let mut tagged = entries.filter(|entry| entry.tag() == Some(tag));
        tagged.next().map(|entry| entry.digest)
    }

    /// What has this tag, or what cosign attached to its image, which has none: it is found by its
    /// kind then.
    pub fn attached(&self, tag: &str) -> Option<Digest> {
        self.tagged(tag).or_else(|| {
            let (image, suffix) = tag.split_once('.')?;
            let (_, kind) = KINDS.iter().find(|(known, _)| *known == suffix)?;
            let of_kind = |kind: &str| {
                let mut entries = self.entries.iter();
                let kind = kind.to_owned();
                entries.find(move |entry| entry.tag().is_none() && entry.kind() == Some(&kind))
            };
            let own = |entry: &&Entry| {
                matches!(entry.kind(), Some(IMAGE | IMAGE_INDEX))
                    && referrers_tag(&entry.digest) == image
            };
            self.entries.iter().find(own)?;
            of_kind(kind).map(|entry| entry.digest)
        })
    }
}

impl Entry {
    /// What is where.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            media_type: self.media_type.clone(),
            size: self.size,
            digest: self.digest,
        }
    }

    /// The tag that it had (OCI image specification, `annotations.md`).
    pub fn tag(&self) -> Option<&str> {
        self.annotation(REF_NAME)
    }

    /// What cosign says that it is.
    pub fn kind(&self) -> Option<&str> {
        self.annotation(KIND)
    }

    /// Whether it is attached to something else, by its tag, or by its kind if it has no tag.
    pub fn is_attached(&self) -> bool {
        match self.tag() {
            Some(tag) => is_attachment(tag),
            None => KINDS.iter().any(|(_, kind)| self.kind() == Some(kind)),
        }
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        let annotations = self.annotations.as_ref()?;
        annotations.get(name).map(String::as_str)
    }
}

/// `sha256-<hex>`, and that with `.sig` and the like.
fn is_attachment(tag: &str) -> bool {
    let (image, suffix) = tag.split_once('.').unwrap_or((tag, ""));
    let digest = image.replacen('-', ":", 1).parse::<Digest>();
    digest.is_ok() && ["", "sig", "att", "sbom"].contains(&suffix)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    image_layout_version: String,
}

const VERSION_FILE: &str = "oci-layout";
const VERSION: &str = "1.0.0";
const INDEX_FILE: &str = "index.json";
/// The annotation of a tag.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// cosign's annotation (its `pkg/oci/layout/index.go`), and what it says of images.
pub(super) const KIND: &str = "kind";
pub(super) const IMAGE: &str = "dev.cosignproject.cosign/image";
pub(super) const IMAGE_INDEX: &str = "dev.cosignproject.cosign/imageIndex";
/// What it says of what is attached to the image, by the suffix of its tag.
pub(super) const KINDS: [(&str, &str); 2] = [
    ("sig", "dev.cosignproject.cosign/sigs"),
    ("att", "dev.cosignproject.cosign/atts"),
];
