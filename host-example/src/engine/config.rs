//! The one configuration of wasmtime: the build compiles components ahead of time with it, and
//! programs load them with it.

use wasmtime::Config;

/// What a component of ours needs, and no more.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // P-256 at native speed.
        .wasm_wide_arithmetic(true)
        // A component that runs for too long is stopped.
        .epoch_interruption(true)
        // A trap is reported as such; guests are stripped, so a backtrace would say little.
        .wasm_backtrace_max_frames(None);
    config
}
