//! The decision: what differs, what is to be done about it, in which order and why. Pure.

pub mod types;

pub use types::*;
