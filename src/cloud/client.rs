//! The client: one budget a surface, writes that are sent once, reads that are tried again. No runtime is named here.

use super::budget::Budget;
use super::call::{Call, KEYS_LAST, Outcome, Verb};
use super::endpoint::Endpoint;
use super::error::ReadError;
use super::knowledge::Knowledge;
use super::outcome::{Verdict, judge};
use super::redact::without_secrets;
use super::request::{self, Meant, Parts};
use super::scrub::Forms;
use super::shared::Queues;
use super::sources::Account;
use super::{pace, redact};
use crate::model::http::{Headers, Request, Response};
use crate::model::{Attributes, Ident, RemoteId, Secrets, Timestamp};
use crate::provider::{Catalog, Surface};
use crate::world::{Clock, Random, Transport, TransportError};
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// How often something is tried that failed without having been sent, or while reading.
pub(super) const TRIES: u32 = 5;

/// How often a read is tried to which the machine found no way: people without a network shall know it soon.
pub(super) const UNREACHED_TRIES: u32 = 3;

/// How often a write is sent again because the same one is still being executed.
const IN_PROGRESS_TRIES: u32 = 20;

/// For one attempt of a read.
pub(super) const READ_DEADLINE: Duration = Duration::from_secs(30);

/// One surface and what this run has learned of it.
pub(super) struct Reach {
    pub endpoint: Endpoint,
    /// The endpoint's key, as answers may repeat it.
    pub forms: Option<Forms>,
    pub surface: Surface,
    pub budget: Budget,
    /// As much as a page may hold; halved where the API refuses it.
    pub page_size: AtomicU32,
    /// The API answers for many jobs at once.
    pub job_batches: Knowledge,
    /// It answers for one object of a list that the documents show (`contract.md` 2.3).
    pub single_reads: Knowledge,
    /// A repeated request under the same key is answered with the first one's answer: doctor tried it.
    pub idempotency: Knowledge,
    /// Whose key it is; `None` inside: the API does not tell.
    pub account: Mutex<Option<Option<Account>>>,
    /// Something was forbidden in this run: what a list leaves out may be hidden.
    pub was_forbidden: AtomicBool,
}

/// Speaks to a cloud as its catalog describes it. Shared by reference; all methods may run at the same time.
pub struct Client {
    pub(super) catalog: Arc<Catalog>,
    pub(super) reaches: IndexMap<Ident, Reach>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    /// What the API's errors may not tell.
    secrets: Secrets,
    pub(super) queues: Queues,
    /// Kinds whose list the API has no route for.
    pub(super) routeless: Mutex<BTreeSet<Ident>>,
    /// The first 401: nothing is sent after it.
    pub(super) refusal: OnceLock<ReadError>,
    /// The API's clock, as its answers tell it.
    time: pace::ServerClock,
    /// What `examine` made and has not deleted yet.
    pub(super) trials: Mutex<Vec<(Ident, RemoteId)>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("surfaces", &self.reaches.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// Why an exchange brought no response.
pub(super) enum Failure {
    /// The budget allows it only after so long.
    Wait(Duration),
    /// Its key may be forgotten by now.
    TooLate,
    Transport(TransportError),
}

impl Client {
    /// Endpoints of surfaces that the catalog does not have are left out.
    pub fn new(
        catalog: Arc<Catalog>,
        endpoints: Vec<Endpoint>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Client {
        let reaches = endpoints.into_iter().filter_map(|endpoint| {
            let surface = catalog.surfaces.get(&endpoint.surface)?.clone();
            let reach = Reach {
                budget: Budget::new(endpoint.rate, endpoint.concurrency),
                page_size: AtomicU32::new(surface.page_size),
                job_batches: Knowledge::default(),
                single_reads: Knowledge::default(),
                idempotency: Knowledge::default(),
                account: Mutex::default(),
                was_forbidden: AtomicBool::new(false),
                forms: endpoint.key.as_ref().map(Forms::of),
                surface,
                endpoint,
            };
            Some((reach.endpoint.surface.clone(), reach))
        });
        Client {
            reaches: reaches.collect(),
            catalog,
            transport,
            clock,
            random,
            secrets: Secrets::default(),
            queues: Queues::default(),
            routeless: Mutex::default(),
            refusal: OnceLock::new(),
            time: pace::ServerClock::default(),
            trials: Mutex::default(),
        }
    }

    /// The same client; these texts are taken out of every error and every job that the API tells of.
    pub fn discreet(self, secrets: Secrets) -> Client {
        Client { secrets, ..self }
    }

    /// Requests that left since the client exists, over all surfaces.
    pub fn requests_sent(&self) -> u64 {
        self.reaches.values().map(|reach| reach.budget.sent()).sum()
    }

    /// By surface: requests left in this minute, and the limit; surfaces without a limit are left out.
    pub fn budgets(&self) -> Vec<(Ident, u32, u32)> {
        let left = |(surface, reach): (&Ident, &Reach)| {
            let (remaining, limit) = reach.budget.left(self.clock.as_ref())?;
            Some((surface.clone(), remaining, limit))
        };
        self.reaches.iter().filter_map(left).collect()
    }

    /// How far the API's clock is ahead of this machine's, in milliseconds, as its last answer told.
    pub fn clock_ahead(&self) -> i64 {
        self.time.ahead()
    }

    /// The API does not accept a key: the first error that said so. Nothing was sent since.
    pub fn refusal(&self) -> Option<&ReadError> {
        self.refusal.get()
    }

    /// A request ends when its future is dropped: nothing can still arrive after.
    pub fn dies_with_sender(&self) -> bool {
        self.transport.dies_with_sender()
    }

    /// A repeated request under the same key was answered with the first one's answer, when doctor tried it.
    pub fn honours_keys(&self, surface: &Ident) -> bool {
        self.reaches.get(surface).is_some_and(|reach| reach.idempotency.get() == Some(true))
    }

    /// The surface that a call goes to; its job is asked for there.
    pub fn surface_of(&self, call: &Call) -> Option<&Ident> {
        let meant = request::meant(&self.catalog, &call.kind, &call.verb).ok()?;
        request::route(meant.operation, &call.attributes).ok().map(|route| &route.surface)
    }

    /// Does one operation. A write is sent once; again only where nothing left, or where the API said that there were
    /// too many (waiting as it says, up to `max_wait`), or that the same request is still under way.
    pub async fn call(&self, call: &Call) -> Outcome {
        let impossible = |reason: String| Outcome::NotSent { reason: redact(&reason) };
        let meant = match request::meant(&self.catalog, &call.kind, &call.verb) {
            Ok(meant) => meant,
            Err(reason) => return impossible(reason),
        };
        if !meant.operation.method.is_write() {
            return self.call_read(call).await;
        }
        let parts = match request::build(&meant, call) {
            Ok(parts) => parts,
            Err(reason) => return impossible(reason),
        };
        let Some(reach) = self.reaches.get(&parts.surface) else {
            return impossible(format!("there is no endpoint for {}", parts.surface));
        };
        let mut tries = Tries { until: call.until, ..Tries::default() };
        let begun = self.clock.now();
        loop {
            match self.attempt(reach, &meant, call, &parts, &mut tries).await {
                ControlFlow::Continue(pause) => {
                    tries.until = tries.until.or((tries.repeated > 0).then(|| begun.plus(KEYS_LAST)));
                    self.clock.sleep(pause).await;
                }
                ControlFlow::Break(outcome) if tries.repeated > 0 => return outcome.of_the_first(),
                ControlFlow::Break(outcome) => return outcome,
            }
        }
    }

    async fn call_read(&self, call: &Call) -> Outcome {
        match call.verb {
            Verb::Run => self.source_outcome(&call.kind, &call.attributes).await,
            Verb::Read | Verb::Create | Verb::Delete | Verb::Update(_) => match &call.id {
                Some(id) => self.read_outcome(&call.kind, id, &call.attributes).await,
                None => Outcome::NotSent { reason: format!("{} is read by an id", call.kind) },
            },
        }
    }

    /// One try of a write: its outcome, or how long is waited before the next.
    async fn attempt(
        &self,
        reach: &Reach,
        meant: &Meant<'_>,
        call: &Call,
        parts: &Parts,
        tries: &mut Tries,
    ) -> ControlFlow<Outcome, Duration> {
        if let Some(ReadError::Authentication { error, .. }) = self.refusal() {
            return ControlFlow::Break(Outcome::Rejected((**error).clone()));
        }
        let response = match self.exchange(reach, parts, call.deadline, tries.until).await {
            Ok(response) => response,
            Err(Failure::TooLate) => {
                let reason = "it was not sent again so late: the API may not know its key any more".to_owned();
                return ControlFlow::Break(Outcome::Unknown { reason, error: None });
            }
            Err(Failure::Wait(wait)) => {
                return ControlFlow::Break(Outcome::NotSent { reason: rate_reason(reach, wait) });
            }
            Err(Failure::Transport(TransportError::Lost { reason })) => {
                let lost = Outcome::Unknown { reason: redact(&reason), error: None };
                return self.repeated_or(reach, parts, tries, lost, None);
            }
            Err(Failure::Transport(TransportError::NotSent { reason })) => {
                tries.unsent += 1;
                if tries.unsent >= TRIES {
                    return ControlFlow::Break(Outcome::NotSent { reason: redact(&reason) });
                }
                return ControlFlow::Continue(pace::back_off(tries.unsent, &*self.random));
            }
        };
        match judge(meant, call, &response, &reach.surface.jobs_path) {
            Verdict::Final(unclear @ Outcome::Unknown { .. }) => {
                if response.status == 429 {
                    // Whoever says it, and whatever became of this request: no other one leaves earlier.
                    let wait = pace::after_too_many(&response.headers, self.clock.now(), 1, &*self.random);
                    reach.budget.block(&*self.clock, wait);
                }
                self.repeated_or(reach, parts, tries, unclear, Some(&response))
            }
            Verdict::Final(outcome) => {
                self.note(reach, &response);
                ControlFlow::Break(outcome)
            }
            Verdict::TooMany(error) => {
                tries.too_many += 1;
                let wait = pace::after_too_many(&response.headers, self.clock.now(), tries.too_many, &*self.random);
                tries.waited += wait;
                // Also where nobody waits so long: other requests must not leave earlier either.
                reach.budget.block(&*self.clock, wait);
                let is_too_long = wait > reach.endpoint.max_wait || tries.waited > reach.endpoint.max_wait * TRIES;
                if is_too_long { ControlFlow::Break(Outcome::Rejected(error)) } else { ControlFlow::Continue(wait) }
            }
            Verdict::InProgress(error) => {
                tries.in_progress += 1;
                if tries.in_progress >= IN_PROGRESS_TRIES {
                    let reason = "the same request is still being executed".to_owned();
                    return ControlFlow::Break(Outcome::Unknown { reason, error: Some(error) });
                }
                ControlFlow::Continue(Duration::from_secs(1))
            }
        }
    }

    /// The next try of an unclear write, where another one tells of this one; else what became of it.
    fn repeated_or(
        &self,
        reach: &Reach,
        parts: &Parts,
        tries: &mut Tries,
        unclear: Outcome,
        response: Option<&Response>,
    ) -> ControlFlow<Outcome, Duration> {
        if !may_repeat(reach, parts, tries) {
            response.into_iter().for_each(|response| self.note(reach, response));
            return ControlFlow::Break(unclear);
        }
        tries.repeated += 1;
        ControlFlow::Continue(pace::back_off(tries.repeated, &*self.random))
    }

    /// One attempt: waits for its turn, sends before `until`, learns from the headers.
    pub(super) async fn exchange(
        &self,
        reach: &Reach,
        parts: &Parts,
        deadline: Duration,
        until: Option<Timestamp>,
    ) -> Result<Response, Failure> {
        let _permit = reach.budget.permit().await;
        reach.budget.slot(&*self.clock, reach.endpoint.max_wait).await.map_err(Failure::Wait)?;
        let begun = self.clock.now();
        if until.is_some_and(|until| begun >= until) {
            return Err(Failure::TooLate);
        }
        let mut sent = self.transport.send(request_of(reach, parts), deadline).await;
        if let Some(forms) = &reach.forms {
            sent = sent.map_err(|error| forms.error(error));
            sent.iter_mut().for_each(|response| forms.response(response));
        }
        let response = sent.map_err(Failure::Transport)?;
        reach.budget.observe(&*self.clock, &response.headers);
        // What stands in between answers in other words, and with a clock of its own.
        if response.body.first() == Some(&b'{') {
            self.time.observe(&response.headers, begun, self.clock.now());
        }
        let is_told = response.status >= 400 || parts.target.starts_with(&reach.surface.jobs_path);
        Ok(if is_told && !self.secrets.is_empty() { without_secrets(response, &self.secrets) } else { response })
    }

    pub(super) fn note(&self, reach: &Reach, response: &Response) {
        if response.status == 403 {
            reach.was_forbidden.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        if response.status == 401 {
            self.refuse(reach, response);
        }
    }

    pub(super) fn reach(&self, surface: &Ident) -> Result<&Reach, ReadError> {
        let missing = || ReadError::NotPossible { reason: format!("there is no endpoint for {surface}") };
        self.reaches.get(surface).ok_or_else(missing)
    }

    async fn read_outcome(&self, kind: &Ident, id: &RemoteId, values: &Attributes) -> Outcome {
        match self.read(kind, id, values).await {
            Ok(object) => Outcome::Accepted(super::call::Accepted {
                id: Some(object.id.clone()),
                object: Some(object),
                ..Default::default()
            }),
            Err(error) => outcome_of(error),
        }
    }

    async fn source_outcome(&self, name: &Ident, arguments: &Attributes) -> Outcome {
        match self.source(name, arguments).await {
            Ok(attributes) => {
                let members = attributes.into_iter().map(|(name, value)| (name.0, value)).collect();
                let data = Some(crate::model::Value::object(members));
                Outcome::Accepted(super::call::Accepted { data, ..Default::default() })
            }
            Err(error) => outcome_of(error),
        }
    }
}

/// A failed read in the words of outcomes.
fn outcome_of(error: ReadError) -> Outcome {
    let reason = error.diagnostic().message;
    match error {
        ReadError::Authentication { error, .. }
        | ReadError::Permission(error)
        | ReadError::NotFound(error)
        | ReadError::Refused(error) => Outcome::Rejected(*error),
        ReadError::Failed(error) => Outcome::Unknown { reason, error: Some(*error) },
        ReadError::Unreachable { .. } | ReadError::NotPossible { .. } | ReadError::RateLimited { .. } => {
            Outcome::NotSent { reason }
        }
        ReadError::Interrupted { .. } | ReadError::BadAnswer { .. } => Outcome::Unknown { reason, error: None },
    }
}

/// How often a write was tried again, by its reason.
#[derive(Default)]
struct Tries {
    unsent: u32,
    in_progress: u32,
    too_many: u32,
    /// The same bytes after an unclear answer.
    repeated: u32,
    /// As the call's, and after the first of these.
    until: Option<Timestamp>,
    waited: Duration,
}

/// Whether an unclear write is settled by the same bytes under the same key: the API was seen to answer the second with the
/// first one's answer.
fn may_repeat(reach: &Reach, parts: &Parts, tries: &Tries) -> bool {
    let has_key = parts.headers.iter().any(|(name, _)| *name == "Idempotency-Key");
    has_key && reach.idempotency.get() == Some(true) && tries.repeated + 1 < TRIES
}

fn rate_reason(reach: &Reach, wait: Duration) -> String {
    format!("{} allows the next request in {} s", reach.endpoint.surface, wait.as_secs().max(1))
}

fn request_of(reach: &Reach, parts: &Parts) -> Request {
    let mut headers = Headers::default();
    if let Some(key) = &reach.endpoint.key {
        headers.push("Authorization", format!("Bearer {}", key.expose()));
    }
    headers.push("Accept", "application/json");
    let body = match &parts.body {
        Some(json) => {
            headers.push("Content-Type", "application/json");
            json.to_string().into_bytes()
        }
        None => Vec::new(),
    };
    for (name, value) in &parts.headers {
        headers.push(name, value.clone());
    }
    let target = format!("{}{}", reach.endpoint.base_path, parts.target);
    Request { method: parts.method, origin: reach.endpoint.origin.clone(), target, headers, body }
}
