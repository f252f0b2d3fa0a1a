//! What is really so: who made every object that there ever was. The engine does not see this.

use super::lists::Lists;
use cnx::emulator::{Change, Emulator, Environment, Kind, Object, Record};
use cnx::model::Address;
use cnx::model::http::Request;
use cnx::state::{Intent, OperationId};
use std::collections::{BTreeMap, BTreeSet};

/// Who made an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maker {
    /// A process of ours, by the idempotency key of its request.
    Engine(String),
    Stranger,
}

impl Maker {
    pub fn engine(request: &Request) -> Maker {
        Maker::Engine(request.headers.get("Idempotency-Key").unwrap_or_default().to_owned())
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// `I1` to `I14`, or `liveness`.
    pub invariant: &'static str,
    pub what: String,
}

#[derive(Debug, Default)]
pub struct Truth {
    pub makers: BTreeMap<String, (Kind, Maker)>,
    pub violations: Vec<Violation>,
    /// How often strangers changed or deleted something of ours.
    pub meddled: u32,
    /// What strangers changed of ours, names aside.
    pub edited: BTreeSet<String>,
    /// How many copies of ours strangers made.
    pub copies: u32,
    /// Objects of strangers that a person said are ours, or that a list left out before our create.
    pub confirmed: Vec<String>,
    /// Objects that strangers made while a create of ours was refused, each with that one's key. Where the refusal is not read,
    /// or not written, nothing else could be what ours made.
    pub alone: BTreeMap<String, String>,
    /// Idempotency keys that left a process.
    pub sent: BTreeSet<String>,
    /// Objects that both ways to ask for them denied while they were there, or that a person let go of.
    pub denied: BTreeSet<String>,
    /// What lists showed and left out.
    pub lists: Lists,
    /// Objects of ours whose create was given up while lists left them out, and nobody could know better.
    pub overlooked: BTreeSet<String>,
    /// Idempotency keys of requests that arrived so late that what they make and a list that is a minute behind reach beyond
    /// the settle window.
    pub late: BTreeSet<String>,
    /// Objects whose own route said 404 while they were there.
    pub hidden_read: BTreeSet<String>,
    /// Idempotency keys of creates whose job failed because of a fault, whatever became of the object.
    pub spoilt: BTreeSet<String>,
    /// Objects that were taken over by a guess which was wrong, each with the key of the create that it was taken for.
    pub guessed: BTreeMap<String, String>,
    /// Idempotency keys of requests that were slower than the settle window, and when they arrived, in nanoseconds.
    pub slow: BTreeMap<String, u64>,
    /// The key and address of each operation, and when it began, as the cloud's clock had it.
    pub began: BTreeMap<OperationId, ((String, Address), i64)>,
    /// When each list, by its path, was asked for last, in nanoseconds.
    pub listed: BTreeMap<String, u64>,
}

impl Truth {
    pub fn violate(&mut self, invariant: &'static str, what: String) {
        self.violations.push(Violation { invariant, what });
    }

    /// Whatever was written under this number before is not there any more.
    pub fn began(&mut self, intent: &Intent, unix_ms: i64) {
        let about = (intent.idempotency_key.clone(), intent.address.clone());
        self.began.insert(intent.operation, (about, unix_ms));
    }

    /// Takes in what a request changed.
    pub fn take(&mut self, records: &[Record], maker: &Maker) {
        for record in records {
            if let Record::Data(_, Change::Put(object)) = record {
                self.makers.entry(object.id.to_string()).or_insert_with(|| (object.kind, maker.clone()));
            }
        }
    }

    /// I3: a write must be about something that a process of ours made.
    pub fn before(&mut self, request: &Request, number: u64) {
        if !request.method.is_write() {
            return;
        }
        let named = request.path().split('/').filter(|part| part.contains('_'));
        for id in named {
            let is_foreign = self.makers.get(id).is_some_and(|(_, maker)| *maker == Maker::Stranger);
            if is_foreign && !self.confirmed.iter().any(|own| own == id) {
                let what = format!("request {number} {} {} is about a stranger's object", request.method.as_str(), id);
                self.violate("I3", what);
            }
        }
    }

    /// The route of an object says that there is none.
    pub fn hide_read(&mut self, request: &Request) {
        let named = request.path().rsplit('/').next().unwrap_or_default();
        self.hidden_read.insert(named.to_owned());
    }

    pub fn is_of_stranger(&self, id: &str) -> bool {
        self.makers.get(id).is_some_and(|(_, maker)| *maker == Maker::Stranger)
    }

    pub fn strangers(&self) -> BTreeSet<String> {
        let of_strangers = self.makers.iter().filter(|(_, (_, maker))| *maker == Maker::Stranger);
        of_strangers.map(|(id, _)| id.clone()).collect()
    }

    pub fn newest_of_engine(&self, emulator: &Emulator) -> Option<String> {
        let alive = living(emulator).filter(|object| !self.is_of_stranger(&object.id));
        alive.max_by_key(|object| (object.created_ms, object.id.clone())).map(|object| object.id.to_string())
    }
}

/// Every object that there is.
pub fn living(emulator: &Emulator) -> impl Iterator<Item = &Object> {
    let tenants = [Environment::Live, Environment::Test].map(|environment| emulator.tenant(environment));
    tenants.into_iter().flat_map(|tenant| Kind::ALL.into_iter().flat_map(move |kind| tenant.of(kind).in_order()))
}

/// Whether a job works on any of them.
pub fn is_at_work(emulator: &Emulator) -> bool {
    let tenants = [Environment::Live, Environment::Test].map(|environment| emulator.tenant(environment));
    let mut jobs = tenants.into_iter().flat_map(|tenant| tenant.jobs.in_order());
    jobs.any(|job| job.end.is_none())
}
