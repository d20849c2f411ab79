//! Images made of random bytes, pushed and read back with plain HTTP by this test itself, so that
//! no program under test is its own witness.

use std::hash::{BuildHasher, RandomState};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ureq::Agent;

/// The annotation that carries a signature.
pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A repository of a registry, spoken to over plain HTTP.
#[derive(Clone)]
pub struct Repository {
    host: String,
    name: String,
    agent: Agent,
}

/// A manifest that was pushed.
#[derive(Clone)]
pub struct Image {
    /// Its repository.
    pub repository: Repository,
    /// `sha256:<hex>` of the manifest.
    pub digest: String,
    size: usize,
}

/// What lies under a `.sig` tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureImage {
    /// The manifest, as it came.
    pub manifest: String,
    /// The config blob, as it came.
    pub config: String,
    /// One for each signature, in the order of the manifest.
    pub layers: Vec<SignatureLayer>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLayer {
    /// The payload blob, as it came.
    pub payload: String,
    /// The annotation: base64.
    pub signature: String,
}

impl Image {
    /// `host/repository@sha256:<hex>`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.repository.path(), self.digest)
    }

    /// Gives the image a tag; `host/repository:tag`.
    pub fn tag(&self, tag: &str) -> String {
        let (manifest, media_type) = self
            .repository
            .manifest(&self.digest)
            .expect("the image is in the registry");
        self.repository
            .push_manifest(tag, &media_type, manifest.as_bytes());
        format!("{}:{tag}", self.repository.path())
    }

    /// The tag of its signatures.
    pub fn signature_tag(&self) -> String {
        format!("{}.sig", self.digest.replace(':', "-"))
    }

    /// The signatures in the registry. Digests and sizes are checked on the way.
    pub fn signatures(&self) -> Option<SignatureImage> {
        let (manifest, media_type) = self.repository.manifest(&self.signature_tag())?;
        assert_eq!(media_type, MANIFEST);
        let parsed: Value = serde_json::from_str(&manifest).expect("the manifest is JSON");
        let layers = parsed["layers"]
            .as_array()
            .expect("the manifest has layers");
        let layers = layers
            .iter()
            .map(|layer| SignatureLayer {
                payload: self.repository.blob(layer),
                signature: text(&layer["annotations"][SIGNATURE]),
            })
            .collect();
        let config = self.repository.blob(&parsed["config"]);
        Some(SignatureImage {
            manifest,
            config,
            layers,
        })
    }

    /// The signatures; fails the test if there are none.
    #[track_caller]
    pub fn signed(&self) -> SignatureImage {
        self.signatures()
            .unwrap_or_else(|| panic!("{} has no signatures", self.reference()))
    }

    /// Takes the signatures out of the registry.
    pub fn forget_signatures(&self) {
        let digest = digest(self.signed().manifest.as_bytes());
        let url = self.repository.url(&format!("manifests/{digest}"));
        let answer = self
            .repository
            .agent
            .delete(&url)
            .call()
            .expect("the registry answers");
        assert_eq!(answer.status(), 202, "DELETE {url}");
        assert_eq!(self.signatures(), None, "the signatures are still there");
    }

    /// Puts these signatures under the tag of this image.
    pub fn replace_signatures(&self, signatures: &SignatureImage) {
        for layer in &signatures.layers {
            self.repository.push_blob(layer.payload.as_bytes());
        }
        self.repository.push_blob(signatures.config.as_bytes());
        let manifest = signatures.manifest.as_bytes();
        self.repository
            .push_manifest(&self.signature_tag(), MANIFEST, manifest);
    }

    fn descriptor(&self) -> Value {
        json!({ "mediaType": MANIFEST, "size": self.size, "digest": self.digest })
    }
}

impl SignatureImage {
    /// The manifest with every signature emptied: what must be the same whoever signs.
    pub fn unsigned_manifest(&self) -> String {
        self.layers
            .iter()
            .fold(self.manifest.clone(), |manifest, layer| {
                manifest.replace(&layer.signature, "")
            })
    }

    /// The same with the payload at `index` changed to `payload`, and the manifest following.
    pub fn with_payload(&self, index: usize, payload: &str) -> Self {
        let mut changed = self.clone();
        let mut manifest: Value = serde_json::from_str(&self.manifest).expect("valid JSON");
        changed.layers[index].payload = payload.to_owned();
        manifest["layers"][index]["digest"] = digest(payload.as_bytes()).into();
        manifest["layers"][index]["size"] = payload.len().into();
        changed.manifest = manifest.to_string();
        changed
    }

    /// The same with the signature annotation at `index` changed, or taken away.
    pub fn with_signature(&self, index: usize, signature: Option<&str>) -> Self {
        let mut changed = self.clone();
        let mut manifest: Value = serde_json::from_str(&self.manifest).expect("valid JSON");
        let annotations = &mut manifest["layers"][index]["annotations"];
        match signature {
            Some(signature) => annotations[SIGNATURE] = signature.into(),
            None => *annotations = json!({}),
        }
        changed.layers[index].signature = signature.unwrap_or_default().to_owned();
        changed.manifest = manifest.to_string();
        changed
    }
}

impl Repository {
    /// The repository `name` of the registry at `host`.
    pub fn new(host: &str, name: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self {
            host: host.to_owned(),
            name: name.to_owned(),
            agent: agent.into(),
        }
    }

    /// `host/repository`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.host, self.name)
    }

    /// Pushes an image that no other run has ever seen.
    pub fn push_image(&self) -> Image {
        let layer = format!("{:016x}", RandomState::new().hash_one(&self.name));
        let layer_digest = self.push_blob(layer.as_bytes());
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": { "type": "layers", "diff_ids": [layer_digest] },
        })
        .to_string();
        let config_digest = self.push_blob(config.as_bytes());
        self.push(
            MANIFEST,
            &json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": { "mediaType": CONFIG, "size": config.len(), "digest": config_digest },
                "layers": [{ "mediaType": LAYER, "size": layer.len(), "digest": layer_digest }],
            }),
        )
    }

    /// Pushes an index of these images.
    pub fn push_index(&self, children: &[Image]) -> Image {
        let manifests: Vec<_> = children.iter().map(Image::descriptor).collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        self.push(INDEX, &index)
    }

    /// The manifest under a tag or digest with its media type, if there is one.
    fn manifest(&self, reference: &str) -> Option<(String, String)> {
        let url = self.url(&format!("manifests/{reference}"));
        let request = self
            .agent
            .get(&url)
            .header("Accept", MANIFEST)
            .header("Accept", INDEX);
        let mut answer = request.call().expect("the registry answers");
        if answer.status() == 404 {
            return None;
        }
        assert_eq!(answer.status(), 200, "GET {url}");
        let media_type = answer.headers()["content-type"]
            .to_str()
            .expect("ASCII")
            .to_owned();
        Some((
            answer.body_mut().read_to_string().expect("UTF-8"),
            media_type,
        ))
    }

    /// The blob of a descriptor, whose size and digest are held to it.
    fn blob(&self, descriptor: &Value) -> String {
        let expected = text(&descriptor["digest"]);
        let url = self.url(&format!("blobs/{expected}"));
        let mut answer = self.agent.get(&url).call().expect("the registry answers");
        assert_eq!(answer.status(), 200, "GET {url}");
        let blob = answer.body_mut().read_to_string().expect("UTF-8");
        assert_eq!(digest(blob.as_bytes()), expected);
        assert_eq!(
            Some(blob.len() as u64),
            descriptor["size"].as_u64(),
            "size of {expected}"
        );
        blob
    }

    fn push(&self, media_type: &str, manifest: &Value) -> Image {
        let manifest = manifest.to_string();
        let digest = digest(manifest.as_bytes());
        self.push_manifest(&digest, media_type, manifest.as_bytes());
        Image {
            repository: self.clone(),
            digest,
            size: manifest.len(),
        }
    }

    fn push_manifest(&self, reference: &str, media_type: &str, manifest: &[u8]) {
        let url = self.url(&format!("manifests/{reference}"));
        let request = self.agent.put(&url).header("Content-Type", media_type);
        let answer = request.send(manifest).expect("the registry answers");
        assert_eq!(answer.status(), 201, "PUT {url}");
    }

    fn push_blob(&self, blob: &[u8]) -> String {
        let digest = digest(blob);
        let url = self.url("blobs/uploads/");
        let answer = self
            .agent
            .post(&url)
            .send_empty()
            .expect("the registry answers");
        assert_eq!(answer.status(), 202, "POST {url}");
        let location = answer.headers()["location"].to_str().expect("ASCII");
        let location = match location.starts_with('/') {
            true => format!("http://{}{location}", self.host),
            false => location.to_owned(),
        };
        let request = self.agent.put(&location).query("digest", &digest);
        let answer = request.send(blob).expect("the registry answers");
        assert_eq!(answer.status(), 201, "PUT {location}");
        digest
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/v2/{}/{path}", self.host, self.name)
    }
}

/// `sha256:<hex>` of these bytes.
fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("expected a string, found {value}"))
        .to_owned()
}
