//! Cosignet against the real peers: cosign 2 and 3 and a real registry, on loopback, with keys and
//! images that are new in every run. cosign's behaviour is the specification here: whatever one
//! program writes the others must accept, byte for byte where bytes are compared, and whatever
//! cosign refuses must be refused with the same exit code.
//!
//! `.ci/interop` brings the peers and moto, builds the command line and runs this. A missing program fails
//! the test that needs it; nothing is ever skipped.

mod htpasswd;
mod image;
mod internet;
mod keys;
mod lab;
mod listener;
mod moto;
mod outcome;
mod peers;
mod registry;
mod rekor;
mod site;
mod token_service;
mod tool;
mod vault;

mod algorithms;
mod amazon;
mod attestations;
mod blobs;
mod bundle_signing;
mod bundles;
mod bytes;
mod cleaning;
mod copying;
mod detached;
mod embedded;
mod google;
mod index;
mod key_services;
mod layout;
mod log;
mod logging;
mod logins;
mod merging;
mod passwords;
mod pipeline;
mod refusals;
mod scripts;
mod sources;
