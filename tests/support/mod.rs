//! What the tests share: a registry in memory, keys, and the artifacts that cosign made.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses a part; a test fails by panicking"
)]

pub mod fixture;
pub mod keys;
#[path = "../log_vectors/lab.rs"]
pub mod lab;
pub mod log;
pub mod registry;
pub mod service;
pub mod simulation;
pub mod store;

pub use fixture::*;
pub use keys::*;
pub use log::*;
pub use registry::*;
pub use service::*;
pub use simulation::*;
pub use store::*;

use cosignet::sign::{Attachment, Earlier, Options, Signer, SigningError, SigningResult};
use cosignet::verify::{
    Formats, Identity, Limits, LogRequirement, Policy, Rejection, Rules, Threshold, Verdict,
    VerificationError, VerifiedImage,
};

/// Rules that ask for a signature by any of these keys and for nothing else.
pub fn rules(keys: &[&[u8]]) -> Rules {
    Rules {
        keys: keys.iter().map(|key| key.to_vec().into()).collect(),
        threshold: Threshold::Any,
        annotations: Default::default(),
        log: LogRequirement::Ignore,
        identity: Identity::Ignore,
        formats: Formats::SimpleSigning,
        limits: Limits::CEILING,
    }
}

/// A policy of `rules`.
pub fn policy(keys: &[&[u8]]) -> Policy {
    Policy::new(rules(keys)).unwrap()
}

/// Verifies one image by what is attached to it.
pub fn verify(
    registry: &mut MemoryRegistry,
    policy: &Policy,
    reference: &str,
) -> Result<VerifiedImage, VerificationError> {
    let (references, options) = ([reference.to_owned()], Default::default());
    let mut results = cosignet::verify::verify_images(registry, policy, &references, &options);
    assert_eq!(results.len(), 1);
    results.remove(0)
}

/// What was said of each signature: `None` of those that count.
pub fn rejections(result: &Result<VerifiedImage, VerificationError>) -> Vec<Option<Rejection>> {
    let reports = match result {
        Ok(image) => image.signatures(),
        Err(VerificationError::NoMatch(image)) => &image.signatures,
        Err(other) => panic!("no report: {other}"),
    };
    reports
        .iter()
        .map(|report| match &report.verdict {
            Verdict::Counted(_) => None,
            Verdict::Rejected(rejection) => Some(rejection.clone()),
        })
        .collect()
}

/// The one reason why an image's one signature does not count.
pub fn rejection(result: &Result<VerifiedImage, VerificationError>) -> Rejection {
    let mut all = rejections(result);
    assert_eq!(all.len(), 1);
    all.remove(0).expect("it counts")
}

/// Attach beside the image, replacing earlier signatures.
pub fn attaching() -> Options {
    Options {
        attachment: Attachment::BesideImage(Earlier::Replace),
        ..Options::default()
    }
}

/// Signs references with a key that is at hand.
pub fn sign(
    registry: &mut MemoryRegistry,
    key: &cosignet::key::PrivateKey,
    references: &[&str],
    options: &Options,
) -> Vec<SigningResult> {
    let mut random = FixedRandom::default();
    let mut signer = Signer::private_key(key, &mut random);
    let references: Vec<String> = references.iter().map(|&text| text.to_owned()).collect();
    cosignet::sign::sign_images(registry, &mut signer, &references, options)
}

/// Signs one image and nothing below it.
pub fn sign_one(
    registry: &mut MemoryRegistry,
    key: &cosignet::key::PrivateKey,
    reference: &str,
    options: &Options,
) -> Result<cosignet::sign::SignedImage, SigningError> {
    let mut results = sign(registry, key, &[reference], options);
    assert_eq!(results.len(), 1);
    results.remove(0).outcome
}
