mod auditing;
mod files;
mod keeping;
mod lending;

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A store in a folder of its own.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("store.db")
    }

    fn store(&self) -> Store {
        Store::open(&self.path()).unwrap()
    }

    /// The same file, by somebody who keeps to nothing.
    fn meddle(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.path()).unwrap();
        database.execute_batch(sql).unwrap();
    }
}

fn image(digest: &str) -> Artifact {
    Artifact {
        digest: Some(digest.into()),
        kind: Kind::Image,
        name: "r.example/app".into(),
        version: Some("v1".into()),
        file: None,
    }
}

fn event(action: Action, outcome: Outcome, artifact: Artifact) -> Event {
    Event {
        time: 1_700_000_000_000,
        action,
        artifact,
        outcome,
        reason: (outcome == Outcome::Failed).then(|| "no".into()),
        source: None,
        signatures: Vec::new(),
        run: None,
    }
}

/// A signature by a key, of a payload.
fn signing(key: &str, payload: &str) -> Entry {
    let facts = SignatureFacts {
        format: Format::Simple,
        claim: Some("r.example/app".into()),
        key_fingerprint: key.into(),
        key_reference: Some("cosign.key".into()),
        attached: None,
        log: None,
        kept: None,
    };
    Entry {
        event: Event {
            signatures: vec![facts],
            ..event(Action::Signing, Outcome::Passed, image(DIGEST))
        },
        signatures: vec![StoredSignature {
            payload: payload.into(),
            signature: b"signature".to_vec(),
            bundle: "{}".into(),
            log_entry: None,
        }],
    }
}

fn verification(outcome: Outcome) -> Entry {
    Entry {
        event: event(Action::Verification, outcome, image(DIGEST)),
        signatures: Vec::new(),
    }
}

const DIGEST: &str = "sha256:1944b6dad1127679b6d5ff1d4d3f7d8a5d8ff39a4d1e8e8df5d34f1b5a3c2e11";
const WHICH: Which<'_> = Which {
    digest: DIGEST,
    name: "r.example/app",
    version: Some("v1"),
};
