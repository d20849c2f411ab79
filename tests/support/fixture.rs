//! The artifacts in `tests/data`, and how to put them into a registry.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosignet::oci::{Digest, Reference, media_type, signature_tag};
use serde_json::{Value, json};

use super::Store;

/// A file of `tests/data`.
pub fn data(path: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path);
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A JSON file of `tests/data`.
pub fn json_data(path: &str) -> Value {
    serde_json::from_slice(&data(path)).unwrap()
}

/// The names of the folders in a folder of `tests/data`, sorted.
pub fn cases(path: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path);
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A signature image that cosign made.
pub struct Fixture {
    pub manifest: Vec<u8>,
    pub config: Vec<u8>,
    pub payloads: Vec<Vec<u8>>,
    /// In base64, as they are stored.
    pub signatures: Vec<String>,
    /// What the first payload names.
    pub docker_reference: String,
    /// Where it lay: the repository of that.
    pub repository: String,
    /// The image that the first payload names.
    pub image: Digest,
    /// The claims of the first payload.
    pub optional: Value,
}

impl Fixture {
    /// A case of `cosign/legacy-sig`.
    pub fn legacy(case: &str) -> Self {
        let folder = format!("cosign/legacy-sig/{case}");
        let manifest = data(&format!("{folder}/manifest.json"));
        let json: Value = serde_json::from_slice(&manifest).unwrap();
        let count = json["layers"].as_array().unwrap().len();
        let payloads: Vec<_> = (0..count)
            .map(|place| data(&format!("{folder}/payload-{place}.json")))
            .collect();
        let signatures = (0..count)
            .map(|place| data(&format!("{folder}/signature-{place}.b64")))
            .map(|text| String::from_utf8(text).unwrap().trim().to_owned())
            .collect();
        let claims: Value = serde_json::from_slice(&payloads[0]).unwrap();
        let docker_reference = claims["critical"]["identity"]["docker-reference"]
            .as_str()
            .unwrap();
        let reference: Reference = docker_reference.parse().unwrap();
        Self {
            manifest,
            config: data(&format!("{folder}/config.json")),
            payloads,
            signatures,
            docker_reference: docker_reference.to_owned(),
            repository: reference.repository.to_string(),
            image: claims["critical"]["image"]["docker-manifest-digest"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
            optional: claims["optional"].clone(),
        }
    }

    /// The file of the public key that made the first signature.
    pub fn public_key(case: &str) -> Vec<u8> {
        match key_type(case) {
            Some(name) => data(&format!("cosign/keys/imported/{name}.pub")),
            None => data("cosign/keys/cosign-v2.5.0.pub"),
        }
    }

    /// Puts everything into a repository, as cosign left it there.
    pub fn put(&self, store: &mut Store, repository: &str) {
        store.put_blob(repository, &self.config);
        for payload in &self.payloads {
            store.put_blob(repository, payload);
        }
        store.put_manifest(
            repository,
            &signature_tag(&self.image),
            media_type::OCI_MANIFEST,
            &self.manifest,
        );
    }

    /// A registry's contents with this alone, where its payload says that it is.
    pub fn store(&self) -> Store {
        let mut store = Store::default();
        self.put(&mut store, &self.repository);
        store
    }

    /// The image by its digest.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.repository, self.image)
    }
}

/// `rsa2048-pkcs1` of `keytype-rsa2048-pkcs1-v2.5.0`.
pub fn key_type(case: &str) -> Option<&str> {
    let name = case.strip_prefix("keytype-")?;
    name.rsplit_once("-v").map(|(name, _)| name)
}

/// A layer as JSON.
pub fn layer(payload: &[u8], signature: &str) -> Value {
    json!({
        "mediaType": media_type::SIMPLE_SIGNING,
        "size": payload.len(),
        "digest": Digest::of(payload).to_string(),
        "annotations": { SIGNATURE: signature },
    })
}

/// A manifest with these layers, whose configuration nobody reads.
pub fn manifest(layers: &[Value]) -> Vec<u8> {
    let config = b"{}";
    serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": {
            "mediaType": media_type::OCI_CONFIG,
            "size": config.len(),
            "digest": Digest::of(config).to_string(),
        },
        "layers": layers,
    }))
    .unwrap()
}

/// The layers of a manifest, as the bytes that stand there.
pub fn raw_layers(manifest: &[u8]) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        layers: Vec<Box<serde_json::value::RawValue>>,
    }
    let manifest: Manifest = serde_json::from_slice(manifest).unwrap();
    let raw = manifest.layers.iter();
    raw.map(|layer| layer.get().to_owned()).collect()
}

/// The signatures that a manifest holds, decoded.
pub fn stored_signatures(manifest: &[u8]) -> Vec<Vec<u8>> {
    let json: Value = serde_json::from_slice(manifest).unwrap();
    let layers = json["layers"].as_array().unwrap();
    layers
        .iter()
        .filter_map(|layer| layer["annotations"][SIGNATURE].as_str())
        .filter_map(|text| STANDARD.decode(text).ok())
        .collect()
}

/// The annotation of a layer's signature.
pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
