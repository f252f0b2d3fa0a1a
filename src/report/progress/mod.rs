//! An apply while it runs: one stream of events as a live view, as plain lines and as JSON. Times are handed in.

mod board;
mod json;
mod live;
mod sentences;
#[cfg(test)]
mod tests;

pub use board::Board;
pub use json::{VERSION, event};
pub use live::Live;
pub use sentences::{Sentences, rolled_back, summary};
