//! `hashedrekord` 0.0.1: a hash, a signature over it, and a key.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Encoded, Proposal, Refusal, key_of_hash, key_of_pem, parse,
    verifier::{HashAlgorithm, Verifier},
};

#[derive(Deserialize)]
struct Spec {
    signature: Signature,
    data: Data,
}

#[derive(Deserialize)]
struct Signature {
    content: Encoded,
    #[serde(rename = "publicKey")]
    public_key: PublicKey,
}

#[derive(Deserialize)]
struct PublicKey {
    content: Encoded,
}

#[derive(Deserialize)]
struct Data {
    hash: Hash,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: HashAlgorithm,
    value: String,
}

/// Checks as Rekor does: the signature must verify over the given hash with the given key, then
/// key and hash must go together. The digits of the hash stay as they are given.
pub(super) fn check(spec: Value) -> Result<Proposal, Refusal> {
    let Spec { signature, data } = parse(spec)?;
    let (signature, pem) = (signature.content.0, signature.public_key.content.0);
    let Hash { algorithm, value } = data.hash;
    let key = Verifier::parse(&pem).map_err(Refusal::Malformed)?;
    let hash = algorithm.parse_hex(&value);
    let hash = hash.ok_or_else(|| Refusal::Malformed("invalid value for hash".to_owned()))?;
    if !key.verifies_hash(algorithm, &hash, &signature) {
        return Err(Refusal::BadSignature("it is not the key's over this hash"));
    }
    if !key.goes_with(algorithm) {
        return Err(Refusal::Algorithms);
    }
    let pem = key.pem();
    let keys = vec![key_of_pem(&pem), key_of_hash(algorithm.name(), &value)];
    let spec = json!({
        "data": { "hash": { "algorithm": algorithm.name(), "value": value } },
        "signature": {
            "content": STANDARD.encode(signature),
            "publicKey": { "content": STANDARD.encode(pem) },
        },
    });
    Proposal::new("hashedrekord", &spec, keys)
}
