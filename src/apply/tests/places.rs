//! How many requests are under way at once, and how many operations.

use super::super::command::{Command, Event, Moment};
use super::super::run::{Aim, Run, Setup};
use super::super::*;
use super::sim::{World, desired};
use super::story::server;
use crate::cloud::{Accepted, Listing, Outcome};
use crate::model::{JobId, RemoteId, Timestamp};
use crate::plan::Live;
use crate::provider::cloudnexus;
use crate::state::Store;

/// Operations of one surface that are open at once.
const OPEN: usize = 1000;

/// The most requests under way at once, and how many steps have begun when all of them were accepted and no job is over.
fn busy(count: usize, concurrency: usize) -> (usize, usize) {
    let program = server("standard-8", "").replace("app {", &format!("app for n in 1..={count} {{"));
    let program = program.replace("\"app\"", "\"app-${n}\"");
    let world = World::local();
    let mut run = Run::new(Setup {
        plan: world.plan(&program),
        fingerprint: String::new(),
        desired: desired(&program),
        snapshot: world.store.load().expect("loads"),
        live: Live::default(),
        catalog: cloudnexus().clone(),
        options: Options { concurrency, ..Options::default() },
        in_process: true,
        honouring: Default::default(),
        seed: [7; 32],
        aim: Aim::Apply,
    });
    let moment = Moment { wall: Timestamp(0), monotonic: std::time::Duration::ZERO };
    let (mut events, mut calls, mut most, mut begun) = (vec![Event::Begin], Vec::new(), 0, 0);
    while let Some(event) = events.pop() {
        for command in run.on(moment, event) {
            match command {
                Command::Append { ticket, .. } => events.push(Event::Appended { ticket }),
                Command::List { ticket, .. } => {
                    let answer = Ok(Listing { objects: Vec::new(), requests: 1, regions: None });
                    events.push(Event::Listed { ticket, answer });
                }
                Command::Call { ticket, .. } => calls.push(ticket),
                Command::Tell(Progress::StepStarted { .. }) => begun += 1,
                _ => {}
            }
        }
        most = most.max(calls.len());
        if events.is_empty()
            && let Some(ticket) = calls.pop()
        {
            let number = format!("{ticket:?}").replace(|c: char| !c.is_ascii_digit(), "");
            let (job, id) = (JobId::new(&format!("job_{number}")), RemoteId::new(&format!("srv_{number}")));
            let accepted = Accepted { job: Some(job), id: Some(id), ..Accepted::default() };
            events.push(Event::Answered { ticket, outcome: Box::new(Outcome::Accepted(accepted)) });
        }
    }
    (most, begun)
}

#[test]
fn no_more_requests_are_under_way_than_may_be() {
    assert_eq!(busy(5, 1), (1, 5));
    assert_eq!(busy(5, 2), (2, 5));
    assert_eq!(busy(5, 10), (5, 5));
}

#[test]
fn no_more_operations_are_open_than_may_be() {
    let (_, begun) = busy(OPEN + 20, 10);
    assert_eq!(begun, OPEN);
}
