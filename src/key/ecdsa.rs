//! ECDSA signatures of any of the three curves: their encodings, and signing.

use alloc::vec::Vec;

use der::{Decode as _, Reader as _, SliceReader, asn1::UintRef};
use ecdsa::{
    EcdsaCurve, Signature, SigningKey,
    der::{MaxOverhead, MaxSize},
    elliptic_curve::{CurveArithmetic, FieldBytes, FieldBytesSize, array::ArraySize},
    hazmat::sign_prehashed_rfc6979,
};
use sha2::Sha256;

/// Signs the SHA-256 digest of a message, whatever the curve: what cosign 2 does, and what every
/// cosign verifies. The nonce is that of RFC 6979 with HMAC-SHA-256; the encoding is DER. A digest
/// shorter than the order counts as the number it is (RFC 6979 §2.3.2), so it is not padded.
pub(super) fn sign<C>(key: &SigningKey<C>, digest: &[u8; 32]) -> Vec<u8>
where
    C: EcdsaCurve + CurveArithmetic,
    MaxSize<C>: ArraySize,
    <FieldBytesSize<C> as core::ops::Add>::Output: core::ops::Add<MaxOverhead> + ArraySize,
{
    let (signature, _) = sign_prehashed_rfc6979::<C, Sha256>(key.as_nonzero_scalar(), digest, &[]);
    signature.to_der().as_bytes().to_vec()
}

/// As [`sign`], with the curve that is compiled for speed.
pub(super) fn sign_p256(key: &cosignet_fast::SigningKey, digest: &[u8; 32]) -> Vec<u8> {
    let signature = cosignet_fast::sign(key, digest);
    signature.to_der().as_bytes().to_vec()
}

/// Parses a signature: strict DER, or else r and s one after the other (IEEE P1363), each half
/// of an even number of bytes up to 132. The halves need not have the size of the curve's field,
/// as in cosign (`ECDSAVerifier.VerifySignature`); `None` if r or s is 0 or not below the order.
pub(super) fn parse<C: EcdsaCurve>(signature: &[u8]) -> Option<Signature<C>> {
    let (r, s) = der_integers(signature).or_else(|| halves(signature))?;
    Signature::from_scalars(field_bytes::<C>(r)?, field_bytes::<C>(s)?).ok()
}

/// `SEQUENCE { r INTEGER, s INTEGER }`, in the one encoding that DER allows.
fn der_integers(signature: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(signature).ok()?;
    let integers = reader
        .sequence(|content| -> der::Result<_> {
            let r = UintRef::decode(content)?;
            let s = UintRef::decode(content)?;
            Ok((r.as_bytes(), s.as_bytes()))
        })
        .ok()?;
    reader.finish().ok()?;
    Some(integers)
}

fn halves(signature: &[u8]) -> Option<(&[u8], &[u8])> {
    let whole = signature.len() <= MAX_P1363 && signature.len().is_multiple_of(2);
    whole.then(|| signature.split_at(signature.len() / 2))
}

/// An integer in the size of the field, or `None` if it does not fit.
fn field_bytes<C: EcdsaCurve>(integer: &[u8]) -> Option<FieldBytes<C>> {
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    let digits = integer.get(zeros..)?;
    let mut bytes = FieldBytes::<C>::default();
    let start = bytes.len().checked_sub(digits.len())?;
    bytes.get_mut(start..)?.copy_from_slice(digits);
    Some(bytes)
}

/// Two scalars of P-521.
const MAX_P1363: usize = 132;

#[cfg(test)]
mod tests {
    use p256::NistP256;

    use super::*;

    #[test]
    fn takes_both_encodings_and_no_others() {
        let der = [0x30, 6, 2, 1, 1, 2, 1, 2];
        let expected = parse::<NistP256>(&der).unwrap();
        let mut wide = [0; 132];
        (wide[65], wide[131]) = (1, 2);
        for same in [&[1, 2][..], &[0, 1, 0, 2], &wide] {
            assert_eq!(parse::<NistP256>(same).unwrap(), expected);
        }
        for bad in [
            &[][..],
            &[1, 2, 3],
            &[0; 134],
            &[0, 1],                               // r = 0
            &[1, 0],                               // s = 0
            &[0xff; 64],                           // not below the order
            &[0x30, 6, 2, 1, 0, 2, 1, 2, 0],       // trailing byte
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 2],       // not minimal
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 2],    // long length
            &[0x30, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3], // three integers, and odd
        ] {
            assert!(parse::<NistP256>(bad).is_none(), "{bad:?}");
        }
    }
}
