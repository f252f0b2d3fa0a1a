//! The pure machine: steps of an approved plan, events in, commands out. Split by what happens to a step.

mod accept;
mod before;
pub(super) mod begin;
mod conclude;
mod deed;
mod ending;
mod errand;
mod evidence;
mod look;
mod machine;
mod person;
mod poll;
mod recall;
mod refuse;
mod repeat;
mod rounds;
mod schedule;
mod seal;
mod settle;
mod survey;
mod undo;
mod work;

pub use machine::{Parts, Run};
pub use undo::Back;
pub use work::{Aim, Setup};
