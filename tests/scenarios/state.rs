//! Scenarios of what is kept: a broken disk, a damaged state, a log that says too much.

use super::cloud::world;
use super::{KEY, codes, said};
use crate::support::Project;
use cnx::apply::Recovered;
use cnx::model::{Address, Attributes, Ident, Observed, RemoteId, Timestamp};
use cnx::plan::{Live, Options};
use cnx::provider::cloudnexus;
use cnx::state::{
    Holder, Intent, JournalEntry, Lock, MemoryStore, Nonce, OperationId, Purpose, Remembered, SqliteStore, Store,
    StoreError, Tombstone, lock_path,
};
use std::collections::BTreeMap;

/// A state with an object of a kind that no catalog has.
pub(super) fn unknown_kind() -> Vec<String> {
    let (world, _) = world(|_| None);
    let (kind, id) = (Ident::new("gadget"), RemoteId::new("gad_1"));
    let observed = Observed { id, attributes: Attributes::new(), status: None, current_job: None, etag: None };
    let entries = [
        started(),
        JournalEntry::Imported {
            address: Address::managed("gadget", "one", None),
            kind,
            observed,
            applied: Attributes::new(),
            lifecycle: Remembered::default(),
            at: Timestamp(0),
        },
    ];
    world.store.append(&entries).expect("it can be done");
    match world.plan(world.desired("").unwrap_or_default(), &Options::default()) {
        Ok(planned) => codes(&planned.plan.warnings),
        Err(found) => codes(&found),
    }
}

fn started() -> JournalEntry {
    JournalEntry::RunStarted { run: "r".into(), epoch: 1, holder: "a@b".into(), plan: "p".into(), at: Timestamp(0) }
}

fn intent() -> JournalEntry {
    JournalEntry::Intent(Box::new(Intent {
        operation: OperationId(0),
        address: Address::managed("server", "web", None),
        kind: Ident::new("server"),
        purpose: Purpose::Create,
        id: None,
        nonce: Nonce("n".to_owned()),
        idempotency_key: String::new(),
        fingerprint: String::new(),
        inputs_hash: String::new(),
        wanted: Attributes::new(),
        lifecycle: Remembered::default(),
        epoch: 1,
        attempt: 1,
        surveyed: true,
        at: Timestamp(0),
    }))
}

/// An object with the mark of a create that was given up.
pub(super) fn late_duplicate() -> Vec<String> {
    let kind = Ident::new("compute_instance");
    let store = MemoryStore::new("test");
    let mut snapshot = store.load().unwrap_or_default();
    let tombstone = Tombstone {
        address: Address::managed("compute_instance", "web", None),
        kind: kind.clone(),
        nonce: Nonce("n".to_owned()),
        fingerprint: String::new(),
        at: Timestamp(0),
        surveyed: true,
    };
    snapshot.tombstones.insert(OperationId(0), tombstone);
    let tags = BTreeMap::from([(cnx::model::Key::text(cnx::state::STAMP_OPERATION), cnx::model::Value::string("n"))]);
    let attributes = Attributes::from([(Ident::new("tags"), cnx::model::Value::map(tags))]);
    let object = Observed { id: RemoteId::new("inst_1"), attributes, status: None, current_job: None, etag: None };
    let mut live = Live::default();
    live.objects.insert(kind, BTreeMap::from([(object.id.clone(), object)]));
    codes(&cnx::apply::sweep(&snapshot, &live, cloudnexus()))
}

pub(super) fn open_operation() -> Vec<String> {
    let store = MemoryStore::new("test");
    store.append(&[started(), intent()]).expect("it can be done");
    let snapshot = store.load().unwrap_or_default();
    codes(&Recovered { snapshot, ..Recovered::default() }.still_open())
}

pub(super) fn keyed() -> Project {
    Project::new(&[("main.cnx", KEY)])
}

pub(super) fn locked() -> Vec<String> {
    let project = keyed();
    let path = lock_path(&project.path().join(".cnx/state/default.db"));
    let holder =
        Holder { who: "ann@desk".to_owned(), process: 1, command: "cnx apply".to_owned(), since: Timestamp(0) };
    let lock = Lock::take(&path, &holder);
    let said = said(&project.run(&["apply", "--yes", "--json"]));
    drop(lock);
    said
}

fn of_store(result: Result<SqliteStore, StoreError>) -> Vec<String> {
    result.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

/// A folder that nobody can make.
pub(super) fn unwritable() -> Vec<String> {
    of_store(SqliteStore::open(std::path::Path::new("/proc/cnx/state/default.db"), "test"))
}

/// The state file is a folder.
pub(super) fn unreadable() -> Vec<String> {
    let project = Project::new(&[("main.cnx", KEY), (".cnx/state/default.db/note", "")]);
    said(&project.run(&["plan", "--json"]))
}

/// Applies, then changes the state file behind cnx's back.
pub(super) fn damaged(statement: &str) -> Vec<String> {
    let project = keyed();
    project.ok(&["apply", "--yes"]);
    let connection = rusqlite::Connection::open(project.path().join(".cnx/state/default.db")).expect("it can be done");
    connection.execute_batch(statement).expect("it can be done");
    drop(connection);
    said(&project.run(&["apply", "--yes", "--json"]))
}

/// Two stores on one file: the second one writes, the first one finds out.
pub(super) fn fenced() -> Vec<String> {
    let project = keyed();
    let open = || SqliteStore::open(&project.path().join("state/default.db"), "test").expect("it can be done");
    let (first, second) = (open(), open());
    second.append(&[started()]).expect("it can be done");
    first.append(&[started()]).err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

pub(super) fn illegal_entry() -> Vec<String> {
    let store = MemoryStore::new("test");
    let refused = store.append(&[JournalEntry::Ran { operation: OperationId(7) }]);
    refused.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}
