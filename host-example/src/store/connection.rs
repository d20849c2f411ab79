use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::StoreError;
use super::schema::{APPLICATION, PARTS, VERSION};

/// A store that is open.
///
/// The database is kept with a rollback journal and not a write-ahead log: between two commands there is one
/// file, which can be copied, uploaded and cached as a whole. `synchronous=EXTRA` waits until a transaction is on the
/// disk, and so is the end of its journal. A process that is killed leaves the journal, and whoever opens the
/// file next undoes what was not finished. Who writes takes the lock first, and waits for others.
pub struct Store {
    pub(super) connection: Connection,
    path: String,
}

impl Store {
    /// Opens a store, or makes one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::connect(path, OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a store that is there.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            let path = path.display().to_string();
            return Err(StoreError::Missing { path });
        }
        Self::connect(path, OpenFlags::empty())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        Path::new(&self.path)
    }

    fn connect(file: &Path, more: OpenFlags) -> Result<Self, StoreError> {
        // Also who reads may have to undo what a killed process began.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let path = file.display().to_string();
        let connection =
            Connection::open_with_flags(file, flags).map_err(|error| StoreError::Failed {
                path: path.clone(),
                doing: "open",
                why: error.to_string(),
            })?;
        let mut store = Self { connection, path };
        store
            .confine()
            .map_err(|error| store.failed("open", error))?;
        store.prepare()?;
        Ok(store)
    }

    /// The file may be anybody's: nothing in it runs, and what is too long is an error.
    fn confine(&self) -> rusqlite::Result<()> {
        let database = &self.connection;
        database.busy_timeout(PATIENCE)?;
        database.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_ROW)?;
        database.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        database.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        database.pragma_update(None, "cell_size_check", true)?;
        database.pragma_update(None, "mmap_size", 0)?;
        database.pragma_update(None, "synchronous", "EXTRA")
    }

    /// Makes the tables, or sees that they are the ones that are known.
    fn prepare(&mut self) -> Result<(), StoreError> {
        if is_empty(&self.connection).map_err(|error| self.failed("read", error))? {
            let transaction = self.begin("make")?;
            // Of two that make it at once, one waits for the other and finds it made.
            if is_empty(&transaction).map_err(|error| self.failed("make", error))? {
                make(&transaction).map_err(|error| self.failed("make", error))?;
            }
            transaction
                .commit()
                .map_err(|error| self.failed("make", error))?;
        }
        self.check_version()?;
        self.check_parts()
    }

    fn check_version(&self) -> Result<(), StoreError> {
        let read =
            |name| number(&self.connection, name).map_err(|error| self.failed("read", error));
        match (read("application_id")?, read("user_version")?) {
            (APPLICATION, VERSION) => Ok(()),
            (APPLICATION, found) if found > VERSION => Err(StoreError::Newer {
                path: self.path.clone(),
                found,
                known: VERSION,
            }),
            (APPLICATION, found) => Err(self.foreign(&format!("one of version {found}"))),
            _ => Err(self.foreign("another program's database")),
        }
    }

    fn check_parts(&self) -> Result<(), StoreError> {
        let there = self.parts()?;
        let is_known = |(name, sql): &(String, String)| {
            let mut parts = PARTS.iter();
            parts.any(|part| part.name == name && part.sql == sql)
        };
        if let Some((name, _)) = there.iter().find(|part| !is_known(part)) {
            return Err(self.foreign(&format!("{name:?} in it, which no store has")));
        }
        let is_there = |name: &str| there.iter().any(|(known, _)| known == name);
        let mut required = PARTS.iter().filter(|part| part.is_required);
        match required.find(|part| !is_there(part.name)) {
            None => Ok(()),
            Some(part) => Err(self.foreign(&format!("one without {:?}", part.name))),
        }
    }

    /// What is in the database: names, and the statements that made them. SQLite makes an index of its
    /// own for a primary key, without a statement.
    pub(super) fn parts(&self) -> Result<Vec<(String, String)>, StoreError> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut query = self
                .connection
                .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL LIMIT ?1")?;
            let rows = query.query_map([PARTS.len() as i64 + 1], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            rows.collect()
        };
        read().map_err(|error| self.failed("read", error))
    }

    /// Begins to write: nobody else does until the transaction ends. What is not committed is undone.
    pub(super) fn begin(&self, doing: &'static str) -> Result<Transaction<'_>, StoreError> {
        Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
            .map_err(|error| self.failed(doing, error))
    }

    /// Begins to read: what others write meanwhile is not seen.
    pub(super) fn begin_to_read(&self) -> Result<Transaction<'_>, StoreError> {
        Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)
            .map_err(|error| self.failed("read", error))
    }

    /// Sees that it can be written, by writing and undoing it: what is to be recorded must not be done if
    /// it cannot be.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        let transaction = self.begin("write")?;
        transaction
            .pragma_update(None, "user_version", VERSION)
            .and_then(|()| transaction.rollback())
            .map_err(|error| self.failed("write", error))
    }

    pub(super) fn failed(&self, doing: &'static str, error: rusqlite::Error) -> StoreError {
        let path = self.path.clone();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy {
                path,
                seconds: PATIENCE.as_secs(),
            },
            Some(ErrorCode::NotADatabase) => self.foreign("something that is no database"),
            _ => StoreError::Failed {
                path,
                doing,
                why: error.to_string(),
            },
        }
    }

    pub(super) fn too_much(&self, what: String, limit: u64) -> StoreError {
        let path = self.path.clone();
        StoreError::TooMuch { path, what, limit }
    }

    pub(super) fn altered(&self, number: u64, why: String) -> StoreError {
        let path = self.path.clone();
        StoreError::Altered { path, number, why }
    }

    pub(super) fn malformed(&self, digest: &str, why: String) -> StoreError {
        StoreError::Malformed {
            path: self.path.clone(),
            digest: digest.into(),
            why,
        }
    }

    fn foreign(&self, found: &str) -> StoreError {
        StoreError::Foreign {
            path: self.path.clone(),
            found: found.into(),
        }
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let parts: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(parts == 0 && number(connection, "application_id")? == 0)
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

fn make(connection: &Connection) -> rusqlite::Result<()> {
    for part in &PARTS {
        connection.execute_batch(part.sql)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// How long others are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a row: an attestation of 16 MiB, twice, and its encoding.
const LONGEST_ROW: i32 = 64 * 1024 * 1024;
