//! Jobs: many in one request where the API can, one by one where it can't (`contract.md` 2.5).

use super::call::{Job, JobStatus};
use super::client::{Client, Reach};
use super::envelope::from_envelope;
use super::error::ReadError;
use super::observe::{data_of, id_of, value_of};
use super::request::append_parameter;
use crate::model::{Ident, JobId, RemoteId, Timestamp, Type};
use crate::provider::Pagination;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// So many jobs are asked for one by one; of more the objects tell in fewer requests (`contract.md` 2.5).
pub const SINGLE_JOBS: usize = 5;

impl Client {
    /// Where these jobs stand, in the order asked for; a job that the API does not know is `Missing`. Where it answers for one
    /// at a time only, and these are more than [`SINGLE_JOBS`], none of them is asked for.
    pub async fn jobs(&self, surface: &Ident, ids: &[JobId]) -> Result<Vec<Job>, ReadError> {
        let reach = self.reach(surface)?;
        let mut known = BTreeMap::new();
        if ids.len() > 1 && reach.job_batches.get() != Some(false) {
            for batch in ids.chunks(reach.surface.jobs_batch.max(1) as usize) {
                let is_served = self.job_batch(reach, batch, &mut known).await?;
                reach.job_batches.set(is_served);
                if !is_served {
                    break;
                }
            }
        }
        if ids.len() > SINGLE_JOBS && reach.job_batches.get() == Some(false) {
            return Ok(ids.iter().map(|id| blank(id, JobStatus::Unasked)).collect());
        }
        let mut jobs = Vec::with_capacity(ids.len());
        for id in ids {
            let job = match known.remove(id) {
                Some(job) => job,
                None => self.job(reach, id).await?,
            };
            jobs.push(job);
        }
        Ok(jobs)
    }

    /// Every job that the API still keeps: evidence for what became of a request without an answer. `None`: it has no such list.
    pub async fn all_jobs(&self, surface: &Ident) -> Result<Option<Vec<Job>>, ReadError> {
        let path = self.reach(surface)?.surface.jobs_path.clone();
        match self.pages(surface, &path, &|item: &Json| Some(item.clone())).await {
            Ok(listed) => Ok(Some(listed.items.iter().filter_map(job_of).collect())),
            Err(ReadError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the API answers for many jobs at once; what it told is added to `known`.
    async fn job_batch(
        &self,
        reach: &Reach,
        ids: &[JobId],
        known: &mut BTreeMap<JobId, Job>,
    ) -> Result<bool, ReadError> {
        let mut target = reach.surface.jobs_path.clone();
        for id in ids {
            append_parameter(&mut target, "id", id.as_str());
        }
        let size = match reach.surface.pagination {
            Pagination::Page => "per_page",
            Pagination::Cursor => "limit",
        };
        append_parameter(&mut target, size, &ids.len().to_string());
        let answer = match self.get(&reach.endpoint.surface, target).await {
            Ok(answer) => answer,
            Err(ReadError::NotFound(_) | ReadError::Refused(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let Some(items) = answer.json.get("data").and_then(Json::as_array) else { return Ok(false) };
        known.extend(
            items.iter().filter_map(job_of).filter(|job| ids.contains(&job.id)).map(|job| (job.id.clone(), job)),
        );
        Ok(true)
    }

    async fn job(&self, reach: &Reach, id: &JobId) -> Result<Job, ReadError> {
        let template = format!("{}/{{id}}", reach.surface.jobs_path);
        let path = super::request::path(&template, Some(&RemoteId(id.0.clone())), &Default::default());
        let path = path.map_err(|reason| ReadError::NotPossible { reason })?;
        match self.get(&reach.endpoint.surface, path).await {
            Ok(answer) => job_of(data_of(&answer.json)).filter(|job| job.id == *id).ok_or_else(|| {
                ReadError::BadAnswer { what: format!("{}: the answer for {id} is no job", reach.endpoint.host()) }
            }),
            Err(ReadError::NotFound(_)) => Ok(blank(id, JobStatus::Missing)),
            Err(error) => Err(error),
        }
    }
}

/// A job of which the API told nothing.
fn blank(id: &JobId, status: JobStatus) -> Job {
    Job {
        id: id.clone(),
        work: String::new(),
        created: None,
        status,
        progress: 0,
        resource: None,
        result: None,
        error: None,
    }
}

/// A job object; words that cnx does not know mean "still open".
fn job_of(json: &Json) -> Option<Job> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let scheduled = text("scheduled_for").and_then(Timestamp::parse);
    let status = match (text("status").unwrap_or_default(), scheduled) {
        ("succeeded" | "success" | "completed", _) => JobStatus::Succeeded,
        ("failed" | "error" | "errored", _) => JobStatus::Failed,
        ("canceled" | "cancelled", _) => JobStatus::Canceled,
        ("scheduled", Some(instant)) => JobStatus::Scheduled(instant),
        (_, _) => JobStatus::Open,
    };
    let progress = json.get("progress").and_then(Json::as_u64).unwrap_or_default().min(100);
    Some(Job {
        id: JobId(id_of(json)?.0),
        work: text("type").unwrap_or_default().to_owned(),
        created: text("created_at").and_then(Timestamp::parse),
        status,
        progress: u8::try_from(progress).unwrap_or(100),
        resource: json.get("resource").and_then(id_of),
        result: json.get("result").filter(|result| result.is_object()).map(|result| value_of(result, &Type::Any)),
        error: json.get("error").and_then(Json::as_object).map(from_envelope),
    })
}
