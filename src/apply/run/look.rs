//! Reading an object and deciding by what is seen: after a job, after a conflict, after silence.

use super::accept::is_at_rest;
use super::begin::list_below;
use super::errand::unseen;
use super::machine::Run;
use super::settle::{NOWHERE, may_be, nowhere};
use super::work::{Deed, Errand, Failure, Next, Phase, Then, Waiter, Why};
use crate::apply::command::Command;
use crate::apply::context::{Seen, Target};
use crate::apply::event::StepEnd;
use crate::cloud::Listing;
use crate::model::{Attributes, Ident, NodeId, Observed, RemoteId, Value};
use crate::plan::{self, ListRead};
use crate::state::JournalEntry;
use std::collections::BTreeMap;
use std::time::Duration;

/// Tries of one operation, each with a nonce of its own.
pub(super) const ATTEMPTS: u32 = 5;
/// Looks in a row that tell nothing, before the operation is left open.
const LOOKS: u32 = 6;
/// A new object that does not show for so long may have failed: its job is asked.
const PATIENCE: Duration = Duration::from_secs(12);
/// Looks at an object that is not as its finished job should have left it.
const SHORT_LOOKS: u32 = 3;

impl Run {
    /// Reads the step's object; a create whose object has no name yet looks for it in the list.
    pub(super) fn look(&mut self, step: NodeId, why: Why) {
        let Some(target) = self.target(step) else {
            let doing = self.works[step.0 as usize].doing.as_ref();
            let is_nameless = doing.is_some_and(|doing| doing.deed == Deed::Create);
            return if is_nameless { self.look_in_round(step, Duration::ZERO) } else { self.next_deed(step) };
        };
        let now = self.now.monotonic;
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.phase = Phase::Looking(why);
            doing.tries.asked = now;
        }
        let ticket = self.ticket(Waiter::Step(step));
        self.out.push(Command::Read { ticket, target });
    }

    pub(super) fn target(&self, step: NodeId) -> Option<Target> {
        let work = &self.works[step.0 as usize];
        let doing = work.doing.as_ref()?;
        let mut attributes: Attributes = doing.call.attributes.clone();
        if let Some(record) = self.object_of(step) {
            attributes.extend(record.applied.clone());
            attributes.extend(record.observed.clone());
        }
        Some(Target { kind: doing.kind.clone(), id: doing.id.clone()?, attributes })
    }

    /// Reads many objects that became ready at once: by one list where that takes fewer requests.
    pub(super) fn look_together(&mut self, steps: Vec<NodeId>, why: &Why) {
        let mut groups: BTreeMap<ListRead, Vec<NodeId>> = BTreeMap::new();
        for step in steps {
            let target = self.target(step);
            let kind = target.as_ref().and_then(|target| self.catalog.kind(&target.kind));
            match (kind, target) {
                (Some(kind), Some(target)) => {
                    groups.entry(list_below(kind, &target.attributes)).or_default().push(step);
                }
                (None, _) | (_, None) => self.look(step, why.clone()),
            }
        }
        for (list, steps) in groups {
            if steps.len() <= self.pages_of(&list) {
                steps.into_iter().for_each(|step| self.look(step, why.clone()));
                continue;
            }
            self.list_for(list, steps, why);
        }
    }

    /// One list for all of these.
    pub(super) fn list_for(&mut self, list: ListRead, steps: Vec<NodeId>, why: &Why) {
        let now = self.now.monotonic;
        for step in &steps {
            if let Some(doing) = self.work(*step).doing.as_mut() {
                doing.phase = Phase::Looking(why.clone());
                doing.tries.asked = now;
            }
        }
        self.list_jointly(list, steps);
    }

    /// How many requests a list of the kind takes, about.
    pub(super) fn pages_of(&self, list: &ListRead) -> usize {
        let surface = self.catalog.kind(&list.kind).and_then(|kind| self.catalog.surfaces.get(&kind.surface));
        let page = surface.map_or(20, |surface| surface.page_size.max(1)) as usize;
        let strangers = self.snapshot.strangers.get(&list.kind).map_or(0, |ids| ids.len());
        (self.snapshot.ids.len() + strangers) / page + 1
    }

    /// An object was read.
    pub(super) fn seen(&mut self, step: NodeId, seen: Seen) {
        if let Some(Errand::Adopting(refused)) = &mut self.work(step).errand {
            let refused = refused.take();
            return self.adoptable(step, refused, seen);
        }
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        if matches!(doing.phase, Phase::Settling(_)) {
            return self.recalled(step, &seen);
        }
        let Phase::Looking(why) = doing.phase.clone() else { return };
        match seen {
            Seen::Found(observed) => self.found(step, why, *observed),
            Seen::Gone => self.gone(step, why),
            Seen::Hidden | Seen::Unread(_) if why == Why::Before => self.go_ahead(step),
            Seen::Hidden => self.look_later(step, why, "it is not visible to this key".to_owned()),
            Seen::Unread(reason) => self.look_later(step, why, reason),
            Seen::Unseeable(reason) => self.unseeable(step, why, reason),
        }
    }

    /// The API has no route that shows the object: what it said of the operation has to do.
    fn unseeable(&mut self, step: NodeId, why: Why, reason: String) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let (deletes, id) = (doing.deed == Deed::Delete, doing.id.clone());
        match (why, id) {
            (Why::Done | Why::Watching, Some(id)) if !deletes => {
                let known = self.object_of(step).filter(|record| record.id == id);
                let observed = known.map_or_else(
                    || unseen(id.clone()),
                    |record| Observed {
                        id: id.clone(),
                        attributes: record.observed.clone(),
                        status: record.status.clone(),
                        current_job: None,
                        etag: None,
                    },
                );
                self.through(step, &observed);
            }
            (Why::Before, _) => self.go_ahead(step),
            (Why::Conflict(error), _) => self.refused_for_good(step, *error),
            (Why::Missing(error), _) => self.no_route(step, *error),
            (Why::Failed(failure), id) => self.failed_for_good(step, *failure, id),
            (Why::Busy, _) => self.try_again(step),
            (why @ (Why::Done | Why::Watching | Why::Unclear(_)), _) => self.look_later(step, why, reason),
        }
    }

    fn found(&mut self, step: NodeId, why: Why, observed: Observed) {
        self.told(step);
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let deletes = doing.deed == Deed::Delete;
        let rests = self.catalog.kind(&doing.kind).is_none_or(|kind| is_at_rest(kind, &observed));
        match why {
            Why::Before => self.still_as_planned(step, &observed),
            Why::Done | Why::Watching if deletes || !rests => self.watch_object(step, &observed),
            Why::Watching if !self.is_there(step, &observed) && self.may_still_change(step, &observed) => {
                self.watch_object(step, &observed);
            }
            Why::Done | Why::Watching if !self.is_there(step, &observed) => self.falls_short(step, &observed),
            Why::Done | Why::Watching => self.through(step, &observed),
            Why::Conflict(error) => {
                if !deletes && self.is_reached(step, &observed) {
                    return self.through(step, &observed);
                }
                self.conflict_stands(step, *error, &observed);
            }
            Why::Busy if !deletes && self.is_reached(step, &observed) => self.through(step, &observed),
            Why::Busy => self.try_again(step),
            Why::Unclear(_) if !rests => self.watch_unclear(step, why, &observed),
            Why::Unclear(_) if !deletes && self.is_reached(step, &observed) => self.through(step, &observed),
            // The request may still arrive: what it deletes must not vanish after it was called there.
            Why::Unclear(_) if deletes && self.may_still_arrive(step) => self.watch_unclear(step, why, &observed),
            Why::Unclear(reason) => self.not_done(step, &reason),
            Why::Failed(failure) => self.failed_for_good(step, *failure, Some(observed.id)),
            Why::Missing(error) => self.no_route(step, *error),
        }
    }

    fn gone(&mut self, step: NodeId, why: Why) {
        self.told(step);
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        match (why, &doing.deed) {
            (Why::Failed(failure), _) => self.failed_for_good(step, *failure, None),
            (Why::Before, _) => self.go_ahead(step),
            (_, Deed::Delete) => self.deleted(step),
            (why @ (Why::Done | Why::Watching), Deed::Create) => self.not_shown(step, why, Vec::new()),
            (Why::Done | Why::Watching | Why::Unclear(_), Deed::Update(_) | Deed::Run | Deed::Create) => {
                let failure = Failure {
                    message: "the object is gone".to_owned(),
                    help: "run again: the plan will show what happened to it".to_owned(),
                    ..Failure::default()
                };
                self.failed_for_good(step, failure, None);
            }
            (Why::Conflict(error) | Why::Missing(error), Deed::Update(_) | Deed::Run | Deed::Create) => {
                self.refused_for_good(step, *error);
            }
            (Why::Busy, Deed::Update(_) | Deed::Run | Deed::Create) => self.try_again(step),
        }
    }

    /// A look told something: those before it that did not are forgotten.
    fn told(&mut self, step: NodeId) {
        if let Some(doing) = self.work(step).doing.as_mut() {
            doing.tries.untold = 0;
        }
    }

    /// Nothing was learned: another look in a while, or the operation stays open.
    fn look_later(&mut self, step: NodeId, why: Why, reason: String) {
        let Some(doing) = self.work(step).doing.as_mut() else { return };
        doing.tries.untold += 1;
        let looks = doing.tries.untold;
        if looks < LOOKS && !self.is_refused {
            let span = self.scaled(Duration::from_secs(1 << looks.min(4)));
            return self.pause(step, span, Then::Look(why));
        }
        self.leave_open(step, reason);
    }

    /// The object is on its way: its job tells when, or another look.
    pub(super) fn watch_object(&mut self, step: NodeId, observed: &Observed) {
        let now = self.now.monotonic;
        let Some(doing) = self.work(step).doing.as_mut() else { return };
        if now >= doing.deadline {
            return self.leave_open(step, "it takes longer than its timeout".to_owned());
        }
        if let Some(job) = observed.current_job.clone().filter(|job| doing.job.as_ref() != Some(job)) {
            doing.job = Some(job.clone());
            doing.phase = Phase::Polling;
            let surface = doing.surface.clone();
            return self.watch_job(step, surface, job);
        }
        doing.tries.looks += 1;
        let seconds = (2.0 * 1.5_f64.powi(doing.tries.looks.min(8).cast_signed())).min(10.0);
        let span = self.scaled(Duration::from_secs_f64(seconds));
        self.look_in_round(step, span);
    }

    /// A new object is in no list: its job tells whether it failed, else it is waited for as long as lists may lag. Then what
    /// the list showed besides, `others`, may be it, changed since.
    pub(super) fn not_shown(&mut self, step: NodeId, why: Why, others: Vec<RemoteId>) {
        if self.is_out_of_sight(step) {
            return;
        }
        let now = self.now.monotonic;
        let window = self.options.settle_window;
        let patience = self.scaled(PATIENCE);
        let Some(doing) = self.work(step).doing.as_mut() else { return };
        let (since, asked) = (*doing.tries.gone_since.get_or_insert(now), doing.tries.asked);
        let is_due = now >= since + patience && now < since + window;
        let job = doing.job.clone().filter(|_| !doing.tries.jobless && is_due);
        if let Some(job) = job {
            // Once: a job that succeeded would be asked for without a pause for as long as its object does not show.
            doing.tries.jobless = true;
            let surface = doing.surface.clone();
            doing.phase = Phase::Polling;
            return self.watch_job_alone(step, surface, job);
        }
        let is_asked = !others.is_empty() && self.was_asked(step, &others);
        if asked < since + window && !self.is_refused && !is_asked {
            let span = self.scaled(Duration::from_secs(if now < since + patience { 3 } else { 10 }));
            if why == Why::Watching {
                return self.look_in_round(step, span);
            }
            return self.pause(step, span, Then::Look(why));
        }
        if self.is_refused {
            return self.leave_open(step, "the new object does not show yet".to_owned());
        }
        if !others.is_empty()
            && let Some(intent) = self.intent_of(step)
        {
            let why = may_be(&others, NOWHERE);
            return self.ask(step, intent.operation, others, why);
        }
        // A list showed what may be it: that the last one did not says nothing.
        if self.is_recalling(step) {
            return self.settle_accepted(step, NOWHERE.to_owned());
        }
        self.failed_for_good(step, nowhere(), None);
    }

    fn watch_unclear(&mut self, step: NodeId, why: Why, observed: &Observed) {
        let now = self.now.monotonic;
        let Some(doing) = self.work(step).doing.as_mut() else { return };
        if now >= doing.deadline {
            return self.leave_open(step, "it takes longer than its timeout".to_owned());
        }
        let soon = Duration::from_secs(if observed.current_job.is_some() { 5 } else { 2 });
        let span = self.scaled(soon);
        self.pause(step, span, Then::Look(why));
    }

    /// Whether the object shows what the operation was to bring about, as far as it shows it at all.
    pub(super) fn is_there(&self, step: NodeId, observed: &Observed) -> bool {
        self.short_of(step, observed).is_none()
    }

    /// The first attribute that shows another value than the operation was to give it, with that value.
    fn short_of(&self, step: NodeId, observed: &Observed) -> Option<(Ident, Value)> {
        let work = &self.works[step.0 as usize];
        let (doing, kind) = (work.doing.as_ref()?, self.catalog.kind(&self.step(step).address.kind)?);
        let Deed::Update(update) = &doing.deed else { return None };
        let applied = self.object_of(step).map(|record| &record.applied);
        let mut affected = kind.attributes.iter().filter(|(name, attribute)| {
            (doing.changed.is_empty() || doing.changed.contains(*name))
                && work.wanted.get(*name).is_some_and(|wanted| plan::operation_for(attribute, wanted) == Some(update))
        });
        affected.find_map(|(name, attribute)| {
            let (wanted, shown) = (work.wanted.get(name)?, plan::seen(attribute, &observed.attributes)?);
            let before = applied.and_then(|applied| applied.get(name));
            (!plan::is_same(&attribute.compare, wanted, shown, before)).then(|| (name.clone(), shown.clone()))
        })
    }

    /// Whether a job may be at work on an update that does not show: one that nobody named, until its time is over.
    fn may_still_change(&self, step: NodeId, observed: &Observed) -> bool {
        let Some(doing) = &self.works[step.0 as usize].doing else { return false };
        let Deed::Update(update) = &doing.deed else { return true };
        let operation = self.catalog.kind(&doing.kind).and_then(|kind| kind.updates.get(update));
        let has_job = operation.is_some_and(|operation| operation.job) || doing.job.is_some();
        observed.current_job.is_some() || has_job && self.now.monotonic < doing.deadline
    }

    /// The API says that it is done, and the object shows otherwise (`contract.md L47`): read again, then told.
    fn falls_short(&mut self, step: NodeId, observed: &Observed) {
        let Some((name, shown)) = self.short_of(step, observed) else { return self.through(step, observed) };
        let Some(doing) = self.work(step).doing.as_mut() else { return };
        doing.tries.looks += 1;
        if doing.tries.looks < SHORT_LOOKS {
            let span = self.scaled(Duration::from_secs(2));
            return self.pause(step, span, Then::Look(Why::Done));
        }
        let shown = crate::model::json::to_json(&shown).unwrap_or_default();
        let failure = Failure {
            message: format!("the API says that it is done, and `{name}` is {shown}"),
            help: "run again: the plan shows what is left; if it stays, ask the support".to_owned(),
            ..Failure::default()
        };
        self.failed_for_good(step, failure, None);
    }

    /// Whether a request of an earlier run may still be on its way.
    fn may_still_arrive(&mut self, step: NodeId) -> bool {
        let (now, window) = (self.now.monotonic, self.options.settle_window);
        if self.in_process {
            return false;
        }
        let Some(doing) = self.work(step).doing.as_mut().filter(|doing| doing.inherited) else { return false };
        let until = *doing.tries.absent_since.get_or_insert(now) + window;
        doing.deadline = doing.deadline.max(until + window);
        doing.tries.asked < until
    }

    /// Whether the object already is what the operation would make of it.
    pub(super) fn is_reached(&self, step: NodeId, observed: &Observed) -> bool {
        let work = &self.works[step.0 as usize];
        let (Some(doing), Some(kind)) = (&work.doing, self.catalog.kind(&observed_kind(self, step))) else {
            return false;
        };
        let Deed::Update(update) = &doing.deed else { return false };
        let null = Value::Null;
        let mut affected = kind.attributes.iter().filter(|(name, attribute)| {
            let chosen = doing.changed.is_empty() || doing.changed.contains(*name);
            chosen && plan::operation_for(attribute, work.wanted.get(*name).unwrap_or(&null)) == Some(update)
        });
        let applied = self.object_of(step).map(|record| &record.applied);
        affected.all(|(name, attribute)| {
            let wanted = work.wanted.get(name).unwrap_or(&null);
            let before = applied.and_then(|applied| applied.get(name));
            plan::seen(attribute, &observed.attributes)
                .is_some_and(|now| plan::is_same(&attribute.compare, wanted, now, before))
        })
    }

    /// The request had no effect that shows: it is made again, or left to the next plan.
    fn not_done(&mut self, step: NodeId, reason: &str) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let (operation, inherited, attempt) = (doing.operation, doing.inherited, doing.attempt);
        let message = format!("no effect of it shows: {reason}");
        let entry = JournalEntry::Failed { operation, id: None, message: message.clone() };
        let next = if inherited {
            Next::End(StepEnd::fruitless(message))
        } else if attempt < ATTEMPTS {
            Next::Again(self.scaled(Duration::from_secs(1 << attempt.min(4))))
        } else {
            let help = "run again when the API answers".to_owned();
            Next::End(Failure { message, help, ..Failure::default() }.end())
        };
        self.close_with(step, vec![entry], next);
    }

    /// A list came for steps that became ready, for a look-up, or to trace an unclear create.
    pub(super) fn listed(&mut self, steps: &[NodeId], answer: Result<Listing, String>) {
        let mut by_id: BTreeMap<RemoteId, Observed> = BTreeMap::new();
        if let Ok(listing) = &answer {
            by_id.extend(listing.objects.iter().map(|observed| (observed.id.clone(), observed.clone())));
            steps.iter().for_each(|step| self.note_regions(*step, listing.regions.as_deref()));
        }
        for step in steps {
            if self.works[step.0 as usize].errand == Some(Errand::LookingUp) {
                self.looked_up(*step, answer.clone());
                continue;
            }
            let Some(doing) = &self.works[step.0 as usize].doing else { continue };
            if let (Phase::Looking(why), None, Deed::Create) = (&doing.phase, &doing.id, &doing.deed) {
                match &answer {
                    Ok(_) => {
                        self.told(*step);
                        self.appear(*step, &by_id, self.peers_of(*step, steps));
                    }
                    Err(reason) => self.look_later(*step, why.clone(), reason.clone()),
                }
                continue;
            }
            match (&doing.phase, doing.id.as_ref().and_then(|id| by_id.remove(id))) {
                (Phase::Looking(why), Some(observed)) => self.found(*step, why.clone(), observed),
                (Phase::Looking(why), None) => {
                    let why = why.clone();
                    self.look(*step, why);
                }
                (Phase::Settling(_), _) => self.traced(*step, answer.clone()),
                (
                    Phase::Waiting
                    | Phase::Recording
                    | Phase::Sending
                    | Phase::Accepting
                    | Phase::Polling
                    | Phase::Pausing(_)
                    | Phase::Closing(_),
                    _,
                ) => {}
            }
        }
    }

    /// How many of these creates, this one included, could be taken for each other and have no object yet.
    fn peers_of(&self, step: NodeId, steps: &[NodeId]) -> usize {
        let Some(own) = self.intent_of(step) else { return 1 };
        let is_peer = |other: &&NodeId| {
            let nameless = self.works[other.0 as usize].doing.as_ref().is_some_and(|doing| doing.id.is_none());
            nameless && self.intent_of(**other).is_some_and(|other| other.fingerprint == own.fingerprint)
        };
        steps.iter().filter(is_peer).count()
    }

    /// A pause is over.
    pub(super) fn woken(&mut self, step: NodeId) {
        let Some(doing) = &self.works[step.0 as usize].doing else { return };
        let Phase::Pausing(then) = doing.phase.clone() else { return };
        match then {
            Then::Retry => self.again(step),
            Then::Look(why) => self.look(step, why),
            // In its round.
            Then::Settle(_) => {}
        }
    }
}

fn observed_kind(run: &Run, step: NodeId) -> Ident {
    run.step(step).address.kind.clone()
}
