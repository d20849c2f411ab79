//! The sandbox: wasmtime, set up once for a process, with the components that this crate
//! carries.

mod config;
mod precompiled;

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{
    Config, Engine, PoolingAllocationConfig, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline,
};

use crate::HostError;
use crate::imports::{Imports, add_to_linker};

/// A component that is compiled and linked: any number of sessions start from it, each in a few
/// microseconds.
#[derive(Clone)]
pub struct Program {
    instance: InstancePre<State>,
}

/// Which of the three worlds of `wit/worlds.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Signs and verifies, in registries and on bytes.
    Signer,
    /// Verifies; its only import with functions is `registry`.
    Verifier,
    /// Signs and verifies bytes; its only import with functions is `wasi:random`.
    Offline,
}

impl Program {
    /// The component that this crate was built with, compiled ahead of time.
    ///
    /// Where the processor is not like the one it was built on, it is compiled here and now.
    pub fn built_in(world: World) -> Result<Self, HostError> {
        Self::built_in_with(Sandbox::on_demand()?, world)
    }

    /// The same, in this sandbox.
    pub fn built_in_with(sandbox: &Sandbox, world: World) -> Result<Self, HostError> {
        let engine = &sandbox.engine;
        let (wasm, compiled) = precompiled::bytes(world);
        let component = precompiled::load(engine, compiled)
            .or_else(|_| Component::new(engine, wasm))
            .map_err(HostError::component)?;
        Self::link(&component)
    }

    /// Another build of the component, as WebAssembly. It is compiled, which takes about a second.
    pub fn from_wasm(wasm: &[u8]) -> Result<Self, HostError> {
        Self::from_wasm_with(Sandbox::on_demand()?, wasm)
    }

    /// The same, in this sandbox.
    pub fn from_wasm_with(sandbox: &Sandbox, wasm: &[u8]) -> Result<Self, HostError> {
        Self::link(&Component::new(&sandbox.engine, wasm).map_err(HostError::component)?)
    }

    /// What the component imports, by interface.
    pub fn imports(&self) -> Vec<String> {
        let component = self.instance.component();
        let kind = component.component_type();
        kind.imports(component.engine())
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// What the component exports, by interface.
    pub fn exports(&self) -> Vec<String> {
        let component = self.instance.component();
        let kind = component.component_type();
        kind.exports(component.engine())
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    pub(crate) fn instance(&self) -> &InstancePre<State> {
        &self.instance
    }

    fn link(component: &Component) -> Result<Self, HostError> {
        let mut linker = Linker::new(component.engine());
        add_to_linker(&mut linker, |state: &mut State| &mut state.imports)
            .map_err(HostError::component)?;
        let instance = linker
            .instantiate_pre(component)
            .map_err(HostError::component)?;
        Ok(Self { instance })
    }
}

/// How much a session may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of linear memory, touched only as it is used. A key file needs 64 MiB and a little to
    /// open, one with the highest scrypt cost 128 MiB, and more when opened after others.
    pub memory: usize,
    /// How long the component itself may compute, waiting for imports aside.
    pub computing: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 256 * 1024 * 1024,
            computing: Duration::from_secs(60),
        }
    }
}

/// What stands behind a store.
pub struct State {
    imports: Imports,
    limits: StoreLimits,
    ticks: u64,
}

/// A store with its limits set.
pub(crate) fn store(program: &Program, imports: Imports, limits: Limits) -> Store<State> {
    let engine = program.instance.engine();
    let state = State {
        imports,
        limits: StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .instances(8)
            .memories(2)
            .trap_on_grow_failure(false)
            .build(),
        ticks: limits.computing.as_millis() as u64 / TICK.as_millis() as u64,
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limits);
    // A tick counts when the component runs into it, so waiting in an import costs one at most.
    // Yielding lets other tasks of the executor run in between.
    store.epoch_deadline_callback(|mut context| {
        let state = context.data_mut();
        state.ticks = state.ticks.checked_sub(1).ok_or_else(|| {
            wasmtime::Error::msg("the component computed for longer than its limit")
        })?;
        Ok(UpdateDeadline::Yield(1))
    });
    store.set_epoch_deadline(1);
    store
}

/// Where programs run: a wasmtime engine, and a thread that counts computing time.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
}

impl Sandbox {
    /// The sandbox of this process: memory is asked for when a session starts, and given back
    /// when it ends. Right for a command line, and for servers with few sessions.
    pub fn on_demand() -> Result<&'static Self, HostError> {
        static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
        if let Some(sandbox) = SANDBOX.get() {
            return Ok(sandbox);
        }
        let sandbox = Self::start(&config::config())?;
        Ok(SANDBOX.get_or_init(|| sandbox))
    }

    /// A sandbox with room for so many sessions at a time; one more is refused with an error.
    ///
    /// Each place keeps up to 70 MiB from one session to the next, wiped, so that opening a key
    /// does not wait for the operating system's memory. No session gets more than 256 MiB.
    pub fn pooled(sessions: u32) -> Result<Self, HostError> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(sessions)
            .total_core_instances(sessions.saturating_mul(CORE_INSTANCES))
            .total_memories(sessions)
            .total_tables(sessions.saturating_mul(CORE_INSTANCES))
            .max_memory_size(Limits::default().memory)
            .linear_memory_keep_resident(KEPT_RESIDENT);
        let mut config = config::config();
        config.allocation_strategy(pool);
        Self::start(&config)
    }

    fn start(config: &Config) -> Result<Self, HostError> {
        let engine = Engine::new(config).map_err(HostError::component)?;
        let ticking = engine.weak();
        // Without the ticks nothing is stopped; a process that cannot start a thread has worse
        // troubles.
        let _ = thread::Builder::new()
            .name("cosignet-epoch".into())
            .spawn(move || {
                while let Some(engine) = ticking.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    thread::sleep(TICK);
                }
            });
        Ok(Self { engine })
    }
}

const TICK: Duration = Duration::from_millis(10);
/// A component's own module, and the two that wit-component makes to join it to its imports.
const CORE_INSTANCES: u32 = 4;
/// scrypt's 64 MiB, and a little.
const KEPT_RESIDENT: usize = 70 * 1024 * 1024;
