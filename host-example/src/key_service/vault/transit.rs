//! What the transit engine answers: keys and signatures, read strictly.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosignet::key::{Algorithm, PublicKey};
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use serde::Deserialize;

use super::refusal::OTHER_KEY;
use crate::api::KeyServiceError;
use crate::http::quoted;
use crate::key_service::VaultKeyName;

/// One version of a key: the one whose public key was read, and that is to sign.
pub(super) struct PinnedKey {
    pub pem: String,
    version: u64,
    /// Why it cannot sign here.
    obstacle: Option<KeyServiceError>,
}

#[derive(Deserialize)]
struct Wrapped<T> {
    data: T,
}

#[derive(Deserialize)]
struct Key {
    #[serde(rename = "type")]
    kind: String,
    latest_version: u64,
    /// Of a key that does not sign, numbers.
    keys: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Signature {
    signature: String,
}

impl PinnedKey {
    /// Of the answer to reading a key: this version of it, or else the latest.
    pub fn read(
        name: &VaultKeyName,
        version: Option<u64>,
        body: &[u8],
    ) -> Result<Self, KeyServiceError> {
        let Wrapped { data: key } = serde_json::from_slice::<Wrapped<Key>>(body)
            .map_err(|error| broken(name, &format!("a key, {error}")))?;
        let expected = match key.kind.as_str() {
            "ecdsa-p256" => Algorithm::EcdsaP256,
            "ecdsa-p384" => Algorithm::EcdsaP384,
            "ecdsa-p521" => Algorithm::EcdsaP521,
            "rsa-2048" => Algorithm::Rsa2048,
            "rsa-3072" => Algorithm::Rsa3072,
            "rsa-4096" => Algorithm::Rsa4096,
            "ed25519" => Algorithm::Ed25519,
            other => {
                return Err(KeyServiceError::Unsupported(format!(
                    "the key {name} of Vault is of type {}, which signs nothing here; {OTHER_KEY}",
                    quoted(other)
                )));
            }
        };
        let version = version.unwrap_or(key.latest_version);
        let Some(of_version) = key.keys.get(&version.to_string()) else {
            let there: Vec<&str> = key.keys.keys().map(String::as_str).take(SHOWN).collect();
            return Err(KeyServiceError::NotFound(format!(
                "the key {name} of Vault has no version {version}, but {}; look at \
                 VAULT_KEY_PREFIX",
                there.join(", ")
            )));
        };
        let text = of_version.get("public_key").and_then(|key| key.as_str());
        let text = text.ok_or_else(|| broken(name, "a key with a public_key"))?;
        let pem = match expected {
            Algorithm::Ed25519 => ed25519_pem(text),
            _ => Some(text.to_owned()),
        };
        let public = pem.and_then(|pem| PublicKey::from_pem(pem.as_bytes()).ok());
        let public = public
            .filter(|public| public.algorithm() == expected)
            .ok_or_else(|| broken(name, &format!("the public key of one of type {expected}")))?;
        let obstacle = (expected == Algorithm::Ed25519).then(|| {
            KeyServiceError::Unsupported(format!(
                "the key {name} of Vault is of type ed25519, which signs whole messages, and a key \
                 service is given their digest; {OTHER_KEY}"
            ))
        });
        Ok(Self {
            pem: public.to_pem(),
            version,
            obstacle,
        })
    }

    /// The version that is to sign.
    pub fn signing_version(&self) -> Result<u64, KeyServiceError> {
        match &self.obstacle {
            None => Ok(self.version),
            Some(obstacle) => Err(obstacle.clone()),
        }
    }
}

/// Of the answer to signing: `vault:vN:BASE64`, by the version that was asked for.
pub(super) fn signature(
    name: &VaultKeyName,
    version: u64,
    body: &[u8],
) -> Result<Vec<u8>, KeyServiceError> {
    let Wrapped { data: made } = serde_json::from_slice::<Wrapped<Signature>>(body)
        .map_err(|error| broken(name, &format!("a signature, {error}")))?;
    let encoded = made.signature.strip_prefix(&format!("vault:v{version}:"));
    let signature = encoded.and_then(|encoded| BASE64.decode(encoded).ok());
    signature.ok_or_else(|| {
        let expected = format!("a signature vault:v{version}:BASE64");
        let found = quoted(&made.signature);
        broken(name, &format!("{expected}, found {found}"))
    })
}

/// Vault gives the 32 bytes alone.
fn ed25519_pem(encoded: &str) -> Option<String> {
    let bytes = BASE64.decode(encoded).ok()?;
    let key = ed25519_dalek::VerifyingKey::try_from(bytes.as_slice()).ok()?;
    key.to_public_key_pem(LineEnding::LF).ok()
}

fn broken(name: &VaultKeyName, expected: &str) -> KeyServiceError {
    KeyServiceError::Other(format!(
        "the answer of Vault about the key {name}: expected {expected}"
    ))
}

/// Versions that an error names.
const SHOWN: usize = 16;
