//! A run that is left, stopped, or cannot write any more in the middle of something: how each step ends.

use super::super::command::{Command, Event, Moment};
use super::super::run::{Aim, Run, Setup};
use super::super::*;
use super::sim::{World, desired};
use super::story::{Says, TRUTH, made, server, tagged, told, world};
use crate::cloud::{Accepted, ApiError, Job, JobStatus, Listing, Outcome};
use crate::model::{Attributes, Observed, Timestamp};
use crate::plan::Live;
use crate::provider::cloudnexus;
use crate::state::Store;
use crate::world::Clock;
use futures::StreamExt;
use std::time::Duration;

const KEY: &str = "ssh_key k {\n name = \"k\"\n public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfQ0b3cQ5k1l3m2n4o5p6q7r8s9t0u1v2w3x4y5z6a k\"\n}\n";

/// A run of its own, of which every command is answered by hand.
struct Machine {
    run: Run,
    pending: Vec<Command>,
    ends: Vec<StepEnd>,
}

impl Machine {
    fn new(world: &World, program: &str) -> Machine {
        let run = Run::new(Setup {
            plan: world.plan(program),
            fingerprint: String::new(),
            desired: desired(program),
            snapshot: world.store.load().expect("loads"),
            live: Live::default(),
            catalog: cloudnexus().clone(),
            options: Options::default(),
            in_process: true,
            honouring: Default::default(),
            seed: [7; 32],
            aim: Aim::Apply,
        });
        let mut machine = Machine { run, pending: Vec::new(), ends: Vec::new() };
        machine.on(Event::Begin);
        machine
    }

    fn on(&mut self, event: Event) {
        for command in self.run.on(Moment { wall: Timestamp(0), monotonic: Duration::from_secs(1) }, event) {
            match command {
                Command::Tell(Progress::StepEnded { end, .. }) => self.ends.push(end),
                Command::Tell(_) => {}
                other => self.pending.push(other),
            }
        }
    }

    fn written(&mut self) {
        let Some(Command::Append { ticket, .. }) = self.pending.pop() else { panic!("{:?}", self.pending) };
        self.on(Event::Appended { ticket });
    }

    /// Nothing but this is asked for.
    fn surveyed(&mut self) {
        let Some(Command::List { ticket, .. }) = self.pending.pop() else { panic!("{:?}", self.pending) };
        let objects = Vec::new();
        self.on(Event::Listed { ticket, answer: Ok(Listing { objects, requests: 1, regions: None }) });
    }

    fn answered(&mut self, outcome: Outcome) {
        let Some(Command::Call { ticket, .. }) = self.pending.pop() else { panic!("{:?}", self.pending) };
        self.on(Event::Answered { ticket, outcome: Box::new(outcome) });
    }

    fn seen(&mut self) {
        let Some(Command::Read { ticket, target }) = self.pending.pop() else { panic!("{:?}", self.pending) };
        let (id, status) = (target.id, Some("running".to_owned()));
        let observed = Observed { id, attributes: Attributes::new(), status, current_job: None, etag: None };
        self.on(Event::Seen { ticket, seen: Seen::Found(Box::new(observed)) });
    }

    fn left(mut self) -> String {
        self.on(Event::Leave);
        ends(&self.ends)
    }

    /// What is being written cannot be.
    fn unwritten(mut self, full: bool) -> String {
        let Some(Command::Append { ticket, .. }) = self.pending.pop() else { panic!("{:?}", self.pending) };
        self.on(Event::AppendFailed { ticket, reason: "no disk".to_owned(), full });
        ends(&self.ends)
    }
}

fn ends(ends: &[StepEnd]) -> String {
    let one = |end: &StepEnd| match end {
        StepEnd::Done => "done".to_owned(),
        StepEnd::Failed { message, help, .. } => format!("failed: {message} ({help})"),
        StepEnd::Skipped { why, .. } => format!("skipped: {why}"),
        StepEnd::Open { why } => format!("open: {why}"),
    };
    ends.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn refused(status: u16, code: &str) -> Outcome {
    let (code, message) = (code.to_owned(), "no".to_owned());
    Outcome::Rejected(ApiError { status, code, message, ..ApiError::default() })
}

fn small() -> String {
    server("standard-8", "")
}

/// At the request of a destroy.
fn destroying(world: &World) -> Machine {
    let mut machine = Machine::new(world, "");
    machine.written();
    machine.written();
    machine
}

/// A create, before its request.
fn creating(world: &World) -> Machine {
    let mut machine = Machine::new(world, &small());
    machine.written();
    machine
}

const RUNNING: &str = "open: it was left running; the next run takes it up";
const STOPPED: &str = "skipped: the run was stopped";
const UNRECORDED: &str = "open: it cannot be recorded: no disk";

#[test]
fn what_is_under_way_is_open() {
    let there = made(&small());
    assert_eq!(destroying(&there).left(), RUNNING);
    let mut machine = Machine::new(&there, "");
    machine.written();
    assert_eq!(machine.unwritten(false), UNRECORDED, "its request may not leave, and nobody knows what was written");
    let mut machine = Machine::new(&there, "");
    machine.written();
    let help = "(free some disk space, then run again)";
    assert_eq!(machine.unwritten(true), format!("failed: it was not started: no disk {help}"));
    // Nothing was asked of the API yet.
    assert_eq!(creating(&world()).left(), STOPPED);
}

#[test]
fn what_ended_ends_so_where_it_could_be_written() {
    let world = made(&small());
    let failed = || {
        let mut machine = destroying(&world);
        machine.answered(refused(400, "validation"));
        machine
    };
    let told = failed().left();
    assert!(told.starts_with("failed: no ("), "{told}");
    assert_eq!(failed().unwritten(false), UNRECORDED);
    let world = made(KEY);
    let through = || {
        let mut machine = destroying(&world);
        machine.answered(Outcome::Accepted(Accepted::default()));
        machine
    };
    assert_eq!(through().left(), "done");
    assert_eq!(through().unwritten(false), UNRECORDED);
}

#[test]
fn what_has_more_to_come_does_not_come_to_it() {
    let again = || {
        let mut machine = creating(&world());
        machine.surveyed();
        machine.written();
        machine.answered(refused(409, "resource_busy"));
        machine
    };
    assert_eq!(again().left(), STOPPED, "the try is over");
    assert_eq!(again().unwritten(false), UNRECORDED);
    let world = made(&tagged("a"));
    let mut machine = Machine::new(&world, &tagged("b").replace("standard-2x4", "standard-4x8"));
    machine.written();
    machine.written();
    let id = world.store.load().expect("loads").ids.into_keys().next();
    machine.answered(Outcome::Accepted(Accepted { id, ..Accepted::default() }));
    machine.written();
    machine.seen();
    assert_eq!(machine.left(), STOPPED, "one of two operations is through");
}

#[test]
fn what_is_only_noted_is_done_when_it_is_written() {
    let world = made(&small());
    let noting = || {
        let mut machine = Machine::new(&world, "forget server.app\n");
        machine.written();
        machine
    };
    assert_eq!(noting().left(), "done");
    assert_eq!(noting().unwritten(false), "skipped: nothing more can be recorded");
}

#[test]
fn what_is_in_flight_when_a_run_is_stopped_is_counted() {
    let keys =
        format!("{KEY}{}", KEY.replace("ssh_key k", "ssh_key l").replace("a k\"", "b k\"").replace("\"k\"", "\"l\""));
    let after = "lifecycle { depends_on = [server.app] }";
    let web = server("standard-8", after).replace("server app", "server web").replace("\"app\"", "\"web\"");
    let world = world();
    let stop = futures::stream::once(world.clock.sleep(Duration::from_secs(10))).map(|()| Interrupt::Stop).boxed();
    let last = web.replace("server web", "server last").replace("server.app", "server.web");
    let ran = world.run_interrupted(&format!("{keys}{}{web}{last}", small()), stop).expect("lives");
    let counted = ran.progress.iter().filter_map(|told| match told {
        Progress::Stopping { in_flight } => Some(*in_flight),
        _ => None,
    });
    assert_eq!(counted.collect::<Vec<_>>(), [1]);
    assert_eq!((ran.summary.created, ran.summary.skipped), (3, 2), "{:#?}", ran.progress);
    let skipped = |told: &&Progress| matches!(told, Progress::StepEnded { end: StepEnd::Skipped { why, .. }, .. } if why == "the run was stopped");
    assert_eq!(ran.progress.iter().filter(skipped).count(), 2, "{:#?}", ran.progress);
}

#[test]
fn what_failed_and_left_something_is_incomplete() {
    let counted = |world: &World, program: &str, says: Says| {
        let summary = told(world, program, says).ran.summary;
        (summary.failed, summary.incomplete)
    };
    let failing = Says {
        jobs: |_, jobs| Ok(jobs.into_iter().map(|job| Job { status: JobStatus::Failed, ..job }).collect()),
        ..TRUTH
    };
    assert_eq!(counted(&world(), &small(), failing), (1, 1));
    assert_eq!(counted(&made(&small()), &server("standard-16", ""), failing), (1, 0));
    let refusing = Says { call: |_, _| refused(400, "validation"), lost: |_| true, ..TRUTH };
    assert_eq!(counted(&world(), &small(), refusing), (1, 0));
}

#[test]
fn a_failure_stops_the_others_where_that_is_asked_for() {
    let zone = "cdn_zone z {\n domain = \"z.example.com\"\n origin_url = \"https://o.example.com\"\n lifecycle { depends_on = [ssh_key.k] }\n}\n";
    let says = Says {
        call: |number, said| if number == 0 { refused(400, "validation") } else { said },
        lost: |number| number == 0,
        ..TRUTH
    };
    let run = |stops: bool| {
        let mut world = world();
        world.options.stop_on_failure = stops;
        let told = told(&world, &format!("{}{KEY}{zone}", small()), says);
        (told.ran.summary.created, told.story.contains("skipped: the run was stopped: another step failed"))
    };
    assert_eq!([run(true), run(false)], [(1, true), (2, false)]);
}

/// What comes of an earlier run's operation is not the failure of what waits for it.
#[test]
fn what_waits_for_an_earlier_run_is_told_by_it() {
    let unread = Says { read: |_, _| Seen::Unread("HTTP 500".to_owned()), lost: |_| true, ..TRUTH };
    let mut world = made(&small());
    told(&world, &server("standard-16", ""), unread);
    assert_eq!(world.store.load().expect("loads").open.len(), 1);
    world.recovers = false;
    let after = "lifecycle { depends_on = [server.app] }";
    let web = server("standard-8", after).replace("server app", "server web").replace("\"app\"", "\"web\"");
    let then = told(&world, &format!("{}{web}", server("standard-16", "")), Says { lost: |_| true, ..TRUTH });
    assert_eq!(
        then.story,
        "list 0, read 0; skipped: no effect of it shows: its outcome was open when an earlier run ended; \
         skipped: a step that it needs failed"
    );
    assert_eq!((then.ran.summary.skipped, then.ran.summary.failed), (2, 0));
}
