//! What apply asks of the cloud and what it hears back: typed operations, four outcome classes. No graph, no steps.

use super::error::sentence;
use crate::model::{Attributes, Ident, JobId, Observed, RemoteId, Timestamp, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Which operation of the catalog is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Create,
    Read,
    Delete,
    /// An update of a kind by its name (`patch`, `resize`, `scale`, `start`).
    Update(Ident),
    /// The operation of an action kind (`cdn_purge`) or of a data source.
    Run,
}

/// A key that the API may use to recognise the same request (`Idempotency-Key`); lives and dies with its nonce.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct IdempotencyKey(pub String);

/// One operation on the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Kind, action kind or data source.
    pub kind: Ident,
    pub verb: Verb,
    /// The object, where there is one already.
    pub id: Option<RemoteId>,
    /// For a create: all attributes; for an update: the ones that change, and those that name the route or are always sent.
    pub attributes: Attributes,
    pub idempotency_key: Option<IdempotencyKey>,
    /// Put into the kind's stamp attribute at create: name → text.
    /// An update that sends the stamp attribute carries it again.
    pub stamp: BTreeMap<String, String>,
    /// Sent as `If-Match`: the version that the decision was made from.
    pub etag: Option<String>,
    /// For one attempt.
    pub deadline: Duration,
    /// From then on it does not leave any more: it repeats a request under a key that may be forgotten by then.
    pub until: Option<Timestamp>,
}

/// Keys are kept for 24 hours (`contract.md` 4.7); an hour less, so that no clock and no slow gateway makes it too late.
pub const KEYS_LAST: Duration = Duration::from_secs(23 * 60 * 60);

/// An error that the API gave in one of its forms (`contract.md L53`).
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ApiError {
    pub status: u16,
    /// `insufficient_resources`; empty where the answer had none.
    pub code: String,
    pub message: String,
    /// The details as JSON text; empty where there are none.
    pub details: String,
    pub request_id: String,
}

/// A 2xx answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accepted {
    pub job: Option<JobId>,
    /// The id of the object, where the answer says it.
    pub id: Option<RemoteId>,
    pub object: Option<Observed>,
    /// The whole `data` for sources and actions.
    pub data: Option<Value>,
}

/// The four classes of what became of a request (reliability: outcome classes).
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing left this machine; may be sent again.
    NotSent {
        reason: String,
    },
    /// The API refused in its own words.
    Rejected(ApiError),
    Accepted(Accepted),
    /// It may or may not have been done.
    Unknown {
        reason: String,
        error: Option<ApiError>,
    },
}

impl Outcome {
    /// What the answer to a repeated request tells of the first one, which was unclear: that the second was refused, or did not
    /// leave, may be of today.
    pub fn of_the_first(self) -> Outcome {
        let told = |reason: String| Outcome::Unknown { reason, error: None };
        match self {
            Outcome::Rejected(error) => told(format!("asked again it was refused: {}", sentence(&error))),
            Outcome::NotSent { reason } => told(format!("it could not be asked again: {reason}")),
            Outcome::Accepted(_) | Outcome::Unknown { .. } => self,
        }
    }
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Scheduled, queued, running, or a word that cnx does not know.
    Open,
    /// Waits for its window.
    Scheduled(Timestamp),
    Succeeded,
    Failed,
    Canceled,
    /// The API no longer (or never) knows it.
    Missing,
    /// Not asked for: that would take a request for each of many. Their objects tell as well.
    Unasked,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub id: JobId,
    /// What it does, in the API's words (`server.create`); empty where it doesn't say.
    pub work: String,
    pub created: Option<Timestamp>,
    pub status: JobStatus,
    /// 0 to 100.
    pub progress: u8,
    pub resource: Option<RemoteId>,
    /// The `result` object.
    pub result: Option<Value>,
    pub error: Option<ApiError>,
}

/// A list, read to its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    pub objects: Vec<Observed>,
    pub requests: u32,
    /// The regions that it is of, where the key is known to see no others (`contract.md L11`).
    pub regions: Option<Vec<String>>,
}
