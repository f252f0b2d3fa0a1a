//! All data of one environment (live or test), and the records of its changes. Every change goes through
//! `Tenant::apply`, live or replayed from the store, so both give the same world.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::collection::{Collection, Facet};
use super::ids::IdSource;
use super::job::{Job, RETENTION_MS};
use super::object::{Kind, Object};

/// Live and test data never mix (4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    Live,
    Test,
}

impl Environment {
    pub fn as_str(self) -> &'static str {
        match self {
            Environment::Live => "live",
            Environment::Test => "test",
        }
    }
}

/// One change of an environment's data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Put(Box<Object>),
    Remove {
        kind: Kind,
        id: SmolStr,
    },
    Job(Box<Job>),
    Forget {
        job: SmolStr,
    },
    /// The next free ordinal of a natural key whose objects are gone.
    Ordinal {
        key: u64,
        next: u32,
    },
}

/// The data of one environment.
#[derive(Clone, Debug, Default)]
pub struct Tenant {
    objects: [Collection<Object>; 7],
    pub jobs: Collection<Job>,
    /// What happens to jobs at which virtual time: work begins or is done.
    pub agenda: BTreeSet<(i64, SmolStr)>,
    /// Real times at which jobs are forgotten.
    pub expiry: BTreeSet<(i64, SmolStr)>,
    /// Addresses in use, by surface (instances, servers).
    addresses: [BTreeSet<u32>; 2],
    ordinals: BTreeMap<u64, u32>,
    /// Counts changes.
    version: u64,
}

impl Tenant {
    pub fn of(&self, kind: Kind) -> &Collection<Object> {
        &self.objects[kind as usize]
    }

    pub fn get(&self, kind: Kind, id: &str) -> Option<&Object> {
        self.of(kind).get(id)
    }

    /// Another number than before: something has changed.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes a change over.
    pub fn apply(&mut self, change: &Change) {
        self.version += 1;
        match change {
            Change::Put(object) => self.put((**object).clone()),
            Change::Remove { kind, id } => {
                if let Some(old) = self.objects[*kind as usize].remove(id) {
                    self.free_address(old.kind, old.machine().and_then(|machine| machine.ipv4));
                }
            }
            Change::Job(job) => self.put_job((**job).clone()),
            Change::Forget { job } => {
                if let Some(old) = self.jobs.remove(job) {
                    self.unlist_job(&old);
                }
            }
            Change::Ordinal { key, next } => {
                let entry = self.ordinals.entry(*key).or_insert(0);
                *entry = (*entry).max(*next);
            }
        }
    }

    fn put(&mut self, object: Object) {
        let old = self.get(object.kind, &object.id).map(|old| old.machine().and_then(|machine| machine.ipv4));
        if let Some(address) = old {
            self.free_address(object.kind, address);
        } else {
            let next = self.ordinals.entry(ordinal_key(&object)).or_insert(0);
            *next = (*next).max(object.ordinal + 1);
        }
        if let Some(address) = object.machine().and_then(|machine| machine.ipv4) {
            self.addresses[surface_index(object.kind)].insert(address);
        }
        self.objects[object.kind as usize].put(object);
    }

    fn free_address(&mut self, kind: Kind, address: Option<u32>) {
        if let Some(address) = address {
            self.addresses[surface_index(kind)].remove(&address);
        }
    }

    fn put_job(&mut self, job: Job) {
        if let Some(old) = self.jobs.get(&job.id).cloned() {
            self.unlist_job(&old);
        }
        match &job.end {
            None => {
                self.agenda.insert((job.start_ms(), job.id.clone()));
                self.agenda.insert((job.due_ms(), job.id.clone()));
            }
            Some(end) => {
                self.expiry.insert((end.real_ms.saturating_add(RETENTION_MS), job.id.clone()));
            }
        }
        self.jobs.put(job);
    }

    fn unlist_job(&mut self, job: &Job) {
        self.agenda.remove(&(job.start_ms(), job.id.clone()));
        self.agenda.remove(&(job.due_ms(), job.id.clone()));
        if let Some(end) = &job.end {
            self.expiry.remove(&(end.real_ms.saturating_add(RETENTION_MS), job.id.clone()));
        }
    }

    /// The next unused id and ordinal of a natural key.
    pub fn next_id(&self, seed: u64, environment: Environment, kind: Kind, natural_key: &str) -> (SmolStr, u32) {
        let source = IdSource { seed, environment: environment.as_str(), kind: kind.as_str(), natural_key };
        let (prefix, digits) = kind.id_form();
        let mut ordinal = self.ordinals.get(&source.counter()).copied().unwrap_or(0);
        loop {
            let id = source.id(prefix, digits, ordinal);
            if self.get(kind, &id).is_none() {
                return (id, ordinal);
            }
            ordinal += 1;
        }
    }

    /// A job's id: from what it works on, in which version.
    pub fn next_job_id(&self, seed: u64, environment: Environment, object: &Object) -> SmolStr {
        let natural_key = format!("{}/{}", object.id, object.version);
        let source = IdSource { seed, environment: environment.as_str(), kind: "job", natural_key: &natural_key };
        let mut ordinal = 0;
        loop {
            let id = source.id("job_", 12, ordinal);
            if self.jobs.get(&id).is_none() {
                return id;
            }
            ordinal += 1;
        }
    }

    /// A free address for a machine: from its id, then the next ones (L34).
    pub fn next_address(&self, kind: Kind, id: &str) -> u32 {
        let used = &self.addresses[surface_index(kind)];
        let start = super::ids::number(&["address", id]);
        let pools: &[(u32, u32)] = match kind {
            // 198.51.100/24, 203.0.113/24, 198.18/15, 100.64/10.
            Kind::ComputeInstance => &[(0xC633_6400, 8), (0xCB00_7100, 8), (0xC612_0000, 17), (0x6440_0000, 22)],
            // 192.168/16, 10/8.
            Kind::Server | Kind::Database | Kind::CdnZone | Kind::CdnRoutingRule | Kind::Snapshot | Kind::SshKey => {
                &[(0xC0A8_0000, 16), (0x0A00_0000, 24)]
            }
        };
        for &(base, bits) in pools {
            let size = 1u64 << bits;
            // The ends of a pool are no host addresses. Full pools are given up after some steps.
            for step in 0..32 {
                let host = ((start + step) % (size - 2)) as u32 + 1;
                if !used.contains(&(base + host)) {
                    return base + host;
                }
            }
        }
        0x0A00_0000 + (start % (1 << 24)) as u32
    }

    /// Machines that are being created from a snapshot.
    pub fn users_of(&self, object: &Object) -> Vec<SmolStr> {
        let facet = Facet::Parent(object.id.clone());
        let machines = [Kind::ComputeInstance, Kind::Server].into_iter().filter_map(|kind| self.of(kind).find(&facet));
        machines.flat_map(|order| order.iter().map(|(_, id)| id.clone())).collect()
    }

    /// Changes that rebuild this data from nothing.
    pub fn snapshot(&self) -> Vec<Change> {
        let mut derived: BTreeMap<u64, u32> = BTreeMap::new();
        let mut changes = Vec::new();
        for object in self.objects.iter().flat_map(Collection::in_order) {
            let next = derived.entry(ordinal_key(object)).or_insert(0);
            *next = (*next).max(object.ordinal + 1);
            changes.push(Change::Put(Box::new(object.clone())));
        }
        changes.extend(self.jobs.in_order().map(|job| Change::Job(Box::new(job.clone()))));
        let lost = self.ordinals.iter().filter(|(key, next)| derived.get(key) != Some(next));
        changes.extend(lost.map(|(&key, &next)| Change::Ordinal { key, next }));
        changes
    }
}

fn ordinal_key(object: &Object) -> u64 {
    IdSource { seed: 0, environment: "", kind: object.kind.as_str(), natural_key: &object.natural_key() }.counter()
}

fn surface_index(kind: Kind) -> usize {
    usize::from(kind == Kind::Server)
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The job that works on an object, as long as it has not ended.
pub fn job_of<'a>(tenant: &'a Tenant, object: &Object) -> Option<&'a Job> {
    object.job.as_ref().and_then(|id| tenant.jobs.get(id)).filter(|job| job.end.is_none())
}
