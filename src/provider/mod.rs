//! What a cloud is, as data. The only room, beside the emulator, where a kind has a name.

pub mod catalog;

pub use catalog::*;
