//! What signatures are made over.

mod simple_signing;

pub use simple_signing::{MAX_PAYLOAD_SIZE, PayloadError, SimpleSigning};
