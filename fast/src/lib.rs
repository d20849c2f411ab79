//! What a signer or a verifier waits for: scrypt, and ECDSA over P-256.
//!
//! The component is compiled for size, but for this crate and what it calls. Generic code is
//! compiled in the crate that says for which types, so it is said here; and nothing here may be
//! inlined into a caller, where it would be compiled for size after all.
#![no_std]

pub use p256::ecdsa::{Error, Signature, SigningKey, VerifyingKey};
pub use scrypt::{Params, errors::InvalidOutputLen};

use ecdsa::hazmat::sign_prehashed_rfc6979;
use ecdsa::signature::hazmat::PrehashVerifier as _;
use sha2::Sha256;

/// scrypt, RFC 7914.
#[inline(never)]
pub fn scrypt(
    password: &[u8],
    salt: &[u8],
    params: &Params,
    output: &mut [u8],
) -> Result<(), InvalidOutputLen> {
    scrypt::scrypt(password, salt, params, output)
}

/// A private key from its scalar, big endian.
#[inline(never)]
pub fn signing_key(scalar: &[u8]) -> Result<SigningKey, Error> {
    SigningKey::from_slice(scalar)
}

/// Signs a SHA-256 digest with the nonce of RFC 6979.
#[inline(never)]
pub fn sign(key: &SigningKey, digest: &[u8]) -> Signature {
    let scalar = key.as_nonzero_scalar();
    sign_prehashed_rfc6979::<p256::NistP256, Sha256>(scalar, digest, &[]).0
}

/// Verifies a signature of a digest.
#[inline(never)]
pub fn verify(key: &VerifyingKey, digest: &[u8], signature: &Signature) -> Result<(), Error> {
    key.verify_prehash(digest, signature)
}
