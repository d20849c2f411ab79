use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::value::RawValue;

use super::manifest::{MalformedManifest, open};
use super::{Descriptor, Digest, MAX_SIGNATURES, media_type};
use crate::json::{Elements, Object};

/// The tag under which clients keep the list of a manifest's referrers where a registry keeps none:
/// `sha256-<hex>` (OCI distribution specification, "Referrers Tag Schema").
pub fn referrers_tag(digest: &Digest) -> String {
    format!("sha256-{}", digest.hex())
}

/// A page of a list of referrers, or the list that clients keep: an index.
#[derive(Clone, Debug)]
pub struct Referrers {
    entries: Vec<Entry>,
    rest: Vec<(String, Box<RawValue>)>,
}

/// One of the list, as somebody wrote it.
#[derive(Clone, Debug)]
struct Entry {
    raw: Box<RawValue>,
    content: Result<Referrer, String>,
}

/// What a list says of a referrer. Nobody is bound to say the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    /// Its manifest.
    pub descriptor: Descriptor,
    /// What kind of artifact it is.
    pub artifact_type: Option<String>,
    /// The annotations of its manifest.
    pub annotations: BTreeMap<String, String>,
}

impl Referrers {
    /// A list without referrers.
    pub fn empty() -> Self {
        Self {
            entries: Vec::new(),
            rest: Vec::new(),
        }
    }

    /// Reads an index by the media type it was served under. An entry that cannot be read does not
    /// make the rest unreadable: one bad neighbour must not hide a good signature.
    pub fn parse(served_as: &str, bytes: &[u8]) -> Result<Self, MalformedManifest> {
        if served_as != media_type::OCI_INDEX {
            return Err(MalformedManifest::MediaType(
                served_as.chars().take(120).collect(),
            ));
        }
        let mut object = open(served_as, bytes)?;
        let entries: Elements<MAX_SIGNATURES> = object
            .require("manifests")
            .map_err(MalformedManifest::Content)?;
        if entries.count > MAX_SIGNATURES {
            return Err(MalformedManifest::TooManySignatures(entries.count));
        }
        Ok(Self {
            entries: entries.first.into_iter().map(Entry::read).collect(),
            rest: object.into_rest(),
        })
    }

    /// All that can be read.
    pub fn all(&self) -> impl Iterator<Item = &Referrer> {
        let entries = self.entries.iter();
        entries.filter_map(|entry| entry.content.as_ref().ok())
    }

    /// Those that may hold signatures: sigstore bundles, or simple signing that refers to the image,
    /// which cosign 2 writes when it is asked to (`--registry-referrers-mode=oci-1-1`).
    ///
    /// What the list says of their kind is not enough to tell: cosign up to 3.1.1 writes the media
    /// type of the empty configuration into the list that it keeps, others write nothing.
    pub fn candidates(&self) -> impl Iterator<Item = &Descriptor> {
        let known = self.all().filter(|referrer| referrer.may_sign());
        known.map(|referrer| &referrer.descriptor)
    }

    /// Whether a manifest is in the list.
    pub fn contains(&self, digest: &Digest) -> bool {
        self.all().any(|known| known.descriptor.digest == *digest)
    }

    /// How many there are, those included that cannot be read.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The list with a referrer more; one of the same digest goes. What others wrote stays byte for
    /// byte.
    pub fn with(self, added: &Referrer) -> Result<Self, String> {
        let mut list = self.without(&[added.descriptor.digest]);
        list.entries.push(Entry::of(added)?);
        Ok(list)
    }

    /// The list without the referrers of these digests.
    #[must_use]
    pub fn without(mut self, gone: &[Digest]) -> Self {
        let is_gone = |entry: &Entry| {
            let known = entry.content.as_ref();
            known.is_ok_and(|known| gone.contains(&known.descriptor.digest))
        };
        self.entries.retain(|entry| !is_gone(entry));
        self
    }

    /// Writes the list that clients keep.
    pub fn to_json(&self) -> Result<String, String> {
        let manifests: Vec<&str> = self.entries.iter().map(|entry| entry.raw.get()).collect();
        let mut rest = String::new();
        for (name, value) in &self.rest {
            let name = serde_json::to_string(name).map_err(|error| format!("index: {error}"))?;
            rest += &format!(",{name}:{}", value.get());
        }
        Ok(format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]{rest}}}"#,
            media_type::OCI_INDEX,
            manifests.join(",")
        ))
    }
}

impl Referrer {
    /// Whether it may hold a signature or an attestation, as far as the list tells.
    pub fn may_sign(&self) -> bool {
        self.descriptor.media_type == media_type::OCI_MANIFEST
            && match self.artifact_type.as_deref() {
                None | Some("" | media_type::OCI_EMPTY | media_type::COSIGN_SIGNATURE) => true,
                Some(kind) => kind.starts_with(BUNDLE_PREFIX),
            }
    }
}

impl Entry {
    fn read(raw: Box<RawValue>) -> Self {
        let content = Object::parse(raw.get().as_bytes()).and_then(|mut entry| {
            let annotations: Option<Object> = entry.take("annotations")?;
            Ok(Referrer {
                artifact_type: entry.take("artifactType")?,
                annotations: annotations
                    .map(Object::into_strings)
                    .transpose()?
                    .unwrap_or_default(),
                descriptor: read_descriptor(entry)?,
            })
        });
        Self { raw, content }
    }

    fn of(referrer: &Referrer) -> Result<Self, String> {
        let unwritable = |error: serde_json::Error| format!("referrer: {error}");
        let descriptor = serde_json::to_string(&referrer.descriptor).map_err(unwritable)?;
        let kind = serde_json::to_string(&referrer.artifact_type).map_err(unwritable)?;
        let annotations = serde_json::to_string(&referrer.annotations).map_err(unwritable)?;
        // As the specification asks of clients, so that a list tells what is in it.
        let annotations = match referrer.annotations.is_empty() {
            true => String::new(),
            false => format!(r#","annotations":{annotations}"#),
        };
        let members = descriptor.trim_end_matches('}');
        let json = format!(r#"{members}{annotations},"artifactType":{kind}}}"#);
        let raw = RawValue::from_string(json).map_err(unwritable)?;
        Ok(Self {
            raw,
            content: Ok(referrer.clone()),
        })
    }
}

/// The manifest of an artifact that refers to another manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferrerManifest {
    /// What it refers to.
    pub subject: Descriptor,
    /// What kind of artifact it is.
    pub artifact_type: String,
    /// What it is made of.
    pub layers: Vec<Descriptor>,
    /// What is said of it; nobody has signed this.
    pub annotations: BTreeMap<String, String>,
}

impl ReferrerManifest {
    /// Reads a manifest by the media type it was served under.
    pub fn parse(served_as: &str, bytes: &[u8]) -> Result<Self, MalformedManifest> {
        if served_as != media_type::OCI_MANIFEST {
            return Err(MalformedManifest::MediaType(
                served_as.chars().take(120).collect(),
            ));
        }
        Self::read(open(served_as, bytes)?).map_err(MalformedManifest::Content)
    }

    fn read(mut manifest: Object) -> Result<Self, String> {
        let mut config: Object = manifest.require("config")?;
        let own_type: Option<String> = manifest.take("artifactType")?;
        let artifact_type = match own_type {
            Some(own) => own,
            None => config.require("mediaType")?,
        };
        let layers: Elements<MAX_SIGNATURES> = manifest.require("layers")?;
        if layers.count > MAX_SIGNATURES {
            let found = layers.count;
            return Err(format!("layers: at most {MAX_SIGNATURES}, found {found}"));
        }
        let annotations: Option<Object> = manifest.take("annotations")?;
        Ok(Self {
            subject: read_descriptor(manifest.require("subject")?)
                .map_err(|why| format!("subject: {why}"))?,
            artifact_type,
            layers: layers
                .first
                .iter()
                .map(|layer| read_descriptor(Object::parse(layer.get().as_bytes())?))
                .collect::<Result<_, _>>()
                .map_err(|why| format!("layers: {why}"))?,
            annotations: annotations
                .map(Object::into_strings)
                .transpose()?
                .unwrap_or_default(),
        })
    }

    /// Writes the manifest of an artifact with an empty configuration, as cosign 3.
    ///
    /// # Errors
    /// None that can happen: strings can be written.
    pub fn to_json(&self) -> Result<String, String> {
        let unwritable = |error: serde_json::Error| format!("referrer: {error}");
        let kind = serde_json::to_string(&self.artifact_type).map_err(unwritable)?;
        let layers = serde_json::to_string(&self.layers).map_err(unwritable)?;
        let annotations = serde_json::to_string(&self.annotations).map_err(unwritable)?;
        let subject = serde_json::to_string(&self.subject).map_err(unwritable)?;
        Ok(format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","size":2,"digest":"{}","artifactType":{kind}}},"layers":{layers},"annotations":{annotations},"subject":{subject},"artifactType":{kind}}}"#,
            media_type::OCI_MANIFEST,
            media_type::OCI_EMPTY,
            Digest::of(EMPTY_CONFIG),
        ))
    }
}

fn read_descriptor(mut descriptor: Object) -> Result<Descriptor, String> {
    Ok(Descriptor {
        media_type: descriptor.require("mediaType")?,
        size: descriptor.require("size")?,
        digest: descriptor.require("digest")?,
    })
}

/// The configuration of an artifact that has none (OCI image specification, "Guidance for an Empty
/// Descriptor").
pub const EMPTY_CONFIG: &[u8] = b"{}";
/// Sigstore bundles of any version.
const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";
