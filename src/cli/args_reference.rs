//! The arguments of what is read about cnx and a program: `docs`, `graph`. Knows no command's work.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Docs {
    /// A kind, a function, or something that the project declares; `fn NAME` is a function. Without it, a list
    #[arg(value_name = "NAME", num_args = 0..=2)]
    pub words: Vec<String>,
    /// Write the whole reference as HTML into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "words")]
    pub html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Graph {
    /// Graphviz, Mermaid, or a drawing
    #[arg(long, value_name = "FORMAT", default_value = "dot", conflicts_with = "json")]
    pub format: GraphFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    Dot,
    Mermaid,
    Svg,
}
