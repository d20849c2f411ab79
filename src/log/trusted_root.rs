//! The logs of a sigstore `trusted_root.json` (`sigstore_trustroot.proto`).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::value::RawValue;

use super::LogId;
use super::error::{TrustError, shown};
use super::fields::{self, base64};
use super::limits::{MAX_LOGS, MAX_TRUSTED_ROOT_SIZE};
use super::rfc3339::{self, Rounding};
use super::trusted_log::TrustedLog;
use crate::json::Object;
use crate::key::{Algorithm, PublicKey};

pub(super) fn parse(json: &[u8]) -> Result<Vec<TrustedLog>, TrustError> {
    let too_large = |part, limit, found| Err(TrustError::TooLarge { part, limit, found });
    if json.len() > MAX_TRUSTED_ROOT_SIZE {
        return too_large("bytes of a trusted root", MAX_TRUSTED_ROOT_SIZE, json.len());
    }
    let entries = parse_root(json).map_err(malformed)?;
    if entries.len() > MAX_LOGS {
        return too_large("trusted logs", MAX_LOGS, entries.len());
    }
    let mut logs = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let log = parse_log(entry).map_err(|why| malformed(format!("tlogs[{place}]: {why}")))?;
        logs.extend(log);
    }
    match logs.is_empty() {
        true => Err(TrustError::NoLogs(
            "the trusted root names none, or none whose kind of key is known here",
        )),
        false => Ok(logs),
    }
}

fn parse_root(json: &[u8]) -> Result<Vec<Box<RawValue>>, String> {
    let mut root = Object::parse(json)?;
    let media_type: String = root.require("mediaType")?;
    if !MEDIA_TYPES.contains(&media_type.as_str()) {
        return Err(format!("mediaType: unknown: {media_type}"));
    }
    fields::list(&mut root, "tlogs")
}

/// Reads a `TransparencyLogInstance`; `None` for a kind of key or hash that is not known here.
fn parse_log(json: &RawValue) -> Result<Option<TrustedLog>, String> {
    let mut log = Object::parse(json.get().as_bytes())?;
    let mut key: Object = log.require("publicKey")?;
    let details: Option<String> = key.take("keyDetails")?;
    let hash: Option<String> = log.take("hashAlgorithm")?;
    let algorithm = details.as_deref().and_then(algorithm);
    let (Some(algorithm), Some("SHA2_256")) = (algorithm, hash.as_deref()) else {
        return Ok(None);
    };
    let spki = fields::require_bytes(&mut key, "rawBytes", base64)?;
    let public_key = PublicKey::from_spki_der(&spki).map_err(|error| error.to_string())?;
    if public_key.algorithm() != algorithm {
        return Err(format!("keyDetails: the key is {}", public_key.algorithm()));
    }
    let mut id: Object = log.require("logId")?;
    let id = LogId(fields::require_hash(&mut id, "keyId", base64)?);
    let checkpoint_key_id = match log.take::<Object>("checkpointKeyId")? {
        None => None,
        Some(mut id) => {
            let id = fields::require_bytes(&mut id, "keyId", base64)?;
            Some(*id.first_chunk().ok_or("checkpointKeyId: too short")?)
        }
    };
    let (start, end) = match key.take::<Object>("validFor")? {
        None => (None, None),
        Some(mut window) => (
            time(&mut window, "start", Rounding::Up)?,
            time(&mut window, "end", Rounding::Down)?,
        ),
    };
    let host = log
        .take::<String>("baseUrl")?
        .map(|url| host(&url).to_string());
    let log = TrustedLog::new(public_key).map_err(|error| error.to_string())?;
    let log = log.with_given_id(id, checkpoint_key_id, host);
    Ok(Some(log.with_validity(start, end)))
}

/// The kinds of keys that logs sign with.
fn algorithm(details: &str) -> Option<Algorithm> {
    match details {
        "PKIX_ECDSA_P256_SHA_256" => Some(Algorithm::EcdsaP256),
        "PKIX_ECDSA_P384_SHA_384" => Some(Algorithm::EcdsaP384),
        "PKIX_ECDSA_P521_SHA_512" => Some(Algorithm::EcdsaP521),
        "PKIX_ED25519" => Some(Algorithm::Ed25519),
        _ => None,
    }
}

/// What cosign takes for the origin of a Rekor v2: the host in its address.
fn host(url: &str) -> &str {
    let rest = match url.split_once(':') {
        Some((_scheme, rest)) => rest.strip_prefix("//").unwrap_or(url),
        None => url,
    };
    rest.split(['/', ':', '?', '#']).next().unwrap_or(rest)
}

/// A second that belongs to the window.
fn time(window: &mut Object, name: &str, rounding: Rounding) -> Result<Option<i64>, String> {
    let Some(text) = window.take::<String>(name)? else {
        return Ok(None);
    };
    let seconds = rfc3339::parse(&text, rounding);
    seconds
        .map(Some)
        .ok_or_else(|| format!("{name}: no RFC 3339 time: {text}"))
}

fn malformed(problem: impl core::fmt::Display) -> TrustError {
    TrustError::MalformedRoot(shown(problem))
}

/// Version 0.1 in the form that is written still, and in the one that the specification wants;
/// 0.2 adds who operates a log.
const MEDIA_TYPES: [&str; 3] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];
