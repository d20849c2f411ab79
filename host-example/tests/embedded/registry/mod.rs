//! The embedded registry over HTTP, as a client meets it.

mod base;
mod blobs;
mod faults;
mod hostile;
mod life_cycle;
mod manifests;
mod referrers;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use cosignet_host::embedded::registry::{
    Action, BasicAuth, EmbeddedRegistry, Endpoint, Fault, Options,
};
use reqwest::{
    Client, Method, Response, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
};

use crate::client::{client, header, text};

struct Site {
    registry: EmbeddedRegistry,
    client: Client,
}

impl Site {
    async fn start(options: Options) -> Self {
        let registry = EmbeddedRegistry::start(options).await.expect("a registry");
        let client = client();
        Self { registry, client }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.registry.host())
    }

    async fn send(&self, method: Method, path: &str, body: &'static str) -> Response {
        let request = self.client.request(method, self.url(path)).body(body);
        request.send().await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, "").await
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&text(self.get(path).await).await).expect("JSON")
    }

    async fn put(&self, repository: &str, reference: &str, kind: &str, body: &str) -> Response {
        let url = self.url(&format!("/v2/{repository}/manifests/{reference}"));
        let request = self
            .client
            .put(url)
            .header("content-type", kind)
            .body(body.to_owned());
        request.send().await.expect("an answer")
    }

    async fn all_pages(&self, path: &str) -> Vec<Value> {
        let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let answer = self.get(&path).await;
            let link = answer
                .headers()
                .get("link")
                .map(|_| header(&answer, "link"));
            next = link.map(|link| {
                let (path, relation) = link.split_once('>').expect("a link");
                assert_eq!(relation, "; rel=\"next\"");
                path.trim_start_matches('<').to_owned()
            });
            pages.push(serde_json::from_str(&text(answer).await).expect("JSON"));
        }
        pages
    }

    /// A manifest whose config and layer are in the repository.
    fn image(&self, repository: &str, layer: &'static [u8]) -> String {
        let config = self.registry.put_blob(repository, "{}");
        let digest = self.registry.put_blob(repository, layer);
        json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": { "mediaType": CONFIG, "digest": config, "size": 2 },
            "layers": [{ "mediaType": "a/layer", "digest": digest, "size": layer.len() }],
        })
        .to_string()
    }

    fn referrer(&self, repository: &str, subject: &str, kind: Option<&str>) -> String {
        let mut manifest: Value =
            serde_json::from_str(&self.image(repository, b"signature")).expect("JSON");
        manifest["subject"] = json!({ "mediaType": OCI_MANIFEST, "digest": subject, "size": 1 });
        manifest["annotations"] = json!({ "key": "value" });
        if let Some(kind) = kind {
            manifest["artifactType"] = json!(kind);
        }
        manifest.to_string()
    }
}

/// Checks status and error code, and returns the body; an empty code is for no error.
async fn refused(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status);
    let body: Value = serde_json::from_str(&text(response).await).expect("a JSON body");
    assert_eq!(
        body["errors"][0]["code"].as_str().unwrap_or_default(),
        code,
        "{body}"
    );
    body
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

fn sha512(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha512};
    let hex = Sha512::digest(bytes);
    let hex: String = hex.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha512:{hex}")
}

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "a/config";
