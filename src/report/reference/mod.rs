//! The reference: what a provider offers as pages, and pages as one folder of HTML.

mod attributes;
pub mod examples;
pub mod json;
pub mod kinds;
pub mod site;

pub use kinds::{action, kind, source};
pub use site::{Article, Group, site};
