//! Where random bytes come from.

use rand_core::{TryCryptoRng, TryRng};

/// A cryptographically secure source of random bytes, such as `wasi:random`.
pub trait Random {
    /// Fills all of `out`. A source that cannot must not return.
    fn fill(&mut self, out: &mut [u8]);
}

/// Lends a [`Random`] to the `rsa` crate for one blinded operation.
///
/// Drawing below a modulus is trial and error, so a source that repeats itself would keep it
/// going for ever. The budget ends it: a fair source needs two draws on average, and has spent
/// the budget with a probability below 2^-128.
pub(super) struct Blinding<'a> {
    random: &'a mut dyn Random,
    budget: usize,
}

impl<'a> Blinding<'a> {
    pub(super) fn new(random: &'a mut dyn Random) -> Self {
        Self {
            random,
            budget: BUDGET,
        }
    }
}

impl TryRng for Blinding<'_> {
    type Error = Exhausted;

    fn try_next_u32(&mut self) -> Result<u32, Exhausted> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Exhausted> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Exhausted> {
        self.budget = self.budget.checked_sub(out.len()).ok_or(Exhausted)?;
        self.random.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Blinding<'_> {}

/// The budget of [`Blinding`] is spent.
#[derive(Debug, thiserror::Error)]
#[error("too many draws from the random source")]
pub(super) struct Exhausted;

/// Bytes: 256 draws for the largest modulus of 512 bytes.
const BUDGET: usize = 256 * 512;
