//! Many creates that are traced at once, and what one made that was given up.

use super::super::*;
use super::sim::World;
use super::tracing::{Restless, intent};
use crate::cloud::JobStatus;
use crate::model::{Address, Ident, Key, RemoteId, Timestamp, Value};
use crate::provider::cloudnexus;
use crate::state::{Intent, JournalEntry, OperationId, Purpose, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn started(epoch: u64) -> JournalEntry {
    JournalEntry::RunStarted { run: "r".into(), epoch, holder: "a@b".into(), plan: "p".into(), at: Timestamp(0) }
}

#[test]
fn creates_that_are_traced_together_share_their_lists() {
    let lists = |creates: u64| {
        let world = World::local();
        let mut entries = vec![started(1)];
        for number in 0..creates {
            let mut intent = intent("server");
            let name = format!("app{number}");
            intent.operation = OperationId(number);
            intent.address = Address::managed("server", "app", Some(Key::Int(number.cast_signed())));
            intent.fingerprint.clone_from(&name);
            intent.wanted.insert(Ident::new("name"), Value::string(&name));
            entries.push(JournalEntry::Intent(Box::new(intent)));
        }
        world.store.append(&entries).expect("writes");
        let cloud = Arc::new(Restless::showing(|_| Vec::new(), JobStatus::Succeeded, false));
        let context = Context { cloud: cloud.clone(), ..world.context() };
        let snapshot = world.store.load().expect("loads");
        let recovered = world.finish(recover(&context, snapshot, &mut |_| (), futures::stream::pending()));
        assert_eq!(recovered.summary.asked, creates as usize, "a list proves nothing of this kind");
        cloud.lists.load(Ordering::Relaxed)
    };
    assert_eq!(lists(40), lists(1));
}

const RULE: &str = r#"cdn_zone shop { domain = "a.example", origin_url = "https://o.example" }
cdn_routing_rule api {
  zone_id  = cdn_zone.shop.id
  name     = "api"
  priority = 1
  match    = { path = "/api/*" }
  action   = { type = "cache", ttl_seconds = 60 }
}
"#;

/// The rule is there, this one, and the state knows only that its create was given up.
fn given_up(surveyed: bool) -> (World, RemoteId) {
    let world = World::local();
    let made = world.run(RULE).expect("lives");
    assert_eq!((made.summary.created, made.summary.failed), (2, 0), "{:#?}", made.progress);
    let snapshot = world.store.load().expect("loads");
    let address = Address::managed("cdn_routing_rule", "api", None);
    let record = snapshot.records[&address].clone();
    let operation = OperationId(snapshot.next_operation);
    let kind = cloudnexus().kind(&record.kind).expect("a kind");
    let intent = Intent {
        operation,
        address: address.clone(),
        fingerprint: identity::fingerprint(kind, &record.applied),
        wanted: record.applied.clone(),
        epoch: snapshot.epoch + 1,
        purpose: Purpose::Create,
        surveyed,
        at: world.context().clock.now(),
        ..intent("cdn_routing_rule")
    };
    let entries = [
        started(snapshot.epoch + 1),
        JournalEntry::Forgotten { address },
        JournalEntry::Intent(Box::new(intent)),
        JournalEntry::NotCreated { operation, evidence: "two lists".into() },
    ];
    world.store.append(&entries).expect("writes");
    (world, record.id)
}

#[test]
fn what_a_given_up_create_made_is_taken_where_a_refusal_names_it() {
    let (world, id) = given_up(true);
    let ran = world.run(RULE).expect("lives");
    assert_eq!(ran.summary.failed, 0, "{:#?}", ran.progress);
    assert!(world.store.load().expect("loads").ids.contains_key(&id));
    assert!(world.plan(RULE).steps.is_empty());
}

#[test]
fn what_may_have_been_there_before_is_named_and_left_alone() {
    let (world, id) = given_up(false);
    let ran = world.run(RULE).expect("lives");
    let failed = ran.progress.iter().find_map(|told| match told {
        Progress::StepEnded { end: StepEnd::Failed { help, .. }, .. } => Some(help.clone()),
        _ => None,
    });
    assert!(failed.expect("fails").contains(id.as_str()));
    assert!(!world.store.load().expect("loads").ids.contains_key(&id));
}

#[test]
fn the_sweep_looks_below_managed_parents() {
    let (world, id) = given_up(true);
    let snapshot = world.store.load().expect("loads");
    let context = world.context();
    let found = world.finish(sweep_again(&context, &snapshot));
    assert_eq!(found.0.len(), 1);
    assert!(found.0[0].message.starts_with(id.as_str()), "{found:?}");
}
