//! The API client: requests from kinds, pagination, budgets, retries, jobs, errors. A `Transport` lies below it.

pub mod call;

pub use call::*;
