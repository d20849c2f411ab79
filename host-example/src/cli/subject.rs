//! The artifact that a store is asked about.

use std::fs::File;
use std::io;
use std::path::Path;

use cosignet::oci::Digest;
use cosignet_host::store::{Artifact, Kind, Recorded, Store, Which};
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use super::options::RegistryOptions;
use super::sign::resolve;
use super::store::image;

/// An artifact whose digest is known.
pub struct Subject {
    pub artifact: Artifact,
    pub digest: String,
    pub found: Found,
}

/// How the digest is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was given.
    Given,
    /// It is that of the file.
    File,
    /// The registry said what the tag names now.
    Registry,
    /// The registry did not answer, and this is what was recorded last for the tag.
    Store,
}

impl Found {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::File => "file",
            Self::Registry => "registry",
            Self::Store => "store",
        }
    }
}

impl Subject {
    /// The artifact that an argument names: a file, `sha256:HEX`, or an image. A file of that name comes first.
    pub async fn of(
        argument: &str,
        registry: &RegistryOptions,
        store: &Store,
    ) -> Result<Self, Failure> {
        let path = Path::new(argument);
        if path.is_file() {
            return Self::of_file(path);
        }
        if argument.parse::<Digest>().is_ok() {
            return Ok(Self::new(nameless(argument), argument.into(), Found::Given));
        }
        let artifact = image(argument, None);
        if let Some(digest) = artifact.digest.clone() {
            digest
                .parse::<Digest>()
                .map_err(|error| Failure::other(format!("{argument}: {error}")))?;
            return Ok(Self::new(artifact, digest, Found::Given));
        }
        let resolved = resolve(&registry.client()?, argument).await;
        let why = match resolved {
            Ok((_, digest)) => {
                return Ok(Self::new(artifact, digest.to_string(), Found::Registry));
            }
            Err(why) => why,
        };
        let tag = artifact.version.as_deref().unwrap_or_default();
        match store.last_digest(&artifact.name, tag)? {
            None => Err(why.and(&format!(
                "; and the store {} has no digest of {argument}: name the image by its digest",
                store.path().display()
            ))),
            Some(digest) => {
                eprintln!(
                    "Warning: {why}; this is about {digest}, which is what was recorded last for \
                     the tag"
                );
                Ok(Self::new(artifact, digest, Found::Store))
            }
        }
    }

    fn of_file(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::other(format!("open {}: {error}", path.display()));
        let mut hash = Hashing(Sha256::new());
        io::copy(&mut File::open(path).map_err(failed)?, &mut hash).map_err(failed)?;
        let digest = Digest::from(<[u8; 32]>::from(hash.0.finalize())).to_string();
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let artifact = Artifact {
            file: Some(name.clone()),
            name,
            ..nameless(&digest)
        };
        Ok(Self::new(artifact, digest, Found::File))
    }

    fn new(mut artifact: Artifact, digest: String, found: Found) -> Self {
        artifact.digest = Some(digest.clone());
        Self {
            artifact,
            digest,
            found,
        }
    }

    /// With what was said of a file, kind, name and version, when something was done with it last.
    pub fn told_by(mut self, last: Option<&Recorded>) -> Self {
        if let Some(last) = last
            && self.artifact.kind == Kind::Unknown
        {
            self.artifact = Artifact {
                digest: Some(self.digest.clone()),
                ..last.event.artifact.clone()
            };
        }
        self
    }

    /// What the store is asked.
    pub fn which(&self) -> Which<'_> {
        Which {
            digest: &self.digest,
            name: &self.artifact.name,
            version: self.artifact.version.as_deref(),
        }
    }
}

fn nameless(digest: &str) -> Artifact {
    Artifact {
        digest: Some(digest.into()),
        kind: Kind::Unknown,
        name: digest.into(),
        version: None,
        file: None,
    }
}

struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
