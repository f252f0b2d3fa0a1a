//! One operation from its intent to the request: what is sent, under which nonce, and that the intent is durable first (R1).

use super::begin::{route_attributes, route_of};
use super::machine::Run;
use super::work::{Deed, Doing, Failure, Next, Phase, Tries, Waiter};
use crate::apply::command::Command;
use crate::apply::event::StepEnd;
use crate::apply::identity::{fingerprint, idempotency_key, inputs_hash, nonce};
use crate::cloud::{Call, IdempotencyKey, Verb};
use crate::model::{Attributes, Ident, NodeId, RemoteId, Value};
use crate::plan::{self, Step};
use crate::provider::{Kind, Operation};
use crate::state::{Intent, JournalEntry, OperationId, Purpose, marks};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Bounds one request, answer included.
const REQUEST_DEADLINE: Duration = Duration::from_secs(60);

impl Run {
    /// The step's next operation, or its end when there is none.
    pub(super) fn next_deed(&mut self, step: NodeId) {
        self.work(step).doing = None;
        let Some(deed) = self.work(step).todo.pop_front() else { return self.conclude(step) };
        match self.prepare(step, deed, 1, Tries::default()) {
            Ok(Some(doing)) => {
                self.work(step).doing = Some(Box::new(doing));
                self.enqueue_deed(step);
            }
            Ok(None) => self.next_deed(step),
            Err(failure) => self.end(step, failure.end()),
        }
    }

    /// The same operation again, under a new intent.
    pub(super) fn again(&mut self, step: NodeId) {
        let Some(done) = self.work(step).doing.take() else { return };
        // These tell of the request before.
        let tries = Tries { gone_since: None, jobless: false, unsure: false, ..done.tries };
        match self.prepare(step, done.deed.clone(), done.attempt + 1, tries) {
            Ok(Some(doing)) => {
                self.work(step).doing = Some(Box::new(doing));
                self.enqueue_deed(step);
            }
            Ok(None) => self.next_deed(step),
            Err(failure) => self.end(step, failure.end()),
        }
    }

    /// A step in its turn goes on at once; later operations wait for room like everybody.
    pub(super) fn enqueue_deed(&mut self, step: NodeId) {
        if self.course != super::machine::Course::Going {
            return self.end(step, StepEnd::Skipped { because: None, why: "the run was stopped".to_owned() });
        }
        self.enqueue(step);
    }

    /// `None`: with what is known now there is nothing left to change.
    fn prepare(&mut self, step: NodeId, deed: Deed, attempt: u32, tries: Tries) -> Result<Option<Doing>, Failure> {
        let kind_name = self.step(step).address.kind.clone();
        let catalog = self.catalog.clone();
        let unknown = || Failure { message: format!("`{kind_name}` is not in the catalog"), ..Failure::default() };
        let id = match deed {
            Deed::Create | Deed::Run => None,
            Deed::Update(_) | Deed::Delete => {
                let record = self.object_of(step).map(|record| record.id.clone());
                Some(
                    record
                        .ok_or_else(|| Failure { message: "there is no such object".into(), ..Failure::default() })?,
                )
            }
        };
        let operation = match &deed {
            Deed::Create => catalog.kind(&kind_name).map(|kind| &kind.create),
            Deed::Delete => catalog.kind(&kind_name).map(|kind| &kind.delete),
            Deed::Update(name) => catalog.kind(&kind_name).and_then(|kind| kind.updates.get(name)),
            Deed::Run => catalog.actions.get(&kind_name).map(|action| &action.operation),
        };
        let operation = operation.ok_or_else(unknown)?;
        let kind = catalog.kind(&kind_name);
        let Some((attributes, changed)) = self.attributes_for(step, &deed, kind, operation) else { return Ok(None) };
        let call = self.call_for(step, &deed, kind, operation, id.clone(), attributes);
        let surface = route_of(operation, &call.attributes).map(|route| route.surface.clone());
        let surface = surface.or_else(|| kind.map(|kind| kind.surface.clone())).ok_or_else(unknown)?;
        let deadline = self.now.monotonic + self.timeout_of(step, operation);
        Ok(Some(Doing {
            deed,
            operation: OperationId(u64::MAX),
            kind: kind_name,
            surface,
            call,
            id,
            job: None,
            phase: Phase::Waiting,
            attempt,
            tries,
            deadline,
            at: self.now.wall,
            changed,
            inherited: false,
            is_repeated: false,
            is_checked: false,
            shown: BTreeSet::new(),
            unseen: None,
        }))
    }

    fn timeout_of(&self, step: NodeId, operation: &Operation) -> Duration {
        let lifecycle = self.works[step.0 as usize].instance.as_ref().map(|instance| &instance.lifecycle);
        let own = lifecycle.and_then(|lifecycle| lifecycle.timeouts.get(&operation.name).copied());
        own.map_or_else(|| self.patience(operation), |own| Duration::from_millis(own.max(0).unsigned_abs()))
    }

    /// The documented timeout at the target's speed, a minute at least.
    pub(super) fn patience(&self, operation: &Operation) -> Duration {
        let documented = if operation.timeout > 0 { operation.timeout } else { 10 * 60_000 };
        self.scaled(Duration::from_millis(documented.unsigned_abs())).max(Duration::from_secs(60))
    }

    /// What the request carries, and which attributes it changes.
    fn attributes_for(
        &self,
        step: NodeId,
        deed: &Deed,
        kind: Option<&Kind>,
        operation: &Operation,
    ) -> Option<(Attributes, BTreeSet<Ident>)> {
        let wanted = &self.works[step.0 as usize].wanted;
        let given = || wanted.iter().filter(|(_, value)| !value.is_null()).map(|(n, v)| (n.clone(), v.clone()));
        match (deed, kind) {
            (Deed::Create, _) | (Deed::Run, _) => Some((given().collect(), wanted.keys().cloned().collect())),
            (Deed::Delete, _) | (Deed::Update(_), None) => Some((self.route_values(step, operation), BTreeSet::new())),
            (Deed::Update(name), Some(kind)) => {
                let changed = self.changed_by(step, kind, name)?;
                let mut attributes = self.route_values(step, operation);
                let is_argument = |name: &Ident| {
                    kind.attribute(name.as_str()).is_some_and(|a| a.update == crate::provider::Update::Argument)
                };
                let sent = given().filter(|(name, _)| {
                    changed.contains(name)
                        || operation.members.contains_key(name) && (operation.sends_all || is_argument(name))
                });
                attributes.extend(sent);
                let emptied = changed.iter().filter_map(|name| Some((name.clone(), wanted.get(name)?.clone())));
                attributes.extend(emptied.collect::<Vec<_>>());
                Some((attributes, changed))
            }
        }
    }

    /// The attributes that an update brings about. `None`: each of them turned out to be as it already is.
    fn changed_by(&self, step: NodeId, kind: &Kind, update: &Ident) -> Option<BTreeSet<Ident>> {
        let (planned, wanted) = (self.step(step), &self.works[step.0 as usize].wanted);
        let named: BTreeSet<&str> =
            planned.changes.iter().filter_map(|change| change.path.first()).map(String::as_str).collect();
        let by_update = kind.attributes.iter().filter(|(name, attribute)| {
            let value = wanted.get(*name).unwrap_or(&Value::Null);
            named.contains(name.as_str()) && plan::operation_for(attribute, value) == Some(update)
        });
        let by_update: Vec<_> = by_update.collect();
        let none = Attributes::new();
        let applied = self.object_of(step).map_or(&none, |record| &record.applied);
        let differs = by_update.iter().filter(|(name, attribute)| {
            let was_known = planned.after.get(*name).is_some_and(Value::is_known);
            let wanted = wanted.get(*name).unwrap_or(&Value::Null);
            let now = plan::seen(attribute, &planned.before).or_else(|| applied.get(*name));
            was_known || !now.is_some_and(|now| plan::is_same(&attribute.compare, wanted, now, applied.get(*name)))
        });
        let differs: BTreeSet<Ident> = differs.map(|(name, _)| (*name).clone()).collect();
        if differs.is_empty() && !by_update.is_empty() { None } else { Some(differs) }
    }

    /// The values that name the route: from what is wanted, else from the object.
    fn route_values(&self, step: NodeId, operation: &Operation) -> Attributes {
        let wanted = &self.works[step.0 as usize].wanted;
        let record = self.object_of(step);
        let value = |name: &Ident| {
            let held = record.and_then(|record| record.observed.get(name).or_else(|| record.applied.get(name)));
            held.filter(|value| !value.is_null()).or_else(|| wanted.get(name)).cloned()
        };
        route_attributes(operation).into_iter().filter_map(|name| Some((name.clone(), value(&name)?))).collect()
    }

    fn call_for(
        &mut self,
        step: NodeId,
        deed: &Deed,
        kind: Option<&Kind>,
        operation: &Operation,
        id: Option<RemoteId>,
        attributes: Attributes,
    ) -> Call {
        let verb = match deed {
            Deed::Create => Verb::Create,
            Deed::Update(name) => Verb::Update(name.clone()),
            Deed::Delete => Verb::Delete,
            Deed::Run => Verb::Run,
        };
        let stamp = match (deed, kind.and_then(|kind| kind.stamp.as_ref())) {
            (Deed::Update(_), Some(stamp)) if attributes.contains_key(stamp) => {
                let seen = self.object_of(step).map(|record| marks(&record.observed, stamp)).unwrap_or_default();
                if seen.is_empty() { marks(&self.step(step).before, stamp) } else { seen }
            }
            (Deed::Create | Deed::Update(_) | Deed::Delete | Deed::Run, _) => BTreeMap::new(),
        };
        let patches =
            matches!(operation.method, crate::model::http::Method::Patch | crate::model::http::Method::Delete);
        let etag = id
            .as_ref()
            .filter(|_| patches)
            .and_then(|id| self.live.objects.get(&self.step(step).address.kind)?.get(id)?.etag.clone());
        Call {
            kind: self.step(step).address.kind.clone(),
            verb,
            id,
            attributes,
            idempotency_key: None,
            stamp,
            etag,
            deadline: REQUEST_DEADLINE,
            until: None,
        }
    }

    /// Gives the operation its number, nonce and key, and writes the intent. The request leaves when that is durable.
    pub(super) fn record_intent(&mut self, step: NodeId) {
        if let Some(other) = self.look_alike(step) {
            let why = format!("the outcome of {other} is open, and what the two make cannot be told apart");
            return self.end(step, StepEnd::Skipped { because: Some(other), why });
        }
        if self.surveys_first(step) {
            return;
        }
        let draw = self.draw();
        let nonce = nonce(&self.seed, draw);
        let key = idempotency_key(&nonce);
        let operation = OperationId(self.snapshot.next_operation);
        let kind = self.catalog.clone();
        let kind = kind.kind(&self.step(step).address.kind);
        let stamp = self.stamp(&nonce, &self.step(step).address);
        let Some(doing) = self.works[step.0 as usize].doing.as_mut() else { return };
        doing.operation = operation;
        doing.at = self.now.wall;
        doing.phase = Phase::Recording;
        doing.call.idempotency_key = Some(IdempotencyKey(key));
        if doing.deed == Deed::Create && kind.is_some_and(|kind| kind.stamp.is_some()) {
            doing.call.stamp = stamp;
        }
        let mut entries = self.strangers_before(step);
        let intent = self.intent(step, nonce, kind);
        entries.extend(intent.map(|intent| JournalEntry::Intent(Box::new(intent))));
        self.take_place(step);
        self.append(Waiter::Step(step), entries);
    }

    fn intent(&self, step: NodeId, nonce: crate::state::Nonce, kind: Option<&Kind>) -> Option<Intent> {
        let work = &self.works[step.0 as usize];
        let doing = work.doing.as_ref()?;
        let Step { address, .. } = self.step(step);
        let wanted = match &doing.deed {
            Deed::Create | Deed::Run => work.wanted.clone(),
            Deed::Update(_) => self.applied_after(step, doing),
            Deed::Delete => Attributes::new(),
        };
        let lifecycle = match &doing.deed {
            Deed::Create | Deed::Run | Deed::Update(_) => work.lifecycle.clone(),
            Deed::Delete => self.object_of(step).map(|record| record.lifecycle.clone()).unwrap_or_default(),
        };
        Some(Intent {
            operation: doing.operation,
            address: address.clone(),
            kind: doing.kind.clone(),
            purpose: match &doing.deed {
                Deed::Create => Purpose::Create,
                Deed::Update(name) => Purpose::Update(vec![name.clone()]),
                Deed::Delete => Purpose::Delete,
                Deed::Run => Purpose::Run,
            },
            id: doing.id.clone(),
            idempotency_key: doing.call.idempotency_key.as_ref().map(|key| key.0.clone()).unwrap_or_default(),
            nonce,
            fingerprint: kind.map(|kind| fingerprint(kind, &work.wanted)).unwrap_or_default(),
            inputs_hash: inputs_hash(&doing.kind, &doing.call.attributes),
            wanted,
            lifecycle,
            epoch: self.snapshot.epoch,
            attempt: doing.attempt,
            surveyed: self.is_surveyed(step),
            at: doing.at,
        })
    }

    /// What counts as applied when this operation is through: all that is wanted after the last one, else what was and
    /// what it changes.
    pub(super) fn applied_after(&self, step: NodeId, doing: &Doing) -> Attributes {
        let work = &self.works[step.0 as usize];
        if doing.deed == Deed::Create || work.todo.is_empty() {
            return work.wanted.clone();
        }
        let mut applied = self.object_of(step).map(|record| record.applied.clone()).unwrap_or_default();
        for name in &doing.changed {
            if let Some(value) = work.wanted.get(name) {
                applied.insert(name.clone(), value.clone());
            }
        }
        applied
    }

    /// R1 holds: the request may leave.
    pub(super) fn send(&mut self, step: NodeId) {
        let Some(doing) = self.works[step.0 as usize].doing.as_mut() else { return };
        doing.phase = Phase::Sending;
        let call = Box::new(doing.call.clone());
        self.touched.extend(doing.id.clone());
        let ticket = self.ticket(Waiter::Step(step));
        self.out.push(Command::Call { ticket, call });
    }

    /// Something of this step became durable.
    pub(super) fn appended(&mut self, step: NodeId) {
        if self.works[step.0 as usize].errand.take().is_some() {
            return self.conclude(step);
        }
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        match doing.phase.clone() {
            Phase::Recording => self.send(step),
            Phase::Accepting => self.follow(step),
            Phase::Closing(next) => self.closed(step, next),
            Phase::Waiting
            | Phase::Sending
            | Phase::Polling
            | Phase::Looking(_)
            | Phase::Pausing(_)
            | Phase::Settling(_) => {}
        }
    }

    /// An operation's end is durable.
    fn closed(&mut self, step: NodeId, next: Next) {
        match next {
            Next::Go => self.next_deed(step),
            Next::End(end) => self.end(step, end),
            Next::Again(span) if span.is_zero() => self.again(step),
            Next::Again(span) => self.pause(step, span, super::work::Then::Retry),
            Next::Adopt(id, refused) => {
                self.work(step).doing = None;
                self.adopt(step, id, Some(refused));
            }
            Next::AfterJob(surface, job) => self.watch_job(step, surface, job),
        }
    }

    /// Writes the entries that end the operation, then goes on.
    pub(super) fn close_with(&mut self, step: NodeId, entries: Vec<JournalEntry>, next: Next) {
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.phase = Phase::Closing(next);
        }
        self.append(Waiter::Step(step), entries);
    }

    pub(super) fn pause(&mut self, step: NodeId, span: Duration, then: super::work::Then) {
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.phase = Phase::Pausing(then);
        }
        self.sleep(step, span);
    }
}
