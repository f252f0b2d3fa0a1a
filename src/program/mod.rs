//! From trees to a program whose every name is resolved and every value typed against the catalog. Pure.

mod aliases;
mod call;
mod check;
mod checker;
pub mod codes;
pub mod convert;
mod deprecated;
mod elsewhere;
pub mod expr;
mod fits;
mod folders;
mod foreign;
mod infer;
pub mod ir;
pub mod library;
mod lifecycle;
mod literals;
mod locals;
mod loops;
mod mismatch;
mod modules;
mod operators;
mod order;
mod postfix;
mod providers;
mod refactor;
mod repeats;
mod resources;
mod rules;
mod secrets;
mod settings;
mod sound;
mod suites;
mod symbols;
pub mod validate;
mod version;

pub use check::{check, check_constant, check_with_locals};
pub use checker::{lookup_attributes, member_names, member_type, read_type};
pub use elsewhere::SOURCE as ELSEWHERE;
pub use fits::fits;
pub use folders::{Folder, check_folders};
pub use ir::{Program, SecretPlaces};
pub use rules::CHANGES;
pub use secrets::{SecretsElsewhere, mark_elsewhere};
pub use settings::is_environment_name;
pub use sound::Unsound;
pub use suites::{STEPS, VIEWS};

#[cfg(test)]
pub mod tests;
#[cfg(test)]
pub mod tests_modules;
