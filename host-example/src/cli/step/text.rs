//! Texts of several lines, as runners keep them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

/// A text as it is meant, or the one that it is base64 of, in a line or in several. Nothing, if it is neither.
pub fn plain(text: &str, is_meant: impl Fn(&str) -> bool) -> Option<Zeroizing<String>> {
    if is_meant(text) {
        return Some(Zeroizing::new(text.to_owned()));
    }
    let compact: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
    let decoded = BASE64.decode(compact.as_bytes()).map(Zeroizing::new).ok()?;
    let decoded = std::str::from_utf8(&decoded).ok()?;
    is_meant(decoded).then(|| Zeroizing::new(decoded.to_owned()))
}
