//! The ends of operations and steps: what is written when something is through.

use super::accept::FAILED;
use super::begin::route_of;
use super::machine::Run;
use super::work::{Deed, Doing, Failure, Next, Phase, Tries};
use crate::apply::event::StepEnd;
use crate::cloud::{Call, Verb};
use crate::model::{NodeId, Observed, Value};
use crate::state::{JournalEntry, Open, Purpose};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

impl Run {
    /// What says that the object is ready. Dependants see it from the moment that it is durable (R3).
    pub(super) fn readiness(&self, step: NodeId, observed: &Observed) -> JournalEntry {
        let doing = self.works[step.0 as usize].doing.as_ref();
        let (operation, applied) = match doing {
            Some(doing) if doing.inherited => (doing.operation, self.works[step.0 as usize].wanted.clone()),
            Some(doing) => {
                let back = self.applied_back(step);
                (doing.operation, back.unwrap_or_else(|| self.applied_after(step, doing)))
            }
            None => (crate::state::OperationId(u64::MAX), self.works[step.0 as usize].wanted.clone()),
        };
        JournalEntry::Ready { operation, observed: observed.clone(), applied }
    }

    pub(super) fn deletion(&self, step: NodeId) -> Option<JournalEntry> {
        let doing = self.works[step.0 as usize].doing.as_ref()?;
        let address = self.step(step).address.clone();
        Some(JournalEntry::Deleted { operation: Some(doing.operation), address, id: doing.id.clone()? })
    }

    /// The operation is through and this is what was read after it.
    pub(super) fn through(&mut self, step: NodeId, observed: &Observed) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let (operation, makes) = (doing.operation, doing.deed == Deed::Create);
        let mut entries = if makes { self.binding(step, operation, &observed.id) } else { Vec::new() };
        if makes && observed.status.as_deref() == Some(FAILED) {
            let message = "the API made it and it failed".to_owned();
            let id = Some(observed.id.clone());
            entries.push(JournalEntry::Failed { operation, id, message: message.clone() });
            let help = "run again: it is replaced; or look at it first".to_owned();
            let end = Failure { message, help, ..Failure::default() }.end();
            return self.close_with(step, entries, Next::End(end));
        }
        entries.push(self.readiness(step, observed));
        self.close_with(step, entries, Next::Go);
    }

    /// The object is gone, as was wanted.
    pub(super) fn deleted(&mut self, step: NodeId) {
        let entries = self.deletion(step).into_iter().collect();
        self.close_with(step, entries, Next::Go);
    }

    pub(super) fn ran(&mut self, step: NodeId) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let entry = JournalEntry::Ran { operation: doing.operation };
        self.close_with(step, vec![entry], Next::Go);
    }

    /// All operations of the step are through and durable: what it made is told to dependants, its `after` conditions hold
    /// or not.
    pub(super) fn conclude(&mut self, step: NodeId) {
        let planned = self.step(step).clone();
        let catalog = self.catalog.clone();
        match self.snapshot.records.get(&planned.address) {
            Some(record) if record.condition == crate::state::Condition::Ready => {
                let record = record.clone();
                self.holdings.hold(&catalog, &record, &record.observed);
            }
            Some(_) => {}
            None => self.holdings.drop(&planned.address),
        }
        if let Some(failure) = self.broken_condition(step) {
            return self.end(step, failure.end());
        }
        self.end(step, StepEnd::Done);
    }

    fn broken_condition(&self, step: NodeId) -> Option<Failure> {
        let instance = self.works[step.0 as usize].instance.as_ref()?;
        if !instance.lifecycle.conditions.iter().any(|condition| condition.after) {
            return None;
        }
        let node = self.step(step).desired?;
        let resolved = self.desired.resolver.0.as_ref().map(|resolver| resolver.instance(node, &self.holdings));
        let conditions = match resolved {
            Some(Ok(instance)) => instance.lifecycle.conditions.clone(),
            Some(Err(_)) | None => instance.lifecycle.conditions.clone(),
        };
        let broken = conditions.into_iter().find(|c| c.after && c.holds == Value::Bool(false))?;
        let help = "it was applied, but its `after` condition does not hold".to_owned();
        Some(Failure { message: broken.message, help, ..Failure::default() })
    }

    /// An open operation of an earlier run as one of this run's.
    pub(super) fn inherit(&self, open: &Open) -> Option<Doing> {
        let intent = &open.intent;
        let catalog = &self.catalog;
        let kind = catalog.kind(&intent.kind);
        let (deed, verb, operation) = match &intent.purpose {
            Purpose::Create => (Deed::Create, Verb::Create, &kind?.create),
            Purpose::Delete => (Deed::Delete, Verb::Delete, &kind?.delete),
            Purpose::Run => (Deed::Run, Verb::Run, &catalog.actions.get(&intent.kind)?.operation),
            Purpose::Update(names) => {
                let name = names.first()?;
                (Deed::Update(name.clone()), Verb::Update(name.clone()), kind?.updates.get(name)?)
            }
        };
        let surface = route_of(operation, &intent.wanted).map(|route| route.surface.clone());
        let call = Call {
            kind: intent.kind.clone(),
            verb,
            id: intent.id.clone(),
            attributes: intent.wanted.clone(),
            idempotency_key: None,
            stamp: BTreeMap::new(),
            etag: None,
            deadline: Duration::from_secs(60),
            until: None,
        };
        Some(Doing {
            deed,
            operation: intent.operation,
            kind: intent.kind.clone(),
            surface: surface.or_else(|| Some(kind?.surface.clone()))?,
            call,
            id: open.id.clone(),
            job: open.job.clone(),
            phase: Phase::Waiting,
            attempt: intent.attempt,
            tries: Tries::default(),
            deadline: self.now.monotonic + self.patience(operation),
            at: intent.at,
            changed: Default::default(),
            inherited: true,
            is_repeated: false,
            is_checked: false,
            shown: BTreeSet::new(),
            unseen: None,
        })
    }
}
