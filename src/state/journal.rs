//! What is remembered: the journal's entries and the snapshot that they fold into. Storage forms live with the stores.

use crate::model::{Address, Attributes, Ident, JobId, Observed, RemoteId, Timestamp, Value};
use std::collections::{BTreeMap, BTreeSet};

/// One operation of one run, numbered through the whole life of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u64);

/// 128 random bits that mark a create request and the object that it makes; born and dead with its idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub String);

/// What an operation is going to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    Create,
    /// The update operations of the catalog, in order (`patch`, `resize`).
    Update(Vec<Ident>),
    Delete,
    /// An action's run.
    Run,
}

impl Purpose {
    /// What people are told that it is.
    pub fn verb(&self) -> &'static str {
        match self {
            Purpose::Create => "create",
            Purpose::Update(_) => "update",
            Purpose::Delete => "destroy",
            Purpose::Run => "run",
        }
    }
}

/// Written and durable before the request leaves (R1).
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    pub operation: OperationId,
    pub address: Address,
    pub kind: Ident,
    pub purpose: Purpose,
    /// The object, for everything but a create.
    pub id: Option<RemoteId>,
    pub nonce: Nonce,
    pub idempotency_key: String,
    /// Hash of the create-time attributes that a stranger's twin would share: the natural key, or where the program does not
    /// give it, what must be given of every object of the kind. Which these are is part of the format: intents and tombstones
    /// of earlier versions are compared with what is hashed now.
    pub fingerprint: String,
    /// Hash of the whole request.
    pub inputs_hash: String,
    /// What is wanted, for the record that a create leaves.
    pub wanted: Attributes,
    pub lifecycle: Remembered,
    pub epoch: u64,
    pub attempt: u32,
    /// For a create: it is known who was there before (`Strangers`), so what is new later may be what it made.
    pub surveyed: bool,
    pub at: Timestamp,
}

/// What outlives its block in the program: read when the block is gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remembered {
    pub protect: bool,
    pub retain: bool,
    pub create_before_destroy: bool,
    pub replace_when: Vec<Value>,
    pub triggers: Vec<Value>,
    pub dependencies: BTreeSet<Address>,
}

/// One line of the journal. `fold` says which may follow which.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalEntry {
    /// A run began: who, when, under which lock epoch, for which plan.
    RunStarted {
        run: String,
        epoch: u64,
        holder: String,
        plan: String,
        at: Timestamp,
    },
    RunEnded {
        run: String,
        at: Timestamp,
    },
    /// The cloud that this state belongs to.
    Pinned(Pin),
    /// Objects of a kind without a stamp that are there and not ours, listed before the run's first create of the kind:
    /// none of them can be what an unclear create made.
    Strangers {
        kind: Ident,
        ids: BTreeSet<RemoteId>,
    },
    Intent(Box<Intent>),
    /// A 2xx answer (R2).
    Accepted {
        operation: OperationId,
        job: Option<JobId>,
        id: Option<RemoteId>,
    },
    /// A create's object is known (R3); it may still be on its way.
    Bound {
        operation: OperationId,
        id: RemoteId,
    },
    /// The operation is done and this is what was read after it. `applied` is what now counts as wanted.
    Ready {
        operation: OperationId,
        observed: Observed,
        applied: Attributes,
    },
    /// An action's run is done.
    Ran {
        operation: OperationId,
    },
    /// The API refused; nothing was done.
    Rejected {
        operation: OperationId,
        status: u16,
        message: String,
    },
    /// The job failed. A create keeps its object, tainted.
    Failed {
        operation: OperationId,
        id: Option<RemoteId>,
        message: String,
    },
    /// It is certain that a create made nothing.
    NotCreated {
        operation: OperationId,
        evidence: String,
    },
    /// Only a person can tell which of these it is.
    Asked {
        operation: OperationId,
        candidates: Vec<RemoteId>,
    },
    /// An object was found to be the one that an open create made.
    Adopted {
        operation: OperationId,
        id: RemoteId,
        rule: String,
        evidence: String,
    },
    /// An object of ours turned up after its create was given up.
    LateDuplicate {
        operation: OperationId,
        id: RemoteId,
    },
    /// The object is gone: by our delete, or found gone.
    Deleted {
        operation: Option<OperationId>,
        address: Address,
        id: RemoteId,
    },
    /// The current object steps aside for its successor (create before destroy).
    Deposed {
        address: Address,
        id: RemoteId,
    },
    /// A former object is the current one of its address again; whatever stands there steps aside.
    Reinstated {
        address: Address,
        id: RemoteId,
    },
    /// No longer managed; the object stays.
    Forgotten {
        address: Address,
    },
    /// Existing objects come under management.
    Imported {
        address: Address,
        kind: Ident,
        observed: Observed,
        applied: Attributes,
        lifecycle: Remembered,
        at: Timestamp,
    },
    /// Renamed in the program.
    Moved {
        from: Address,
        to: Address,
    },
    /// Nothing changed at the API, but what is remembered did (lifecycle, dependencies, applied values, fresh readings).
    Noted {
        address: Address,
        observed: Option<Observed>,
        applied: Attributes,
        lifecycle: Remembered,
    },
    /// It was taken over by a guess: it may be read, and is neither changed nor destroyed until somebody confirms it.
    Quarantined {
        address: Address,
        why: String,
    },
    /// Somebody looked: the object is the one that its address means.
    Confirmed {
        address: Address,
    },
    /// Somebody looked: what its create left is whole.
    Untainted {
        address: Address,
    },
    /// What is managed is as it was at another time, or in another copy. Operations and marks of creates stay known.
    Restored {
        /// Of what: `serial 12`, `an export of serial 12`.
        from: String,
        at: Timestamp,
        snapshot: Box<Snapshot>,
    },
    /// The program's outputs after a run.
    Outputs(BTreeMap<Ident, StoredOutput>),
}

impl JournalEntry {
    /// The object that it binds to a create.
    pub fn made(&self) -> Option<&RemoteId> {
        if let JournalEntry::Bound { id, .. }
        | JournalEntry::Adopted { id, .. }
        | JournalEntry::Failed { id: Some(id), .. } = self
        {
            return Some(id);
        }
        None
    }
}

/// Which cloud a state belongs to: another account or URL must not be mistaken for "everything is gone".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// By surface: base URL.
    pub urls: BTreeMap<Ident, String>,
    /// The account's id, or a fingerprint of the key where the API has no account route.
    pub account: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredOutput {
    pub value: Value,
    pub secret: bool,
}

/// How far an object got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Ready,
    /// Its create job runs, or its outcome is open; the operation tells.
    Pending(OperationId),
    /// Its create failed half-way: it is replaced, or untainted.
    Tainted(String),
}

/// One managed object.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub address: Address,
    pub kind: Ident,
    pub id: RemoteId,
    /// What the program last wanted and got.
    pub applied: Attributes,
    /// What was last read.
    pub observed: Attributes,
    pub status: Option<String>,
    pub condition: Condition,
    /// Why it was taken for the right object, as long as nobody confirmed it.
    pub quarantine: Option<String>,
    pub lifecycle: Remembered,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// An operation whose end is not in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    pub intent: Intent,
    pub job: Option<JobId>,
    pub id: Option<RemoteId>,
    /// Objects among which a person must choose.
    pub candidates: Vec<RemoteId>,
    /// The search was made to its end, and only a person can tell.
    pub asked: bool,
}

/// What is kept of a create that was given up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tombstone {
    pub address: Address,
    pub kind: Ident,
    pub nonce: Nonce,
    pub fingerprint: String,
    pub at: Timestamp,
    /// It was known who was there before it.
    pub surveyed: bool,
}

/// The last run of an action: what it was run with.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionRecord {
    pub kind: Ident,
    pub applied: Attributes,
    pub triggers: Vec<Value>,
    pub at: Timestamp,
}

/// The journal, folded: what is known now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Random, constant through the life of a state.
    pub lineage: String,
    /// Entries so far; strictly increasing.
    pub serial: u64,
    pub epoch: u64,
    pub next_operation: u64,
    pub pin: Option<Pin>,
    pub records: BTreeMap<Address, Record>,
    /// Objects that a successor replaced and that are not destroyed yet.
    pub deposed: BTreeMap<Address, Vec<Record>>,
    pub open: BTreeMap<OperationId, Open>,
    pub actions: BTreeMap<Address, ActionRecord>,
    pub outputs: BTreeMap<Ident, StoredOutput>,
    /// By kind: what was there and not ours before the last run that created some.
    pub strangers: BTreeMap<Ident, BTreeSet<RemoteId>>,
    /// Creates that are known to have made nothing: what turns up later with their mark is a late duplicate (R7).
    pub tombstones: BTreeMap<OperationId, Tombstone>,
    /// Whose every object of `records` and `deposed` is; kept by `fold`, so that no object is bound twice.
    pub ids: BTreeMap<RemoteId, Address>,
    /// The open create of an address; kept by `fold`, at most one each.
    pub creating: BTreeMap<Address, OperationId>,
}
