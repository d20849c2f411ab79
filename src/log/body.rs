//! The canonical body of an entry, and its binding to a signature.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::entry::KindVersion;
use super::error::{LogError, shown};
use super::fields::{self, base64, hex};
use super::signed::{Signed, fingerprint, hash_text};
use crate::json::Object;
use crate::key::{HashAlgorithm, Message, PublicKey};
use crate::oci::Digest;

/// What a body claims.
pub(super) struct Body {
    /// Whether the entry is of Rekor v2, which has one count of indices.
    pub(super) is_v2: bool,
    algorithm: HashAlgorithm,
    hash: Vec<u8>,
    /// Whether the hash is of the payload of an envelope rather than of what was signed.
    of_payload: bool,
    signature: Vec<u8>,
    key: Key,
}

/// A key as bodies hold it.
enum Key {
    /// Rekor v1: a PEM file.
    Pem(Vec<u8>),
    /// Rekor v2: the SubjectPublicKeyInfo, and what it is used with.
    Der { spki: Vec<u8>, details: String },
}

/// The kind of a body.
pub(super) fn kind(body: &[u8]) -> Result<KindVersion, LogError> {
    let mut document = Object::parse(body).map_err(LogError::malformed)?;
    take_kind(&mut document).map_err(LogError::malformed)
}

fn take_kind(document: &mut Object) -> Result<KindVersion, String> {
    Ok(KindVersion {
        kind: document.require("kind")?,
        version: document.require("apiVersion")?,
    })
}

impl Body {
    /// Reads a body: of the kinds that hold a hash, a signature and a key, and no member more.
    /// `intoto` 0.0.1 holds no signature and `rekord` is not written by cosign: unsupported.
    pub(super) fn parse(body: &[u8], stated: Option<&KindVersion>) -> Result<Self, LogError> {
        let mut document = Object::parse(body).map_err(LogError::malformed)?;
        let found = take_kind(&mut document).map_err(LogError::malformed)?;
        if let Some(stated) = stated.filter(|stated| **stated != found) {
            let text = |kind: &KindVersion| shown(format!("{} {}", kind.kind, kind.version));
            return Err(LogError::KindMismatch {
                stated: text(stated),
                found: text(&found),
            });
        }
        let parse = match (found.kind.as_str(), found.version.as_str()) {
            ("hashedrekord", "0.0.1") => Self::hashedrekord_v1,
            ("hashedrekord", "0.0.2") => Self::hashedrekord_v2,
            ("dsse", "0.0.1") => Self::dsse,
            ("intoto", "0.0.2") => Self::intoto,
            (kind, version) => {
                return Err(LogError::UnsupportedKind {
                    kind: shown(kind),
                    version: shown(version),
                });
            }
        };
        let spec = document.require("spec").map_err(LogError::malformed)?;
        document.finish().map_err(LogError::malformed)?;
        parse(spec).map_err(LogError::malformed)
    }

    /// `{"data":{"hash":{…}},"signature":{"content":…,"publicKey":{"content":…}}}`
    fn hashedrekord_v1(mut spec: Object) -> Result<Self, String> {
        let mut data: Object = spec.require("data")?;
        let (algorithm, hash) = take_hash(&mut data, "hash")?;
        let mut signature: Object = spec.require("signature")?;
        let mut key: Object = signature.require("publicKey")?;
        let body = Self {
            is_v2: false,
            algorithm,
            hash,
            of_payload: false,
            signature: fields::require_bytes(&mut signature, "content", base64)?,
            key: Key::Pem(fields::require_bytes(&mut key, "content", base64)?),
        };
        finish([spec, data, signature, key])?;
        Ok(body)
    }

    /// `{"hashedRekordV002":{"data":{"algorithm":…,"digest":…},"signature":{"content":…,"verifier":…}}}`
    fn hashedrekord_v2(mut spec: Object) -> Result<Self, String> {
        let mut record: Object = spec.require("hashedRekordV002")?;
        let mut data: Object = record.require("data")?;
        let mut signature: Object = record.require("signature")?;
        let mut verifier: Object = signature.require("verifier")?;
        let mut key: Object = verifier.require("publicKey")?;
        let body = Self {
            is_v2: true,
            algorithm: take_algorithm(&mut data, HashAlgorithm::protobuf_name)?,
            hash: fields::require_bytes(&mut data, "digest", base64)?,
            of_payload: false,
            signature: fields::require_bytes(&mut signature, "content", base64)?,
            key: Key::Der {
                spki: fields::require_bytes(&mut key, "rawBytes", base64)?,
                details: verifier.require("keyDetails")?,
            },
        };
        finish([spec, record, data, signature, verifier, key])?;
        Ok(body)
    }

    /// `{"envelopeHash":…,"payloadHash":{…},"signatures":[{"signature":…,"verifier":…}]}`
    ///
    /// The hash of the envelope is of its bytes at the time of logging, which bundles do not keep.
    /// Payload, signature and key say the same.
    fn dsse(mut spec: Object) -> Result<Self, String> {
        take_hash(&mut spec, "envelopeHash")?;
        let (algorithm, hash) = take_hash(&mut spec, "payloadHash")?;
        let mut signature = take_one_signature(&mut spec)?;
        let body = Self {
            is_v2: false,
            algorithm,
            hash,
            of_payload: true,
            signature: fields::require_bytes(&mut signature, "signature", base64)?,
            key: Key::Pem(fields::require_bytes(&mut signature, "verifier", base64)?),
        };
        finish([spec, signature])?;
        Ok(body)
    }

    /// `{"content":{"envelope":{"payloadType":…,"signatures":[{"publicKey":…,"sig":…}]},"hash":…,
    /// "payloadHash":…}}`; the signature is in base64 twice.
    fn intoto(mut spec: Object) -> Result<Self, String> {
        let mut content: Object = spec.require("content")?;
        take_hash(&mut content, "hash")?;
        let (algorithm, hash) = take_hash(&mut content, "payloadHash")?;
        let mut envelope: Object = content.require("envelope")?;
        envelope.require::<String>("payloadType")?;
        let mut signature = take_one_signature(&mut envelope)?;
        signature.take::<String>("keyid")?;
        let once = fields::require_bytes(&mut signature, "sig", base64)?;
        let once = core::str::from_utf8(&once).map_err(|error| format!("sig: {error}"))?;
        let body = Self {
            is_v2: false,
            algorithm,
            hash,
            of_payload: true,
            signature: base64("sig", once)?,
            key: Key::Pem(fields::require_bytes(&mut signature, "publicKey", base64)?),
        };
        finish([spec, content, envelope, signature])?;
        Ok(body)
    }

    /// Refuses a body that is about anything else: other bytes, another signature, another key.
    pub(super) fn bind(&self, signed: &Signed<'_>) -> Result<(), LogError> {
        self.bind_signature(signed.message, signed.dsse_payload, signed.signature)?;
        self.bind_key(signed.key)
    }

    /// Compares all but the key.
    pub(super) fn bind_signature(
        &self,
        message: Message<'_>,
        dsse_payload: Option<&[u8]>,
        signature: &[u8],
    ) -> Result<(), LogError> {
        let hashed = match self.of_payload {
            true => dsse_payload.map(Message::from),
            false => Some(message),
        };
        // A digest that is not known cannot be compared, and is not this one.
        let digest = hashed.and_then(|hashed| hashed.digest(self.algorithm));
        if digest.as_ref() != Some(&self.hash) {
            let of = if self.of_payload {
                "an envelope with payload "
            } else {
                ""
            };
            let sha256 = hashed.unwrap_or(message).sha256();
            return Err(LogError::OtherArtifact {
                expected: match digest {
                    Some(digest) => hash_text(self.algorithm, &digest),
                    None => hash_text(HashAlgorithm::Sha256, &sha256),
                },
                found: shown(format!("{of}{}", hash_text(self.algorithm, &self.hash))),
            });
        }
        match self.signature == signature {
            true => Ok(()),
            false => Err(LogError::OtherSignature),
        }
    }

    fn bind_key(&self, key: &PublicKey) -> Result<(), LogError> {
        let other = |found: String| {
            Err(LogError::OtherKey {
                expected: fingerprint(key),
                found,
            })
        };
        match &self.key {
            // A certificate, too, is not this key.
            Key::Pem(pem) => match PublicKey::from_pem(pem) {
                Ok(found) if found == *key => Ok(()),
                Ok(found) => other(fingerprint(&found).to_string()),
                Err(error) => other(error.to_string()),
            },
            Key::Der { spki, .. } if spki != key.spki_der() => other(Digest::of(spki).to_string()),
            Key::Der { details, .. } => match self.algorithm.key_details(key.algorithm()) {
                Some(expected) if details == expected => Ok(()),
                expected => Err(LogError::KeyDetailsMismatch {
                    expected: expected.unwrap_or("none"),
                    found: shown(details),
                }),
            },
        }
    }
}

/// A hash as Rekor v1 writes it: `{"algorithm":"sha256","value":"<hex>"}`.
fn take_hash(object: &mut Object, name: &str) -> Result<(HashAlgorithm, Vec<u8>), String> {
    let mut hash: Object = object.require(name)?;
    let algorithm = take_algorithm(&mut hash, HashAlgorithm::name)?;
    let value = fields::require_bytes(&mut hash, "value", hex)?;
    hash.finish()?;
    Ok((algorithm, value))
}

fn take_algorithm(
    object: &mut Object,
    name: fn(HashAlgorithm) -> &'static str,
) -> Result<HashAlgorithm, String> {
    let found: String = object.require("algorithm")?;
    let known = HashAlgorithm::ALL
        .into_iter()
        .find(|hash| name(*hash) == found);
    known.ok_or_else(|| format!("algorithm: expected SHA-256, SHA-384 or SHA-512, found {found}"))
}

/// The one signature of an envelope: with several, an entry would be about any of them.
fn take_one_signature(object: &mut Object) -> Result<Object, String> {
    match fields::list(object, "signatures")?.as_slice() {
        [signature] => Object::parse(signature.get().as_bytes()),
        _ => Err("signatures: expected exactly one".into()),
    }
}

fn finish<const N: usize>(parts: [Object; N]) -> Result<(), String> {
    parts.into_iter().try_for_each(Object::finish)
}
