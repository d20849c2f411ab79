//! Key, signature and verification inside the component against the same code compiled natively,
//! and what it takes to start one. All in this process, measured by criterion.
//!
//! - `native`: the crate `cosignet` as plain Rust.
//! - `wasm`: the component that the host carries, built with wide arithmetic.
//! - `wasm-portable`: the component that `.ci/component` builds, which every runtime takes.
//!
//! `.ci/bench` builds those files and runs this; `processes` reads the medians back.

mod bundles;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use tokio::runtime::{Builder, Runtime};

use cosignet::key::{self, Random};
use cosignet::log::{TrustedLog, TrustedLogs};
use cosignet::verify;
use cosignet_host::api::LogApi;
use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::policy::{LogRequirement, LogTrust, Rules};
use cosignet_host::api::signing::{Attachment, LogUpload, Options as SignOptions, Signature};
use cosignet_host::embedded::log::EmbeddedLog;
use cosignet_host::{Imports, PrivateKey, Program, Rekor, Session, World};

fn main() {
    let bench = Bench::new();
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    bench.open(&mut criterion);
    bench.sign(&mut criterion);
    for case in bench.cases() {
        bench.verify(&mut criterion, &case);
    }
    let signer = [
        ("wasm", built_in(World::Signer)),
        ("wasm-portable", portable("cosignet.wasm")),
    ];
    bench.sign_bundle(&mut criterion, &signer);
    bench.verify_bundle(&mut criterion, &signer);
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

/// A signature, what is stored with it, and the log that must have it.
struct Case {
    name: &'static str,
    payload: Vec<u8>,
    signature: Vec<u8>,
    log_entry: Option<Vec<u8>>,
    log_key: Option<String>,
}

impl Bench {
    fn new() -> Self {
        Self {
            runtime: Builder::new_current_thread()
                .build()
                .expect("a runtime without I/O needs nothing"),
            programs: [
                ("wasm", built_in(World::Offline)),
                ("wasm-portable", portable("cosignet-offline.wasm")),
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
    fn verify(&self, criterion: &mut Criterion, case: &Case) {
        let mut group = criterion.benchmark_group(case.name);
        self.verify_natively(&mut group, case);
        let found = [DetachedSignature {
            payload: case.payload.clone(),
            signature: case.signature.clone(),
            log_entry: case.log_entry.clone(),
        }];
        let mut rules = Rules::one_key(self.public_key.clone());
        if let Some(key) = &case.log_key {
            rules.log = LogRequirement::Require(LogTrust::one_key(key.as_str()));
        }
        for (name, program) in &self.programs {
            let mut session = self.session(program);
            let policy = self.runtime.block_on(session.read_policy(&rules));
            let policy = policy.expect("one key is a policy");
            group.bench_function(*name, |bencher| {
                bencher.iter(|| {
                    let verified = session.verify_detached(policy, REFERENCE, &found);
                    let verified = self.runtime.block_on(verified).expect("no trap");
                    verified.expect("it is signed, and logged")
                });
            });
        }
    }

    fn verify_natively(&self, group: &mut BenchmarkGroup<'_, WallTime>, case: &Case) {
        let found = [verify::DetachedSignature {
            payload: case.payload.clone(),
            signature: case.signature.clone(),
            log_entry: case.log_entry.clone(),
        }];
        let requirement = |key: &String| {
            let log = TrustedLog::from_pem(key.as_bytes()).expect("the log's key");
            let logs = TrustedLogs::new(vec![log]).expect("one log");
            verify::LogRequirement::Require { logs, witnesses: 0 }
        };
        let log = case.log_key.as_ref().map(requirement);
        let policy = verify::Policy::new(verify::Rules {
            keys: vec![self.public_key.clone().into()],
            threshold: verify::Threshold::Any,
            annotations: Default::default(),
            log: log.unwrap_or(verify::LogRequirement::Ignore),
            identity: verify::Identity::Ignore,
            formats: verify::Formats::Any,
            limits: verify::Limits::CEILING,
        });
        let policy = policy.expect("one key is a policy");
        group.bench_function("native", |bencher| {
            bencher.iter(|| {
                verify::verify_detached(&policy, REFERENCE, &found)
                    .expect("it is signed, and logged")
            });
        });
    }

    /// The same signature three times: alone, with a signed entry timestamp as it is stored beside an
    /// attached signature, and with that, an inclusion proof and a checkpoint in a bundle.
    fn cases(&self) -> [Case; 3] {
        let alone = Case {
            name: "verify",
            payload: self.payload.clone(),
            signature: self.signature.clone(),
            log_entry: None,
            log_key: None,
        };
        let (logged, log_key) = self.logged();
        let entry = logged.log.expect("it was logged");
        let timestamp = Case {
            name: "verify-timestamp",
            payload: logged.payload,
            signature: logged.signature,
            log_entry: entry.annotation.map(String::into_bytes),
            log_key: Some(log_key),
        };
        let proof = Case {
            name: "verify-proof",
            signature: logged.bundle.into_bytes(),
            log_entry: None,
            payload: timestamp.payload.clone(),
            log_key: timestamp.log_key.clone(),
        };
        [alone, timestamp, proof]
    }

    /// A signature logged in a log with a thousand entries, and the key of that log.
    fn logged(&self) -> (Signature, String) {
        let runtime = Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let log = EmbeddedLog::start(Default::default()).await;
            let log = log.expect("a log on loopback");
            let rekor = Rekor::builder(log.url()).build().expect("its URL");
            let program = built_in(World::Signer);
            let session = Session::start(&program, Imports::none().transparency_log(rekor));
            let mut session = session.await.expect("the component starts");
            let key = session.open_key(&self.key_file, PASSWORD);
            let key = key.await.expect("cosign made the key");
            let others = (0..1000).map(|other| format!("{REPOSITORY}@sha256:{other:064x}"));
            let images: Vec<String> = others.chain([REFERENCE.into()]).collect();
            let options = SignOptions {
                log: Some(LogUpload {
                    api: LogApi::RekorV1,
                    trust: LogTrust::one_key(log.public_key_pem()),
                }),
                attachment: Attachment::None,
                ..SignOptions::default()
            };
            let signed = session.sign_images(key.signer(), &images, &options).await;
            let last = signed.expect("no trap").pop().expect("all were signed");
            let mut image = last.outcome.expect("it was logged");
            let signature = image.signatures.pop().expect("one signature");
            (signature, log.public_key_pem())
        })
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

fn portable(name: &str) -> Program {
    let path = root().join("target").join(name);
    let wasm = fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `.ci/bench` builds it first", path.display()));
    Program::from_wasm(&wasm).expect("the component compiles")
}

fn data(name: &str) -> Vec<u8> {
    let path = root().join("tests/data/cosign").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

const REPOSITORY: &str = "127.0.0.1:5055/test/app";
/// What the payload names.
const REFERENCE: &str = "127.0.0.1:5055/test/app\
    @sha256:0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";
const PASSWORD: &[u8] = b"hunter2";
