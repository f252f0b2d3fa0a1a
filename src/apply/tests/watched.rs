//! How an object is followed whose job tells nothing, or is somebody else's: what is asked how often, and what counts.

use super::super::*;
use super::sim::World;
use super::story::{Says, TRUTH, changed, made, server, tagged, tell, told, without_job, without_object, world};
use crate::cloud::{ApiError, Job, JobStatus, Outcome};
use crate::model::{Ident, Observed, RemoteId, Timestamp, Value};
use crate::state::Store;
use std::time::Duration;

fn set(object: &mut Observed, name: &str, value: &str) {
    object.attributes.insert(Ident::new(name), Value::string(value));
}

fn each(jobs: Vec<Job>, change: fn(&mut Job)) -> Vec<Job> {
    let changed = |mut job: Job| {
        change(&mut job);
        job
    };
    jobs.into_iter().map(changed).collect()
}

fn anonymous(job: &mut Job) {
    (job.resource, job.result) = (None, None);
}

fn busy() -> Outcome {
    let (code, details) = ("resource_busy".to_owned(), r#"{"job_id": "job_1"}"#.to_owned());
    Outcome::Rejected(ApiError { status: 409, code, message: "no".to_owned(), details, ..ApiError::default() })
}

fn unread() -> Seen {
    Seen::Unread("HTTP 500".to_owned())
}

const LOST: Says = Says { lost: |_| true, ..TRUTH };
/// It is carried out, and nobody hears of it.
const UNHEARD: Says = Says { call: |_, _| Outcome::Unknown { reason: "timed out".to_owned(), error: None }, ..TRUTH };
/// What is accepted names no job, and no object names its own.
const JOBLESS: Says = Says {
    call: |_, said| without_job(said),
    read: |_, said| changed(said, |object| object.current_job = None),
    ..TRUTH
};
const UNSEEABLE: fn(usize, Seen) -> Seen = |_, _| Seen::Unseeable("no route".to_owned());
const NAMELESS: Says =
    Says { call: |_, said| without_object(said), jobs: |_, jobs| Ok(each(jobs, anonymous)), ..TRUTH };

fn small() -> String {
    server("standard-8", "")
}

fn servers(count: usize) -> String {
    small().replace("app {", &format!("app for n in 1..={count} {{")).replace("\"app\"", "\"app-${n}\"")
}

/// Of the same surface, and something else.
fn and_web(more: &str) -> String {
    let web = server("standard-8", more).replace("server app", "server web").replace("\"app\"", "\"web\"");
    format!("{}{web}", small())
}

fn database(tier: &str, more: &str) -> String {
    format!(
        "database d {{\n name = \"d\"\n engine = \"postgresql\"\n tier = \"{tier}\"\n region = \"eu-west-2\"\n {more}\n}}\n"
    )
}

fn resize(says: Says) -> String {
    tell(&made(&small()), &server("standard-16", ""), says)
}

#[test]
fn what_cannot_be_seen_keeps_what_is_known_of_it() {
    let world = made(&small());
    let before = world.store.load().expect("loads").records;
    tell(&world, &server("standard-16", ""), Says { read: UNSEEABLE, ..TRUTH });
    let after = world.store.load().expect("loads").records;
    assert_eq!(after.len(), 1);
    for (address, record) in after {
        assert_eq!(record.observed, before[&address].observed);
        assert_eq!(record.applied.get(&Ident::new("plan")), Some(&Value::string("standard-16")));
    }
    // Nothing tells that it is gone.
    let told = tell(&made(&small()), "", Says { read: UNSEEABLE, ..JOBLESS });
    assert_eq!(told, "write 0, read 0 2 6 14 30 46; open: no route");
}

#[test]
fn an_object_that_is_gone_is_not_changed() {
    assert_eq!(
        resize(Says { read: |_, _| Seen::Gone, ..TRUTH }),
        "write 0, jobs 3 6 11 18 29 38 47 59, read 59; failed: the object is gone \
         (run again: the plan will show what happened to it)"
    );
}

#[test]
fn what_somebody_else_brought_about_is_not_done_again() {
    let over = |number, jobs| Ok(if number == 0 { each(jobs, |job| job.status = JobStatus::Succeeded) } else { jobs });
    let says = Says {
        call: |number, said| if number == 0 { busy() } else { said },
        lost: |number| number == 0,
        jobs: over,
        read: |_, said| changed(said, |object| set(object, "plan", "standard-16")),
        ..TRUTH
    };
    assert_eq!(resize(says), "write 0, jobs 3, read 3; done");
    // What was in vain is in the journal, with why.
    let world = made(&small());
    tell(&world, &server("standard-16", ""), Says { read: TRUTH.read, ..says });
    let told = world.store_history().into_iter().filter(|entry| entry.starts_with("Rejected"));
    let told: Vec<_> = told.filter_map(|entry| Some(entry.split_once("status: ")?.1.to_owned())).collect();
    assert_eq!(told, ["409, message: \"the object was busy (status 409)\" }"]);
}

#[test]
fn an_unheard_update_is_followed_by_its_object() {
    let read = "write 0, read 0 5 10 15 20 25 30 35 40";
    assert_eq!(resize(UNHEARD), format!("{read} 45 50 55; done"));
    // One look that tells nothing is another's turn, however many there were before.
    let once = Says { read: |number, said| if number == 8 { unread() } else { said }, ..UNHEARD };
    assert_eq!(resize(once), format!("{read} 42 47 52; done"));
    let from_then_on = Says { read: |number, said| if number < 8 { said } else { unread() }, ..UNHEARD };
    assert_eq!(resize(from_then_on), format!("{read} 42 46 54 70 86; open: HTTP 500"));
    let now_and_then = Says { read: |number, said| if number % 2 == 1 { unread() } else { said }, ..UNHEARD };
    assert_eq!(resize(now_and_then), "write 0, read 0 5 7 12 14 19 21 26 28 33 35 40 42 47 49 54 56; done");
    // The job that the object names tells more.
    let named = Says { call: |_, said| without_job(said), ..TRUTH };
    assert_eq!(resize(named), "write 0, read 0, jobs 3 6 11 18 29 38 47 59, read 59; done");
}

#[test]
fn only_what_an_update_brings_about_is_held_against_it() {
    let renamed = |_, said| changed(said, |object| set(object, "name", "theirs"));
    let says = Says { read: renamed, ..JOBLESS };
    assert_eq!(tell(&made(&tagged("a")), &tagged("b"), says), "write 0, read 0; done");
}

#[test]
fn a_long_window_is_waited_for_whatever_the_timeout() {
    let mut world = made(&small());
    world.in_process = false;
    world.options.settle_window = Duration::from_secs(1500);
    let left = tell(&world, "", Says { read: |_, _| unread(), ..LOST });
    assert!(left.ends_with("; open: HTTP 500"), "{left}");
    let told = tell(&world, "", LOST);
    assert!(told.contains(", list 1501, write 1501, ") && !told.contains("open: "), "{told}");
}

#[test]
fn a_create_that_names_nothing_is_found_in_the_list() {
    assert_eq!(tell(&world(), &small(), NAMELESS), "write 0, jobs 2 5 9 15 23, list 23, jobs 25, read 25; done");
    // No document shows a list of these: it may show others' names for all that is known.
    let told = tell(&world(), &database("production-standard", ""), NAMELESS);
    assert!(told.ends_with(" 143 152, list 152, all jobs 152, read 152; done"), "{told}");
}

fn and_twin(mut listed: Vec<Observed>) -> Vec<Observed> {
    let is_app = |object: &&Observed| object.attributes.get(&Ident::new("name")) == Some(&Value::string("app"));
    if let Some(app) = listed.iter().find(is_app).cloned() {
        let mut twin = Observed { id: RemoteId::new("srv_000"), current_job: None, ..app };
        set(&mut twin, "id", "srv_000");
        listed.insert(0, twin);
    }
    listed
}

#[test]
fn one_of_two_that_could_be_it_is_not_taken() {
    let says = Says {
        list: |_, listed| Ok(and_twin(listed)),
        jobs: |_, jobs| Ok(each(each(jobs, anonymous), |job| job.status = JobStatus::Succeeded)),
        recent: |_| Vec::new(),
        ..NAMELESS
    };
    let world = world();
    let told = tell(&world, &and_web(""), says);
    assert!(told.contains("; open: ") && told.contains("srv_000") && told.ends_with("; done"), "{told}");
    let held = world.store.load().expect("loads").ids;
    assert!(!held.contains_key(&RemoteId::new("srv_000")), "{held:?}");
}

#[test]
fn twins_that_one_list_shows_are_one_each() {
    fn unmarked(object: &mut Observed) {
        object.attributes.remove(&Ident::new("tags"));
    }
    let says = Says {
        list: |_, mut listed| {
            listed.iter_mut().for_each(unmarked);
            Ok(listed)
        },
        read: |_, said| changed(said, unmarked),
        jobs: |_, jobs| Ok(each(each(jobs, anonymous), |job| job.status = JobStatus::Succeeded)),
        ..NAMELESS
    };
    let twins = format!("{}{}", tagged("a"), tagged("a").replace("compute_instance app", "compute_instance again"));
    let world = world();
    assert_eq!(
        tell(&world, &twins, says),
        "write 0 0, jobs 2, list 2, jobs 4, list 4, jobs 6, list 6 9 13 20 30, read 40; done; done"
    );
    world.assert_state_is_cloud();
}

#[test]
fn objects_that_do_not_show_are_listed_together() {
    let says = Says {
        read: |number, said| if number < 21 { Seen::Gone } else { (JOBLESS.read)(number, said) },
        list: |number, listed| Ok(if number < 6 { Vec::new() } else { listed }),
        ..JOBLESS
    };
    assert_eq!(
        tell(&world(), &servers(3), says),
        "write 0 0 0, read 0 0 0, list 3, read 3 3 3, list 6, read 6 6 6, list 9, read 9 9 9, list 12, read 12 12 12, \
         list 22, read 22 22 22, list 32, read 32 32 32, list 42, jobs 44, read 44, jobs 47, read 47; done; done; done"
    );
}

/// A world with so many servers that nobody manages.
fn crowded(strangers: usize) -> World {
    let world = made(&servers(strangers));
    let gone: String = (1..=strangers).map(|n| format!("forget server.app[{n}]\n")).collect();
    assert_eq!(world.run(&gone).expect("lives").summary.forgotten, strangers);
    world
}

#[test]
fn a_list_is_asked_for_where_it_takes_fewer_requests() {
    let asked = |strangers: usize, count: usize| {
        let says = Says { jobs: |_, jobs| Ok(each(jobs, |job| job.status = JobStatus::Succeeded)), ..TRUTH };
        let world = if strangers == 0 { world() } else { crowded(strangers) };
        let told = tell(&world, &servers(count).replace("server app", "server web"), says);
        told.split(", ").nth(2).expect("what follows the jobs")[..4].to_owned()
    };
    assert_eq!([asked(0, 1), asked(0, 2)], ["read", "list"]);
    assert_eq!([asked(50, 2), asked(50, 3)], ["read", "list"]);
}

const LATER: i64 = 1_760_000_000_000 + 5_000_000;

#[test]
fn a_window_is_waited_for_where_the_program_says_so() {
    let says = Says {
        jobs: |number, jobs| {
            Ok(match number {
                0 => each(jobs, |job| job.status = JobStatus::Scheduled(Timestamp(LATER))),
                1 => each(jobs, |job| job.status = JobStatus::Open),
                _ => jobs,
            })
        },
        ..TRUTH
    };
    let scale = |more: &str| {
        let world = made(&database("production-standard", ""));
        told(&world, &database("production-high", more), says)
    };
    assert_eq!(scale("").story, "write 0, jobs 3, read 3 6 10 17 27 37 47 57 67; done");
    let waited = scale("lifecycle { wait_for_window = true }");
    assert_eq!(waited.story, "write 0, jobs 3 4851 4854, read 4854; done");
    let waiting =
        |told: &Progress| matches!(told, Progress::Waiting { why, .. } if why == "scheduled for 2025-10-09T10:16:40Z");
    assert!(waited.ran.progress.iter().any(waiting), "{:#?}", waited.ran.progress);
}

#[test]
fn progress_is_told_when_there_is_some() {
    let says = Says {
        jobs: |number, jobs| match number {
            1 | 3 => Err("HTTP 500".to_owned()),
            0 | 2 => Ok(each(jobs, |job| job.progress = 40)),
            _ => Ok(each(jobs, |job| job.progress = 80)),
        },
        ..TRUTH
    };
    let ran = told(&made(&small()), &server("standard-16", ""), says).ran;
    let told = ran.progress.iter().filter_map(|told| match told {
        Progress::Job { progress, .. } => Some(*progress),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [40, 80]);
}
