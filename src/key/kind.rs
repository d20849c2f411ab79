//! The algorithm identifiers of PKCS#8 and SubjectPublicKeyInfo.

use p256::{NistP256, elliptic_curve::ALGORITHM_OID as EC};
use p384::NistP384;
use p521::NistP521;
use pkcs1::ALGORITHM_OID as RSA;
use pkcs8::AssociatedOid as _;
use spki::{AlgorithmIdentifierRef, ObjectIdentifier};

use super::KeyError;

/// What an algorithm identifier stands for. The size of an RSA key is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    P256,
    P384,
    P521,
    Rsa,
    Ed25519,
}

impl Kind {
    /// The kind of an AlgorithmIdentifier (RFC 5480 §2.1.1, RFC 3279 §2.3.1, RFC 8410 §3).
    /// Parameters are looked at for curves only, as Go does in private keys.
    pub(super) fn of(identifier: &AlgorithmIdentifierRef<'_>) -> Result<Self, KeyError> {
        match identifier.oid {
            EC => match identifier.parameters_oid() {
                Ok(curve) => Self::of_curve(curve),
                Err(_) => {
                    let found = "no named curve";
                    Err(KeyError::unsupported("elliptic curve", found, CURVES))
                }
            },
            RSA => Ok(Self::Rsa),
            ED25519 => Ok(Self::Ed25519),
            other => {
                let accepted = "ECDSA, RSA and Ed25519 keys";
                Err(KeyError::unsupported("key algorithm", other, accepted))
            }
        }
    }

    /// The kind of a named curve.
    pub(super) fn of_curve(curve: ObjectIdentifier) -> Result<Self, KeyError> {
        match curve {
            NistP256::OID => Ok(Self::P256),
            NistP384::OID => Ok(Self::P384),
            NistP521::OID => Ok(Self::P521),
            P224 => Err(KeyError::unsupported(
                "elliptic curve",
                "NIST P-224",
                CURVES,
            )),
            K256 => Err(KeyError::unsupported("elliptic curve", "secp256k1", CURVES)),
            other => Err(KeyError::unsupported("elliptic curve", other, CURVES)),
        }
    }
}

const CURVES: &str = "NIST P-256, P-384 and P-521";
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.33");
const K256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
