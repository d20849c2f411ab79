//! The tables.

/// In the file's header: `COSG`.
pub(super) const APPLICATION: i64 = 0x434f_5347;

/// The version that this program writes, and the newest that it reads.
pub(super) const VERSION: i64 = 1;

/// Something in a database, and the statement that makes it. SQLite keeps these statements byte for byte, so a file
/// in which something else is to happen is told from a store.
pub(super) struct Part {
    pub name: &'static str,
    pub sql: &'static str,
    /// Whether a store without it is none.
    pub is_required: bool,
}

/// All parts, in the order in which they are made.
///
/// The columns that are searched are taken from the body, so they cannot say anything else. The triggers are a courtesy
/// to who would tidy up: whoever can write the file can remove them, and the chain is what shows it.
pub(super) const PARTS: [Part; 6] = [
    Part {
        name: "events",
        is_required: true,
        sql: "CREATE TABLE events (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  previous BLOB NOT NULL,
  hash BLOB NOT NULL,
  body TEXT NOT NULL,
  digest TEXT GENERATED ALWAYS AS (json_extract(body, '$.artifact.digest')) VIRTUAL,
  name TEXT GENERATED ALWAYS AS (json_extract(body, '$.artifact.name')) VIRTUAL
) STRICT",
    },
    Part {
        name: "events_of_digest",
        is_required: true,
        sql: "CREATE INDEX events_of_digest ON events (digest)",
    },
    Part {
        name: "events_of_name",
        is_required: true,
        sql: "CREATE INDEX events_of_name ON events (name)",
    },
    Part {
        name: "signatures",
        is_required: true,
        sql: "CREATE TABLE signatures (
  digest TEXT NOT NULL,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  format TEXT NOT NULL,
  claim TEXT NOT NULL,
  event INTEGER NOT NULL,
  place INTEGER NOT NULL,
  payload BLOB NOT NULL,
  signature BLOB NOT NULL,
  bundle TEXT NOT NULL,
  log_entry TEXT,
  PRIMARY KEY (digest, name, key, format, claim)
) STRICT",
    },
    Part {
        name: "events_stay_as_they_are",
        is_required: false,
        sql: "CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are not changed'); END",
    },
    Part {
        name: "events_stay",
        is_required: false,
        sql: "CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are not removed'); END",
    },
];
