//! What a log does wrong that no other server can.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{super::fault, route::Endpoint};

impl fault::Action<Endpoint> {
    /// Changes each entry of an answer, after the log has made it: the object with `body`,
    /// `integratedTime`, `logID`, `logIndex` and `verification`. Answers without entries stay as
    /// they are.
    pub fn edit_entries<F>(edit: F) -> Self
    where
        F: Fn(&mut Value) + Send + Sync + 'static,
    {
        Self::rewrite(move |bytes| {
            let Ok(mut answer) = serde_json::from_slice(bytes) else {
                return bytes.to_vec();
            };
            let answers = match &mut answer {
                Value::Array(answers) => answers.as_mut_slice(),
                answer => std::slice::from_mut(answer),
            };
            let entries = answers.iter_mut().filter_map(Value::as_object_mut);
            for entry in entries.flat_map(|entries| entries.values_mut()) {
                if entry.get("body").is_some() {
                    edit(entry);
                }
            }
            format!("{answer}\n").into_bytes()
        })
    }

    /// Flips a bit of the signature that is each entry's timestamp: it stays one in form.
    pub fn flip_timestamp() -> Self {
        Self::edit_entries(|entry| {
            if let Some(timestamp) = entry.pointer_mut("/verification/signedEntryTimestamp") {
                let mut bytes = STANDARD.decode(timestamp.as_str().unwrap_or_default());
                if let Some(last) = bytes.as_mut().ok().and_then(|bytes| bytes.last_mut()) {
                    *last ^= 1;
                }
                *timestamp = STANDARD.encode(bytes.unwrap_or_default()).into();
            }
        })
    }

    /// Gives entries the body of another, and leaves their evidence as it is.
    pub fn other_body(body: impl AsRef<[u8]>) -> Self {
        let body = STANDARD.encode(body);
        Self::edit_entries(move |entry| entry["body"] = body.as_str().into())
    }
}
