//! Before the first create of a kind whose objects are told apart by the list: who is there and not ours. None of them can be what an unclear create
//! made, so a later search need not guess.

use super::begin::list_below;
use super::machine::Run;
use super::work::{Deed, Phase, Waiter};
use crate::apply::command::Command;
use crate::cloud::Listing;
use crate::model::{Ident, NodeId, RemoteId};
use crate::plan::ListRead;
use crate::state::JournalEntry;
use std::collections::BTreeSet;

impl Run {
    /// Whether the step has to wait until its kind was listed.
    pub(super) fn surveys_first(&mut self, step: NodeId) -> bool {
        let Some(list) = self.survey_of(step) else { return false };
        if self.live.listed.contains(&list) || self.live.unlisted.contains_key(&list) {
            return false;
        }
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.phase = Phase::Waiting;
        }
        if let Some(waiting) = self.surveys.get_mut(&list) {
            waiting.push(step);
            return true;
        }
        self.surveys.insert(list.clone(), vec![step]);
        let ticket = self.ticket(Waiter::Survey(list.clone()));
        self.out.push(Command::List { ticket, list });
        true
    }

    fn survey_of(&self, step: NodeId) -> Option<ListRead> {
        let work = &self.works[step.0 as usize];
        let kind = self.catalog.kind(&self.step(step).address.kind)?;
        let creates = work.doing.as_ref().is_some_and(|doing| doing.deed == Deed::Create);
        // A mark may be hidden: an API that shows no tags leaves only the list to tell a new object by.
        let is_traced = kind.stamp.is_none() || kind.documented_list;
        (creates && is_traced).then(|| list_below(kind, &work.wanted))
    }

    pub(super) fn surveyed(&mut self, list: ListRead, answer: Result<Listing, String>) {
        match answer {
            Ok(listing) => {
                let objects = self.live.objects.entry(list.kind.clone()).or_default();
                objects.extend(listing.objects.into_iter().map(|observed| (observed.id.clone(), observed)));
                self.live.listed.insert(list.clone());
            }
            Err(reason) => {
                self.live.unlisted.insert(list.clone(), reason);
            }
        }
        for step in self.surveys.remove(&list).unwrap_or_default() {
            self.enqueue(step);
        }
    }

    /// The entry that says who was there, once a run and list.
    pub(super) fn strangers_before(&mut self, step: NodeId) -> Vec<JournalEntry> {
        let Some(list) = self.survey_of(step) else { return Vec::new() };
        let kind: Ident = list.kind.clone();
        if !self.strangers_noted.insert(list) {
            return Vec::new();
        }
        let there = self.live.objects.get(&kind).into_iter().flatten().map(|(id, _)| id);
        let ids: BTreeSet<RemoteId> = there.filter(|id| !self.snapshot.ids.contains_key(*id)).cloned().collect();
        match self.snapshot.strangers.get(&kind) {
            Some(known) if *known == ids => Vec::new(),
            None if ids.is_empty() => Vec::new(),
            Some(_) | None => vec![JournalEntry::Strangers { kind, ids }],
        }
    }
}
