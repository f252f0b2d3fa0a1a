//! An object of the cloud as it was last seen.

use super::ident::{JobId, RemoteId};
use super::value::Attributes;

/// What an object looked like when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pub id: RemoteId,
    /// Attributes by the catalog's names; members that the answer left out are absent (`contract.md L28`).
    pub attributes: Attributes,
    /// The API's status word, where the kind has one.
    pub status: Option<String>,
    pub current_job: Option<JobId>,
    pub etag: Option<String>,
}
