//! Objects that are watched without a job, and creates that are traced: those of one list together, so that one request
//! follows all of them (`contract.md` 2.5).

use super::begin::list_below;
use super::machine::Run;
use super::work::{Phase, Settling, Then, Waiter, Why};
use crate::apply::command::{Command, Ticket};
use crate::apply::identity::{could_be, is_marked};
use crate::model::{Ident, NodeId, Observed, RemoteId};
use crate::plan::ListRead;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The objects of one list that are waited for.
#[derive(Debug, Default)]
pub(super) struct Round {
    waiting: BTreeSet<(Duration, NodeId)>,
    /// When the timer that is set goes off, and its ticket: an earlier one replaces it.
    timer: Option<(Duration, Ticket)>,
}

/// What was asked for while one event is handled: whoever needs the same joins in.
#[derive(Debug, Default)]
pub(super) struct Joint {
    lists: BTreeMap<ListRead, Ticket>,
    jobs: BTreeMap<Ident, Ticket>,
}

/// No sooner than so long after the last look at the same list.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(2);

impl Run {
    /// One list for all who ask for it at once.
    pub(super) fn list_jointly(&mut self, list: ListRead, steps: Vec<NodeId>) {
        let under_way = self.joint.lists.get(&list).and_then(|ticket| self.waiters.get_mut(ticket));
        if let Some(Waiter::Steps(waiting)) = under_way {
            return waiting.extend(steps);
        }
        let ticket = self.ticket(Waiter::Steps(steps));
        self.joint.lists.insert(list.clone(), ticket);
        self.out.push(Command::List { ticket, list });
    }

    /// The jobs that a surface still knows, for all who ask for them at once.
    pub(super) fn jobs_jointly(&mut self, surface: Ident, step: NodeId) {
        let under_way = self.joint.jobs.get(&surface).and_then(|ticket| self.waiters.get_mut(ticket));
        if let Some(Waiter::Steps(waiting)) = under_way {
            return waiting.push(step);
        }
        let ticket = self.ticket(Waiter::Steps(vec![step]));
        self.joint.jobs.insert(surface.clone(), ticket);
        self.out.push(Command::RecentJobs { ticket, surface });
    }

    /// The step's object is looked at after a while, with the others of its list.
    pub(super) fn look_in_round(&mut self, step: NodeId, span: Duration) {
        self.in_round(step, span, Then::Look(Why::Watching));
    }

    /// Another pass of a search after a while, with the others of its list.
    pub(super) fn search_in_round(&mut self, step: NodeId, span: Duration, settling: Settling) {
        self.in_round(step, span, Then::Settle(Box::new(settling)));
    }

    fn in_round(&mut self, step: NodeId, span: Duration, then: Then) {
        let Some(list) = self.list_of(step) else {
            return self.leave_open(step, "its kind is not in the catalog".to_owned());
        };
        let due = self.now.monotonic + span;
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.phase = Phase::Pausing(then);
        }
        self.rounds.entry(list.clone()).or_default().waiting.insert((due, step));
        self.set_round(&list);
    }

    fn list_of(&self, step: NodeId) -> Option<ListRead> {
        let work = &self.works[step.0 as usize];
        let kind = self.catalog.kind(&work.doing.as_ref()?.kind)?;
        match self.target(step) {
            Some(target) => Some(list_below(kind, &target.attributes)),
            None => Some(list_below(kind, &work.wanted)),
        }
    }

    /// A create was accepted, and its answer named no object: what is new in the list and as wanted is it. Several that could
    /// be it are told apart by nobody but a person.
    pub(super) fn appear(&mut self, step: NodeId, listed: &BTreeMap<RemoteId, Observed>, peers: usize) {
        let Some(intent) = self.intent_of(step) else { return };
        let Some(kind) = self.catalog.kind(&intent.kind) else { return };
        let shows_mark = |stamp: &&Ident| listed.values().any(|object| object.attributes.contains_key(*stamp));
        let stamp = kind.stamp.as_ref().filter(shows_mark);
        let is_its_own = |object: &Observed| stamp.is_none_or(|stamp| is_marked(object, stamp, &intent));
        let unknown = listed.values().filter(|object| is_its_own(object) && !self.is_known(&intent, &object.id));
        let (new, others): (Vec<&Observed>, Vec<&Observed>) =
            unknown.partition(|object| could_be(kind, &intent, object));
        let claims = self.claims(kind, Some(intent.operation));
        // What an earlier create may have made as well is not this one's for its looks.
        let is_late = |object: &&Observed| stamp.is_none() && claims.hold_late(object);
        let is_sure = new.len() <= peers && (stamp.is_some() || intent.surveyed) && !new.iter().any(is_late);
        match new.first() {
            None => {
                let free: Vec<&Observed> = others.into_iter().filter(|object| !claims.hold(object)).collect();
                let others = self.unexplained(kind, &intent, &free);
                self.remember(step, &others);
                self.not_shown(step, Why::Watching, others);
            }
            Some(first) if is_sure => {
                let (operation, first) = (intent.operation, first.id.clone());
                if let Some(doing) = self.work(step).doing.as_mut() {
                    doing.id = Some(first.clone());
                    doing.phase = Phase::Accepting;
                    doing.tries.gone_since = None;
                }
                let entries = self.binding(step, operation, &first);
                self.append(Waiter::Step(step), entries);
            }
            Some(_) => {
                let new: Vec<RemoteId> = new.iter().map(|object| object.id.clone()).collect();
                self.remember(step, &new);
                self.tell_apart(step);
            }
        }
    }

    /// The list shows what may be another one's: its own job names what it made. Where that was asked, a search has to do.
    fn tell_apart(&mut self, step: NodeId) {
        let Some(doing) = self.work(step).doing.as_mut() else { return };
        let Some(job) = doing.job.clone().filter(|_| !doing.tries.unsure) else {
            return self.settle_accepted(step, "what is new may be another one's".to_owned());
        };
        doing.tries.unsure = true;
        doing.phase = Phase::Polling;
        let surface = doing.surface.clone();
        self.watch_job(step, surface, job);
    }

    fn set_round(&mut self, list: &ListRead) {
        let now = self.now.monotonic;
        let Some((due, _)) = self.rounds.get(list).and_then(|round| round.waiting.first()).copied() else { return };
        let at = due.max(now);
        let set = self.rounds.get(list).and_then(|round| round.timer.as_ref());
        if set.is_some_and(|(set, _)| *set <= at) {
            return;
        }
        let ticket = self.ticket(Waiter::Round(list.clone()));
        let old = self.rounds.get_mut(list).and_then(|round| round.timer.replace((at, ticket)));
        if let Some((_, old)) = old {
            self.waiters.remove(&old);
        }
        self.out.push(Command::Sleep { ticket, span: at.saturating_sub(now) });
    }

    /// The timer went off: those that are due, and with a list that is read anyway all the others.
    pub(super) fn round_due(&mut self, list: &ListRead) {
        let now = self.now.monotonic;
        let soon = now + self.scaled(BETWEEN_ROUNDS);
        let pages = self.pages_of(list);
        let Some(round) = self.rounds.get_mut(list) else { return };
        round.timer = None;
        let due = round.waiting.iter().take_while(|(due, _)| *due <= soon).count();
        let taken = if due > pages { round.waiting.len() } else { due };
        let (mut watched, mut searched) = (Vec::new(), Vec::new());
        for (due, step) in (0..taken).filter_map(|_| round.waiting.pop_first()).collect::<Vec<_>>() {
            let Some(doing) = self.works[step.0 as usize].doing.as_mut() else { continue };
            match &mut doing.phase {
                Phase::Pausing(Then::Look(Why::Watching)) => watched.push(step),
                // Lists that are to agree with each other are not asked for at once.
                Phase::Pausing(Then::Settle(_)) if due > soon => {
                    round.waiting.insert((due, step));
                }
                Phase::Pausing(Then::Settle(settling)) => searched.push((step, std::mem::take(settling.as_mut()))),
                _ => {}
            }
        }
        let has_id = |step: &NodeId| self.works[step.0 as usize].doing.as_ref().is_some_and(|doing| doing.id.is_some());
        let (named, nameless): (Vec<_>, Vec<_>) = watched.into_iter().partition(has_id);
        if nameless.is_empty() && searched.is_empty() {
            self.look_together(named, &Why::Watching);
        } else {
            let watched: Vec<NodeId> = named.into_iter().chain(nameless).collect();
            if !watched.is_empty() {
                self.list_for(list.clone(), watched, &Why::Watching);
            }
            searched.into_iter().for_each(|(step, settling)| self.search(step, settling));
        }
        self.set_round(list);
    }
}
