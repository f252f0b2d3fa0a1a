//! Pages of prose: a small Markdown as data, shown in a terminal or as HTML. Knows no page.

pub mod html;
pub mod markdown;
pub mod terminal;
#[cfg(test)]
mod tests;

pub use markdown::{Block, Page, Piece, Place, parse};
