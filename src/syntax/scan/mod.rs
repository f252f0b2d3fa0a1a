//! The pass before parsing: comments, limits, and everything that would unbalance a text (open strings, brackets, foreign quoting).
//! Of a sound text it makes the short text that is parsed first. What it finds broken it tells, and replaces in a copy of equal length, so that
//! the parser sees balanced text and places stay true.

mod faults;
mod patches;
mod scanner;
mod short;
mod strings;
mod tokens;

pub(super) use scanner::{Scan, goes_on, mended, scan};
pub(super) use short::{Cut, Short};
