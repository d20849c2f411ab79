//! Blobs: files of any kind and size, hashed as they come.
//!
//! A [`BlobStream`] takes a blob in pieces and keeps its digests alone: SHA-256, and the other hashes
//! that the keys at hand sign over. Ed25519 signs no digest, so for such keys the content is kept too,
//! up to [`MAX_KEPT`].

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::key::{Algorithm, Digests, Hasher, Message};
use crate::oci::Digest;

/// A blob that comes in pieces.
pub struct BlobStream(Source);

enum Source {
    Pieces { hasher: Box<Hasher>, content: Kept },
    Elsewhere(Digests),
}

/// The content of a blob, as far as it is kept.
enum Kept {
    NotNeeded,
    Whole(Vec<u8>),
    TooLarge,
}

impl BlobStream {
    /// An empty blob, to be signed or verified with keys of these algorithms.
    pub fn for_keys(keys: &[Algorithm]) -> Self {
        Self(Source::Pieces {
            hasher: Box::new(Hasher::for_keys(keys)),
            content: match keys.contains(&Algorithm::Ed25519) {
                true => Kept::Whole(Vec::new()),
                false => Kept::NotNeeded,
            },
        })
    }

    /// A blob that is elsewhere: cosign's `sha256:<hex>`.
    pub fn elsewhere(digest: Digest) -> Self {
        Self(Source::Elsewhere(Digests::from(*digest.as_bytes())))
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`BlobError::Elsewhere`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        match &mut self.0 {
            Source::Pieces { hasher, content } => {
                hasher.append(bytes);
                content.append(bytes);
                Ok(())
            }
            Source::Elsewhere(_) => Err(BlobError::Elsewhere),
        }
    }

    /// The blob, as far as it came.
    pub fn blob(&self) -> Blob<'_> {
        match &self.0 {
            Source::Elsewhere(digests) => Blob {
                digests: digests.clone(),
                content: None,
                is_too_large: false,
            },
            Source::Pieces { hasher, content } => Blob {
                digests: hasher.digests(),
                content: match content {
                    Kept::Whole(content) => Some(content),
                    Kept::NotNeeded | Kept::TooLarge => None,
                },
                is_too_large: matches!(content, Kept::TooLarge),
            },
        }
    }
}

impl Kept {
    /// What is too much is let go, and the digests go on.
    fn append(&mut self, bytes: &[u8]) {
        let Self::Whole(content) = self else { return };
        let size = content.len() + bytes.len();
        // Doubling, as vectors grow, but never beyond the limit.
        let wanted = size.max((2 * content.len()).min(MAX_KEPT)) - content.len();
        if size > MAX_KEPT || content.try_reserve_exact(wanted).is_err() {
            *self = Self::TooLarge;
            return;
        }
        content.extend_from_slice(bytes);
    }
}

/// What is known of a blob.
#[derive(Clone, Debug)]
pub struct Blob<'a> {
    digests: Digests,
    content: Option<&'a [u8]>,
    is_too_large: bool,
}

impl<'a> Blob<'a> {
    /// A blob that is at hand.
    pub fn of(content: &'a [u8]) -> Self {
        Self {
            digests: Digests::from(*Digest::of(content).as_bytes()),
            content: Some(content),
            is_too_large: false,
        }
    }

    /// Its SHA-256 digest.
    pub fn digest(&self) -> Digest {
        Digest::from(*self.digests.sha256())
    }

    /// The blob as what a signature is over.
    pub fn message(&self) -> Message<'_> {
        match self.content {
            Some(content) => Message::hashed(content, &self.digests),
            None => Message::from(&self.digests),
        }
    }

    /// Refuses a blob of which a key of this algorithm would have to sign more than is known.
    ///
    /// # Errors
    /// [`BlobError::ContentNeeded`], [`BlobError::TooLarge`].
    pub fn check_signable(&self, key: Algorithm) -> Result<(), BlobError> {
        match (key, self.content) {
            (Algorithm::Ed25519, None) if self.is_too_large => Err(BlobError::TooLarge),
            (Algorithm::Ed25519, None) => Err(BlobError::ContentNeeded),
            _ => Ok(()),
        }
    }
}

/// What cannot be done with a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// It was given by its digest.
    #[error("the blob was given by its digest: nothing can be appended")]
    Elsewhere,
    /// Ed25519 signs the content, and it is not there.
    #[error("ed25519 keys sign no digest: hand over the content, or sign with another key")]
    ContentNeeded,
    /// Ed25519 signs the content, and it is more than is kept.
    #[error(
        "ed25519 keys sign no digest, and no more than {MAX_KEPT} bytes of a blob are kept: sign \
         with another key"
    )]
    TooLarge,
}

/// The most bytes of a blob that are kept, for Ed25519 keys.
pub const MAX_KEPT: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(keys: &[Algorithm], pieces: &[&[u8]]) -> BlobStream {
        let mut stream = BlobStream::for_keys(keys);
        for piece in pieces {
            stream.append(piece).unwrap();
        }
        stream
    }

    #[test]
    fn content_is_kept_for_ed25519_alone() {
        let pieces: [&[u8]; 3] = [b"a", b"", b"bc"];
        for (key, content) in [
            (Algorithm::Ed25519, Some(&b"abc"[..])),
            (Algorithm::EcdsaP256, None),
            (Algorithm::EcdsaP521, None),
        ] {
            let stream = stream(&[key], &pieces);
            let blob = stream.blob();
            assert_eq!(blob.digest(), Digest::of(b"abc"));
            assert_eq!(blob.message().bytes(), content);
            assert_eq!(blob.check_signable(key), Ok(()));
        }
        let stream = stream(&[], &pieces);
        let refused = stream.blob().check_signable(Algorithm::Ed25519);
        assert_eq!(refused, Err(BlobError::ContentNeeded));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mebibyte = vec![0; 1024 * 1024];
        let pieces = vec![mebibyte.as_slice(); MAX_KEPT / mebibyte.len()];
        let mut stream = stream(&[Algorithm::Ed25519], &pieces);
        assert_eq!(stream.blob().check_signable(Algorithm::Ed25519), Ok(()));
        let full = stream.blob().digest();
        stream.append(&[0]).unwrap();
        let blob = stream.blob();
        let refused = blob.check_signable(Algorithm::Ed25519);
        assert_eq!(refused, Err(BlobError::TooLarge));
        // Other keys sign it all the same.
        assert_ne!(blob.digest(), full);
        assert_eq!(blob.check_signable(Algorithm::Rsa2048), Ok(()));
    }

    #[test]
    fn a_digest_is_all_there_is() {
        let digest = Digest::of(b"elsewhere");
        let mut stream = BlobStream::elsewhere(digest);
        assert_eq!(stream.append(b""), Err(BlobError::Elsewhere));
        assert_eq!(stream.blob().digest(), digest);
        assert_eq!(stream.blob().message().bytes(), None);
    }

    #[test]
    fn nothing_is_a_blob() {
        let empty = BlobStream::for_keys(&[]);
        assert_eq!(empty.blob().digest(), Digest::of(b""));
        assert_eq!(Blob::of(b"").digest(), Digest::of(b""));
    }
}
