//! The embedded log over HTTP, as a client meets it. What it answers is verified by the module
//! that verifies real logs, and what it logs is compared with what a real Rekor logged.

mod asking;
mod faults;
mod keeping;
mod limits;
mod logging;
mod pages;

use std::{fs, io, path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::{
    key::PublicKey,
    log::{
        Checkpoint, Evidence, HashAlgorithm, LogEntry, LogError, Signed, TrustedLog, TrustedLogs,
        VerifiedEntry, rekor_v1, verify_consistency,
    },
};
use cosignet_host::embedded::log::{
    Action, Clock, EmbeddedLog, Endpoint, Entry, Fault, Options, PrivateKeyPem,
};
use p256::{
    ecdsa::{DerSignature, SigningKey, signature::Signer as _},
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::client::{client, header, text};

struct Site {
    log: EmbeddedLog,
    client: Client,
    logs: TrustedLogs,
}

impl Site {
    async fn start(options: Options) -> Self {
        let log = EmbeddedLog::start(options).await.expect("a log");
        let client = client();
        let trusted = TrustedLog::from_pem(log.public_key_pem().as_bytes()).expect("its key");
        let trusted = trusted.with_origin(&log.origin());
        let logs = TrustedLogs::new(vec![trusted]).expect("a log");
        Self { log, client, logs }
    }

    fn url(&self, path: &str) -> String {
        self.log.url() + path
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.client.get(self.url(path));
        request.send().await.expect("an answer")
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        parse(&text(answer).await)
    }

    async fn post(&self, path: &str, body: &[u8]) -> Response {
        let request = self.client.post(self.url(path)).body(body.to_vec());
        let request = request.header("content-type", "application/json");
        request.send().await.expect("an answer")
    }

    async fn post_json(&self, proposal: &Value) -> Response {
        self.post(ENTRIES, proposal.to_string().as_bytes()).await
    }

    /// Logs a signature over a text, and gives the answer.
    async fn log_text(&self, signer: &Signer, content: &str) -> String {
        let answer = self
            .post(ENTRIES, signer.request(content.as_bytes()).as_bytes())
            .await;
        assert_eq!(answer.status(), 201, "{content}");
        text(answer).await
    }

    /// The size and the root of the tree, which the log signs.
    async fn check_head(&self) -> (u64, [u8; 32]) {
        let info = self.json("/api/v1/log").await;
        let note = info["signedTreeHead"].as_str().expect("text");
        let checkpoint = Checkpoint::parse(note).expect("a checkpoint");
        checkpoint
            .verify(&self.logs.logs()[0])
            .expect("its signature");
        assert_eq!(note, self.log.checkpoint());
        assert_eq!(info["treeSize"], checkpoint.size());
        assert_eq!(info["rootHash"], hex(checkpoint.root()));
        assert_eq!(info["treeID"], self.log.tree_id().to_string());
        assert_eq!(checkpoint.origin(), self.log.origin());
        (checkpoint.size(), *checkpoint.root())
    }
}

/// Somebody with a P-256 key.
struct Signer {
    private: SigningKey,
    public: PublicKey,
}

impl Signer {
    fn new(seed: u8) -> Self {
        let private = SigningKey::from_slice(&[seed; 32]).expect("a key");
        let spki = private.verifying_key().to_public_key_der().expect("DER");
        let public = PublicKey::from_spki_der(spki.as_bytes()).expect("a key");
        Self { private, public }
    }

    fn private_pem(&self) -> PrivateKeyPem {
        PrivateKeyPem::new(self.private.to_pkcs8_pem(LineEnding::LF).expect("PEM"))
    }

    /// DER, by the nonce of RFC 6979: the same for the same bytes.
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.private.sign(bytes);
        signature.as_bytes().to_vec()
    }

    fn signed<'a>(&'a self, bytes: &'a [u8], signature: &'a [u8]) -> Signed<'a> {
        Signed {
            message: bytes.into(),
            dsse_payload: None,
            signature,
            key: &self.public,
        }
    }

    /// What cosign posts.
    fn request(&self, bytes: &[u8]) -> String {
        let signature = self.sign(bytes);
        rekor_v1::hashedrekord_request(&self.signed(bytes, &signature), HashAlgorithm::Sha256)
            .expect("the digest is known")
    }

    fn hashedrekord(&self, bytes: &[u8]) -> Value {
        parse(self.request(bytes))
    }

    fn verify(
        &self,
        answer: &str,
        bytes: &[u8],
        logs: &TrustedLogs,
    ) -> Result<VerifiedEntry, LogError> {
        verify(answer, bytes, &self.sign(bytes), &self.public, logs)
    }
}

fn verify(
    answer: &str,
    bytes: &[u8],
    signature: &[u8],
    key: &PublicKey,
    logs: &TrustedLogs,
) -> Result<VerifiedEntry, LogError> {
    let signed = Signed {
        message: bytes.into(),
        dsse_payload: None,
        signature,
        key,
    };
    LogEntry::from_rekor_v1(answer.as_bytes())?.verify(&signed, logs)
}

fn at(seconds: u64) -> Options {
    Options {
        clock: Clock::fixed(seconds),
        ..Options::default()
    }
}

fn dsse(content: &Value) -> Value {
    json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": { "proposedContent": content } })
}

fn pae(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Checks the number in the body, which tells the status, and the message.
async fn refused(response: Response, code: u16, problem: &str) -> Value {
    let status = if code > 600 { 422 } else { code };
    let found = response.status();
    assert_eq!(header(&response, "content-type"), "application/json");
    let body = parse(&text(response).await);
    assert_eq!(found, status, "{body}");
    assert_eq!(body["code"], code, "{body}");
    let message = body["message"].as_str().expect("text");
    assert!(
        message.contains(problem),
        "expected {problem:?}, found {message:?}"
    );
    body
}

/// The one entry of an answer.
fn entry_in(answer: &Value) -> Value {
    let entries = answer.as_object().expect("an object");
    assert_eq!(entries.len(), 1);
    entries.values().next().expect("an entry").clone()
}

/// The names of the members, in their order.
fn members(object: &Value) -> Vec<&String> {
    object.as_object().expect("an object").keys().collect()
}

fn parse(json: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(json.as_ref()).expect("JSON")
}

fn decode(value: &Value) -> Vec<u8> {
    STANDARD
        .decode(value.as_str().expect("text"))
        .expect("base64")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().enumerate() {
        let digits = &digits[place * 2..place * 2 + 2];
        *byte = u8::from_str_radix(digits, 16).expect("digits");
    }
    hash
}

/// A file of the component's test data.
fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    let path = folder.join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn data_json(name: &str) -> Value {
    parse(data(name))
}

fn data_key(name: &str) -> PublicKey {
    PublicKey::from_pem(&data(name)).expect("a key")
}

const ENTRIES: &str = "/api/v1/log/entries";
const RETRIEVE: &str = "/api/v1/log/entries/retrieve";
const INDEX: &str = "/api/v1/index/retrieve";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
