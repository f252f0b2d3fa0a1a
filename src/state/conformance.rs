//! What holds for every store, whatever it writes to: it gives back what was appended, folds as the journal does, and takes
//! a batch whole or not at all. Tests of this room and the simulation hold their stores against it.

use crate::model::{Address, Attributes, Ident, Key, Observed, RemoteId, Timestamp, Value};
use crate::state::{
    Condition, Intent, JournalEntry, Nonce, Open, OperationId, Purpose, Remembered, Snapshot, Store, StoreError,
    StoredOutput, fold,
};
use std::collections::{BTreeMap, BTreeSet};

/// One of a few addresses.
pub fn address(number: u8) -> Address {
    Address::managed("server", "web", Some(Key::Int(i64::from(number))))
}

fn attributes(text: &str) -> Attributes {
    Attributes::from([
        (Ident::new("name"), Value::string(text)),
        (Ident::new("keys"), Value::set([Value::string("a"), Value::int(2)])),
    ])
}

fn observed(id: &RemoteId, text: &str) -> Observed {
    let attributes = attributes(text);
    Observed { id: id.clone(), attributes, status: Some("running".into()), current_job: None, etag: None }
}

/// The intent that may come next.
pub fn intent(snapshot: &Snapshot, address: Address, purpose: Purpose, id: Option<RemoteId>) -> JournalEntry {
    let operation = OperationId(snapshot.next_operation);
    JournalEntry::Intent(Box::new(Intent {
        operation,
        address,
        kind: "server".into(),
        purpose,
        id,
        nonce: Nonce(format!("nonce-{}", operation.0)),
        idempotency_key: format!("key-{}", operation.0),
        fingerprint: "f".into(),
        inputs_hash: "h".into(),
        wanted: attributes("wanted"),
        lifecycle: Remembered { triggers: vec![Value::int(1)], ..Remembered::default() },
        epoch: snapshot.epoch,
        attempt: 1,
        surveyed: true,
        at: Timestamp(1_000 + operation.0 as i64),
    }))
}

/// Some legal next entry: `choice` picks which and for which object.
pub fn next_entry(snapshot: &Snapshot, choice: u8) -> JournalEntry {
    let address = address(choice % 5);
    let id = RemoteId::new(&format!("srv_{}", snapshot.serial));
    if snapshot.epoch == 0 || choice > 250 {
        let at = Timestamp(snapshot.serial as i64);
        let epoch = snapshot.epoch + 1;
        return JournalEntry::RunStarted { run: "r".into(), epoch, holder: "a@b".into(), plan: "p".into(), at };
    }
    let same = snapshot.open.iter().find(|(_, open)| open.intent.address == address);
    if let Some((operation, open)) = same.or_else(|| snapshot.open.iter().nth(usize::from(choice % 3))) {
        return close(snapshot, *operation, open, id, choice);
    }
    if let Some(former) = snapshot.deposed.get(&address).and_then(|all| all.first()).filter(|_| choice / 5 % 9 == 8) {
        return JournalEntry::Reinstated { address, id: former.id.clone() };
    }
    let Some(record) = snapshot.records.get(&address) else {
        return match choice / 5 % 4 {
            0 => JournalEntry::Imported {
                address,
                kind: "server".into(),
                observed: observed(&id, "imported"),
                applied: attributes("imported"),
                lifecycle: Remembered::default(),
                at: Timestamp(5),
            },
            1 => intent(snapshot, address, Purpose::Run, None),
            _ => intent(snapshot, address, Purpose::Create, None),
        };
    };
    let is_taken = |to: &Address| {
        let (records, actions) = (&snapshot.records, &snapshot.actions);
        records.contains_key(to) || actions.contains_key(to) || snapshot.creating.contains_key(to)
    };
    let to = (0..9).map(self::address).find(|to| !is_taken(to));
    match (choice / 5 % 9, to) {
        (0 | 1, _) => intent(snapshot, address, Purpose::Update(vec!["patch".into()]), Some(record.id.clone())),
        (2 | 3, _) => intent(snapshot, address, Purpose::Delete, Some(record.id.clone())),
        (4, _) => JournalEntry::Deposed { address, id: record.id.clone() },
        (5, _) => JournalEntry::Forgotten { address },
        (6, Some(to)) => JournalEntry::Moved { from: address, to },
        (7, _) => JournalEntry::Outputs(BTreeMap::from([(
            Ident::new("out"),
            StoredOutput { value: Value::Duration(5), secret: true },
        )])),
        _ => JournalEntry::Strangers { kind: "server".into(), ids: BTreeSet::from([id]) },
    }
}

fn close(snapshot: &Snapshot, operation: OperationId, open: &Open, id: RemoteId, choice: u8) -> JournalEntry {
    let address = &open.intent.address;
    let held = snapshot.records.get(address);
    let bound = held.filter(|record| record.condition == Condition::Pending(operation));
    match (&open.intent.purpose, bound) {
        (Purpose::Create, Some(record)) if choice.is_multiple_of(4) => {
            JournalEntry::Failed { operation, id: Some(record.id.clone()), message: "half".into() }
        }
        (Purpose::Create, Some(record)) => {
            JournalEntry::Ready { operation, observed: observed(&record.id, "now"), applied: attributes("done") }
        }
        (Purpose::Create, None) if choice.is_multiple_of(7) => {
            JournalEntry::NotCreated { operation, evidence: "list".into() }
        }
        (Purpose::Create, None) if choice % 7 == 1 => JournalEntry::Asked { operation, candidates: vec![id] },
        (Purpose::Create, None) if held.is_some() || choice % 7 == 2 => {
            JournalEntry::Rejected { operation, status: 409, message: "no".into() }
        }
        (Purpose::Create, None) => JournalEntry::Bound { operation, id },
        (Purpose::Run, _) => JournalEntry::Ran { operation },
        (Purpose::Delete, _) => match &open.intent.id {
            Some(id) => JournalEntry::Deleted { operation: Some(operation), address: address.clone(), id: id.clone() },
            None => unreachable!("a delete names its object"),
        },
        (Purpose::Update(_), _) => match held {
            Some(record) => {
                JournalEntry::Ready { operation, observed: observed(&record.id, "new"), applied: attributes("new") }
            }
            None => JournalEntry::Failed { operation, id: None, message: "gone".into() },
        },
    }
}

/// Runs a script of choices, in commits of up to `group` entries, and compares store and fold after each.
pub fn conforms(store: &dyn Store, choices: &[u8], group: usize) -> Snapshot {
    let mut expected = store.load().expect("a store that takes what is legal");
    for commit in choices.chunks(group) {
        let mut entries = Vec::new();
        for choice in commit {
            let entry = next_entry(&expected, *choice);
            fold(&mut expected, &entry).expect("a store that takes what is legal");
            entries.push(entry);
        }
        store.append(&entries).expect("a store that takes what is legal");
        assert_eq!(store.load().expect("a store that takes what is legal"), expected);
    }
    let history = store.history(usize::MAX).expect("a store that takes what is legal");
    let mut replayed = Snapshot { lineage: expected.lineage.clone(), ..Snapshot::default() };
    for row in &history {
        fold(&mut replayed, &row.entry).expect("a store that takes what is legal");
        assert_eq!((replayed.serial, replayed.epoch), (row.serial, row.epoch));
    }
    assert_eq!(replayed, expected);
    expected
}

/// A copy that was made while operations were open: they are open in what takes it over.
pub fn takes_over_what_is_open(store: &dyn Store) {
    let mut copied = Snapshot::default();
    fold(&mut copied, &next_entry(&Snapshot::default(), 0)).expect("legal");
    let mut expected = copied.clone();
    for (at, purpose) in [(0, Purpose::Create), (1, Purpose::Run)] {
        let entry = intent(&copied, address(at), purpose, None);
        fold(&mut copied, &entry).expect("legal");
    }
    let asked = JournalEntry::Asked { operation: OperationId(0), candidates: vec![RemoteId::new("srv_a")] };
    fold(&mut copied, &asked).expect("legal");
    let at = Timestamp(7);
    let restored = JournalEntry::Restored { from: "a copy".into(), at, snapshot: Box::new(copied.clone()) };
    store.append(&[next_entry(&Snapshot::default(), 0), restored.clone()]).expect("legal");
    expected.lineage = store.load().expect("a state").lineage;
    fold(&mut expected, &restored).expect("legal");
    let taken = store.load().expect("a state");
    assert_eq!(taken, expected);
    assert_eq!((&taken.open, &taken.creating), (&copied.open, &copied.creating));
    assert_eq!((taken.open.len(), taken.creating.len()), (2, 1));
}

/// R5: a batch with something illegal in it leaves no trace, and is the last.
pub fn refuses_illegal_entries(store: &dyn Store) {
    let before = store.load().expect("a store that takes what is legal");
    let illegal = JournalEntry::Ran { operation: OperationId(99) };
    let legal = next_entry(&before, 0);
    assert!(matches!(store.append(&[legal.clone(), illegal]), Err(StoreError::Illegal(_))));
    assert_eq!(store.load().expect("a store that takes what is legal"), before, "all or nothing");
    assert!(matches!(store.append(&[legal]), Err(StoreError::Poisoned(_))), "R5");
}
