//! PEM as Go's `encoding/pem` reads and writes it.
//!
//! RFC 7468 parsers want lines of 64 characters and nothing around the block; cosign, and with it
//! what people keep in secret stores, does not: text before and after a block, CRLF, blanks and
//! lines of any length are accepted. Two things are not taken over from Go: a damaged block is an
//! error where Go goes on to the next one, and there are no headers (RFC 7468 has none either).

use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::error::{KeyError, quoted};

/// The first PEM block of a text. What comes after it is ignored, as cosign does.
pub(super) struct Block<'a> {
    label: &'a str,
    header: Option<&'a str>,
    base64: Zeroizing<Vec<u8>>,
}

impl<'a> Block<'a> {
    /// Finds the first block; `part` is what an error calls the text.
    pub(super) fn find(part: &'static str, text: &'a [u8]) -> Result<Self, KeyError> {
        KeyError::check_size(part, text)?;
        let mut lines = text
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii_end);
        let label = lines.find_map(begin).ok_or_else(|| {
            KeyError::malformed(part, "expected PEM, found no line -----BEGIN …-----")
        })?;

        let mut header = None;
        // Reserved whole, so that a private key is not copied about while it grows.
        let mut base64 = Zeroizing::new(Vec::with_capacity(text.len()));
        for line in lines {
            if let Some(rest) = line.strip_prefix(b"-----END ") {
                if rest.strip_suffix(b"-----") != Some(label.as_bytes()) {
                    break;
                }
                return Ok(Self {
                    label,
                    header,
                    base64,
                });
            }
            if line.contains(&b':') && header.is_none() {
                header = Some(line.utf8_chunks().next().map_or("", |chunk| chunk.valid()));
            }
            base64.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
        let problem = "the PEM block has no END line of the same type; is the file cut short?";
        Err(KeyError::malformed(part, problem))
    }

    /// The type of the block, such as `PUBLIC KEY`.
    pub(super) fn label(&self) -> &'a str {
        self.label
    }

    /// The decoded contents; `part` is what an error calls the block.
    pub(super) fn contents(&self, part: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if let Some(header) = self.header {
            let accepted = "blocks without headers (decrypt a key with Proc-Type first)";
            return Err(KeyError::unsupported(
                "PEM header",
                quoted(header),
                accepted,
            ));
        }
        let mut contents = Zeroizing::new(Vec::with_capacity(self.base64.len()));
        STANDARD
            .decode_vec(self.base64.as_slice(), &mut contents)
            .map_err(|error| KeyError::malformed(part, error))?;
        Ok(contents)
    }
}

/// Writes one block: lines of 64 characters, each with LF, the last one too.
pub(super) fn encode(label: &str, contents: &[u8]) -> String {
    let base64 = Zeroizing::new(STANDARD.encode(contents));
    let mut text = String::with_capacity(base64.len() + base64.len() / LINE + 128);
    text.extend(["-----BEGIN ", label, "-----\n"]);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

/// The type in a BEGIN line.
fn begin(line: &[u8]) -> Option<&str> {
    let label = line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")?;
    core::str::from_utf8(label).ok()
}

const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN KEY-----\naGVsbG8=\n-----END KEY-----";

    fn contents(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Block::find("file", text.as_bytes())?.contents("block")
    }

    #[test]
    fn reads_what_go_reads() {
        for text in [
            BLOCK.into(),
            alloc::format!("{BLOCK}\n"),
            alloc::format!("a note\n-----BEGIN this is none\n{BLOCK} \t\r\nand more\n{BLOCK}"),
            BLOCK.replace('\n', "\r\n"),
            BLOCK.replace("GVs", "\n \t GVs\r\n\n"),
        ] {
            assert_eq!(contents(&text).unwrap().as_slice(), b"hello", "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_damaged() {
        for text in [
            String::new(),
            BLOCK.replace("-----BEGIN", "----BEGIN"),
            BLOCK.replace("-----BEGIN", " -----BEGIN"),
            BLOCK.replace("END KEY-----", "END KEY"),
            BLOCK.replace("END KEY", "END OTHER"),
            BLOCK.replace("aGVsbG8=", "aGVsbG8"),
            BLOCK.replace("aGVsbG8=", "aGVsbG8_"),
            // Go would take the second block.
            alloc::format!("{}\n{BLOCK}", BLOCK.replace('=', "!")),
        ] {
            let error = contents(&text).unwrap_err();
            assert!(
                matches!(error, KeyError::Malformed { .. }),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn refuses_headers() {
        let text = BLOCK.replace("aGV", "Proc-Type: 4,ENCRYPTED\n\naGV");
        let error = contents(&text).unwrap_err();
        assert!(matches!(error, KeyError::Unsupported { .. }), "{error}");
    }

    #[test]
    fn writes_lines_of_64() {
        for (size, lines) in [(0, 2), (1, 3), (48, 3), (49, 4), (96, 4)] {
            let text = encode("KEY", &alloc::vec![7; size]);
            assert_eq!(text.lines().count(), lines);
            assert!(text.ends_with("-----END KEY-----\n"));
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(*contents(&text).unwrap(), alloc::vec![7; size]);
        }
    }
}
