//! Several signers at once: what is reported as attached stays attached.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use cosignet::imports::{KeyService, KeyServiceError};
use cosignet::key::PublicKey;
use cosignet::oci::{Digest, Referrers, media_type, referrers_tag};
use cosignet::sign::{Cleaning, Form, Options, Signer, SigningError, remove_own, sign_images};
use support::*;

/// What `sign::attach` promises: where no request takes more than twice as long as another, signatures
/// that are reported as attached stay attached, whoever was faster.
#[test]
fn signers_at_once_lose_nothing() {
    for (signers, runs) in [(2, 300), (3, 200), (5, 40), (8, 16), (16, 4)] {
        for spread in [0, 20_000, 200_000] {
            let model = Model::Timed {
                least: 10_000,
                most: 20_000,
                spread,
            };
            for seed in 0..runs {
                for form in [Form::Simple, Form::Bundle] {
                    let tally = race_for(form, seed, model, signers);
                    let failed = (tally.lost, tally.contended);
                    assert_eq!(failed, (0, 0), "{signers} signers, {model:?}, seed {seed}");
                }
            }
        }
    }
}

/// One takes its own signature away while others sign: theirs stay, and its own is gone.
#[test]
fn who_cleans_among_signers_loses_nobodys() {
    for (signers, runs) in [(1, 100), (2, 100), (5, 20), (8, 8)] {
        for spread in [0, 20_000, 200_000] {
            let model = Model::Timed {
                least: 10_000,
                most: 20_000,
                spread,
            };
            for seed in 0..runs {
                for form in [Form::Simple, Form::Bundle] {
                    clean_among(form, seed, model, signers);
                }
            }
        }
    }
}

fn clean_among(form: Form, seed: u64, model: Model, signers: usize) {
    let earlier: Vec<Work> = vec![Box::new(move |host| sign_as(15, form, host))];
    let (store, mut earlier) = simulate(seed, model, with_image(), earlier);
    let earlier = earlier.remove(0).0.unwrap();
    assert!(is_stored(&store, form, &earlier));
    let mut all = work(form, signers);
    let own = earlier.clone();
    all.push(Box::new(move |host| {
        let key = PublicKey::from_pem(SERVICES[15].as_bytes()).unwrap();
        let cleaning = Cleaning {
            reference: IMAGE,
            public_key: &key,
            kind: None,
            signature_repository: None,
        };
        remove_own(host, &cleaning).map(|_| own)
    }));
    let (store, results) = simulate(seed, model, store, all);
    for (number, (result, _)) in results.into_iter().enumerate() {
        let attached = result.unwrap();
        let expected = number < signers;
        let found = is_stored(&store, form, &attached);
        assert_eq!(found, expected, "{number} of {signers}, {model:?}, {seed}");
    }
}

/// Where some requests take twenty times as long as others, a signer can be too sure too early.
#[test]
fn uneven_registries_lose_next_to_nothing() {
    for model in [TIMED, SPREAD] {
        let mut sum = Tally::default();
        for (signers, runs) in [(2, 300), (3, 300), (5, 60), (8, 20)] {
            for seed in 0..runs {
                sum.add(race(seed, model, signers));
            }
        }
        assert!(sum.contended == 0, "{}", sum.figures());
        assert!(sum.lost * 1000 <= sum.signatures, "{}", sum.figures());
    }
}

/// Against a scheduler that may hold any request back for ever no protocol helps that can only
/// read and write a tag. But the tag stays readable, the last writer's signature is in it, and
/// nobody is caught in a loop.
#[test]
fn an_adversary_breaks_nothing_else() {
    for (signers, runs) in [(2, 60), (4, 30), (8, 5)] {
        for seed in 0..runs {
            let tally = race(seed, Model::Adversarial, signers);
            assert!(
                tally.lost + tally.contended < tally.signatures,
                "seed {seed}"
            );
        }
    }
}

/// Two that never meet wait for nobody.
#[test]
fn one_after_the_other_keeps_all() {
    let far_apart = Model::Timed {
        least: 1_000,
        most: 5_000,
        spread: 60_000_000,
    };
    for seed in 0..20 {
        let tally = race(seed, far_apart, 8);
        assert_eq!((tally.lost, tally.contended), (0, 0), "seed {seed}");
    }
}

#[test]
fn a_race_is_a_function_of_its_seed() {
    for model in [TIMED, Model::Adversarial] {
        let [first, second] = [race(7, model, 6), race(7, model, 6)];
        assert_eq!(
            (first.lost, first.contended, first.sum_us),
            (second.lost, second.contended, second.sum_us)
        );
    }
}

/// How often signatures are lost, in so many runs of each kind:
/// `cargo test --test races figures -- --ignored --nocapture`.
#[test]
#[ignore = "it prints figures, and takes minutes"]
fn figures() {
    let runs = 1600;
    let models = [
        ("adversarial", Model::Adversarial),
        ("timed", TIMED),
        ("spread", SPREAD),
        ("slow", SLOW),
    ];
    for (name, model) in models {
        for signers in [2, 3, 4, 8, 16] {
            let runs = if signers > 4 { runs / 8 } else { runs };
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
            "{} runs, {} lossy ({:.3} %); {} signatures, {} lost ({:.3} %), {} gave up ({:.3} %); \
             mean {} ms, longest {} ms",
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

/// One race for the tag of signatures.
fn race(seed: u64, model: Model, signers: usize) -> Tally {
    race_for(Form::Simple, seed, model, signers)
}

/// One race for a tag: of signatures, or of the list of referrers. Every signer has a key of its own.
fn race_for(form: Form, seed: u64, model: Model, signers: usize) -> Tally {
    let (store, results) = simulate(seed, model, with_image(), work(form, signers));
    let mut tally = Tally::default();
    for (result, end) in results {
        tally.signatures += 1;
        tally.sum_us += end;
        tally.latest_us = tally.latest_us.max(end);
        match result {
            Ok(attached) => tally.lost += u64::from(!is_stored(&store, form, &attached)),
            Err(SigningError::Contended(_)) => tally.contended += 1,
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
    tally
}

type Work = Task<'static, Result<Attached, SigningError>>;

/// A signature, and the manifest that has it.
type Attached = (Vec<u8>, Digest);

fn work(form: Form, signers: usize) -> Vec<Work> {
    let signer = |number| -> Work { Box::new(move |host| sign_as(number, form, host)) };
    (0..signers).map(signer).collect()
}

fn sign_as(number: usize, form: Form, host: &mut SimulatedHost) -> Result<Attached, SigningError> {
    let mut service = CachedService(number);
    let mut signer = Signer::key_service(&mut service, "k")?;
    let options = Options {
        form,
        ..attaching()
    };
    let mut results = sign_images(host, &mut signer, &[IMAGE.to_owned()], &options);
    let mut image = results.remove(0).outcome?;
    let manifest = image.attached[0].manifest_digest;
    Ok((image.signatures.remove(0).signature, manifest))
}

fn with_image() -> Store {
    let mut store = Store::default();
    store.put_manifest("r.example/app", "v1", media_type::OCI_MANIFEST, b"{}");
    store
}

fn is_stored(store: &Store, form: Form, (signature, manifest): &Attached) -> bool {
    let image = Digest::of(b"{}");
    match form {
        Form::Simple => store
            .signatures("r.example/app", &image)
            .is_some_and(|found| stored_signatures(found).contains(signature)),
        _ => {
            let place = "r.example/app".parse().unwrap();
            let list = store.manifest(&place, &referrers_tag(&image));
            list.is_ok_and(|list| {
                let list = Referrers::parse(&list.media_type, &list.content).unwrap();
                list.contains(manifest)
            })
        }
    }
}

const IMAGE: &str =
    "r.example/app@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// Every request takes from 1 to 20 ms, and all start within 20 ms.
const TIMED: Model = Model::Timed {
    least: 1_000,
    most: 20_000,
    spread: 20_000,
};

/// As `TIMED`, started within 200 ms.
const SPREAD: Model = Model::Timed {
    least: 1_000,
    most: 20_000,
    spread: 200_000,
};

/// A slow registry: up to 100 ms, started within 100 ms.
const SLOW: Model = Model::Timed {
    least: 1_000,
    most: 100_000,
    spread: 100_000,
};

/// A key service that remembers: a simulation signs the same payload again and again.
struct CachedService(usize);

static SERVICES: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..16)
        .map(|number| MemoryKeyService::new(number).pem())
        .collect()
});
static SIGNED: LazyLock<Mutex<Signed>> = LazyLock::new(Mutex::default);

/// A signature by the number of the key and what was signed.
type Signed = HashMap<(usize, Digest), Vec<u8>>;

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
