//! cnx: infrastructure as code for the CloudNexus cloud. The rooms in reading order; `docs/architecture.md` has the laws.
//!
//! `model` the words that all speak · `diag` complaints as values
//! `syntax` text to tree · `provider` what a cloud is, as data · `program` names and types · `desired` what is wanted, evaluated
//! `state` what is remembered · `plan` the decision · `apply` obedience
//! `world` the outside · `cloud` the API client · `emulator` a CloudNexus on this machine
//! `report` the face · `cli` the door

pub mod apply;
pub mod cli;
pub mod cloud;
pub mod desired;
pub mod diag;
pub mod emulator;
pub mod model;
pub mod plan;
pub mod program;
pub mod provider;
pub mod report;
pub mod state;
pub mod syntax;
pub mod world;
