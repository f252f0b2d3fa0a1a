//! A create whose answer was lost: what proves that an object is its own, and what only a person can tell.

use super::super::*;
use super::intent;
use super::sim::World;
use super::story::{Says, TRUTH, server, tagged, tell, world};
use crate::cloud::{Job, Outcome};
use crate::model::{Address, Attributes, Ident, Timestamp, Value};
use crate::provider::cloudnexus;
use crate::state::{Intent, JournalEntry, OperationId, Store};
use crate::world::Clock;
use std::time::Duration;

/// It is carried out, and nobody hears of it.
const UNHEARD: Says = Says { call: |_, _| Outcome::Unknown { reason: "timed out".to_owned(), error: None }, ..TRUTH };

fn far() -> World {
    let mut world = world();
    world.in_process = false;
    world
}

fn with(said: Vec<Job>, change: fn(&mut Job)) -> Vec<Job> {
    let changed = |mut job: Job| {
        change(&mut job);
        job
    };
    said.into_iter().map(changed).collect()
}

fn long_ago(job: &mut Job) {
    job.created = job.created.map(|at| Timestamp(at.0 - 60 * 60 * 1000));
}

/// What became of it, told with the object's id left out; and whether it is left alone until somebody confirms it.
fn told(world: &World, program: &str, says: Says) -> (String, bool) {
    let told = tell(world, program, says);
    let snapshot = world.store.load().expect("loads");
    let ids = world.objects().into_values().flatten();
    let told = ids.fold(told, |told, id| told.replace(id.as_str(), "ID"));
    (told, snapshot.records.values().any(|record| record.quarantine.is_some()))
}

/// The jobs as they are but for this.
fn by_jobs(recent: fn(Vec<Job>) -> Vec<Job>) -> (String, bool) {
    told(&far(), &server("standard-8", ""), Says { recent, ..UNHEARD })
}

fn of_work(job: &mut Job, work: &str) {
    job.work = work.to_owned();
}

#[test]
fn a_job_that_made_it_since_is_proof() {
    let proven = ("write 0, list 0, all jobs 0, jobs 2 5 9 15 23, read 23; done".to_owned(), false);
    let server = server("standard-8", "");
    assert_eq!([told(&far(), &server, UNHEARD), told(&world(), &server, UNHEARD)], [proven.clone(), proven]);
    let marked = "write 0, list 0 5, jobs 7 10 14 20 28, read 28; done".to_owned();
    assert_eq!(told(&far(), &tagged("a"), UNHEARD), (marked, false), "its mark is, and no job is asked for");
}

#[test]
fn without_one_a_person_is_asked() {
    let asked = "write 0, list 0, all jobs 0, list 5, all jobs 5, list 10, all jobs 10, list 15, all jobs 15, \
                 list 20, all jobs 20, list 25, all jobs 25; open: it may have made ID: say whether";
    let unsure: [fn(Vec<Job>) -> Vec<Job>; 4] = [
        |_| Vec::new(),
        |jobs| with(jobs, long_ago),
        |jobs| with(jobs, |job| of_work(job, "server.resize")),
        |jobs| {
            with(jobs, |job| {
                of_work(job, "server.resize");
                job.created = None;
            })
        },
    ];
    for recent in unsure {
        assert_eq!(by_jobs(recent), (asked.to_owned(), false));
    }
}

#[test]
fn what_is_only_likely_is_taken_and_left_alone() {
    let likely =
        ("write 0, list 0, all jobs 0, list 5, all jobs 5, jobs 7 10 14 20 28, read 28; done".to_owned(), true);
    let vague: [fn(Vec<Job>) -> Vec<Job>; 3] = [
        |jobs| with(jobs, |job| of_work(job, "")),
        |jobs| with(jobs, |job| job.created = None),
        |jobs| {
            with(jobs, |job| {
                of_work(job, "");
                job.created = None;
            })
        },
    ];
    for recent in vague {
        assert_eq!(by_jobs(recent), likely);
    }
    let mut exact = far();
    exact.options.adopt_exact = true;
    assert_eq!(told(&exact, &server("standard-8", ""), Says { recent: |_| Vec::new(), ..UNHEARD }), likely);
}

/// A create of an address was given up this long ago, of a server of this name.
fn given_up(world: World, address: &str, name: &str, ago: Duration) -> World {
    let kind = cloudnexus().kind(&Ident::new("server")).expect("a kind");
    let shown = [("name", name), ("region", "us-east-1")];
    let wanted: Attributes = shown.map(|(name, value)| (Ident::new(name), Value::string(value))).into();
    let intent = Intent {
        address: Address::managed("server", address, None),
        fingerprint: identity::fingerprint(kind, &wanted),
        wanted,
        at: world.clock.now(),
        ..intent("server")
    };
    let entries = [
        JournalEntry::RunStarted { run: "r".into(), epoch: 1, holder: "a@b".into(), plan: "p".into(), at: intent.at },
        JournalEntry::Intent(Box::new(intent)),
        JournalEntry::NotCreated { operation: OperationId(0), evidence: "a person said so".into() },
    ];
    world.store.append(&entries).expect("writes");
    world.finish(world.clock.sleep(ago));
    world
}

#[test]
fn what_another_create_may_have_made_late_is_asked_about() {
    let after = |world: World, address: &str, name: &str, minutes: u64| {
        let world = given_up(world, address, name, Duration::from_secs(minutes * 60));
        told(&world, &server("standard-8", ""), UNHEARD)
    };
    let (asked, _) = after(far(), "other", "app", 59);
    assert!(asked.ends_with("open: it may have made ID: say whether"), "{asked}");
    let sure = [
        after(far(), "other", "app", 61),
        after(far(), "other", "web", 59),
        after(far(), "app", "app", 59),
        after(world(), "other", "app", 59),
    ];
    for (taken, is_guess) in sure {
        assert!(taken.ends_with("; done") && !is_guess, "{taken}");
    }
}

/// The window is two minutes, with a list every five seconds.
fn lists(from: u64) -> String {
    let instants = (0..25).map(|number| from + number * 5 + number / 20);
    instants.map(|at| at.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_left_no_trace_is_waited_for_to_the_end_of_the_window() {
    let lost = Says { lost: |_| true, ..UNHEARD };
    let asked = format!(
        "write 0, list {}; open: nothing shows that it was made, and nothing proves that it was not (timed out): \
         look, and say so",
        lists(0)
    );
    assert_eq!(told(&far(), &server("standard-8", ""), lost), (asked, false));
    let mut retry = far();
    retry.options.retry_unknown = true;
    let once = Says {
        lost: |number| number == 0,
        call: |number, said| if number == 0 { (UNHEARD.call)(number, said) } else { said },
        ..UNHEARD
    };
    let made = format!("write 0, list {}, write 123, jobs 124 127 131 136 147, read 147; done", lists(0));
    assert_eq!(told(&retry, &server("standard-8", ""), once), (made, false));
    let (told, _) = told(&far(), &tagged("a"), lost);
    let (asked, end) = told.split_once("; ").expect("an end");
    assert_eq!(end, "failed: it was tried 5 times: timed out (run again when the API answers)");
    let tries: Vec<Vec<&str>> = asked.split("write ").skip(1).map(|each| each.split(' ').collect()).collect();
    assert_eq!(tries.iter().map(|each| each[0]).collect::<Vec<_>>(), ["0,", "123,", "247,", "375,", "511,"]);
    assert!(
        tries.iter().all(|each| each[1] == "list" && each.iter().skip(2).filter(|at| !at.is_empty()).count() == 25)
    );
}

#[test]
fn a_mark_is_looked_for_until_two_lists_show_it_and_a_list_that_fails_says_nothing() {
    let late = Says { list: |number, said| Ok(if number < 3 { Vec::new() } else { said }), ..UNHEARD };
    assert_eq!(told(&far(), &tagged("a"), late).0, "write 0, list 0 5 10 15 20, jobs 22 25, read 25; done");
    let unread = Says { list: |_, _| Err("HTTP 500".to_owned()), ..UNHEARD };
    let (told, _) = told(&far(), &tagged("a"), unread);
    assert!(told.ends_with(" 116 121; open: what became of it cannot be seen: HTTP 500"), "{told}");
    assert!(!told.contains("write 1"), "nothing is sent again: {told}");
}
