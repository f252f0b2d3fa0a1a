//! What is counted: for one run, and added up over all.

use super::faults::Fault;
use std::collections::{BTreeMap, HashSet};

#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub runs: u64,
    /// `apply`s begun, killed ones included.
    pub applies: u64,
    pub requests: u64,
    /// Of the requests: further pages of lists.
    pub pages: u64,
    pub commits: u64,
    pub kills: u64,
    /// Starts that found an operation open.
    pub recoveries: u64,
    /// Runs at whose end a person had to answer.
    pub asked: u64,
    /// Objects that the sweep told of.
    pub late: u64,
    /// Runs that undid what they had done.
    pub rollbacks: u64,
    /// Requests that left under a key that had been sent before.
    pub repeats: u64,
    pub faults: BTreeMap<Fault, u64>,
    /// Hashes of journals: the sequence of entries by kind, operation and address, without ids, times and nonces.
    pub journals: HashSet<u64>,
}

impl Tally {
    pub fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    pub fn add(&mut self, other: Tally) {
        self.runs += other.runs;
        self.applies += other.applies;
        self.requests += other.requests;
        self.pages += other.pages;
        self.commits += other.commits;
        self.kills += other.kills;
        self.recoveries += other.recoveries;
        self.asked += other.asked;
        self.late += other.late;
        self.rollbacks += other.rollbacks;
        self.repeats += other.repeats;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.journals.extend(other.journals);
    }
}
