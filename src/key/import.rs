//! Making the two files of a key pair: from nothing, or from a PEM key of somebody else's.

use alloc::string::String;
use core::fmt;

use zeroize::Zeroizing;

use super::{
    KeyError, PrivateKey, Random, encrypted_file, error::quoted, kind::Curve, pem, public_key::Key,
    rsa as rsa_key,
};

/// The two files of a key pair, as `cosign.key` and `cosign.pub` hold them.
#[derive(Clone)]
pub struct KeyPair {
    /// The encrypted private key, PEM of type `ENCRYPTED SIGSTORE PRIVATE KEY`. Whoever has it can
    /// try passwords on it: cosign gives the file mode 0600.
    pub private_key_file: String,
    /// The public key, PEM of type `PUBLIC KEY`.
    pub public_key: String,
}

/// The public key alone.
impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("public_key", &self.public_key)
            .finish_non_exhaustive()
    }
}

/// Makes a new key of P-256, as `cosign generate-key-pair` does.
///
/// # Errors
/// [`KeyError::Random`] if `random` is broken, [`KeyError::OutOfMemory`] if there are no 64 MiB
/// for scrypt.
pub fn generate(password: &[u8], random: &mut dyn Random) -> Result<KeyPair, KeyError> {
    let mut scalar = Zeroizing::new([0; 32]);
    for _ in 0..ATTEMPTS {
        random.fill(&mut *scalar);
        if let Ok(key) = PrivateKey::from_scalar(Curve::P256, &*scalar) {
            return seal(&key, password, random);
        }
    }
    Err(KeyError::Random)
}

/// Imports an unencrypted private key, as `cosign import-key-pair` does: PEM of type
/// `PRIVATE KEY` (PKCS#8), `RSA PRIVATE KEY` (PKCS#1) or `EC PRIVATE KEY` (SEC 1), of every
/// [`Algorithm`](super::Algorithm). The key is written anew as PKCS#8 and encrypted under the
/// password.
///
/// Of an RSA key, the public exponent must be 65537, as for cosign. Cosign's further tests for
/// moduli of faulty generators (ROCA, neighbouring primes) are not made.
///
/// # Errors
/// [`KeyError::TooLarge`] above 64 KiB; [`KeyError::Unsupported`] for other PEM types (encrypted
/// keys among them: decrypt them first), curves, sizes and algorithms; [`KeyError::Malformed`];
/// [`KeyError::OutOfMemory`].
pub fn import(pem: &[u8], password: &[u8], random: &mut dyn Random) -> Result<KeyPair, KeyError> {
    let block = pem::Block::find("private key", pem)?;
    let parse = match block.label() {
        "PRIVATE KEY" => PrivateKey::from_pkcs8_der,
        "RSA PRIVATE KEY" => PrivateKey::from_pkcs1_der,
        "EC PRIVATE KEY" => PrivateKey::from_sec1_der,
        label => {
            let accepted = "PRIVATE KEY, RSA PRIVATE KEY and EC PRIVATE KEY, unencrypted";
            let found = quoted(label);
            return Err(KeyError::unsupported(
                "private key PEM type",
                found,
                accepted,
            ));
        }
    };
    let key = parse(&block.contents("private key PEM block")?)?;
    if let Key::Rsa(key) = key.public_key().key() {
        rsa_key::check_usual_exponent(key)?;
    }
    seal(&key, password, random)
}

fn seal(key: &PrivateKey, password: &[u8], random: &mut dyn Random) -> Result<KeyPair, KeyError> {
    let pkcs8 = key.to_pkcs8_der()?;
    Ok(KeyPair {
        private_key_file: encrypted_file::seal(pkcs8.as_bytes(), password, random)?,
        public_key: key.public_key().to_pem(),
    })
}

/// A draw is no key with a probability of 2^-32.
const ATTEMPTS: usize = 8;
