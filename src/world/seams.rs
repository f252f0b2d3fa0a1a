//! The seams to the outside, as traits: the real ones live beside this file, a simulation brings its own.
//! Nothing else in cnx touches disk, network, time, randomness or the environment.

use crate::model::Timestamp;
use crate::model::http::{Request, Response};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
    /// A plain file; pipes and devices are refused.
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>>;
    /// What somebody hands over, which may be a pipe: at most `most` bytes.
    fn read_given(&self, path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
        let _ = most;
        self.read(path)
    }
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
    /// A file that begins anew, for its owner alone, to be written to little by little; a link in its place is not followed.
    fn begin(&self, path: &Path) -> std::io::Result<Box<dyn std::io::Write + Send>> {
        Err(std::io::Error::new(std::io::ErrorKind::Unsupported, path.display().to_string()))
    }
    fn exists(&self, path: &Path) -> bool;
    fn remove(&self, path: &Path) -> std::io::Result<()>;
    /// The real path of what lies below `root`, links followed; refused where they lead out of it.
    fn inside(&self, root: &Path, path: &Path) -> std::io::Result<PathBuf> {
        let _ = root;
        Ok(path.to_owned())
    }
    /// A plain file below `root` of at most `most` bytes; links that lead out are refused.
    fn read_below(&self, root: &Path, path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
        let _ = (root, most);
        self.read(path)
    }
    /// Names of all in a folder below `root` that is no folder itself, sorted.
    fn list_below(&self, root: &Path, folder: &Path) -> std::io::Result<Vec<String>> {
        let _ = root;
        self.list(folder)
    }
    /// Paths of all files below a folder, from there on, sorted; links are not followed.
    fn tree(&self, folder: &Path) -> std::io::Result<Vec<String>> {
        self.list(folder)
    }
    /// With all that is in it.
    fn remove_folder(&self, path: &Path) -> std::io::Result<()> {
        Err(std::io::Error::new(std::io::ErrorKind::Unsupported, path.display().to_string()))
    }
    /// Within one disk; what is at `to` must not be there.
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        let _ = from;
        Err(std::io::Error::new(std::io::ErrorKind::Unsupported, to.display().to_string()))
    }
}

/// A program of this machine and what it is given; its environment is exactly this one.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    pub program: &'a str,
    pub arguments: &'a [String],
    pub environment: &'a BTreeMap<String, String>,
    pub input: &'a [u8],
    /// Bytes on its standard output; more is an error.
    pub most_output: u64,
    /// After that it is ended.
    pub patience: Duration,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub succeeded: bool,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// Other programs (git).
pub trait Programs: Send + Sync {
    fn run(&self, errand: &Errand<'_>) -> std::io::Result<Ran>;
}
