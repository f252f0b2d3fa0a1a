//! What stands in the way and is no accident: slow jobs, busy objects, a full disk, a key that is no longer good.

use super::super::*;
use super::rollback::instance;
use super::sim::{Accident, World};
use crate::cloud::{Call, Outcome, Verb};
use crate::emulator::Config;
use crate::model::{Ident, Value};
use crate::state::{SqliteStore, Store};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn server(extra: &str) -> String {
    format!(
        "server app {{\n name = \"app\"\n region = \"eu-west-2\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n {extra}\n}}\n"
    )
}

fn creates(world: &World) -> usize {
    world.seams.log.lock().unwrap().iter().filter(|line| *line == "POST /v1/servers").count()
}

#[test]
fn a_job_that_takes_too_long_is_taken_up_again() {
    let mut world = World::new(Config { time_factor: 1.0, ..Config::local() });
    world.options.speed = 1;
    let program = server("lifecycle { timeouts = { create = 3s } }");
    let ran = world.run(&program).expect("lives");
    assert_eq!((ran.summary.open, ran.summary.created), (1, 0));
    let open = world.store.load().unwrap().open;
    assert!(open.values().all(|open| open.job.is_some() && open.id.is_some()), "{open:?}");
    let ran = world.run(&program).expect("lives");
    assert_eq!((ran.summary.failed, ran.summary.open), (0, 0));
    assert_eq!(creates(&world), 1, "nothing is made anew");
    world.assert_state_is_cloud();
}

#[test]
fn a_busy_object_is_waited_for() {
    let world = World::local();
    world.run(&server("")).expect("lives");
    let record = world.store.load().unwrap().records.into_values().next().expect("a server");
    let reboot = Call {
        kind: Ident::new("reboot"),
        verb: Verb::Run,
        id: None,
        attributes: BTreeMap::from([(Ident::new("machine"), Value::string(record.id.as_str()))]),
        idempotency_key: None,
        stamp: BTreeMap::new(),
        etag: None,
        deadline: Duration::from_secs(60),
        until: None,
    };
    let outcome = world.finish(world.context().cloud.call(reboot));
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    let ran = world.run(&server("").replace("standard-8", "standard-32")).expect("lives");
    assert_eq!((ran.summary.updated, ran.summary.failed), (1, 0));
    let waited = ran.progress.iter().any(|told| matches!(told, Progress::Waiting { why, .. } if why.contains("busy")));
    assert!(waited, "{:#?}", ran.progress);
    world.assert_state_is_cloud();
}

#[test]
fn an_update_that_the_api_ignores_is_told_by_its_attribute_and_soon() {
    let program = |team: &str| instance("app", "us-east-1", "standard-2x4", &format!("tags = {{ team = \"{team}\" }}"));
    let world = World::local();
    world.run(&program("a")).expect("lives");
    let next = world.seams.writes.load(Ordering::Relaxed) + 1;
    world.seams.accidents.lock().unwrap().insert(next, Accident::Ignored);
    let reads = || world.seams.log.lock().unwrap().len();
    let before = reads();
    let ran = world.run(&program("b")).expect("lives");
    assert_eq!((ran.summary.failed, ran.summary.open, ran.summary.updated), (1, 0, 0));
    let told = format!("{:?}", ran.progress);
    assert!(told.contains("the API says that it is done, and `tags` is"), "{told}");
    assert!(reads() - before < 10, "{:?}", world.seams.log.lock().unwrap());
    let ran = world.run(&program("b")).expect("lives");
    assert_eq!((ran.summary.failed, ran.summary.updated), (0, 1));
    world.assert_state_is_cloud();
}

#[test]
fn a_full_disk_starts_nothing_and_records_what_is_under_way() {
    let world = World::local();
    let program = server("").replace("server app {", "server app for n in 1..=5 {").replace("\"app\"", "\"app-${n}\"");
    *world.store.room.lock().unwrap() = Some(5);
    let first = "ssh_key a {\n name = \"a\"\n public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfQ0b3cQ5k1l3m2n4o5p6q7r8s9t0u1v2w3x4y5z6a\"\n}\n";
    let program = format!("{first}{}", program.replace("image =", "ssh_keys = [ssh_key.a.id]\n image ="));
    let ran = world.run(&program).expect("lives");
    assert!(ran.summary.broken.is_some());
    assert_eq!((ran.summary.created, ran.summary.open), (1, 0), "{:?}", ran.summary);
    assert_eq!(ran.summary.failed + ran.summary.skipped, 5);
    assert_eq!(creates(&world), 0, "no request without a durable intent");
    world.assert_state_is_cloud();
    *world.store.room.lock().unwrap() = None;
    let ran = world.run(&program).expect("lives");
    assert_eq!(ran.summary.created, 5);
    world.assert_state_is_cloud();
}

#[test]
fn what_runs_write_comes_back_from_disk() {
    let world = World::local();
    world.run(super::cycles::SHOP).expect("lives");
    world.run(&super::cycles::SHOP.replace("eu-west-2", "us-east-1")).expect("lives");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dev.db");
    let store = SqliteStore::open(&path, "lineage").unwrap();
    for row in world.store.history(usize::MAX).unwrap() {
        store.append(&[row.entry]).unwrap();
    }
    drop(store);
    let again = SqliteStore::open(&path, "lineage").unwrap();
    assert_eq!(again.load().unwrap(), world.store.load().unwrap());
    assert_eq!(again.history(usize::MAX).unwrap(), world.store.history(usize::MAX).unwrap());
}
