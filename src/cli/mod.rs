//! The door: arguments, exit codes, one file a command. Joins the rooms; decides nothing about resources.

mod apply;
pub mod args;
mod args_emulator;
mod check;
mod choices;
mod codes;
mod completions;
mod consent;
mod driving;
mod emulator;
mod env;
pub mod exit;
mod explain;
pub mod explanations;
mod fmt;
mod http_log;
mod init;
mod memory;
mod parameters;
mod plan;
mod planning;
mod progress;
mod project;
mod run;
mod run_action;
mod saved;
mod session;
pub mod shell;
mod show;
mod state;
mod target;
mod version;

pub use run::{run, run_in};
