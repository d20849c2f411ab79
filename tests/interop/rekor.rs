//! The embedded log, served on a thread of its own.

use cosignet::log::{TrustedLog, TrustedLogs};
use cosignet_host::embedded::log::{EmbeddedLog, Options};
use tokio::runtime::{Builder, Runtime};

use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::tool::Tool;

/// A running log, gone when dropped, and what trusts it.
pub struct Rekor {
    /// The log.
    pub log: EmbeddedLog,
    /// What `--rekor-url` wants.
    pub url: String,
    /// Path of its public key.
    pub public_key: String,
    /// Path of a `trusted_root.json` with this log alone, as cosign 3 makes it.
    pub trusted_root: String,
    _runtime: Runtime,
}

impl Rekor {
    /// Starts one.
    pub fn start(lab: &Lab) -> Self {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let log = runtime.block_on(EmbeddedLog::start(Options::default()));
        let log = log.expect("a log");
        let url = log.url();
        let public_key = lab.file(&log.public_key_pem());
        let trusted_root = lab.trusted_root(&url, &public_key);
        Self {
            log,
            url,
            public_key,
            trusted_root,
            _runtime: runtime,
        }
    }

    /// The trust in it that the core has.
    pub fn trusted(&self) -> TrustedLogs {
        let log = TrustedLog::from_pem(self.log.public_key_pem().as_bytes()).expect("its key");
        TrustedLogs::new(vec![log]).expect("one log")
    }

    /// The requests since the last time, each as `METHOD /path?query status`.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.log.take_requests();
        requests.iter().map(ToString::to_string).collect()
    }

    /// Runs `tool`, which trusts this log and no other.
    pub fn run(&self, lab: &Lab, tool: Tool, args: &[&str]) -> Outcome {
        let mut command = lab.command(tool);
        command.env("SIGSTORE_REKOR_PUBLIC_KEY", &self.public_key);
        Outcome::of(command.args(args))
    }
}
