//! JSON as Go writes it, and JSON objects that say each thing once.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Serializes to the bytes that Go's `encoding/json` produces for the same structure: compact,
/// with `<`, `>`, `&`, U+2028 and U+2029 escaped.
///
/// `serde_json` agrees with Go on everything else: short escapes for `\b \f \n \r \t`, lower-case
/// `\u00xx` for the other controls, and raw UTF-8. None of the five characters can stand outside
/// a string, so the text can be escaped as a whole.
pub(crate) fn to_go_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let plain = serde_json::to_string(value)?;
    let mut escaped = String::with_capacity(plain.len());
    for character in plain.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    Ok(escaped)
}

/// A JSON object with its members as they stand, in their order.
///
/// A key that is given twice is refused: two readers could disagree about which one counts.
pub(crate) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// Reads an object; says what is wrong with bytes that are none.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// Takes a member out and reads it; `None` where it is absent or `null`.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, String> {
        let Some(place) = self.0.iter().position(|(name, _)| name == key) else {
            return Ok(None);
        };
        let (_, raw) = self.0.remove(place);
        serde_json::from_str(raw.get()).map_err(|error| format!("{key}: {error}"))
    }

    /// Takes a member out that must be there.
    pub(crate) fn require<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, String> {
        self.take(key)?.ok_or_else(|| format!("{key}: missing"))
    }

    /// Whether a member of that name is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }

    /// Refuses what was not taken out.
    pub(crate) fn finish(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((key, _)) => Err(format!("{key}: not a member that is known here")),
        }
    }

    /// What was not taken out, in its order.
    pub(crate) fn into_rest(self) -> Vec<(String, Box<RawValue>)> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::<(String, Box<RawValue>)>::new();
                let mut names = alloc::collections::BTreeSet::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if !names.insert(key.to_owned()) {
                        return Err(A::Error::custom(format!("{key}: given twice")));
                    }
                    members.push((key, value));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_go_escapes() {
        let text = "<&>\u{2028}\u{2029}\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}é\u{fffd}";
        assert_eq!(
            to_go_json(&text).unwrap(),
            "\"\\u003c\\u0026\\u003e\\u2028\\u2029\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u{7f}é\u{fffd}\""
        );
    }

    #[test]
    fn refuses_a_key_given_twice() {
        assert!(Object::parse(br#"{"a":1,"b":2}"#).is_ok());
        assert!(Object::parse(br#"{"a":1,"a":1}"#).is_err_and(|e| e.contains("a: given twice")));
    }

    #[test]
    fn refuses_text_after_the_object() {
        assert!(Object::parse(b"{} {}").is_err());
        assert!(Object::parse(b"[]").is_err());
    }

    #[test]
    fn takes_members_out() {
        let mut object = Object::parse(br#"{"a":"x","n":null,"z":[1]}"#).unwrap();
        assert_eq!(object.require::<String>("a").unwrap(), "x");
        assert_eq!(object.take::<String>("n").unwrap(), None);
        assert!(object.require::<String>("absent").is_err());
        assert!(object.finish().is_err_and(|error| error.starts_with("z:")));
    }
}
