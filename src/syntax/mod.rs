//! From text to tree and back. The only room that sees pest.

pub mod ast;
mod build;
mod cascade;
pub mod codes;
mod comments;
mod diagnose;
mod grammar;
mod heads;
mod hints;
mod parse;
mod print;
mod scan;
mod shape;
mod wording;

pub use parse::{Parsed, goes_on, parse, parse_as_written, parse_expression, parse_type};
pub use print::format;
pub use shape::{expr_shape, shape};

#[cfg(test)]
mod tests;
