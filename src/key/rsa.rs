//! RSA keys of the three sizes, with RSASSA-PKCS1-v1_5 over SHA-256 alone.

use alloc::vec::Vec;

use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use rsa::{
    BoxedUint, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey,
    traits::{PublicKeyParts as _, SignatureScheme as _},
};
use sha2::Sha256;

use super::{Algorithm, KeyError, Random, random::Blinding};

/// An RSA public key of an accepted size and exponent.
pub(super) fn public_key(key: RsaPublicKeyRef<'_>) -> Result<RsaPublicKey, KeyError> {
    check(&key)?;
    RsaPublicKey::try_from(key).map_err(|error| KeyError::malformed("RSA public key", error))
}

/// An RSA private key of an accepted size and exponent; that its numbers belong together is
/// checked, and the CRT values are computed afresh.
pub(super) fn private_key(key: RsaPrivateKeyRef<'_>) -> Result<RsaPrivateKey, KeyError> {
    check(&key.public_key())?;
    if key.other_prime_infos.is_some() {
        return Err(KeyError::unsupported(
            "RSA key",
            "more than two primes",
            "two primes",
        ));
    }
    RsaPrivateKey::try_from(key)
        .map_err(|_| KeyError::malformed("RSA private key", "its numbers are no RSA key together"))
}

/// Refuses a public exponent other than 65537.
pub(super) fn check_usual_exponent(key: &RsaPublicKey) -> Result<(), KeyError> {
    match key.e() == &BoxedUint::from(65_537_u32) {
        true => Ok(()),
        false => Err(KeyError::unsupported(
            "RSA public exponent",
            key.e(),
            "65537",
        )),
    }
}

/// The algorithm of a key that passed one of the above.
pub(super) fn algorithm(key: &RsaPublicKey) -> Algorithm {
    match key.size() {
        256 => Algorithm::Rsa2048,
        384 => Algorithm::Rsa3072,
        _ => Algorithm::Rsa4096,
    }
}

/// Signs the SHA-256 digest of a message, blinded; `None` if the operation failed.
///
/// Blinding is what stands between the key and an observer of the timing (RUSTSEC-2023-0071).
pub(super) fn sign(
    key: &RsaPrivateKey,
    digest: &[u8; 32],
    random: &mut dyn Random,
) -> Option<Vec<u8>> {
    Pkcs1v15Sign::new::<Sha256>()
        .sign(Some(&mut Blinding::new(random)), key, digest)
        .ok()
}

/// Whether the signature is the key's over the SHA-256 digest of the message.
pub(super) fn verifies(key: &RsaPublicKey, digest: &[u8; 32], signature: &[u8]) -> bool {
    key.verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature)
        .is_ok()
}

/// Checks the size before any arithmetic: its cost grows with the third power.
fn check(key: &RsaPublicKeyRef<'_>) -> Result<(), KeyError> {
    let bits = bits(key.modulus.as_bytes());
    if ![2048, 3072, 4096].contains(&bits) {
        let found = alloc::format!("{bits} bits");
        let accepted = "2048, 3072 or 4096 bits";
        return Err(KeyError::unsupported("RSA modulus", found, accepted));
    }
    let exponent = exponent(key.public_exponent.as_bytes());
    if !matches!(exponent, Some(e) if EXPONENTS.contains(&e) && e % 2 == 1) {
        let found = match exponent {
            Some(exponent) => alloc::format!("{exponent}"),
            None => "more than 64 bits".into(),
        };
        let accepted = "odd, from 3 to 2147483647";
        return Err(KeyError::unsupported(
            "RSA public exponent",
            found,
            accepted,
        ));
    }
    Ok(())
}

/// How many bits a number without leading zero bytes has.
fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn exponent(number: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    let start = bytes.len().checked_sub(number.len())?;
    bytes.get_mut(start..)?.copy_from_slice(number);
    Some(u64::from_be_bytes(bytes))
}

/// What Go's `crypto/rsa` takes: the work of verifying grows with the exponent.
const EXPONENTS: core::ops::RangeInclusive<u64> = 3..=(1 << 31) - 1;
