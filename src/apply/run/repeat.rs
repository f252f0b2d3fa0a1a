//! A create or a run of an earlier run that was never answered is sent once more, as it was: the same bytes under the same
//! key. Only where the API was found to answer such a request with the first one's answer, and as long as it does.

use super::machine::Run;
use super::work::{Deed, Phase, Waiter};
use crate::apply::command::Command;
use crate::apply::identity::inputs_hash;
use crate::cloud::{IdempotencyKey, KEYS_LAST, Outcome};
use crate::model::{Address, Attributes, NodeId};
use crate::provider::Kind;
use crate::state::{Intent, Nonce, STAMP_HOME, STAMP_OPERATION, STAMP_STATE, home_mark};
use std::collections::BTreeMap;

impl Run {
    /// Whether the request is on its way again; its answer tells what became of the first one.
    pub(super) fn repeats(&mut self, step: NodeId) -> bool {
        let Some(intent) = self.intent_of(step) else { return false };
        let catalog = self.catalog.clone();
        let Some(attributes) = self.as_sent(step, &intent) else { return false };
        let stamp = self.stamp_of(catalog.kind(&intent.kind), &intent);
        let Some(doing) = self.work(step).doing.as_mut() else { return false };
        doing.call.attributes = attributes;
        doing.call.until = Some(intent.at.plus(KEYS_LAST));
        doing.call.idempotency_key = Some(IdempotencyKey(intent.idempotency_key));
        doing.call.stamp = if doing.deed == Deed::Create { stamp } else { BTreeMap::new() };
        doing.phase = Phase::Sending;
        doing.is_repeated = true;
        let call = Box::new(doing.call.clone());
        self.take_place(step);
        let ticket = self.ticket(Waiter::Step(step));
        self.out.push(Command::Call { ticket, call });
        true
    }

    /// Whether the request may have left again since a question was asked about it.
    pub(super) fn may_have_repeated(&self, step: NodeId) -> bool {
        let Some(intent) = self.intent_of(step) else { return false };
        let age = self.now.wall.since(intent.at);
        let doing = self.works[step.0 as usize].doing.as_ref();
        doing.is_some_and(|doing| self.honouring.contains(&doing.surface))
            && age < KEYS_LAST + self.options.settle_window
    }

    /// The attributes of the first request, where they are all known and the key is still good.
    fn as_sent(&self, step: NodeId, intent: &Intent) -> Option<Attributes> {
        let doing = self.works[step.0 as usize].doing.as_ref()?;
        let is_meant = matches!(doing.deed, Deed::Create | Deed::Run) && doing.inherited && !doing.is_repeated;
        let age = self.now.wall.since(intent.at);
        let is_good = age < KEYS_LAST && self.now.wall >= intent.at && !intent.idempotency_key.is_empty();
        if !(is_meant && is_good && self.honouring.contains(&doing.surface)) {
            return None;
        }
        let given = intent.wanted.iter().filter(|(_, value)| !value.is_null());
        let attributes: Attributes = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        // A secret is known to the journal by its seal alone: such a request can't be made again.
        (inputs_hash(&intent.kind, &attributes) == intent.inputs_hash).then_some(attributes)
    }

    fn stamp_of(&self, kind: Option<&Kind>, intent: &Intent) -> BTreeMap<String, String> {
        if kind.is_none_or(|kind| kind.stamp.is_none()) {
            return BTreeMap::new();
        }
        self.stamp(&intent.nonce, &intent.address)
    }

    /// The marks on what a create makes: the same ones when it is sent again.
    pub(super) fn stamp(&self, nonce: &Nonce, address: &Address) -> BTreeMap<String, String> {
        let (project, environment) = &self.options.home;
        BTreeMap::from([
            (STAMP_OPERATION.to_owned(), nonce.0.clone()),
            (STAMP_STATE.to_owned(), self.snapshot.lineage.clone()),
            (STAMP_HOME.to_owned(), home_mark(project, environment, address)),
        ])
    }

    /// What a step's answer tells of its first request.
    pub(super) fn of_the_first(&self, step: NodeId, outcome: Outcome) -> Outcome {
        let is_repeated = self.works[step.0 as usize].doing.as_ref().is_some_and(|doing| doing.is_repeated);
        if is_repeated { outcome.of_the_first() } else { outcome }
    }
}
