//! How a step starts: its instance is resolved with what is known by now, then it takes up its first operation or errand.

use super::machine::Run;
use super::work::{Deed, Errand, Failure, Refused, Waiter};
use crate::apply::command::Command;
use crate::apply::context::Target;
use crate::apply::event::{Progress, StepEnd};
use crate::apply::identity::fingerprint;
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, Ident, NodeId, RemoteId, Value};
use crate::plan::{self, Action, Step};
use crate::provider::{Kind, Operation, Route};
use crate::state::{JournalEntry, Open, OperationId, Purpose, Record, find};
use std::collections::BTreeSet;

impl Run {
    /// The surface that a step's requests go to; nothing for steps without requests or of unknown kinds.
    pub(super) fn surface_of(&self, step: NodeId) -> Option<Ident> {
        let step = self.step(step);
        if matches!(step.action, Action::Forget | Action::Note) {
            return None;
        }
        let kind = &step.address.kind;
        let catalog = &self.catalog;
        let of_action =
            |action: &crate::provider::ActionKind| action.operation.routes.first().map(|r| r.surface.clone());
        catalog.kind(kind).map(|kind| kind.surface.clone()).or_else(|| catalog.actions.get(kind).and_then(of_action))
    }

    pub(super) fn start(&mut self, step: NodeId) {
        if let Err(failure) = self.resolve(step) {
            self.announce(step);
            return self.end(step, failure.end());
        }
        let locks = self.locks_of(step);
        if !self.lock_all(step, locks) {
            return;
        }
        self.announce(step);
        let action = self.step(step).action.clone();
        match action {
            Action::Create => self.do_all(step, [Deed::Create]),
            Action::Update(operations) => self.do_all(step, operations.into_iter().map(Deed::Update)),
            Action::Destroy => self.destroy(step),
            Action::Run => self.do_all(step, [Deed::Run]),
            Action::Forget => self.forget(step),
            Action::Note => self.note(step),
            Action::Read => self.read_source(step),
            Action::Adopt(id) => self.adopt(step, id, None),
            Action::Wait(operation) => self.wait_for(step, operation),
        }
    }

    fn announce(&mut self, step: NodeId) {
        self.work(step).began = Some(self.now.monotonic);
        self.count_begun(step);
        let Step { address, action, expected, .. } = self.step(step).clone();
        self.tell(Progress::StepStarted { step, address, action, expected });
    }

    /// Fills in what the step wants; the same substitution as while planning.
    fn resolve(&mut self, step: NodeId) -> Result<(), Failure> {
        let Step { desired, address, action, id, before, interim, .. } = self.step(step).clone();
        let Some(node) = desired else {
            self.want_former(step);
            return Ok(());
        };
        let instance = self.desired.resolve(node, &self.holdings).map_err(|found| unresolved(&found))?;
        if let Some(condition) =
            instance.lifecycle.conditions.iter().find(|c| !c.after && c.holds == Value::Bool(false))
        {
            return Err(Failure {
                message: condition.message.clone(),
                help: "change the program or the infrastructure so that the `before` condition holds".to_owned(),
                ..Failure::default()
            });
        }
        instance.tell_secrets(&self.desired.secrets);
        let wanted = match self.catalog.kind(&address.kind) {
            Some(kind) => {
                let id = id.as_ref().or_else(|| self.snapshot.records.get(&address).map(|record| &record.id));
                let record = id.and_then(|id| find(&self.snapshot, &address, id));
                let record = record.filter(|_| action != Action::Create);
                let none = Attributes::new();
                let applied = record.map_or(&none, |record| &record.applied);
                if interim.is_empty() {
                    plan::wanted(kind, &instance, &before, applied)
                } else {
                    let kept = applied.iter().filter(|(name, _)| !interim.contains_key(*name));
                    kept.chain(&interim).map(|(name, value)| (name.clone(), value.clone())).collect()
                }
            }
            None => instance.values(),
        };
        if let Some((name, _)) = wanted.iter().find(|(_, value)| !value.is_known()) {
            return Err(Failure {
                message: format!("`{name}` is still not known"),
                help: "an output that it waits for has no value; run again to see which".to_owned(),
                ..Failure::default()
            });
        }
        let before = self.snapshot.records.get(&address).map(|record| &record.lifecycle);
        let lifecycle = plan::remembered(&self.desired, node, &instance, before);
        let work = self.work(step);
        work.wanted = wanted;
        work.lifecycle = lifecycle;
        work.instance = Some(Box::new(instance));
        Ok(())
    }

    /// Writes below one parent go one after the other; so do creates that could be taken for each other.
    fn locks_of(&self, step: NodeId) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let planned = self.step(step);
        let Some(kind) = self.catalog.kind(&planned.address.kind) else { return names };
        if matches!(planned.action, Action::Forget | Action::Note | Action::Read) {
            return names;
        }
        let wanted = &self.works[step.0 as usize].wanted;
        if let Some(parent) = &kind.parent
            && let Some(id) = wanted.get(parent).or_else(|| planned.before.get(parent)).and_then(Value::as_str)
        {
            names.insert(format!("parent {id}"));
        }
        if kind.stamp.is_none() && planned.action == Action::Create {
            names.insert(format!("create {}", fingerprint(kind, wanted)));
        }
        names
    }

    fn do_all(&mut self, step: NodeId, deeds: impl IntoIterator<Item = Deed>) {
        self.work(step).todo.extend(deeds);
        self.next_deed(step);
    }

    /// Where an operation of an earlier run has done it by now, nothing is left to do.
    fn destroy(&mut self, step: NodeId) {
        let Step { address, id, .. } = self.step(step).clone();
        if id.is_some_and(|id| self.is_being_let_go(&address, &id)) {
            return self.end(step, StepEnd::Done);
        }
        self.do_all(step, [Deed::Delete]);
    }

    fn forget(&mut self, step: NodeId) {
        let Step { address, id, deposed, .. } = self.step(step).clone();
        if id.as_ref().is_some_and(|id| self.is_being_let_go(&address, id)) {
            return self.end(step, StepEnd::Done);
        }
        // An open create that ended meanwhile has put another object in its place.
        let is_aside = id.as_ref().is_some_and(|id| self.snapshot.records.get(&address).is_none_or(|it| it.id != *id));
        let entry = match (id, deposed || is_aside) {
            (Some(id), true) => JournalEntry::Deleted { operation: None, address, id },
            (_, false) | (None, true) => {
                self.holdings.drop(&address);
                JournalEntry::Forgotten { address }
            }
        };
        self.write_and_end(step, vec![entry]);
    }

    /// The object is not managed any more, or an open delete of an earlier run will say so at its end.
    fn is_being_let_go(&self, address: &Address, id: &RemoteId) -> bool {
        let deletes = |open: &Open| open.intent.purpose == Purpose::Delete && open.intent.id.as_ref() == Some(id);
        find(&self.snapshot, address, id).is_none() || self.snapshot.open.values().any(deletes)
    }

    fn note(&mut self, step: NodeId) {
        let Step { address, id, .. } = self.step(step).clone();
        let kind = &address.kind;
        let observed = id.and_then(|id| self.live.objects.get(kind)?.get(&id).cloned());
        let (applied, lifecycle) = (self.work(step).wanted.clone(), self.work(step).lifecycle.clone());
        self.write_and_end(step, vec![JournalEntry::Noted { address, observed, applied, lifecycle }]);
    }

    pub(super) fn write_and_end(&mut self, step: NodeId, entries: Vec<JournalEntry>) {
        self.work(step).errand = Some(Errand::Noting);
        self.append(Waiter::Step(step), entries);
    }

    fn read_source(&mut self, step: NodeId) {
        let source = self.step(step).address.kind.clone();
        let arguments = self.work(step).wanted.clone();
        match self.catalog.kind(&source) {
            Some(kind) => {
                let list = list_below(kind, &arguments);
                self.work(step).errand = Some(Errand::LookingUp);
                let ticket = self.ticket(Waiter::Step(step));
                self.out.push(Command::List { ticket, list });
            }
            None => {
                self.work(step).errand = Some(Errand::Sourcing);
                let ticket = self.ticket(Waiter::Step(step));
                self.out.push(Command::Source { ticket, source, arguments });
            }
        }
    }

    pub(super) fn adopt(&mut self, step: NodeId, id: RemoteId, refused: Option<Box<Refused>>) {
        self.work(step).errand = Some(Errand::Adopting(refused));
        let target =
            Target { kind: self.step(step).address.kind.clone(), id, attributes: self.work(step).wanted.clone() };
        let ticket = self.ticket(Waiter::Step(step));
        self.out.push(Command::Read { ticket, target });
    }

    fn wait_for(&mut self, step: NodeId, operation: OperationId) {
        match self.snapshot.open.get(&operation).cloned() {
            Some(open) => self.resume(step, open),
            None => self.end(step, StepEnd::Done),
        }
    }

    /// The object that a step is about: the planned one, else the address's current one.
    pub(super) fn object_of(&self, step: NodeId) -> Option<&Record> {
        let Step { address, id, .. } = self.step(step);
        match id {
            Some(id) => find(&self.snapshot, address, id),
            None => self.snapshot.records.get(address),
        }
    }
}

fn unresolved(found: &Diagnostics) -> Failure {
    let first = found.0.first();
    Failure {
        message: first.map_or_else(String::new, |d| {
            if d.message.is_empty() { d.code.title.to_owned() } else { d.message.clone() }
        }),
        code: first.map_or_else(String::new, |d| d.code.id.to_owned()),
        help: first.map_or_else(String::new, |d| d.help.clone()),
        request_id: String::new(),
    }
}

/// The list in which an object with these attributes is.
pub(in crate::apply) fn list_below(kind: &Kind, attributes: &Attributes) -> plan::ListRead {
    let id = kind.parent.as_ref().and_then(|name| Some((name.clone(), attributes.get(name)?.as_str()?)));
    let parent = id.into_iter().map(|(name, id)| (name, RemoteId::new(id))).collect();
    plan::ListRead { kind: kind.name.clone(), parent }
}

/// Where a request goes: the first route whose condition the attributes meet.
pub(super) fn route_of<'a>(operation: &'a Operation, attributes: &Attributes) -> Option<&'a Route> {
    operation.routes.iter().find(|route| match &route.when {
        Some((name, prefix)) => {
            attributes.get(name).and_then(Value::as_str).is_some_and(|value| value.starts_with(prefix.as_str()))
        }
        None => true,
    })
}

/// The attributes that routes of an operation are made of.
pub(super) fn route_attributes(operation: &Operation) -> BTreeSet<Ident> {
    let mut names = BTreeSet::new();
    for route in &operation.routes {
        names.extend(route.when.as_ref().map(|(name, _)| name.clone()));
        let holes = route.path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        names.extend(holes.map(|(name, _)| Ident::new(name)).filter(|name| name.as_str() != "id"));
    }
    names
}
