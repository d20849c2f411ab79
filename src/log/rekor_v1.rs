//! Rekor v1: what is posted to `/api/v1/log/entries`, and the entries that come back.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::entry::{InclusionProof, LogEntry};
use super::error::LogError;
use super::fields::{self, base64, hex};
use super::limits::{MAX_ENTRIES, MAX_ENTRIES_SIZE, MAX_ENTRY_SIZE};
use super::log_id::LogId;
use super::signed::{Signed, encoded_pem};
use crate::json::{Elements, Object, read, to_go_json};
use crate::key::{HashAlgorithm, PublicKey};
use crate::oci::Hex;

/// The `hashedrekord` 0.0.1 that proposes a signature, byte for byte as cosign 2 and 3 post it.
///
/// `hash` is the one that the signature was made over: Rekor verifies the signature over the
/// hash alone, and refuses those of Ed25519 for that reason (Ed25519ph with SHA-512 is taken), and
/// P-384 and P-521 with SHA-256.
///
/// # Errors
/// [`LogError::UnknownDigest`] where that digest of what was signed is not known.
pub fn hashedrekord_request(signed: &Signed<'_>, hash: HashAlgorithm) -> Result<String, LogError> {
    let value = signed.digest(hash)?;
    let value = Hex(&value);
    let algorithm = hash.name();
    let signature = STANDARD.encode(signed.signature);
    let key = encoded_pem(signed.key);
    Ok(format!(
        r#"{{"apiVersion":"0.0.1","spec":{{"data":{{"hash":{{"algorithm":"{algorithm}","value":"{value}"}}}},"signature":{{"content":"{signature}","publicKey":{{"content":"{key}"}}}}}},"kind":"hashedrekord"}}{NEWLINE}"#
    ))
}

/// The `dsse` 0.0.1 that proposes an envelope, byte for byte as cosign 2 and 3 post it.
///
/// # Errors
/// [`LogError::TooLarge`] for an envelope above [`MAX_ENTRY_SIZE`].
pub fn dsse_request(envelope: &str, key: &PublicKey) -> Result<String, LogError> {
    LogError::within("bytes of a DSSE envelope", MAX_ENTRY_SIZE, envelope.len())?;
    let envelope = to_go_json(&envelope).map_err(LogError::malformed)?;
    let key = encoded_pem(key);
    Ok(format!(
        r#"{{"apiVersion":"0.0.1","spec":{{"proposedContent":{{"envelope":{envelope},"verifiers":["{key}"]}},"signatures":null}},"kind":"dsse"}}{NEWLINE}"#
    ))
}

/// What is posted to `/api/v1/log/entries/retrieve` to look a signature up, as cosign does.
///
/// # Errors
/// As [`hashedrekord_request`].
pub fn search_request(signed: &Signed<'_>, hash: HashAlgorithm) -> Result<String, LogError> {
    let entry = hashedrekord_request(signed, hash)?;
    let entry = entry.trim_end();
    Ok(format!(
        r#"{{"entryUUIDs":null,"logIndexes":null,"entries":[{entry}]}}{NEWLINE}"#
    ))
}

/// Reads the answer to a search: a list of entries, each like an answer with one.
pub(super) fn parse_found(answer: &[u8]) -> Result<Vec<LogEntry>, LogError> {
    LogError::within("bytes of log entries", MAX_ENTRIES_SIZE, answer.len())?;
    let raw: Elements<MAX_ENTRIES> = read(answer).map_err(LogError::malformed)?;
    LogError::within("log entries", MAX_ENTRIES, raw.count)?;
    raw.first
        .into_iter()
        .map(|entry| parse_answer(entry.get().as_bytes()))
        .collect()
}

/// Reads an answer with one entry: `{"<uuid>": {"body": …, "integratedTime": …, …}}`.
///
/// The uuid says nothing that the entry does not say, and is not looked at. Members that are not
/// known are read past: a server adds an attestation that it keeps.
pub(super) fn parse_answer(answer: &[u8]) -> Result<LogEntry, LogError> {
    LogError::within("bytes of a log entry", MAX_ENTRY_SIZE, answer.len())?;
    let mut entries = Object::parse(answer)
        .map_err(LogError::malformed)?
        .into_rest();
    let (Some((_uuid, entry)), true) = (entries.pop(), entries.is_empty()) else {
        return Err(LogError::malformed(
            "expected exactly one entry by its uuid",
        ));
    };
    parse_entry(entry.get().as_bytes()).map_err(LogError::malformed)
}

/// Go's encoder ends a document with it.
const NEWLINE: char = '\n';

fn parse_entry(entry: &[u8]) -> Result<LogEntry, String> {
    let mut entry = Object::parse(entry)?;
    let mut verification: Option<Object> = entry.take("verification")?;
    let (signed_entry_timestamp, proof) = match &mut verification {
        None => (None, None),
        Some(verification) => (
            fields::bytes(verification, "signedEntryTimestamp", base64)?,
            verification
                .take("inclusionProof")?
                .map(parse_proof)
                .transpose()?,
        ),
    };
    Ok(LogEntry {
        log_id: LogId(fields::require_hash(&mut entry, "logID", hex)?),
        log_index: require_integer(&mut entry, "logIndex")?,
        integrated_time: require_integer(&mut entry, "integratedTime")?,
        signed_entry_timestamp,
        proof,
        stated_kind: None,
        body: fields::require_bytes(&mut entry, "body", base64)?,
    })
}

fn parse_proof(mut proof: Object) -> Result<InclusionProof, String> {
    Ok(InclusionProof {
        log_index: require_integer(&mut proof, "logIndex")?,
        tree_size: require_integer(&mut proof, "treeSize")?,
        root_hash: fields::require_hash(&mut proof, "rootHash", hex)?,
        hashes: fields::hashes(&mut proof, "hashes", hex)?,
        checkpoint: proof.take("checkpoint")?,
    })
}

fn require_integer(object: &mut Object, name: &str) -> Result<u64, String> {
    fields::integer(object, name)?.ok_or_else(|| name.to_string() + ": missing")
}
