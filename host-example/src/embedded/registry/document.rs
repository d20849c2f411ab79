//! What a registry reads of a manifest: its type, what it refers to, and its referrer descriptor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{error::ApiError, grammar::Digest};

/// An image manifest or an index, of OCI or Docker.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Link>,
    layers: Option<Vec<Link>>,
    manifests: Option<Vec<Link>>,
    subject: Option<Link>,
    annotations: Option<BTreeMap<String, String>>,
}

/// What is read of a descriptor.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    media_type: String,
    digest: String,
    urls: Option<Vec<String>>,
}

impl Document {
    /// Parses what a client pushes as `content_type`.
    ///
    /// # Errors
    /// `MANIFEST_INVALID` when the type is none of the four, differs from the one in the body, or
    /// the body is not a manifest of that type.
    pub(super) fn parse(content_type: &str, bytes: &[u8]) -> Result<Self, ApiError> {
        let invalid = |reason: String| ApiError::ManifestInvalid { reason };
        let document: Self =
            serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
        if document.schema_version != 2 {
            let found = document.schema_version;
            return Err(invalid(format!("schemaVersion is {found}, expected 2")));
        }
        if let Some(inside) = document
            .media_type
            .as_deref()
            .filter(|inside| *inside != content_type)
        {
            return Err(invalid(format!(
                "Content-Type is {content_type}, mediaType is {inside}"
            )));
        }
        match content_type {
            OCI_MANIFEST | DOCKER_MANIFEST if document.config.is_none() => {
                Err(invalid("an image manifest has a config".to_owned()))
            }
            OCI_MANIFEST | DOCKER_MANIFEST if document.manifests.is_some() => {
                Err(invalid("an image manifest has no manifests".to_owned()))
            }
            OCI_INDEX | DOCKER_INDEX if document.config.is_some() || document.layers.is_some() => {
                Err(invalid("an index has neither config nor layers".to_owned()))
            }
            OCI_MANIFEST | DOCKER_MANIFEST | OCI_INDEX | DOCKER_INDEX => {
                document.check_digests()?;
                Ok(document)
            }
            other => Err(invalid(format!(
                "`{other}` is not a media type of manifests"
            ))),
        }
    }

    /// Reads whatever the host seeded; `None` when it has nothing of a manifest.
    pub(super) fn parse_lenient(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Digests of the blobs that have to be in the repository. A layer with `urls` is kept
    /// elsewhere.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &str> {
        let layers = self.layers.iter().flatten();
        let here = layers.filter(|layer| layer.urls.as_ref().is_none_or(Vec::is_empty));
        self.config
            .iter()
            .chain(here)
            .map(|link| link.digest.as_str())
    }

    /// Digests of the manifests of an index.
    pub(super) fn children(&self) -> impl Iterator<Item = &str> {
        self.manifests
            .iter()
            .flatten()
            .map(|link| link.digest.as_str())
    }

    /// The digest of the manifest that this one refers to.
    pub(super) fn subject(&self) -> Option<&str> {
        self.subject.as_ref().map(|link| link.digest.as_str())
    }

    /// The descriptor of this manifest in a list of referrers (distribution specification,
    /// "Listing Referrers"): the artifact type falls back to the config's media type.
    pub(super) fn into_descriptor(self, media_type: &str, digest: &str, size: usize) -> Descriptor {
        let artifact_type = self.artifact_type.filter(|kind| !kind.is_empty());
        Descriptor {
            media_type: media_type.to_owned(),
            digest: digest.to_owned(),
            size,
            artifact_type: artifact_type.or(self.config.map(|config| config.media_type)),
            annotations: self.annotations,
        }
    }

    fn check_digests(&self) -> Result<(), ApiError> {
        let links = self.config.iter().chain(self.layers.iter().flatten());
        let links = links
            .chain(self.manifests.iter().flatten())
            .chain(&self.subject);
        for link in links {
            if Digest::parse(&link.digest).is_none() {
                return Err(ApiError::ManifestInvalid {
                    reason: format!("`{}` is not a sha256 or sha512 digest", link.digest),
                });
            }
        }
        Ok(())
    }
}

/// The media type that a body names itself, for a push without `Content-Type`.
pub(super) fn declared_media_type(bytes: &[u8]) -> Option<String> {
    Document::parse_lenient(bytes)?.media_type
}

/// One entry of a list of referrers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    media_type: String,
    pub(super) digest: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<String, String>>,
}

/// Media type of an OCI image index, which a list of referrers is too.
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason(content_type: &str, body: &str) -> String {
        Document::parse(content_type, body.as_bytes())
            .expect_err(body)
            .to_string()
    }

    #[test]
    fn refusals_name_their_reason() {
        let digest = Digest::of(b"");
        let config = format!(r#""config":{{"mediaType":"a/b","digest":"{digest}","size":0}}"#);
        let image = format!(r#"{{"schemaVersion":2,{config},"layers":null}}"#);
        assert!(Document::parse(OCI_MANIFEST, image.as_bytes()).is_ok());
        assert!(reason(OCI_INDEX, &image).contains("neither config nor layers"));
        assert!(reason("text/plain", &image).contains("text/plain"));
        assert!(reason(OCI_MANIFEST, r#"{"schemaVersion":2}"#).contains("config"));
        assert!(reason(OCI_MANIFEST, r#"{"schemaVersion":1}"#).contains("schemaVersion is 1"));
        let other = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}"}}"#);
        assert!(reason(OCI_MANIFEST, &other).contains("mediaType is"));
        let both = format!(r#"{{"schemaVersion":2,{config},"manifests":[]}}"#);
        assert!(reason(OCI_MANIFEST, &both).contains("no manifests"));
        let bad = image.replace(digest.as_str(), "sha256:00");
        assert!(reason(OCI_MANIFEST, &bad).contains("sha256:00"));
        assert!(reason(OCI_MANIFEST, &format!("{image} x")).contains("trailing"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let _ = Document::parse(OCI_MANIFEST, &bytes);
            let _ = Document::parse_lenient(&bytes);
        }
    }
}
