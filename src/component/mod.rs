//! The component: glue between the WIT surface and the core, and the only code that knows
//! wit-bindgen.

mod bindings;
mod runtime;

#[cfg(feature = "signer")]
mod blob_signing;
mod blob_verification;
mod blobs;
#[cfg(feature = "signer")]
mod cleaning;
#[cfg(any(feature = "signer", feature = "offline"))]
mod detached_blob_signing;
#[cfg(any(feature = "signer", feature = "offline"))]
mod detached_signing;
mod detached_verification;
#[cfg(any(feature = "signer", feature = "offline"))]
mod keys;
#[cfg(feature = "signer")]
mod log;
mod payload;
mod policy;
#[cfg(any(feature = "signer", feature = "offline"))]
mod random;
#[cfg(any(feature = "signer", feature = "verifier"))]
mod registry;
mod report;
#[cfg(feature = "signer")]
mod signing;
#[cfg(any(feature = "signer", feature = "verifier"))]
mod verification;

/// As much of a host's words as is passed on.
#[cfg(any(feature = "signer", feature = "verifier"))]
fn shown(words: alloc::string::String) -> alloc::string::String {
    words.chars().take(2000).collect()
}

/// Implements the exports of whichever world is built.
struct Component;
