//! The map of a lost state, from the marks on what it made: what is on it again, and what a person has to tell.

use super::super::*;
use super::rollback::instance;
use super::sim::{World, desired};
use super::story::server;
use crate::cloud::{Call, Outcome, Verb};
use crate::model::{Address, Attributes, Ident, Timestamp, Value};
use crate::plan::Live;
use crate::provider::{Catalog, cloudnexus};
use crate::state::{Record, STAMP_STATE, Store, without_marks};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const PROTECTED: &str = "tags = { team = \"a\" }\n lifecycle { protect = true }";

fn small(name: &str, more: &str) -> String {
    instance(name, "us-east-1", "standard-2x4", more)
}

/// Two instances and a server, and an instance of somebody else's state.
fn world() -> World {
    let world = World::local();
    let ran = world.run(&declared()).expect("lives");
    assert_eq!((ran.summary.created, ran.summary.failed), (3, 0), "{:#?}", ran.progress);
    let given = [("name", "theirs"), ("region", "us-east-1"), ("type", "standard-2x4"), ("image", "ubuntu-22.04-lts")];
    let call = Call {
        kind: Ident::new("compute_instance"),
        verb: Verb::Create,
        id: None,
        attributes: given.map(|(name, value)| (Ident::new(name), Value::string(value))).into(),
        idempotency_key: None,
        stamp: BTreeMap::from([(STAMP_STATE.to_owned(), "another".to_owned())]),
        etag: None,
        deadline: Duration::from_secs(60),
        until: None,
    };
    let outcome = world.finish(world.context().cloud.call(call));
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    world
}

fn declared() -> String {
    format!("{}{}{}", small("guarded", PROTECTED), small("plain", ""), server("standard-8", ""))
}

fn live(world: &World) -> Live {
    world.finish(marked(&world.context())).expect("lists").0
}

fn rebuilt(program: &str, live: &Live, catalog: &Catalog) -> Rebuilt {
    rebuild(&desired(program), live, catalog, "lineage", Timestamp(7))
}

fn address(name: &str) -> Address {
    Address::managed("compute_instance", name, None)
}

fn kept(world: &World, name: &str) -> Record {
    world.store.load().expect("loads").records.remove(&address(name)).expect("a record")
}

fn names(rebuilt: &Rebuilt) -> Vec<&str> {
    rebuilt.records.keys().map(|address| address.name.as_str()).collect()
}

#[test]
fn marks_are_counted_by_their_state_and_only_marked_kinds_are_listed() {
    let world = world();
    let before = world.seams.log.lock().unwrap().len();
    let (live, lineages) = world.finish(marked(&world.context())).expect("lists");
    assert_eq!(lineages, BTreeMap::from([("another".to_owned(), 1), ("lineage".to_owned(), 2)]));
    assert_eq!(live.objects.keys().map(Ident::as_str).collect::<Vec<_>>(), ["compute_instance"]);
    assert_eq!(live.objects.values().map(BTreeMap::len).collect::<Vec<_>>(), [3]);
    let asked = world.seams.log.lock().unwrap().split_off(before);
    assert!(asked.iter().all(|line| line.starts_with("GET /v1/compute/instances?")), "{asked:?}");
}

#[test]
fn the_objects_of_the_state_are_on_its_map_again() {
    let world = world();
    let rebuilt = rebuilt(&declared(), &live(&world), cloudnexus());
    assert_eq!(names(&rebuilt), ["guarded", "plain"]);
    for name in ["guarded", "plain"] {
        let (again, lost) = (&rebuilt.records[&address(name)], kept(&world, name));
        let given = |record: &Record| -> Attributes {
            record.applied.iter().filter(|(_, value)| !value.is_null()).map(|(n, v)| (n.clone(), v.clone())).collect()
        };
        assert_eq!((&again.address, &again.kind, &again.id), (&lost.address, &lost.kind, &lost.id));
        assert_eq!((&again.observed, &again.status, &again.lifecycle), (&lost.observed, &lost.status, &lost.lifecycle));
        assert_eq!((again.created, &again.condition), (Timestamp(7), &lost.condition));
        for (attribute, value) in given(&lost) {
            assert_eq!(again.applied.get(&attribute), Some(&without_marks(&value)), "{name}: {attribute}");
        }
        assert!(again.applied.values().all(|value| !value.is_null()), "{:?}", again.applied);
        assert!(!again.applied.contains_key(&Ident::new("id")), "what the API sets by itself was not applied");
    }
    assert!(rebuilt.records[&address("guarded")].lifecycle.protect);
    assert_eq!((rebuilt.unclaimed, rebuilt.ambiguous), (Vec::new(), Vec::new()));
    assert_eq!(rebuilt.unmarked, [Address::managed("server", "app", None)]);
}

#[test]
fn what_has_the_mark_and_is_not_declared_is_named() {
    let world = world();
    let rebuilt = rebuilt(&small("guarded", PROTECTED), &live(&world), cloudnexus());
    assert_eq!(names(&rebuilt), ["guarded"]);
    let id = kept(&world, "plain").id;
    assert_eq!(rebuilt.unclaimed, [(Ident::new("compute_instance"), id, "us-east-1, plain".to_owned())]);
}

#[test]
fn what_is_as_declared_without_the_mark_of_the_state_is_somebody_elses() {
    let rebuilt = rebuilt(&small("theirs", ""), &live(&world()), cloudnexus());
    assert_eq!((names(&rebuilt), rebuilt.ambiguous.len()), (Vec::new(), 0));
    assert_eq!(rebuilt.unclaimed.len(), 2);
}

#[test]
fn several_that_could_be_it_are_told_and_none_is_taken() {
    let world = world();
    let mut live = live(&world);
    let (first, second) = (kept(&world, "guarded").id, kept(&world, "plain").id);
    let objects = live.objects.values_mut().next().expect("instances");
    objects.get_mut(&second).expect("it is there").attributes.insert(Ident::new("name"), Value::string("guarded"));
    let twins = rebuilt(&small("guarded", PROTECTED), &live, cloudnexus());
    let both: BTreeSet<_> = [first, second].into();
    assert_eq!(names(&twins), [""; 0]);
    assert_eq!(twins.ambiguous, [(address("guarded"), both.into_iter().collect())]);
    assert_eq!(twins.unclaimed.len(), 2, "{:?}", twins.unclaimed);
}

#[test]
fn one_that_two_are_declared_as_is_neither_of_them() {
    let world = world();
    let twin = small("other", "").replace("name = \"other\"", "name = \"plain\"");
    let program = format!("{}{}{twin}", small("guarded", PROTECTED), small("plain", ""));
    let rebuilt = rebuilt(&program, &live(&world), cloudnexus());
    let id = kept(&world, "plain").id;
    assert_eq!(names(&rebuilt), ["guarded"]);
    let told: BTreeMap<_, _> = rebuilt.ambiguous.into_iter().collect();
    assert_eq!(told, BTreeMap::from([(address("other"), vec![id.clone()]), (address("plain"), vec![id])]));
}

#[test]
fn nothing_is_taken_by_half_a_name() {
    let live = live(&world());
    let with_key = |key: &[&str]| {
        let mut catalog = Catalog::clone(cloudnexus());
        let kind = catalog.kinds.get_mut(&Ident::new("compute_instance")).expect("a kind");
        kind.natural_key = key.iter().map(|name| Ident::new(name)).collect();
        let found = rebuilt(&small("plain", ""), &live, &catalog);
        (names(&found).len(), found.ambiguous.len())
    };
    assert_eq!(with_key(&["name", "region"]), (1, 0));
    assert_eq!(with_key(&[]), (0, 0), "one without a name for people");
    assert_eq!(with_key(&["name", "no_such_attribute"]), (0, 0));
    let unknown = format!(
        "{}{}",
        small("guarded", PROTECTED),
        small("plain", "").replace("\"plain\"", "compute_instance.guarded.id")
    );
    assert_eq!(names(&rebuilt(&unknown, &live, cloudnexus())), ["guarded"], "one whose name is not known yet");
}
