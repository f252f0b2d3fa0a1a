//! Obedience: a pure machine that knows what to do next, and the async loop that does it.
//!
//! The way in: [`refresh`] reads what planning needs, [`recover`] ends what an earlier run left open, [`apply`] carries an
//! approved plan out, [`take_lock`] keeps others away meanwhile.

mod client;
pub mod codes;
pub mod command;
pub mod context;
mod drive;
pub mod event;
mod holdings;
mod identity;
mod lock;
mod outputs;
mod pin;
mod question;
mod rebuild;
mod recover;
mod refresh;
mod rollback;
pub mod run;
mod sweep;

#[cfg(test)]
mod tests;

pub use context::*;
pub use drive::{Ended, apply};
pub use event::*;
pub use holdings::Holdings;
pub use lock::take_lock;
pub use outputs::StoredOutputs;
pub use pin::is_of_another_cloud;
pub use question::{Candidate, Question, answerable, questions};
pub use rebuild::{Rebuilt, marked, rebuild};
pub use recover::{Recovered, recover};
pub use refresh::refresh;
pub use rollback::{RolledBack, Undone, apply_or_roll_back};
pub use sweep::{sweep, sweep_again};
