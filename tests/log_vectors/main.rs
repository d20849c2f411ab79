//! The log module against what others made: entries of real Rekor v1 and v2 servers and of the
//! public good, what cosign stored of them, and the vectors of transparency-dev (RFC 6962 proofs,
//! checkpoints), cyberphone (RFC 8785) and sigstore. `tests/data` says where each file comes from.

mod canonical_json;
mod data;
mod evidence;
mod formats;
mod lab;
mod merkle;
mod mutations;
mod notes;
mod parsers;
mod real;
mod requests;
mod trust;
mod witnesses;
