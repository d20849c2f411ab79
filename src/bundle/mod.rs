//! Sigstore bundles (`sigstore_bundle.proto`, v0.3): what is signed, the signature, and what proves that
//! it was logged, in one JSON document; and the bundle that cosign wrote before, for blobs.

mod document;
mod message_digest;
mod old;

pub use document::{Bundle, CONTENT, Content, MAX_BUNDLE_SIZE, MEDIA_TYPE, PREDICATE_TYPE};
pub use message_digest::MessageDigest;
pub use old::OldBundle;
