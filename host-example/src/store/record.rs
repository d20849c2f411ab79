use rusqlite::{Connection, OptionalExtension as _, params};

use super::chain::Hash;
use super::{Event, Recorded, Store, StoreError, StoredSignature};

/// An event, and the signatures that were made in it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// What is to be kept of its signatures, in their order; empty where nothing was made.
    pub signatures: Vec<StoredSignature>,
}

impl Store {
    /// Appends an event, and keeps its signatures in place of earlier ones of the same artifact, under the same
    /// name, by the same key, in the same form and with the same claim. All of it, or nothing.
    pub fn record(&mut self, mut entry: Entry) -> Result<Recorded, StoreError> {
        let facts = entry.event.signatures.iter_mut();
        for (facts, kept) in facts.zip(&entry.signatures) {
            facts.kept = Some(kept.digest());
        }
        let body = serde_json::to_string(&entry.event).map_err(|error| StoreError::Failed {
            path: self.path().display().to_string(),
            doing: "write",
            why: error.to_string(),
        })?;
        if body.len() > LONGEST_BODY {
            let what = format!("an event of {} bytes", body.len());
            return Err(self.too_much(what, LONGEST_BODY as u64));
        }
        let transaction = self.begin("write")?;
        let (number, hash) = append(&transaction, &body)
            .and_then(|(number, hash)| {
                keep(&transaction, &entry, number)?;
                transaction.commit()?;
                Ok((number, hash))
            })
            .map_err(|error| self.failed("write", error))?;
        Ok(Recorded {
            number,
            hash,
            event: entry.event,
        })
    }
}

fn append(connection: &Connection, body: &str) -> rusqlite::Result<(u64, Hash)> {
    let mut last =
        connection.prepare("SELECT number, hash FROM events ORDER BY number DESC LIMIT 1")?;
    let last = last.query_row([], |row| Ok((row.get(0)?, hash(row, 1)?)));
    let (last, previous): (u64, Hash) = last.optional()?.unwrap_or((0, Hash::NONE));
    // A file that was meddled with may have the last number that there is.
    let number = last.saturating_add(1);
    let hash = Hash::of_event(number, &previous, body);
    connection
        .prepare("INSERT INTO events (number, previous, hash, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![number, previous.as_bytes(), hash.as_bytes(), body])?;
    Ok((number, hash))
}

fn keep(connection: &Connection, entry: &Entry, number: u64) -> rusqlite::Result<()> {
    let artifact = &entry.event.artifact;
    let both = entry.event.signatures.iter().zip(&entry.signatures);
    for (place, (facts, kept)) in both.enumerate() {
        let mut insert = connection.prepare(
            "INSERT OR REPLACE INTO signatures \
             (digest, name, key, format, claim, event, place, payload, signature, bundle, log_entry) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        insert.execute(params![
            artifact.digest.as_deref().unwrap_or_default(),
            artifact.name,
            facts.key_fingerprint,
            facts.format.name(),
            facts.claim.as_deref().unwrap_or_default(),
            number,
            place as i64,
            kept.payload,
            kept.signature,
            kept.bundle,
            kept.log_entry,
        ])?;
    }
    Ok(())
}

/// A hash in a column.
pub(super) fn hash(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Hash> {
    let bytes = row.get_ref(column)?.as_blob()?;
    Hash::try_from(bytes).map_err(|why| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, why.into())
    })
}

/// Bytes of an event: a verification by many signatures has some dozen kilobytes.
pub(super) const LONGEST_BODY: usize = 256 * 1024;
