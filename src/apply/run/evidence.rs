//! Jobs as evidence: whether one that names a new object can be told from the one that an unclear create began.

use super::machine::Run;
use super::settle::{is_creation, is_since};
use crate::apply::sweep::MOST_LATE;
use crate::cloud::Job;
use crate::model::{NodeId, RemoteId};
use crate::state::{Intent, Tombstone};
use std::collections::BTreeSet;

/// What the list showed that is new.
pub(super) struct Seen<'l> {
    /// The only one that is as wanted.
    pub object: &'l RemoteId,
    pub others: &'l BTreeSet<RemoteId>,
}

impl Run {
    /// Whether another job than the one that names the object may be the create's as well: of the same sort, begun since, and
    /// of nothing that is known to be somebody's. Then the object may be a stranger's, made in the same moment; or that of a
    /// create of another address.
    pub(super) fn is_contested(&self, step: NodeId, intent: &Intent, jobs: &[Job], seen: &Seen<'_>) -> bool {
        let object = seen.object;
        let names_it = |job: &Job| self.named_by(step, job).as_ref() == Some(object);
        let sorts: BTreeSet<&str> = jobs.iter().filter(|job| names_it(job)).map(|job| job.work.as_str()).collect();
        jobs.iter().any(|job| {
            let is_alike = sorts.contains(job.work.as_str()) && is_creation(job) && is_since(job, intent);
            is_alike && !names_it(job) && self.may_be_unclear(step, intent, job, seen.others)
        }) || self.may_be_anothers(intent)
    }

    /// Whether nothing tells what the job made: it names nothing and is none of ours, or names what no list has shown.
    fn may_be_unclear(&self, step: NodeId, intent: &Intent, job: &Job, others: &BTreeSet<RemoteId>) -> bool {
        let is_ours = self.own_jobs.contains(&job.id)
            || self.snapshot.open.values().any(|open| open.job.as_ref() == Some(&job.id));
        // Where the result names the object, the job's own is another one.
        let kind = self.catalog.kind(&intent.kind);
        let tells_late = kind.is_some_and(|kind| kind.create.id_in_result.is_some());
        match self.named_by(step, job) {
            Some(id) => !self.is_known(intent, &id) && !self.touched.contains(&id) && !others.contains(&id),
            None => !is_ours && (job.resource.is_none() || tells_late),
        }
    }

    /// Whether a create of another address that was given up may make what looks the same only now: its job is as new as the
    /// step's own.
    fn may_be_anothers(&self, intent: &Intent) -> bool {
        let is_late = |given_up: &Tombstone| {
            given_up.address != intent.address
                && (&given_up.kind, &given_up.fingerprint) == (&intent.kind, &intent.fingerprint)
                && intent.at.since(given_up.at) <= MOST_LATE
        };
        !self.in_process && self.snapshot.tombstones.values().any(is_late)
    }
}
