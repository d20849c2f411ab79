//! Reading events.

use rusqlite::{Row, Rows};

use super::chain::Hash;
use super::error::other_hash;
use super::record::{LONGEST_BODY, hash};
use super::{Recorded, Store, StoreError};

/// Of which artifact.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// Its digest.
    pub digest: &'a str,
    /// What it is called: events that failed before anybody knew the digest are found by it.
    pub name: &'a str,
    /// Its tag or version, if it matters.
    pub version: Option<&'a str>,
}

impl Store {
    /// Every event of an artifact, in order. What is read has the hash that it was written with.
    pub fn history(&self, which: &Which<'_>) -> Result<Vec<Recorded>, StoreError> {
        let read = || {
            let mut query = self.connection.prepare(
                "SELECT number, previous, hash, body FROM events \
                 WHERE digest = ?1 OR (digest IS NULL AND name = ?2) \
                 ORDER BY number LIMIT ?3",
            )?;
            let rows = query.query((which.digest, which.name, MOST_EVENTS + 1))?;
            raw(rows)
        };
        let rows = read().map_err(|error| self.failed("read", error))?;
        if rows.len() as u64 > MOST_EVENTS {
            let what = format!("more events of {}", which.digest);
            return Err(self.too_much(what, MOST_EVENTS));
        }
        let events = rows.into_iter().map(|row| self.recorded(row));
        let events: Vec<Recorded> = events.collect::<Result<_, _>>()?;
        let is_meant = |recorded: &Recorded| {
            let artifact = &recorded.event.artifact;
            let (known, asked) = (artifact.version.as_deref(), which.version);
            artifact.digest.is_some() || known.is_none() || asked.is_none() || known == asked
        };
        Ok(events.into_iter().filter(is_meant).collect())
    }

    /// The digest that was last recorded for an image of this name and tag.
    pub fn last_digest(&self, name: &str, version: &str) -> Result<Option<String>, StoreError> {
        let read = || {
            let mut query = self.connection.prepare(
                "SELECT number, previous, hash, body FROM events \
                 WHERE name = ?1 AND digest IS NOT NULL ORDER BY number DESC LIMIT ?2",
            )?;
            let rows = query.query((name, MOST_EVENTS))?;
            raw(rows)
        };
        for row in read().map_err(|error| self.failed("read", error))? {
            let artifact = self.recorded(row)?.event.artifact;
            if artifact.version.as_deref() == Some(version) {
                return Ok(artifact.digest);
            }
        }
        Ok(None)
    }

    /// The event with this number.
    pub(super) fn event(&self, number: u64) -> Result<Recorded, StoreError> {
        let mut query = self
            .connection
            .prepare("SELECT number, previous, hash, body FROM events WHERE number = ?1")
            .map_err(|error| self.failed("read", error))?;
        match query.query_row([number], RawEvent::read) {
            Ok(row) => self.recorded(row),
            Err(rusqlite::Error::QueryReturnedNoRows) => {
                Err(self.altered(number, "it is gone".into()))
            }
            Err(error) => Err(self.failed("read", error)),
        }
    }

    fn recorded(&self, raw: RawEvent) -> Result<Recorded, StoreError> {
        let number = raw.number;
        raw.check().map_err(|why| self.altered(number, why))
    }
}

/// An event as it is stored.
pub(super) struct RawEvent {
    pub number: u64,
    pub previous: Hash,
    pub hash: Hash,
    body: String,
}

impl RawEvent {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            previous: hash(row, 1)?,
            hash: hash(row, 2)?,
            body: row.get(3)?,
        })
    }

    /// The event, if it is what was written.
    pub(super) fn check(self) -> Result<Recorded, String> {
        if self.body.len() > LONGEST_BODY {
            return Err(format!("it is longer than {LONGEST_BODY} bytes"));
        }
        let hash = Hash::of_event(self.number, &self.previous, &self.body);
        if hash != self.hash {
            return Err(other_hash(&self.hash, &hash));
        }
        let event = serde_json::from_str(&self.body);
        Ok(Recorded {
            number: self.number,
            hash,
            event: event.map_err(|error| format!("it cannot be read: {error}"))?,
        })
    }
}

fn raw(mut rows: Rows<'_>) -> rusqlite::Result<Vec<RawEvent>> {
    let (mut events, mut size) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let event = RawEvent::read(row)?;
        size += event.body.len();
        if size > MOST_BYTES {
            return Err(rusqlite::Error::FromSqlConversionFailure(
                3,
                rusqlite::types::Type::Text,
                format!("events of more than {MOST_BYTES} bytes").into(),
            ));
        }
        events.push(event);
    }
    Ok(events)
}

/// Events of one artifact that are read.
const MOST_EVENTS: u64 = 100_000;
/// Bytes of them.
const MOST_BYTES: usize = 256 * 1024 * 1024;
