//! Public keys: parsing, writing, verifying.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use der::{Decode as _, Document, asn1::BitStringRef};
use ecdsa::{
    EcdsaCurve, VerifyingKey,
    elliptic_curve::{
        AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize,
        point::AffineCoordinates,
        sec1::{FromSec1Point, ModulusSize, ToSec1Point},
    },
    signature::hazmat::PrehashVerifier as _,
};
use pkcs1::RsaPublicKeyRef;
use rsa::{RsaPublicKey, traits::PublicKeyParts as _};
use sha2::{Digest as _, Sha256, Sha512};
use spki::{AlgorithmIdentifierRef, EncodePublicKey as _, SubjectPublicKeyInfoRef};

use super::{
    Algorithm, HashAlgorithm, KeyError, Message, SignatureError, ecdsa as ecdsa_signature,
    error::quoted,
    kind::{Curve, ED25519_IDENTIFIER, Kind},
    pem, rsa as rsa_key,
};

/// A public key, parsed once and good for any number of verifications.
#[derive(Clone)]
pub struct PublicKey {
    key: Key,
    spki: Vec<u8>,
}

impl PublicKey {
    /// Reads a PEM file in a form that cosign reads: `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 5280
    /// §4.1) or `RSA PUBLIC KEY` (PKCS#1, RFC 8017 §A.1.1). The first PEM block counts; text
    /// around it is ignored.
    ///
    /// # Errors
    /// [`KeyError::TooLarge`] above 64 KiB, [`KeyError::Unsupported`] for another PEM type, curve
    /// or algorithm, [`KeyError::Malformed`] for the rest.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let block = pem::Block::find("public key", pem)?;
        match block.label() {
            PUBLIC_KEY => Self::from_spki_der(&block.contents("public key PEM block")?),
            RSA_PUBLIC_KEY => {
                let der = block.contents("public key PEM block")?;
                let key = RsaPublicKeyRef::from_der(&der)
                    .map_err(|error| KeyError::malformed("PKCS#1 public key", error))?;
                Self::new(Key::Rsa(Box::new(rsa_key::public_key(key)?)))
            }
            label => {
                let accepted = "PUBLIC KEY and RSA PUBLIC KEY";
                let found = quoted(label);
                Err(KeyError::unsupported(
                    "public key PEM type",
                    found,
                    accepted,
                ))
            }
        }
    }

    /// Reads the DER of a SubjectPublicKeyInfo, in its one encoding: a point is uncompressed, as
    /// Go wants it, and nothing follows.
    ///
    /// # Errors
    /// As [`PublicKey::from_pem`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        KeyError::check_size("public key", der)?;
        let malformed = |problem: &dyn fmt::Display| KeyError::malformed("public key", problem);
        let off_curve = || malformed(&"expected an uncompressed point on its curve");

        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|error| malformed(&error))?;
        let bits = info.subject_public_key.as_bytes();
        let bits = bits.ok_or_else(|| malformed(&"expected whole bytes of key"))?;
        let key = match Kind::of(&info.algorithm)? {
            Kind::Ecdsa(Curve::P256) => Key::P256(point(bits).ok_or_else(off_curve)?),
            Kind::Ecdsa(Curve::P384) => Key::P384(point(bits).ok_or_else(off_curve)?),
            Kind::Ecdsa(Curve::P521) => Key::P521(point(bits).ok_or_else(off_curve)?),
            Kind::Rsa => {
                let key = RsaPublicKeyRef::from_der(bits).map_err(|error| malformed(&error))?;
                Key::Rsa(Box::new(rsa_key::public_key(key)?))
            }
            Kind::Ed25519 => {
                let key = ed25519_dalek::VerifyingKey::try_from(bits);
                Key::Ed25519(key.map_err(|_| malformed(&"expected a point on its curve"))?)
            }
        };
        let key = Self::new(key)?;
        if key.spki != der {
            return Err(malformed(&"expected its one DER encoding"));
        }
        Ok(key)
    }

    /// The key as a `PUBLIC KEY` file, the bytes that Go writes (and that a Rekor entry holds).
    pub fn to_pem(&self) -> String {
        pem::encode(PUBLIC_KEY, &self.spki)
    }

    /// The DER of the SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of [`PublicKey::spki_der`].
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.spki).into()
    }

    /// What kind of key this is.
    pub fn algorithm(&self) -> Algorithm {
        match &self.key {
            Key::P256(_) => Algorithm::EcdsaP256,
            Key::P384(_) => Algorithm::EcdsaP384,
            Key::P521(_) => Algorithm::EcdsaP521,
            Key::Rsa(key) => rsa_key::algorithm(key),
            Key::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Verifies a signature over a message, as any cosign made it:
    ///
    /// - ECDSA over SHA-256 (cosign 2), or over the hash that goes with the curve, SHA-384 for
    ///   P-384 and SHA-512 for P-521 (cosign 3). DER or r‖s; s may be high or low.
    /// - RSASSA-PKCS1-v1_5 over SHA-256.
    /// - Ed25519, or Ed25519ph without context (cosign 3, images), RFC 8032. Stricter than Go in
    ///   one point: a key or R of small order is refused, since such a key signs everything.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] if the bytes are no signature of this algorithm at all,
    /// [`SignatureError::DoesNotVerify`] otherwise.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.verify_message(message.into(), signature)
    }

    /// As [`PublicKey::verify`], a message of which only digests may be known.
    ///
    /// # Errors
    /// Also [`SignatureError::ContentNeeded`], where what is known of the message does not tell.
    pub fn verify_message(
        &self,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let algorithm = self.algorithm();
        let malformed = SignatureError::Malformed {
            algorithm,
            size: signature.len(),
        };
        let verified = match &self.key {
            Key::P256(key) => {
                let signature = ecdsa_signature::parse(signature).ok_or(malformed)?;
                Some(cosignet_fast::verify(key, &message.sha256(), &signature).is_ok())
            }
            Key::P384(key) => {
                let signature = ecdsa_signature::parse(signature).ok_or(malformed)?;
                verifies_either(message, HashAlgorithm::Sha384, |digest| {
                    key.verify_prehash(digest, &signature).is_ok()
                })
            }
            Key::P521(key) => {
                let signature = ecdsa_signature::parse(signature).ok_or(malformed)?;
                verifies_either(message, HashAlgorithm::Sha512, |digest| {
                    key.verify_prehash(digest, &signature).is_ok()
                })
            }
            Key::Rsa(key) => {
                if signature.len() != key.size() {
                    return Err(malformed);
                }
                Some(rsa_key::verifies(key, &message.sha256(), signature))
            }
            Key::Ed25519(key) => {
                let signature =
                    ed25519_dalek::Signature::from_slice(signature).map_err(|_| malformed)?;
                message.bytes().map(|bytes| {
                    let hash = Sha512::new_with_prefix(bytes);
                    key.verify_strict(bytes, &signature).is_ok()
                        || key.verify_prehashed_strict(hash, None, &signature).is_ok()
                })
            }
        };
        match verified {
            Some(true) => Ok(()),
            Some(false) => Err(SignatureError::DoesNotVerify { algorithm }),
            None => Err(SignatureError::ContentNeeded { algorithm }),
        }
    }

    /// The public key of a parsed key.
    pub(super) fn new(key: Key) -> Result<Self, KeyError> {
        let spki = match &key {
            Key::P256(key) => write(
                Curve::P256.identifier(),
                key.to_sec1_point(false).as_bytes(),
            ),
            Key::P384(key) => write(
                Curve::P384.identifier(),
                key.to_sec1_point(false).as_bytes(),
            ),
            Key::P521(key) => write(
                Curve::P521.identifier(),
                key.to_sec1_point(false).as_bytes(),
            ),
            Key::Rsa(key) => key.to_public_key_der(),
            Key::Ed25519(key) => write(ED25519_IDENTIFIER, key.as_bytes()),
        };
        let spki = spki.map_err(|error| KeyError::malformed("public key", error))?;
        Ok(Self {
            key,
            spki: spki.into_vec(),
        })
    }

    /// Its SubjectPublicKeyInfo.
    pub(super) fn spki(&self) -> der::Result<SubjectPublicKeyInfoRef<'_>> {
        SubjectPublicKeyInfoRef::from_der(&self.spki)
    }

    /// The parsed key.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

/// Algorithm and fingerprint: `PublicKey(ecdsa-p256, sha256:…)`.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, sha256:", self.algorithm())?;
        for byte in self.fingerprint() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// A key from its uncompressed point (SEC 1 §2.3.4), the one encoding that is accepted: what reads the
/// others, to be refused afterwards, is 8 KB of square roots.
fn point<C>(bytes: &[u8]) -> Option<VerifyingKey<C>>
where
    C: EcdsaCurve + CurveArithmetic,
    AffinePoint<C>:
        AffineCoordinates<FieldRepr = FieldBytes<C>> + FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let (0x04, coordinates) = bytes.split_first()? else {
        return None;
    };
    let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
    let (x, y) = (x.try_into().ok()?, y.try_into().ok()?);
    let point = AffinePoint::<C>::from_coordinates(x, y).into_option()?;
    VerifyingKey::from_affine(point).ok()
}

/// The DER of a SubjectPublicKeyInfo.
fn write(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> spki::Result<Document> {
    let subject_public_key = BitStringRef::from_bytes(key)?;
    let spki = SubjectPublicKeyInfoRef {
        algorithm,
        subject_public_key,
    };
    spki.try_into()
}

/// Whether a signature is over the SHA-256 digest or over the other one; `None` if it may be over the
/// other one, and that is not known.
fn verifies_either(
    message: Message<'_>,
    other: HashAlgorithm,
    verifies: impl Fn(&[u8]) -> bool,
) -> Option<bool> {
    match verifies(&message.sha256()) {
        true => Some(true),
        false => message.digest(other).map(|digest| verifies(&digest)),
    }
}

/// A parsed public key of each kind.
#[derive(Clone)]
pub(super) enum Key {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Rsa(Box<RsaPublicKey>),
    Ed25519(ed25519_dalek::VerifyingKey),
}

const PUBLIC_KEY: &str = "PUBLIC KEY";
const RSA_PUBLIC_KEY: &str = "RSA PUBLIC KEY";
