//! `cnx emulator`: the local CloudNexus for people and for other tools, one file a command.

mod clock;
mod config;
mod control;
mod faults;
mod requests;
mod run;
mod serve;
mod state;

pub use control::folder;
pub use run::run;
