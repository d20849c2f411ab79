//! What a manifest names.

use std::collections::BTreeMap;

use cosignet::oci::{Descriptor, Digest, Referrer, Subject, media_type};
use serde::Deserialize;

/// A manifest or an index, read by the media type it was served under.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    artifact_type: Option<String>,
    config: Option<Link>,
    layers: Option<Vec<Link>>,
    manifests: Option<Vec<Link>>,
    subject: Option<Link>,
    annotations: Option<BTreeMap<String, serde_json::Value>>,
}

/// What is read of a descriptor.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    media_type: String,
    size: u64,
    digest: Digest,
    urls: Option<Vec<String>>,
}

impl Document {
    /// Reads it; a document of two natures is refused as verifiers refuse it.
    pub fn parse(served_as: &str, content: &[u8]) -> Result<Self, String> {
        Subject::parse(served_as, content).map_err(|error| error.to_string())?;
        Self::read(content)
    }

    /// Reads one that nobody says the type of.
    pub fn read(content: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(content).map_err(|error| error.to_string())
    }

    /// The blobs that must be with it: configuration and layers. A layer with `urls` is elsewhere.
    pub fn blobs(&self) -> impl Iterator<Item = Descriptor> {
        let layers = self.layers.iter().flatten();
        let here = layers.filter(|layer| layer.urls.as_ref().is_none_or(Vec::is_empty));
        self.config.iter().chain(here).map(Link::descriptor)
    }

    /// The manifests of an index.
    pub fn children(&self) -> impl Iterator<Item = Descriptor> {
        self.manifests.iter().flatten().map(Link::descriptor)
    }

    /// What it refers to.
    pub fn subject(&self) -> Option<Digest> {
        self.subject.as_ref().map(|subject| subject.digest)
    }

    /// What kind of artifact it is.
    pub fn kind(&self) -> Option<String> {
        let own = self.artifact_type.clone().filter(|kind| !kind.is_empty());
        own.or_else(|| self.config.as_ref().map(|config| config.media_type.clone()))
    }

    /// What a list of referrers says of it (distribution specification, "Listing Referrers").
    pub fn referrer(&self, descriptor: Descriptor) -> Referrer {
        let annotations = self.annotations.iter().flatten();
        let text = |(key, value): (&String, &serde_json::Value)| {
            Some((key.clone(), value.as_str()?.to_owned()))
        };
        Referrer {
            descriptor,
            artifact_type: self.kind(),
            annotations: annotations.filter_map(text).collect(),
        }
    }
}

impl Link {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            media_type: self.media_type.clone(),
            size: self.size,
            digest: self.digest,
        }
    }
}

/// The media type that a manifest gives itself, or that its members tell; `None` for anything else.
pub(super) fn media_type(content: &[u8]) -> Option<String> {
    let members: Members = serde_json::from_slice(content).ok()?;
    let shape = match (members.layers, members.manifests) {
        (Some(_), None) => Some(media_type::OCI_MANIFEST),
        (None, Some(_)) => Some(media_type::OCI_INDEX),
        _ => None,
    };
    members.media_type.or(shape.map(Into::into))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    media_type: Option<String>,
    layers: Option<serde::de::IgnoredAny>,
    manifests: Option<serde::de::IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_those_of_manifests_or_told_by_their_members() {
        for (content, expected) in [
            (r#"{"mediaType":"a/b","layers":[]}"#, Some("a/b")),
            (r#"{"layers":[]}"#, Some(media_type::OCI_MANIFEST)),
            (r#"{"manifests":[]}"#, Some(media_type::OCI_INDEX)),
            (r#"{"manifests":[],"layers":[]}"#, None),
            (r#"{"rootfs":{}}"#, None),
            ("not json", None),
        ] {
            assert_eq!(
                media_type(content.as_bytes()).as_deref(),
                expected,
                "{content}"
            );
        }
    }

    #[test]
    fn names_what_must_come_along() {
        let link = |text: &str, more: &str| {
            let digest = Digest::of(text.as_bytes());
            format!(r#"{{"mediaType":"{text}","size":1,"digest":"{digest}"{more}}}"#)
        };
        let content = format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{},{}],"subject":{}}}"#,
            link("config", ""),
            link("layer", r#","urls":[]"#),
            link("elsewhere", r#","urls":["https://r.example"]"#),
            link("image", ""),
        );
        let document = Document::parse(media_type::OCI_MANIFEST, content.as_bytes()).unwrap();
        let blobs: Vec<_> = document.blobs().map(|blob| blob.media_type).collect();
        assert_eq!(blobs, ["config", "layer"]);
        assert_eq!(document.children().count(), 0);
        assert_eq!(document.subject(), Some(Digest::of(b"image")));
        assert_eq!(document.kind().as_deref(), Some("config"));
        assert!(Document::parse(media_type::OCI_INDEX, content.as_bytes()).is_err());
        let outside = content.replace(&Digest::of(b"layer").to_string(), "sha256:../../x");
        assert!(Document::parse(media_type::OCI_MANIFEST, outside.as_bytes()).is_err());
    }
}
