//! Private keys: opening a key file, parsing PKCS#8, signing.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use der::{Decode as _, Encode as _, SecretDocument, asn1::OctetStringRef};
use ed25519_dalek::Signer as _;
use pkcs1::RsaPrivateKeyRef;
use pkcs8::{EncodePrivateKey as _, PrivateKeyInfoRef};
use rsa::RsaPrivateKey;
use sec1::{EcParameters, EcPrivateKey};
use zeroize::Zeroizing;

use super::{
    Algorithm, KeyError, Message, PublicKey, Random, SignError, ecdsa as ecdsa_signature,
    encrypted_file,
    kind::{Curve, ED25519_IDENTIFIER, Kind},
    public_key::Key,
    rsa as rsa_key,
};

/// A private key, decrypted and parsed, ready to sign.
///
/// Opening costs a scrypt of up to 128 MiB and parsing costs more than a signature, so open once
/// and sign often. There is no way to get the secret numbers out, to print or to copy them. They
/// are wiped from memory when the key is dropped, but for what the `rsa` crate leaves of an RSA
/// key: the CRT coefficient, and the numbers it worked with in parsing and signing.
pub struct PrivateKey {
    secret: Secret,
    public_key: PublicKey,
}

impl PrivateKey {
    /// Opens an encrypted key file that cosign (or [`generate`](super::generate) or
    /// [`import`](super::import()) made: PEM of type `ENCRYPTED SIGSTORE PRIVATE KEY` or the older
    /// `ENCRYPTED COSIGN PRIVATE KEY`. The password is taken as bytes, without normalisation, and
    /// may be empty. (NUL bytes at the end of a password below 64 bytes make no difference: it is a
    /// key to HMAC, which pads with them. So it is in cosign.)
    ///
    /// Work and memory are scrypt's: 32, 64 or 128 MiB for N = 2^15, 2^16 (what cosign writes) or
    /// 2^17. Other parameters are refused before any of it.
    ///
    /// # Errors
    /// In this order: [`KeyError::TooLarge`] above 64 KiB; [`KeyError::Malformed`] and
    /// [`KeyError::Unsupported`] for PEM, PEM type, JSON, function and cipher names, scrypt
    /// parameters, salt, nonce and ciphertext; [`KeyError::OutOfMemory`];
    /// [`KeyError::WrongPassword`]; and what the decrypted PKCS#8 may have wrong.
    pub fn open(file: &[u8], password: &[u8]) -> Result<Self, KeyError> {
        Self::from_pkcs8_der(&encrypted_file::open(file, password)?)
    }

    /// What kind of key this is.
    pub fn algorithm(&self) -> Algorithm {
        self.public_key.algorithm()
    }

    /// The public key that belongs to it.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Signs a message as cosign 2 does, so that every cosign verifies it without a flag:
    ///
    /// - ECDSA of every curve over SHA-256, in DER; deterministic (RFC 6979);
    /// - RSASSA-PKCS1-v1_5 over SHA-256; the result is deterministic, `random` blinds the way to
    ///   it;
    /// - Ed25519 (RFC 8032), not prehashed.
    ///
    /// `random` is asked for RSA keys alone.
    ///
    /// # Errors
    /// [`SignError::Fault`], for RSA keys alone.
    pub fn sign(&self, message: &[u8], random: &mut dyn Random) -> Result<Vec<u8>, SignError> {
        self.sign_message(message.into(), random)
    }

    /// As [`PrivateKey::sign`], a message of which only digests may be known.
    ///
    /// # Errors
    /// [`SignError::Fault`], for RSA keys alone; [`SignError::ContentNeeded`] for Ed25519 keys,
    /// which sign no digest.
    pub fn sign_message(
        &self,
        message: Message<'_>,
        random: &mut dyn Random,
    ) -> Result<Vec<u8>, SignError> {
        match &self.secret {
            Secret::P256(key) => Ok(ecdsa_signature::sign_p256(key, &message.sha256())),
            Secret::P384(key) => Ok(ecdsa_signature::sign(key, &message.sha256())),
            Secret::P521(key) => Ok(ecdsa_signature::sign(key, &message.sha256())),
            Secret::Rsa(key) => {
                let fault = SignError::Fault(self.algorithm());
                rsa_key::sign(key, &message.sha256(), random).ok_or(fault)
            }
            Secret::Ed25519(key) => {
                let needed = SignError::ContentNeeded(self.algorithm());
                Ok(key.sign(message.bytes().ok_or(needed)?).to_vec())
            }
        }
    }

    /// Parses PKCS#8 (RFC 5958, version 1 or 2). A public key inside must be this key's.
    pub(super) fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(malformed("PKCS#8"))?;
        let secret = info.private_key.as_bytes();
        let key = match Kind::of(&info.algorithm)? {
            Kind::Rsa => Self::from_pkcs1_der(secret)?,
            Kind::Ed25519 => Self::from_ed25519_der(secret)?,
            Kind::Ecdsa(curve) => {
                let inner = EcPrivateKey::from_der(secret).map_err(malformed(EC))?;
                Self::from_ec(curve, &inner)?
            }
        };
        key.check_public_key(info.public_key.map(|bits| bits.raw_bytes()))?;
        Ok(key)
    }

    /// Parses an ECPrivateKey with its curve in it (SEC 1, RFC 5915).
    pub(super) fn from_sec1_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = EcPrivateKey::from_der(der).map_err(malformed(EC))?;
        match key.parameters {
            Some(EcParameters::NamedCurve(curve)) => Self::from_ec(Curve::of(curve)?, &key),
            None => Err(malformed(EC)("expected a named curve")),
        }
    }

    /// Parses an RSAPrivateKey (PKCS#1, RFC 8017 §A.1.2).
    pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = RsaPrivateKeyRef::from_der(der).map_err(malformed("RSA private key"))?;
        Self::new(Secret::Rsa(Box::new(rsa_key::private_key(key)?)))
    }

    /// A key of a curve from its secret scalar, big endian.
    pub(super) fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, KeyError> {
        let range = |_| malformed(EC)("expected a number from 1 to the curve's order less 1");
        Self::new(match curve {
            Curve::P256 => {
                let key = cosignet_fast::signing_key(scalar).map_err(range)?;
                Secret::P256(Box::new(key))
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(scalar).map_err(range)?;
                Secret::P384(Box::new(key))
            }
            Curve::P521 => {
                let key = p521::ecdsa::SigningKey::from_slice(scalar).map_err(range)?;
                Secret::P521(Box::new(key))
            }
        })
    }

    /// The PKCS#8 that Go's `x509.MarshalPKCS8PrivateKey` writes: version 1, the public key inside
    /// for a curve and nowhere for Ed25519.
    pub(super) fn to_pkcs8_der(&self) -> Result<SecretDocument, KeyError> {
        let written = match &self.secret {
            Secret::P256(key) => {
                self.ec_pkcs8_der(Curve::P256, &Zeroizing::new(key.to_bytes())[..])
            }
            Secret::P384(key) => {
                self.ec_pkcs8_der(Curve::P384, &Zeroizing::new(key.to_bytes())[..])
            }
            Secret::P521(key) => {
                self.ec_pkcs8_der(Curve::P521, &Zeroizing::new(key.to_bytes())[..])
            }
            Secret::Rsa(key) => key.to_pkcs8_der(),
            Secret::Ed25519(key) => ed25519_pkcs8_der(key),
        };
        written.map_err(malformed("private key"))
    }

    fn ec_pkcs8_der(&self, curve: Curve, scalar: &[u8]) -> pkcs8::Result<SecretDocument> {
        let key = EcPrivateKey {
            private_key: scalar,
            parameters: None,
            public_key: Some(self.public_key.spki()?.subject_public_key.raw_bytes()),
        };
        let key = Zeroizing::new(key.to_der()?);
        PrivateKeyInfoRef::new(curve.identifier(), OctetStringRef::new(&key)?).try_into()
    }

    fn from_ec(curve: Curve, ec: &EcPrivateKey<'_>) -> Result<Self, KeyError> {
        if let Some(EcParameters::NamedCurve(named)) = ec.parameters
            && Curve::of(named)? != curve
        {
            return Err(malformed(EC)(
                "it names another curve than PKCS#8 around it",
            ));
        }
        let key = Self::from_scalar(curve, ec.private_key)?;
        key.check_public_key(ec.public_key)?;
        Ok(key)
    }

    /// The private key of Ed25519 in PKCS#8: an OCTET STRING of 32 bytes (RFC 8410 §7).
    fn from_ed25519_der(der: &[u8]) -> Result<Self, KeyError> {
        let seed = <&OctetStringRef>::from_der(der).map_err(malformed("Ed25519 private key"))?;
        let seed: &[u8; 32] = seed.as_bytes().try_into().map_err(|_| {
            malformed("Ed25519 private key")("expected an OCTET STRING of 32 bytes")
        })?;
        Self::new(Secret::Ed25519(Box::new(seed.into())))
    }

    fn new(secret: Secret) -> Result<Self, KeyError> {
        let public_key = PublicKey::new(match &secret {
            Secret::P256(key) => Key::P256(*key.verifying_key()),
            Secret::P384(key) => Key::P384(*key.verifying_key()),
            Secret::P521(key) => Key::P521(*key.verifying_key()),
            Secret::Rsa(key) => Key::Rsa(Box::new(key.to_public_key())),
            Secret::Ed25519(key) => Key::Ed25519(key.verifying_key()),
        })?;
        Ok(Self { secret, public_key })
    }

    /// A file that says it is another key's is not to be signed with.
    fn check_public_key(&self, claimed: Option<&[u8]>) -> Result<(), KeyError> {
        let Some(claimed) = claimed else {
            return Ok(());
        };
        let own = self.public_key.spki().map_err(malformed("public key"))?;
        if own.subject_public_key.as_bytes() != Some(claimed) {
            let problem = "the public key inside is not that of the private key";
            return Err(malformed("private key")(problem));
        }
        Ok(())
    }
}

/// A parsed private key of each kind. Boxed, so that to move one copies a pointer, not the secret;
/// each type wipes itself when it is dropped.
enum Secret {
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
    P521(Box<p521::ecdsa::SigningKey>),
    Rsa(Box<RsaPrivateKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// What Go writes, without the public key that RFC 8410 allows.
fn ed25519_pkcs8_der(key: &ed25519_dalek::SigningKey) -> pkcs8::Result<SecretDocument> {
    let mut octets = Zeroizing::new([0; 34]);
    let (header, seed) = octets.split_at_mut(2);
    header.copy_from_slice(&[0x04, 32]);
    seed.copy_from_slice(&*Zeroizing::new(key.to_bytes()));
    PrivateKeyInfoRef::new(ED25519_IDENTIFIER, OctetStringRef::new(&*octets)?).try_into()
}

fn malformed<E: fmt::Display>(part: &'static str) -> impl Fn(E) -> KeyError {
    move |problem| KeyError::malformed(part, problem)
}

const EC: &str = "EC private key";
