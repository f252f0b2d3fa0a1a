//! From the grammar's pairs to the tree: precedence, escapes, numbers, and what the grammar takes too widely. Source lifetimes end here.

mod bodies;
mod builder;
mod exprs;
mod items;
mod numerals;
mod operators;
mod texts;
mod types;

pub(super) use builder::{Builder, Pair, RESERVED};
