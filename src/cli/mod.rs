//! The door: arguments, exit codes, one file a command. Joins the rooms; decides nothing about resources.

pub mod args;
mod check;
mod codes;
mod completions;
mod env;
pub mod exit;
mod fmt;
mod init;
mod project;
mod run;
pub mod shell;
mod version;

pub use run::run;

#[cfg(test)]
mod tests;
