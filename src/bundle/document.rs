use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;

use super::message_digest::MessageDigest;
use crate::json::Object;
use crate::key::{Message, PublicKey};
use crate::payload::{Envelope, MAX_ENVELOPE_SIZE};

/// A sigstore bundle of version 0.3 by a key that the verifier has; nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// What is signed, and the signature.
    pub content: Content,
    /// `tlogEntries`, JSON: what [`crate::log::LogEntry::all_from_bundle`] reads. `None` where the
    /// bundle lists none.
    pub log_entries: Option<String>,
}

/// What a bundle signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message that is not in the bundle.
    MessageSignature {
        /// The signature.
        signature: Vec<u8>,
        /// The digest of the message, if the bundle gives one.
        digest: Option<MessageDigest>,
    },
    /// An envelope with its payload.
    Dsse(Envelope),
}

impl Content {
    /// A signature over a message, of which the bundle holds the digest.
    pub fn of_message(message: Message<'_>, signature: Vec<u8>) -> Self {
        Self::MessageSignature {
            signature,
            digest: Some(MessageDigest::of(message)),
        }
    }
}

impl Bundle {
    /// Whether bytes claim to be a bundle: nothing else that holds a signature is a JSON object with
    /// a media type.
    pub fn is_claimed_by(bytes: &[u8]) -> bool {
        is_object_with(bytes, "mediaType")
    }

    /// Reads a bundle. Members that are not known are refused, since a reader that knows them would
    /// see another bundle; so are certificates, by which others sign.
    ///
    /// # Errors
    /// Says what is wrong with it, or that it is larger than [`MAX_BUNDLE_SIZE`].
    pub fn parse(bundle: &[u8]) -> Result<Self, String> {
        let mut bundle = open(bundle)?;
        let media_type: String = bundle.require("mediaType")?;
        if !MEDIA_TYPES.contains(&media_type.as_str()) {
            let found: String = media_type.chars().take(120).collect();
            return Err(format!("mediaType: expected {MEDIA_TYPE}, found {found:?}"));
        }
        let mut material: Object = bundle.require("verificationMaterial")?;
        // A name for a key, and not a key.
        let _hint: Object = material.require("publicKey")?;
        let log_entries: Option<Box<RawValue>> = material.take("tlogEntries")?;
        // Not looked at, and nothing is said of it.
        let _timestamps: Option<Box<RawValue>> = material.take("timestampVerificationData")?;
        material.finish()?;
        let message: Option<Object> = bundle.take("messageSignature")?;
        let envelope: Option<Object> = bundle.take("dsseEnvelope")?;
        bundle.finish()?;
        let content = match (message, envelope) {
            (Some(message), None) => read_message_signature(message)?,
            (None, Some(envelope)) => Content::Dsse(Envelope::read(envelope)?),
            _ => return Err("expected one of messageSignature and dsseEnvelope".into()),
        };
        let log_entries = log_entries.map(|raw| String::from(raw.get()));
        Ok(Self {
            content,
            log_entries: log_entries.filter(|entries| entries != "[]"),
        })
    }

    /// Writes the bundle of what this key signed, in the order of the fields' numbers, as Go's
    /// `protojson` writes it; the hint is cosign's, SHA-256 of the SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// None that can happen: strings can be written.
    pub fn to_json(&self, key: &PublicKey) -> Result<String, String> {
        let hint = BASE64.encode(key.fingerprint());
        let log_entries = match &self.log_entries {
            Some(entries) => format!(r#","tlogEntries":{entries}"#),
            None => String::new(),
        };
        let content = match &self.content {
            Content::MessageSignature { signature, digest } => {
                let digest = digest.as_ref().map(MessageDigest::to_json);
                let digest = digest.as_deref().unwrap_or("{}");
                let signature = BASE64.encode(signature);
                format!(
                    r#""messageSignature":{{"messageDigest":{digest},"signature":"{signature}"}}"#
                )
            }
            Content::Dsse(envelope) => format!(r#""dsseEnvelope":{}"#, envelope.to_json()?),
        };
        Ok(format!(
            r#"{{"mediaType":"{MEDIA_TYPE}","verificationMaterial":{{"publicKey":{{"hint":"{hint}"}}{log_entries}}},{content}}}"#
        ))
    }
}

/// Whether bytes are a JSON object with this member.
pub(super) fn is_object_with(bytes: &[u8], member: &str) -> bool {
    let is_object = bytes.trim_ascii_start().first() == Some(&b'{');
    is_object && Object::parse(bytes).is_ok_and(|object| object.has(member))
}

/// The members of a bundle of any kind.
pub(super) fn open(bundle: &[u8]) -> Result<Object, String> {
    if bundle.len() > MAX_BUNDLE_SIZE {
        let found = bundle.len();
        return Err(format!(
            "a bundle has at most {MAX_BUNDLE_SIZE} bytes, found {found}"
        ));
    }
    Object::parse(bundle)
}

fn read_message_signature(mut message: Object) -> Result<Content, String> {
    let signature: String = message.require("signature")?;
    let digest = match message.take::<Object>("messageDigest")? {
        Some(digest) => MessageDigest::read(digest)?,
        None => None,
    };
    message.finish()?;
    Ok(Content::MessageSignature {
        signature: base64("signature", &signature)?,
        digest,
    })
}

fn base64(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let decoded = BASE64.decode(text);
    decoded.map_err(|error| format!("{name}: {error}"))
}

/// Bytes of a bundle: an envelope, and more than its log entries may have.
pub const MAX_BUNDLE_SIZE: usize = MAX_ENVELOPE_SIZE + 2 * 1024 * 1024;
/// The annotation of a referrer's manifest in which cosign says what kind of statement the bundle
/// holds. Nobody has signed it.
pub const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// The annotation in which cosign says what a bundle's content is; nobody reads it.
pub const CONTENT: &str = "dev.sigstore.bundle.content";
/// The media type of bundles.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const MEDIA_TYPES: [&str; 2] = [
    MEDIA_TYPE,
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(content: &str, material: &str) -> String {
        format!(
            r#"{{"mediaType":"{MEDIA_TYPE}","verificationMaterial":{{"publicKey":{{"hint":"x"}}{material}}},{content}}}"#
        )
    }

    fn message(content: &str) -> String {
        bundle(&format!(r#""messageSignature":{{{content}}}"#), "")
    }

    #[test]
    fn reads_what_is_there() {
        let digest = MessageDigest::of(b"message".as_slice().into());
        let content = format!(
            r#""messageSignature":{{"messageDigest":{},"signature":"AQI="}}"#,
            digest.to_json()
        );
        let read = bundle(&content, r#","tlogEntries":[{}]"#);
        assert!(Bundle::is_claimed_by(read.as_bytes()));
        assert_eq!(
            Bundle::parse(read.as_bytes()),
            Ok(Bundle {
                content: Content::MessageSignature {
                    signature: vec![1, 2],
                    digest: Some(digest),
                },
                log_entries: Some("[{}]".into()),
            })
        );
        for bare in [
            message(r#""messageDigest":{},"signature":"AQI=""#),
            message(r#""signature":"AQI=""#),
        ] {
            let bare = Bundle::parse(bare.as_bytes()).unwrap();
            assert_eq!(bare.log_entries, None);
            let Content::MessageSignature { digest, .. } = bare.content else {
                panic!("{bare:?}");
            };
            assert_eq!(digest, None);
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let good = message(r#""signature":"AQI=""#);
        assert!(Bundle::parse(good.as_bytes()).is_ok());
        let envelope =
            r#""dsseEnvelope":{"payload":"","payloadType":"t","signatures":[{"sig":""}]}"#;
        assert!(Bundle::parse(bundle(envelope, "").as_bytes()).is_ok());
        for (bad, said) in [
            ("{}".into(), "mediaType"),
            (good.replace("v0.3", "v0.4"), "mediaType"),
            (good.replace("publicKey", "certificate"), "publicKey"),
            (good.replace("messageSignature", "content"), "content"),
            (bundle("\"a\":1", ""), "a: not"),
            (
                bundle(
                    &format!(r#"{envelope},"messageSignature":{{"signature":""}}"#),
                    "",
                ),
                "expected one of",
            ),
            (good.replace("AQI=", "A"), "signature"),
            (message(r#""signature":"AQI=","more":1"#), "more"),
            (
                bundle(r#""messageSignature":{"signature":"AQI="}"#, r#","more":1"#),
                "more",
            ),
            (
                message(
                    r#""messageDigest":{"algorithm":"MD5","digest":"AQI="},"signature":"AQI=""#,
                ),
                "SHA2_256",
            ),
        ] {
            let why = Bundle::parse(bad.as_bytes()).unwrap_err();
            assert!(why.contains(said), "{bad}: {why}");
        }
        for other in [&b""[..], b"MEUC", b"{", b"{\"a\":1}", &[0x30, 0x45]] {
            assert!(!Bundle::is_claimed_by(other));
        }
    }
}
