//! `dev.sigstore.rekor.v1.TransparencyLogEntry` in protobuf's JSON: what Rekor v2 answers, and what
//! sigstore bundles hold.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::body;
use super::entry::{InclusionProof, KindVersion, LogEntry};
use super::error::LogError;
use super::fields::{self, base64};
use super::limits::{MAX_ENTRIES, MAX_ENTRIES_SIZE, MAX_ENTRY_SIZE};
use super::log_id::LogId;
use crate::json::{Elements, Object, read};

pub(super) fn parse_all(entries: &[u8]) -> Result<Vec<LogEntry>, LogError> {
    LogError::within("bytes of log entries", MAX_ENTRIES_SIZE, entries.len())?;
    let raw: Elements<MAX_ENTRIES> = read(entries).map_err(LogError::malformed)?;
    LogError::within("log entries", MAX_ENTRIES, raw.count)?;
    let mut entries = Vec::<LogEntry>::with_capacity(raw.count);
    for entry in raw.first {
        let entry = parse(entry.get().as_bytes())?;
        let same =
            |other: &LogEntry| (other.log_id, other.log_index) == (entry.log_id, entry.log_index);
        if entries.iter().any(same) {
            return Err(LogError::DuplicateEntry {
                log_id: entry.log_id,
                index: entry.log_index,
            });
        }
        entries.push(entry);
    }
    match entries.is_empty() {
        true => Err(LogError::MissingEntry),
        false => Ok(entries),
    }
}

pub(super) fn parse(entry: &[u8]) -> Result<LogEntry, LogError> {
    LogError::within("bytes of a log entry", MAX_ENTRY_SIZE, entry.len())?;
    let entry = parse_entry(entry).map_err(LogError::malformed)?;
    let proof = entry.proof.as_ref().ok_or(LogError::MissingProof)?;
    match proof.checkpoint {
        Some(_) => Ok(entry),
        None => Err(LogError::MissingProof),
    }
}

fn parse_entry(entry: &[u8]) -> Result<LogEntry, String> {
    let mut entry = Object::parse(entry)?;
    let mut log_id: Object = entry.require("logId")?;
    let mut kind: Object = entry.require("kindVersion")?;
    let mut promise: Option<Object> = entry.take("inclusionPromise")?;
    let parsed = LogEntry {
        log_id: LogId(fields::require_hash(&mut log_id, "keyId", base64)?),
        log_index: fields::integer(&mut entry, "logIndex")?.unwrap_or_default(),
        integrated_time: fields::integer(&mut entry, "integratedTime")?.unwrap_or_default(),
        signed_entry_timestamp: match &mut promise {
            Some(promise) => Some(fields::require_bytes(
                promise,
                "signedEntryTimestamp",
                base64,
            )?),
            None => None,
        },
        proof: entry.take("inclusionProof")?.map(parse_proof).transpose()?,
        stated_kind: Some(KindVersion {
            kind: kind.require("kind")?,
            version: kind.require("version")?,
        }),
        body: fields::require_bytes(&mut entry, "canonicalizedBody", base64)?,
    };
    for part in [Some(entry), Some(log_id), Some(kind), promise] {
        part.map_or(Ok(()), Object::finish)?;
    }
    Ok(parsed)
}

fn parse_proof(mut proof: Object) -> Result<InclusionProof, String> {
    let mut checkpoint: Option<Object> = proof.take("checkpoint")?;
    let parsed = InclusionProof {
        log_index: fields::integer(&mut proof, "logIndex")?.unwrap_or_default(),
        tree_size: fields::integer(&mut proof, "treeSize")?.unwrap_or_default(),
        root_hash: fields::require_hash(&mut proof, "rootHash", base64)?,
        hashes: fields::hashes(&mut proof, "hashes", base64)?,
        checkpoint: match &mut checkpoint {
            Some(checkpoint) => checkpoint.take("envelope")?,
            None => None,
        },
    };
    proof.finish()?;
    checkpoint.map_or(Ok(()), Object::finish)?;
    Ok(parsed)
}

/// The order is that of the fields' numbers, and zeros are left out, as Go's `protojson` does.
pub(super) fn write(entry: &LogEntry) -> Result<String, LogError> {
    let proof = entry.proof.as_ref().ok_or(LogError::MissingProof)?;
    let checkpoint = proof.checkpoint.as_ref().ok_or(LogError::MissingProof)?;
    let kind = body::kind(&entry.body)?;
    let quoted = |text: &str| serde_json::to_string(text).map_err(LogError::malformed);
    let unless_zero = |name: &str, number: u64| match number {
        0 => String::new(),
        _ => format!(r#""{name}":"{number}","#),
    };
    let promise = entry.signed_entry_timestamp.as_ref().map(|signature| {
        let signature = STANDARD.encode(signature);
        format!(r#""inclusionPromise":{{"signedEntryTimestamp":"{signature}"}},"#)
    });
    let hashes: Vec<String> = proof
        .hashes
        .iter()
        .map(|hash| format!(r#""{}""#, STANDARD.encode(hash)))
        .collect();
    let hashes = match hashes.is_empty() {
        true => String::new(),
        false => format!(r#""hashes":[{}],"#, hashes.join(",")),
    };
    Ok(format!(
        r#"{{{}"logId":{{"keyId":"{}"}},"kindVersion":{{"kind":{},"version":{}}},{}{}"inclusionProof":{{{}"rootHash":"{}",{}{}"checkpoint":{{"envelope":{}}}}},"canonicalizedBody":"{}"}}"#,
        unless_zero("logIndex", entry.log_index),
        STANDARD.encode(entry.log_id.0),
        quoted(&kind.kind)?,
        quoted(&kind.version)?,
        unless_zero("integratedTime", entry.integrated_time),
        promise.unwrap_or_default(),
        unless_zero("logIndex", proof.log_index),
        STANDARD.encode(proof.root_hash),
        unless_zero("treeSize", proof.tree_size),
        hashes,
        quoted(checkpoint)?,
        STANDARD.encode(&entry.body),
    ))
}
