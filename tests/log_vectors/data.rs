//! The files of `tests/data`, and what is in them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::{
    key::PublicKey,
    log::{LogEntry, LogError, Signed, TrustedLogs, VerifiedEntry},
};
use serde_json::Value;

/// A signature with what it is over, and an entry that should be about it.
pub struct Case {
    pub name: String,
    pub entry: LogEntry,
    pub content: Content,
}

/// A signature with what it is over.
#[derive(Clone)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub dsse_payload: Option<Vec<u8>>,
    pub signature: Vec<u8>,
    pub key: PublicKey,
}

impl Case {
    pub fn verify(&self, logs: &TrustedLogs) -> Result<VerifiedEntry, LogError> {
        self.entry.verify(&self.content.signed(), logs)
    }
}

impl Content {
    /// By whichever test key the signature verifies.
    pub fn new(bytes: &[u8], dsse_payload: Option<&[u8]>, signature: &[u8]) -> Self {
        let verifies = |key: &&PublicKey| key.verify(bytes, signature).is_ok();
        let key = KEYS.iter().find(verifies).expect("a key of the test data");
        Self {
            bytes: bytes.to_vec(),
            dsse_payload: dsse_payload.map(<[u8]>::to_vec),
            signature: signature.to_vec(),
            key: key.clone(),
        }
    }

    pub fn envelope(envelope: &Value) -> Self {
        let kind = text(&envelope["payloadType"]);
        let payload = bytes(&envelope["payload"]);
        let mut pae = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        pae.extend(&payload);
        let signature = bytes(&envelope["signatures"][0]["sig"]);
        Self::new(&pae, Some(&payload), &signature)
    }

    pub fn signed(&self) -> Signed<'_> {
        Signed {
            message: (&self.bytes).into(),
            dsse_payload: self.dsse_payload.as_deref(),
            signature: &self.signature,
            key: &self.key,
        }
    }
}

/// A bundle v0.3: its entries, and its signature over an artifact or an envelope.
pub struct Bundle {
    pub name: String,
    pub entries: Value,
    pub content: Content,
}

impl Bundle {
    pub fn read(name: &str) -> Self {
        let bundle = json(name);
        let content = match bundle.get("dsseEnvelope") {
            Some(envelope) => Content::envelope(envelope),
            None => {
                let artifact = match name.starts_with("cosign/") {
                    true => "cosign/blob/artifact.txt",
                    false => "rekor/blob.txt",
                };
                let signature = bytes(&bundle["messageSignature"]["signature"]);
                Content::new(&read(artifact), None, &signature)
            }
        };
        Self {
            name: name.into(),
            entries: bundle["verificationMaterial"]["tlogEntries"].clone(),
            content,
        }
    }

    /// Its one entry.
    pub fn entry(&self) -> &Value {
        assert_eq!(self.entries.as_array().unwrap().len(), 1, "{}", self.name);
        &self.entries[0]
    }

    pub fn case(&self) -> Case {
        Case {
            name: self.name.clone(),
            entry: from_bundle(self.entry()).unwrap(),
            content: self.content.clone(),
        }
    }

    /// What becomes of it with another entry.
    pub fn verify_with(
        &self,
        entry: &Value,
        logs: &TrustedLogs,
    ) -> Result<VerifiedEntry, LogError> {
        from_bundle(entry)?.verify(&self.content.signed(), logs)
    }
}

pub fn from_bundle(entry: &Value) -> Result<LogEntry, LogError> {
    LogEntry::from_bundle(entry.to_string().as_bytes())
}

/// What the one entry of an answer of Rekor v1 holds.
pub fn v1_entry(answer: &Value) -> &Value {
    answer.as_object().unwrap().values().next().unwrap()
}

/// The body of an entry, whatever its form.
pub fn body(entry: &LogEntry) -> Value {
    serde_json::from_slice(entry.body()).unwrap()
}

/// Real Rekor v1 and Rekor v2 with an Ed25519 key.
pub static REKOR: LazyLock<TrustedLogs> = LazyLock::new(|| root("rekor/trusted-root.json"));
/// Real Rekor v2 with an ECDSA key.
pub static ECDSA_TILES: LazyLock<TrustedLogs> =
    LazyLock::new(|| root("rekor/v2-ecdsa-log/trusted-root.json"));
/// The log that the bundles in `cosign/` are of.
pub static COSIGN: LazyLock<TrustedLogs> = LazyLock::new(|| root("cosign/rekor/trusted_root.json"));
pub static PUBLIC_GOOD: LazyLock<TrustedLogs> =
    LazyLock::new(|| TrustedLogs::public_good().unwrap());

static KEYS: LazyLock<Vec<PublicKey>> = LazyLock::new(|| {
    let mut names = files("rekor/keys");
    names.extend(
        [
            "cosign/keys/cosign-v2.5.0.pub",
            "cosign/keys/cosign-v3.1.1.pub",
        ]
        .map(String::from),
    );
    names.iter().map(|name| key(name)).collect()
});

pub fn root(name: &str) -> TrustedLogs {
    TrustedLogs::from_trusted_root(&read(name)).unwrap()
}

pub fn key(name: &str) -> PublicKey {
    PublicKey::from_pem(&read(name)).unwrap()
}

pub fn read(name: &str) -> Vec<u8> {
    let path = path(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn read_text(name: &str) -> String {
    String::from_utf8(read(name)).unwrap()
}

pub fn json(name: &str) -> Value {
    serde_json::from_slice(&read(name)).unwrap()
}

/// The files in a folder and below, by name.
pub fn files(folder: &str) -> Vec<String> {
    let mut names = Vec::new();
    for item in fs::read_dir(path(folder)).unwrap() {
        let item = item.unwrap();
        let name = format!("{folder}/{}", item.file_name().to_str().unwrap());
        match item.file_type().unwrap().is_dir() {
            true => names.extend(files(&name)),
            false => names.push(name),
        }
    }
    names.sort();
    names
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

/// Decodes base64.
pub fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(text(value)).unwrap()
}

pub use super::lab::base64;

/// The name of an error's case.
pub fn case_of(error: &LogError) -> String {
    let debug = format!("{error:?}");
    let name = debug.split(|c: char| !c.is_alphanumeric()).next();
    name.unwrap().to_string()
}
