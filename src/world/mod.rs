//! The outside: disk, network, time, randomness, terminal. Traits first, then the real ones.

pub mod seams;

pub use seams::{Clock, Files, Random, Transport, TransportError};
