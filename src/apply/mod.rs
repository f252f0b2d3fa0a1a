//! Obedience: a pure machine that knows what to do next, and the async loop that does it.
//!
//! The way in: `refresh(&context, reads)` reads what planning needs; `recover(&context, snapshot, tell)` ends what an
//! earlier run left open and returns the new snapshot; `apply(&context, approved, input, tell, interrupts)` carries a plan out.

pub mod context;
pub mod event;

pub use context::*;
pub use event::*;
