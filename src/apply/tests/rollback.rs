//! `--on-failure rollback`: what a run did before a step failed is undone, or told; also where the process ends on the way.

use super::super::{RolledBack, Undone};
use super::sim::{Ran, World};
use crate::model::RemoteId;
use crate::state::{Record, Snapshot, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

const KEY: &str = "ssh_key k {\n name = \"k\"\n public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfQ0b3cQ5k1l3m2n4o5p6q7r8s9t0u1v2w3x4y5z6a k\"\n lifecycle { adopt = true }\n}\n";

pub fn instance(name: &str, region: &str, size: &str, more: &str) -> String {
    format!(
        "compute_instance {name} {{\n name = \"{name}\"\n type = \"{size}\"\n region = \"{region}\"\n image = \"ubuntu-22.04-lts\"\n {more}\n}}\n"
    )
}

/// There is no room for it: it fails, after all that it depends on.
pub fn full(after: &[&str]) -> String {
    format!(
        "server full {{\n name = \"full\"\n region = \"eu-west-2\"\n plan = \"standard-16\"\n image = \"ubuntu-22.04\"\n \
         lifecycle {{ depends_on = [{}] }}\n}}\n",
        after.join(", ")
    )
}

const FIRST: &str = "lifecycle { create_before_destroy = true }";

fn world() -> World {
    World { rolls_back: true, ..World::local() }
}

/// What is to be as before: everything but times and what the API counts by itself.
fn essence(snapshot: &Snapshot) -> String {
    let one = |record: &Record| {
        let Record { address, id, applied, condition, quarantine, lifecycle, created, .. } = record;
        format!("{address} {id} {applied:?} {condition:?} {quarantine:?} {lifecycle:?} {created:?}\n")
    };
    let records: String = snapshot.records.values().map(one).collect();
    format!("{records}{:?} {:?} {:?}", snapshot.deposed, snapshot.open, snapshot.outputs)
}

fn undone(ran: &Ran) -> &RolledBack {
    let Undone::Done(undone) = &ran.undone else { panic!("it is rolled back: {:?}", ran.undone) };
    undone
}

fn kept(ran: &Ran) -> BTreeMap<String, String> {
    undone(ran).kept.iter().map(|one| (one.address.to_string(), one.why.clone())).collect()
}

fn before() -> String {
    format!(
        "{KEY}{}{}{}output where: string = compute_instance.moves.region\n",
        instance("changes", "us-east-1", "standard-2x4", "tags = { team = \"a\" }\n desired_status = \"running\""),
        instance("moves", "us-east-1", "standard-2x4", FIRST),
        instance("old", "us-east-1", "standard-2x4", ""),
    )
}

/// Makes, changes, replaces, renames and lets go, then fails.
fn after(last: &str) -> String {
    format!(
        "{}{}{}{}{last}moved compute_instance.old -> compute_instance.renamed\nforget ssh_key.k\noutput where: string = compute_instance.moves.region\n",
        instance(
            "changes",
            "us-east-1",
            "compute-8x16",
            "tags = { team = \"b\", more = \"c\" }\n desired_status = \"stopped\""
        ),
        instance("moves", "eu-west-3", "standard-2x4", FIRST),
        instance("renamed", "us-east-1", "standard-2x4", "").replace("name = \"renamed\"", "name = \"old\""),
        instance("new", "us-east-1", "standard-2x4", ""),
    )
}

fn failing() -> String {
    after(&full(&["compute_instance.changes", "compute_instance.moves", "compute_instance.new"]))
}

/// As `World::assert_state_is_cloud`, but for the key that was let go of.
fn assert_state_is_cloud(world: &World) {
    let snapshot = world.store.load().unwrap();
    assert!(snapshot.open.is_empty() && snapshot.deposed.is_empty(), "{snapshot:?}");
    let held: BTreeSet<RemoteId> = snapshot.ids.keys().cloned().collect();
    let there: BTreeSet<RemoteId> = world.objects().into_values().flatten().collect();
    assert_eq!(there.iter().filter(|id| !id.as_str().starts_with("key_")).cloned().collect::<BTreeSet<_>>(), {
        held.iter().filter(|id| !id.as_str().starts_with("key_")).cloned().collect()
    });
    assert!(held.is_subset(&there) && there.len() <= held.len() + 1, "{held:?} {there:?}");
}

#[test]
fn everything_is_as_it_was() {
    let world = world();
    world.run(&before()).expect("lives");
    let (state, objects) = (essence(&world.store.load().unwrap()), world.objects());
    let ran = world.run(&failing()).expect("lives");
    assert_eq!(ran.summary.failed, 1, "{:#?}", ran.progress);
    let undone = undone(&ran);
    assert_eq!(undone.kept, [], "{:#?}", ran.progress);
    assert_eq!((undone.summary.destroyed, undone.summary.updated), (2, 1), "{:#?}", ran.progress);
    assert_eq!(undone.summary.failed + undone.summary.skipped + undone.summary.open, 0, "{:#?}", ran.progress);
    assert_eq!(essence(&world.store.load().unwrap()), state);
    assert_eq!(world.objects(), objects);
    world.assert_state_is_cloud();
    assert!(world.plan(&before()).steps.is_empty(), "the program of before has nothing to do");
    // Without what failed the same program goes through.
    let ran = world.run(&after("")).expect("lives");
    assert_eq!((ran.summary.failed, matches!(ran.undone, Undone::NotNeeded)), (0, true), "{:#?}", ran.progress);
    assert_state_is_cloud(&world);
    assert!(world.plan(&after("")).steps.is_empty());
}

#[test]
fn what_cannot_be_undone_is_told_and_left() {
    let protect = "lifecycle { protect = true }";
    let retain = "lifecycle { retain = true }";
    let zone = "cdn_zone z {\n domain = \"z.example.com\"\n origin_url = \"https://o.example.com\"\n}\n";
    let first = format!(
        "{zone}{}{}",
        instance("gone", "us-east-1", "standard-2x4", ""),
        instance("moves", "us-east-1", "standard-2x4", "")
    );
    let purge = "action cdn_purge all {\n zone_id = cdn_zone.z.id\n paths = [\"/*\"]\n}\n";
    let key = "ssh_key k {\n name = \"k\"\n public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfQ0b3cQ5k1l3m2n4o5p6q7r8s9t0u1v2w3x4y5z6a k\"\n lifecycle { adopt = true }\n}\n";
    let needing = format!(
        "server guarded {{\n name = \"guarded\"\n region = \"us-east-1\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n ssh_keys = [ssh_key.k.id]\n {protect}\n}}\n"
    );
    let second = format!(
        "{zone}{key}{needing}{purge}{}{}{}{}",
        instance("moves", "eu-west-3", "standard-2x4", ""),
        instance("stays", "us-east-1", "standard-2x4", retain),
        instance("goes", "us-east-1", "standard-2x4", ""),
        full(&["compute_instance.moves", "compute_instance.goes", "server.guarded", "compute_instance.stays"])
    );
    let world = world();
    world.run(&first).expect("lives");
    let ran = world.run(&second).expect("lives");
    assert_eq!(ran.summary.failed, 1, "{:#?}", ran.progress);
    let told = kept(&ran);
    let expected = [
        ("cdn_purge.all", "it has run"),
        ("compute_instance.gone", "was destroyed"),
        ("compute_instance.moves", "which it replaces, is gone"),
        ("compute_instance.stays", "`retain` is set"),
        ("server.guarded", "`protect` is set"),
        ("ssh_key.k", "server.guarded stays, and needs it"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (address, why) in expected {
        assert!(told.get(address).is_some_and(|told| told.contains(why)), "{address}: {told:#?}");
    }
    let held: Vec<String> = world.store.load().unwrap().records.keys().map(ToString::to_string).collect();
    assert!(!held.contains(&"compute_instance.goes".to_owned()), "{held:?}");
    world.assert_state_is_cloud();
}

#[test]
fn nothing_is_undone_where_nothing_failed() {
    let world = world();
    let ran = world.run(&before()).expect("lives");
    assert!(matches!(ran.undone, Undone::NotNeeded));
    world.assert_state_is_cloud();
}

#[test]
fn why_nothing_was_undone_is_told() {
    let world = world();
    world.run(&before()).expect("lives");
    *world.store.room.lock().unwrap() = Some(1);
    let ran = world.run(&failing()).expect("lives");
    assert!(ran.summary.failed > 0, "{:#?}", ran.progress);
    let Undone::Impossible(found) = &ran.undone else { panic!("{:?}", ran.undone) };
    let told: Vec<(&str, &str)> = found.0.iter().map(|one| (one.code.id, one.message.as_str())).collect();
    let [("cnx::apply::not_rolled_back", why)] = told.as_slice() else { panic!("{told:?}") };
    assert!(why.contains("the state cannot be written: "), "{why}");
}

#[test]
fn a_process_that_ends_on_the_way_back_is_taken_up() {
    let passed = |world: &World| world.seams.passed.load(Ordering::Relaxed);
    let world = world();
    world.run(&before()).expect("lives");
    let begins = passed(&world);
    world.run(&failing()).expect("lives");
    let points = passed(&world) - begins;
    for at in (1..=points).step_by(if option_env!("CNX_EVERY_POINT").is_some() { 1 } else { 3 }) {
        for program in [before(), after("")] {
            let world = self::world();
            world.run(&before()).expect("lives");
            *world.seams.dies_at.lock().unwrap() = Some(begins + at);
            assert!(world.run(&failing()).is_none(), "it dies at {at}");
            world.restart();
            let ran = (0..3).find_map(|_| {
                let ran = world.run(&program).expect("lives");
                (ran.summary.failed + ran.summary.skipped + ran.summary.open == 0).then_some(ran)
            });
            assert!(ran.is_some(), "{at} converges: {:#?}", world.store_history());
            assert_state_is_cloud(&world);
            assert!(world.plan(&program).steps.is_empty(), "{at}: the plan after apply is empty");
        }
    }
}
