//! Answers kept for their idempotency key (contract.md 4.7): 24 hours of real time, only of what was executed.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::Payload;
use super::call::Reply;
use super::clock::Now;
use super::errors::{ErrorCode, Refusal, invalid, refuse};

const KEPT_MS: i64 = 24 * 3600 * 1000;

/// One kept answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// Environment, method, path and key in one.
    pub place: String,
    /// Digest of the request's body.
    pub fingerprint: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Real time.
    pub at_ms: i64,
    /// Until then (real time) the first request is still under way: a fault holds its answer up.
    #[serde(default)]
    pub busy_until_ms: i64,
}

/// All kept answers.
#[derive(Clone, Debug, Default)]
pub struct Replays {
    by_place: BTreeMap<String, Stored>,
    by_age: BTreeSet<(i64, String)>,
}

impl Replays {
    pub fn keep(&mut self, stored: Stored) {
        if let Some(old) = self.by_place.get(&stored.place) {
            self.by_age.remove(&(old.at_ms, old.place.clone()));
        }
        self.by_age.insert((stored.at_ms, stored.place.clone()));
        self.by_place.insert(stored.place.clone(), stored);
    }

    pub fn all(&self) -> impl Iterator<Item = &Stored> {
        self.by_place.values()
    }

    /// Requests end with the process that they came to: none is under way in a new one.
    pub fn end_all(&mut self) {
        self.by_place.values_mut().for_each(|stored| stored.busy_until_ms = 0);
    }

    /// Drops what is older than a day.
    pub fn expire(&mut self, now: Now) {
        while self.by_age.first().is_some_and(|(at_ms, _)| at_ms.saturating_add(KEPT_MS) <= now.unix_ms) {
            if let Some((_, place)) = self.by_age.pop_first() {
                self.by_place.remove(&place);
            }
        }
    }

    /// The kept answer for a request, none, or a refusal because the body is another one.
    pub fn find(&self, place: &str, fingerprint: &str, now: Now) -> Result<Option<Reply>, Refusal> {
        let Some(stored) = self.by_place.get(place) else { return Ok(None) };
        if stored.fingerprint != fingerprint {
            return Err(refuse(
                ErrorCode::IdempotencyMismatch,
                "This Idempotency-Key was used with another request.",
                json!({}),
            ));
        }
        if now.unix_ms < stored.busy_until_ms {
            return Err(refuse(
                ErrorCode::IdempotencyInProgress,
                "The first request with this Idempotency-Key is still running.",
                json!({}),
            ));
        }
        let body = Payload::Own(stored.body.clone().into_bytes());
        let mut reply = Reply { status: stored.status, body, headers: Vec::new() };
        for (name, value) in &stored.headers {
            // Only names that operations set are stored.
            for known in ["Location", "ETag"] {
                if known == name {
                    reply.headers.push((known, value.clone()));
                }
            }
        }
        Ok(Some(reply.with("Idempotent-Replayed", "true")))
    }
}

/// The idempotency key of a request, if it has a usable one.
pub fn key_of(header: Option<&str>) -> Result<Option<&str>, Refusal> {
    match header {
        Some(key) if key.is_empty() || key.chars().count() > 255 => {
            Err(invalid("Idempotency-Key", "must have 1 to 255 characters"))
        }
        Some(_) | None => Ok(header),
    }
}
