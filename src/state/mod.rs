//! Memory: what cnx made, what it was about to do, what it was told.

pub mod journal;

pub use journal::*;
