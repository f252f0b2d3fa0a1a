//! The emulated cloud as a state machine: what it holds, how it begins, how it changes.
//! No clock, disk, network or randomness; `handle.rs` answers requests with it.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

use super::cache::Pages;
use super::clock::{Clock, Now};
use super::config::{Config, Fixtures};
use super::faults::Faults;
use super::fixtures;
use super::idempotency::{Replays, Stored};
use super::ids;
use super::keys::{Key, seeded};
use super::limits::Limits;
use super::log::Log;
use super::routes::Ports;
use super::tenant::{Change, Environment, Tenant};

/// Version of the records below; others are refused.
pub const FORMAT: u32 = 1;

/// The seeded keys and those of a configuration.
pub(super) fn all_keys(config: &Config) -> Vec<Arc<Key>> {
    seeded().into_iter().chain(config.keys.iter().cloned()).map(Arc::new).collect()
}

/// What the store writes: enough to rebuild the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The world begins anew; everything before is void.
    Begin(Head),
    Clock(Clock),
    Data(Environment, Change),
    /// An answer kept for its idempotency key.
    Answered(Stored),
    /// Everything that was set at the control door.
    Settings(Map<String, Value>),
    /// The faults that are set, with their counts.
    Faults(Faults),
}

/// What is true of a whole world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    pub account_id: String,
    /// Number of resets.
    pub generation: u32,
    pub clock: Clock,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Emulator {
    /// What the process began with.
    pub(super) base: Config,
    /// What was set since, a patch over it.
    pub(super) settings: Map<String, Value>,
    /// The two together.
    pub(super) config: Config,
    pub(super) keys: Vec<Arc<Key>>,
    pub(super) head: Head,
    pub(super) live: Tenant,
    pub(super) test: Tenant,
    pub(super) limits: Limits,
    pub(super) replays: Replays,
    pub(super) pages: Pages,
    pub(super) log: Log,
    pub(super) faults: Faults,
    /// Requests so far.
    pub(super) counter: u64,
    /// Where it is served, for the document that it gives of itself.
    pub(super) ports: Ports,
    records: Vec<Record>,
    /// Somebody wants the journal rewritten.
    wants_compaction: bool,
}

impl Emulator {
    /// A new world. Its records are queued like any others.
    pub fn new(config: Config, now: Now) -> Emulator {
        let head = Head { format: FORMAT, account_id: String::new(), generation: 0, clock: Clock::start(&config, now) };
        let keys = all_keys(&config);
        let mut emulator = Emulator {
            log: Log::new(config.log_capacity),
            base: config.clone(),
            settings: Map::new(),
            config,
            keys,
            head,
            live: Tenant::default(),
            test: Tenant::default(),
            limits: Limits::default(),
            replays: Replays::default(),
            pages: Pages::default(),
            faults: Faults::default(),
            counter: 0,
            ports: Ports::default(),
            records: Vec::new(),
            wants_compaction: false,
        };
        emulator.begin(0, now);
        emulator
    }

    /// The machine that wrote these records.
    ///
    /// # Errors
    /// What is wrong with the records, in words.
    pub fn restore(config: Config, records: impl IntoIterator<Item = Record>, now: Now) -> Result<Emulator, String> {
        let mut emulator = Emulator::new(config, now);
        emulator.records.clear();
        let mut begun = false;
        for record in records {
            begun |= matches!(record, Record::Begin(_));
            if !begun {
                return Err("the records do not begin with a beginning".to_owned());
            }
            emulator.take_over(record)?;
        }
        if !begun {
            return Err("there are no records".to_owned());
        }
        emulator.replays.end_all();
        let mut clock = emulator.head.clock.clone();
        clock.follow(&emulator.config, now);
        emulator.set_clock(clock);
        Ok(emulator)
    }

    /// Takes over a record that was written elsewhere.
    ///
    /// # Errors
    /// The record is of a format that this version does not know.
    pub fn take_over(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Begin(head) if head.format != FORMAT => {
                return Err(format!("format {} is not known here; this version knows {FORMAT}", head.format));
            }
            Record::Begin(head) => {
                self.head = head;
                self.wipe();
            }
            Record::Clock(clock) => self.head.clock = clock,
            Record::Data(environment, change) => self.tenant_mut(environment).apply(&change),
            Record::Answered(stored) => self.replays.keep(stored),
            Record::Settings(settings) => self.take_settings(settings)?,
            Record::Faults(faults) => self.faults = faults,
        }
        Ok(())
    }

    /// Takes over a record of a state that somebody puts in the place of this one; the store hears of it.
    pub(super) fn replace_with(&mut self, record: Record) -> Result<(), String> {
        self.take_over(record.clone())?;
        self.records.push(record);
        Ok(())
    }

    /// Empties everything and puts the fixtures in; the account is another one.
    pub fn reset(&mut self, now: Now) {
        self.head.clock = Clock::start(&self.config, now);
        self.log.clear();
        self.forget_faults();
        self.begin(self.head.generation + 1, now);
    }

    fn begin(&mut self, generation: u32, now: Now) {
        let parts = [self.config.seed.to_string(), now.unix_ms.to_string(), generation.to_string()];
        let parts: Vec<&str> = std::iter::once("account").chain(parts.iter().map(String::as_str)).collect();
        self.head.account_id = format!("acct_{}", ids::base36(&parts, 12));
        self.head.generation = generation;
        self.wipe();
        self.records.push(Record::Begin(self.head.clone()));
        match self.config.fixtures {
            Fixtures::Empty => {}
            Fixtures::Documented => {
                for environment in [Environment::Live, Environment::Test] {
                    fixtures::documented(self, environment);
                }
            }
        }
    }

    fn wipe(&mut self) {
        self.live = Tenant::default();
        self.test = Tenant::default();
        self.limits = Limits::default();
        self.replays = Replays::default();
        self.pages.clear();
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn set_clock(&mut self, clock: Clock) {
        if clock != self.head.clock {
            self.head.clock = clock.clone();
            self.records.push(Record::Clock(clock));
        }
    }

    /// Something that the store is to know.
    pub(super) fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Stable for a data directory, another one after a reset.
    pub fn account_id(&self) -> &str {
        &self.head.account_id
    }

    /// Virtual time, Unix milliseconds.
    pub fn virtual_ms(&self, now: Now) -> i64 {
        self.head.clock.virtual_ms(now)
    }

    pub fn tenant(&self, environment: Environment) -> &Tenant {
        match environment {
            Environment::Live => &self.live,
            Environment::Test => &self.test,
        }
    }

    fn tenant_mut(&mut self, environment: Environment) -> &mut Tenant {
        match environment {
            Environment::Live => &mut self.live,
            Environment::Test => &mut self.test,
        }
    }

    /// The one way in which data changes.
    pub(super) fn commit(&mut self, environment: Environment, change: Change) {
        self.tenant_mut(environment).apply(&change);
        self.records.push(Record::Data(environment, change));
    }

    pub(super) fn keep_answer(&mut self, stored: Stored) {
        self.replays.keep(stored.clone());
        self.records.push(Record::Answered(stored));
    }

    /// Takes the next thing off an agenda when its time has come.
    pub(super) fn pop_due(&mut self, environment: Environment, at_ms: i64) -> Option<(i64, smol_str::SmolStr)> {
        let agenda = &mut self.tenant_mut(environment).agenda;
        if agenda.first().is_some_and(|(due_ms, _)| *due_ms <= at_ms) { agenda.pop_first() } else { None }
    }

    /// Takes the next job that is to be forgotten.
    pub(super) fn pop_expired(&mut self, environment: Environment, now: Now) -> Option<smol_str::SmolStr> {
        let expiry = &mut self.tenant_mut(environment).expiry;
        if expiry.first().is_some_and(|(due_ms, _)| *due_ms <= now.unix_ms) {
            expiry.pop_first().map(|(_, id)| id)
        } else {
            None
        }
    }

    pub(super) fn ask_for_compaction(&mut self) {
        self.wants_compaction = true;
    }

    /// Whether the store is to rewrite its journal; asked once.
    pub(super) fn take_compaction(&mut self) -> bool {
        std::mem::take(&mut self.wants_compaction)
    }

    /// What has changed since the last call, for the store.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// Records that rebuild this machine from nothing.
    pub fn snapshot(&self) -> Vec<Record> {
        let mut records = vec![Record::Begin(self.head.clone())];
        if !self.settings.is_empty() {
            records.push(Record::Settings(self.settings.clone()));
        }
        if self.faults != Faults::default() {
            records.push(Record::Faults(self.faults.clone()));
        }
        for environment in [Environment::Live, Environment::Test] {
            let changes = self.tenant(environment).snapshot();
            records.extend(changes.into_iter().map(|change| Record::Data(environment, change)));
        }
        records.extend(self.replays.all().cloned().map(Record::Answered));
        records
    }

    /// Fills the log of a restored machine; counting goes on from its last number, which is returned.
    pub fn remember(&mut self, entries: Vec<super::log::LogEntry>) -> u64 {
        for entry in entries {
            self.counter = self.counter.max(entry.number);
            self.log.push(entry);
        }
        self.counter
    }

    /// The requests with a higher number, oldest first.
    pub fn requests_after(&self, number: u64) -> impl Iterator<Item = &super::log::LogEntry> {
        self.log.after(number)
    }

    /// The requests so far, oldest first (as many as the log keeps).
    pub fn requests(&self) -> impl Iterator<Item = &super::log::LogEntry> {
        self.log.entries()
    }
}
