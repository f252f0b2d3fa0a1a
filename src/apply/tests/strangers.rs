//! Whose an object is: a copy that took the mark of an unclear create along, one that somebody else made meanwhile, and
//! one that a person names by mistake.

use super::super::identity::fingerprint;
use super::super::*;
use super::sim::{Accident, Ran, World};
use crate::cloud::{Call, Outcome, Verb};
use crate::emulator::Config;
use crate::model::{Address, Attributes, Ident, Observed, RemoteId, Timestamp, Value};
use crate::plan::ListRead;
use crate::provider::cloudnexus;
use crate::state::{
    HistoryRow, Intent, JournalEntry, Nonce, OperationId, Purpose, Remembered, STAMP_OPERATION, Store, marks,
};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

const INSTANCE: &str = "compute_instance jump {\n name = \"jump\"\n type = \"standard-2x4\"\n region = \"us-east-1\"\n image = \"ubuntu-22.04-lts\"\n}\n";
const SERVER: &str =
    "server app {\n name = \"app\"\n region = \"eu-west-2\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n}\n";

fn list(world: &World, kind: &str) -> Vec<Observed> {
    let list = ListRead { kind: Ident::new(kind), parent: BTreeMap::new() };
    world.finish(world.context().cloud.list(list)).expect("a list").objects
}

fn call(kind: &str, verb: Verb, id: Option<&RemoteId>, attributes: Attributes) -> Call {
    Call {
        kind: Ident::new(kind),
        verb,
        id: id.cloned(),
        attributes,
        idempotency_key: None,
        stamp: BTreeMap::new(),
        etag: None,
        deadline: Duration::from_secs(60),
        until: None,
    }
}

fn sent(world: &World, call: Call) {
    let outcome = world.finish(world.context().cloud.call(call));
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
}

/// Somebody else makes one with these attributes, and with the marks of another object.
fn made_by_somebody(world: &World, kind: &str, values: &[(&str, &str)], like: Option<&Observed>) -> RemoteId {
    let before: Vec<RemoteId> = list(world, kind).into_iter().map(|object| object.id).collect();
    let attributes = values.iter().map(|(name, value)| (Ident::new(name), Value::string(value))).collect();
    let stamp = like.map(|object| marks(&object.attributes, &Ident::new("tags"))).unwrap_or_default();
    sent(world, Call { stamp, ..call(kind, Verb::Create, None, attributes) });
    let new = list(world, kind).into_iter().find(|object| !before.contains(&object.id));
    new.expect("it is there").id
}

fn deleted_by_somebody(world: &World, kind: &str, id: &RemoteId) {
    sent(world, call(kind, Verb::Delete, Some(id), Attributes::new()));
    world.finish(world.context().clock.sleep(Duration::from_secs(600)));
    assert!(list(world, kind).iter().all(|object| object.id != *id), "it is gone");
}

/// A cloud as it is over a network, after a process ended between its create and the answer; the object that was made.
fn killed_in_a_create(program: &str, kind: &str) -> (World, Observed) {
    for at in 1..60 {
        let mut world = World::new(Config::local());
        world.in_process = false;
        *world.seams.dies_at.lock().unwrap() = Some(at);
        assert!(world.run(program).is_none(), "it dies at {at}");
        world.restart();
        let open = world.store.load().unwrap().open;
        if open.values().any(|open| open.job.is_none() && open.id.is_none())
            && let Some(object) = list(&world, kind).pop()
        {
            return (world, object);
        }
    }
    panic!("no create was left open");
}

fn asked(ran: &Ran, world: &World, ids: &[&RemoteId]) {
    assert_eq!((ran.summary.open, ran.summary.created), (1, 0), "{:?}", ran.progress);
    let snapshot = world.store.load().unwrap();
    let candidates: Vec<&RemoteId> = snapshot.open.values().flat_map(|open| &open.candidates).collect();
    let mut candidates = candidates;
    candidates.sort();
    assert_eq!(candidates, ids);
    assert!(snapshot.records.is_empty(), "nothing is taken over: {:?}", snapshot.records);
}

#[test]
fn a_copy_with_the_mark_is_asked_about_and_not_taken_for_the_object() {
    let (world, own) = killed_in_a_create(INSTANCE, "compute_instance");
    assert!(marks(&own.attributes, &Ident::new("tags")).contains_key(STAMP_OPERATION));
    let other = [("name", "theirs"), ("type", "standard-4x8"), ("region", "eu-west-1"), ("image", "ubuntu-22.04-lts")];
    let copy = made_by_somebody(&world, "compute_instance", &other, Some(&own));
    let both = world.run(INSTANCE).expect("lives");
    let mut ids = vec![&own.id, &copy];
    ids.sort();
    let snapshot = world.store.load().unwrap();
    let mut candidates: Vec<&RemoteId> = snapshot.open.values().flat_map(|open| &open.candidates).collect();
    candidates.sort();
    assert_eq!((candidates, both.summary.created), (ids, 0), "two carry it");

    deleted_by_somebody(&world, "compute_instance", &own.id);
    let ran = world.run(INSTANCE).expect("lives");
    asked(&ran, &world, &[&copy]);
    let log = world.seams.log.lock().unwrap().join("\n");
    assert!(!log.contains(&format!("DELETE /v1/compute/instances/{copy}")), "{log}");
    assert!(list(&world, "compute_instance").iter().any(|object| object.id == copy), "the copy stays");
}

#[test]
fn what_carries_the_mark_and_is_as_wanted_is_adopted() {
    let (world, own) = killed_in_a_create(INSTANCE, "compute_instance");
    let ran = world.run(INSTANCE).expect("lives");
    assert_eq!((ran.summary.open, ran.summary.failed), (0, 0));
    let adopted = |row: &str| row.contains("Adopted") && row.contains("\"mark\"") && row.contains(own.id.as_str());
    assert!(world.store_history().iter().any(|row| adopted(row)), "{:#?}", world.store_history());
    world.assert_state_is_cloud();
}

/// A process ended while its create was lost on the way.
fn killed_before_its_create_arrived() -> World {
    for at in 1..60 {
        let mut world = World::new(Config::local());
        world.in_process = false;
        world.seams.accidents.lock().unwrap().insert(1, Accident::LostBefore);
        *world.seams.dies_at.lock().unwrap() = Some(at);
        assert!(world.run(SERVER).is_none(), "it dies at {at}");
        world.restart();
        if world.seams.writes.load(Ordering::Relaxed) == 1 {
            return world;
        }
    }
    panic!("no create was sent");
}

#[test]
fn a_question_asked_early_does_not_shorten_the_window() {
    let mut world = killed_before_its_create_arrived();
    // The list that is read while it is unclear already shows twins, so that the question comes before the window is over.
    let alike = [("name", "app"), ("plan", "standard-8"), ("region", "eu-west-2"), ("image", "ubuntu-22.04")];
    assert_eq!(world.store.load().unwrap().open.len(), 1, "{:#?}", world.store_history());
    // Two of them: a single one would be named by a create job.
    let mut twins = [(); 2].map(|()| made_by_somebody(&world, "server", &alike, None));
    twins.sort();
    world.finish(world.context().clock.sleep(Duration::from_secs(600)));
    let began = world.context().clock.monotonic();
    let ran = world.run(SERVER).expect("lives");
    asked(&ran, &world, &[&twins[0], &twins[1]]);
    assert!(world.context().clock.monotonic() - began < world.options.settle_window, "it asks early");

    for twin in &twins {
        deleted_by_somebody(&world, "server", twin);
    }
    world.options.retry_unknown = true;
    let began = world.context().clock.monotonic();
    let ran = world.run(SERVER).expect("lives");
    assert_eq!((ran.summary.open, ran.summary.created), (0, 1), "{:?}", ran.summary);
    let waited = world.context().clock.monotonic() - began;
    assert!(waited >= world.options.settle_window, "sent again after {waited:?}");
    world.assert_state_is_cloud();

    // After a question at the window's end there is nothing more to wait for.
    let mut world = World::new(Config::local());
    world.in_process = false;
    world.seams.accidents.lock().unwrap().insert(1, Accident::LostBefore);
    let ran = world.run(SERVER).expect("lives");
    asked(&ran, &world, &[]);
    world.options.retry_unknown = true;
    let began = world.context().clock.monotonic();
    assert_eq!(world.run(SERVER).expect("lives").summary.created, 1);
    assert!(world.context().clock.monotonic() - began < world.options.settle_window);
}

/// A create of these was given up that had left at this instant.
fn given_up(world: &World, kind: &str, values: &[(&str, &str)], at: Timestamp) {
    let wanted: Attributes = values.iter().map(|(name, value)| (Ident::new(name), Value::string(value))).collect();
    let snapshot = world.store.load().expect("loads");
    let (operation, epoch) = (OperationId(snapshot.next_operation), snapshot.epoch + 1);
    let intent = Intent {
        operation,
        address: Address::managed(kind, "app", None),
        kind: Ident::new(kind),
        purpose: Purpose::Create,
        id: None,
        nonce: Nonce("n".to_owned()),
        idempotency_key: String::new(),
        fingerprint: fingerprint(cloudnexus().kind(&Ident::new(kind)).expect("a kind"), &wanted),
        inputs_hash: String::new(),
        wanted,
        lifecycle: Remembered::default(),
        epoch,
        attempt: 1,
        surveyed: true,
        at,
    };
    let started =
        JournalEntry::RunStarted { run: "r".into(), epoch, holder: "a@b".into(), plan: "p".into(), at: Timestamp(0) };
    let given_up = JournalEntry::NotCreated { operation, evidence: "none".into() };
    world.store.append(&[started, JournalEntry::Intent(Box::new(intent)), given_up]).expect("writes");
}

#[test]
fn what_a_given_up_create_may_have_made_is_not_taken_for_the_next_ones() {
    let mut world = World::local();
    let values = [("name", "app"), ("plan", "standard-8"), ("region", "eu-west-2"), ("image", "ubuntu-22.04")];
    let late = made_by_somebody(&world, "server", &values, None);
    world.finish(world.context().clock.sleep(Duration::from_secs(600)));
    given_up(&world, "server", &values, world.context().clock.now());
    // The next create is lost, and the object is the only one that looks like it.
    world.seams.accidents.lock().unwrap().insert(2, Accident::LostBefore);
    world.options.adopt_exact = true;
    let ran = world.run(SERVER).expect("lives");
    asked(&ran, &world, &[&late]);
}

#[test]
fn what_has_no_name_is_the_given_up_creates_only_for_as_long_as_it_may_come_late() {
    for (hours, surveyed) in [(0, false), (2, true)] {
        let world = World::local();
        world.run(SERVER).expect("lives");
        let server = list(&world, "server").pop().expect("a server").id;
        given_up(&world, "snapshot", &[("source_id", server.as_str())], world.context().clock.now());
        world.finish(world.context().clock.sleep(Duration::from_secs(hours * 3600)));
        made_by_somebody(&world, "snapshot", &[("source_id", server.as_str())], None);
        world.finish(world.context().clock.sleep(Duration::from_secs(600)));
        world.run(&format!("{SERVER}snapshot own {{\n source_id = server.app.id\n}}\n")).expect("lives");
        let rows = world.store.history(usize::MAX).expect("a history");
        let own = |row: &HistoryRow| matches!(&row.entry, JournalEntry::Intent(it) if it.address.name.as_str() == "own" && it.surveyed);
        assert_eq!(rows.iter().any(own), surveyed, "{hours}: {:#?}", world.store_history());
    }
}

#[test]
fn a_guess_needs_two_lists_that_agree() {
    let (mut world, own) = killed_in_a_create(SERVER, "server");
    world.options.adopt_exact = true;
    world.seams.log.lock().unwrap().clear();
    world.run(SERVER).expect("lives");
    let record = world.store.load().unwrap().records.into_values().next().expect("a record");
    assert_eq!(record.id, own.id);
    let history = world.store_history();
    if history.iter().any(|row| row.contains("Adopted") && row.contains("\"exact\"")) {
        let log = world.seams.log.lock().unwrap().clone();
        let lists = log.iter().take_while(|line| !line.starts_with("POST")).filter(|line| is_list(line)).count();
        assert!(lists >= 2, "{log:#?}");
    }
}

fn is_list(line: &str) -> bool {
    line.starts_with("GET /v1/servers?") || line == "GET /v1/servers"
}

#[test]
fn an_answer_that_cannot_be_is_refused() {
    let other = [("name", "theirs"), ("plan", "standard-32"), ("region", "us-east-1"), ("image", "ubuntu-22.04")];
    let renamed = [("name", "theirs"), ("plan", "standard-8"), ("region", "eu-west-2"), ("image", "ubuntu-22.04")];
    for (values, said) in [(&other, "its name, "), (&renamed, "its name is not what the create asked for")] {
        let (mut world, own) = killed_in_a_create(SERVER, "server");
        let theirs = made_by_somebody(&world, "server", values, None);
        let address = Address::managed("server", "app", None);
        world.options.answers = BTreeMap::from([(address.clone(), Answer::Adopt(theirs.clone()))]);
        let ran = world.run(SERVER).expect("lives");
        assert_eq!((ran.summary.open, ran.summary.created), (1, 0), "{:?}", ran.summary);
        assert!(world.store.load().unwrap().records.is_empty(), "nothing is taken over");
        let told = format!("{:?}", ran.progress);
        assert!(told.contains(said) && told.contains("import server.app = "), "{told}");

        world.options.answers = BTreeMap::from([(address, Answer::Adopt(own.id.clone()))]);
        world.run(SERVER).expect("lives");
        let record = world.store.load().unwrap().records.into_values().next().expect("a record");
        assert_eq!((record.id, record.quarantine.is_some()), (own.id, true));
    }
    // A copy that carries the mark may be the object itself, changed since: a person may say so, and it stays a guess.
    let (mut world, own) = killed_in_a_create(INSTANCE, "compute_instance");
    let other = [("name", "renamed"), ("type", "standard-2x4"), ("region", "us-east-1"), ("image", "ubuntu-22.04-lts")];
    let copy = made_by_somebody(&world, "compute_instance", &other, Some(&own));
    deleted_by_somebody(&world, "compute_instance", &own.id);
    let address = Address::managed("compute_instance", "jump", None);
    world.options.answers = BTreeMap::from([(address, Answer::Adopt(copy.clone()))]);
    let context = world.context();
    let snapshot = world.store.load().unwrap();
    let recovered = world.finish(recover(&context, snapshot, &mut |_| (), futures::stream::pending()));
    let record = recovered.snapshot.records.into_values().next().expect("a record");
    assert_eq!((record.id, record.quarantine.is_some()), (copy, true));
    assert!(
        world.store.history(usize::MAX).unwrap().iter().any(|row| matches!(row.entry, JournalEntry::Adopted { .. }))
    );
}
