//! The bundle of cosign 1 and 2, `dev.sigstore.cosign/bundle` on a layer: an entry with its
//! signed entry timestamp, and without an inclusion proof.

use alloc::format;
use alloc::string::String;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::entry::LogEntry;
use super::error::LogError;
use super::fields::{self, base64, hex};
use super::limits::MAX_ENTRY_SIZE;
use super::log_id::LogId;
use crate::json::Object;

pub(super) fn parse(annotation: &[u8]) -> Result<LogEntry, LogError> {
    LogError::within("bytes of a log entry", MAX_ENTRY_SIZE, annotation.len())?;
    parse_bundle(annotation).map_err(LogError::malformed)
}

/// Stricter than cosign: each member in its own case, once, and no other.
fn parse_bundle(annotation: &[u8]) -> Result<LogEntry, String> {
    let mut bundle = Object::parse(annotation)?;
    let mut payload: Object = bundle.require("Payload")?;
    let integer = |payload: &mut Object, name| {
        fields::integer(payload, name)?.ok_or_else(|| format!("{name}: missing"))
    };
    let entry = LogEntry {
        log_id: LogId(fields::require_hash(&mut payload, "logID", hex)?),
        log_index: integer(&mut payload, "logIndex")?,
        integrated_time: integer(&mut payload, "integratedTime")?,
        signed_entry_timestamp: fields::bytes(&mut bundle, "SignedEntryTimestamp", base64)?,
        proof: None,
        stated_kind: None,
        body: fields::require_bytes(&mut payload, "body", base64)?,
    };
    bundle.finish()?;
    payload.finish()?;
    Ok(entry)
}

/// The order is that of the structures in `cosign/pkg/cosign/bundle`.
pub(super) fn write(entry: &LogEntry) -> Option<String> {
    let timestamp = STANDARD.encode(entry.signed_entry_timestamp.as_ref()?);
    let body = STANDARD.encode(&entry.body);
    let LogEntry {
        log_id,
        log_index,
        integrated_time,
        ..
    } = entry;
    Some(format!(
        r#"{{"SignedEntryTimestamp":"{timestamp}","Payload":{{"body":"{body}","integratedTime":{integrated_time},"logIndex":{log_index},"logID":"{log_id}"}}}}"#
    ))
}
