//! *Container and file signing, compatible with cosign, as one WebAssembly component.*
//!
//! This crate is the component: it holds all the cryptography and all the judgment, and does no
//! I/O of its own. It decrypts the signer's key, builds the payload, signs, and verifies; its
//! host moves bytes. What a host lends is in [`imports`]; what it gets is in `wit/`.
//!
//! ```text
//!            keys      payload      signing      verification      (WIT exports)
//!             │           │            │              │
//!  component ─┴───────────┴─────┬──────┴──────┬───────┴─────  glue, wasm only
//!                               │             │
//!                             sign          verify            what is done, and in which order
//!                               └─────┬───────┘
//!                                walk, fetch                  answers, compared and parsed
//!       key   log   bundle   payload   blob   oci           formats and cryptography
//!                                     │
//!                                  imports ───────────────►  registry, log, key service, randomness
//! ```
//!
//! The core is plain Rust for every target, so it can be used without a sandbox too: fulfil the
//! traits of [`imports`] and call [`sign::sign_images`] and [`verify::verify_images`].
//!
//! # Trust
//!
//! Every byte from an import is untrusted: [`oci::VerifiedBytes`] is the way from an answer for a
//! digest to a parser. Trust comes as an argument, in a [`verify::Policy`], which cannot require
//! nothing. A [`verify::VerifiedSignature`] can be made by verification alone.

#![cfg_attr(target_family = "wasm", no_std)]
// A panic in the component is a trap, and a trap is a bug.
#![cfg_attr(not(test), warn(clippy::panic, clippy::unwrap_used))]
#![forbid(rustdoc::broken_intra_doc_links)]

extern crate alloc;

pub mod blob;
pub mod bundle;
pub mod imports;
pub mod key;
pub mod log;
pub mod oci;
pub mod payload;
pub mod sign;
pub mod verify;

mod fetch;
mod json;
mod walk;

#[cfg(target_family = "wasm")]
mod component;
