//! Several signers at once: what is reported as attached stays attached.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::HashMap;
use std::env;
use std::sync::{LazyLock, Mutex};

use cosignet::imports::{KeyService, KeyServiceError};
use cosignet::oci::Digest;
use cosignet::sign::{Signer, SigningError, sign_images};
use support::*;

/// Prints what the comments say: `RACES=20000 cargo test --release --test races -- --nocapture`.
#[test]
fn figures() {
    let Ok(runs) = env::var("RACES") else { return };
    let runs: u64 = runs.parse().unwrap();
    for signers in [2, 3, 4, 8, 16] {
        for (name, model) in [
            ("adversarial", Model::Adversarial),
            ("timed", TIMED),
            ("spread", SPREAD),
        ] {
            let runs = if signers > 4 { runs / 4 } else { runs };
            let mut sum = Tally::default();
            for seed in 0..runs {
                sum.add(race(seed, model, signers));
            }
            println!("{signers:2} signers, {name:11}: {}", sum.figures());
        }
    }
}

#[derive(Default)]
struct Tally {
    runs: u64,
    lossy_runs: u64,
    signatures: u64,
    lost: u64,
    contended: u64,
    latest_us: u64,
    sum_us: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.runs += 1;
        self.lossy_runs += u64::from(other.lost > 0);
        self.signatures += other.signatures;
        self.lost += other.lost;
        self.contended += other.contended;
        self.latest_us = self.latest_us.max(other.latest_us);
        self.sum_us += other.sum_us;
    }

    fn figures(&self) -> String {
        format!(
            "{} runs, {} lossy ({:.3} %); {} signatures, {} lost ({:.3} %), {} gave up ({:.3} %); mean {} ms, longest {} ms",
            self.runs,
            self.lossy_runs,
            100.0 * self.lossy_runs as f64 / self.runs as f64,
            self.signatures,
            self.lost,
            100.0 * self.lost as f64 / self.signatures as f64,
            self.contended,
            100.0 * self.contended as f64 / self.signatures as f64,
            self.sum_us / self.signatures / 1000,
            self.latest_us / 1000,
        )
    }
}

/// One race; every signer has a key of its own.
fn race(seed: u64, model: Model, signers: usize) -> Tally {
    type Work = Box<dyn FnOnce(&mut SimulatedHost) -> Result<Vec<u8>, SigningError> + Send>;
    let work = (0..signers)
        .map(|number| -> Work {
            Box::new(move |host| {
                let mut service = CachedService(number);
                let mut signer = Signer::key_service(&mut service, "k")?;
                let mut results = sign_images(host, &mut signer, &[IMAGE.to_owned()], &attaching());
                let mut image = results.remove(0).outcome?;
                Ok(image.signatures.remove(0).signature)
            })
        })
        .collect();
    let (store, results) = simulate(seed, model, Store::default(), work);
    let manifest = store
        .signatures("r.example/app", &Digest::of(b"{}"))
        .unwrap();
    let stored = stored_signatures(manifest);
    let mut tally = Tally::default();
    for (result, end) in results {
        tally.signatures += 1;
        tally.sum_us += end;
        tally.latest_us = tally.latest_us.max(end);
        match result {
            Ok(signature) => tally.lost += u64::from(!stored.contains(&signature)),
            Err(SigningError::Contended(_)) => tally.contended += 1,
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
    tally
}

const IMAGE: &str =
    "r.example/app@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// Every request takes from 1 to 20 ms, and all start within 20 ms.
const TIMED: Model = Model::Timed {
    least: 1_000,
    most: 20_000,
    spread: 20_000,
};

/// The same, started within 200 ms.
const SPREAD: Model = Model::Timed {
    least: 1_000,
    most: 20_000,
    spread: 200_000,
};

/// A key service that remembers: a simulation signs the same payload again and again.
struct CachedService(usize);

static SERVICES: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..16)
        .map(|number| MemoryKeyService::new(number).pem())
        .collect()
});
static SIGNED: LazyLock<Mutex<HashMap<(usize, Digest), Vec<u8>>>> = LazyLock::new(Mutex::default);

impl KeyService for CachedService {
    fn public_key(&mut self, _key: &str) -> Result<String, KeyServiceError> {
        Ok(SERVICES[self.0].clone())
    }

    fn sign_digest(&mut self, key: &str, digest: &Digest) -> Result<Vec<u8>, KeyServiceError> {
        let mut signed = SIGNED.lock().unwrap();
        let signature = signed.entry((self.0, *digest)).or_insert_with(|| {
            let mut service = MemoryKeyService::new(self.0 as u8);
            service.sign_digest(key, digest).unwrap()
        });
        Ok(signature.clone())
    }
}
