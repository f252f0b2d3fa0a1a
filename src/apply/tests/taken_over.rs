//! What is there already: looked up, imported, adopted by its name, or taken because a refusal names it.

use super::super::*;
use super::intent;
use super::sim::World;
use super::story::{Says, TRUTH, changed, made, server, tell, world};
use crate::emulator::{Config, Profile};
use crate::model::{Address, Ident, RemoteId, Timestamp, Value};
use crate::provider::cloudnexus;
use crate::state::{Intent, JournalEntry, OperationId, Record, Store};

const KEY: &str = "ssh_key k {\n name = \"k\"\n public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfQ0b3cQ5k1l3m2n4o5p6q7r8s9t0u1v2w3x4y5z6a k\"\n}\n";

fn records(world: &World) -> Vec<Record> {
    world.store.load().expect("loads").records.into_values().collect()
}

fn small() -> String {
    server("standard-8", "")
}

/// A server that nobody manages, and its id.
fn stranger() -> (World, RemoteId) {
    let world = made(&small());
    let id = records(&world).remove(0).id;
    assert_eq!(world.run("forget server.app\n").expect("lives").summary.forgotten, 1);
    (world, id)
}

#[test]
fn what_is_looked_up_and_not_there_is_told() {
    let look_up = |says| {
        let data = "data server other {\n region = \"us-east-1\"\n name = \"like-${server.app.id}\"\n}\n";
        tell(&world(), &format!("{}{data}output ip: string = data.server.other.ipv4\n", small()), says)
    };
    let read = "write 0, jobs 2 5 9 15 23, read 23, list 23; done";
    assert_eq!(
        look_up(TRUTH),
        format!("{read}; failed: no server has what is asked for (give its id, or other attributes)")
    );
    assert_eq!(
        look_up(Says { list: |_, _| Err("HTTP 500".to_owned()), ..TRUTH }),
        format!("{read}; failed: it could not be read: HTTP 500 (run again when the API answers)")
    );
}

#[test]
fn what_is_imported_is_read_once_more() {
    let import = |read: fn(usize, Seen) -> Seen| {
        let (world, id) = stranger();
        let program = server("standard-8", "lifecycle { depends_on = [ssh_key.k] }");
        let told = tell(&world, &format!("{KEY}{program}import server.app = \"{id}\"\n"), Says { read, ..TRUTH });
        let taken = records(&world).into_iter().filter(|record| record.id == id).map(|record| record.quarantine);
        (told, taken.collect::<Vec<_>>())
    };
    let failed = |why: &str| {
        let why = format!("failed: it could not be read: {why} (run again when the API answers)");
        (format!("write 0, read 0; done; {why}"), Vec::new())
    };
    assert_eq!(import(|_, said| said), ("write 0, read 0; done; done".to_owned(), vec![None]));
    assert_eq!(import(|_, _| Seen::Gone), failed("there is no such object any more"));
    assert_eq!(import(|_, _| Seen::Hidden), failed("it is not visible to this key"));
    assert_eq!(import(|_, _| Seen::Unread("HTTP 500".to_owned())), failed("HTTP 500"));
    // The plan saw it: that it shows no more says something.
    assert_eq!(import(|_, _| Seen::Unseeable("no route".to_owned())), failed("no route"));
}

#[test]
fn what_is_taken_for_its_looks_is_left_alone_until_it_is_confirmed() {
    let adopted = |program: &str, exact: bool| {
        let (mut world, id) = stranger();
        world.choices.adopt_exact = exact;
        let ran = world.run(&program.replace("ID", id.as_str())).expect("lives");
        assert_eq!((ran.summary.adopted, ran.summary.failed), (1, 0), "{:#?}", ran.progress);
        let quarantine = records(&world).remove(0).quarantine;
        quarantine.map(|why| why.replace(id.as_str(), "ID"))
    };
    assert_eq!(adopted(&small(), true).as_deref(), Some("ID was taken over with --adopt exact"));
    assert_eq!(adopted(&server("standard-8", "lifecycle { adopt = true }"), true), None);
    assert_eq!(adopted(&server("standard-8", "lifecycle { adopt = true }"), false), None);
    assert_eq!(adopted(&format!("{}import server.app = \"ID\"\n", small()), true), None);
}

#[test]
fn what_cannot_be_seen_is_taken_as_written_but_for_what_can_be_brought_about() {
    let world = World::new(Config { profile: Profile::Documented, ..Config::local() });
    let program = "database d {\n name = \"d\"\n engine = \"postgresql\"\n tier = \"production-high\"\n region = \"eu-west-2\"\n}\n\
                   import database.d = \"db_1\"\n";
    let ran = world.run(program).expect("lives");
    assert_eq!(ran.summary.adopted, 1, "{:#?}", ran.progress);
    let taken = world.store_history().into_iter().find(|entry| entry.starts_with("Imported")).expect("it is");
    let (_, applied) = taken.split_once("applied: ").expect("what was applied");
    let (applied, _) = applied.split_once(", lifecycle").expect("its end");
    for (name, is_taken) in
        [("name", true), ("engine", true), ("region", true), ("tier", false), ("read_replicas", false)]
    {
        assert_eq!(applied.contains(&format!("Ident(\"{name}\")")), is_taken, "{name}: {applied}");
    }
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

/// The rule is there, and the state knows only that a create of it was given up, begun so long after it was made.
fn given_up(after: i64, noted: bool) -> (World, RemoteId) {
    let world = made(RULE);
    let snapshot = world.store.load().expect("loads");
    let address = Address::managed("cdn_routing_rule", "api", None);
    let record = snapshot.records[&address].clone();
    let (operation, epoch) = (OperationId(snapshot.next_operation), snapshot.epoch + 1);
    let kind = cloudnexus().kind(&record.kind).expect("a kind");
    let at = record.observed.get(&Ident::new("created_at")).and_then(Value::as_str).and_then(Timestamp::parse);
    let at = Timestamp(at.expect("an instant").0 + after);
    let intent = Intent {
        operation,
        address: address.clone(),
        fingerprint: identity::fingerprint(kind, &record.applied),
        wanted: record.applied.clone(),
        epoch,
        at,
        ..intent("cdn_routing_rule")
    };
    let run = JournalEntry::RunStarted { run: "r".into(), epoch, holder: "a@b".into(), plan: "p".into(), at };
    let strangers =
        noted.then(|| JournalEntry::Strangers { kind: record.kind.clone(), ids: [record.id.clone()].into() });
    let entries = [run, JournalEntry::Forgotten { address }].into_iter().chain(strangers).chain([
        JournalEntry::Intent(Box::new(intent)),
        JournalEntry::NotCreated { operation, evidence: "two lists".into() },
    ]);
    world.store.append(&entries.collect::<Vec<_>>()).expect("writes");
    (world, record.id)
}

const HOUR: i64 = 60 * 60 * 1000;

fn taken_again(after: i64, noted: bool, program: &str, read: fn(usize, Seen) -> Seen) -> String {
    let (world, id) = given_up(after, noted);
    let told = tell(&world, program, Says { read, ..TRUTH });
    let is_taken = world.store.load().expect("loads").ids.contains_key(&id);
    assert_eq!(is_taken, told.ends_with("; done"), "{told}");
    told.rsplit_once("; ").expect("an end").1.replace(id.as_str(), "ID")
}

#[test]
fn what_a_given_up_create_made_is_taken_where_it_is_as_it_made_it() {
    let truth: fn(usize, Seen) -> Seen = |_, said| said;
    for after in [0, 4_000, -HOUR + 60_000] {
        assert_eq!(taken_again(after, false, RULE, truth), "done", "{after}");
    }
    for after in [6_000, -HOUR - 60_000] {
        assert_eq!(taken_again(after, false, RULE, truth), "ID may be anybody's)", "{after}");
    }
    let another = |_, said| {
        changed(said, |object| {
            object.attributes.insert(Ident::new("enabled"), Value::Bool(false));
        })
    };
    assert_eq!(taken_again(0, false, RULE, another), "ID may be anybody's)");
    let failed = |_, said| changed(said, |object| object.status = Some("failed".to_owned()));
    assert_eq!(taken_again(0, false, RULE, failed), "ID may be anybody's)");
    let before = taken_again(0, true, RULE, truth);
    assert!(before.contains("(ID)") && !before.contains("anybody"), "it was there before, and is named: {before}");
}

#[test]
fn what_is_adopted_has_the_name() {
    let renamed = |_, said| {
        changed(said, |object| {
            object.attributes.insert(Ident::new("name"), Value::string("theirs"));
        })
    };
    assert_eq!(taken_again(0, false, RULE, renamed), "ID has another name)");
}
