//! The examples, read by the real front: planned, obeyed by the simulated cloud, planned again, changed, destroyed.

use super::super::{Options, Plan};
use super::cloud::World;
use super::program::catalog;
use crate::desired::{Desired, Inputs, evaluate};
use crate::model::FileId;
use std::sync::Arc;

pub fn read(text: &str) -> Desired {
    let parsed = crate::syntax::parse(FileId(0), text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let (program, found) = crate::program::check(&[parsed.ast], &Arc::new(catalog().clone()));
    assert!(!found.has_errors(), "{found:?}");
    let key = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 deploy@example.com\n";
    let inputs = Inputs { files: Arc::new(|_| Ok(key.to_vec())), ..Inputs::default() };
    let (desired, found) = evaluate(Arc::new(program), &inputs);
    assert!(!found.has_errors(), "{found:?}");
    desired
}

fn summary(plan: &Plan) -> Vec<String> {
    plan.steps
        .order()
        .map(|(_, step)| {
            let paths: Vec<String> = step.changes.iter().map(|change| change.path.join(".")).collect();
            let shown = if step.before.is_empty() { String::new() } else { format!(" {}", paths.join(",")) };
            format!("{} {}{shown}", step.reason.code.as_str(), step.address)
        })
        .collect()
}

pub fn obey(world: &mut World, desired: &Desired) -> Vec<String> {
    let plan = world.plan(desired, &Options::default()).unwrap_or_else(|found| panic!("{found:#?}"));
    let told = summary(&plan);
    let wrong = world.apply(desired, &plan);
    assert!(wrong.is_empty(), "{wrong:#?} by {told:#?}");
    let again = world.plan(desired, &Options::default()).unwrap_or_else(|found| panic!("{found:#?}"));
    assert!(again.steps.is_empty(), "a second plan has {:#?}", summary(&again));
    assert!(again.outputs.is_empty(), "{:#?}", again.outputs);
    assert!(again.drift.is_empty(), "{:#?}", again.drift);
    told
}

/// The whole life of an example; the edit replaces one text by another and decides the given steps.
fn lives(text: &str, edit: (&str, &str), decides: &[&str]) {
    let mut world = World::default();
    obey(&mut world, &read(text));
    assert!(text.contains(edit.0), "{}", edit.0);
    let changed = read(&text.replace(edit.0, edit.1));
    assert_eq!(obey(&mut world, &changed), decides);
    let options = Options { destroy: true, ..Options::default() };
    let plan = world.plan(&changed, &options).unwrap_or_else(|found| panic!("{found:#?}"));
    assert!(world.apply(&Desired::default(), &plan).is_empty());
    assert!(world.objects.values().all(std::collections::BTreeMap::is_empty));
}

#[test]
fn shop() {
    let text = include_str!("../../../examples/shop/main.cnx");
    let steps = ["update_because_attributes_changed server.web[1] name", "run_by_triggers cdn_purge.assets "];
    lives(text, ("host(\"web\", n)", "host(\"www\", n)"), &steps);
    let size = ["update_because_attributes_changed server.web[1] plan", "run_by_triggers cdn_purge.assets "];
    lives(text, ("size: Size = \"small\"", "size: Size = \"large\""), &size);
}

#[test]
fn compute_edge_and_database() {
    let compute = include_str!("../../../examples/compute/main.cnx");
    let resized = ["update_because_attributes_changed compute_instance.alpha type"];
    lives(compute, ("type: string = \"compute-8x16\"", "type: string = \"memory-4x32\""), &resized);
    let edge = include_str!("../../../examples/edge/main.cnx");
    let purged = [
        "update_because_attributes_changed cdn_routing_rule.assets action.ttl_seconds",
        "run_by_triggers cdn_purge.site ",
    ];
    lives(edge, ("ttl: int = 86400", "ttl: int = 60"), &purged);
    let database = include_str!("../../../examples/database/main.cnx");
    let scaled = ["update_because_attributes_changed database.orders read_replicas"];
    lives(database, ("replicas: int = 1", "replicas: int = 3"), &scaled);
}
