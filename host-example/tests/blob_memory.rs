//! The memory of the whole program while it signs and verifies a large file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

use std::fs::File;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use tempfile::TempDir;

/// One test, as the peak is that of all children. scrypt takes 64 MiB of it.
#[test]
fn a_large_file_takes_no_more_than_a_small_one() {
    let folder = TempDir::new().unwrap();
    let large = File::create(folder.path().join("large")).unwrap();
    large.set_len(256 * 1024 * 1024).unwrap();
    let run = |arguments: &[&str]| {
        let status = Command::new(env!("CARGO_BIN_EXE_cosignet"))
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("COSIGN_PASSWORD", "correct horse")
            .status()
            .unwrap();
        assert!(status.success(), "{arguments:?}");
        getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss()
    };
    run(&["generate-key-pair"]);
    let verify = [
        "verify-blob",
        "--key",
        "cosign.pub",
        "--bundle",
        "bundle",
        "large",
    ];
    let signed = run(&[
        "sign-blob",
        "--key",
        "cosign.key",
        "--bundle",
        "bundle",
        "large",
    ]);
    println!("{} KiB to sign 256 MiB", signed);
    assert!(signed < 100 * 1024, "{signed} KiB to sign");
    let verified = run(&verify);
    assert!(verified < 100 * 1024, "{verified} KiB to verify");
}
