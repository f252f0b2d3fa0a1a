//! The API said no: what each refusal means, and whether there is another way.

use super::begin::route_of;
use super::machine::{Course, Run};
use super::work::{Deed, Failure, Next, Phase, Refused, Then, Why};
use crate::apply::event::{Progress, StepEnd};
use crate::cloud::{self, ApiError};
use crate::model::{Ident, JobId, NodeId, Observed, RemoteId, Timestamp, Value};
use crate::provider::Update;
use crate::state::{JournalEntry, Tombstone};
use std::time::Duration;

/// A busy object is waited for so often.
const BUSY_TRIES: u32 = 3;
/// Between two tries where a region has no room.
const CAPACITY_PAUSE: Duration = Duration::from_secs(30);

impl Run {
    pub(super) fn refused(&mut self, step: NodeId, error: ApiError) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let deed = doing.deed.clone();
        match (error.status, error.code.as_str(), &deed) {
            (401, _, _) => {
                self.refused_for_good(step, error);
                self.stop_because("the API does not accept the key");
            }
            (_, "resource_busy", _) => self.busy(step, error),
            (_, "insufficient_resources", _) => self.no_room(step, error),
            (_, "already_exists", Deed::Create) => self.exists(step, error),
            (_, "state_conflict", Deed::Update(_) | Deed::Delete) | (409, "", Deed::Update(_) | Deed::Delete) => {
                self.look(step, Why::Conflict(Box::new(error)));
            }
            (404 | 405, _, Deed::Delete | Deed::Update(_)) => self.look(step, Why::Missing(Box::new(error))),
            // Where the API names what is missing, it is not the route.
            (404 | 405, _, Deed::Create)
                if !self.is_below_another(step) && detail(&error, "resource_type").is_none() =>
            {
                self.no_route(step, error);
            }
            (_, _, _) => self.refused_for_good(step, error),
        }
    }

    fn rejection(&self, step: NodeId, error: &ApiError) -> Option<JournalEntry> {
        let operation = self.works[step.0 as usize].doing.as_ref()?.operation;
        Some(JournalEntry::Rejected { operation, status: error.status, message: cloud::sentence(error) })
    }

    pub(super) fn refused_for_good(&mut self, step: NodeId, error: ApiError) {
        let entries = self.rejection(step, &error).into_iter().collect();
        self.close_with(step, entries, Next::End(failure_of(&error).end()));
    }

    /// Whether the request's path names another object, which may be what is missing.
    fn is_below_another(&self, step: NodeId) -> bool {
        self.route_of(step).is_none_or(|(_, path)| path.contains('{'))
    }

    /// Method and path of the operation.
    fn route_of(&self, step: NodeId) -> Option<(&'static str, &str)> {
        let doing = self.works[step.0 as usize].doing.as_ref()?;
        let kind = self.catalog.kind(&doing.kind);
        let operation = match &doing.deed {
            Deed::Create => &kind?.create,
            Deed::Delete => &kind?.delete,
            Deed::Update(name) => kind?.updates.get(name)?,
            Deed::Run => &self.catalog.actions.get(&doing.kind)?.operation,
        };
        Some((operation.method.as_str(), &route_of(operation, &doing.call.attributes)?.path))
    }

    /// The object is there, or none is needed: it is the route that the API does not have (`contract.md` 2.3).
    pub(super) fn no_route(&mut self, step: NodeId, error: ApiError) {
        let Some((method, path)) = self.route_of(step) else { return self.refused_for_good(step, error) };
        let message = format!("the API has no route {method} {path}: {}", error.message.trim_end_matches('.'));
        let help = "it is in neither of the API's documents; `cnx doctor` tells what the target supports".to_owned();
        let entries = self.rejection(step, &error).into_iter().collect();
        let failure = Failure { message, help, code: error.code, request_id: error.request_id };
        self.close_with(step, entries, Next::End(failure.end()));
    }

    /// The operation ends in the journal as refused and is made anew.
    pub(super) fn try_again(&mut self, step: NodeId) {
        let error = ApiError { status: 409, message: "the object was busy".to_owned(), ..ApiError::default() };
        let entries = self.rejection(step, &error).into_iter().collect();
        self.close_with(step, entries, Next::Again(Duration::ZERO));
    }

    /// Somebody else's job runs on the object: wait for it, look, try again.
    fn busy(&mut self, step: NodeId, error: ApiError) {
        let Some(doing) = self.works[step.0 as usize].doing.as_mut() else { return };
        doing.tries.busy += 1;
        if doing.tries.busy > BUSY_TRIES {
            return self.refused_for_good(step, error);
        }
        let (surface, is_new) = (doing.surface.clone(), doing.id.is_none());
        let job = detail(&error, "job_id").and_then(|id| id.as_str().map(JobId::new));
        self.tell(Progress::Waiting { step, why: "the object is busy with another job".to_owned() });
        let pause = self.busy_pause(step);
        if is_new {
            let entries = self.rejection(step, &error).into_iter().collect();
            let next = job.map_or(Next::Again(pause), |job| Next::AfterJob(surface, job));
            return self.close_with(step, entries, next);
        }
        match job {
            Some(job) => {
                if let Some(doing) = self.work(step).doing.as_mut() {
                    doing.phase = Phase::Looking(Why::Busy);
                }
                self.watch_job(step, surface, job);
            }
            None => self.pause(step, pause, Then::Look(Why::Busy)),
        }
    }

    /// Where no job tells when it is over, it may be any of the documented ones: 65 s in all.
    pub(super) fn busy_pause(&self, step: NodeId) -> Duration {
        let tries = self.works[step.0 as usize].doing.as_ref().map_or(1, |doing| doing.tries.busy);
        self.scaled(Duration::from_secs(5 * 3_u64.pow(tries.saturating_sub(1).min(BUSY_TRIES))))
    }

    /// The region has no room: later, or elsewhere, where the program says so.
    fn no_room(&mut self, step: NodeId, error: ApiError) {
        let work = &mut self.works[step.0 as usize];
        let (Some(doing), Some(instance)) = (work.doing.as_mut(), work.instance.as_ref()) else {
            return self.refused_for_good(step, error);
        };
        let lifecycle = &instance.lifecycle;
        let region = Ident::new("region");
        let patience = lifecycle.retry_capacity.unwrap_or(0);
        let elsewhere = lifecycle.region_fallback.get(work.fallbacks).cloned();
        let elsewhere = elsewhere.filter(|_| doing.deed == Deed::Create && work.wanted.contains_key(&region));
        if doing.tries.capacity < patience {
            doing.tries.capacity += i64::try_from(CAPACITY_PAUSE.as_millis()).unwrap_or(i64::MAX);
            self.tell(Progress::Waiting { step, why: "the region has no room; trying again".to_owned() });
            let (entries, pause) = (self.rejection(step, &error), self.scaled(CAPACITY_PAUSE));
            return self.close_with(step, entries.into_iter().collect(), Next::Again(pause));
        }
        let Some(elsewhere) = elsewhere else { return self.refused_for_good(step, error) };
        work.fallbacks += 1;
        work.wanted.insert(region, Value::string(&elsewhere));
        self.tell(Progress::Waiting { step, why: format!("the region has no room; trying {elsewhere}") });
        let entries = self.rejection(step, &error).into_iter().collect();
        self.close_with(step, entries, Next::Again(Duration::ZERO));
    }

    /// Something with this name is there: taken under management where the program says so, or where an earlier create of this
    /// very address made it, that was given up.
    fn exists(&mut self, step: NodeId, error: ApiError) {
        let asked = self.works[step.0 as usize].instance.as_ref().is_some_and(|i| i.lifecycle.adopt);
        let id = detail(&error, "existing_id").and_then(|id| id.as_str().map(RemoteId::new));
        let Some(id) = id.filter(|id| !self.snapshot.ids.contains_key(id)) else {
            return self.refused_for_good(step, error);
        };
        let given_up = self.given_up(step, &id);
        if !asked && given_up.is_empty() {
            return self.refused_for_good(step, error);
        }
        let entries = self.rejection(step, &error).into_iter().collect();
        let refused = Refused { failure: failure_of(&error), asked, given_up };
        self.close_with(step, entries, Next::Adopt(id, Box::new(refused)));
    }

    /// When creates of this address began that were given up and may have made the object: there can be only one of its name,
    /// and it was not there before.
    fn given_up(&self, step: NodeId, id: &RemoteId) -> Vec<Timestamp> {
        let Some(intent) = self.intent_of(step) else { return Vec::new() };
        let is_unique = self.catalog.kind(&intent.kind).is_some_and(|kind| kind.natural_key_unique);
        let was_there = self.snapshot.strangers.get(&intent.kind).is_some_and(|ids| ids.contains(id));
        if !is_unique || was_there {
            return Vec::new();
        }
        let is_its_own = |given_up: &&Tombstone| {
            given_up.surveyed && given_up.address == intent.address && given_up.fingerprint == intent.fingerprint
        };
        self.snapshot.tombstones.values().filter(is_its_own).map(|given_up| given_up.at).collect()
    }

    /// The object is not in the state that the operation needs: another operation makes way first, where the catalog knows one.
    pub(super) fn conflict_stands(&mut self, step: NodeId, error: ApiError, observed: &Observed) {
        let Some((way, back)) = self.way_around(step, observed) else { return self.refused_for_good(step, error) };
        let work = self.work(step);
        let Some(doing) = &work.doing else { return };
        let deed = doing.deed.clone();
        work.made_way = true;
        if let Some(back) = back {
            work.todo.push_front(Deed::Update(back));
        }
        work.todo.push_front(deed);
        work.todo.push_front(Deed::Update(way));
        let entries = self.rejection(step, &error).into_iter().collect();
        self.close_with(step, entries, Next::Go);
    }

    /// The operation to run before (`stop`), and the one that undoes it after (`start`) where the object was as it shall be.
    fn way_around(&self, step: NodeId, observed: &Observed) -> Option<(Ident, Option<Ident>)> {
        let work = &self.works[step.0 as usize];
        let Deed::Update(update) = &work.doing.as_ref()?.deed else { return None };
        let kind = self.catalog.kind(&self.step(step).address.kind)?;
        let way = kind.updates.get(update)?.needs.clone().filter(|_| !work.made_way)?;
        let back = kind.attributes.values().find_map(|attribute| match &attribute.update {
            Update::ByValue(by_value) if by_value.values().any(|operation| *operation == way) => {
                let wanted =
                    work.wanted.get(&attribute.name).or_else(|| observed.attributes.get(attribute.shown_as.as_str()));
                by_value.get(wanted?.as_str()?).filter(|operation| **operation != way).cloned()
            }
            Update::ByValue(_) | Update::By(_) | Update::Replace | Update::Argument | Update::Never => None,
        });
        Some((way, back))
    }

    /// A job failed, or an object is gone: the operation ends so, and a create keeps what it left.
    pub(super) fn failed_for_good(&mut self, step: NodeId, failure: Failure, left: Option<RemoteId>) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let (operation, makes) = (doing.operation, doing.deed == Deed::Create);
        let address = &self.step(step).address;
        let mut entries = Vec::new();
        let id = left.filter(|_| makes);
        if let (Some(id), Some(record)) = (&id, self.snapshot.records.get(address))
            && record.id != *id
        {
            entries.push(self.stepping_aside(step, record.id.clone()));
        }
        entries.push(JournalEntry::Failed { operation, id, message: failure.message.clone() });
        self.close_with(step, entries, Next::End(failure.end()));
    }

    /// What cannot be known now stays in the journal for the next run.
    pub(super) fn leave_open(&mut self, step: NodeId, why: String) {
        let operation = self.works[step.0 as usize].doing.as_ref().map(|doing| doing.operation);
        if operation.is_some_and(|operation| self.snapshot.open.contains_key(&operation)) {
            return self.end(step, StepEnd::Open { why });
        }
        // Its last try is over, and the next one has not begun.
        let help = "run again".to_owned();
        self.end(step, Failure { message: why, help, ..Failure::default() }.end());
    }

    /// A 401 to whatever was asked: nothing starts any more, and what is watched is left to the next run.
    pub(super) fn key_refused(&mut self, why: String) {
        self.is_refused = true;
        self.stop_because("the API does not accept the key");
        let all: Vec<NodeId> = self.plan.steps.order().map(|(node, _)| node).collect();
        for step in all {
            let waits = self.works[step.0 as usize].doing.as_ref().is_some_and(|doing| {
                matches!(doing.phase, Phase::Polling | Phase::Pausing(_)) && doing.operation.0 != u64::MAX
            });
            if waits {
                self.leave_open(step, why.clone());
            }
        }
    }

    fn stop_because(&mut self, why: &str) {
        if self.course == Course::Going {
            self.course = Course::Stopping;
            self.stopped_why = Some(why.to_owned());
            self.skip_rest();
        }
    }
}

/// A refusal as the end of a step.
pub(super) fn failure_of(error: &ApiError) -> Failure {
    let told = cloud::rejection(error);
    let message = if error.message.is_empty() { told.code.title.to_owned() } else { cloud::redact(&error.message) };
    Failure { message, code: error.code.clone(), request_id: error.request_id.clone(), help: told.help }
}

fn detail(error: &ApiError, name: &str) -> Option<serde_json::Value> {
    serde_json::from_str::<serde_json::Value>(&error.details).ok()?.get(name).cloned()
}
