use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use cosignet_host::embedded::registry::{EmbeddedRegistry, Options};
use cosignet_host::store::{Recorded, Store, Which};
use serde_json::Value;
use tempfile::TempDir;

/// A folder with two key pairs, and a registry.
pub struct Site {
    folder: TempDir,
    pub registry: EmbeddedRegistry,
}

impl Site {
    pub async fn new() -> Self {
        let site = Self {
            folder: TempDir::new().unwrap(),
            registry: EmbeddedRegistry::start(Options::default()).await.unwrap(),
        };
        succeeds(site.run(&["generate-key-pair"]));
        succeeds(site.run(&["generate-key-pair", "--output-key-prefix", "other"]));
        site
    }

    /// The same folder; the registry is stopped, and nothing is where it was.
    pub async fn with_another_registry(self) -> Self {
        self.registry.shutdown().await;
        let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
        Self { registry, ..self }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// An image by its digest.
    pub fn image(&self, name: &str) -> String {
        let manifest = format!(r#"{{"schemaVersion":2,"for":"{name}"}}"#);
        let digest = self
            .registry
            .put_manifest(name, Some("v1"), MANIFEST, manifest);
        format!("{}/{name}@{digest}", self.registry.host())
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosignet"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_clear()
            .env("HOME", self.path(".home"))
            .env("COSIGN_PASSWORD", "correct horse");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn code(&self, arguments: &[&str]) -> Option<i32> {
        self.run(arguments).status.code()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)))
    }

    pub fn store(&self) -> Store {
        Store::open_existing(&self.path(STORE)).unwrap()
    }

    /// What is recorded of an image that is named by its digest.
    pub fn history(&self, image: &str) -> Vec<Recorded> {
        let (name, digest) = image.split_once('@').unwrap();
        let which = Which {
            digest,
            name,
            version: None,
        };
        self.store().history(&which).unwrap()
    }

    /// The store by somebody who keeps to nothing.
    pub fn meddle(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.path(STORE)).unwrap();
        database.execute_batch(sql).unwrap();
    }
}

#[track_caller]
pub fn succeeds(output: Output) -> Output {
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub const STORE: &str = "store.db";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
