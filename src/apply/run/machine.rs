//! The machine's door: one event in, the commands that follow out. Deterministic; time comes with the event.

use super::poll::Poller;
use super::rounds::{Joint, Round};
use super::schedule::Schedule;
use super::work::{Aim, Setup, Status, Waiter, Work};
use crate::apply::command::{Command, Event, Moment, Ticket};
use crate::apply::context::Options;
use crate::apply::event::{Progress, StepEnd, Summary};
use crate::apply::holdings::Holdings;
use crate::apply::identity::{Seed, run_name};
use crate::desired::Desired;
use crate::model::{Address, Attributes, Ident, JobId, NodeId, RemoteId, Timestamp};
use crate::plan::{ListRead, Live, Plan, Step};
use crate::provider::Catalog;
use crate::state::{JournalEntry, Pin, Snapshot, fold};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Whether the run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Its first entries are being written.
    Opening,
    Going,
    /// Nothing new starts.
    Stopping,
    /// Its last entries are being written.
    Closing,
    Over,
}

/// What a run leaves behind.
#[derive(Debug)]
pub struct Parts {
    /// With all entries of the run in it, as far as they were handed out.
    pub snapshot: Snapshot,
    /// Objects that its creates made, those that failed included.
    pub made: BTreeSet<RemoteId>,
    /// Steps that were started.
    pub begun: BTreeSet<NodeId>,
    /// How each step ended, by its number.
    pub ends: Vec<Option<StepEnd>>,
    /// What instances have come to hold.
    pub holdings: Holdings,
}

/// One run of one plan.
#[derive(Debug)]
pub struct Run {
    pub(super) plan: Plan,
    pub(super) fingerprint: String,
    pub(super) desired: Desired,
    pub(super) catalog: Arc<Catalog>,
    pub(super) options: Options,
    pub(super) in_process: bool,
    pub(super) honouring: BTreeSet<Ident>,
    pub(super) aim: Aim,
    pub(super) seed: Seed,
    pub(super) live: Live,
    pub(super) holdings: Holdings,
    /// Of records that hold seals: what was applied by earlier runs.
    pub(super) was_sealed: BTreeMap<Address, Attributes>,
    /// With every entry folded in that was given to the driver.
    pub(super) snapshot: Snapshot,
    pub(super) works: Vec<Work>,
    pub(super) schedule: Schedule,
    pub(super) pollers: BTreeMap<Ident, Poller>,
    /// Objects that are watched without a job, by the list that shows them.
    pub(super) rounds: BTreeMap<ListRead, Round>,
    /// Objects that this run has changed: what the plan saw of them no longer stands.
    pub(super) touched: BTreeSet<RemoteId>,
    /// Objects that its creates made.
    made: BTreeSet<RemoteId>,
    /// Jobs that its requests were answered with.
    pub(super) own_jobs: BTreeSet<JobId>,
    /// The API does not accept the key.
    pub(super) is_refused: bool,
    pub(super) waiters: BTreeMap<Ticket, Waiter>,
    pub(super) course: Course,
    /// Why nothing more may be written.
    pub(super) broken: Option<String>,
    /// Why nothing new starts, where that is not the user's wish.
    pub(super) stopped_why: Option<String>,
    pub(super) sweep_due: bool,
    pub(super) summary: Summary,
    pub(super) remaining: usize,
    /// Lists under way, and the creates that wait for them.
    pub(super) surveys: BTreeMap<ListRead, Vec<NodeId>>,
    pub(super) strangers_noted: BTreeSet<ListRead>,
    /// Lists with objects that another create, open or given up, may have made, so that not all who were there before are known.
    pub(super) half_surveyed: BTreeSet<ListRead>,
    /// What was asked for in the event that is being handled.
    pub(super) joint: Joint,
    pub(super) out: Vec<Command>,
    pub(super) now: Moment,
    next_ticket: u64,
    draws: u64,
    begun: Duration,
}

impl Run {
    pub fn new(setup: Setup) -> Run {
        let standing = crate::plan::moved(&setup.plan.moves, &setup.snapshot);
        let holdings = Holdings::before(&setup.desired, &standing, &setup.live, &setup.catalog);
        let steps = &setup.plan.steps;
        let mut works: Vec<Work> = Vec::new();
        works.resize_with(steps.len(), || Work::new(0));
        for (node, _) in steps.order() {
            works[node.0 as usize] = Work::new(steps.dependencies(node).len());
        }
        let sealed = standing.records.values().filter(|record| super::seal::holds_seals(&record.applied));
        let was_sealed = sealed.map(|record| (record.address.clone(), record.applied.clone())).collect();
        Run {
            remaining: steps.len(),
            was_sealed,
            works,
            holdings,
            schedule: Schedule::default(),
            pollers: BTreeMap::new(),
            rounds: BTreeMap::new(),
            touched: BTreeSet::new(),
            made: BTreeSet::new(),
            own_jobs: BTreeSet::new(),
            is_refused: false,
            waiters: BTreeMap::new(),
            course: Course::Opening,
            broken: None,
            stopped_why: None,
            sweep_due: false,
            summary: Summary::default(),
            surveys: BTreeMap::new(),
            strangers_noted: BTreeSet::new(),
            half_surveyed: BTreeSet::new(),
            joint: Joint::default(),
            out: Vec::new(),
            now: Moment { wall: Timestamp(0), monotonic: Duration::ZERO },
            next_ticket: 0,
            draws: setup.snapshot.next_operation,
            begun: Duration::ZERO,
            plan: setup.plan,
            fingerprint: setup.fingerprint,
            desired: setup.desired,
            catalog: setup.catalog,
            options: setup.options,
            in_process: setup.in_process,
            honouring: setup.honouring,
            aim: setup.aim,
            seed: setup.seed,
            live: setup.live,
            snapshot: setup.snapshot,
        }
    }

    /// Takes one event in. After `Finish` nothing comes any more.
    pub fn on(&mut self, now: Moment, event: Event) -> Vec<Command> {
        self.now = now;
        self.joint = Joint::default();
        if self.course != Course::Over {
            self.take(event);
            self.pump();
        }
        std::mem::take(&mut self.out)
    }

    /// What is left of it when it is over.
    pub fn into_parts(self) -> Parts {
        let begun = self.plan.steps.order().map(|(step, _)| step);
        let begun = begun.filter(|step| self.works[step.0 as usize].began.is_some()).collect();
        let ends = self.works.into_iter().map(|work| match work.status {
            Status::Ended(end) => Some(end),
            Status::Blocked(_) | Status::Queued | Status::Started => None,
        });
        Parts { begun, ends: ends.collect(), snapshot: self.snapshot, made: self.made, holdings: self.holdings }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Begin => self.begin(),
            Event::Appended { ticket } => match self.waiters.remove(&ticket) {
                Some(Waiter::Step(step)) => self.appended(step),
                Some(Waiter::Start) => self.open_steps(),
                Some(Waiter::End) => self.finish(),
                Some(Waiter::Jobs(..) | Waiter::Poll(_) | Waiter::Round(_) | Waiter::Steps(_) | Waiter::Survey(_))
                | None => {}
            },
            Event::AppendFailed { ticket, reason, full } => {
                let waiter = self.waiters.remove(&ticket);
                self.append_failed(waiter, reason, full);
            }
            Event::Answered { ticket, outcome } => {
                if let Some(Waiter::Step(step)) = self.waiters.remove(&ticket) {
                    self.answered(step, *outcome);
                }
            }
            Event::Jobs { ticket, answer } => match self.waiters.remove(&ticket) {
                Some(Waiter::Jobs(surface, ids)) => self.polled(&surface, &ids, answer),
                Some(Waiter::Steps(steps)) => steps.into_iter().for_each(|step| self.recent_jobs(step, answer.clone())),
                Some(
                    Waiter::Step(_)
                    | Waiter::Poll(_)
                    | Waiter::Round(_)
                    | Waiter::Survey(_)
                    | Waiter::Start
                    | Waiter::End,
                )
                | None => {}
            },
            Event::Seen { ticket, seen } => {
                if let Some(Waiter::Step(step)) = self.waiters.remove(&ticket) {
                    self.seen(step, seen);
                }
            }
            Event::Listed { ticket, answer } => match self.waiters.remove(&ticket) {
                Some(Waiter::Step(step)) => self.listed(&[step], answer),
                Some(Waiter::Steps(steps)) => self.listed(&steps, answer),
                Some(Waiter::Survey(list)) => self.surveyed(list, answer),
                Some(Waiter::Jobs(..) | Waiter::Poll(_) | Waiter::Round(_) | Waiter::Start | Waiter::End) | None => {}
            },
            Event::Sourced { ticket, answer } => {
                if let Some(Waiter::Step(step)) = self.waiters.remove(&ticket) {
                    self.sourced(step, answer);
                }
            }
            Event::Woken { ticket } => match self.waiters.remove(&ticket) {
                Some(Waiter::Step(step)) => self.woken(step),
                Some(Waiter::Poll(surface)) => self.poll_due(&surface),
                Some(Waiter::Round(list)) => self.round_due(&list),
                Some(Waiter::Jobs(..) | Waiter::Steps(_) | Waiter::Survey(_) | Waiter::Start | Waiter::End) | None => {}
            },
            Event::Refused { why } => self.key_refused(why),
            Event::Stop => self.stop(),
            Event::Leave => self.leave(),
        }
    }

    fn begin(&mut self) {
        self.begun = self.now.monotonic;
        self.tell(Progress::RunStarted { steps: self.remaining });
        let mut entries = vec![JournalEntry::RunStarted {
            run: run_name(&self.seed),
            epoch: self.snapshot.epoch + 1,
            holder: self.options.holder.clone(),
            plan: self.fingerprint.clone(),
            at: self.now.wall,
        }];
        entries.extend(self.new_pin().map(JournalEntry::Pinned));
        self.summary.moved = self.plan.moves.len();
        let moves = self.plan.moves.iter();
        entries.extend(moves.map(|(from, to)| JournalEntry::Moved { from: from.clone(), to: to.clone() }));
        entries.extend(self.entries_of_return());
        self.append(Waiter::Start, entries);
    }

    /// The cloud that the state belongs to from now on, where that is news: whoever calls has made sure that it may be.
    fn new_pin(&self) -> Option<Pin> {
        let (known, mut pin) = (self.snapshot.pin.as_ref(), self.options.pin.clone()?);
        if let Some(known) = known.filter(|known| known.account == pin.account) {
            let other = known.urls.iter().filter(|(surface, _)| !pin.urls.contains_key(*surface));
            let other: Vec<_> = other.map(|(surface, url)| (surface.clone(), url.clone())).collect();
            pin.urls.extend(other);
        }
        (known != Some(&pin)).then_some(pin)
    }

    fn open_steps(&mut self) {
        if self.course == Course::Opening {
            self.course = Course::Going;
        }
        let free: Vec<NodeId> = self.plan.steps.order().map(|(node, _)| node).collect();
        for step in free {
            if self.works[step.0 as usize].status == Status::Blocked(0) {
                self.enqueue(step);
            }
        }
    }

    /// Gives entries to the driver and takes them as written from here on; whoever needs them durable waits for the answer.
    pub(super) fn append(&mut self, waiter: Waiter, entries: Vec<JournalEntry>) {
        let mut written = Vec::with_capacity(entries.len());
        for entry in &entries {
            self.made.extend(entry.made().cloned());
            written.push(self.sealed(entry));
            if let Err(illegal) = fold(&mut self.snapshot, entry) {
                self.break_off(format!("{illegal} (a bug of cnx: please report it)"));
                return;
            }
        }
        let ticket = self.ticket(waiter);
        self.out.push(Command::Append { ticket, entries: written });
    }

    pub(super) fn ticket(&mut self, waiter: Waiter) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiters.insert(ticket, waiter);
        ticket
    }

    /// The next number of this run's sequence of chance.
    pub(super) fn draw(&mut self) -> u64 {
        self.draws += 1;
        self.draws
    }

    pub(super) fn tell(&mut self, progress: Progress) {
        self.out.push(Command::Tell(progress));
    }

    pub(super) fn step(&self, step: NodeId) -> &Step {
        self.plan.steps.node(step)
    }

    pub(super) fn work(&mut self, step: NodeId) -> &mut Work {
        &mut self.works[step.0 as usize]
    }

    /// Documented seconds, at the target's speed.
    pub(super) fn scaled(&self, span: Duration) -> Duration {
        span / self.options.speed.max(1)
    }

    pub(super) fn elapsed(&self) -> i64 {
        i64::try_from(self.now.monotonic.saturating_sub(self.begun).as_millis()).unwrap_or(i64::MAX)
    }

    /// Wakes a step after a while.
    pub(super) fn sleep(&mut self, step: NodeId, span: Duration) {
        let ticket = self.ticket(Waiter::Step(step));
        self.out.push(Command::Sleep { ticket, span });
    }
}
