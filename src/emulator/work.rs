//! What several operations share: making objects, starting jobs, checking what stands in the way, answering.
use serde::Serialize;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::call::{Call, Reply};
use super::core::Emulator;
use super::effects::{Effect, Work};
use super::errors::{ErrorBody, ErrorCode, Refusal, busy, not_found, refuse};
use super::job::{Goal, Job, duration_ms};
use super::keys::outside_region;
use super::object::{Body, Kind, Object, Status};
use super::tenant::{Change, job_of};
use super::views::{View, view};

/// `{"data": …}`.
#[derive(Serialize)]
struct Envelope<'a> {
    data: View<'a>,
}

/// `{"job_id": …, "data": …}`; members are left out as the profile or a knob says.
#[derive(Serialize)]
struct Accepted<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<View<'a>>,
}

impl Emulator {
    /// The object that a request names: it must exist (404) and be visible to the key (403).
    pub(super) fn named(&self, call: &Call<'_>, kind: Kind, id: &str) -> Result<Object, Refusal> {
        let object = self.tenant(call.environment).get(kind, id).ok_or_else(|| not_found(kind.as_str(), id))?;
        if !call.key.sees_region(&object.region) {
            return Err(outside_region(&call.key, &object.region));
        }
        Ok(object.clone())
    }

    /// 412 when the request was made from another version (2.6).
    pub(super) fn check_etag(&self, call: &Call<'_>, object: &Object) -> Result<(), Refusal> {
        let Some(wanted) = call.headers.get("if-match").filter(|_| self.config.profile.is_full()) else {
            return Ok(());
        };
        let current = object.etag();
        let fits = wanted.split(',').map(str::trim).any(|one| one == "*" || one == current);
        if fits {
            return Ok(());
        }
        Err(refuse(
            ErrorCode::PreconditionFailed,
            "The resource has changed since it was read.",
            json!({"current_etag": current}),
        ))
    }

    /// 409 while a job works on the object.
    pub(super) fn check_idle(&self, call: &Call<'_>, object: &Object) -> Result<(), Refusal> {
        match job_of(self.tenant(call.environment), object) {
            Some(job) => Err(busy(&object.id, &job.id)),
            None => Ok(()),
        }
    }

    /// A new object of this request, not yet in the world.
    pub(super) fn new_object(
        &self,
        call: &Call<'_>,
        kind: Kind,
        name: SmolStr,
        region: SmolStr,
        status: Status,
        body: Body,
    ) -> Object {
        let mut object = Object {
            id: SmolStr::default(),
            kind,
            name,
            region,
            status,
            created_ms: call.at_ms,
            updated_ms: call.at_ms,
            version: 1,
            ordinal: 0,
            job: None,
            body,
        };
        let natural_key = object.natural_key();
        let (id, ordinal) =
            self.tenant(call.environment).next_id(self.config.seed, call.environment, kind, &natural_key);
        object.id = id;
        object.ordinal = ordinal;
        object
    }

    /// Starts a job on an object and puts the object into the world with it. `doom`: the error that it will end with.
    pub(super) fn start_job(
        &mut self,
        call: &Call<'_>,
        mut object: Object,
        goal: Goal,
        doom: Option<Box<ErrorBody>>,
    ) -> (Object, SmolStr) {
        let job = self.make_job(call, &object, goal, None, doom);
        let id = job.id.clone();
        object.job = Some(id.clone());
        if self.tenant(call.environment).get(object.kind, &object.id).is_some() {
            object.version += 1;
            object.updated_ms = call.at_ms;
        }
        self.commit(call.environment, Change::Put(Box::new(object.clone())));
        self.commit(call.environment, Change::Job(Box::new(job)));
        (object, id)
    }

    /// A job for an object, not yet in the world.
    pub(super) fn make_job(
        &self,
        call: &Call<'_>,
        object: &Object,
        goal: Goal,
        scheduled_ms: Option<i64>,
        doom: Option<Box<ErrorBody>>,
    ) -> Job {
        let id = self.tenant(call.environment).next_job_id(self.config.seed, call.environment, object);
        let duration_ms = duration_ms(&self.config, &self.head.clock, &goal, object.kind, &id);
        let mut job = Job {
            id,
            kind: object.kind,
            resource_id: object.id.clone(),
            goal,
            owner: call.key.id(),
            created_ms: call.at_ms,
            scheduled_ms,
            duration_ms,
            doom,
            partial: false,
            end: None,
        };
        for effect in call.effects {
            if let Effect::Work(work) = effect {
                meet(&mut job, work);
            }
        }
        job
    }

    /// 200 or 201 with the object.
    pub(super) fn object_reply(&self, status: u16, object: &Object) -> Reply {
        let data = view(object, self.config.profile);
        Reply::json(status, &Envelope { data }).with("ETag", object.etag())
    }

    /// 202 with the job and the object as it was accepted.
    pub(super) fn accepted(&self, object: &Object, job_id: &str) -> Reply {
        let data = self.config.profile.is_full().then(|| view(object, self.config.profile));
        Reply::json(202, &Accepted { job_id: Some(job_id), data }).with("Location", format!("/v1/jobs/{job_id}"))
    }

    /// 202 for an action: with a job, or without one where the knob says so (L41).
    pub(super) fn accepted_action(&self, object: &Object, job_id: &str) -> Reply {
        if self.config.actions.return_job {
            return self.accepted(object, job_id);
        }
        let data = self.config.profile.is_full().then(|| view(object, self.config.profile));
        Reply::json(202, &Accepted { job_id: None, data })
    }

    /// 409 `already_exists` for something that may be there only once.
    pub(super) fn already_exists(what: &str, existing_id: &str) -> Refusal {
        refuse(ErrorCode::AlreadyExists, format!("{what} already exists."), json!({"existing_id": existing_id}))
    }

    /// 403 when a new object would be outside of the key's regions.
    pub(super) fn check_region(call: &Call<'_>, region: &str) -> Result<(), Refusal> {
        if call.key.sees_region(region) { Ok(()) } else { Err(outside_region(&call.key, region)) }
    }
}

/// A job as a fault leaves it.
fn meet(job: &mut Job, effect: &Work) {
    let failure = |code: &str| ErrorBody::new(code, "Unexpected infrastructure failure. Contact support.", json!({}));
    match effect {
        Work::JobFail { code } => job.doom = Some(Box::new(failure(code.as_deref().unwrap_or("internal_error")))),
        Work::Partial => {
            job.doom = Some(Box::new(failure("internal_error")));
            job.partial = true;
        }
        // Longer than any test and short enough to be added to a time.
        Work::JobStuck => job.duration_ms = i64::MAX / 4,
        Work::JobSlow { factor } => job.duration_ms = (job.duration_ms as f64 * factor.max(0.0)) as i64,
        Work::Downgrade => {}
    }
}

/// `{"data": {"id": …, "deleted": true}}`: a deletion answers one JSON body too.
pub fn deleted(id: &str) -> Reply {
    let body: Value = json!({"data": {"id": id, "deleted": true}});
    Reply::json(200, &body)
}
