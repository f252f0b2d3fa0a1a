//! What a list once showed while a create was traced: before the create is given up, each that the last lists left out is
//! asked for by its own route. A list may leave out what is there, so only what both deny is gone.

use super::look::ATTEMPTS;
use super::machine::Run;
use super::work::{Deed, Waiter};
use crate::apply::command::Command;
use crate::apply::context::{Seen, Target};
use crate::model::{Ident, NodeId, Observed, RemoteId, Value};
use std::collections::BTreeSet;

impl Run {
    /// The create may have made these.
    pub(super) fn remember<'a>(&mut self, step: NodeId, shown: impl IntoIterator<Item = &'a RemoteId>) {
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.shown.extend(shown.into_iter().cloned());
        }
    }

    /// What an earlier run asked a person about was shown as well.
    pub(super) fn remember_asked(&mut self, step: NodeId) {
        let operation = self.works[step.0 as usize].doing.as_ref().map(|doing| doing.operation);
        let open = operation.and_then(|operation| self.snapshot.open.get(&operation));
        let candidates = open.map(|open| open.candidates.clone()).unwrap_or_default();
        self.remember(step, &candidates);
    }

    /// Whether something was shown that the create may have made and that is not known to be gone.
    pub(super) fn is_recalling(&self, step: NodeId) -> bool {
        let doing = self.works[step.0 as usize].doing.as_ref();
        doing.is_some_and(|doing| doing.id.is_none() && doing.shown.iter().any(|id| self.is_nobodys(step, id)))
    }

    fn is_nobodys(&self, step: NodeId, id: &RemoteId) -> bool {
        self.intent_of(step).is_some_and(|intent| !self.is_known(&intent, id))
    }

    /// A list came: what is remembered and not in it is missing, what is in it is given back.
    pub(super) fn recall(&mut self, step: NodeId, listed: &[Observed]) -> Vec<RemoteId> {
        let Some(doing) = &self.works[step.0 as usize].doing else { return Vec::new() };
        let shown = |id: &&RemoteId| doing.shown.contains(*id) && self.is_nobodys(step, id);
        let there: BTreeSet<&RemoteId> = listed.iter().map(|object| &object.id).filter(shown).collect();
        let missing = doing.shown.iter().filter(|id| !there.contains(id) && self.is_nobodys(step, id));
        let (missing, there) = (missing.cloned().collect(), there.into_iter().cloned().collect());
        if let Some(settling) = self.settling(step) {
            settling.missing = missing;
        }
        there
    }

    /// A list is there: whether it is of other regions only than the one that a create was sent for (`contract.md L11`).
    pub(super) fn note_regions(&mut self, step: NodeId, seen: Option<&[String]>) {
        let Some(doing) = self.works[step.0 as usize].doing.as_ref().filter(|doing| doing.deed == Deed::Create) else {
            return;
        };
        let region = Ident::new("region");
        let is_regional = self.catalog.kind(&doing.kind).is_some_and(|kind| kind.attributes.contains_key(&region));
        let own = doing.call.attributes.get(&region).and_then(Value::as_str);
        let is_seen = |seen: &[String]| own.is_some_and(|own| seen.iter().any(|one| one == own));
        let unseen =
            seen.filter(|seen| is_regional && !is_seen(seen)).map(|_| own.unwrap_or("every region").to_owned());
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.unseen = unseen;
        }
    }

    /// Leaves a create open that the key could not see: no other list will show it, and none proves anything.
    pub(super) fn is_out_of_sight(&mut self, step: NodeId) -> bool {
        let unseen = self.works[step.0 as usize].doing.as_ref().and_then(|doing| doing.unseen.clone());
        let Some(region) = unseen else { return false };
        let why = format!("nothing shows of it, and the key does not see {region}: run again with one that does");
        self.leave_open(step, why);
        true
    }

    /// The next that is missing, or else the create is given up. Where a person is asked anyway, nothing is given up.
    pub(super) fn ask_for_missing(&mut self, step: NodeId) {
        let next = self.settling(step).filter(|settling| settling.unexplained.is_empty() || settling.failure.is_some());
        let next = next.and_then(|settling| settling.missing.first().cloned());
        let Some(id) = next else { return self.give_up(step) };
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let target = Target { kind: doing.kind.clone(), id, attributes: doing.call.attributes.clone() };
        let ticket = self.ticket(Waiter::Step(step));
        self.out.push(Command::Read { ticket, target });
    }

    /// What is missing was asked for by itself.
    pub(super) fn recalled(&mut self, step: NodeId, seen: &Seen) {
        let (may_wait, is_refused) = (self.may_list_again(step), self.is_refused);
        let Some(settling) = self.settling(step) else { return };
        let Some(id) = settling.missing.pop_first() else { return };
        let is_tried = settling.passes >= ATTEMPTS;
        match seen {
            Seen::Gone => {
                if let Some(doing) = self.work(step).doing.as_mut() {
                    doing.shown.remove(&id);
                }
                self.ask_for_missing(step);
            }
            // It is there: a list will show it, and what it looks like by now.
            Seen::Found(_) if may_wait => {
                settling.blank = 0;
                self.list_again(step);
            }
            Seen::Hidden | Seen::Unread(_) if !is_tried || is_refused => self.list_again(step),
            Seen::Found(_) | Seen::Hidden | Seen::Unread(_) | Seen::Unseeable(_) => {
                settling.unexplained.push(id);
                self.ask_for_missing(step);
            }
        }
    }
}
