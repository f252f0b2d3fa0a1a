//! Complaints as values: a stable code, a fixed title, places and what to do. No renderer here.

pub mod diagnostic;
pub mod suggest;

pub use diagnostic::{Code, Diagnostic, Diagnostics, Label, Severity};
