//! How an embedded log behaves.

use std::{path::PathBuf, time::Duration};

use super::{clock::Clock, key::PrivateKeyPem};

/// Settings of an [`EmbeddedLog`](super::EmbeddedLog). Start from `Options::default()`.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name that the log signs its checkpoints with. Their first line is this, ` - ` and the
    /// number of the tree. Default: `embedded-log.localhost`.
    pub hostname: String,
    /// The number of the tree, from 1 to 2⁶³ − 1. Default: `None`, that of the folder, or else a
    /// random one.
    pub tree_id: Option<u64>,
    /// The log's key, ECDSA over P-256. Default: `None`, that of the folder, or else a new one.
    pub key: Option<PrivateKeyPem>,
    /// A folder that keeps the log from one start to the next: `entries.jsonl`, which only grows,
    /// and `log.key` (mode 0600) unless [`key`](Self::key) is given. It is made if it is not
    /// there; one log at a time can have it. Default: `None`, the log is kept in memory.
    pub folder: Option<PathBuf>,
    /// What time it is when an entry is taken. Default: the system's clock.
    pub clock: Clock,
    /// Whether pages of **any** origin may read and write through a browser (CORS). Default:
    /// `false`; switch it on only for a demonstration.
    pub cors: bool,
    /// The most entries. Default: 65536.
    pub max_entries: usize,
    /// The most bytes of a request body. Default: 4 MiB.
    pub max_body_size: usize,
    /// How long a request body may take to arrive. Default: 30 seconds.
    pub max_body_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hostname: "embedded-log.localhost".to_owned(),
            tree_id: None,
            key: None,
            folder: None,
            clock: Clock::system(),
            cors: false,
            max_entries: 1 << 16,
            max_body_size: 4 << 20,
            max_body_time: Duration::from_secs(30),
        }
    }
}
