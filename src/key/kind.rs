//! The algorithm identifiers of PKCS#8 and SubjectPublicKeyInfo.

use der::asn1::AnyRef;
use p256::{NistP256, elliptic_curve::ALGORITHM_OID as EC};
use p384::NistP384;
use p521::NistP521;
use pkcs1::ALGORITHM_OID as RSA;
use pkcs8::AssociatedOid as _;
use spki::{AlgorithmIdentifierRef, ObjectIdentifier};

use super::KeyError;

/// What an algorithm identifier stands for. The size of an RSA key is not in it.
pub(super) enum Kind {
    Ecdsa(Curve),
    Rsa,
    Ed25519,
}

impl Kind {
    /// The kind of an AlgorithmIdentifier (RFC 5480 §2.1.1, RFC 3279 §2.3.1, RFC 8410 §3). Only
    /// the parameters that mean something are looked at: the curve.
    pub(super) fn of(identifier: &AlgorithmIdentifierRef<'_>) -> Result<Self, KeyError> {
        // Compared, for a pattern would take each of the 39 bytes by itself.
        match identifier.oid {
            oid if oid == EC => {
                let curve = identifier.parameters_oid().map_err(|_| {
                    KeyError::unsupported("elliptic curve", "none by name", Curve::ACCEPTED)
                })?;
                Ok(Self::Ecdsa(Curve::of(curve)?))
            }
            oid if oid == RSA => Ok(Self::Rsa),
            oid if oid == ED25519 => Ok(Self::Ed25519),
            other => {
                let accepted = "ECDSA, RSA and Ed25519 keys";
                Err(KeyError::unsupported("key algorithm", other, accepted))
            }
        }
    }
}

/// The curves of ECDSA keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ACCEPTED: &str = "NIST P-256, P-384 and P-521";

    /// The curve of a name.
    pub(super) fn of(name: ObjectIdentifier) -> Result<Self, KeyError> {
        let unsupported =
            |found: &str| KeyError::unsupported("elliptic curve", found, Self::ACCEPTED);
        match name {
            oid if oid == NistP256::OID => Ok(Self::P256),
            oid if oid == NistP384::OID => Ok(Self::P384),
            oid if oid == NistP521::OID => Ok(Self::P521),
            oid if oid == P224 => Err(unsupported("NIST P-224")),
            oid if oid == K256 => Err(unsupported("secp256k1")),
            other => Err(KeyError::unsupported(
                "elliptic curve",
                other,
                Self::ACCEPTED,
            )),
        }
    }

    /// The AlgorithmIdentifier of a key of the curve.
    pub(super) fn identifier(self) -> AlgorithmIdentifierRef<'static> {
        AlgorithmIdentifierRef {
            oid: EC,
            parameters: Some(AnyRef::from(match self {
                Self::P256 => &NistP256::OID,
                Self::P384 => &NistP384::OID,
                Self::P521 => &NistP521::OID,
            })),
        }
    }
}

/// The AlgorithmIdentifier of Ed25519, RFC 8410 §3.
pub(super) const ED25519_IDENTIFIER: AlgorithmIdentifierRef<'static> = AlgorithmIdentifierRef {
    oid: ED25519,
    parameters: None,
};
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.33");
const K256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
