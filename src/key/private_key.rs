//! Private keys: opening a key file, parsing PKCS#8, signing.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use der::{Decode as _, SecretDocument};
use ed25519_dalek::{
    Signer as _,
    pkcs8::{EncodePrivateKey as _, KeypairBytes},
};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use rsa::RsaPrivateKey;
use sec1::{EcParameters, EcPrivateKey};
use spki::SubjectPublicKeyInfoRef;

use super::{
    Algorithm, KeyError, PublicKey, Random, SignError, ecdsa as ecdsa_signature, encrypted_file,
    kind::Kind, public_key::Key, rsa as rsa_key,
};

/// A private key, decrypted and parsed, ready to sign.
///
/// Opening costs a scrypt of up to 128 MiB and parsing costs more than a signature, so open once
/// and sign often. The secret numbers are wiped from memory when the key is dropped. There is no
/// way to get them out, to print or to copy them.
pub struct PrivateKey {
    secret: Secret,
    public_key: PublicKey,
}

impl PrivateKey {
    /// Opens an encrypted key file that cosign (or [`generate`](super::generate) or
    /// [`import`](super::import()) made: PEM of type `ENCRYPTED SIGSTORE PRIVATE KEY` or the older
    /// `ENCRYPTED COSIGN PRIVATE KEY`. The password is taken as bytes, without normalisation, and
    /// may be empty.
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
        match &self.secret {
            Secret::P256(key) => Ok(ecdsa_signature::sign(key, message)),
            Secret::P384(key) => Ok(ecdsa_signature::sign(key, message)),
            Secret::P521(key) => Ok(ecdsa_signature::sign(key, message)),
            Secret::Rsa(key) => {
                let fault = SignError::Fault(self.algorithm());
                rsa_key::sign(key, message, random).ok_or(fault)
            }
            Secret::Ed25519(key) => Ok(key.sign(message).to_vec()),
        }
    }

    /// Parses PKCS#8 (RFC 5958, version 1 or 2). A public key inside must be this key's.
    pub(super) fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(malformed("PKCS#8"))?;
        let secret = info.private_key.as_bytes();
        let key = match Kind::of(&info.algorithm)? {
            Kind::Rsa => Self::from_pkcs1_der(secret)?,
            Kind::Ed25519 => Self::from_ed25519_seed(secret)?,
            curve => {
                let inner = EcPrivateKey::from_der(secret).map_err(malformed("EC private key"))?;
                Self::from_ec(curve, &inner)?
            }
        };
        key.check_public_key(info.public_key.and_then(|bits| bits.as_bytes()))?;
        Ok(key)
    }

    /// Parses an ECPrivateKey with its curve in it (SEC 1, RFC 5915).
    pub(super) fn from_sec1_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = EcPrivateKey::from_der(der).map_err(malformed("EC private key"))?;
        match key.parameters {
            Some(EcParameters::NamedCurve(curve)) => Self::from_ec(Kind::of_curve(curve)?, &key),
            None => Err(malformed("EC private key")("expected a named curve")),
        }
    }

    /// Parses an RSAPrivateKey (PKCS#1, RFC 8017 §A.1.2).
    pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = RsaPrivateKeyRef::from_der(der).map_err(malformed("RSA private key"))?;
        Self::new(Secret::Rsa(Box::new(rsa_key::private_key(key)?)))
    }

    /// A key of a curve from its secret scalar.
    pub(super) fn from_ec_scalar(curve: Kind, scalar: &[u8]) -> Result<Self, KeyError> {
        let range = |_| malformed("EC private key")("expected a number below the curve's order");
        Self::new(match curve {
            Kind::P256 => Secret::P256(Box::new(
                p256::ecdsa::SigningKey::from_slice(scalar).map_err(range)?,
            )),
            Kind::P384 => Secret::P384(Box::new(
                p384::ecdsa::SigningKey::from_slice(scalar).map_err(range)?,
            )),
            Kind::P521 => Secret::P521(Box::new(
                p521::ecdsa::SigningKey::from_slice(scalar).map_err(range)?,
            )),
            Kind::Rsa | Kind::Ed25519 => return Err(malformed("EC private key")("no curve")),
        })
    }

    /// The PKCS#8 that Go's `x509.MarshalPKCS8PrivateKey` writes: version 1, the public key inside
    /// for a curve and nowhere for Ed25519.
    pub(super) fn to_pkcs8_der(&self) -> Result<SecretDocument, KeyError> {
        match &self.secret {
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::P521(key) => key.to_pkcs8_der(),
            Secret::Rsa(key) => key.to_pkcs8_der(),
            Secret::Ed25519(key) => KeypairBytes {
                secret_key: key.to_bytes(),
                public_key: None,
            }
            .to_pkcs8_der(),
        }
        .map_err(malformed("private key"))
    }

    fn from_ec(curve: Kind, key: &EcPrivateKey<'_>) -> Result<Self, KeyError> {
        let public_key = key.public_key;
        let key = Self::from_ec_scalar(curve, key.private_key)?;
        key.check_public_key(public_key)?;
        Ok(key)
    }

    /// The private key of Ed25519 in PKCS#8: an OCTET STRING of 32 bytes (RFC 8410 §7).
    fn from_ed25519_seed(der: &[u8]) -> Result<Self, KeyError> {
        let seed = <&der::asn1::OctetStringRef>::from_der(der)
            .ok()
            .and_then(|seed| <&[u8; 32]>::try_from(seed.as_bytes()).ok());
        match seed {
            Some(seed) => Self::new(Secret::Ed25519(Box::new(seed.into()))),
            None => Err(malformed("Ed25519 private key")("expected 32 bytes of key")),
        }
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
        let own = SubjectPublicKeyInfoRef::from_der(self.public_key.spki_der());
        let own = own.map_err(malformed("public key"))?;
        if own.subject_public_key.as_bytes() != Some(claimed) {
            let problem = "the public key inside is not that of the private key";
            return Err(malformed("private key")(problem));
        }
        Ok(())
    }
}

/// A parsed private key of each kind, boxed so that moving it leaves no copy behind. All of them
/// wipe themselves when they are dropped.
enum Secret {
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
    P521(Box<p521::ecdsa::SigningKey>),
    Rsa(Box<RsaPrivateKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

fn malformed<E: fmt::Display>(part: &'static str) -> impl Fn(E) -> KeyError {
    move |problem| KeyError::malformed(part, problem)
}
