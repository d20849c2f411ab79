//! The signed entry timestamp (SET) of Rekor v1: the log's promise to include an entry, and its
//! word for when.

use alloc::format;
use alloc::string::String;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::entry::LogEntry;
use super::error::LogError;
use crate::key::PublicKey;

/// Verifies a signature over body, time, log and index, and gives the time.
pub(super) fn verify(entry: &LogEntry, signature: &[u8], key: &PublicKey) -> Result<i64, LogError> {
    let time = i64::try_from(entry.integrated_time).unwrap_or_default();
    if time == 0 {
        return Err(LogError::malformed("integratedTime: missing"));
    }
    key.verify(message(entry).as_bytes(), signature)
        .map_err(|_| LogError::BadSignedEntryTimestamp {
            log_id: entry.log_id,
        })?;
    Ok(time)
}

/// What the log signs, in canonical form (RFC 8785): four members in their order, two of them
/// text without anything to escape, two of them integers that a double holds exactly.
fn message(entry: &LogEntry) -> String {
    let LogEntry {
        log_id,
        log_index,
        integrated_time,
        ..
    } = entry;
    let body = STANDARD.encode(&entry.body);
    format!(
        r#"{{"body":"{body}","integratedTime":{integrated_time},"logID":"{log_id}","logIndex":{log_index}}}"#
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::{LogId, MAX_INTEGER, canonicalize};

    proptest! {
        /// A canonicalizer is not linked for four members (it has 47 KB): this shows that none is
        /// needed. Members in the order of Go's structure, as cosign hands them to one.
        #[test]
        fn what_is_signed_is_canonical(
            body in prop::collection::vec(any::<u8>(), 0..64),
            log_id: [u8; 32],
            log_index in 0..=MAX_INTEGER,
            integrated_time in 0..=MAX_INTEGER,
        ) {
            let entry = LogEntry {
                log_id: LogId(log_id),
                log_index,
                integrated_time,
                signed_entry_timestamp: None,
                proof: None,
                stated_kind: None,
                body,
            };
            let encoded = STANDARD.encode(&entry.body);
            let as_marshalled = format!(
                r#"{{"body":"{encoded}","integratedTime":{integrated_time},"logIndex":{log_index},"logID":"{}"}}"#,
                entry.log_id
            );
            prop_assert_eq!(canonicalize(&as_marshalled), Ok(message(&entry)));
        }
    }

    /// The first integers that are not exact, and so are not read: two of them are one number.
    #[test]
    fn larger_integers_would_be_ambiguous() {
        let next = MAX_INTEGER + 1;
        assert_eq!(
            canonicalize(&format!("{next}")),
            canonicalize(&format!("{}", next + 1))
        );
        assert_ne!(
            canonicalize(&format!("{next}")),
            canonicalize(&format!("{MAX_INTEGER}"))
        );
    }
}
