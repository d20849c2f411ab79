use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;

use crate::json::Object;
use crate::key::PublicKey;
use crate::oci::Digest;

/// What the bundle of a signature over a message as it is holds; nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSignature {
    /// The signature.
    pub signature: Vec<u8>,
    /// The SHA-256 digest of the message, if the bundle names one.
    pub digest: Option<Digest>,
    /// `tlogEntries`, JSON: what [`crate::log::LogEntry::all_from_bundle`] reads.
    pub log_entries: Option<String>,
}

impl MessageSignature {
    /// Writes the bundle of a signature by a key that the verifier has, with one log entry, in JSON.
    ///
    /// The order is that of the fields' numbers, as Go's `protojson` writes it; the hint is cosign's,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub fn write(message: &[u8], signature: &[u8], key: &PublicKey, log_entry: &str) -> String {
        let hint = BASE64.encode(key.fingerprint());
        let digest = BASE64.encode(Digest::of(message).as_bytes());
        let signature = BASE64.encode(signature);
        format!(
            r#"{{"mediaType":"{MEDIA_TYPE}","verificationMaterial":{{"publicKey":{{"hint":"{hint}"}},"tlogEntries":[{log_entry}]}},"messageSignature":{{"messageDigest":{{"algorithm":"SHA2_256","digest":"{digest}"}},"signature":"{signature}"}}}}"#
        )
    }

    /// Whether bytes claim to be a bundle: nothing else that holds a signature is a JSON object with a
    /// media type.
    pub fn is_claimed_by(bytes: &[u8]) -> bool {
        let is_object = bytes.trim_ascii_start().first() == Some(&b'{');
        is_object && Object::parse(bytes).is_ok_and(|object| object.has("mediaType"))
    }

    /// Reads a bundle of version 0.3 with a public key. Members that are not known are refused,
    /// since a reader that knows them would see another bundle; so are certificates and DSSE
    /// envelopes, which say who signs, or what, in another way.
    ///
    /// # Errors
    /// Says what is wrong with it, or that it is larger than [`MAX_BUNDLE_SIZE`].
    pub fn parse(bundle: &[u8]) -> Result<Self, String> {
        if bundle.len() > MAX_BUNDLE_SIZE {
            let found = bundle.len();
            return Err(format!(
                "a bundle has at most {MAX_BUNDLE_SIZE} bytes, found {found}"
            ));
        }
        let mut bundle = Object::parse(bundle)?;
        let media_type: String = bundle.require("mediaType")?;
        if !MEDIA_TYPES.contains(&media_type.as_str()) {
            let found: String = media_type.chars().take(120).collect();
            return Err(format!("mediaType: expected {MEDIA_TYPE}, found {found}"));
        }
        let mut material: Object = bundle.require("verificationMaterial")?;
        // A name for a key, and not a key: who verifies has the key.
        let _hint: Object = material.require("publicKey")?;
        let log_entries: Option<Box<RawValue>> = material.take("tlogEntries")?;
        // Not looked at, and nothing is said of it.
        let _timestamps: Option<Box<RawValue>> = material.take("timestampVerificationData")?;
        material.finish()?;
        let mut content: Object = bundle.require("messageSignature")?;
        let signature: String = content.require("signature")?;
        let digest = match content.take::<Object>("messageDigest")? {
            Some(digest) => read_digest(digest)?,
            None => None,
        };
        content.finish()?;
        bundle.finish()?;
        Ok(Self {
            signature: base64("signature", &signature)?,
            digest,
            log_entries: log_entries.map(|raw| raw.get().into()),
        })
    }
}

/// cosign leaves it empty with Ed25519 keys; other hashes are those of other keys.
fn read_digest(mut digest: Object) -> Result<Option<Digest>, String> {
    let algorithm: Option<String> = digest.take("algorithm")?;
    let value: Option<String> = digest.take("digest")?;
    digest.finish()?;
    let (Some("SHA2_256"), Some(value)) = (algorithm.as_deref(), value) else {
        return Ok(None);
    };
    let bytes = <[u8; 32]>::try_from(base64("digest", &value)?);
    let bytes = bytes.map_err(|_| "digest: expected 32 bytes")?;
    Ok(Some(Digest::from(bytes)))
}

fn base64(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let decoded = BASE64.decode(text);
    decoded.map_err(|error| format!("{name}: {error}"))
}

/// Bytes of a bundle: more than its log entries may have.
pub const MAX_BUNDLE_SIZE: usize = 1024 * 1024 + 64 * 1024;
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const MEDIA_TYPES: [&str; 2] = [
    MEDIA_TYPE,
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(content: &str, material: &str) -> String {
        format!(
            r#"{{"mediaType":"{MEDIA_TYPE}","verificationMaterial":{{"publicKey":{{"hint":"x"}}{material}}},"messageSignature":{{{content}}}}}"#
        )
    }

    #[test]
    fn reads_what_is_there() {
        let digest = BASE64.encode([7; 32]);
        let content = format!(
            r#""messageDigest":{{"algorithm":"SHA2_256","digest":"{digest}"}},"signature":"AQI=""#
        );
        let read = bundle(&content, r#","tlogEntries":[{}]"#);
        assert!(MessageSignature::is_claimed_by(read.as_bytes()));
        assert_eq!(
            MessageSignature::parse(read.as_bytes()),
            Ok(MessageSignature {
                signature: vec![1, 2],
                digest: Some(Digest::from([7; 32])),
                log_entries: Some("[{}]".into()),
            })
        );
        let bare = bundle(r#""messageDigest":{},"signature":"AQI=""#, "");
        let bare = MessageSignature::parse(bare.as_bytes()).unwrap();
        assert_eq!((bare.digest, bare.log_entries), (None, None));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let good = bundle(r#""signature":"AQI=""#, "");
        for (bad, said) in [
            ("{}".into(), "mediaType"),
            (good.replace("v0.3", "v0.4"), "mediaType"),
            (good.replace("publicKey", "certificate"), "publicKey"),
            (
                good.replace("messageSignature", "dsseEnvelope"),
                "messageSignature",
            ),
            (good.replace("AQI=", "AQ=="), ""),
            (good.replace("AQI=", "A"), "signature"),
            (bundle(r#""signature":"AQI=","more":1"#, ""), "more"),
            (bundle(r#""signature":"AQI=""#, r#","more":1"#), "more"),
            (
                bundle(
                    r#""messageDigest":{"algorithm":"SHA2_256","digest":"AQI="},"signature":"AQI=""#,
                    "",
                ),
                "digest",
            ),
        ] {
            match MessageSignature::parse(bad.as_bytes()) {
                Err(why) => assert!(why.contains(said), "{bad}: {why}"),
                Ok(read) => assert_eq!((said, read.signature), ("", vec![1])),
            }
        }
        for other in [&b""[..], b"MEUC", b"{", b"{\"a\":1}", &[0x30, 0x45]] {
            assert!(!MessageSignature::is_claimed_by(other));
        }
    }
}
