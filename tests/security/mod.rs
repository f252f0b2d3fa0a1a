//! Threats, each with its tests: `rows.rs` is the table; `docs/security.md` says the same in users' words.

mod bombs;
mod canary;
mod escapes;
mod every_kind;
mod files;
mod given;
mod hostile;
pub mod listener;
mod modes;
mod origin;
pub mod programs;
mod rows;
mod supply;
mod tables;
mod tampering;
mod targets;
