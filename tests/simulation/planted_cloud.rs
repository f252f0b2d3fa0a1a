//! Planted bugs between the engine and the cloud.

use super::cloud::CANARY;
use super::hub::Hub;
use super::planted::Bug;
use super::seams::get;
use cnx::apply::{Cloud, Seen, Target};
use cnx::cloud::{ApiError, Call, IdempotencyKey, Job, JobStatus, Listing, Outcome, Verb};
use cnx::model::http::{Headers, Request, Response};
use cnx::model::{Attributes, Ident, JobId, Observed, RemoteId, Value};
use cnx::plan::ListRead;
use cnx::state::STAMP_OPERATION;
use cnx::world::{Transport, TransportError};
use futures::future::{BoxFuture, FutureExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// So often what would never end is done again.
const AGAIN: u32 = 400;

/// A client that sends again, follows links or does not listen.
pub struct BuggedTransport {
    pub below: Arc<dyn Transport>,
    pub bug: Bug,
    pub hub: Arc<Hub>,
}

impl BuggedTransport {
    async fn exchange(&self, request: Request, deadline: Duration) -> Result<Response, TransportError> {
        let mut answer = self.below.send(request.clone(), deadline).await;
        let posts = request.method == cnx::model::http::Method::Post;
        let again = match (self.bug, &answer) {
            (Bug::ResendsOn502, Ok(response)) => posts && response.status == 502,
            (Bug::ResendsOnReset, Err(TransportError::Lost { .. })) => posts,
            (Bug::TrustsAnyPage, Ok(response)) => posts && response.status == 429 && !response.body.starts_with(b"{"),
            _ => false,
        };
        if again {
            answer = self.below.send(request.clone(), deadline).await;
        }
        if let (Bug::TrustsNextLinks, Ok(response)) = (self.bug, &answer) {
            let link = serde_json::from_slice::<serde_json::Value>(&response.body).ok();
            let link = link.and_then(|body| Some(body.get("meta")?.get("next_page")?.as_str()?.to_owned()));
            if let Some((scheme, rest)) = link.as_deref().and_then(|link| link.split_once("://")) {
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                return self.below.send(get(&format!("{scheme}://{host}"), path), deadline).await;
            }
        }
        if let (Bug::IgnoresRetryAfter, Ok(response)) = (self.bug, &mut answer) {
            response.headers.0.retain(|(name, _)| name != "Retry-After");
        }
        answer
    }
}

impl Transport for BuggedTransport {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.exchange(request, deadline).boxed()
    }

    fn dies_with_sender(&self) -> bool {
        self.below.dies_with_sender()
    }
}

/// A cloud whose answers are taken for something else.
pub struct BuggedCloud {
    pub below: Arc<dyn Cloud>,
    pub bug: Bug,
    /// What the last list of a kind showed.
    pub listed: Mutex<BTreeMap<Ident, BTreeSet<RemoteId>>>,
}

impl BuggedCloud {
    async fn send(&self, mut call: Call) -> Outcome {
        let makes = call.verb == Verb::Create;
        match self.bug {
            Bug::ReusesNonce if makes && !call.stamp.is_empty() => {
                call.stamp.insert(STAMP_OPERATION.to_owned(), "0".repeat(32));
            }
            Bug::SendsNoMark => call.stamp = BTreeMap::new(),
            _ => {}
        }
        let outcome = self.below.call(call.clone()).await;
        match (self.bug, outcome) {
            (Bug::CallsUnknownFailed, Outcome::Unknown { reason, .. }) if makes => {
                Outcome::Rejected(ApiError { status: 500, message: reason, ..ApiError::default() })
            }
            (Bug::ResendsUnderNewKey, Outcome::Unknown { .. }) if makes => {
                // The journal knows neither the key nor what it makes.
                let key = call.idempotency_key.map(|key| key.0).unwrap_or_default();
                call.idempotency_key = Some(IdempotencyKey(key.chars().rev().collect()));
                self.below.call(call).await
            }
            (_, outcome) => outcome,
        }
    }

    async fn look(&self, target: Target) -> Seen {
        let listed = self.listed.lock().expect("one thread").get(&target.kind).cloned();
        if self.bug == Bug::TrustsLists && listed.is_some_and(|ids| !ids.contains(&target.id)) {
            return Seen::Gone;
        }
        match (self.bug, self.below.read(target).await) {
            (Bug::TakesErrorsForGone, Seen::Unread(_)) | (Bug::TakesHiddenForGone, Seen::Hidden) => Seen::Gone,
            (Bug::TakesHiddenForGone, Seen::Unread(why)) if why.contains("403") => Seen::Gone,
            (_, seen) => seen,
        }
    }

    fn judge(&self, mut jobs: Vec<Job>) -> Vec<Job> {
        for job in &mut jobs {
            match (self.bug, &job.status) {
                (Bug::TakesLostJobForFailed, JobStatus::Missing) => job.status = JobStatus::Failed,
                (Bug::TakesBegunForDone, JobStatus::Open) => job.status = JobStatus::Succeeded,
                _ => {}
            }
        }
        jobs
    }
}

impl Cloud for BuggedCloud {
    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        self.send(call).boxed()
    }

    fn read(&self, target: Target) -> BoxFuture<'_, Seen> {
        self.look(target).boxed()
    }

    fn list(&self, list: ListRead) -> BoxFuture<'_, Result<Listing, String>> {
        async move {
            let kind = list.kind.clone();
            let mut listing = self.below.list(list.clone()).await?;
            let again = if self.bug == Bug::ListsForEver { AGAIN } else { 0 };
            for _ in 0..again {
                let many = listing.objects.len();
                listing = self.below.list(list.clone()).await?;
                if listing.objects.len() != many {
                    break;
                }
            }
            if self.bug == Bug::AdoptsCopies {
                // Whatever carries a mark of ours shows the name that all programs here give.
                let is_marked = |object: &&mut Observed| {
                    let tags = object.attributes.get("tags").map(|tags| format!("{tags:?}"));
                    tags.is_some_and(|tags| tags.contains(STAMP_OPERATION))
                };
                for object in listing.objects.iter_mut().filter(is_marked) {
                    object.attributes.insert(Ident::new("name"), Value::string("a"));
                }
            }
            let ids = listing.objects.iter().map(|object| object.id.clone()).collect();
            self.listed.lock().expect("one thread").insert(kind, ids);
            Ok(listing)
        }
        .boxed()
    }

    fn jobs(&self, surface: Ident, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        async move {
            let mut jobs = self.below.jobs(surface.clone(), ids.clone()).await?;
            let again = if self.bug == Bug::PollsWithoutPause { AGAIN } else { 0 };
            for _ in 0..again {
                if jobs.iter().all(|job| job.status != JobStatus::Open) {
                    break;
                }
                jobs = self.below.jobs(surface.clone(), ids.clone()).await?;
            }
            Ok(self.judge(jobs))
        }
        .boxed()
    }

    fn recent_jobs(&self, surface: Ident) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        self.below.recent_jobs(surface)
    }

    fn source(&self, source: Ident, arguments: Attributes) -> BoxFuture<'_, Result<Value, String>> {
        self.below.source(source, arguments)
    }

    fn dies_with_sender(&self) -> bool {
        self.below.dies_with_sender()
    }

    fn clock_ahead(&self) -> i64 {
        self.below.clock_ahead()
    }

    fn requests(&self) -> u32 {
        self.below.requests()
    }
}

/// What a planted leak prints.
pub fn leak() -> String {
    let mut headers = Headers::default();
    headers.push("Authorization", format!("Bearer {CANARY}"));
    format!("sent {:?}", headers.0)
}
