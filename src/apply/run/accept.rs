//! An operation was answered, and accepted: durable before anything else is done with the answer (R2), then its end is
//! awaited.

use super::machine::Run;
use super::work::{Deed, Failure, Next, Phase, Waiter, Why};
use crate::apply::event::{Progress, StepEnd};
use crate::cloud::{self, Accepted, Outcome};
use crate::model::{NodeId, Observed, RemoteId};
use crate::plan::{ReasonCode, Step};
use crate::provider::{Kind, Presence};
use crate::state::{JournalEntry, Open, OperationId};
use std::time::Duration;

/// The status of an object whose making failed.
pub(super) const FAILED: &str = "failed";

impl Run {
    pub(super) fn answered(&mut self, step: NodeId, outcome: Outcome) {
        self.free_place(step);
        match self.of_the_first(step, outcome) {
            Outcome::Accepted(accepted) => self.accept(step, accepted),
            Outcome::Rejected(error) => self.refused(step, error),
            Outcome::NotSent { reason } => self.not_sent(step, reason),
            Outcome::Unknown { reason, error } => {
                let told = error.map(|error| format!("{reason}: {}", cloud::sentence(&error)));
                self.unclear(step, told.unwrap_or(reason));
            }
        }
    }

    fn accept(&mut self, step: NodeId, accepted: Accepted) {
        let Some(doing) = self.works[step.0 as usize].doing.as_mut() else { return };
        let operation = doing.operation;
        doing.job.clone_from(&accepted.job);
        self.own_jobs.extend(accepted.job.clone());
        let mut entries =
            vec![JournalEntry::Accepted { operation, job: accepted.job.clone(), id: accepted.id.clone() }];
        let makes = doing.deed == Deed::Create;
        if let (true, Some(id)) = (makes, &accepted.id) {
            doing.id = Some(id.clone());
            entries.extend(self.binding(step, operation, id));
        }
        if accepted.job.is_none()
            && let Some((closing, next)) = self.through_at_once(step, accepted.object.as_ref())
        {
            entries.extend(closing);
            return self.close_with(step, entries, next);
        }
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.phase = Phase::Accepting;
        }
        self.append(Waiter::Step(step), entries);
    }

    /// The entries that bind a new object; whatever stood at its address steps aside.
    pub(super) fn binding(&mut self, step: NodeId, operation: OperationId, id: &RemoteId) -> Vec<JournalEntry> {
        let address = self.step(step).address.clone();
        let mut entries = Vec::new();
        match self.snapshot.records.get(&address) {
            Some(record) if record.id == *id => return entries,
            Some(record) => entries.push(self.stepping_aside(step, record.id.clone())),
            None => {}
        }
        entries.push(JournalEntry::Bound { operation, id: id.clone() });
        self.tell(Progress::Bound { step, id: id.clone() });
        entries
    }

    /// What becomes of the object that a new one takes the place of: it waits for its end, or it is known to be gone.
    pub(super) fn stepping_aside(&self, step: NodeId, id: RemoteId) -> JournalEntry {
        let Step { address, reason, .. } = self.step(step);
        let address = address.clone();
        if reason.code == ReasonCode::DeletedOutside {
            JournalEntry::Deleted { operation: None, address, id }
        } else {
            JournalEntry::Deposed { address, id }
        }
    }

    /// Whether an answer without a job says all: the object at rest and as wanted, a run, a delete of a kind that has no
    /// delete job.
    fn through_at_once(&mut self, step: NodeId, object: Option<&Observed>) -> Option<(Vec<JournalEntry>, Next)> {
        let doing = self.works[step.0 as usize].doing.as_ref()?;
        let kind = self.catalog.kind(&doing.kind);
        match &doing.deed {
            Deed::Run => Some((vec![JournalEntry::Ran { operation: doing.operation }], Next::Go)),
            Deed::Delete => {
                let entry = self.deletion(step)?;
                (!kind?.delete.job).then_some((vec![entry], Next::Go))
            }
            Deed::Create | Deed::Update(_) => {
                let object = object.filter(|object| Some(&object.id) == doing.id.as_ref())?;
                let whole =
                    is_whole(kind?, object) && is_at_rest(kind?, object) && object.status.as_deref() != Some(FAILED);
                // The object as it was before: a job that the answer does not name is still to change it.
                (whole && self.is_there(step, object)).then(|| (vec![self.readiness(step, object)], Next::Go))
            }
        }
    }

    /// The acceptance is durable: its job is polled, or else its object watched.
    pub(super) fn follow(&mut self, step: NodeId) {
        let Some(doing) = self.works[step.0 as usize].doing.as_mut() else { return };
        match (&doing.job, &doing.id, &doing.deed) {
            (Some(job), _, _) => {
                let (job, surface) = (job.clone(), doing.surface.clone());
                doing.phase = Phase::Polling;
                self.watch_job(step, surface, job);
            }
            (None, Some(_), _) => self.look(step, Why::Watching),
            (None, None, Deed::Create) => self.unclear(step, "the answer names neither job nor object".to_owned()),
            (None, None, Deed::Update(_) | Deed::Delete | Deed::Run) => self.next_deed(step),
        }
    }

    /// An operation of an earlier run is taken up where its journal ends.
    pub(super) fn resume(&mut self, step: NodeId, open: Open) {
        let Some(doing) = self.inherit(&open) else {
            let failure = Failure { message: "its kind is not in the catalog".to_owned(), ..Failure::default() };
            return self.end(step, failure.end());
        };
        let work = self.work(step);
        work.wanted.clone_from(&open.intent.wanted);
        work.lifecycle.clone_from(&open.intent.lifecycle);
        let watched = doing.job.is_some() || open.id.is_some() && doing.deed == Deed::Create;
        let makes = doing.deed == Deed::Create;
        work.doing = Some(Box::new(doing));
        let judged = makes && open.id.is_none() && self.options.answers.contains_key(&open.intent.address);
        if judged {
            return self.settle(step, "a person was asked".to_owned());
        }
        if watched {
            self.follow(step)
        } else if !self.repeats(step) {
            self.unclear(step, "its outcome was open when an earlier run ended".to_owned())
        }
    }

    /// The client has tried as often as makes sense.
    fn not_sent(&mut self, step: NodeId, reason: String) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let operation = doing.operation;
        let failure = Failure {
            message: format!("the request could not be sent: {reason}"),
            help: "check the network and the API's URL, then run again".to_owned(),
            ..Failure::default()
        };
        let entry = JournalEntry::Rejected { operation, status: 0, message: failure.message.clone() };
        self.close_with(step, vec![entry], Next::End(failure.end()));
    }

    /// Nobody knows whether the request was carried out.
    pub(super) fn unclear(&mut self, step: NodeId, reason: String) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let (deed, operation) = (doing.deed.clone(), doing.operation);
        self.tell(Progress::Waiting { step, why: format!("outcome unclear: {reason}") });
        match deed {
            Deed::Create => self.settle(step, reason),
            Deed::Update(_) | Deed::Delete => self.look(step, Why::Unclear(reason)),
            Deed::Run => {
                let (repeatable, inherited) = self.is_repeatable(step);
                let message = format!("it is not known whether it ran: {reason}");
                let entry = JournalEntry::Failed { operation, id: None, message: message.clone() };
                if repeatable && !inherited {
                    let span = self.scaled(Duration::from_secs(2));
                    return self.close_with(step, vec![entry], Next::Again(span));
                }
                let help = "look at the object; the next plan offers the action again".to_owned();
                let next = if inherited {
                    Next::End(StepEnd::fruitless(message))
                } else {
                    Next::End(Failure { message, help, ..Failure::default() }.end())
                };
                self.close_with(step, vec![entry], next);
            }
        }
    }

    fn is_repeatable(&self, step: NodeId) -> (bool, bool) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return (false, false) };
        let action = self.catalog.actions.get(&doing.kind);
        let repeatable = action.is_some_and(|action| action.operation.repeatable);
        (repeatable && doing.attempt < super::look::ATTEMPTS, doing.inherited)
    }
}

/// Whether the object is where it stays until something is asked of it.
pub(super) fn is_at_rest(kind: &Kind, object: &Observed) -> bool {
    let rests = |status: &str| kind.at_rest.is_empty() || kind.at_rest.iter().any(|word| word == status);
    object.current_job.is_none() && object.status.as_deref().is_none_or(rests)
}

/// Whether an answer shows all that a ready object has for good; a stub is read again.
fn is_whole(kind: &Kind, object: &Observed) -> bool {
    let mut lasting =
        kind.attributes.values().filter(|a| a.stable && a.presence == Presence::Computed && !a.may_be_hidden);
    lasting.all(|attribute| {
        let shown = object.attributes.get(&attribute.name);
        shown.is_some_and(|value| !value.is_null() || attribute.ty.is_optional()) || attribute.name.as_str() == "id"
    })
}
