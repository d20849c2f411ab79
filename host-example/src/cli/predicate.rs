use std::time::SystemTime;

use cosignet_host::api::Predicate;
use serde_json::{Value, json};

use super::failure::Failure;
use super::files;
use super::signing::now;

/// The predicate of a file, or of standard input, by the name of its type.
pub fn read(name: &str, path: &str) -> Result<Predicate, Failure> {
    let predicate_type = type_of(name)?;
    let file = files::read_predicate(path)?;
    Ok(Predicate {
        content: content_of(name, &file, now()?)?,
        predicate_type,
    })
}

/// The type of a predicate by cosign's name for it, or as a URI.
pub fn type_of(name: &str) -> Result<String, Failure> {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    match known {
        Some((_, uri)) => Ok((*uri).to_owned()),
        None if is_uri(name) => Ok(name.to_owned()),
        None => {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            Err(Failure::other(format!(
                "--type {name}: expected a URI or one of {}",
                names.join(", ")
            )))
        }
    }
}

/// The predicate that a file holds, JSON, as cosign reads it: text of type `spdx` is a string, and what
/// is `custom` is wrapped with the time; anything else is JSON as it stands.
fn content_of(name: &str, file: &[u8], now: SystemTime) -> Result<Vec<u8>, Failure> {
    let text = || {
        std::str::from_utf8(file).map_err(|_| {
            Failure::other(format!("a predicate of type {name} must be text in UTF-8"))
        })
    };
    let content = match name {
        "custom" => {
            let timestamp = humantime::format_rfc3339_seconds(now).to_string();
            json!({ "Data": text()?, "Timestamp": timestamp }).to_string()
        }
        "spdx" => Value::from(text()?).to_string(),
        _ => {
            let json = text()?.trim();
            serde_json::from_str::<serde::de::IgnoredAny>(json).map_err(|error| {
                Failure::other(format!("a predicate of type {name} must be JSON: {error}"))
            })?;
            json.to_owned()
        }
    };
    Ok(content.into_bytes())
}

/// A scheme, and something after it (RFC 3986 §3.1).
fn is_uri(name: &str) -> bool {
    let Some((scheme, rest)) = name.split_once(':') else {
        return false;
    };
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(is_scheme)
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic())
}

/// cosign's names (`cmd/cosign/cli/options/predicate.go`).
const NAMES: [(&str, &str); 10] = [
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("link", "https://in-toto.io/Link/v1"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "https://openvex.dev/ns"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_and_uris() {
        for (name, uri) in [
            ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
            ("https://x.example/p/v1", "https://x.example/p/v1"),
            ("urn:a:b", "urn:a:b"),
        ] {
            assert_eq!(type_of(name).unwrap(), uri);
        }
        for bad in ["", "slsa", "no uri", "a b:c", "http:", ":x", "http://x y"] {
            assert!(type_of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reads_a_file_as_cosign_does() {
        let content = |name, file: &[u8]| {
            content_of(name, file, SystemTime::UNIX_EPOCH)
                .map(|content| String::from_utf8(content).unwrap())
                .ok()
        };
        assert_eq!(
            content("custom", b"a\n\"b\""),
            Some(r#"{"Data":"a\n\"b\"","Timestamp":"1970-01-01T00:00:00Z"}"#.into())
        );
        assert_eq!(content("spdx", b"A: b"), Some(r#""A: b""#.into()));
        // The order of the keys is the file's.
        assert_eq!(
            content("spdxjson", b" {\"b\":1,\"a\":2}\n"),
            Some(r#"{"b":1,"a":2}"#.into())
        );
        for bad in ["vuln", "https://x.example/p"] {
            assert_eq!(content(bad, b"{"), None);
            assert_eq!(content(bad, b"\xff"), None);
        }
    }
}
