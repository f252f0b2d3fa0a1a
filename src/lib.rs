//! cnx: infrastructure as code for the CloudNexus cloud.
pub mod diag;
pub mod model;
pub mod syntax;
