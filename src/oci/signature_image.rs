use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::value::RawValue;

use super::manifest::{MalformedManifest, open};
use super::{Descriptor, Digest, media_type};
use crate::json::{Elements, Object, read, to_go_json};

/// The tag of an image's signatures, beside the image: `sha256-<hex>.sig`.
pub fn signature_tag(digest: &Digest) -> String {
    format!("sha256-{}.sig", digest.hex())
}

/// The tag of an image's attestations, beside the image: `sha256-<hex>.att`.
pub fn attestation_tag(digest: &Digest) -> String {
    format!("sha256-{}.att", digest.hex())
}

/// The image in which cosign keeps simple-signing signatures: a layer for each, the payload its
/// blob and the signature its annotation.
///
/// What others wrote is kept as they wrote it, members included that nobody here knows.
pub struct SignatureImage {
    media_type: String,
    config: Option<Descriptor>,
    layers: Vec<Layer>,
    rest: Vec<(String, Box<RawValue>)>,
}

impl SignatureImage {
    /// An image without layers.
    pub fn empty() -> Self {
        Self {
            media_type: media_type::OCI_MANIFEST.to_owned(),
            config: None,
            layers: Vec::new(),
            rest: Vec::new(),
        }
    }

    /// Reads a manifest by the media type it was served under.
    ///
    /// A layer that is no descriptor does not make the rest unreadable: one bad neighbour must
    /// not hide a good signature.
    pub fn parse(served_as: &str, bytes: &[u8]) -> Result<Self, MalformedManifest> {
        if !matches!(
            served_as,
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST
        ) {
            return Err(MalformedManifest::MediaType(
                served_as.chars().take(120).collect(),
            ));
        }
        let mut object = open(served_as, bytes)?;
        let config = object.take("config").map_err(MalformedManifest::Content)?;
        let layers: Elements<MAX_SIGNATURES> = object
            .require("layers")
            .map_err(MalformedManifest::Content)?;
        if layers.count > MAX_SIGNATURES {
            return Err(MalformedManifest::TooManySignatures(layers.count));
        }
        Ok(Self {
            media_type: served_as.to_owned(),
            config,
            layers: layers.first.into_iter().map(Layer::read).collect(),
            rest: object.into_rest(),
        })
    }

    /// The configuration, if the manifest names one.
    pub fn config(&self) -> Option<&Descriptor> {
        self.config.as_ref()
    }

    /// The layers, in their order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The same image with these layers.
    pub fn with_layers(self, layers: Vec<Layer>) -> Self {
        Self { layers, ..self }
    }

    /// The bytes to push: manifest and configuration, as cosign writes them, in the order of
    /// go-containerregistry's structures.
    ///
    /// `created` is the configuration's creation time. Fails, naming the layer, if one is no
    /// descriptor: a configuration that lists it cannot be written.
    pub fn build(&self, created: Option<&str>) -> Result<BuiltSignatureImage, String> {
        let mut diff_ids = Vec::with_capacity(self.layers.len());
        let mut layers = Vec::with_capacity(self.layers.len());
        for (place, layer) in self.layers.iter().enumerate() {
            let content = layer
                .content
                .as_ref()
                .map_err(|why| format!("layer {place}: {why}"))?;
            diff_ids.push(format!(r#""{}""#, content.descriptor.digest));
            layers.push(layer.raw.get());
        }
        let written = |why: serde_json::Error| why.to_string();
        let created = to_go_json(&created.unwrap_or(YEAR_ONE)).map_err(written)?;
        let history = vec![format!(r#"{{"created":"{YEAR_ONE}"}}"#); diff_ids.len()].join(",");
        let diff_ids = diff_ids.join(",");
        let config = format!(
            r#"{{"architecture":"","created":{created},"history":[{history}],"os":"","rootfs":{{"type":"layers","diff_ids":[{diff_ids}]}},"config":{{}}}}"#
        )
        .into_bytes();
        let config_type = self
            .config
            .as_ref()
            .map_or(media_type::OCI_CONFIG, |config| &config.media_type);
        let config_descriptor = Descriptor::of(config_type, &config);
        // Others' members stay byte for byte; our own layer is escaped already.
        let mut manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]"#,
            self.media_type,
            serde_json::to_string(&config_descriptor).map_err(written)?,
            layers.join(","),
        );
        for (key, value) in &self.rest {
            let key = serde_json::to_string(key).map_err(written)?;
            manifest.extend([",", &key, ":", value.get()]);
        }
        manifest.push('}');
        let manifest = manifest.into_bytes();
        let manifest_descriptor = Descriptor::of(&self.media_type, &manifest);
        Ok(BuiltSignatureImage {
            manifest,
            manifest_descriptor,
            config,
            config_descriptor,
        })
    }
}

/// A signature image as bytes, ready to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltSignatureImage {
    /// The manifest.
    pub manifest: Vec<u8>,
    /// What it is pushed as.
    pub manifest_descriptor: Descriptor,
    /// The configuration.
    pub config: Vec<u8>,
    /// What the manifest says of it.
    pub config_descriptor: Descriptor,
}

/// One layer: a signature, or whatever else stands in the list.
#[derive(Clone, Debug)]
pub struct Layer {
    raw: Box<RawValue>,
    content: Result<AttachedSignature, String>,
}

impl Layer {
    /// The layer of a signature over a payload, and of the log entry that is stored with it.
    pub fn of(payload: &[u8], signature: &[u8], log_entry: Option<&str>) -> Result<Self, String> {
        let descriptor = Descriptor::of(media_type::SIMPLE_SIGNING, payload);
        let signature = BASE64.encode(signature);
        let signature = (SIGNATURE_ANNOTATION, signature.as_str());
        Self::new(descriptor, &[signature], log_entry)
    }

    /// The layer of an attestation: an envelope, which holds its signature, and the type of its
    /// predicate.
    pub fn of_envelope(
        envelope: &[u8],
        predicate_type: &str,
        log_entry: Option<&str>,
    ) -> Result<Self, String> {
        let descriptor = Descriptor::of(media_type::DSSE_ENVELOPE, envelope);
        // cosign leaves the annotation of the signature empty.
        let annotations = [
            (SIGNATURE_ANNOTATION, ""),
            (PREDICATE_ANNOTATION, predicate_type),
        ];
        Self::new(descriptor, &annotations, log_entry)
    }

    fn new(
        descriptor: Descriptor,
        annotations: &[(&str, &str)],
        log_entry: Option<&str>,
    ) -> Result<Self, String> {
        let log_entry = log_entry.map(|entry| (LOG_ANNOTATION, entry));
        let annotations = annotations.iter().copied().chain(log_entry);
        let mut content = AttachedSignature {
            descriptor,
            annotations: BTreeMap::new(),
        };
        // Not `collect`, which would link a sort for two or three.
        for (key, value) in annotations {
            content.annotations.insert(key.to_owned(), value.to_owned());
        }
        let json = to_go_json(&content).map_err(|error| error.to_string())?;
        let raw = read(json.as_bytes())?;
        Ok(Self {
            raw,
            content: Ok(content),
        })
    }

    /// What the layer says, or what is wrong with it.
    pub fn content(&self) -> Result<&AttachedSignature, &str> {
        self.content.as_ref().map_err(String::as_str)
    }

    fn read(raw: Box<RawValue>) -> Self {
        let content = Object::parse(raw.get().as_bytes()).and_then(|mut object| {
            Ok(AttachedSignature {
                descriptor: Descriptor::take(&mut object)?,
                annotations: match object.take::<Object>("annotations")? {
                    Some(annotations) => match annotations.other_than_string() {
                        None => annotations.into_strings()?,
                        Some(key) => return Err(format!("annotations: {key}: expected a string")),
                    },
                    None => BTreeMap::new(),
                },
            })
        });
        Self { raw, content }
    }
}

/// A layer's payload and the annotations that stand beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttachedSignature {
    /// The payload.
    #[serde(flatten)]
    pub descriptor: Descriptor,
    /// The signature, and the evidence that came with it.
    pub annotations: BTreeMap<String, String>,
}

impl AttachedSignature {
    /// The signature as it is stored, base64.
    pub fn signature(&self) -> Option<&str> {
        self.annotations
            .get(SIGNATURE_ANNOTATION)
            .map(String::as_str)
    }

    /// What the layer says that the predicate of an attestation is.
    pub fn predicate_type(&self) -> Option<&str> {
        let annotation = self.annotations.get(PREDICATE_ANNOTATION);
        annotation.map(String::as_str)
    }

    /// The log entry that is stored with the signature, JSON.
    pub fn log_entry(&self) -> Option<&str> {
        self.annotations.get(LOG_ANNOTATION).map(String::as_str)
    }

    /// Whether another layer is about the same payload with this evidence and perhaps more,
    /// whatever the signature. cosign's test for a duplicate, before it verifies the signature.
    pub fn is_said_by(&self, other: &Self) -> bool {
        self.descriptor == other.descriptor
            && self.annotations.iter().all(|(key, value)| {
                key == SIGNATURE_ANNOTATION || other.annotations.get(key) == Some(value)
            })
    }
}

/// Most layers of a signature image, as in cosign (`maxLayers`).
pub const MAX_SIGNATURES: usize = 1000;

/// Where cosign keeps the signature of a layer.
const SIGNATURE_ANNOTATION: &str = "dev.cosignproject.cosign/signature";

/// Where cosign says what an attestation's predicate is.
const PREDICATE_ANNOTATION: &str = "predicateType";

/// Where cosign keeps the entry that Rekor made of the signature.
const LOG_ANNOTATION: &str = "dev.sigstore.cosign/bundle";

/// Go's zero time: cosign records no time unless it is asked to.
const YEAR_ONE: &str = "0001-01-01T00:00:00Z";
