use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::failure::Failure;

/// Reads a file of at most a mebibyte: keys, signatures and payloads are small.
pub fn read(path: &str) -> Result<Vec<u8>, Failure> {
    read_at_most(path, LONGEST)
}

/// Reads a file of at most so many bytes.
pub fn read_at_most(path: &str, most: u64) -> Result<Vec<u8>, Failure> {
    read_within(path, open(path)?, most)
}

/// Reads a predicate, or standard input for `-`.
pub fn read_predicate(path: &str) -> Result<Vec<u8>, Failure> {
    match path {
        "-" => read_within("standard input", io::stdin(), LONGEST_PREDICATE),
        path => read_within(path, open(path)?, LONGEST_PREDICATE),
    }
}

/// Reads standard input, of at most a mebibyte.
pub fn read_standard_input() -> Result<Vec<u8>, Failure> {
    read_within("standard input", io::stdin(), LONGEST)
}

fn open(path: &str) -> Result<fs::File, Failure> {
    fs::File::open(path).map_err(|error| Failure::other(format!("open {path}: {error}")))
}

fn read_within(path: &str, file: impl io::Read, longest: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    file.take(longest + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::other(format!("read {path}: {error}")))?;
    if bytes.len() as u64 > longest {
        return Err(Failure::other(format!(
            "{path} is longer than {longest} bytes"
        )));
    }
    Ok(bytes)
}

/// Writes a whole file or leaves the old one as it is.
pub fn write(path: &str, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::other(format!("write {path}: {error}"));
    let parent = Path::new(path)
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    set_mode(file.as_file(), mode).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &fs::File, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &fs::File, _: u32) -> std::io::Result<()> {
    Ok(())
}

const LONGEST: u64 = 1024 * 1024;
/// In an envelope it is a third longer, and envelopes are read up to 16 MiB.
const LONGEST_PREDICATE: u64 = 8 * 1024 * 1024;
