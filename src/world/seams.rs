//! The seams to the outside, as traits: the real ones live beside this file, a simulation brings its own.
//! Nothing else in cnx touches disk, network, time, randomness or the environment.

use crate::model::Timestamp;
use crate::model::http::{Request, Response};
use futures::future::BoxFuture;
use std::path::Path;
use std::time::Duration;

/// Why a request has no response. The difference decides whether a write may be sent again (`docs/api/contract.md` 2.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// Not one byte of the request left: name, connection or TLS failed.
    NotSent { reason: String },
    /// Something left, and no whole response came back.
    Lost { reason: String },
}

/// Carries one request, once: no retries, no redirects, no cookies.
pub trait Transport: Send + Sync {
    /// `deadline` bounds the whole exchange, body included.
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>>;

    /// A request dies with its sender (in process): nothing can arrive after it was dropped.
    fn dies_with_sender(&self) -> bool;
}

/// Wall time, monotonic time and sleep.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    /// Since some fixed instant; never goes back.
    fn monotonic(&self) -> Duration;
    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()>;
}

/// Random bytes from the operating system, or from a seed.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// Disk. Paths are as given by the caller; errors name the path.
pub trait Files: Send + Sync {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>>;
    /// As `read`, for secrets: refuses a link, and a file that others may read (`PermissionDenied`).
    fn read_private(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        self.read(path)
    }
    /// Files of a folder, not of its subfolders, sorted by name.
    fn list(&self, folder: &Path) -> std::io::Result<Vec<String>>;
    /// Whole and durable or not at all (temporary file, fsync, rename, fsync of the folder). Mode 0600 where `private`.
    fn write(&self, path: &Path, bytes: &[u8], private: bool) -> std::io::Result<()>;
    /// With all its parents, mode 0700.
    fn create_folder(&self, path: &Path) -> std::io::Result<()>;
    fn exists(&self, path: &Path) -> bool;
    fn remove(&self, path: &Path) -> std::io::Result<()>;
}
