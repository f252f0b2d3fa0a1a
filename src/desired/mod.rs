//! From a checked program to what it wants: instances, values, edges. Pure.

mod assemble;
mod calls;
pub mod codes;
mod elsewhere;
mod evaluate;
mod examine;
mod expand;
mod headers;
mod import;
mod inputs;
mod instance;
mod judge;
mod loops;
mod machine;
mod module;
mod named;
mod operate;
mod origin;
mod references;
mod resolve;
mod scope;
mod scopes;
mod seen;
mod settings;
mod sizes;
mod trace;
mod trace_steps;
pub mod types;
mod world;

pub use evaluate::{early_settings, evaluate, foresee};
pub use headers::{Absence, Cause, Header, Headers};
pub use inputs::{Files, Inputs, OtherOutput, OtherOutputs, OtherProject, ParamInput, constant, parse_param};
pub use machine::discreet;
pub use origin::{Asked, Cut, GivenBy, Origin, SAVED_PLAN, Source};
pub use types::*;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_limits;
#[cfg(test)]
mod tests_modules;
