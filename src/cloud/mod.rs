//! The API client: requests from kinds, pagination, budgets, retries, jobs, errors. A `Transport` lies below it.

mod budget;
pub mod call;
mod client;
pub mod codes;
mod credentials;
pub mod endpoint;
mod envelope;
pub mod error;
mod examine;
mod findings;
mod jobs;
mod knowledge;
mod lists;
mod observe;
mod outcome;
mod pace;
mod reads;
mod redact;
mod request;
mod scrub;
mod shared;
mod sources;

#[cfg(test)]
mod tests;

pub use call::*;
pub use client::Client;
pub use credentials::{Hosts, Wishes, endpoints, local_endpoints};
pub use endpoint::{Endpoint, MAX_WAIT, RateLimit, against_urls};
pub use error::{ReadError, rejection, sentence};
pub use findings::{Findings, Found};
pub use jobs::SINGLE_JOBS;
pub use pace::CLOCKS_APART;
pub use reads::Presence;
pub use redact::redact;
pub use sources::Account;
