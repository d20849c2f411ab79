//! Key, signature and verification inside the component against the same code compiled natively,
//! and what it takes to start one. All in this process, measured by criterion.
//!
//! - `native`: the crate `cosignet` as plain Rust.
//! - `wasm`: the component that the host carries, built with wide arithmetic.
//! - `wasm-portable`: `target/cosignet-offline.wasm`, which every runtime takes.
//!
//! `.ci/bench` builds that file and runs this; `processes` reads the medians back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use tokio::runtime::{Builder, Runtime};

use cosignet::key::{self, Random};
use cosignet::verify;
use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::policy::Rules;
use cosignet_host::{Imports, PrivateKey, Program, Session, World};

fn main() {
    let bench = Bench::new();
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    bench.open(&mut criterion);
    bench.sign(&mut criterion);
    bench.verify(&mut criterion);
    bench.start(&mut criterion);
    criterion.final_summary();
}

/// What is measured, and with what: a key and a signature that cosign 2.5.0 made.
struct Bench {
    runtime: Runtime,
    programs: [(&'static str, Program); 2],
    key_file: Vec<u8>,
    public_key: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        Self {
            runtime: Builder::new_current_thread()
                .build()
                .expect("a runtime without I/O needs nothing"),
            programs: [
                ("wasm", built_in(World::Offline)),
                ("wasm-portable", portable()),
            ],
            key_file: data("keys/cosign-v2.5.0.key"),
            public_key: data("keys/cosign-v2.5.0.pub"),
            payload: data("legacy-sig/v2.5.0-plain/payload-0.json"),
            signature: data("legacy-sig/v2.5.0-plain/signature-0.b64"),
        }
    }

    /// A key file opened: scrypt with N=2^16. With a session made for it and dropped after it, as
    /// native memory is; `-again` in a session that has opened one before.
    fn open(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("open");
        group.sample_size(20).sampling_mode(SamplingMode::Flat);
        group.bench_function("native", |bencher| bencher.iter(|| self.native_key()));
        for (name, program) in &self.programs {
            group.bench_function(*name, |bencher| {
                bencher.iter(|| self.opened(program));
            });
            let (mut session, _) = self.opened(program);
            group.bench_function(format!("{name}-again"), |bencher| {
                bencher.iter(|| {
                    let key = self.open_in(&mut session);
                    let closed = self.runtime.block_on(session.close_key(key));
                    closed.expect("the key is open");
                });
            });
        }
    }

    /// A payload of cosign's signed with an open key.
    fn sign(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("sign");
        let key = self.native_key();
        group.bench_function("native", |bencher| {
            bencher.iter(|| key.sign(&self.payload, &mut NoRandom));
        });
        for (name, program) in &self.programs {
            let (mut session, key) = self.opened(program);
            group.bench_function(*name, |bencher| {
                bencher.iter(|| {
                    let signed = session.sign_payload(key, &self.payload);
                    let signed = self.runtime.block_on(signed).expect("no trap");
                    signed.expect("the payload is small enough")
                });
            });
        }
    }

    /// A signature judged by a policy that was read before.
    fn verify(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("verify");
        self.verify_natively(&mut group);
        let found = [DetachedSignature {
            payload: self.payload.clone(),
            signature: self.signature.clone(),
            log_entry: None,
        }];
        for (name, program) in &self.programs {
            let mut session = self.session(program);
            let rules = Rules::one_key(self.public_key.clone());
            let policy = self.runtime.block_on(session.read_policy(&rules));
            let policy = policy.expect("one key is a policy");
            group.bench_function(*name, |bencher| {
                bencher.iter(|| {
                    let verified = session.verify_detached(policy, REFERENCE, &found);
                    let verified = self.runtime.block_on(verified).expect("no trap");
                    verified.expect("cosign signed it")
                });
            });
        }
    }

    fn verify_natively(&self, group: &mut BenchmarkGroup<'_, WallTime>) {
        let found = [verify::DetachedSignature {
            payload: self.payload.clone(),
            signature: self.signature.clone(),
            log_entry: None,
        }];
        let policy = verify::Policy::new(verify::Rules {
            keys: vec![self.public_key.clone().into()],
            threshold: verify::Threshold::Any,
            annotations: Default::default(),
            log: verify::LogRequirement::Ignore,
            identity: verify::Identity::Ignore,
            limits: verify::Limits::CEILING,
        });
        let policy = policy.expect("one key is a policy");
        group.bench_function("native", |bencher| {
            bencher.iter(|| {
                verify::verify_detached(&policy, REFERENCE, &found).expect("cosign signed it")
            });
        });
    }

    /// A session started and dropped, in each world; and `load`, where such programs come from.
    fn start(&self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("start");
        let [wasm, portable] = self.programs.clone();
        let signer = ("signer", built_in(World::Signer));
        let verifier = ("verifier", built_in(World::Verifier));
        for (name, program) in [wasm, portable, signer, verifier] {
            group.bench_function(name, |bencher| bencher.iter(|| self.session(&program)));
        }
        group.bench_function("load", |bencher| bencher.iter(|| built_in(World::Signer)));
    }

    fn native_key(&self) -> key::PrivateKey {
        key::PrivateKey::open(&self.key_file, PASSWORD).expect("cosign made the key")
    }

    fn session(&self, program: &Program) -> Session {
        let started = Session::start(program, Imports::none());
        self.runtime
            .block_on(started)
            .expect("the component starts")
    }

    fn opened(&self, program: &Program) -> (Session, PrivateKey) {
        let mut session = self.session(program);
        let key = self.open_in(&mut session);
        (session, key)
    }

    fn open_in(&self, session: &mut Session) -> PrivateKey {
        let opened = session.open_key(&self.key_file, PASSWORD);
        self.runtime.block_on(opened).expect("cosign made the key")
    }
}

/// ECDSA is deterministic, and asks for none.
struct NoRandom;

impl Random for NoRandom {
    fn fill(&mut self, _: &mut [u8]) {
        unreachable!("ECDSA takes no randomness");
    }
}

fn built_in(world: World) -> Program {
    Program::built_in(world).expect("the host carries its components")
}

fn portable() -> Program {
    let path = root().join("target/cosignet-offline.wasm");
    let wasm = fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run `.ci/bench`, or `just component offline cosignet-offline` first",
            path.display()
        )
    });
    Program::from_wasm(&wasm).expect("the component compiles")
}

fn data(name: &str) -> Vec<u8> {
    let path = root().join("tests/data/cosign").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the payload names.
const REFERENCE: &str = "127.0.0.1:5055/test/app\
    @sha256:0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";
const PASSWORD: &[u8] = b"hunter2";
