//! Before the first create of a kind whose objects are told apart by the list: who is there and not ours. None of them can be what an unclear create
//! made, so a later search need not guess.

use super::begin::list_below;
use super::machine::Run;
use super::work::{Deed, Phase, Waiter};
use crate::apply::command::Command;
use crate::apply::identity::{could_be, fingerprint, fingerprint_of};
use crate::apply::sweep::is_in_time;
use crate::cloud::Listing;
use crate::model::{Address, Ident, NodeId, Observed, RemoteId};
use crate::plan::ListRead;
use crate::provider::Kind;
use crate::state::{Intent, JournalEntry, Open, OperationId, Purpose, Tombstone};
use std::collections::{BTreeMap, BTreeSet};

/// What creates of one kind that have no object may have made.
pub(super) struct Claims<'a> {
    kind: &'a Kind,
    open: Vec<&'a Intent>,
    /// The fingerprints of the open ones.
    alike: BTreeSet<&'a str>,
    /// By their fingerprints.
    given_up: BTreeMap<&'a str, Vec<&'a Tombstone>>,
}

impl Claims<'_> {
    /// Whether one of them may have made the object.
    pub fn hold(&self, object: &Observed) -> bool {
        if self.open.is_empty() && self.given_up.is_empty() {
            return false;
        }
        let sign = fingerprint_of(self.kind, &object.attributes);
        self.alike.contains(sign.as_str())
            || self.is_late(&sign, object)
            || self.open.iter().any(|intent| could_be(self.kind, intent, object))
    }

    /// Whether one that was given up may have made it.
    pub fn hold_late(&self, object: &Observed) -> bool {
        !self.given_up.is_empty() && self.is_late(&fingerprint_of(self.kind, &object.attributes), object)
    }

    fn is_late(&self, sign: &str, object: &Observed) -> bool {
        let mut alike = self.given_up.get(sign).into_iter().flatten();
        alike.any(|tombstone| is_in_time(tombstone, self.kind, object))
    }
}

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

    /// Another address whose create is open, has no object yet, and would look the same in a list.
    pub(super) fn look_alike(&self, step: NodeId) -> Option<Address> {
        let work = &self.works[step.0 as usize];
        let kind = self.catalog.kind(&self.step(step).address.kind).filter(|kind| kind.stamp.is_none())?;
        work.doing.as_ref().filter(|doing| doing.deed == Deed::Create)?;
        let own = fingerprint(kind, &work.wanted);
        let other = self.nameless(&kind.name).find(|open| open.intent.fingerprint == own)?;
        Some(other.intent.address.clone())
    }

    /// Whether it is known who is there before the step's create.
    pub(super) fn is_surveyed(&self, step: NodeId) -> bool {
        let is_known = |list| self.live.listed.contains(list) && !self.half_surveyed.contains(list);
        self.survey_of(step).as_ref().is_some_and(is_known)
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

    /// Whether an earlier create, open or given up, may have made the object: nobody knows yet whose it is.
    fn may_be_ours(&self, claims: &Claims<'_>, object: &Observed) -> bool {
        !self.was_there(claims.kind, object) && claims.hold(object)
    }

    fn was_there(&self, kind: &Kind, object: &Observed) -> bool {
        self.snapshot.strangers.get(&kind.name).is_some_and(|ids| ids.contains(&object.id))
    }

    /// Creates of the kind without an object.
    pub(super) fn nameless<'a>(&'a self, kind: &'a Ident) -> impl Iterator<Item = &'a Open> {
        let is_nameless =
            |open: &&Open| open.intent.purpose == Purpose::Create && open.id.is_none() && open.intent.kind == *kind;
        self.snapshot.open.values().filter(is_nameless)
    }

    /// Whether an open create may have made the object whatever it shows by now, for somebody may have changed it since. What
    /// a person was asked about stays that create's candidate whoever else knows it.
    fn is_sought(&self, kind: &Kind, object: &Observed) -> bool {
        let shows_mark = kind.stamp.as_ref().is_some_and(|stamp| object.attributes.contains_key(stamp));
        let is_beside = |open: &Open| match &kind.parent {
            Some(parent) => open.intent.wanted.get(parent) == object.attributes.get(parent),
            None => true,
        };
        let seeks = |open: &Open| is_beside(open) && !open.candidates.contains(&object.id);
        !shows_mark && !self.was_there(kind, object) && self.nameless(&kind.name).any(seeks)
    }

    /// What creates of ours without an object, open or given up, may have made: others than this one.
    pub(super) fn claims<'a>(&'a self, kind: &'a Kind, than: Option<OperationId>) -> Claims<'a> {
        let others = self.nameless(&kind.name).map(|open| &open.intent);
        let open: Vec<&Intent> = others.filter(|intent| Some(intent.operation) != than).collect();
        let alike = open.iter().map(|intent| intent.fingerprint.as_str()).collect();
        let mut given_up: BTreeMap<&str, Vec<&Tombstone>> = BTreeMap::new();
        for tombstone in self.snapshot.tombstones.values().filter(|tombstone| tombstone.kind == kind.name) {
            given_up.entry(&tombstone.fingerprint).or_default().push(tombstone);
        }
        Claims { kind, open, alike, given_up }
    }

    /// The entry that says who was there, once a run and list.
    pub(super) fn strangers_before(&mut self, step: NodeId) -> Vec<JournalEntry> {
        let Some(list) = self.survey_of(step).filter(|_| self.is_surveyed(step)) else { return Vec::new() };
        let (kind, catalog) = (list.kind.clone(), self.catalog.clone());
        let Some(of) = catalog.kind(&kind) else { return Vec::new() };
        if !self.strangers_noted.insert(list.clone()) {
            return Vec::new();
        }
        let claims = self.claims(of, None);
        let there = self.live.objects.get(&kind).into_iter().flatten();
        let unmanaged = there.filter(|(id, _)| !self.snapshot.ids.contains_key(*id));
        let (doubtful, others): (Vec<_>, Vec<_>) =
            unmanaged.partition(|(_, object)| self.may_be_ours(&claims, object) || self.is_sought(of, object));
        let mut ids: BTreeSet<RemoteId> = others.into_iter().map(|(id, _)| id.clone()).collect();
        let known = self.snapshot.strangers.get(&kind);
        // An open create still needs to know who was there before it.
        if self.nameless(&kind).next().is_some() {
            ids.extend(known.into_iter().flatten().cloned());
        }
        // They stay what another create may have made, so they can't be known as there before this one.
        if !doubtful.is_empty() {
            self.half_surveyed.insert(list);
        }
        match known {
            Some(known) if *known == ids => Vec::new(),
            None if ids.is_empty() => Vec::new(),
            Some(_) | None => vec![JournalEntry::Strangers { kind, ids }],
        }
    }
}
