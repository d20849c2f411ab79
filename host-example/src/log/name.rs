//! What becomes part of a URL, or comes out of one: checked first (cf. CVE-2024-3727).

use super::LogError;
use crate::http::quoted;

/// Checks the UUID of an entry.
pub(super) fn check_uuid(uuid: &str) -> Result<(), LogError> {
    match has_length_of_uuid(uuid) && uuid.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err(LogError::Invalid(format!(
            "UUID of an entry {}: expected 64 or 80 hexadecimal digits",
            quoted(uuid)
        ))),
    }
}

/// Whether it is a UUID as a log writes it.
pub(super) fn is_written_uuid(text: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    has_length_of_uuid(text) && text.bytes().all(is_digit)
}

/// Checks the path of a tile or a checkpoint: no way out of the log's URL, nothing to be decoded.
pub(super) fn check_path(path: &str) -> Result<(), LogError> {
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.');
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_allowed);
    match path.len() <= MAX_PATH && path.split('/').all(is_segment) {
        true => Ok(()),
        false => Err(LogError::Invalid(format!(
            "path in a log {}: expected at most {MAX_PATH} of a-z, 0-9, '.' and '/', with no \
             empty, '.' or '..' segment, like tile/0/x001/234",
            quoted(path)
        ))),
    }
}

fn has_length_of_uuid(text: &str) -> bool {
    matches!(text.len(), 64 | 80)
}

/// The longest that C2SP `tlog-tiles` can name is shorter than 64.
const MAX_PATH: usize = 255;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::Url;

    use super::*;

    #[test]
    fn uuids() {
        for length in [64, 80] {
            let uuid = "0a".repeat(length / 2);
            assert!(check_uuid(&uuid).is_ok() && is_written_uuid(&uuid));
            let upper = uuid.to_uppercase();
            assert!(check_uuid(&upper).is_ok() && !is_written_uuid(&upper));
        }
        for bad in [
            String::new(),
            "a".repeat(63),
            "a".repeat(81),
            format!("{}g", "a".repeat(63)),
            format!("{}é", "a".repeat(62)),
            format!("../{}", "a".repeat(61)),
        ] {
            assert!(check_uuid(&bad).is_err() && !is_written_uuid(&bad), "{bad}");
        }
    }

    #[test]
    fn paths() {
        for path in [
            "checkpoint",
            "tile/0/x001/234.p/56",
            "tile/entries/000",
            "tile/5/x999/x999/999",
        ] {
            assert!(check_path(path).is_ok(), "{path}");
        }
        for bad in [
            "",
            "/checkpoint",
            "checkpoint/",
            "tile//0",
            "..",
            "tile/../checkpoint",
            "tile/./0",
            "tile/%2e%2e/0",
            "tile\\0",
            "tile/0?x",
            "tile/0#x",
            "Tile/0",
            "tile/0 ",
            "https://evil.test",
            &"a".repeat(256),
        ] {
            let error = check_path(bad).unwrap_err().to_string();
            assert!(error.contains("expected") && error.len() < 500, "{error}");
        }
    }

    proptest! {
        /// What is accepted stays where it belongs.
        #[test]
        fn what_passes_is_safe_in_a_url(path in "[a-z0-9./%?#\\\\:@]{0,24}") {
            if check_path(&path).is_ok() {
                let url = Url::parse(&format!("https://log.test/base/{path}")).unwrap();
                prop_assert_eq!(url.path(), format!("/base/{path}"));
                prop_assert_eq!(url.query(), None);
            }
        }
    }
}
