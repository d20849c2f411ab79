use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

/// A text of several lines as it is meant, which runners also keep as base64. Nothing, if it is neither.
pub fn plain(text: &str, is_meant: impl Fn(&str) -> bool) -> Option<Zeroizing<String>> {
    if is_meant(text) {
        return Some(Zeroizing::new(text.to_owned()));
    }
    let compact: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
    let decoded = BASE64.decode(compact.as_bytes()).map(Zeroizing::new).ok()?;
    let decoded = std::str::from_utf8(&decoded).ok()?;
    is_meant(decoded).then(|| Zeroizing::new(decoded.to_owned()))
}
