use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE};

use crate::json::{Elements, Object};

/// A DSSE envelope with one signature (`secure-systems-lab/dsse`, `envelope.md`): a payload with its
/// type, and a signature over both. Nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The type of the payload, signed with it.
    pub payload_type: String,
    /// The payload, decoded.
    pub payload: Vec<u8>,
    /// The signature, decoded.
    pub signature: Vec<u8>,
}

impl Envelope {
    /// Reads an envelope. Exactly one signature: of several, readers disagree about how many must
    /// hold, and sigstore bundles allow no other number.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(envelope: &[u8]) -> Result<Self, String> {
        if envelope.len() > MAX_ENVELOPE_SIZE {
            let found = envelope.len();
            return Err(format!(
                "an envelope has at most {MAX_ENVELOPE_SIZE} bytes, found {found}"
            ));
        }
        Self::read(Object::parse(envelope)?)
    }

    pub(crate) fn read(mut envelope: Object) -> Result<Self, String> {
        let payload_type: String = envelope.require("payloadType")?;
        let payload: String = envelope.require("payload")?;
        let signatures: Elements<2> = envelope.require("signatures")?;
        envelope.finish()?;
        let [signature] = signatures.first.as_slice() else {
            let found = signatures.count;
            return Err(format!("signatures: expected exactly one, found {found}"));
        };
        let mut signature = Object::parse(signature.get().as_bytes())?;
        let sig: String = signature.require("sig")?;
        // A name that nobody has signed: who verifies has the key.
        let _keyid: Option<String> = signature.take("keyid")?;
        signature.finish()?;
        Ok(Self {
            payload_type,
            payload: base64("payload", &payload)?,
            signature: base64("sig", &sig)?,
        })
    }

    /// Writes an envelope in the order of the fields' numbers, as Go's `protojson` and cosign 3.
    ///
    /// # Errors
    /// None that can happen: a string can be written.
    pub fn to_json(&self) -> Result<String, String> {
        let payload = BASE64.encode(&self.payload);
        let payload_type = serde_json::to_string(&self.payload_type);
        let payload_type = payload_type.map_err(|error| format!("payloadType: {error}"))?;
        let signature = BASE64.encode(&self.signature);
        Ok(format!(
            r#"{{"payload":"{payload}","payloadType":{payload_type},"signatures":[{{"sig":"{signature}"}}]}}"#
        ))
    }

    /// What the signature is over.
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }
}

/// The pre-authentication encoding of DSSE (`protocol.md`): what is signed in place of a payload, so
/// that its type is signed too.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// Either alphabet, as the specification asks of readers.
fn base64(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let decoded = BASE64.decode(text).or_else(|_| URL_SAFE.decode(text));
    decoded.map_err(|error| format!("{name}: {error}"))
}

/// Bytes of an envelope that are read: software bills of materials have some megabytes.
pub const MAX_ENVELOPE_SIZE: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_specification() {
        // `protocol.md`, its own test vector.
        let encoded = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(
            encoded,
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn reads_what_it_writes() {
        let envelope = Envelope {
            payload_type: "a/b \"c\"".into(),
            payload: vec![0xfb, 0xff, 0],
            signature: vec![1, 2],
        };
        let json = envelope.to_json().unwrap();
        assert_eq!(Envelope::parse(json.as_bytes()), Ok(envelope.clone()));
        let url_safe = json.replace("+/8A", "-_8A");
        assert_ne!(json, url_safe);
        assert_eq!(Envelope::parse(url_safe.as_bytes()), Ok(envelope));
    }

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        let good =
            r#"{"payload":"AA==","payloadType":"t","signatures":[{"keyid":"","sig":"AA=="}]}"#;
        assert!(Envelope::parse(good.as_bytes()).is_ok());
        for (from, to, said) in [
            (
                r#"[{"keyid":"","sig":"AA=="}]"#,
                "[]",
                "exactly one, found 0",
            ),
            (
                r#"[{"keyid":"","sig":"AA=="}]"#,
                r#"[{"sig":"AA=="},{"sig":"AA=="}]"#,
                "exactly one, found 2",
            ),
            (r#""payload":"AA==""#, r#""payload":"AA""#, "payload"),
            (r#""sig":"AA==""#, r#""sig":"A""#, "sig"),
            (r#""sig":"AA==""#, r#""sig":"AA==","cert":"x""#, "cert"),
            (
                r#""payloadType":"t""#,
                r#""payloadType":null"#,
                "payloadType",
            ),
            (
                r#""payloadType":"t""#,
                r#""payloadType":"t","payloadType":"u""#,
                "twice",
            ),
            ("}]}", "}],\"more\":1}", "more"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            let why = Envelope::parse(bad.as_bytes()).unwrap_err();
            assert!(why.contains(said), "{bad}: {why}");
        }
    }
}
