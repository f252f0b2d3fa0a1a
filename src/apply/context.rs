//! What the rooms' outer functions need: the cloud, the memory, time, chance, and the choices of the command line.

use crate::cloud::{Call, Job, Listing, Outcome};
use crate::desired::Desired;
use crate::diag::Diagnostic;
use crate::model::{Address, Attributes, Ident, JobId, Observed, RemoteId, Timestamp, Value};
use crate::plan::{ListRead, Live};
use crate::provider::Catalog;
use crate::state::{Pin, Snapshot, Store};
use crate::world::{Clock, Random};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One object to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub kind: Ident,
    pub id: RemoteId,
    /// As far as known; the ones that name the route (`zone_id`) are among them.
    pub attributes: Attributes,
}

/// What became of reading one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Found(Box<Observed>),
    /// Gone, as far as one answer can say (404).
    Gone,
    /// Not for this key (403).
    Hidden,
    /// Could not be read.
    Unread(String),
    /// The API has no route that shows it.
    Unseeable(String),
}

/// The API as apply uses it; `cloud::Client` is the real one.
pub trait Cloud: Send + Sync {
    /// Sends one operation, once.
    fn call(&self, call: Call) -> BoxFuture<'_, Outcome>;
    fn read(&self, target: Target) -> BoxFuture<'_, Seen>;
    fn list(&self, list: ListRead) -> BoxFuture<'_, Result<Listing, String>>;
    /// One for each id, in any order.
    fn jobs(&self, surface: Ident, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>, String>>;
    /// The jobs that the surface still knows, newest or not.
    fn recent_jobs(&self, surface: Ident) -> BoxFuture<'_, Result<Vec<Job>, String>>;
    /// A data source that is no kind.
    fn source(&self, source: Ident, arguments: Attributes) -> BoxFuture<'_, Result<Value, String>>;
    /// Nothing sent can arrive after its sender is gone.
    fn dies_with_sender(&self) -> bool;
    /// Why nothing is sent any more: the API does not accept the key.
    fn refusal(&self) -> Option<Diagnostic> {
        None
    }
    /// The API was found to have no route for this list.
    fn lacks(&self, _list: &ListRead) -> bool {
        false
    }
    /// A repeated request under the same idempotency key is answered with the first one's answer, as far as was found.
    fn honours_keys(&self, _surface: &Ident) -> bool {
        false
    }
    /// How far the cloud's clock is ahead of this machine's, in milliseconds, as far as its answers told.
    fn clock_ahead(&self) -> i64 {
        0
    }
    /// Requests sent so far.
    fn requests(&self) -> u32;
    /// By surface: requests left in this minute, and the limit; none where nothing is limited.
    fn budgets(&self) -> Vec<(Ident, u32, u32)> {
        Vec::new()
    }
}

/// Everything outside of the pure machine.
#[derive(Clone)]
pub struct Context {
    pub cloud: Arc<dyn Cloud>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub catalog: Arc<Catalog>,
    pub options: Options,
}

impl Context {
    /// The time, which is the cloud's where this machine's clock is off: instants of the journal are compared with those of
    /// objects and jobs.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.clock.now().0.saturating_add(self.cloud.clock_ahead()))
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What a person says became of an unclear create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It made this object.
    Adopt(RemoteId),
    /// It made nothing; where it is still wanted it is made anew.
    Retry,
    /// Whatever it made is nobody's concern any more.
    Forget,
}

/// Choices of the command line and of the environment that shape a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `user@host`, for the journal.
    pub holder: String,
    /// Project and environment, for the mark on what is made.
    pub home: (String, String),
    /// The cloud that the state belongs to, written down at the first run.
    pub pin: Option<Pin>,
    /// How many times faster than documented the target works (100 for `local`): waits and polls are shortened alike.
    pub speed: u32,
    /// Requests that change something and are under way at once, by surface.
    pub concurrency: usize,
    /// A failed step stops all that has not started (`--on-failure stop`).
    pub stop_on_failure: bool,
    /// A create of an unmarked kind that left no trace is sent again (`--retry-unknown`).
    pub retry_unknown: bool,
    /// The only object that an unclear create can have made is taken for its own (`--adopt exact`), by a guess.
    pub adopt_exact: bool,
    /// What a person says of creates that only a person can judge, by address (`--answer`).
    pub answers: BTreeMap<Address, Answer>,
    /// How long an unclear create may still appear; not used where requests die with their sender.
    pub settle_window: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            holder: String::new(),
            home: Default::default(),
            pin: None,
            speed: 1,
            concurrency: 16,
            stop_on_failure: false,
            retry_unknown: false,
            adopt_exact: false,
            answers: BTreeMap::new(),
            settle_window: Duration::from_secs(120),
        }
    }
}

/// What is to be applied: the plan was approved, the rest is what it was made from.
#[derive(Clone, Debug)]
pub struct Input {
    pub desired: Desired,
    pub snapshot: Snapshot,
    pub live: Live,
}

/// From the terminal or the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// The first Ctrl-C: nothing new starts, what is under way is waited for.
    Stop,
    /// A second one, or SIGTERM: what is under way is left running; it is in the journal.
    Leave,
}
