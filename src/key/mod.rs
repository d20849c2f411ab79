//! Keys: the encrypted key file of cosign, its import and making, signing and verifying.
//!
//! A [`PrivateKey`] comes out of an encrypted key file alone ([`PrivateKey::open`]), is decrypted
//! and parsed once, and signs any number of messages. A [`PublicKey`] comes from PEM or DER. Both
//! take a [`Message`], of which the digests may be all that is known.
//! [`generate`] and [`import()`] make the two files of a key pair, byte for byte in the form that
//! cosign writes. Nothing here reads a clock, a file or the system's randomness: what is random
//! comes through [`Random`].
//!
//! Parsing is stricter than cosign's where its leniency serves no writer of such files: a damaged
//! first PEM block is an error rather than skipped, DER has one encoding, JSON names appear once.

mod algorithm;
mod ecdsa;
mod encrypted_file;
mod error;
mod hash;
mod import;
mod kind;
mod message;
mod pem;
mod private_key;
mod public_key;
mod random;
mod rsa;

pub use algorithm::Algorithm;
pub use error::{KeyError, SignError, SignatureError};
pub use hash::HashAlgorithm;
pub use import::{KeyPair, generate, import};
pub use message::{Digests, Hasher, Message};
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use random::Random;
