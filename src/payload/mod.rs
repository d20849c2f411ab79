//! What signatures are made over.

mod dsse;
mod simple_signing;
mod statement;

pub use dsse::{Envelope, MAX_ENVELOPE_SIZE, pae};
pub use simple_signing::{MAX_PAYLOAD_SIZE, PayloadError, SimpleSigning};
pub use statement::{IMAGE_SIGNATURE, Predicate, STATEMENT_TYPE, Statement, Subject};
