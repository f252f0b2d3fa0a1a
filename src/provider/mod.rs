//! What a cloud is, as data. The only room, beside the emulator, where a kind has a name.

mod attributes;
mod builtin;
pub mod catalog;
pub mod codes;
mod fields;
mod operations;
mod pattern;
mod reader;
mod types;
mod verify;

#[cfg(test)]
mod tests;

pub use builtin::{CLOUDNEXUS, PROVIDERS, catalog_of, cloudnexus};
pub use catalog::*;
pub use pattern::Pattern;
pub use reader::read;
