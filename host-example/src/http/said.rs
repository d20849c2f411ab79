//! What an error body says, for people.

use std::fmt::Write as _;

use serde::Deserialize;

/// What an error body says, shortened and without control characters: `: TEXT`, or nothing.
pub(crate) struct Said<'a>(pub &'a [u8]);

impl std::fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match serde_json::from_slice::<ErrorBody>(self.0) {
            Ok(body) => body.text(),
            Err(_) if self.0.trim_ascii_start().starts_with(b"<") => said_in_xml(self.0),
            Err(_) => String::from_utf8_lossy(self.0).into_owned(),
        };
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        f.write_str(": ")?;
        escaped(text, MAX_SAID, f)
    }
}

/// Text from elsewhere, fit for a terminal: at most `limit` characters, all printable.
pub(crate) fn escaped(
    text: &str,
    limit: usize,
    out: &mut impl std::fmt::Write,
) -> std::fmt::Result {
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            return out.write_char('…');
        }
        match character {
            ' '..='~' => out.write_char(character)?,
            _ if character.is_alphanumeric() => out.write_char(character)?,
            _ => write!(out, "{}", character.escape_unicode())?,
        }
    }
    Ok(())
}

/// Text from elsewhere, for an error: quoted, printable, not too long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// Errors of the distribution specification, those of token services (RFC 6749 section 5.2, Docker
/// Hub's `details`), those of Rekor (`message`), and those of Vault (a list of texts).
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    errors: Vec<ErrorEntry>,
    error: Option<serde_json::Value>,
    error_description: Option<String>,
    /// Text of Docker Hub's; a list of Rekor v2's.
    details: Option<serde_json::Value>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorEntry {
    Text(String),
    Coded {
        code: Option<String>,
        message: Option<String>,
        detail: Option<serde_json::Value>,
    },
}

impl ErrorBody {
    fn text(&self) -> String {
        let mut text = String::new();
        for entry in self.errors.iter().take(MAX_ERRORS) {
            if !text.is_empty() {
                text.push_str("; ");
            }
            let (code, message, detail) = match entry {
                ErrorEntry::Text(said) => {
                    text.push_str(said);
                    continue;
                }
                ErrorEntry::Coded {
                    code,
                    message,
                    detail,
                } => (code, message, detail),
            };
            text.push_str(code.as_deref().unwrap_or("UNKNOWN"));
            if let Some(message) = message {
                let _ = write!(text, ": {message}");
            }
            if let Some(detail) = detail.as_ref().filter(|detail| !detail.is_null()) {
                let _ = write!(text, " ({detail})");
            }
        }
        let error = self.error.as_ref().and_then(|error| error.as_str());
        let details = self.details.as_ref().and_then(|details| details.as_str());
        let others = [
            error,
            self.error_description.as_deref(),
            details,
            self.message.as_deref(),
        ];
        for other in others.into_iter().flatten() {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(other);
        }
        text
    }
}

/// `CODE: MESSAGE` of the errors of AWS's services and of stores that are like S3; other pages are
/// for people in browsers.
fn said_in_xml(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let text = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    match (text("Code"), text("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => String::new(),
    }
}

const MAX_ERRORS: usize = 8;
/// Characters of a text that are quoted.
const MAX_QUOTED: usize = 128;
/// Characters of an error body that are shown.
const MAX_SAID: usize = 512;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_servers_say() {
        let body =
            br#"{"errors":[{"code":"DENIED","message":"no","detail":{"a":1}},{"code":"X"}]}"#;
        assert_eq!(Said(body).to_string(), r#": DENIED: no ({"a":1}); X"#);
        let hub = br#"{"details":"incorrect username or password"}"#;
        assert_eq!(Said(hub).to_string(), ": incorrect username or password");
        let rekor = br#"{"code":3,"message":"invalid key","details":[]}"#;
        assert_eq!(Said(rekor).to_string(), ": invalid key");
        let vault = br#"{"errors":["1 error occurred","permission denied"]}"#;
        assert_eq!(
            Said(vault).to_string(),
            ": 1 error occurred; permission denied"
        );
        assert_eq!(Said(br#"{"errors":[]}"#).to_string(), "");
        assert_eq!(Said(b"<html>oops</html>").to_string(), "");
        let aws =
            b"<?xml version='1.0'?>\n<E><Error><Code>No</Code><Message>Why</Message></Error></E>";
        assert_eq!(Said(aws).to_string(), ": No: Why");
        assert_eq!(Said(b" plain\n").to_string(), ": plain");
        assert_eq!(Said(b"").to_string(), "");
    }

    #[test]
    fn control_characters_and_length() {
        let body = r#"{"errors":[{"code":"\u001b[2J\u202e","message":"x"}]}"#.as_bytes();
        assert_eq!(Said(body).to_string(), r": \u{1b}[2J\u{202e}: x");
        let long = Said("y".repeat(9000).as_bytes()).to_string();
        assert_eq!(long.chars().count(), 2 + 512 + 1);
    }

    #[test]
    fn quotes_end_and_are_printable() {
        assert_eq!(quoted("\u{1b}[2J"), r#""\u{1b}[2J""#);
        assert_eq!(quoted(&"é".repeat(9000)).chars().count(), 128 + 3);
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_printable(body in any::<Vec<u8>>()) {
            let text = Said(&body).to_string();
            prop_assert!(text.chars().all(|c| c == '…' || !c.is_control()));
        }
    }
}
