//! The one canonical form of a text: two spaces, `=` aligned within a run, one element a line where a bracket does not fit or was written so.
//! Works on the tree and looks at the text only for what the tree does not keep: line breaks, comments, how a literal was written.

mod apart;
mod cells;
mod exprs;
mod file;
mod items;
mod printer;
mod sequence;
mod texts;
mod types;

pub use file::format;
