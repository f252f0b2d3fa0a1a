//! The loop around the machine: carries its commands out, all at once where it may be, and brings it what happened.
//! Futures only; whoever polls brings the runtime.

use super::command::{Command, Event, Moment, Ticket};
use super::context::{Context, Input, Interrupt, Seen};
use super::event::{Progress, Summary};
use super::holdings::Holdings;
use super::identity::Seed;
use super::run::{Aim, Parts, Run, Setup};
use crate::model::Ident;
use crate::plan::Approved;
use crate::state::{JournalEntry, StoreError};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, Stream, StreamExt};
use std::time::Duration;

/// Carries an approved plan out. Returns when nothing of it is under way any more, or when it was told to leave.
pub async fn apply(
    context: &Context,
    approved: &Approved,
    input: Input,
    tell: &mut (dyn FnMut(Progress) + Send),
    interrupts: impl Stream<Item = Interrupt> + Send + Unpin,
) -> Ended {
    let setup = setup(context, input, approved.plan().clone(), approved.fingerprint().to_owned(), Aim::Apply);
    drive(context, Run::new(setup), tell, interrupts).await.ended()
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub summary: Summary,
    /// What instances hold by now, for checks and outputs.
    pub holdings: Holdings,
}

/// What a run came to.
#[derive(Debug)]
pub(super) struct Driven {
    pub summary: Summary,
    pub parts: Parts,
}

impl Driven {
    pub fn ended(self) -> Ended {
        Ended { summary: self.summary, holdings: self.parts.holdings }
    }
}

pub(super) fn setup(context: &Context, input: Input, plan: crate::plan::Plan, fingerprint: String, aim: Aim) -> Setup {
    let mut seed: Seed = [0; 32];
    context.random.fill(&mut seed);
    Setup {
        plan,
        fingerprint,
        desired: input.desired,
        snapshot: input.snapshot,
        live: input.live,
        catalog: context.catalog.clone(),
        options: context.options.clone(),
        in_process: context.cloud.dies_with_sender(),
        honouring: context.catalog.surfaces.keys().filter(|name| context.cloud.honours_keys(name)).cloned().collect(),
        seed,
        aim,
    }
}

pub(super) async fn drive(
    context: &Context,
    mut run: Run,
    tell: &mut (dyn FnMut(Progress) + Send),
    interrupts: impl Stream<Item = Interrupt> + Send + Unpin,
) -> Driven {
    let mut interrupts = interrupts.fuse();
    let sent_before = context.cloud.requests();
    let mut errands: FuturesUnordered<BoxFuture<'_, Event>> = FuturesUnordered::new();
    let mut events = vec![Event::Begin];
    let mut budgets = Budgets::default();
    let mut is_refused = false;
    loop {
        let mut appends: Vec<(Ticket, Vec<JournalEntry>)> = Vec::new();
        for event in std::mem::take(&mut events) {
            for command in run.on(moment(context), event) {
                match command {
                    Command::Append { ticket, entries } => appends.push((ticket, entries)),
                    Command::Tell(progress) => tell(progress),
                    Command::Finish(summary) => {
                        let summary = finished(context, *summary, sent_before, tell);
                        return Driven { summary, parts: run.into_parts() };
                    }
                    other => errands.extend(errand(context, other)),
                }
            }
        }
        if !appends.is_empty() {
            events = append_all(context, appends);
            continue;
        }
        events = next_events(&mut errands, &mut interrupts).await;
        if !is_refused && let Some(refusal) = context.cloud.refusal() {
            is_refused = true;
            events.push(Event::Refused { why: refusal.message });
        }
        budgets.tell(context, tell);
    }
}

/// What was last told of the request budgets, and when.
#[derive(Default)]
struct Budgets {
    told: Vec<(Ident, u32, u32)>,
    at: Option<Duration>,
}

impl Budgets {
    /// Tells what changed, at most once a second.
    fn tell(&mut self, context: &Context, tell: &mut (dyn FnMut(Progress) + Send)) {
        let now = context.clock.monotonic();
        if self.at.is_some_and(|at| now < at + Duration::from_secs(1)) {
            return;
        }
        self.at = Some(now);
        let budgets = context.cloud.budgets();
        for (surface, remaining, limit) in budgets.iter().filter(|budget| !self.told.contains(budget)) {
            tell(Progress::Budget { surface: surface.clone(), remaining: *remaining, limit: *limit });
        }
        self.told = budgets;
    }
}

/// Waits for one thing to happen and takes with it whatever else has happened by now, so that what is to be written next
/// shares one commit.
async fn next_events(
    errands: &mut FuturesUnordered<BoxFuture<'_, Event>>,
    interrupts: &mut (impl Stream<Item = Interrupt> + Send + Unpin),
) -> Vec<Event> {
    let mut events = Vec::new();
    futures::future::poll_fn(|cx| {
        while let std::task::Poll::Ready(Some(interrupt)) = interrupts.poll_next_unpin(cx) {
            events.push(match interrupt {
                Interrupt::Stop => Event::Stop,
                Interrupt::Leave => Event::Leave,
            });
        }
        while let std::task::Poll::Ready(Some(event)) = errands.poll_next_unpin(cx) {
            events.push(event);
        }
        if events.is_empty() { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    events
}

fn finished(context: &Context, summary: Summary, before: u32, tell: &mut (dyn FnMut(Progress) + Send)) -> Summary {
    let summary = Summary { requests: context.cloud.requests().saturating_sub(before), ..summary };
    tell(Progress::RunEnded(summary.clone()));
    summary
}

fn moment(context: &Context) -> Moment {
    Moment { wall: context.now(), monotonic: context.clock.monotonic() }
}

/// One commit for all that is to be written now. Where only intents have no room, the rest is written without them.
fn append_all(context: &Context, appends: Vec<(Ticket, Vec<JournalEntry>)>) -> Vec<Event> {
    let starts = |entries: &[JournalEntry]| entries.iter().any(|entry| matches!(entry, JournalEntry::Intent(_)));
    let mut entries: Vec<JournalEntry> = Vec::new();
    // Each with how many of the entries are its own.
    let mut shares: Vec<(Ticket, usize)> = Vec::new();
    for (ticket, own) in appends {
        shares.push((ticket, own.len()));
        entries.extend(own);
    }
    match commit(context, &entries) {
        Ok(()) => shares.into_iter().map(|(ticket, _)| Event::Appended { ticket }).collect(),
        Err(StoreError::NoSpace { path }) => {
            let reason = StoreError::NoSpace { path }.to_string();
            let mut rest = entries.into_iter();
            let parts = shares.into_iter().map(|(ticket, own)| (ticket, rest.by_ref().take(own).collect::<Vec<_>>()));
            let (refused, kept): (Vec<_>, Vec<_>) = parts.partition(|(_, entries)| starts(entries));
            let (kept, entries): (Vec<Ticket>, Vec<Vec<JournalEntry>>) = kept.into_iter().unzip();
            let result = commit(context, &entries.concat());
            let refused = refused.into_iter().map(|(ticket, _)| failed(ticket, &reason, true));
            let kept = kept.into_iter().map(|ticket| match &result {
                Ok(()) => Event::Appended { ticket },
                Err(error) => failed(ticket, &error.to_string(), false),
            });
            kept.chain(refused).collect()
        }
        Err(error) => shares.into_iter().map(|(ticket, _)| failed(ticket, &error.to_string(), false)).collect(),
    }
}

fn commit(context: &Context, entries: &[JournalEntry]) -> Result<(), StoreError> {
    if entries.is_empty() { Ok(()) } else { context.store.append(entries) }
}

fn failed(ticket: Ticket, reason: &str, full: bool) -> Event {
    Event::AppendFailed { ticket, reason: reason.to_owned(), full }
}

/// A command that takes time.
fn errand(context: &Context, command: Command) -> Option<BoxFuture<'_, Event>> {
    let cloud = &context.cloud;
    Some(match command {
        Command::Call { ticket, call } => {
            cloud.call(*call).map(move |outcome| Event::Answered { ticket, outcome: Box::new(outcome) }).boxed()
        }
        Command::PollJobs { ticket, surface, ids } => {
            cloud.jobs(surface, ids).map(move |answer| Event::Jobs { ticket, answer }).boxed()
        }
        Command::RecentJobs { ticket, surface } => {
            cloud.recent_jobs(surface).map(move |answer| Event::Jobs { ticket, answer }).boxed()
        }
        Command::Read { ticket, target } => {
            cloud.read(target).map(move |seen: Seen| Event::Seen { ticket, seen }).boxed()
        }
        Command::List { ticket, list } => cloud.list(list).map(move |answer| Event::Listed { ticket, answer }).boxed(),
        Command::Source { ticket, source, arguments } => {
            cloud.source(source, arguments).map(move |answer| Event::Sourced { ticket, answer }).boxed()
        }
        Command::Sleep { ticket, span } => context.clock.sleep(span).map(move |()| Event::Woken { ticket }).boxed(),
        Command::Append { .. } | Command::Tell(_) | Command::Finish(_) => return None,
    })
}
