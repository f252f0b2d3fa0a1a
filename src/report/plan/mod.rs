//! A plan as text: what is to be done and why, folded so that a person reads it in one go.

mod changes;
mod entries;
mod render;
mod sections;
#[cfg(test)]
mod settings;
mod summary;
#[cfg(test)]
mod tests;

pub use entries::{Class, Counts, Entry, Member, class_name, counts, entries};
pub use render::{Context, deed, plan};
#[cfg(test)]
pub use settings::snapshot_settings;
