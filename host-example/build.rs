//! Builds the component's three worlds and compiles them ahead of time.
//!
//! The nested cargo has a target folder and flags of its own, so that neither waits for the other
//! and no flag of the outer build (coverage, sanitizers, clippy) leaks into the component.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasmtime::Engine;

#[path = "src/engine/config.rs"]
mod config;

fn main() {
    if let Err(error) = run() {
        println!("cargo::error={}", error.to_string().replace('\n', " "));
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    for source in [
        ".cargo/config.toml",
        "component",
        "fast",
        "src",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
        "host-example/src/engine/config.rs",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    let engine = Engine::new(&config::config())?;
    for world in ["signer", "verifier", "offline"] {
        let wasm = build(&root, &out, world)?;
        let compiled = engine.precompile_component(&fs::read(&wasm)?)?;
        fs::copy(&wasm, out.join(format!("{world}.wasm")))?;
        fs::write(out.join(format!("{world}.cwasm")), compiled)?;
    }
    Ok(())
}

fn build(root: &Path, out: &Path, world: &str) -> Result<PathBuf, Box<dyn Error>> {
    let target_dir = out.join("wasm");
    let output = Command::new(env::var("CARGO")?)
        .current_dir(root)
        .args(["rustc", "--locked", "--package", "cosignet-component"])
        .args(["--target", TARGET, "--profile", "wasm"])
        .args(["--no-default-features", "--features", world])
        .arg("--target-dir")
        .arg(&target_dir)
        .args(["--", "-Ctarget-feature=+simd128,+wide-arithmetic"])
        .arg("-Cstrip=symbols")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let hint = if words.contains("E0463") {
            "the wasm32-wasip2 target is missing: run `rustup toolchain install` here, then again; "
        } else {
            ""
        };
        eprintln!("{words}");
        return Err(format!("{hint}the {world} component was not built").into());
    }
    Ok(target_dir
        .join(TARGET)
        .join("wasm")
        .join("cosignet_component.wasm"))
}

const TARGET: &str = "wasm32-wasip2";
