//! The file that keeps a log: a line of JSON that says whose it is, and one for each entry.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use cosignet::{
    log::{LogId, leaf_hash},
    oci::Digest,
};
use serde::{Deserialize, Serialize};

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Record {
    pub(super) integrated_time: u64,
    pub(super) keys: Vec<String>,
    /// The canonical body. It is JSON, and so it is text.
    pub(super) body: String,
    /// Of the body, to see that it is whole.
    leaf_hash: String,
}

impl Record {
    pub(super) fn new(integrated_time: u64, keys: Vec<String>, body: String) -> Self {
        let leaf_hash = leaf_hash_of(&body);
        Self {
            integrated_time,
            keys,
            body,
            leaf_hash,
        }
    }
}

/// The first line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Header {
    format: String,
    #[serde(rename = "logID")]
    log_id: String,
    #[serde(rename = "treeID")]
    tree_id: u64,
}

/// The end of a file that was being written when its log ended. It was never acknowledged, and it
/// was taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DroppedRecord {
    /// Where it began.
    pub offset: u64,
    /// How many bytes of it were there.
    pub length: u64,
}

impl fmt::Display for DroppedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, length } = self;
        write!(
            f,
            "the last record was written in part: {length} bytes at {offset} were dropped"
        )
    }
}

/// A file that only grows, which this log alone has.
#[derive(Debug)]
pub(super) struct EntryFile {
    file: File,
    /// Up to the end of the last whole record.
    length: u64,
    /// Whether nothing follows that.
    is_whole: bool,
}

/// What was in a file.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) file: EntryFile,
    pub(super) tree_id: u64,
    pub(super) records: Vec<Record>,
    pub(super) dropped: Option<DroppedRecord>,
}

impl EntryFile {
    /// Opens the file of a log, or makes it: with `tree_id`, or else with `new_tree_id`.
    ///
    /// # Errors
    /// `WouldBlock` while another log has it; `InvalidData` for a file of another log or tree, of
    /// more than `max_entries`, or with a record that is not whole before the last.
    pub(super) fn open(
        path: &Path,
        log_id: LogId,
        tree_id: Option<u64>,
        new_tree_id: u64,
        max_entries: usize,
    ) -> io::Result<Loaded> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file.open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("{} is in use by another log", path.display()),
            ),
            TryLockError::Error(error) => error,
        })?;
        let mut file = Self {
            file,
            length: 0,
            is_whole: false,
        };
        let mut lines = Lines::new(&file.file, path);
        let header = match lines.next()? {
            Some(line) => Some(lines.parse::<Header>(&line)?),
            None => None,
        };
        if let Some(header) = &header {
            header
                .check(log_id, tree_id)
                .map_err(|problem| lines.invalid(problem))?;
        }
        let mut records = Vec::new();
        while let Some(line) = lines.next()? {
            let record: Record = lines.parse(&line)?;
            if record.leaf_hash != leaf_hash_of(&record.body) {
                return Err(lines.invalid("the body has another hash than the record says"));
            }
            if records.len() == max_entries {
                return Err(lines.invalid("the log has more entries than it may"));
            }
            records.push(record);
        }
        let Lines {
            length, dropped, ..
        } = lines;
        file.length = length;
        file.take_off_the_rest()?;
        let tree_id = match header {
            Some(header) => header.tree_id,
            None => {
                let tree_id = tree_id.unwrap_or(new_tree_id);
                file.write(&Header {
                    format: FORMAT.to_owned(),
                    log_id: log_id.to_string(),
                    tree_id,
                })?;
                tree_id
            }
        };
        Ok(Loaded {
            file,
            tree_id,
            records,
            dropped,
        })
    }

    /// Adds a record, which is on the disk when this returns.
    ///
    /// # Errors
    /// Those of the disk. The record is not in the file then, or else nothing can be added any more.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        self.write(record)
    }

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        if !self.is_whole {
            return Err(io::Error::other("an earlier record could not be taken off"));
        }
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.is_whole = false;
        let written = self.file.write_all(&bytes);
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // If that fails too, no record can follow: see above.
            let _ = self.take_off_the_rest();
            return Err(error);
        }
        self.length += bytes.len() as u64;
        self.is_whole = true;
        Ok(())
    }

    /// Ends the file after the last whole record.
    fn take_off_the_rest(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.is_whole = true;
        Ok(())
    }
}

/// Closing does not end the lock while a process that is just being started has the file too.
impl Drop for EntryFile {
    fn drop(&mut self) {
        // It fails for what is no file to lock, and that has no lock.
        let _ = self.file.unlock();
    }
}

impl Header {
    fn check(&self, log_id: LogId, tree_id: Option<u64>) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!("expected {FORMAT:?}, found {:?}", self.format));
        }
        if self.log_id != log_id.to_string() {
            let found = &self.log_id;
            return Err(format!("it is of log {found}, the key is of log {log_id}"));
        }
        match tree_id.filter(|tree_id| *tree_id != self.tree_id) {
            Some(asked) => Err(format!("it is of tree {}, not of {asked}", self.tree_id)),
            None => Ok(()),
        }
    }
}

/// Reads whole lines, and remembers where the last of them ended.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<&'a File>,
    number: usize,
    length: u64,
    dropped: Option<DroppedRecord>,
}

impl<'a> Lines<'a> {
    fn new(file: &'a File, path: &'a Path) -> Self {
        Self {
            path,
            reader: BufReader::new(file),
            number: 0,
            length: 0,
            dropped: None,
        }
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut limited = self.reader.by_ref().take(MAX_LINE);
        let length = limited.read_until(b'\n', &mut line)? as u64;
        self.number += 1;
        if line.pop_if(|last| *last == b'\n').is_some() {
            self.length += length;
            return Ok(Some(line));
        }
        if length == MAX_LINE {
            return Err(self.invalid("it is longer than any record"));
        }
        if length > 0 {
            let offset = self.length;
            self.dropped = Some(DroppedRecord { offset, length });
        }
        Ok(None)
    }

    fn parse<T: for<'de> Deserialize<'de>>(&self, line: &[u8]) -> io::Result<T> {
        serde_json::from_slice(line).map_err(|error| self.invalid(error))
    }

    fn invalid(&self, problem: impl fmt::Display) -> io::Error {
        let problem = format!("{}, line {}: {problem}", self.path.display(), self.number);
        io::Error::new(io::ErrorKind::InvalidData, problem)
    }
}

fn leaf_hash_of(body: &str) -> String {
    Digest::from(leaf_hash(body.as_bytes())).hex().to_string()
}

const FORMAT: &str = "cosignet embedded log 1";
/// More than a record of the largest body has.
const MAX_LINE: u64 = 256 << 10;

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const LOG: LogId = LogId([1; 32]);

    fn open(folder: &TempDir) -> io::Result<Loaded> {
        EntryFile::open(&folder.path().join("log"), LOG, None, 17, 3)
    }

    fn record(number: u64) -> Record {
        Record::new(
            number,
            vec!["key".to_owned()],
            format!("{{\"n\":{number}}}"),
        )
    }

    fn filled() -> (TempDir, Vec<u8>) {
        let folder = TempDir::new().expect("a folder");
        let mut loaded = open(&folder).expect("a new file");
        for number in 0..2 {
            loaded.file.append(&record(number)).expect("written");
        }
        let bytes = fs::read(folder.path().join("log")).expect("the file");
        (folder, bytes)
    }

    #[test]
    fn what_was_written_is_read() {
        let (folder, _) = filled();
        let mut loaded = open(&folder).expect("the file");
        assert_eq!(loaded.records, [record(0), record(1)]);
        assert_eq!((loaded.tree_id, loaded.dropped), (17, None));
        loaded.file.append(&record(2)).expect("written");
        drop(loaded);
        let loaded = open(&folder).expect("the file");
        assert_eq!(loaded.records, [record(0), record(1), record(2)]);
    }

    #[test]
    fn a_file_that_ends_anywhere_has_its_whole_records() {
        let (folder, bytes) = filled();
        let path = folder.path().join("log");
        let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        for end in 0..bytes.len() {
            fs::write(&path, &bytes[..end]).expect("cut");
            let whole = ends.iter().filter(|newline| **newline < end).count();
            let start = whole.checked_sub(1).map_or(0, |line| ends[line] + 1);
            let loaded = open(&folder).expect("the file");
            assert_eq!(loaded.records.len(), whole.saturating_sub(1), "{end}");
            let dropped = (end > start).then_some(DroppedRecord {
                offset: start as u64,
                length: (end - start) as u64,
            });
            assert_eq!(loaded.dropped, dropped, "{end}");
            drop(loaded);
            let loaded = open(&folder).expect("the file");
            assert_eq!(loaded.dropped, None, "the rest was taken off");
            drop(loaded);
        }
    }

    #[test]
    fn a_record_that_is_not_whole_before_the_last_is_an_error() {
        let (folder, bytes) = filled();
        let path = folder.path().join("log");
        let text = String::from_utf8(bytes).expect("text");
        for (found, instead) in [
            (r#"{\"n\":0}"#, r#"{\"n\":9}"#),
            (r#"{"integratedTime":0"#, r#"{"integratedTime":"#),
            ("integratedTime", "IntegratedTime"),
            ("log 1", "log 2"),
        ] {
            let changed = text.replacen(found, instead, 1);
            assert_ne!(changed, text, "{found}");
            fs::write(&path, changed).expect("changed");
            let error = open(&folder).expect_err(found);
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
            assert!(error.to_string().contains("line "), "{error}");
        }
        fs::write(&path, text + &"x".repeat(300 << 10)).expect("changed");
        let error = open(&folder).expect_err("a long line");
        assert!(error.to_string().contains("line 4"), "{error}");
    }

    #[test]
    fn a_file_is_of_one_log_and_one_tree() {
        let (folder, _) = filled();
        let path = folder.path().join("log");
        let as_other = |log_id, tree_id, max_entries| {
            let opened = EntryFile::open(&path, log_id, tree_id, 1, max_entries);
            opened.expect_err("refused").kind()
        };
        let invalid = io::ErrorKind::InvalidData;
        assert_eq!(as_other(LogId([2; 32]), None, 3), invalid);
        assert_eq!(as_other(LOG, Some(18), 3), invalid);
        assert_eq!(as_other(LOG, Some(17), 1), invalid, "too many entries");
        let first = open(&folder).expect("the file");
        assert_eq!(as_other(LOG, None, 3), io::ErrorKind::WouldBlock);
        drop(first);
        open(&folder).expect("it is free again");
    }

    /// `/dev/full` takes nothing; nothing of an entry is left behind.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let path = Path::new("/dev/full");
        if let Ok(file) = OpenOptions::new().write(true).open(path) {
            let mut file = EntryFile {
                file,
                length: 0,
                is_whole: true,
            };
            assert!(file.append(&record(0)).is_err());
            assert!(file.append(&record(0)).is_err());
        }
    }
}
