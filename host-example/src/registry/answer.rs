//! An answer, read within its limit, and what a refusal means.

use std::fmt::Write as _;

use reqwest::{
    StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION},
};
use serde::Deserialize;

use super::{RegistryError, hop, name::Host};

/// A whole answer. Of a refusal the body may be cut.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: Url,
    pub body: Vec<u8>,
}

impl Answer {
    /// Itself when the status is 2xx, else the error that the status stands for.
    pub fn into_success(self, what: &str, registry: &Host) -> Result<Self, RegistryError> {
        match self.status.is_success() {
            true => Ok(self),
            false => Err(self.refusal(what, registry)),
        }
    }

    /// The error that a status other than 2xx stands for.
    pub fn refusal(&self, what: &str, registry: &Host) -> RegistryError {
        let text = format!(
            "{what}: {} answered {}{}",
            hop::display(&self.url),
            self.status,
            Said(&self.body)
        );
        match self.status {
            StatusCode::NOT_FOUND => RegistryError::NotFound(text),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                RegistryError::Denied(format!("{text}; {}", login_hint(registry)))
            }
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                RegistryError::Unsupported(text)
            }
            status if is_transient(status) || status.is_server_error() => {
                RegistryError::Unavailable(text)
            }
            _ => RegistryError::Invalid(text),
        }
    }

    /// A header's text, if it is there and is text.
    pub fn header(&self, name: impl Into<HeaderName>) -> Option<&str> {
        self.headers.get(name.into())?.to_str().ok()
    }

    /// `Content-Type` without parameters.
    pub fn media_type(&self) -> Option<&str> {
        let value = self.header(CONTENT_TYPE)?;
        let essence = value.split(';').next().unwrap_or(value).trim();
        (!essence.is_empty()).then_some(essence)
    }

    /// `Location`, resolved against where the answer came from, without user info (which an
    /// HTTP client would send as credentials).
    pub fn location(&self) -> Result<Url, RegistryError> {
        let from = hop::display(&self.url);
        let header = self.header(LOCATION).ok_or_else(|| {
            RegistryError::Invalid(format!("{from} answered {} without Location", self.status))
        })?;
        let mut url = self.url.join(header).map_err(|error| {
            RegistryError::Invalid(format!("{from} answered a malformed Location: {error}"))
        })?;
        // Fails for URLs that cannot have user info, which therefore have none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(url)
    }
}

/// Statuses that may pass by themselves.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// What a user can do about a refusal.
pub(super) fn login_hint(registry: &Host) -> String {
    format!("run `docker login {registry}`, or give --registry-username and --registry-password")
}

/// What an error body says, shortened and without control characters: `: TEXT`, or nothing.
pub(super) struct Said<'a>(pub &'a [u8]);

impl std::fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match serde_json::from_slice::<ErrorBody>(self.0) {
            Ok(body) => body.text(),
            // Pages are for people in browsers.
            Err(_) if self.0.trim_ascii_start().starts_with(b"<") => String::new(),
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
pub(super) fn escaped(
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

/// Errors of the distribution specification, and those of token services (RFC 6749 section 5.2,
/// Docker Hub's `details`).
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    errors: Vec<ErrorEntry>,
    error: Option<serde_json::Value>,
    error_description: Option<String>,
    details: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    code: Option<String>,
    message: Option<String>,
    detail: Option<serde_json::Value>,
}

impl ErrorBody {
    fn text(&self) -> String {
        let mut text = String::new();
        for entry in self.errors.iter().take(MAX_ERRORS) {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(entry.code.as_deref().unwrap_or("UNKNOWN"));
            if let Some(message) = &entry.message {
                let _ = write!(text, ": {message}");
            }
            if let Some(detail) = entry.detail.as_ref().filter(|detail| !detail.is_null()) {
                let _ = write!(text, " ({detail})");
            }
        }
        let error = self.error.as_ref().and_then(|error| error.as_str());
        let others = [
            error,
            self.error_description.as_deref(),
            self.details.as_deref(),
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

const MAX_ERRORS: usize = 8;
/// Characters of an error body that are shown.
const MAX_SAID: usize = 512;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn oci_errors() {
        let body =
            br#"{"errors":[{"code":"DENIED","message":"no","detail":{"a":1}},{"code":"X"}]}"#;
        assert_eq!(Said(body).to_string(), r#": DENIED: no ({"a":1}); X"#);
        let hub = br#"{"details":"incorrect username or password"}"#;
        assert_eq!(Said(hub).to_string(), ": incorrect username or password");
        assert_eq!(Said(b"<html>oops</html>").to_string(), "");
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

    proptest! {
        #[test]
        fn whatever_is_said_is_printable(body in any::<Vec<u8>>()) {
            let text = Said(&body).to_string();
            prop_assert!(text.chars().all(|c| c == '…' || !c.is_control()));
        }
    }
}
