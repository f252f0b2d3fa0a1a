//! The pass before parsing: comments, limits, and everything that would unbalance a text (open strings, brackets, foreign quoting).
//! What it finds broken it tells, and replaces in a copy of equal length, so that the parser sees balanced text and places stay true.

mod faults;
mod patches;
mod scanner;
mod strings;

pub(super) use scanner::{Scan, scan};
