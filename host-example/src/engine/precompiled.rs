//! Components that were compiled when this crate was built.
//!
//! This is the one place with `unsafe` in this crate.
#![allow(unsafe_code)]

use wasmtime::Engine;
use wasmtime::component::Component;

use super::World;

/// The component as WebAssembly, and compiled.
pub(super) fn bytes(world: World) -> (&'static [u8], Precompiled) {
    match world {
        World::Signer => (
            include_bytes!(concat!(env!("OUT_DIR"), "/signer.wasm")),
            SIGNER,
        ),
        World::Verifier => (
            include_bytes!(concat!(env!("OUT_DIR"), "/verifier.wasm")),
            VERIFIER,
        ),
        World::Offline => (
            include_bytes!(concat!(env!("OUT_DIR"), "/offline.wasm")),
            OFFLINE,
        ),
    }
}

/// Machine code that this crate's own build made. There is no way to make one of other bytes.
#[derive(Clone, Copy)]
pub(super) struct Precompiled(&'static [u8]);

/// Loads machine code that the build made.
pub(super) fn load(engine: &Engine, compiled: Precompiled) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what `Engine::precompile_component` returned in `build.rs`, carried
    // in this program's own read-only data; wasmtime checks that version, configuration and
    // processor are those that they were made for.
    unsafe { Component::deserialize(engine, compiled.0) }
}

const SIGNER: Precompiled = Precompiled(include_bytes!(concat!(env!("OUT_DIR"), "/signer.cwasm")));
const VERIFIER: Precompiled =
    Precompiled(include_bytes!(concat!(env!("OUT_DIR"), "/verifier.cwasm")));
const OFFLINE: Precompiled =
    Precompiled(include_bytes!(concat!(env!("OUT_DIR"), "/offline.cwasm")));
