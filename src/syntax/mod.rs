//! From text to tree and back. The only room that sees pest.

pub mod ast;
