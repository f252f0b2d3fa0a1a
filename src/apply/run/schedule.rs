//! Which steps go on: places for requests by surface, and locks that make some wait for each other.

use super::machine::{Course, Run};
use super::work::{Status, Work};
use crate::apply::event::StepEnd;
use crate::model::{Ident, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// Operations begun and not ended, by surface: bounds what a crash leaves open, and how many jobs are polled.
const OPEN_OPERATIONS: usize = 1000;

/// Whether a step has not begun yet.
type Fresh = bool;

/// Queues and locks. A surface that is not known yet is named by nothing.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// Steps that have begun come first: only they can make room for others.
    queues: BTreeMap<(Fresh, Option<Ident>), BTreeSet<NodeId>>,
    places: BTreeMap<Ident, usize>,
    open: BTreeMap<Ident, usize>,
    locks: BTreeMap<String, Lock>,
}

#[derive(Debug)]
struct Lock {
    holder: NodeId,
    waiting: BTreeSet<NodeId>,
}

impl Schedule {
    /// Takes the lock, or waits in line.
    pub fn lock(&mut self, name: &str, step: NodeId) -> bool {
        match self.locks.get_mut(name) {
            Some(lock) if lock.holder == step => true,
            Some(lock) => {
                lock.waiting.insert(step);
                false
            }
            None => {
                self.locks.insert(name.to_owned(), Lock { holder: step, waiting: BTreeSet::new() });
                true
            }
        }
    }

    /// Gives the lock to the first in line and names it.
    fn unlock(&mut self, name: &str) -> Option<NodeId> {
        let lock = self.locks.get_mut(name)?;
        match lock.waiting.pop_first() {
            Some(next) => {
                lock.holder = next;
                Some(next)
            }
            None => {
                self.locks.remove(name);
                None
            }
        }
    }

    fn next(&mut self, concurrency: usize) -> Option<NodeId> {
        let (places, open) = (&self.places, &self.open);
        let has_room = |(fresh, surface): &(Fresh, Option<Ident>)| match surface {
            Some(surface) => {
                places.get(surface).is_none_or(|used| *used < concurrency)
                    && (!fresh || open.get(surface).is_none_or(|begun| *begun < OPEN_OPERATIONS))
            }
            None => true,
        };
        let queue = self.queues.iter_mut().find(|(which, queue)| !queue.is_empty() && has_room(which));
        queue.and_then(|(_, queue)| queue.pop_first())
    }

    fn clear(&mut self) -> Vec<NodeId> {
        let queued = self.queues.values().flatten().copied().collect();
        self.queues.clear();
        queued
    }
}

impl Run {
    /// The step goes on as soon as its surface has room.
    pub(super) fn enqueue(&mut self, step: NodeId) {
        let surface = self.surface_of(step);
        let work = self.work(step);
        work.status = Status::Queued;
        work.surface.clone_from(&surface);
        let fresh = work.began.is_none();
        self.schedule.queues.entry((fresh, surface)).or_default().insert(step);
    }

    /// Starts what may start, and ends the run when nothing is left.
    pub(super) fn pump(&mut self) {
        while self.course == Course::Going {
            let Some(step) = self.schedule.next(self.options.concurrency.max(1)) else { break };
            self.go_on(step);
        }
        if self.course == Course::Stopping {
            self.skip_queued();
        }
        if self.remaining == 0 && matches!(self.course, Course::Going | Course::Stopping) {
            self.close();
        }
    }

    /// A step that is queued has its turn: it starts, or sends its next operation.
    fn go_on(&mut self, step: NodeId) {
        self.work(step).status = Status::Started;
        if self.work(step).doing.is_some() {
            if !self.looks_before(step) {
                self.record_intent(step);
            }
        } else {
            self.start(step);
        }
    }

    /// Takes a place for a request under way.
    pub(super) fn take_place(&mut self, step: NodeId) {
        let work = &mut self.works[step.0 as usize];
        if let (false, Some(surface)) = (work.holds_place, &work.surface) {
            *self.schedule.places.entry(surface.clone()).or_default() += 1;
            work.holds_place = true;
        }
    }

    /// The request was answered.
    pub(super) fn free_place(&mut self, step: NodeId) {
        let work = &mut self.works[step.0 as usize];
        if let (true, Some(surface)) = (work.holds_place, &work.surface) {
            if let Some(used) = self.schedule.places.get_mut(surface) {
                *used = used.saturating_sub(1);
            }
            work.holds_place = false;
        }
    }

    pub(super) fn count_begun(&mut self, step: NodeId) {
        if let Some(surface) = &self.works[step.0 as usize].surface {
            *self.schedule.open.entry(surface.clone()).or_default() += 1;
        }
    }

    /// Takes all locks of a step, or puts it in line for the first that is held.
    pub(super) fn lock_all(&mut self, step: NodeId, names: BTreeSet<String>) -> bool {
        for name in names {
            if !self.schedule.lock(&name, step) {
                return false;
            }
            self.work(step).locks.insert(name);
        }
        true
    }

    /// Gives back what an ended step held, and wakes who waited for it.
    pub(super) fn release(&mut self, step: NodeId) {
        self.free_place(step);
        let Work { locks, began, surface, .. } = &mut self.works[step.0 as usize];
        if let (Some(_), Some(surface)) = (began, surface)
            && let Some(begun) = self.schedule.open.get_mut(surface)
        {
            *begun = begun.saturating_sub(1);
        }
        for name in std::mem::take(locks) {
            while let Some(next) = self.schedule.unlock(&name) {
                if !matches!(self.works[next.0 as usize].status, Status::Ended(_)) {
                    self.work(next).locks.insert(name);
                    self.enqueue(next);
                    break;
                }
            }
        }
    }

    /// Nothing new starts: what is queued, blocked or waits for a lock is skipped.
    pub(super) fn skip_rest(&mut self) {
        self.skip_queued();
        let all: Vec<NodeId> = self.plan.steps.order().map(|(node, _)| node).collect();
        for step in all {
            let work = &self.works[step.0 as usize];
            let waits_for_lock = work.status == Status::Started && work.began.is_none();
            if waits_for_lock || matches!(work.status, Status::Blocked(_)) {
                self.skip(step);
            }
        }
    }

    /// A step between two operations ends there as well.
    fn skip_queued(&mut self) {
        for step in self.schedule.clear() {
            if self.works[step.0 as usize].status == Status::Queued {
                self.skip(step);
            }
        }
    }

    pub(super) fn skip(&mut self, step: NodeId) {
        let why = match (&self.broken, &self.stopped_why) {
            (Some(_), _) => "nothing more can be recorded".to_owned(),
            (None, Some(why)) => format!("the run was stopped: {why}"),
            (None, None) => "the run was stopped".to_owned(),
        };
        self.end(step, StepEnd::Skipped { because: None, why });
    }
}
