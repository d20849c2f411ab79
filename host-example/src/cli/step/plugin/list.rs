//! Lists and maps in one environment variable. Drone and Harness join lists with commas and write maps as
//! JSON; Woodpecker writes both as JSON; in GitHub Actions people write a line for each.

use serde_json::Value;

/// What a list looks like.
pub const LIST: &str = "a list: A,B, or a line for each, or JSON";
/// What a map looks like.
pub const MAP: &str = "a map: KEY=VALUE,KEY=VALUE, or a line for each, or JSON";

/// The items of a list.
pub fn list(text: &str) -> Option<Vec<String>> {
    if text.trim_start().starts_with('[') {
        let Ok(Value::Array(items)) = serde_json::from_str(text) else {
            return None;
        };
        return items.iter().map(scalar).collect();
    }
    Some(split(text).map(ToOwned::to_owned).collect())
}

/// The pairs of a map.
pub fn map(text: &str) -> Option<Vec<(String, String)>> {
    if text.trim_start().starts_with('{') {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return None;
        };
        let pairs = members.iter();
        return pairs
            .map(|(key, value)| Some((key.clone(), scalar(value)?)))
            .collect();
    }
    let pairs = list(text)?;
    let pairs = pairs.iter().map(|pair| {
        let (key, value) = pair.split_once('=')?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    });
    pairs.collect()
}

/// Lines, if there are several, or else what commas separate. PEM stays in one piece.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let is_pem = text.contains("-----BEGIN ");
    let separator = match text.trim().contains('\n') {
        true => '\n',
        false => ',',
    };
    let pieces = text.split(move |character| !is_pem && character == separator);
    pieces.map(str::trim).filter(|piece| !piece.is_empty())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(switch) => Some(switch.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_every_runner_are_read() {
        for text in ["a,b", " a , b ,", "[\"a\",\"b\"]", "a\nb\n", "\n a\n\n b"] {
            assert_eq!(list(text), Some(vec!["a".into(), "b".into()]), "{text:?}");
        }
        assert_eq!(list("[2, true]"), Some(vec!["2".into(), "true".into()]));
        assert_eq!(list(""), Some(Vec::new()));
        let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        assert_eq!(list(pem), Some(vec![pem.trim().into()]));
        for text in ["[\"a\"", "[[]]", "[null]", "[{}]"] {
            assert_eq!(list(text), None, "{text}");
        }
    }

    #[test]
    fn maps_of_every_runner_are_read() {
        let expected = vec![("a".to_owned(), "1".to_owned()), ("b".into(), "x=y".into())];
        for text in [
            "a=1,b=x=y",
            "a = 1\nb=x=y",
            "{\"a\":1,\"b\":\"x=y\"}",
            "[\"a=1\",\"b=x=y\"]",
        ] {
            assert_eq!(map(text), Some(expected.clone()), "{text:?}");
        }
        for text in ["a", "a=1,b", "{\"a\":[]}", "{", "[1]"] {
            assert_eq!(map(text), None, "{text}");
        }
    }
}
