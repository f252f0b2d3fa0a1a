//! The decision: what differs, what is to be done about it, in which order and why. Pure.

mod action;
mod adoptable;
mod approve;
pub mod codes;
mod collide;
mod compare;
mod diff;
mod drift;
mod estimate;
mod foresee;
mod former;
mod guard;
mod identity;
mod import;
mod instants;
mod link;
mod live;
mod lost;
mod managed;
mod memory;
mod moves;
mod observe;
mod outcome;
mod outputs;
mod partial;
mod planner;
mod reads;
mod removed;
mod reversal;
mod rules;
pub mod types;
mod unique;
mod unit;
mod values;
mod veil;

#[cfg(test)]
mod tests;

pub use approve::Approved;
pub use compare::is_same;
pub use diff::operation_for;
pub use foresee::foreseen;
pub use identity::fitting;
pub use live::list_of;
pub use memory::remembered;
pub use moves::moved;
pub use observe::{Finding, Unseen, What, observe};
pub use outcome::plan;
pub use outputs::{source_outputs, unsealed};
pub use reads::reads;
pub use reversal::{Kept, Past, Reversal, reversal};
pub use rules::checks;
pub use types::*;
pub use values::{seen, settled, wanted};
pub use veil::{Veil, opened_by};
