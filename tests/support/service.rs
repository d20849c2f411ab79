//! A key service in memory.

use cosignet::imports::{KeyService, KeyServiceError};
use cosignet::oci::Digest;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{EncodePublicKey as _, LineEnding};

/// A service with one P-256 key.
pub struct MemoryKeyService {
    key: SigningKey,
    /// How often it signed.
    pub signed: usize,
    /// What it answers instead of signing.
    pub answer: Option<Result<Vec<u8>, KeyServiceError>>,
    /// What it answers instead of the public key.
    pub public_key: Option<Result<String, KeyServiceError>>,
    /// Whether it negates s: a valid signature, but another one.
    pub malleated: bool,
}

impl MemoryKeyService {
    /// A key by a number.
    pub fn new(number: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[number.wrapping_add(1).max(1); 32]).unwrap(),
            signed: 0,
            answer: None,
            public_key: None,
            malleated: false,
        }
    }

    /// The public key in PEM.
    pub fn pem(&self) -> String {
        let key = self.key.verifying_key();
        key.to_public_key_pem(LineEnding::LF).unwrap()
    }
}

impl KeyService for MemoryKeyService {
    fn public_key(&mut self, _key: &str) -> Result<String, KeyServiceError> {
        let honest = Ok(self.pem());
        self.public_key.clone().unwrap_or(honest)
    }

    fn sign_digest(&mut self, _key: &str, digest: &Digest) -> Result<Vec<u8>, KeyServiceError> {
        self.signed += 1;
        if let Some(answer) = self.answer.clone() {
            return answer;
        }
        let signature: Signature = self.key.sign_prehash(digest.as_bytes()).unwrap();
        let signature = match self.malleated {
            true => {
                let (r, s) = signature.split_scalars();
                Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap()
            }
            false => signature,
        };
        Ok(signature.to_der().as_bytes().to_vec())
    }
}
