//! Members of JSON objects as logs write them.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;

use super::limits::{MAX_INTEGER, MAX_PROOF_HASHES};
use crate::json::{Object, read_member};

/// Standard base64 with padding, in its one encoding: what was decoded can be encoded again to
/// the same text, which a signed entry timestamp covers.
pub(super) fn base64(name: &str, text: &str) -> Result<Vec<u8>, String> {
    STANDARD
        .decode(text)
        .map_err(|error| format!("{name}: {error}"))
}

/// Hexadecimal digits in lower case.
pub(super) fn hex(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.ok_or_else(|| format!("{name}: expected hexadecimal digits in lower case"))
}

/// A way to write bytes as text: [`base64`] or [`hex`].
pub(super) type Encoding = fn(&str, &str) -> Result<Vec<u8>, String>;

/// Takes bytes out.
pub(super) fn bytes(
    object: &mut Object,
    name: &str,
    encoding: Encoding,
) -> Result<Option<Vec<u8>>, String> {
    let text: Option<String> = object.take(name)?;
    text.map(|text| encoding(name, &text)).transpose()
}

/// Takes bytes out that must be there.
pub(super) fn require_bytes(
    object: &mut Object,
    name: &str,
    encoding: Encoding,
) -> Result<Vec<u8>, String> {
    encoding(name, &object.require::<String>(name)?)
}

/// Takes a SHA-256 hash, or another 32 bytes, out.
pub(super) fn require_hash(
    object: &mut Object,
    name: &str,
    encoding: Encoding,
) -> Result<[u8; 32], String> {
    hash(name, &object.require::<String>(name)?, encoding)
}

/// Takes the hashes of a proof out; absent means none.
pub(super) fn hashes(
    object: &mut Object,
    name: &str,
    encoding: Encoding,
) -> Result<Vec<[u8; 32]>, String> {
    let items = list(object, name)?;
    if items.len() > MAX_PROOF_HASHES {
        let found = items.len();
        return Err(format!(
            "{name}: at most {MAX_PROOF_HASHES} hashes, found {found}"
        ));
    }
    let hash = |item: Box<RawValue>| {
        let text: String = read_member(name, &item)?;
        hash(name, &text, encoding)
    };
    items.into_iter().map(hash).collect()
}

/// Takes the items of a list out, not yet read; absent means none.
pub(super) fn list(object: &mut Object, name: &str) -> Result<Vec<Box<RawValue>>, String> {
    Ok(object.take(name)?.unwrap_or_default())
}

/// Takes an index or a time out: a number from 0 to [`MAX_INTEGER`], in digits, or in quotes too
/// as protobuf's JSON writes 64 bits. There, absent means 0.
pub(super) fn integer(object: &mut Object, name: &str) -> Result<Option<u64>, String> {
    let Some(raw) = object.take::<Box<RawValue>>(name)? else {
        return Ok(None);
    };
    let text = raw.get();
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let number = decimal(quoted.unwrap_or(text)).filter(|number| *number <= MAX_INTEGER);
    let found = || format!("{name}: expected an integer from 0 to {MAX_INTEGER}, found {text}");
    number.map(Some).ok_or_else(found)
}

/// A decimal number without sign and leading zeros, up to 2⁶³ − 1.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let minimal = !text.starts_with('0') || text == "0";
    let number = (plain && minimal).then(|| text.parse().ok()).flatten();
    number.filter(|number| i64::try_from(*number).is_ok())
}

fn hash(name: &str, text: &str, encoding: Encoding) -> Result<[u8; 32], String> {
    let bytes = encoding(name, text)?;
    let found = bytes.len();
    <[u8; 32]>::try_from(bytes).map_err(|_| format!("{name}: expected 32 bytes, found {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: &str) -> Object {
        Object::parse(format!(r#"{{"n":{value}}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn integers_are_plain_and_exact() {
        for (text, expected) in [
            ("0", Some(0)),
            ("\"0\"", Some(0)),
            ("7", Some(7)),
            ("\"7\"", Some(7)),
            ("null", None),
            ("9007199254740991", Some(MAX_INTEGER)),
        ] {
            assert_eq!(integer(&mut object(text), "n"), Ok(expected), "{text}");
        }
        for bad in [
            "-1",
            "\"-1\"",
            "1.0",
            "1e3",
            "\"1e3\"",
            "\"\"",
            "\"07\"",
            "\"+7\"",
            "\" 7\"",
            "true",
            "[]",
            "9007199254740992",
            "\"18446744073709551616\"",
            r#""\u0037""#,
        ] {
            assert!(integer(&mut object(bad), "n").is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_have_one_encoding() {
        assert_eq!(hex("", "00ff").unwrap(), [0, 255]);
        assert_eq!(base64("", "AP8=").unwrap(), [0, 255]);
        for bad in ["0", "00fF", "0x", "é", "00 "] {
            assert!(hex("", bad).is_err(), "{bad}");
        }
        for bad in ["AP8", "AP9=", "AP8=\n", " AP8=", "AP-_", "AP8=="] {
            assert!(base64("", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn proofs_are_bounded() {
        let hashes_of = |count: usize| {
            let list = alloc::vec![format!("\"{}\"", "00".repeat(32)); count].join(",");
            hashes(&mut object(&format!("[{list}]")), "n", hex)
        };
        assert_eq!(hashes_of(63).unwrap().len(), 63);
        assert!(hashes_of(64).is_err());
        assert!(hashes(&mut object("[\"00\"]"), "n", hex).is_err());
        assert!(hashes(&mut object("null"), "n", hex).unwrap().is_empty());
    }
}
