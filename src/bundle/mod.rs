//! Sigstore bundles (`sigstore_bundle.proto`, v0.3): a signature and what proves that it was logged,
//! in one JSON document.

mod message_signature;

pub use message_signature::{MAX_BUNDLE_SIZE, MessageSignature};
