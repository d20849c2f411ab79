//! JSON as Go writes it, and JSON objects that say each thing once.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
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

/// Reads JSON, always from bytes: of a reader of strings as well, both would be linked.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

/// A JSON object with its members as they stand, in their order.
///
/// A key that is given twice is refused: two readers could disagree about which one counts.
#[derive(Default)]
pub(crate) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// Reads an object; says what is wrong with bytes that are none.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if depth(bytes) > MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} deep"));
        }
        read(bytes)
    }

    /// Takes a member out and reads it; `None` where it is absent or `null`.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, String> {
        let raw = self.remove(key);
        raw.map(|raw| read_member(key, &raw)).transpose()
    }

    /// Takes a member out that must be there.
    pub(crate) fn require<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, String> {
        let raw = self.remove(key).ok_or_else(|| about(key, "missing"))?;
        read_member(key, &raw)
    }

    fn remove(&mut self, key: &str) -> Option<Box<RawValue>> {
        let place = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(place).1).filter(|raw| raw.get() != "null")
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

    /// The members that are strings; others are left out.
    pub(crate) fn into_strings(self) -> Result<BTreeMap<String, String>, String> {
        let mut strings = BTreeMap::new();
        for (key, raw) in self.0.into_iter().filter(|(_, raw)| is_string(raw)) {
            let value = read_member(&key, &raw)?;
            strings.insert(key, value);
        }
        Ok(strings)
    }

    /// The first member that is no string.
    pub(crate) fn other_than_string(&self) -> Option<&str> {
        let mut others = self.0.iter().filter(|(_, raw)| !is_string(raw));
        others.next().map(|(key, _)| key.as_str())
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
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if members.iter().any(|(name, _)| *name == key) {
                        return Err(A::Error::custom(format!("{key}: given twice")));
                    }
                    if members.len() == MAX_MEMBERS {
                        return Err(A::Error::custom(format!(
                            "more than {MAX_MEMBERS} members in one object"
                        )));
                    }
                    members.push((key, value));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The first elements of an array, and how many there are: an array of millions costs no more
/// than what is looked at.
pub(crate) struct Elements<const MOST: usize> {
    pub(crate) first: Vec<Box<RawValue>>,
    pub(crate) count: usize,
}

impl<'de, const MOST: usize> Deserialize<'de> for Elements<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values<const MOST: usize>;

        impl<'de, const MOST: usize> Visitor<'de> for Values<MOST> {
            type Value = Elements<MOST>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut array: A,
            ) -> Result<Elements<MOST>, A::Error> {
                let mut first = Vec::new();
                while first.len() < MOST {
                    match array.next_element()? {
                        Some(element) => first.push(element),
                        None => break,
                    }
                }
                let mut count = first.len();
                while array.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Elements { first, count })
            }
        }

        deserializer.deserialize_seq(Values)
    }
}

/// Reads the value of a member.
pub(crate) fn read_member<T: DeserializeOwned>(key: &str, raw: &RawValue) -> Result<T, String> {
    read(raw.get().as_bytes()).map_err(|error| about(key, &error))
}

fn about(key: &str, why: &str) -> String {
    format!("{key}: {why}")
}

fn is_string(raw: &RawValue) -> bool {
    raw.get().starts_with('"')
}

/// How deep brackets are nested, were the bytes JSON.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Manifests and payloads nest a handful of levels; readers give up at very different depths.
pub(crate) const MAX_DEPTH: usize = 32;
/// More claims or annotations than anybody makes; each is compared with each.
pub(crate) const MAX_MEMBERS: usize = 256;

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
    fn is_bounded() {
        let members = |count: usize| {
            let members: Vec<_> = (0..count).map(|n| format!("\"{n}\":0")).collect();
            Object::parse(format!("{{{}}}", members.join(",")).as_bytes())
        };
        assert!(members(MAX_MEMBERS).is_ok());
        assert!(members(MAX_MEMBERS + 1).is_err());
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
            Object::parse(format!(r#"{{"a":{open}"]\"[{{"{close}}}"#).as_bytes())
        };
        assert!(nested(MAX_DEPTH).is_ok());
        assert!(nested(MAX_DEPTH + 1).is_err());
        let elements = |text| serde_json::from_str::<Elements<2>>(text);
        let three = elements("[1,[2],3]").unwrap();
        assert_eq!((three.first.len(), three.count), (2, 3));
        assert_eq!(elements("[]").unwrap().count, 0);
        assert!(elements("{}").is_err() && elements("[1,2,3,]").is_err());
    }

    #[test]
    fn tells_strings_from_others() {
        let object = || Object::parse(br#"{"a":"\u0033","n":3,"l":["3"]}"#).unwrap();
        assert_eq!(object().other_than_string(), Some("n"));
        let strings = object().into_strings().unwrap();
        assert_eq!(strings, [("a".to_string(), "3".to_string())].into());
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
