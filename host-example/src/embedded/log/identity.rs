//! Who the log is, and what it signs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::{
    log::{LogId, canonicalize},
    oci::Digest,
};
use serde_json::json;

use super::{key::LogKey, tree::Hash};

/// The name, the number of the tree, and the key.
pub(super) struct Identity {
    hostname: String,
    tree_id: u64,
    key: LogKey,
}

impl Identity {
    pub(super) fn new(hostname: String, tree_id: u64, key: LogKey) -> Self {
        Self {
            hostname,
            tree_id,
            key,
        }
    }

    pub(super) fn tree_id(&self) -> u64 {
        self.tree_id
    }

    pub(super) fn log_id(&self) -> LogId {
        self.key.id()
    }

    pub(super) fn public_key_pem(&self) -> String {
        self.key.public().to_pem()
    }

    /// The first line of its checkpoints.
    pub(super) fn origin(&self) -> String {
        format!("{} - {}", self.hostname, self.tree_id)
    }

    /// What entries go by: the number of the tree in 16 digits, and the hash of the leaf.
    pub(super) fn uuid(&self, leaf: &Hash) -> String {
        format!("{:016x}{}", self.tree_id, Digest::from(*leaf).hex())
    }

    /// The promise that an entry is in the log, over its canonical form (RFC 8785).
    pub(super) fn entry_timestamp(
        &self,
        body: &str,
        integrated_time: u64,
        index: usize,
    ) -> Vec<u8> {
        let entry = json!({
            "body": body,
            "integratedTime": integrated_time,
            "logID": self.log_id().to_string(),
            "logIndex": index,
        });
        // Text, and integers: that has a canonical form.
        let canonical = canonicalize(&entry.to_string()).unwrap_or_default();
        self.key.sign(canonical.as_bytes())
    }

    /// A checkpoint (C2SP `tlog-checkpoint`), signed as a note (C2SP `signed-note`) under the
    /// hostname alone, with the beginning of the log's id for the id of the key: as Rekor does.
    pub(super) fn checkpoint(&self, size: usize, root: &Hash) -> String {
        let text = format!("{}\n{size}\n{}\n", self.origin(), STANDARD.encode(root));
        let signature = self.key.sign(text.as_bytes());
        let LogId(id) = self.log_id();
        let signed = STANDARD.encode([&id[..4], &signature].concat());
        format!("{text}\n— {} {signed}\n", self.hostname)
    }
}

/// Whether a text can stand where a checkpoint names its log and its key: not empty, nothing
/// blank in it, no control character and no plus.
pub(super) fn is_hostname(text: &str) -> bool {
    let fits = |c: char| !(c.is_whitespace() || c.is_control() || c == '+');
    !text.is_empty() && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use cosignet::log::{Checkpoint, TrustedLog};

    use super::*;

    #[test]
    fn checkpoints_are_those_of_the_log() {
        let key = LogKey::generate().expect("a key");
        let identity = Identity::new("log.test".to_owned(), 17, key);
        let pem = identity.public_key_pem();
        let trusted = TrustedLog::from_pem(pem.as_bytes()).expect("its key");
        assert_eq!(trusted.id(), identity.log_id());
        let checkpoint = identity.checkpoint(3, &[7; 32]);
        let read = Checkpoint::parse(&checkpoint).expect("a checkpoint");
        assert_eq!(
            (read.origin(), read.size(), read.root()),
            ("log.test - 17", 3, &[7; 32])
        );
        for origin in ["log.test", "log.test - 17"] {
            read.verify(&trusted.clone().with_origin(origin))
                .expect("its signature");
        }
        let other = trusted.with_origin("log.test - 18");
        assert!(read.verify(&other).is_err());
    }

    #[test]
    fn uuids_have_eighty_digits() {
        let key = LogKey::generate().expect("a key");
        let identity = Identity::new("log.test".to_owned(), 375_632_915_539_729_557, key);
        let uuid = identity.uuid(&[0xab; 32]);
        assert_eq!(uuid, format!("0536842580b09c95{}", "ab".repeat(32)));
    }

    #[test]
    fn hostnames_fit_into_a_note() {
        assert!(is_hostname("rekor.local.test"));
        for bad in ["", "a b", "a+b", "a\nb", "a\u{a0}b", "a\u{7f}"] {
            assert!(!is_hostname(bad), "{bad:?}");
        }
    }
}
