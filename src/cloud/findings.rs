//! What `cnx doctor` found of a target beyond its documents; it steers the client of later runs. Knows no file.

use super::client::{Client, Reach};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// By surface. Stored between runs: members may be added, never change their meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    pub surfaces: BTreeMap<String, Found>,
}

/// One surface. What is `None` could not be told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// With its base path: findings about another URL steer nothing.
    pub url: String,
    pub account: Option<String>,
    pub tier: Option<String>,
    pub environment: Option<String>,
    pub permission: Option<String>,
    pub scopes: Vec<String>,
    /// The regions that the key sees; `None`: all, as far as is known.
    pub regions: Option<Vec<String>>,
    /// `X-RateLimit-Limit`, where the answers tell it.
    pub requests_per_minute: Option<u32>,
    /// The largest page that was taken.
    pub page_size: Option<u32>,
    /// One object of a documented list answers by its id (`contract.md` 2.3).
    pub single_reads: Option<bool>,
    /// A job can be asked for by its id: the API tells a job that is not there apart from a route that is not there.
    pub jobs: Option<bool>,
    /// Many jobs are told at once.
    pub job_batches: Option<bool>,
    /// A repeated request under the same key is answered with the first one's answer.
    pub idempotency: Option<bool>,
    /// How far the API's clock is ahead of this machine's, in milliseconds.
    pub clock_skew_ms: Option<i64>,
    /// How long a new object took to show in its list, in milliseconds.
    pub list_lag_ms: Option<i64>,
    /// Objects of earlier examinations that were killed: found and deleted.
    pub swept: u32,
    /// Ids of what this examination made and could not delete.
    pub left: Vec<String>,
    /// Why nothing could be made, where that was asked for.
    pub untried: Option<String>,
}

impl Found {
    /// `full` where any route answers that the documents do not show, else `documented`.
    pub fn profile(&self) -> &'static str {
        let beyond = [self.account.as_ref().map(|_| true), self.single_reads, self.job_batches];
        if beyond.contains(&Some(true)) { "full" } else { "documented" }
    }
}

/// A request and the gateways before the API take no longer.
const REQUEST: Duration = Duration::from_secs(60);

impl Findings {
    /// How long an unclear create may still appear, where the lag of lists was measured: a request's time, and twice the lag.
    pub fn settle_window(&self) -> Option<Duration> {
        let lags = self.surfaces.values().filter_map(|found| found.list_lag_ms);
        let longest = lags.max()?;
        Some(REQUEST + 2 * Duration::from_millis(longest.max(0).unsigned_abs()))
    }
}

impl Client {
    /// Begins with what is known already: nothing of it is asked for again.
    pub fn steer(&self, findings: &Findings) {
        for (surface, reach) in &self.reaches {
            let found = findings.surfaces.get(surface.as_str());
            if let Some(found) = found.filter(|found| found.url == reach.endpoint.url()) {
                steer(reach, found);
            }
        }
    }
}

fn steer(reach: &Reach, found: &Found) {
    let known = [
        (&reach.single_reads, found.single_reads),
        (&reach.job_batches, found.job_batches),
        (&reach.idempotency, found.idempotency),
    ];
    for (knowledge, holds) in known {
        if let Some(holds) = holds {
            knowledge.set(holds);
        }
    }
    if let Some(size) = found.page_size {
        reach.page_size.store(size.clamp(1, reach.surface.page_size), Ordering::Relaxed);
    }
    if let Some(limit) = found.requests_per_minute {
        reach.budget.expect(limit);
    }
}
