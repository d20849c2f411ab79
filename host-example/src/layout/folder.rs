//! The files of a layout: opened by names that are digests, inside of the directory and nowhere
//! else, and replaced as a whole.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use cosignet::oci::{Descriptor, Digest};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::LayoutError;
use crate::registry::RegistryError;

/// The directory.
#[derive(Debug)]
pub(super) struct Folder {
    /// As it was named, for people.
    named: PathBuf,
    /// Without links: what is opened must lie below it.
    root: PathBuf,
}

impl fmt::Display for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named.display().fmt(formatter)
    }
}

impl Folder {
    /// One that is there.
    pub fn open(directory: &Path) -> Result<Self, LayoutError> {
        let root = fs::canonicalize(directory).map_err(|error| LayoutError::File {
            path: directory.into(),
            error,
        })?;
        Ok(Self {
            named: directory.into(),
            root,
        })
    }

    /// One that is there or not, to be written.
    pub fn create(directory: &Path) -> Result<Self, LayoutError> {
        let failed = |error| LayoutError::File {
            path: directory.into(),
            error,
        };
        fs::create_dir_all(directory).map_err(failed)?;
        let folder = Self::open(directory)?;
        fs::create_dir_all(folder.root.join(BLOBS)).map_err(failed)?;
        folder.inside(BLOBS)?;
        Ok(folder)
    }

    /// A whole file that must be there, of at most `limit` bytes.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, LayoutError> {
        let failed = |error| LayoutError::File {
            path: self.named.join(name),
            error,
        };
        let (file, size) = self.open_file(name).map_err(failed)?;
        let content = read_whole(file, size, limit).map_err(failed)?;
        content.ok_or_else(|| {
            LayoutError::Malformed(format!("{self}: {name} is longer than {limit} bytes"))
        })
    }

    /// A blob's file and how long it is. What is in it may be anything.
    pub fn open_blob(&self, digest: Digest) -> Result<(File, u64), RegistryError> {
        let failed = |error: io::Error| {
            let text = format!("{self}: blob {digest}: {error}");
            match error.kind() {
                io::ErrorKind::NotFound => RegistryError::NotFound(text),
                io::ErrorKind::PermissionDenied => RegistryError::Denied(text),
                _ => RegistryError::Unavailable(text),
            }
        };
        self.open_file(&blob_name(digest)).map_err(failed)
    }

    /// How long a blob's file is.
    pub fn size(&self, digest: Digest) -> Result<u64, RegistryError> {
        self.open_blob(digest).map(|(_, size)| size)
    }

    /// A whole blob, of at most `limit` bytes, not yet hashed.
    pub fn blob(&self, digest: Digest, limit: u64) -> Result<Vec<u8>, RegistryError> {
        let (file, size) = self.open_blob(digest)?;
        let what = || format!("{self}: blob {digest}");
        let content = read_whole(file, size, limit)
            .map_err(|error| RegistryError::Unavailable(format!("{}: {error}", what())))?;
        content.ok_or_else(|| RegistryError::TooLarge {
            what: what(),
            limit,
        })
    }

    /// A blob's file, if it is there and has the bytes that the descriptor promises.
    pub fn verified_blob(&self, blob: &Descriptor) -> Result<File, LayoutError> {
        let (file, size) = self.open_blob(blob.digest)?;
        let failed = |error| LayoutError::File {
            path: self.named.join(blob_name(blob.digest)),
            error,
        };
        let mut hash = Sha256::new();
        let mut read = file.try_clone().map_err(failed)?.take(blob.size);
        io::copy(&mut read, &mut Hashing(&mut hash)).map_err(failed)?;
        let found = Digest::from(<[u8; 32]>::from(hash.finalize()));
        if (size, found) != (blob.size, blob.digest) {
            return Err(LayoutError::Malformed(format!(
                "{self}: blob {}: expected {} bytes with that digest, found {size} with {found}",
                blob.digest, blob.size
            )));
        }
        Ok(file)
    }

    /// Whether a blob may be a JSON object, by its beginning.
    pub fn begins_object(&self, digest: Digest) -> bool {
        let mut head = Vec::new();
        let read = self.open_blob(digest).map(|(file, _)| {
            let _ = file.take(HEAD).read_to_end(&mut head);
        });
        read.is_ok() && head.trim_ascii_start().starts_with(b"{")
    }

    /// The blobs that are there with their sizes, in the order of their digests. Files with other
    /// names are passed over.
    pub fn blobs(&self) -> Result<Vec<(Digest, u64)>, String> {
        let failed = |error: io::Error| format!("{self}: {BLOBS}: {error}");
        let folder = self.inside(BLOBS).map_err(|error| error.to_string())?;
        let mut blobs = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let hex = name.to_str().unwrap_or_default();
            let Ok(digest) = format!("sha256:{hex}").parse() else {
                continue;
            };
            if blobs.len() == MAX_BLOBS {
                return Err(format!("{self}: more than {MAX_BLOBS} blobs"));
            }
            // One that cannot be opened is no manifest either: whoever needs it says so.
            if let Ok(size) = self.size(digest) {
                blobs.push((digest, size));
            }
        }
        blobs.sort();
        Ok(blobs)
    }

    /// Stores a blob of these bytes.
    pub fn store(&self, content: &[u8]) -> Result<(), LayoutError> {
        let digest = Digest::of(content);
        let mut file = self.begin_blob()?;
        file.write_all(content)
            .map_err(|error| self.failed(&blob_name(digest), error))?;
        self.finish_blob(file, digest)
    }

    /// A file for a blob that is yet to come. It is gone unless it is finished.
    pub fn begin_blob(&self) -> Result<NamedTempFile, LayoutError> {
        new_file(&self.root.join(BLOBS)).map_err(|error| self.failed(BLOBS, error))
    }

    /// Makes it the blob of that digest, which its bytes must have.
    pub fn finish_blob(&self, file: NamedTempFile, digest: Digest) -> Result<(), LayoutError> {
        self.finish(file, &blob_name(digest))
    }

    /// Writes a file beside the blobs, at once: readers see the old one or the new one.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), LayoutError> {
        let failed = |error| self.failed(name, error);
        let mut file = new_file(&self.root).map_err(failed)?;
        file.write_all(content).map_err(failed)?;
        self.finish(file, name)
    }

    fn finish(&self, file: NamedTempFile, name: &str) -> Result<(), LayoutError> {
        let synced = file.as_file().sync_all();
        synced.map_err(|error| self.failed(name, error))?;
        let kept = file.persist(self.root.join(name));
        kept.map(drop)
            .map_err(|error| self.failed(name, error.error))
    }

    fn failed(&self, name: &str, error: io::Error) -> LayoutError {
        LayoutError::File {
            path: self.named.join(name),
            error,
        }
    }

    fn open_file(&self, name: &str) -> io::Result<(File, u64)> {
        let path = inside(&self.root, name)?;
        // Before it is opened, which might wait for ever.
        is_file(&fs::metadata(&path)?)?;
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        is_file(&metadata)?;
        Ok((file, metadata.len()))
    }

    fn inside(&self, name: &str) -> Result<PathBuf, LayoutError> {
        inside(&self.root, name).map_err(|error| self.failed(name, error))
    }
}

/// The file itself, wherever links lead, but never out of the directory.
fn inside(root: &Path, name: &str) -> io::Result<PathBuf> {
    let path = fs::canonicalize(root.join(name))?;
    match path.starts_with(root) {
        true => Ok(path),
        false => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "a link leads out of the directory",
        )),
    }
}

fn is_file(metadata: &fs::Metadata) -> io::Result<()> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("not a file")),
    }
}

/// `None` where there is more than `limit`.
fn read_whole(file: File, size: u64, limit: u64) -> io::Result<Option<Vec<u8>>> {
    if size > limit {
        return Ok(None);
    }
    // It may have grown since.
    let mut content = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut content)?;
    Ok(Some(content).filter(|content| content.len() as u64 <= limit))
}

/// `digest` is hexadecimal and nothing else.
fn blob_name(digest: Digest) -> String {
    format!("{BLOBS}/{}", digest.hex())
}

/// A temporary file that others may read when it is done, as far as the user wants.
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// What is written into it is hashed.
struct Hashing<'a>(&'a mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const BLOBS: &str = "blobs/sha256";
/// More white space is before no manifest.
const HEAD: u64 = 64;
/// More files are not looked through.
const MAX_BLOBS: usize = 100_000;
