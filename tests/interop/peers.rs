//! Where the programs under test are. Absence is a failure, with the way out in the message.

use std::env;
use std::path::{Path, PathBuf};

/// A program that `.ci/peers` brings.
pub fn peer(name: &str) -> PathBuf {
    let folder = env::var_os("COSIGNET_PEERS").map_or_else(default_cache, PathBuf::from);
    let program = folder.join("bin").join(name);
    assert!(
        program.is_file(),
        "{name} is not in {}; run `.ci/peers`, or set COSIGNET_PEERS to the folder it printed",
        folder.display()
    );
    program
}

/// The command line under test: `$COSIGNET_BIN`, or the one built next to this test.
pub fn cosignet() -> PathBuf {
    let program = env::var_os("COSIGNET_BIN")
        .map_or_else(|| profile_folder().join("cosignet"), PathBuf::from);
    assert!(
        program.is_file(),
        "{} does not exist; build it (`.ci/interop` does), or set COSIGNET_BIN",
        program.display()
    );
    program
}

fn default_cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers")
}

/// `target/<profile>`: a test program lies in `target/<profile>/deps`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("a running test knows its own path");
    test.ancestors()
        .nth(2)
        .expect("a test lies two folders deep in target")
        .to_path_buf()
}
