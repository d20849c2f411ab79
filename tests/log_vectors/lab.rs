//! A log of our own, which signs what no honest log would.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::{key::PublicKey, log::TrustedLog};
use ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A log with a key, a name and leaves.
pub struct Lab {
    key: Key,
    pub origin: String,
    pub leaves: Vec<Vec<u8>>,
}

enum Key {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl Lab {
    pub fn p256(origin: &str) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        Self::new(Key::P256(key), origin)
    }

    pub fn ed25519(origin: &str) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        Self::new(Key::Ed25519(key), origin)
    }

    fn new(key: Key, origin: &str) -> Self {
        Self {
            key,
            origin: origin.into(),
            leaves: Vec::new(),
        }
    }

    pub fn public_key(&self) -> PublicKey {
        match &self.key {
            Key::P256(key) => {
                let mut spki = hex(P256_SPKI);
                spki.extend(key.verifying_key().to_sec1_point(false).as_bytes());
                PublicKey::from_spki_der(&spki).unwrap()
            }
            Key::Ed25519(key) => ed25519(key.verifying_key().as_bytes()),
        }
    }

    /// The log by its key alone.
    pub fn trusted(&self) -> TrustedLog {
        TrustedLog::new(self.public_key()).unwrap()
    }

    /// SHA-256 of the key; of a Rekor v2 with Ed25519, of its name too.
    pub fn id(&self) -> [u8; 32] {
        match &self.key {
            Key::Ed25519(key) if self.name() == self.origin => {
                named_hash(&self.origin, 1, key.verifying_key().as_bytes())
            }
            _ => self.public_key().fingerprint(),
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Key::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }

    /// The name in signatures: the origin without the tree of Rekor v1.
    pub fn name(&self) -> String {
        self.origin.split(" - ").next().unwrap().into()
    }

    pub fn root(&self, size: usize) -> [u8; 32] {
        root(&self.leaves[..size])
    }

    pub fn checkpoint(&self, size: usize) -> String {
        self.signed_note(&self.checkpoint_text(size))
    }

    pub fn checkpoint_text(&self, size: usize) -> String {
        let root = STANDARD.encode(self.root(size));
        format!("{}\n{size}\n{root}\n", self.origin)
    }

    pub fn signed_note(&self, text: &str) -> String {
        let line = note_line(&self.name(), &self.id()[..4], &self.sign(text.as_bytes()));
        format!("{text}\n{line}")
    }

    /// An entry of a bundle: the leaf at an index of the tree of this size.
    pub fn entry(&self, index: usize, size: usize, version: &str) -> Value {
        let hashes: Vec<Value> = inclusion(index, &self.leaves[..size])
            .iter()
            .map(base64)
            .collect();
        json!({
            "logIndex": index.to_string(),
            "logId": {"keyId": base64(self.id())},
            "kindVersion": {"kind": "hashedrekord", "version": version},
            "inclusionProof": {
                "logIndex": index.to_string(),
                "rootHash": base64(self.root(size)),
                "treeSize": size.to_string(),
                "hashes": hashes,
                "checkpoint": {"envelope": self.checkpoint(size)},
            },
            "canonicalizedBody": base64(&self.leaves[index]),
        })
    }

    /// Adds a signed entry timestamp to an entry.
    pub fn promise(&self, entry: &mut Value, time: u64) {
        let body = entry["canonicalizedBody"].as_str().unwrap();
        let index = entry["logIndex"].as_str().unwrap();
        let id = Hex(&self.id()).to_string();
        let message = format!(
            r#"{{"body":"{body}","integratedTime":{time},"logID":"{id}","logIndex":{index}}}"#
        );
        let signature = base64(self.sign(message.as_bytes()));
        entry["inclusionPromise"] = json!({"signedEntryTimestamp": signature});
        entry["integratedTime"] = time.to_string().into();
    }
}

/// A witness of our own.
pub struct LabWitness {
    pub name: String,
    key: ed25519_dalek::SigningKey,
}

impl LabWitness {
    pub fn new(name: &str, seed: u8) -> Self {
        Self {
            name: name.into(),
            key: ed25519_dalek::SigningKey::from_bytes(&[seed; 32]),
        }
    }

    pub fn public_key(&self) -> PublicKey {
        ed25519(self.key.verifying_key().as_bytes())
    }

    pub fn vkey(&self) -> String {
        let key = self.key.verifying_key();
        let id = Hex(&self.key_id()).to_string();
        let encoded = STANDARD.encode([&[4], key.as_bytes().as_slice()].concat());
        format!("{}+{id}+{encoded}", self.name)
    }

    pub fn key_id(&self) -> [u8; 4] {
        let hash = named_hash(&self.name, 4, self.key.verifying_key().as_bytes());
        *hash.first_chunk().unwrap()
    }

    pub fn cosign(&self, text: &str, time: u64) -> String {
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        let cosignature = [&time.to_be_bytes()[..], &signature].concat();
        note_line(&self.name, &self.key_id(), &cosignature)
    }
}

pub fn note_line(name: &str, key_id: &[u8], signature: &[u8]) -> String {
    let encoded = STANDARD.encode([key_id, signature].concat());
    format!("— {name} {encoded}\n")
}

fn named_hash(name: &str, kind: u8, key: &[u8]) -> [u8; 32] {
    let preimage = [name.as_bytes(), &[b'\n', kind], key].concat();
    Sha256::digest(preimage).into()
}

fn ed25519(raw: &[u8]) -> PublicKey {
    let spki = [&hex("302a300506032b6570032100"), raw].concat();
    PublicKey::from_spki_der(&spki).unwrap()
}

// RFC 6962 §2.1 as it is written there, by recursion.

pub fn leaf(entry: &[u8]) -> [u8; 32] {
    Sha256::digest([&[0], entry].concat()).into()
}

fn node(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    Sha256::digest([&[1][..], &left, &right].concat()).into()
}

pub fn root(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => leaf(one),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(root(left), root(right))
        }
    }
}

/// PATH(m, D[n]), §2.1.1.
pub fn inclusion(index: usize, leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = match index < left.len() {
        true => (inclusion(index, left), root(right)),
        false => (inclusion(index - left.len(), right), root(left)),
    };
    path.push(sibling);
    path
}

/// PROOF(m, D[n]), §2.1.2.
pub fn consistency(smaller: usize, leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    subproof(smaller, leaves, true)
}

fn subproof(smaller: usize, leaves: &[Vec<u8>], whole: bool) -> Vec<[u8; 32]> {
    if smaller == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root(leaves)]
        };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = match smaller <= left.len() {
        true => (subproof(smaller, left, whole), root(right)),
        false => (subproof(smaller - left.len(), right, false), root(left)),
    };
    proof.push(sibling);
    proof
}

/// The largest power of two below a size.
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

pub fn base64(bytes: impl AsRef<[u8]>) -> Value {
    STANDARD.encode(bytes).into()
}

pub struct Hex<'a>(pub &'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// A SubjectPublicKeyInfo of P-256 up to its point.
const P256_SPKI: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
