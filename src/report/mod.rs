//! The face: from data to text, for people and for machines. Pure but for the writer; decides nothing.

pub mod diagnostics;
pub mod diagnostics_json;
pub mod difference;
pub mod drift;
pub mod escape;
pub mod excerpt;
pub mod github;
pub mod graph;
pub mod history;
pub mod look;
pub mod page;
pub mod plan;
pub mod plan_json;
pub mod progress;
pub mod question;
pub mod reference;
pub mod resources;
pub mod sarif;
pub mod suite;
pub mod table;
#[cfg(test)]
mod tests;
pub mod unplaced;
pub mod value;
pub mod value_json;
pub mod why;
pub mod why_json;
pub mod writer;

pub use look::{Detail, Look, Role, count};
pub use writer::Writer;
