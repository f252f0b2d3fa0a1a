//! Ids and pseudo-random numbers, all from the seed by SHA-256 (contract.md 4.9): two runs are the same run.
use std::fmt::Write;

use crate::model::hex;
use sha2::{Digest, Sha256};
use smol_str::{SmolStr, SmolStrBuilder};

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// SHA-256 of the parts, joined by `|`.
fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hasher.update(b"|");
        }
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

/// The first 64 bits of the digest of the parts.
pub fn number(parts: &[&str]) -> u64 {
    let digest = digest(parts);
    u64::from_be_bytes(digest[..8].try_into().expect("invariant: a digest has 32 bytes"))
}

/// A number in 0..1 from the parts.
pub fn fraction(parts: &[&str]) -> f64 {
    (number(parts) >> 11) as f64 / (1u64 << 53) as f64
}

/// The first base-36 digits of the digest of the parts (at most 24).
pub fn base36(parts: &[&str], digits: usize) -> String {
    let mut text = String::with_capacity(digits);
    digits_of(digest(parts), digits, |digit| text.push(digit));
    text
}

fn digits_of(digest: [u8; 32], digits: usize, mut each: impl FnMut(char)) {
    let mut rest = u128::from_be_bytes(digest[..16].try_into().expect("invariant: a digest has 32 bytes"));
    for _ in 0..digits {
        each(char::from(DIGITS[(rest % 36) as usize]));
        rest /= 36;
    }
}

/// Hexadecimal form of the first bytes of the digest of bytes; a fingerprint of a body or a checksum.
pub fn hex_digest(bytes: &[u8], length: usize) -> String {
    let mut text = hex(&Sha256::digest(bytes));
    text.truncate(length);
    text
}

/// What an id is made of.
pub struct IdSource<'a> {
    pub seed: u64,
    pub environment: &'a str,
    pub kind: &'a str,
    pub natural_key: &'a str,
}

impl IdSource<'_> {
    /// The id with this ordinal: prefix and suffix digits.
    pub fn id(&self, prefix: &str, digits: usize, ordinal: u32) -> SmolStr {
        let (seed, ordinal) = (self.seed.to_string(), ordinal.to_string());
        let suffix = base36(&[&seed, self.environment, self.kind, self.natural_key, &ordinal], digits);
        SmolStr::from(format!("{prefix}{suffix}"))
    }

    /// Under which number the ordinals of this natural key are counted.
    pub fn counter(&self) -> u64 {
        number(&[self.kind, self.natural_key])
    }
}

/// `req_…`: a counter, scrambled, so that ids look like the documented ones and never repeat in a run.
pub fn request_id(seed: u64, counter: u64) -> SmolStr {
    let mut hasher = Sha256::new();
    // The parts as everywhere, without a text for each: every request has one of these.
    let fed = write!(Feed(&mut hasher), "{seed}|request|{counter}");
    fed.expect("invariant: a digest takes everything");
    let mut text = SmolStrBuilder::new();
    text.push_str("req_");
    digits_of(hasher.finalize().into(), 10, |digit| text.push(digit));
    text.finish()
}

/// What is written goes into a digest.
struct Feed<'a>(&'a mut Sha256);

impl Write for Feed<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
