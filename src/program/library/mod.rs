//! The standard library: pure, total functions, as data. Names are those that Terraform's users know.

pub mod arguments;
pub mod collections;
pub mod encoding;
pub mod format;
pub mod nested;
pub mod network;
pub mod numbers;
pub mod patterns;
pub mod reference;
pub mod strings;
pub mod table;

pub use reference::{find, functions, habit, left_out, markdown, otherwise};
pub use table::{Bindings, Function, Run, Shape};
