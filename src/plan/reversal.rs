//! The plan that undoes what a run did before a step of it failed, as far as it can be undone. Pure.
//!
//! Objects that the run made are destroyed, changes in place are set back, former objects that still live become the current
//! ones again. What cannot be undone, or must not be, is named with its reason; so is what such a thing needs.

use super::guard;
use super::moves::moved;
use super::types::{Action, Live, Options, Plan, Reason, ReasonCode, Step};
use super::unit;
use crate::desired::Desired;
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, Graph, NodeId, Observed, RemoteId};
use crate::provider::Catalog;
use crate::state::{Condition, JournalEntry, Open, Record, Snapshot, find};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A run that is over.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    pub plan: &'a Plan,
    /// Its program, for what it protects.
    pub desired: &'a Desired,
    pub before: &'a Snapshot,
    pub after: &'a Snapshot,
    /// Objects that its creates made.
    pub made: &'a BTreeSet<RemoteId>,
    /// Its steps that began: what they were about may have changed.
    pub begun: &'a BTreeSet<NodeId>,
    /// The objects of its updates, read when it was over.
    pub live: &'a Live,
    pub catalog: &'a Catalog,
    pub options: &'a Options,
}

/// Something that stays as the run left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub address: Address,
    pub why: String,
}

/// How a run is undone.
#[derive(Clone, Debug, Default)]
pub struct Reversal {
    pub plan: Plan,
    /// Written before the first step: former objects come back, what was let go of is managed again.
    pub entries: Vec<JournalEntry>,
    /// By address, each once.
    pub kept: Vec<Kept>,
}

/// What undoes the run, in the opposite order.
pub fn reversal(past: Past<'_>) -> Reversal {
    let standing = moved(&past.plan.moves, past.before);
    let mut undoing = Undoing::new(past, standing);
    undoing.tell_open();
    for (node, step) in past.plan.steps.order() {
        undoing.judge(node, step);
    }
    undoing.keep_what_is_needed();
    undoing.finish()
}

/// A reversal under construction.
pub(super) struct Undoing<'a> {
    pub past: Past<'a>,
    /// The state before the run, under the names of now.
    pub standing: Cow<'a, Snapshot>,
    /// By the step that they undo.
    pub steps: BTreeMap<NodeId, Step>,
    /// Values that an object of the address took only to make way.
    pub asides: BTreeMap<Address, Attributes>,
    kept: BTreeMap<Address, Vec<String>>,
    /// Objects to destroy, by address, with the steps that made them.
    doomed: BTreeMap<Address, NodeId>,
    /// Former objects that come back.
    former: BTreeMap<Address, RemoteId>,
    entries: Vec<JournalEntry>,
}

impl<'a> Undoing<'a> {
    fn new(past: Past<'a>, standing: Cow<'a, Snapshot>) -> Undoing<'a> {
        Undoing {
            past,
            standing,
            steps: BTreeMap::new(),
            asides: BTreeMap::new(),
            kept: BTreeMap::new(),
            doomed: BTreeMap::new(),
            former: BTreeMap::new(),
            entries: Vec::new(),
        }
    }

    pub(super) fn keep(&mut self, address: &Address, why: String) {
        self.kept.entry(address.clone()).or_default().push(why);
    }

    /// Nobody knows yet what these did: the next run ends them.
    fn tell_open(&mut self) {
        let of_this_run = |open: &&Open| open.intent.operation.0 >= self.past.before.next_operation;
        let open: Vec<&Open> = self.past.after.open.values().filter(of_this_run).collect();
        for open in open {
            let what = open.intent.purpose.verb();
            self.keep(&open.intent.address, format!("the outcome of its {what} is open; run again"));
        }
    }

    pub(super) fn is_open(&self, id: &RemoteId) -> bool {
        let about = |open: &Open| open.id.as_ref() == Some(id) || open.intent.id.as_ref() == Some(id);
        self.past.after.open.values().any(about)
    }

    fn judge(&mut self, node: NodeId, step: &Step) {
        if !self.past.begun.contains(&node) {
            return;
        }
        let (before, after) = (&self.standing, self.past.after);
        let is_gone = |id: &RemoteId| before.ids.contains_key(id) && !after.ids.contains_key(id);
        match (&step.action, &step.id) {
            (Action::Create, _) => self.created(node, step),
            (Action::Update(_), Some(id)) => self.updated(node, step, &id.clone()),
            (Action::Destroy, Some(id)) if is_gone(id) => {
                if step.twin.is_none() || !after.records.contains_key(&step.address) {
                    self.keep(&step.address, format!("{id} was destroyed"));
                }
            }
            (Action::Forget, Some(id)) if is_gone(id) => self.forgotten(step, &id.clone()),
            (Action::Adopt(id), _) if after.ids.contains_key(id) => {
                self.keep(&step.address, format!("{id} was taken over, and stays managed"));
            }
            (Action::Run, _) if after.actions.get(&step.address) != before.actions.get(&step.address) => {
                self.keep(&step.address, "it has run".to_owned());
            }
            (
                Action::Update(_)
                | Action::Destroy
                | Action::Forget
                | Action::Adopt(_)
                | Action::Run
                | Action::Read
                | Action::Wait(_)
                | Action::Note,
                _,
            ) => {}
        }
    }

    /// The step may have made an object: it is destroyed, unless something speaks against it.
    fn created(&mut self, node: NodeId, step: &Step) {
        let Some(record) = self.past.after.records.get(&step.address) else { return };
        if self.standing.ids.contains_key(&record.id) || self.is_open(&record.id) {
            return;
        }
        let stood = self.standing.records.get(&step.address);
        let predecessor = stood.filter(|_| step.reason.code != ReasonCode::DeletedOutside);
        let predecessor = predecessor.map(|record| (record.id.clone(), record.condition.clone()));
        let against = self.against_destroying(record);
        let against =
            against.or_else(|| predecessor.as_ref().and_then(|(id, state)| self.against_return(step, id, state)));
        if let Some(why) = against {
            return self.keep(&step.address, format!("{} stays: {why}", record.id));
        }
        let kind = self.past.catalog.kind(&record.kind);
        let mut ending = unit::ending(kind, record, &record.observed, false, reason(), self.past.options.speed);
        ending.deposed = predecessor.is_some();
        self.steps.insert(node, ending);
        self.doomed.insert(step.address.clone(), node);
        self.former.extend(predecessor.map(|(id, _)| (step.address.clone(), id)));
    }

    fn against_destroying(&self, record: &Record) -> Option<String> {
        if !self.past.made.contains(&record.id) {
            return Some("it was there before, and is managed now".to_owned());
        }
        if let Some(why) = &record.quarantine {
            return Some(format!("it is taken for the right one by a guess ({why})"));
        }
        if record.lifecycle.retain {
            return Some("`retain` is set".to_owned());
        }
        let mut found = Diagnostics::default();
        let kind = self.past.catalog.kind(&record.kind);
        let settings = &self.past.desired.settings;
        guard::against_destroying(kind, record, None, false, settings, self.past.options, &mut found);
        let first = found.0.into_iter().next()?;
        let help = if record.lifecycle.protect { String::new() } else { format!("; {}", first.help) };
        Some(if record.lifecycle.protect { "`protect` is set".to_owned() } else { format!("{}{help}", first.message) })
    }

    /// Why the object that stood at the address cannot come back.
    fn against_return(&self, step: &Step, id: &RemoteId, condition: &Condition) -> Option<String> {
        let lives = find(self.past.after, &step.address, id).is_some();
        match condition {
            _ if !lives => Some(format!("{id}, which it replaces, is gone")),
            _ if self.is_open(id) => Some(format!("the destroy of {id}, which it replaces, is open")),
            Condition::Tainted(_) => Some(format!("{id}, which it replaces, had failed")),
            Condition::Ready | Condition::Pending(_) => None,
        }
    }

    /// It was let go of, and is there: it is managed again.
    fn forgotten(&mut self, step: &Step, id: &RemoteId) {
        if step.reason.code == ReasonCode::DeletedOutside {
            return;
        }
        let record = find(&self.standing, &step.address, id);
        let is_free = !self.past.after.records.contains_key(&step.address);
        let is_whole = |record: &&Record| record.condition == Condition::Ready && record.quarantine.is_none();
        let Some(record) = record.filter(|record| is_free && !step.deposed && is_whole(record)) else {
            return self.keep(&step.address, format!("{id} was let go of"));
        };
        let observed = Observed {
            id: id.clone(),
            attributes: record.observed.clone(),
            status: record.status.clone(),
            current_job: None,
            etag: None,
        };
        self.entries.push(JournalEntry::Imported {
            address: step.address.clone(),
            kind: record.kind.clone(),
            observed,
            applied: record.applied.clone(),
            lifecycle: record.lifecycle.clone(),
            at: record.created,
        });
    }

    /// An object that stays keeps what it needs.
    fn keep_what_is_needed(&mut self) {
        let after = self.past.after;
        let mut open: BTreeMap<&Address, BTreeSet<&Address>> = BTreeMap::new();
        for intent in after.open.values().map(|open| &open.intent) {
            open.entry(&intent.address).or_default().extend(&intent.lifecycle.dependencies);
        }
        let mut staying: Vec<Address> = self.kept.keys().cloned().collect();
        while let Some(address) = staying.pop() {
            let own = after.records.get(&address).into_iter().flat_map(|record| &record.lifecycle.dependencies);
            let needed: BTreeSet<&Address> = own.chain(open.get(&address).into_iter().flatten().copied()).collect();
            for needed in needed {
                let Some(node) = self.doomed.remove(needed) else { continue };
                self.steps.remove(&node);
                self.former.remove(needed);
                self.keep(needed, format!("{address} stays, and needs it"));
                staying.push(needed.clone());
            }
        }
    }

    fn finish(mut self) -> Reversal {
        let former = std::mem::take(&mut self.former).into_iter();
        self.entries.extend(former.map(|(address, id)| JournalEntry::Reinstated { address, id }));
        let kept = self.kept.into_iter().map(|(address, why)| Kept { address, why: why.join("; ") }).collect();
        let done = &self.past.plan.steps;
        let mut graph = Graph::default();
        let places: BTreeMap<NodeId, NodeId> =
            self.steps.into_iter().map(|(node, step)| (node, graph.add(step))).collect();
        // What follows a step of the run comes before what undoes it, also through steps that are not undone.
        let mut before: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
        for (node, _) in done.order().rev() {
            let mut earlier = BTreeSet::new();
            for dependant in done.dependants(node) {
                match places.get(&dependant) {
                    Some(place) => earlier.extend([*place]),
                    None => earlier.extend(before.get(&dependant).into_iter().flatten().copied()),
                }
            }
            if let Some(place) = places.get(&node) {
                earlier.iter().for_each(|other| graph.depend(*place, *other));
            }
            before.insert(node, earlier);
        }
        let steps = graph.freeze().expect("invariant: a graph without rings has none when it is turned round");
        Reversal { plan: Plan { steps, ..Plan::default() }, entries: self.entries, kept }
    }
}

/// Why the steps of a reversal are there.
pub(super) fn reason() -> Reason {
    let text = "a step of this run failed, and it is rolled back".to_owned();
    Reason { code: ReasonCode::RolledBack, text, span: None }
}
