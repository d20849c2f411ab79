//! `dsse` 0.0.1: an envelope, and the keys of its signatures. The envelope is hashed and not kept.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Encoded, Proposal, Refusal, decode_base64_or_url, key_of_hash, key_of_pem, parse, sha256_hex,
    verifier::Verifier,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    proposed_content: ProposedContent,
    envelope_hash: Option<Value>,
    payload_hash: Option<Value>,
    signatures: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct ProposedContent {
    envelope: String,
    verifiers: Vec<Encoded>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

/// Checks as Rekor does: each signature must verify with one of the keys, and each key that is
/// needed must verify one. Signatures are over the PAE, of ECDSA and RSA over its SHA-256 whatever
/// the size of the key, and plain Ed25519.
pub(super) fn check(spec: Value) -> Result<Proposal, Refusal> {
    let spec: Spec = parse(spec)?;
    let computed = spec.envelope_hash.is_some() || spec.payload_hash.is_some();
    if computed || spec.signatures.is_some_and(|list| !list.is_empty()) {
        return Err(malformed(
            "envelopeHash, payloadHash and signatures are computed by the log",
        ));
    }
    let ProposedContent {
        envelope: text,
        verifiers,
    } = spec.proposed_content;
    let envelope: Envelope =
        serde_json::from_str(&text).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let payload = decode_base64_or_url(&envelope.payload)
        .ok_or_else(|| malformed("the payload of the envelope is no base64"))?;
    let signers = signers(&envelope, &payload, &verifiers)?;

    let envelope_hash = sha256_hex(text.as_bytes());
    let payload_hash = sha256_hex(&payload);
    let mut keys: BTreeSet<String> = [&envelope_hash, &payload_hash]
        .map(|hash| key_of_hash(SHA256, hash))
        .into();
    for pem in signers.values() {
        // Rekor has the second alone, and so does not find such an entry by its key.
        let key = key_of_pem(pem);
        keys.extend([key_of_hash(SHA256, &key), key]);
    }
    if envelope.payload_type == IN_TOTO {
        keys.extend(subjects(&payload).take(MAX_SUBJECTS));
    }
    let signatures: Vec<Value> = signers
        .iter()
        .map(|(sig, pem)| json!({ "signature": sig, "verifier": STANDARD.encode(pem) }))
        .collect();
    let spec = json!({
        "envelopeHash": { "algorithm": SHA256, "value": envelope_hash },
        "payloadHash": { "algorithm": SHA256, "value": payload_hash },
        "signatures": signatures,
    });
    Proposal::new("dsse", &spec, keys.into_iter().collect())
}

/// The key of each signature, by its text, in the order of that.
fn signers<'a>(
    envelope: &'a Envelope,
    payload: &[u8],
    verifiers: &[Encoded],
) -> Result<BTreeMap<&'a str, String>, Refusal> {
    if envelope.signatures.is_empty() {
        return Err(malformed("DSSE envelope must contain 1 or more signatures"));
    }
    if envelope.signatures.len() > MAX_SIGNATURES || verifiers.len() > MAX_SIGNATURES {
        return Err(malformed(
            "there are more signatures or keys than this log takes",
        ));
    }
    let mut left = BTreeMap::new();
    for Signature { sig } in &envelope.signatures {
        let bytes = decode_base64_or_url(sig);
        let bytes = bytes.ok_or_else(|| malformed("a signature of the envelope is no base64"))?;
        left.insert(sig.as_str(), bytes);
    }
    let signed = pae(&envelope.payload_type, payload);
    let mut signers = BTreeMap::new();
    for Encoded(pem) in verifiers {
        if left.is_empty() {
            break;
        }
        let key = Verifier::parse(pem).map_err(Refusal::Malformed)?;
        let before = left.len();
        left.retain(|sig, bytes| {
            let verified = key.verifies_message(&signed, bytes);
            if verified {
                signers.insert(*sig, key.pem());
            }
            !verified
        });
        if left.len() == before {
            return Err(Refusal::BadSignature("a key verifies none of the envelope"));
        }
    }
    match left.is_empty() {
        true => Ok(signers),
        false => Err(Refusal::BadSignature(
            "all signatures must have a key that verifies it",
        )),
    }
}

/// The pre-authentication encoding of DSSE, which is what is signed.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// The hashes of what an in-toto statement is about; none if it is no statement.
fn subjects(payload: &[u8]) -> impl Iterator<Item = String> {
    #[derive(Deserialize)]
    struct Statement {
        subject: Vec<Subject>,
    }
    #[derive(Deserialize)]
    struct Subject {
        digest: BTreeMap<String, String>,
    }
    let statement = serde_json::from_slice(payload).ok();
    let subjects = statement.into_iter().flat_map(|s: Statement| s.subject);
    subjects
        .flat_map(|subject| subject.digest)
        .filter(|(algorithm, digits)| algorithm.len() + digits.len() <= MAX_KEY_LENGTH)
        .map(|(algorithm, digits)| key_of_hash(&algorithm, &digits))
}

fn malformed(problem: &str) -> Refusal {
    Refusal::Malformed(problem.to_owned())
}

const IN_TOTO: &str = "application/vnd.in-toto+json";
const SHA256: &str = "sha256";
const MAX_SIGNATURES: usize = 16;
/// An entry is found by this many of its subjects.
const MAX_SUBJECTS: usize = 64;
/// The digits of SHA-512 and a name.
const MAX_KEY_LENGTH: usize = 160;
