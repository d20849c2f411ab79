//! A CNCF registry on a free loopback port, gone with its data when dropped. It keeps no lists of
//! referrers.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::peers;

/// A running registry.
pub struct Registry {
    /// `127.0.0.1:<port>`.
    pub host: String,
    child: Child,
    _data: TempDir,
}

impl Registry {
    /// Starts one that lets everybody in.
    pub fn start() -> Self {
        Self::with_auth(|_| Value::Null)
    }

    /// Starts one that lets in whom its configuration, `auth`, says, made for a folder of its own; waits
    /// until it listens.
    pub fn with_auth(auth: impl FnOnce(&Path) -> Value) -> Self {
        let data = TempDir::new().expect("a temporary folder");
        let config = data.path().join("config.yml");
        fs::write(&config, configuration(data.path(), auth(data.path())))
            .expect("the configuration is written");
        let mut child = Command::new(peers::peer("docker-registry"))
            .arg("serve")
            .arg(&config)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry starts");
        let log = child.stderr.take().expect("standard error is piped");
        let mut log = BufReader::new(log).lines().map_while(Result::ok);
        let host = log.find_map(|line| listening(&line)).unwrap_or_else(|| {
            let status = child.wait();
            panic!("docker-registry ended before it listened: {status:?}")
        });
        // Reads on, or the registry would block on a full pipe.
        thread::spawn(move || log.for_each(drop));
        Self {
            host,
            child,
            _data: data,
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself, which the test will have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Deleting is on: the tests remove a signature to have the next program write it afresh.
fn configuration(folder: &Path, auth: Value) -> String {
    let mut configuration = json!({
        "version": 0.1,
        "log": { "level": "info", "formatter": "text", "accesslog": { "disabled": true } },
        "storage": {
            "filesystem": { "rootdirectory": folder.join("data") },
            "delete": { "enabled": true },
            "maintenance": { "uploadpurging": { "enabled": false } },
        },
        "http": { "addr": "127.0.0.1:0" },
    });
    if !auth.is_null() {
        configuration["auth"] = auth;
    }
    configuration.to_string()
}

/// The address in the log line that says it.
fn listening(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("listening on ")?;
    Some(rest.split(['"', ' ']).next()?.to_owned())
}
