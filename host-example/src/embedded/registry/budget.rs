//! The bound on what a registry holds in memory: everything a client sends is paid for first.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::error::ApiError;

/// Bytes that may still be held.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    free: Arc<AtomicUsize>,
    limit: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            free: Arc::new(AtomicUsize::new(limit)),
            limit,
        }
    }

    /// Reserves what an entry costs beyond its content: its key, its place in a map.
    ///
    /// # Errors
    /// [`ApiError::Full`].
    pub(super) fn entry(&self) -> Result<Reservation, ApiError> {
        self.reserve(ENTRY_COST)
    }

    /// Reserves for another copy of `content`, as an entry.
    ///
    /// # Errors
    /// [`ApiError::Full`].
    pub(super) fn copy_of(&self, content: &Bytes) -> Result<Reservation, ApiError> {
        self.reserve(content.len().saturating_add(ENTRY_COST))
    }

    /// Reads a request body of at most `limit` bytes, reserving each piece as it arrives.
    ///
    /// # Errors
    /// [`ApiError::TooLarge`], [`ApiError::Full`], [`ApiError::BodyAborted`].
    pub(super) async fn read(
        &self,
        body: &mut Incoming,
        limit: usize,
    ) -> Result<Content, ApiError> {
        let mut content = Content {
            bytes: Vec::new(),
            reservation: self.entry()?,
        };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| ApiError::BodyAborted)?;
            if let Some(data) = frame.data_ref() {
                if data.len() > limit.saturating_sub(content.bytes.len()) {
                    return Err(ApiError::TooLarge { limit });
                }
                content.reservation.absorb(self.reserve(data.len())?);
                content.bytes.extend_from_slice(data);
            }
        }
        Ok(content)
    }

    fn reserve(&self, size: usize) -> Result<Reservation, ApiError> {
        self.free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(size)
            })
            .map(|_| Reservation {
                free: Arc::clone(&self.free),
                size,
            })
            .map_err(|_| ApiError::Full { limit: self.limit })
    }
}

/// A share of the budget, given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    free: Arc<AtomicUsize>,
    size: usize,
}

impl Reservation {
    /// A reservation of nothing, for what the host itself seeds.
    pub(super) fn free_of_charge() -> Self {
        Self {
            free: Arc::default(),
            size: 0,
        }
    }

    fn absorb(&mut self, mut other: Self) {
        self.size = self.size.saturating_add(std::mem::take(&mut other.size));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.free.fetch_add(self.size, Ordering::Relaxed);
    }
}

/// Received bytes and their reservation.
#[derive(Debug)]
pub(super) struct Content {
    bytes: Vec<u8>,
    reservation: Reservation,
}

impl Content {
    /// Nothing yet, for an upload to grow from.
    pub(super) fn empty(reservation: Reservation) -> Self {
        Self {
            bytes: Vec::new(),
            reservation,
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a chunk at the end.
    ///
    /// # Errors
    /// [`ApiError::TooLarge`] when the whole would exceed `limit`; nothing is added then.
    pub(super) fn append(&mut self, chunk: Self, limit: usize) -> Result<(), ApiError> {
        if chunk.len() > limit.saturating_sub(self.len()) {
            return Err(ApiError::TooLarge { limit });
        }
        self.bytes.extend_from_slice(&chunk.bytes);
        self.reservation.absorb(chunk.reservation);
        Ok(())
    }

    /// The bytes, without slack, and the reservation to keep as long as they are kept.
    pub(super) fn into_parts(self) -> (Bytes, Reservation) {
        (Bytes::from(self.bytes.into_boxed_slice()), self.reservation)
    }
}

const ENTRY_COST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn content(budget: &Budget, bytes: &[u8]) -> Content {
        let mut reservation = budget.entry().expect("room for an entry");
        reservation.absorb(budget.reserve(bytes.len()).expect("room for bytes"));
        Content {
            bytes: bytes.to_vec(),
            reservation,
        }
    }

    #[test]
    fn reservations_come_back() {
        let budget = Budget::new(ENTRY_COST + 10);
        let held = content(&budget, b"0123456789");
        assert!(matches!(budget.reserve(1), Err(ApiError::Full { limit }) if limit == 522));
        let (bytes, reservation) = held.into_parts();
        assert!(budget.reserve(1).is_err(), "the bytes are still held");
        drop((bytes, reservation));
        assert!(budget.reserve(522).is_ok());
    }

    #[test]
    fn appending_keeps_to_the_limit_and_the_count() {
        let budget = Budget::new(4 * ENTRY_COST);
        let mut whole = content(&budget, b"abc");
        assert!(whole.append(content(&budget, b"de"), 4).is_err());
        assert_eq!(whole.as_slice(), b"abc");
        whole.append(content(&budget, b"d"), 4).expect("fits");
        assert_eq!(whole.as_slice(), b"abcd");
        assert!(budget.reserve(2 * ENTRY_COST - 3).is_err(), "both are held");
        drop(whole);
        assert!(
            budget.reserve(4 * ENTRY_COST).is_ok(),
            "everything came back"
        );
    }
}
