//! What a cloud is, as data. The only room, beside the emulator, where a kind has a name.

mod attributes;
pub mod catalog;
pub mod codes;
mod fields;
mod operations;
mod reader;
mod types;
mod verify;

pub use catalog::*;
pub use reader::read;
