//! Obedience: a pure machine that knows what to do next, and the async loop that does it.

pub mod event;

pub use event::*;
