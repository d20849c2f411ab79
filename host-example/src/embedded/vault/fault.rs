//! What a Vault does wrong that no other server can.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{super::fault, route::Endpoint};

impl fault::Action<Endpoint> {
    /// Answers as a Vault that nobody has unsealed.
    pub fn sealed() -> Self {
        Self::Respond {
            status: StatusCode::SERVICE_UNAVAILABLE,
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"{\"errors\":[\"Vault is sealed\"]}\n"),
        }
    }

    /// Signs something else: flips a bit of each signature, which stays one in form. Answers without
    /// a signature stay as they are.
    pub fn flip_signature() -> Self {
        Self::rewrite(|bytes| {
            let flipped = flip(bytes);
            flipped.unwrap_or_else(|| bytes.to_vec())
        })
    }
}

fn flip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(bytes).ok()?;
    let signature = answer.pointer_mut("/data/signature")?;
    let (version, encoded) = signature.as_str()?.rsplit_once(':')?;
    let mut bytes = STANDARD.decode(encoded).ok()?;
    *bytes.last_mut()? ^= 1;
    *signature = format!("{version}:{}", STANDARD.encode(bytes)).into();
    Some(format!("{answer}\n").into_bytes())
}
