//! What a create made and somebody changed before it was found stays what that create may have made, until a person says
//! otherwise.

use super::super::*;
use super::sim::{Accident, World};
use crate::emulator::{Config, Door, Now};
use crate::model::http::{Headers, Method, Request};
use crate::model::{Address, RemoteId};
use crate::state::{Snapshot, Store};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

fn server(name: &str) -> String {
    format!(
        "server {name} {{\n name = \"{name}\"\n region = \"eu-west-2\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n}}\n"
    )
}

fn control(world: &World, place: &str, body: &Json) {
    let request = Request {
        method: Method::Post,
        origin: String::new(),
        target: format!("/__emulator/{place}"),
        headers: Headers(vec![("Content-Type".to_owned(), "application/json".to_owned())]),
        body: body.to_string().into_bytes(),
    };
    let now = Now { unix_ms: world.context().clock.now().0 };
    let answer = world.emulator.call(Door::Control, &request, now);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

fn renamed(world: &World, id: &RemoteId) {
    control(world, "drift", &json!({"id": id.as_str(), "effect": "rename", "name": "renamed"}));
}

fn servers(world: &World) -> Vec<RemoteId> {
    world.objects().into_values().flatten().collect()
}

fn state(world: &World) -> Snapshot {
    world.store.load().expect("loads")
}

/// What a person is asked about.
fn candidates(world: &World) -> Vec<RemoteId> {
    state(world).open.into_values().filter(|open| open.asked).flat_map(|open| open.candidates).collect()
}

/// A person says that the object is it: it is taken over.
fn is_adopted(mut world: World, own: &RemoteId) {
    let address = Address::managed("server", "app", None);
    world.options.answers = BTreeMap::from([(address.clone(), Answer::Adopt(own.clone()))]);
    let context = world.context();
    let recovered = world.finish(recover(&context, state(&world), &mut |_| (), futures::stream::pending()));
    assert_eq!((recovered.snapshot.open.len(), &recovered.snapshot.records[&address].id), (0, own));
    world.assert_state_is_cloud();
}

#[test]
fn where_nobody_knows_who_was_there_a_changed_object_is_still_asked_about() {
    for in_process in [true, false] {
        let mut world = World::new(Config::local());
        world.in_process = in_process;
        // The list before the create says nothing.
        let refused = json!({"status": {"status": 403}});
        let first = json!({"effect": refused, "match": {"method": "GET", "path": "/v1/servers"}, "times": 1});
        control(&world, "faults", &first);
        world.seams.accidents.lock().unwrap().insert(1, Accident::LostAfter);
        let program = server("app");
        world.run(&program).expect("lives");
        let own = servers(&world).pop().expect("it was made");
        assert_eq!(candidates(&world), std::slice::from_ref(&own), "{:#?}", world.store_history());

        renamed(&world, &own);
        let ran = world.run(&program).expect("lives");
        assert_eq!((ran.summary.open, ran.summary.created), (1, 0), "not given up: {:#?}", world.store_history());
        assert_eq!((candidates(&world), servers(&world)), (vec![own.clone()], vec![own.clone()]));
        is_adopted(world, &own);
    }
}

/// A process ended after its create arrived and before it was answered; what was made has another name since.
fn killed_and_renamed() -> (World, RemoteId) {
    for at in 1..60 {
        let mut world = World::new(Config::local());
        world.in_process = false;
        *world.seams.dies_at.lock().unwrap() = Some(at);
        assert!(world.run(&server("app")).is_none(), "it dies at {at}");
        world.restart();
        let is_nameless = state(&world).open.values().any(|open| open.job.is_none() && open.id.is_none());
        if let (true, Some(own)) = (is_nameless, servers(&world).pop()) {
            renamed(&world, &own);
            return (world, own);
        }
    }
    panic!("no create was left open");
}

#[test]
fn a_later_create_of_the_kind_does_not_make_it_a_strangers() {
    let both = server("app") + &server("web");
    // When the later create begins a person was asked about it, or it is being looked for.
    for recovers in [true, false] {
        let (mut world, own) = killed_and_renamed();
        world.recovers = recovers;
        let ran = world.run(&both).expect("lives");
        assert_eq!(ran.summary.created, 1, "the other one: {:?}", ran.progress);
        assert_eq!(candidates(&world), std::slice::from_ref(&own), "{:#?}", world.store_history());
        world.recovers = true;
        let ran = world.run(&both).expect("lives");
        assert_eq!((ran.summary.open, ran.summary.created), (1, 0), "{:#?}", world.store_history());
        assert_eq!(candidates(&world), std::slice::from_ref(&own), "{:#?}", world.store_history());
        is_adopted(world, &own);
    }
}

#[test]
fn a_snapshot_with_another_name_is_the_same_snapshot() {
    let program = server("app") + "snapshot night {\n source_id = server.app.id\n}\n";
    let world = World::local();
    world.run(&program).expect("lives");
    let snapshot = state(&world).records[&Address::managed("snapshot", "night", None)].id.clone();
    renamed(&world, &snapshot);
    // It plans, and a destruction is of this one.
    world.run(&program).expect("lives");
    world.run("").expect("lives");
    assert!(world.objects().is_empty(), "{:?}", world.objects());
}
