//! Signed notes, C2SP `signed-note`: a text, a blank line, and lines with signatures.

use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

use super::error::shown;
use super::fields::base64;
use super::limits::{MAX_NOTE_LINES, MAX_NOTE_SIGNATURES, MAX_NOTE_SIZE};
use crate::key::PublicKey;

/// A signed note, read and not yet verified.
#[derive(Clone, Debug)]
pub struct SignedNote<'a> {
    text: &'a str,
    signatures: Vec<NoteSignature<'a>>,
}

/// One line: `— <name> <base64 of key id and signature>`.
#[derive(Clone, Debug)]
struct NoteSignature<'a> {
    name: &'a str,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

/// Why a note is not signed by a key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoteError {
    /// Not a signed note, or one beyond the limits.
    #[error("not a signed note: {0}")]
    Malformed(String),
    /// No signature has the name and the id of the key.
    #[error("the note has no signature of this name and key id")]
    Unsigned,
    /// A signature that has them does not verify.
    #[error("a signature of this name and key id does not verify")]
    BadSignature,
}

impl<'a> SignedNote<'a> {
    /// Reads a note of at most [`MAX_NOTE_SIZE`] bytes, [`MAX_NOTE_LINES`] lines of text and
    /// [`MAX_NOTE_SIGNATURES`] signatures.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        let malformed = |problem: &str| Err(NoteError::Malformed(shown(problem)));
        if note.len() > MAX_NOTE_SIZE {
            return malformed("it is larger than any checkpoint");
        }
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return malformed("it holds a control character");
        }
        // The last blank line counts: the text may have some, the signatures have none.
        let blank_line = |pair: &[u8]| pair == b"\n\n";
        let Some(end) = note.as_bytes().windows(2).rposition(blank_line) else {
            return malformed("no blank line stands between text and signatures");
        };
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        if text.matches('\n').count() > MAX_NOTE_LINES {
            return malformed("its text has too many lines");
        }
        let Some(lines) = signatures.strip_suffix('\n') else {
            return malformed("the last line is not that of a signature, ended by a newline");
        };
        if lines.matches('\n').count() >= MAX_NOTE_SIGNATURES {
            return malformed("it has too many signatures");
        }
        let signatures = lines.split('\n').map(NoteSignature::parse).collect();
        match signatures {
            Some(signatures) => Ok(Self { text, signatures }),
            None => malformed("a line of a signature is not: — name base64(key id, signature)"),
        }
    }

    /// The text, with its last newline: what the signatures are over.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Verifies the signatures of one key. Those of other keys are not looked at, even if they
    /// share its name or its id.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] if there is none, [`NoteError::BadSignature`] if one of them does
    /// not verify.
    pub fn verify(&self, name: &str, key_id: [u8; 4], key: &PublicKey) -> Result<(), NoteError> {
        self.verify_with(name, key_id, &|signature| {
            key.verify(self.text.as_bytes(), signature).is_ok()
        })
    }

    /// As [`SignedNote::verify`], for signatures that are over more than the text.
    pub(super) fn verify_with(
        &self,
        name: &str,
        key_id: [u8; 4],
        verifies: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), NoteError> {
        let mut result = Err(NoteError::Unsigned);
        for line in &self.signatures {
            if line.name != name || line.key_id != key_id {
                continue;
            }
            if !verifies(&line.signature) {
                return Err(NoteError::BadSignature);
            }
            result = Ok(());
        }
        result
    }
}

impl<'a> NoteSignature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = base64("", encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        (is_key_name(name) && !signature.is_empty()).then(|| Self {
            name,
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

/// Whether a text can be the name of a key: not empty, without white space and plus.
pub(super) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+')
}
