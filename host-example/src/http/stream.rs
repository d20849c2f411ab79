//! Bodies that do not lie in memory: a file that is sent, and a file that receives.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    ops::Range,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use sha2::{Digest as _, Sha256};

/// What a request carries. Cheap to clone, so that it can be sent again.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A part of a file.
    File(FilePart),
}

/// Some bytes of a file, read while they are sent.
#[derive(Clone, Debug)]
pub(crate) struct FilePart {
    file: Arc<Mutex<File>>,
    range: Range<u64>,
}

impl Content {
    /// The first `length` bytes of a file.
    pub fn file(file: File, length: u64) -> Self {
        Self::File(FilePart {
            file: Arc::new(Mutex::new(file)),
            range: 0..length,
        })
    }

    /// Its bytes, counted.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(part) => part.range.end - part.range.start,
        }
    }

    /// Those of its bytes that lie in `range`, and nothing where it has none.
    pub fn part(&self, range: Range<u64>) -> Self {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        match self {
            Self::Bytes(bytes) => {
                // No more than the length, which is one of memory.
                let place = |at: u64| usize::try_from(at).unwrap_or(bytes.len());
                Self::Bytes(bytes.slice(place(start)..place(end)))
            }
            Self::File(part) => {
                let first = part.range.start;
                Self::File(FilePart {
                    file: Arc::clone(&part.file),
                    range: first + start..first + end,
                })
            }
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Content> for reqwest::Body {
    fn from(content: Content) -> Self {
        match content {
            Content::Bytes(bytes) => bytes.into(),
            Content::File(part) => Self::wrap(part),
        }
    }
}

/// Its length is known before it is sent, so that no request is chunked: not every registry takes
/// those.
impl Body for FilePart {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Range { start, end } = self.range;
        if start == end {
            return Poll::Ready(None);
        }
        let length = usize::try_from(end - start).unwrap_or(PIECE).min(PIECE);
        let piece = read_at(&mut lock(&self.file), start, length);
        if piece.is_ok() {
            self.range.start += length as u64;
        }
        Poll::Ready(Some(piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.range.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.range.end - self.range.start)
    }
}

fn read_at(file: &mut File, start: u64, length: usize) -> io::Result<Bytes> {
    let mut piece = vec![0; length];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut piece)?;
    Ok(piece.into())
}

/// Where the body of an answer goes instead of into memory. Clones are one.
#[derive(Clone, Debug)]
pub(crate) struct Sink(Arc<Mutex<Received>>);

#[derive(Debug)]
struct Received {
    file: File,
    hash: Sha256,
    size: u64,
}

impl Sink {
    /// Writes into this file, from its beginning.
    pub fn new(file: File) -> Self {
        Self(Arc::new(Mutex::new(Received {
            file,
            hash: Sha256::new(),
            size: 0,
        })))
    }

    /// Forgets what came: another answer follows.
    pub fn restart(&self) -> io::Result<()> {
        let mut received = lock(&self.0);
        received.hash = Sha256::new();
        received.size = 0;
        received.file.set_len(0)?;
        received.file.rewind()
    }

    /// Takes what comes next.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut received = lock(&self.0);
        received.hash.update(bytes);
        received.size += bytes.len() as u64;
        received.file.write_all(bytes)
    }

    /// How many bytes came, and their SHA-256.
    pub fn result(&self) -> (u64, [u8; 32]) {
        let received = lock(&self.0);
        (received.size, received.hash.clone().finalize().into())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is read of a file at a time.
const PIECE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    async fn sent(content: Content) -> Result<Bytes, io::Error> {
        match content {
            Content::Bytes(bytes) => Ok(bytes),
            Content::File(part) => Ok(part.collect().await?.to_bytes()),
        }
    }

    #[tokio::test]
    async fn parts_are_the_same_of_memory_and_of_files() {
        let bytes: Vec<u8> = (0..150_000_u32).map(|n| n as u8).collect();
        let memory = Content::from(Bytes::from(bytes.clone()));
        let disk = Content::file(file(&bytes), bytes.len() as u64);
        for range in [
            0..150_000,
            0..1,
            70_000..150_000,
            149_999..200_000,
            200_000..300_000,
        ] {
            let (memory, disk) = (memory.part(range.clone()), disk.part(range.clone()));
            assert_eq!(memory.len(), disk.len());
            let expected = sent(memory.clone()).await.unwrap();
            assert_eq!(sent(disk.clone()).await.unwrap(), expected);
            // Again, and of a part.
            assert_eq!(sent(disk.clone()).await.unwrap(), expected);
            let (memory, disk) = (memory.part(10..20), disk.part(10..20));
            assert_eq!(sent(disk).await.unwrap(), sent(memory).await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_is_an_error() {
        let whole = Content::file(file(b"abc"), 3);
        assert_eq!(sent(whole).await.unwrap().as_ref(), b"abc");
        let shorter = Content::file(file(b"abc"), 4);
        let error = sent(shorter).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_sink_forgets_what_came_before() {
        let mut file = file(b"");
        let sink = Sink::new(file.try_clone().unwrap());
        sink.write(b"much that is cut off").unwrap();
        sink.restart().unwrap();
        sink.write(b"hel").unwrap();
        sink.write(b"lo").unwrap();
        let (size, hash) = sink.result();
        assert_eq!((size, hash), (5, Sha256::digest(b"hello").into()));
        let mut written = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut written).unwrap();
        assert_eq!(written, "hello");
    }
}
