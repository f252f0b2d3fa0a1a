//! Randomness of the operating system.

use super::seams::Random;

#[derive(Clone, Copy, Debug, Default)]
pub struct RealRandom;

impl Random for RealRandom {
    /// Nonces decide who owns what: without randomness nothing may go on.
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("invariant: the operating system gives random bytes");
    }
}
