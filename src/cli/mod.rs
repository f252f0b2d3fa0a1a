//! The door: arguments, exit codes, one file a command. Joins the rooms; decides nothing about resources.

pub mod args;
mod check;
mod codes;
mod completions;
mod emulator;
mod env;
pub mod exit;
mod init;
mod project;
mod run;
pub mod shell;
mod version;

pub use run::run;
