//! Complaints as values: a stable code, a fixed title, places and what to do. No renderer here.

pub mod codes;
pub mod diagnostic;
pub mod suggest;

pub(crate) use codes::codes;
pub use diagnostic::{Code, Diagnostic, Diagnostics, Label, Severity};
