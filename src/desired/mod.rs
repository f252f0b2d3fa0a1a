//! From a checked program to what it wants: instances, values, edges. Pure.

pub mod types;

pub use types::*;
