use super::bindings::wasi::random::random::get_random_bytes;
use crate::key::Random;

/// Randomness of the host.
#[derive(Default)]
pub(super) struct HostRandom;

impl Random for HostRandom {
    fn fill(&mut self, out: &mut [u8]) {
        let bytes = get_random_bytes(out.len() as u64);
        // A host that hands over too little breaks its contract: no key may come of it.
        out.copy_from_slice(&bytes);
    }
}
