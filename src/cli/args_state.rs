//! The arguments of `cnx state`. Knows no command's work.

use super::address::plain;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct State {
    #[command(subcommand)]
    pub command: StateCommand,
}

#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Every managed object
    List {
        /// Only these (`*` is a wildcard)
        #[arg(value_parser = plain)]
        addresses: Vec<String>,
    },
    /// One object, or several, in full
    Show {
        #[arg(required = true, value_parser = plain)]
        addresses: Vec<String>,
    },
    /// Give an object another address
    Move {
        #[arg(value_parser = plain)]
        from: String,
        #[arg(value_parser = plain)]
        to: String,
    },
    /// Manage an object no longer; it stays in the cloud
    Forget {
        #[arg(required = true, value_parser = plain)]
        addresses: Vec<String>,
    },
    /// What a failed create left is whole: it is not replaced
    Untaint {
        #[arg(required = true, value_parser = plain)]
        addresses: Vec<String>,
    },
    /// What was adopted by a guess is the right object
    Confirm {
        #[arg(required = true, value_parser = plain)]
        addresses: Vec<String>,
    },
    /// What was done, run by run
    History(StateHistory),
    /// Go back to what was known at an earlier serial
    Restore(StateRestore),
    /// Write all that is known as one file, secrets included
    Export {
        /// Without it to standard output
        file: Option<PathBuf>,
    },
    /// Make an exported file the state
    Import(StateImport),
}

#[derive(Debug, Args)]
pub struct StateHistory {
    /// So many of the newest runs
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Every entry of each run
    #[arg(long)]
    pub entries: bool,
}

#[derive(Debug, Args)]
pub struct StateRestore {
    /// As `cnx state history` shows it
    pub serial: u64,
    /// Without asking
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct StateImport {
    /// As `cnx state export` wrote it
    pub file: PathBuf,
    /// Also one that is older than the state had become
    #[arg(long)]
    pub older: bool,
    /// Without asking
    #[arg(short, long)]
    pub yes: bool,
}
