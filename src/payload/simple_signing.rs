use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{MAX_MEMBERS, Object, to_go_json};
use crate::oci::Digest;

/// The simple-signing payload, containers/image `containers-signature(5)` as cosign writes it.
///
/// The bytes of `to_bytes` are those of `sigstore/pkg/signature/payload`: the order of Go's
/// structures, no white space, no final newline, annotations sorted by the bytes of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimpleSigning {
    /// `critical.identity.docker-reference`: registry and repository, without tag or digest.
    pub docker_reference: String,
    /// `critical.image.docker-manifest-digest`.
    pub digest: Digest,
    /// The string members of `optional`. Others can be read past, and are not shown.
    pub annotations: BTreeMap<String, String>,
}

impl SimpleSigning {
    /// The payload's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PayloadError> {
        if self.annotations.len() > MAX_MEMBERS {
            return Err(PayloadError::TooManyAnnotations(self.annotations.len()));
        }
        let malformed = |error: serde_json::Error| PayloadError::Malformed(error.to_string());
        let reference = to_go_json(&self.docker_reference).map_err(malformed)?;
        let optional = (!self.annotations.is_empty()).then_some(&self.annotations);
        let optional = to_go_json(&optional).map_err(malformed)?;
        let digest = self.digest;
        let bytes = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":{reference}}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"{TYPE}"}},"optional":{optional}}}"#
        )
        .into_bytes();
        within_limit(&bytes)?;
        Ok(bytes)
    }

    /// Reads a payload whose signature was verified, or which is shown as unverified.
    ///
    /// Stricter than cosign where two readers could disagree: member names are matched in their
    /// own case, none is given twice, `critical` holds nothing else, and no text follows.
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        within_limit(bytes)?;
        let malformed = PayloadError::Malformed;
        let mut document = Object::parse(bytes).map_err(malformed)?;
        let mut critical: Object = document.require("critical").map_err(malformed)?;
        let kind: String = critical.require("type").map_err(malformed)?;
        if kind != TYPE {
            return Err(PayloadError::UnexpectedType(
                kind.chars().take(SHOWN).collect(),
            ));
        }
        let mut identity: Object = critical.require("identity").map_err(malformed)?;
        let docker_reference = identity.require("docker-reference").map_err(malformed)?;
        let mut image: Object = critical.require("image").map_err(malformed)?;
        let digest = image.require("docker-manifest-digest").map_err(malformed)?;
        let optional: Option<Object> = document.take("optional").map_err(malformed)?;
        for part in [document, critical, identity, image] {
            part.finish().map_err(malformed)?;
        }
        let annotations = optional.map(Object::into_strings).transpose();
        let annotations = annotations.map_err(malformed)?.unwrap_or_default();
        Ok(Self {
            docker_reference,
            digest,
            annotations,
        })
    }
}

/// Why bytes are no payload, or a payload cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not the JSON that it should be.
    #[error("not a simple-signing payload: {0}")]
    Malformed(String),
    /// Another type of claim.
    #[error("expected a payload of type \"{TYPE}\", found {0:?}")]
    UnexpectedType(String),
    /// Longer than [`MAX_PAYLOAD_SIZE`].
    #[error("a payload is at most {MAX_PAYLOAD_SIZE} bytes long, found {0}")]
    TooLarge(usize),
    /// More annotations than are read back.
    #[error("a payload has at most {MAX_MEMBERS} annotations, found {0}")]
    TooManyAnnotations(usize),
}

/// The most bytes of a payload: over a hundred times what cosign writes without annotations.
pub const MAX_PAYLOAD_SIZE: usize = 64 * 1024;

fn within_limit(bytes: &[u8]) -> Result<(), PayloadError> {
    if bytes.len() > MAX_PAYLOAD_SIZE {
        return Err(PayloadError::TooLarge(bytes.len()));
    }
    Ok(())
}

const TYPE: &str = "cosign container image signature";
/// How many characters of an unexpected type an error shows.
const SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn payload(annotations: &[(&str, &str)]) -> SimpleSigning {
        SimpleSigning {
            docker_reference: "r.example/a".into(),
            digest: DIGEST.parse().unwrap(),
            annotations: annotations
                .iter()
                .map(|&(k, v)| (k.into(), v.into()))
                .collect(),
        }
    }

    #[test]
    fn writes_what_cosign_writes() {
        let start = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"r.example/a"}},"image":{{"docker-manifest-digest":"{DIGEST}"}},"type":"cosign container image signature"}},"optional":"#
        );
        assert_eq!(
            payload(&[]).to_bytes().unwrap(),
            format!("{start}null}}").into_bytes()
        );
        assert_eq!(
            payload(&[("b", "<&>"), ("a", ""), ("B", "é")])
                .to_bytes()
                .unwrap(),
            format!(r#"{start}{{"B":"é","a":"","b":"\u003c\u0026\u003e"}}}}"#).into_bytes()
        );
    }

    #[test]
    fn reads_what_it_writes() {
        for written in [payload(&[]), payload(&[("k", "v\u{2028}\"\\\n"), ("", "")])] {
            assert_eq!(
                SimpleSigning::parse(&written.to_bytes().unwrap()),
                Ok(written)
            );
        }
    }

    #[test]
    fn refuses_what_readers_could_disagree_about() {
        let good = String::from_utf8(payload(&[("a", "1")]).to_bytes().unwrap()).unwrap();
        assert!(SimpleSigning::parse(good.as_bytes()).is_ok());
        for bad in [
            good.replace("critical", "CRITICAL"),
            good.replace(r#""a":"1""#, r#""a":"1","a":"2""#),
            good.replace(r#""type":"#, r#""type":"x","type":"#),
            good.replace(r#""type":"#, r#""extra":1,"type":"#),
            good.replace("sha256:4", "sha256:Z"),
            good.clone() + "x",
            good.clone() + "{}",
            format!("\u{feff}{good}"),
            good.replace(r#""docker-reference":"r.example/a""#, ""),
            "null".into(),
            String::new(),
        ] {
            assert!(matches!(
                SimpleSigning::parse(bad.as_bytes()),
                Err(PayloadError::Malformed(_))
            ));
        }
        let other = good.replace("cosign container image", "atomic container");
        assert!(matches!(
            SimpleSigning::parse(other.as_bytes()),
            Err(PayloadError::UnexpectedType(_))
        ));
    }

    #[test]
    fn reads_past_claims_that_are_no_strings() {
        let good = String::from_utf8(payload(&[("a", "1")]).to_bytes().unwrap()).unwrap();
        let mixed = good.replace(r#""a":"1""#, r#""a":"1","n":1,"o":{"x":[]}"#);
        assert_eq!(
            SimpleSigning::parse(mixed.as_bytes()),
            Ok(payload(&[("a", "1")]))
        );
        let absent = good.replace(r#","optional":{"a":"1"}"#, "");
        assert_eq!(SimpleSigning::parse(absent.as_bytes()), Ok(payload(&[])));
    }

    #[test]
    fn is_bounded() {
        let long = "x".repeat(MAX_PAYLOAD_SIZE);
        assert!(matches!(
            payload(&[("a", &long)]).to_bytes(),
            Err(PayloadError::TooLarge(_))
        ));
        assert!(matches!(
            SimpleSigning::parse(long[..].as_bytes()),
            Err(PayloadError::Malformed(_))
        ));
        assert!(matches!(
            SimpleSigning::parse(format!("{long}x").as_bytes()),
            Err(PayloadError::TooLarge(_))
        ));
    }
}
