//! Where the command line takes keys and passwords from.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

#[test]
fn passwords_come_from_where_it_is_said() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("line"), format!("{PASSWORD}\n")).unwrap();
    fs::write(folder.path().join("other"), "battery staple").unwrap();
    let made = run(
        folder.path(),
        &["generate-key-pair", "--password", "line"],
        "",
    );
    assert!(made.status.success(), "{}", stderr(&made));
    let public = fs::read(folder.path().join("cosign.pub")).unwrap();
    for (source, input) in [
        ("line", ""),
        ("env://SECRET", ""),
        ("-", "correct horse\n"),
        ("-", "correct horse\r\n"),
        ("exec:cat line", ""),
        ("exec:printf '%s\\n' \"correct horse\"", ""),
    ] {
        let shown = ["public-key", "--key", "cosign.key", "--password", source];
        let shown = run(folder.path(), &shown, input);
        assert_eq!(shown.stdout, public, "{source}: {}", stderr(&shown));
    }
    for (source, said) in [
        ("other", "wrong password"),
        ("none", "open none"),
        ("env://NONE", "loading env://NONE"),
        ("exec:false", "exec: false failed"),
        (
            "exec:no-such-program battery",
            "no-such-program is not there",
        ),
        ("exec:'battery", "with its quotes closed"),
        ("hashivault://k", "not supported here"),
    ] {
        let refused = ["public-key", "--key", "cosign.key", "--password", source];
        let refused = run(folder.path(), &refused, "");
        let words = stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{source}");
        assert!(words.contains(said), "{source}: {words}");
        assert!(!words.contains("battery"), "{words}");
        assert!(refused.stdout.is_empty());
    }
    // Said anew, the password is the new one.
    let pem = [
        "import-key-pair",
        "--key",
        "plain.pem",
        "--password",
        "other",
    ];
    fs::write(folder.path().join("plain.pem"), PLAIN).unwrap();
    assert!(run(folder.path(), &pem, "").status.success());
    let shown = [
        "public-key",
        "--key",
        "import-cosign.key",
        "--password",
        "other",
    ];
    assert!(run(folder.path(), &shown, "").status.success());
}

#[test]
fn keys_come_from_where_it_is_said() {
    let folder = TempDir::new().unwrap();
    let made = run(
        folder.path(),
        &["generate-key-pair", "--password", "env://SECRET"],
        "",
    );
    assert!(made.status.success(), "{}", stderr(&made));
    let key = fs::read_to_string(folder.path().join("cosign.key")).unwrap();
    let public = fs::read_to_string(folder.path().join("cosign.pub")).unwrap();
    fs::write(folder.path().join("f"), "content").unwrap();
    for (source, input) in [
        ("cosign.key", ""),
        ("-", &*key),
        ("exec:cat cosign.key", ""),
    ] {
        let sign = ["--password", "env://SECRET", "--output-signature", "s", "f"];
        let sign = [&["sign-blob", "--key", source], &sign[..]].concat();
        let signed = run(folder.path(), &sign, input);
        assert!(signed.status.success(), "{source}: {}", stderr(&signed));
    }
    for (source, input) in [
        ("cosign.pub", ""),
        ("-", &*public),
        ("exec:cat cosign.pub", ""),
    ] {
        let verify = ["verify-blob", "--key", source, "--signature", "s", "f"];
        let verified = run(folder.path(), &verify, input);
        assert!(verified.status.success(), "{source}: {}", stderr(&verified));
    }
}

#[test]
fn standard_input_is_one_thing() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("p"), "{}").unwrap();
    for (arguments, said) in [
        (
            &["public-key", "--key", "-", "--password", "-"][..],
            "standard input is the key and cannot be the password too",
        ),
        (
            &["public-key", "--key", "-"],
            "standard input is the key: say the password",
        ),
        (
            &["sign-blob", "--key", "-", "-"],
            "standard input is what is signed and cannot be the key too",
        ),
        (
            &["sign-blob", "--key", "p", "--password", "-", "-"],
            "standard input is what is signed and cannot be the password too",
        ),
        (
            &["sign-blob", "--key", "p", "-"],
            "say the password in COSIGN_PASSWORD",
        ),
        (
            &["attest", "--key", "-", "--predicate", "-", "r.test/a:b"],
            "standard input is the predicate and cannot be the key too",
        ),
        (
            &["import-key-pair", "--key", "-", "--password", "-"],
            "standard input is the key and cannot be the password too",
        ),
        (
            &["verify-blob", "--key", "-", "--signature", "AAAA", "-"],
            "standard input is what is verified and cannot be a key too",
        ),
        (
            &[
                "verify-blob",
                "--key",
                "-",
                "--key",
                "-",
                "--signature",
                "AAAA",
                "p",
            ],
            "standard input is a key and cannot be a key too",
        ),
    ] {
        let refused = run(folder.path(), arguments, "{}");
        let words = stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(words.contains(said), "{arguments:?}: {words}");
    }
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cosignet"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder)
        .env("SECRET", PASSWORD)
        .spawn()
        .unwrap();
    // One that reads nothing closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Made for this test alone.
const PLAIN: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";
