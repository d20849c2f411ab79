use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use cosignet::oci::Digest;
use cosignet_host::api::blobs::BlobError;
use cosignet_host::{Blob, Session};
use sha2::{Digest as _, Sha256};

use crate::cli::failure::Failure;
use crate::cli::secrets::StandardInput;

/// What is signed or verified: a file, `-` for standard input, or `sha256:<hex>` for a file that is
/// elsewhere. A file of such a name comes first, as sigstore's clients have it.
pub enum Input {
    File(String),
    Piped,
    Digest(Digest),
}

impl Input {
    /// What an argument names.
    pub fn of(argument: &str) -> Self {
        match argument.parse() {
            _ if argument == "-" => Self::Piped,
            Ok(digest) if !Path::new(argument).exists() => Self::Digest(digest),
            _ => Self::File(argument.to_owned()),
        }
    }

    /// Standard input, taken if one of them is read from it.
    pub fn standard_input(all: &[Self]) -> StandardInput {
        let is_taken = all.iter().any(|input| matches!(input, Self::Piped));
        StandardInput::taken_if(is_taken, "what is signed")
    }

    /// What a statement calls it: the name of the file, as cosign.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::File(path) => {
                let name = Path::new(path).file_name()?;
                Some(name.to_string_lossy().into_owned())
            }
            Self::Piped => Some("-".into()),
            Self::Digest(_) => None,
        }
    }

    /// Hands it over. `empty` is the blob that takes it.
    pub async fn pour(&self, session: &mut Session, empty: Blob) -> Result<Blob, Failure> {
        self.pour_past(session, empty, |_| ()).await
    }

    /// Hands it over, and says what its digest is.
    pub async fn pour_and_hash(
        &self,
        session: &mut Session,
        empty: Blob,
    ) -> Result<(Blob, Digest), Failure> {
        let mut hash = Sha256::new();
        let blob = self.pour_past(session, empty, |piece| hash.update(piece));
        let blob = blob.await?;
        let digest = match self {
            Self::Digest(digest) => *digest,
            Self::File(_) | Self::Piped => Digest::from(<[u8; 32]>::from(hash.finalize())),
        };
        Ok((blob, digest))
    }

    async fn pour_past(
        &self,
        session: &mut Session,
        empty: Blob,
        see: impl FnMut(&[u8]),
    ) -> Result<Blob, Failure> {
        match self {
            Self::File(path) => {
                let failed = |error: io::Error| Failure::other(format!("open {path}: {error}"));
                let file = File::open(path).map_err(failed)?;
                pour(session, empty, file, see).await
            }
            Self::Piped => pour(session, empty, io::stdin().lock(), see).await,
            Self::Digest(digest) => {
                session.close_blob(empty).await?;
                let blob = session.blob_of_digest(&digest.to_string()).await?;
                blob.map_err(failed)
            }
        }
    }
}

async fn pour(
    session: &mut Session,
    blob: Blob,
    mut from: impl Read,
    mut see: impl FnMut(&[u8]),
) -> Result<Blob, Failure> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(blob),
            Ok(size) => {
                let piece = piece.get(..size).unwrap_or_default();
                see(piece);
                session.append(blob, piece).await?.map_err(failed)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::other(format!("reading: {error}"))),
        }
    }
}

fn failed(error: BlobError) -> Failure {
    Failure::other(match error {
        BlobError::InvalidDigest(words) | BlobError::Other(words) => words,
        BlobError::Elsewhere => "the blob was given by its digest".into(),
    })
}

const PIECE: usize = 1024 * 1024;
