//! A CloudNexus on this machine: `Emulator::handle(door, request, now)`, pure, after `docs/api/contract.md`.
//! Two doors: in process (`local`), and as a server on loopback (`serve`). Knows no other room than `model`.
mod call;
mod capacity;
mod catalog;
mod cdn;
mod clock;
mod collection;
mod config;
mod control;
mod core;
mod databases;
mod drift;
mod errors;
mod fields;
mod fixtures;
mod handle;
mod idempotency;
mod ids;
mod job;
mod keys;
mod limits;
mod lists;
pub mod local;
mod log;
mod machines;
mod object;
mod openapi;
mod order;
mod page;
mod query;
mod routes;
mod rules;
pub mod serve;
mod settle;
mod ssh_keys;
mod store;
mod tenant;
mod views;
mod work;

#[cfg(test)]
mod tests;

pub use self::clock::Now;
pub use self::config::*;
pub use self::core::{Emulator, Head, Record};
pub use self::keys::{Key, KeyState, Permission, Tier};
pub use self::log::LogEntry;
pub use self::openapi::document;
pub use self::routes::{Door, Ports};
pub use self::tenant::Environment;
