//! What the fold takes in and what it refuses, entry by entry.

use super::conformance::{address, intent};
use super::fold::{fold_touching, time_of};
use super::journal::*;
use super::*;
use crate::model::{Address, Attributes, Observed, RemoteId, Timestamp};

const NOW: Timestamp = Timestamp(0);
const DAY: i64 = 24 * 60 * 60 * 1000;

fn started(epoch: u64, at: Timestamp) -> JournalEntry {
    JournalEntry::RunStarted { run: "r".into(), epoch, holder: "a@b".into(), plan: "p".into(), at }
}

fn id(text: &str) -> RemoteId {
    RemoteId::new(text)
}

fn object(text: &str) -> Observed {
    Observed { id: id(text), attributes: Attributes::new(), status: None, current_job: None, etag: None }
}

/// A state in which a run has begun, and these operations, each of the object with the id if there is one.
struct Told(Snapshot);

impl Told {
    fn new() -> Told {
        let mut told = Told(Snapshot { lineage: "line".to_owned(), ..Snapshot::default() });
        told.takes(started(1, NOW));
        told
    }

    fn takes(&mut self, entry: JournalEntry) -> &mut Told {
        fold(&mut self.0, &entry).unwrap_or_else(|why| panic!("{why}: {entry:?}"));
        self
    }

    fn begins(&mut self, address: Address, purpose: Purpose, of: Option<&str>) -> OperationId {
        let operation = OperationId(self.0.next_operation);
        self.takes(intent(&self.0, address, purpose, of.map(id)));
        operation
    }

    /// `address(0)` is there under this id, made by a create that is over.
    fn made(&mut self, at: Address, name: &str) -> &mut Told {
        let operation = self.begins(at, Purpose::Create, None);
        self.takes(JournalEntry::Bound { operation, id: id(name) });
        let applied = Attributes::new();
        self.takes(JournalEntry::Ready { operation, observed: object(name), applied })
    }

    /// Why it is refused; the state is as before then.
    fn refuses(&self, entry: &JournalEntry) -> String {
        let mut after = self.0.clone();
        let why = fold(&mut after, entry).expect_err("it is illegal");
        assert_eq!(after, self.0, "{entry:?}");
        why.to_string()
    }
}

#[test]
fn a_refusal_names_the_number_that_the_entry_would_have_had() {
    let mut told = Told::new();
    told.made(address(0), "srv_a");
    assert_eq!(told.0.serial, 4);
    assert_eq!(told.refuses(&JournalEntry::Ran { operation: OperationId(7) }), "entry 5: operation 7 is not open");
    assert_eq!(told.refuses(&started(1, NOW)), "entry 5: epoch 1 after epoch 1");
    let late = |operation| JournalEntry::LateDuplicate { operation: OperationId(operation), id: id("srv_b") };
    assert_eq!(told.refuses(&late(1)), "entry 5: no such operation", "the next one has not begun");
    told.takes(late(0));
}

#[test]
fn operations_are_numbered_and_told_of() {
    let mut told = Told::new();
    let mut touched = Default::default();
    let entry = intent(&told.0, address(0), Purpose::Create, None);
    fold_touching(&mut told.0, &entry, &mut touched).unwrap();
    assert_eq!(touched.operations.into_iter().collect::<Vec<_>>(), [OperationId(0)]);
    assert_eq!(told.0.next_operation, 1);
    assert!(told.refuses(&intent(&told.0, address(0), Purpose::Create, None)).contains("a create is open already"));
}

#[test]
fn what_is_bound_stays_bound_to_it() {
    let mut told = Told::new();
    let first = told.begins(address(0), Purpose::Create, None);
    told.takes(JournalEntry::Bound { operation: first, id: id("srv_a") });
    told.takes(JournalEntry::Bound { operation: first, id: id("srv_a") });
    let why = told.refuses(&JournalEntry::Bound { operation: first, id: id("srv_b") });
    assert!(why.contains("holds srv_a and would be bound to srv_b"), "{why}");
    let other = told.begins(address(1), Purpose::Create, None);
    let why = told.refuses(&JournalEntry::Bound { operation: other, id: id("srv_a") });
    assert!(why.contains("srv_a is server.web[0] and would be server.web[1] too"), "{why}");
    let nothing = JournalEntry::NotCreated { operation: first, evidence: "list".into() };
    assert!(told.refuses(&nothing).contains("is bound already"));
    let applied = Attributes::new();
    told.takes(JournalEntry::Ready { operation: first, observed: object("srv_a"), applied });
    let again = told.begins(address(0), Purpose::Create, None);
    let why = told.refuses(&JournalEntry::Bound { operation: again, id: id("srv_a") });
    assert!(why.contains("holds srv_a"), "it is another operation's: {why}");
}

#[test]
fn a_create_that_failed_takes_away_only_what_it_bound() {
    let mut told = Told::new();
    told.made(address(0), "srv_a");
    let beside = told.begins(address(0), Purpose::Create, None);
    let fails = |operation| JournalEntry::Failed { operation, id: None, message: "no".into() };
    told.takes(fails(beside));
    assert!(told.0.records.contains_key(&address(0)), "the object that it was to take the place of");
    assert!(told.0.tombstones.contains_key(&beside));
    let bound = told.begins(address(1), Purpose::Create, None);
    told.takes(JournalEntry::Bound { operation: bound, id: id("srv_b") }).takes(fails(bound));
    assert!(!told.0.records.contains_key(&address(1)) && !told.0.ids.contains_key(&id("srv_b")));
    let kept = told.begins(address(1), Purpose::Create, None);
    told.takes(JournalEntry::Failed { operation: kept, id: Some(id("srv_c")), message: "half".into() });
    assert_eq!(told.0.records[&address(1)].condition, Condition::Tainted("half".to_owned()));
}

#[test]
fn a_destroy_ends_with_its_own_object() {
    let mut told = Told::new();
    told.made(address(0), "srv_a").made(address(1), "srv_b");
    let delete = told.begins(address(0), Purpose::Delete, Some("srv_a"));
    let update = told.begins(address(1), Purpose::Update(vec!["patch".into()]), Some("srv_b"));
    let deleted = |operation, at: u8, name| JournalEntry::Deleted {
        operation: Some(operation),
        address: address(at),
        id: id(name),
    };
    assert!(told.refuses(&deleted(delete, 1, "srv_b")).contains("deletes something else"));
    assert!(told.refuses(&deleted(update, 1, "srv_b")).contains("deletes something else"));
    assert!(told.refuses(&deleted(delete, 1, "srv_a")).contains("is not managed here"));
    told.takes(deleted(delete, 0, "srv_a"));
    assert!(!told.0.open.contains_key(&delete) && told.0.open.contains_key(&update));
}

#[test]
fn marks_of_given_up_creates_last_for_a_fortnight() {
    let mut told = Told::new();
    let operation = told.begins(address(0), Purpose::Create, None);
    told.takes(JournalEntry::NotCreated { operation, evidence: "list".into() });
    let given_up = told.0.tombstones[&operation].at;
    told.takes(started(2, Timestamp(given_up.0 + 14 * DAY)));
    assert!(told.0.tombstones.contains_key(&operation), "to the end of it");
    told.takes(started(3, Timestamp(given_up.0 + 14 * DAY + 1)));
    assert!(told.0.tombstones.is_empty());
}

#[test]
fn nothing_is_put_back_while_an_operation_is_open() {
    let mut told = Told::new();
    told.made(address(0), "srv_a");
    let restored = |snapshot: &Snapshot| JournalEntry::Restored {
        from: "serial 4".to_owned(),
        at: NOW,
        snapshot: Box::new(snapshot.clone()),
    };
    let closed = told.0.clone();
    told.begins(address(1), Purpose::Create, None);
    assert!(told.refuses(&restored(&closed)).contains("an operation is open"));
    let mut copied = Told(closed.clone());
    copied.takes(restored(&told.0));
    assert_eq!((&copied.0.open, &copied.0.creating), (&told.0.open, &told.0.creating), "what was open in the copy is");
    let mut again = Told(closed.clone());
    again.takes(JournalEntry::Forgotten { address: address(0) }).takes(restored(&closed));
    assert_eq!(again.0.records, closed.records);
    assert_eq!(again.0.serial, 6, "numbers only grow");
}

#[test]
fn nothing_moves_onto_another() {
    let mut told = Told::new();
    told.made(address(0), "srv_a").made(address(1), "srv_b");
    let run = told.begins(address(2), Purpose::Run, None);
    told.takes(JournalEntry::Ran { operation: run });
    let moved = |from, to| JournalEntry::Moved { from: address(from), to: address(to) };
    assert!(told.refuses(&moved(0, 1)).contains("is there already"));
    assert!(told.refuses(&moved(0, 2)).contains("is there already"), "an action that has run");
    assert!(told.refuses(&moved(3, 4)).contains("is not managed"));
    told.begins(address(4), Purpose::Create, None);
    assert!(told.refuses(&moved(0, 4)).contains("is being made"));
    told.takes(JournalEntry::Deposed { address: address(0), id: id("srv_a") });
    let create = told.begins(address(0), Purpose::Create, None);
    told.takes(JournalEntry::Bound { operation: create, id: id("srv_c") }).takes(moved(0, 3));
    let of = |name| told.0.ids[&id(name)].clone();
    assert_eq!([of("srv_a"), of("srv_c")], [address(3), address(3)]);
    assert_eq!((told.0.deposed[&address(3)].len(), told.0.deposed.len()), (1, 1));
    assert_eq!(told.0.creating.get(&address(3)), Some(&create));
}

/// A destroy of what stood there before is open beside the create.
#[test]
fn a_create_moves_as_the_create() {
    let mut told = Told::new();
    told.made(address(0), "srv_a");
    told.begins(address(0), Purpose::Delete, Some("srv_a"));
    let create = told.begins(address(0), Purpose::Create, None);
    told.takes(JournalEntry::Moved { from: address(0), to: address(1) });
    assert_eq!(told.0.creating.get(&address(1)), Some(&create));
    assert!(told.0.open.values().all(|open| open.intent.address == address(1)));
}

#[test]
fn entries_tell_what_they_made_and_when() {
    let operation = OperationId(0);
    let bound = JournalEntry::Bound { operation, id: id("srv_a") };
    let failed = |left: Option<&str>| JournalEntry::Failed { operation, id: left.map(id), message: "no".into() };
    assert_eq!(bound.made(), Some(&id("srv_a")));
    assert_eq!((failed(Some("srv_a")).made(), failed(None).made()), (Some(&id("srv_a")), None));
    assert_eq!(JournalEntry::Ran { operation }.made(), None);
    assert_eq!(time_of(&started(1, Timestamp(5))), Some(Timestamp(5)));
    assert_eq!(time_of(&intent(&Snapshot::default(), address(0), Purpose::Run, None)), Some(Timestamp(1_000)));
    assert_eq!(time_of(&bound), None);
    let verbs = [Purpose::Create, Purpose::Update(Vec::new()), Purpose::Delete, Purpose::Run].map(|it| it.verb());
    assert_eq!(verbs, ["create", "update", "destroy", "run"]);
}
