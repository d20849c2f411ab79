//! How large the things that are shipped are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tool::Tool;

/// Bytes of a component, as it is and under gzip.
pub fn component(name: &str) -> (u64, u64) {
    let path = target().join(name);
    let size = bytes(&path);
    let output = Command::new("gzip")
        .args(["-9", "--stdout"])
        .arg(&path)
        .output()
        .expect("gzip is installed; on Debian it always is");
    (size, output.stdout.len() as u64)
}

/// Bytes of a program.
pub fn program(tool: Tool) -> u64 {
    bytes(&tool.program())
}

/// `cosign 2.5.0`: `.ci/peers` keeps a peer in a folder of its name and Debian version.
pub fn name(tool: Tool) -> String {
    let path = fs::canonicalize(tool.program()).expect("the program is there");
    let version = path.iter().find_map(|folder| {
        let (_, version) = folder.to_str()?.strip_prefix("cosign")?.split_once('-')?;
        version.split(['-', '+']).next()
    });
    version.map_or_else(
        || format!("{tool:?}"),
        |version| format!("cosign {version}"),
    )
}

/// The workspace's `target`.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

fn bytes(path: &Path) -> u64 {
    let metadata = fs::metadata(path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `.ci/bench` builds it, or `just build`",
            path.display()
        )
    });
    metadata.len()
}
