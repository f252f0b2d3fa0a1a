//! cnx: infrastructure as code for the CloudNexus cloud.
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
