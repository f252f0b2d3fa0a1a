//! The arguments of what is read about cnx and a program: `console`, `docs`, `graph`, `why`. Knows no command's work.

use super::address::plain;
use super::args::Refresh;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Console {
    /// Neither read nor keep the lines of other sessions
    #[arg(long)]
    pub no_history: bool,
}

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

#[derive(Debug, Args)]
pub struct Why {
    /// `server.web[1]`: why it changes; `server.web[1].plan`: where the value comes from. Also a parameter, a `let` or an output
    #[arg(value_name = "ADDR[.ATTR]", value_parser = plain)]
    pub asked: String,
    /// What is read first
    #[arg(long, value_name = "WHAT", default_value = "all")]
    pub refresh: Refresh,
}
