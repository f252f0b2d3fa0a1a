//! The room as a whole: fixtures, generated programs, limits.

mod fixtures;
mod generate;
mod limits;
mod nests;
mod properties;
