//! What time does: jobs begin, end and are forgotten, and their objects change with them in the same step
//! (contract.md 4.3). Computed when somebody looks, from virtual time, so no timer is needed.
use smol_str::SmolStr;

use super::cdn;
use super::clock::Now;
use super::config::FailedCreate;
use super::core::Emulator;
use super::errors::ErrorBody;
use super::job::{End, Ending, Goal, Job, result_of};
use super::object::{Body, Kind, Object, Status};
use super::tenant::{Change, Environment};

impl Emulator {
    /// Brings the world up to a real time.
    pub fn settle(&mut self, now: Now) {
        let at_ms = self.virtual_ms(now);
        for environment in [Environment::Live, Environment::Test] {
            while let Some((due_ms, id)) = self.pop_due(environment, at_ms) {
                self.advance_job(environment, &id, due_ms, now);
            }
            while let Some(job) = self.pop_expired(environment, now) {
                self.commit(environment, Change::Forget { job });
            }
        }
        self.replays.expire(now);
    }

    /// Begins or ends a job whose time has come.
    fn advance_job(&mut self, environment: Environment, id: &str, at_ms: i64, now: Now) {
        let Some(job) = self.tenant(environment).jobs.get(id).filter(|job| job.end.is_none()).cloned() else { return };
        let is_scale = matches!(job.goal, Goal::Scale { .. });
        if is_scale && !self.begin_scale(environment, &job, at_ms, now) {
            return;
        }
        if job.due_ms() <= at_ms {
            self.end_job(environment, job, now);
        }
    }

    /// A scale that waited for its window begins; false: the cluster is busy or gone, and the job is canceled.
    fn begin_scale(&mut self, environment: Environment, job: &Job, at_ms: i64, now: Now) -> bool {
        let Some(object) = self.tenant(environment).get(Kind::Database, &job.resource_id).cloned() else {
            self.cancel_job(environment, &job.id, at_ms, now);
            return false;
        };
        let waits =
            object.database().and_then(|database| database.pending.as_ref()).is_some_and(|p| p.job_id == job.id);
        if !waits {
            return true;
        }
        if object.job.is_some() {
            self.cancel_job(environment, &job.id, at_ms, now);
            return false;
        }
        self.change_object(environment, object, at_ms, |object| {
            object.status = Status::Scaling;
            object.job = Some(job.id.clone());
            if let Body::Database(database) = &mut object.body {
                database.pending = None;
            }
        });
        true
    }

    /// Ends a job without effect.
    pub(super) fn cancel_job(&mut self, environment: Environment, id: &str, at_ms: i64, now: Now) {
        let Some(mut job) = self.tenant(environment).jobs.get(id).filter(|job| job.end.is_none()).cloned() else {
            return;
        };
        job.end = Some(End { at_ms, ending: Ending::Canceled, result: None, error: None, real_ms: now.unix_ms });
        let pending = self.tenant(environment).get(job.kind, &job.resource_id).cloned();
        self.commit(environment, Change::Job(Box::new(job)));
        let Some(object) = pending else { return };
        if object.database().and_then(|database| database.pending.as_ref()).is_some_and(|pending| pending.job_id == id)
        {
            self.change_object(environment, object, at_ms, |object| {
                if let Body::Database(database) = &mut object.body {
                    database.pending = None;
                }
            });
        }
    }

    fn end_job(&mut self, environment: Environment, mut job: Job, now: Now) {
        let at_ms = job.due_ms();
        let object = self.tenant(environment).get(job.kind, &job.resource_id).cloned();
        let mut error = job.doom.clone();
        let mut purged = 0;
        match (object, &error) {
            (Some(object), None) => purged = self.reach(environment, object, &job, at_ms),
            (Some(object), Some(_)) if job.partial => {
                self.reach(environment, object, &job, at_ms);
            }
            (Some(object), Some(_)) => self.give_up(environment, object, &job, at_ms),
            (None, _) if job.goal.is_delete() => {}
            (None, _) => error = Some(Box::new(gone(&job))),
        }
        let ending = if error.is_some() { Ending::Failed } else { Ending::Succeeded };
        let result = if error.is_some() { None } else { result_of(&job.goal, purged) };
        job.end = Some(End { at_ms, ending, result, error, real_ms: now.unix_ms });
        self.commit(environment, Change::Job(Box::new(job)));
    }

    /// The object as the job wanted it. Returns how many objects a purge took off the edge.
    fn reach(&mut self, environment: Environment, object: Object, job: &Job, at_ms: i64) -> usize {
        let address = self.tenant(environment).next_address(object.kind, &object.id);
        match &job.goal {
            Goal::Delete { .. } => {
                self.commit(environment, Change::Remove { kind: object.kind, id: object.id });
                return 0;
            }
            Goal::Purge(order) => return cdn::purge_now(self, environment, object, order),
            Goal::Snapshot { snapshot_id } => {
                self.end_snapshot(environment, &object, snapshot_id, Status::Available, at_ms)
            }
            Goal::Create | Goal::Start | Goal::Stop | Goal::Reboot | Goal::Resize { .. } | Goal::Scale { .. } => {}
        }
        self.change_object(environment, object, at_ms, |object| {
            object.job = None;
            match &job.goal {
                Goal::Create => {
                    object.status = Status::Running;
                    match &mut object.body {
                        Body::Machine(machine) => machine.ipv4 = Some(address),
                        Body::Database(database) => database.ready = true,
                        Body::Zone(_) | Body::Rule(_) | Body::Snapshot(_) | Body::SshKey(_) => {}
                    }
                }
                Goal::Start => object.status = Status::Running,
                Goal::Stop => object.status = Status::Stopped,
                Goal::Resize { size } => {
                    if let Body::Machine(machine) = &mut object.body {
                        machine.size = size.clone();
                    }
                }
                Goal::Scale { tier, read_replicas } => {
                    object.status = Status::Running;
                    if let Body::Database(database) = &mut object.body {
                        database.tier = tier.clone();
                        database.read_replicas = *read_replicas;
                    }
                }
                Goal::Reboot | Goal::Snapshot { .. } | Goal::Delete { .. } | Goal::Purge(_) => {}
            }
        });
        0
    }

    /// The object after its job failed: unchanged, but a failed create is `failed` or vanishes.
    fn give_up(&mut self, environment: Environment, object: Object, job: &Job, at_ms: i64) {
        if let Goal::Purge(_) = job.goal {
            return;
        }
        if let Goal::Snapshot { snapshot_id } = &job.goal {
            self.end_snapshot(environment, &object, snapshot_id, Status::Failed, at_ms);
        }
        // The documented profiles have no status for it, so it vanishes there (4.1).
        let vanishes = self.config.failed_create == FailedCreate::Vanish || !self.config.profile.is_full();
        if job.goal == Goal::Create && vanishes {
            self.commit(environment, Change::Remove { kind: object.kind, id: object.id });
            return;
        }
        self.change_object(environment, object, at_ms, |object| {
            object.job = None;
            match &job.goal {
                Goal::Create => object.status = Status::Failed,
                Goal::Delete { before } => object.status = *before,
                Goal::Scale { .. } => object.status = Status::Running,
                Goal::Start
                | Goal::Stop
                | Goal::Reboot
                | Goal::Resize { .. }
                | Goal::Snapshot { .. }
                | Goal::Purge(_) => {}
            }
        });
    }

    fn end_snapshot(&mut self, environment: Environment, source: &Object, id: &SmolStr, status: Status, at_ms: i64) {
        let Some(snapshot) = self.tenant(environment).get(Kind::Snapshot, id).cloned() else { return };
        let size = source.size().map_or(0, |size| super::catalog::disk_gb(source.kind, size));
        self.change_object(environment, snapshot, at_ms, |snapshot| {
            snapshot.status = status;
            snapshot.job = None;
            if let Body::Snapshot(body) = &mut snapshot.body {
                body.size_gb = (status == Status::Available).then_some(size);
            }
        });
    }

    /// Changes an object visibly: a new version, a new `updated_at`.
    pub(super) fn change_object(
        &mut self,
        environment: Environment,
        mut object: Object,
        at_ms: i64,
        change: impl FnOnce(&mut Object),
    ) {
        change(&mut object);
        object.version += 1;
        object.updated_ms = at_ms;
        self.commit(environment, Change::Put(Box::new(object)));
    }
}

/// The error of a job whose object went away under it.
fn gone(job: &Job) -> ErrorBody {
    ErrorBody::new(
        "not_found",
        format!("{} does not exist or has been deleted.", job.resource_id),
        serde_json::json!({"resource_type": job.kind.as_str(), "id": job.resource_id}),
    )
}
