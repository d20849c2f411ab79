use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use cosignet::payload::STATEMENT_TYPE;

/// A statement in its envelope, in a line, byte for byte as cosign 2 writes it. cosign 3 leaves `keyid`
/// out, where cosign 2 leaves it empty.
pub fn line(statement: &[u8], signature: &[u8]) -> String {
    let (payload, sig) = (BASE64.encode(statement), BASE64.encode(signature));
    format!(
        r#"{{"payloadType":"{STATEMENT_TYPE}","payload":"{payload}","signatures":[{{"keyid":"","sig":"{sig}"}}]}}"#
    ) + "\n"
}
