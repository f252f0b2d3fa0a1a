//! What the machine keeps about a step, its operations and its questions.

use super::undo::Back;
use crate::apply::context::Options;
use crate::apply::event::StepEnd;
use crate::apply::identity::Seed;
use crate::cloud::{ApiError, Call};
use crate::desired::{Desired, Instance};
use crate::model::{Attributes, Ident, JobId, NodeId, Observed, RemoteId, Timestamp};
use crate::plan::{ListRead, Live, Plan};
use crate::provider::Catalog;
use crate::state::{OperationId, Remembered, Snapshot};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Everything that a run is made from.
#[derive(Debug)]
pub struct Setup {
    pub plan: Plan,
    /// Of what was approved, for the journal.
    pub fingerprint: String,
    pub desired: Desired,
    pub snapshot: Snapshot,
    pub live: Live,
    pub catalog: Arc<Catalog>,
    pub options: Options,
    /// Requests die with their sender: an unclear create cannot appear later.
    pub in_process: bool,
    /// Surfaces that answer a repeated request under the same key with the first one's answer.
    pub honouring: BTreeSet<Ident>,
    pub seed: Seed,
    pub aim: Aim,
}

/// What a run is for.
#[derive(Debug)]
pub enum Aim {
    /// What a program wants.
    Apply,
    /// What an earlier run left open is ended; outputs are left alone.
    Recovery,
    /// Another run is undone.
    WayBack(Box<Back>),
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Status {
    /// Waits for so many steps.
    Blocked(usize),
    /// May start, or go on, as soon as there is room.
    Queued,
    Started,
    Ended(StepEnd),
}

/// One operation on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Create,
    Update(Ident),
    Delete,
    Run,
}

/// A step while the run lasts.
#[derive(Debug)]
pub(super) struct Work {
    pub status: Status,
    pub surface: Option<Ident>,
    pub todo: VecDeque<Deed>,
    pub doing: Option<Box<Doing>>,
    /// Resolved when the step starts.
    pub instance: Option<Box<Instance>>,
    pub wanted: Attributes,
    pub lifecycle: Remembered,
    /// Locks held until the step ends, and the one it waits for.
    pub locks: BTreeSet<String>,
    /// It holds one of the surface's places for requests under way.
    pub holds_place: bool,
    pub began: Option<Duration>,
    /// An operation that makes way (`stop` before `resize`) was put in already.
    pub made_way: bool,
    /// How many regions of `region_fallback` were tried.
    pub fallbacks: usize,
    /// What a step that is no operation waits for.
    pub errand: Option<Errand>,
}

impl Work {
    pub fn new(blocked_by: usize) -> Work {
        Work {
            status: Status::Blocked(blocked_by),
            surface: None,
            todo: VecDeque::new(),
            doing: None,
            instance: None,
            wanted: Attributes::new(),
            lifecycle: Remembered::default(),
            locks: BTreeSet::new(),
            holds_place: false,
            began: None,
            made_way: false,
            fallbacks: 0,
            errand: None,
        }
    }
}

/// Steps that ask or write without an operation of their own.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Errand {
    /// Entries are being written that end the step.
    Noting,
    Sourcing,
    LookingUp,
    /// Where it is no step of its own: the create that was refused because the object is there.
    Adopting(Option<Box<Refused>>),
}

/// A create that was refused because something is there already.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refused {
    /// How the step ends where that is left alone.
    pub failure: Failure,
    /// The program asks for whatever is there to be taken over.
    pub asked: bool,
    /// When earlier creates of the address began that were given up, and before which it was known who was there.
    pub given_up: Vec<Timestamp>,
}

/// The operation that a step is at.
#[derive(Debug)]
pub(super) struct Doing {
    pub deed: Deed,
    pub operation: OperationId,
    pub kind: Ident,
    pub surface: Ident,
    pub call: Call,
    pub id: Option<RemoteId>,
    pub job: Option<JobId>,
    pub phase: Phase,
    /// Tries with new nonces, this one included.
    pub attempt: u32,
    pub tries: Tries,
    /// Monotonic: when waiting for its end ends.
    pub deadline: Duration,
    /// Wall time of the intent.
    pub at: Timestamp,
    /// What the operation changes, by attribute; all for a create.
    pub changed: BTreeSet<Ident>,
    /// The intent was written by an earlier run.
    pub inherited: bool,
    /// The very request of an earlier run is under way again, under its own key.
    pub is_repeated: bool,
    /// The object was looked at right before the write.
    pub is_checked: bool,
    /// Whatever a list showed that an unclear create may have made, and that nobody has called gone since.
    pub shown: BTreeSet<RemoteId>,
    /// Where it would be, and the key of the last list does not look: that nothing shows says nothing.
    pub unseen: Option<String>,
}

/// How often something was tried again, by its reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries {
    pub busy: u32,
    /// Looks at the object that did not show it as it shall be.
    pub looks: u32,
    /// The last looks at it, as far as they told nothing.
    pub untold: u32,
    /// Milliseconds spent waiting for capacity.
    pub capacity: i64,
    /// Monotonic: since when a new object does not show.
    pub gone_since: Option<Duration>,
    /// Its job was asked for by itself, and the API does not know it.
    pub jobless: bool,
    /// A list showed several that could be it: only its job can tell.
    pub unsure: bool,
    /// Monotonic: since when a delete of an earlier run has no effect.
    pub absent_since: Option<Duration>,
    /// Monotonic: when the reading that is awaited was asked for. An answer may be as old as its question.
    pub asked: Duration,
}

/// Where an operation stands; what the next answer to its step means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// Waits for a place to send.
    Waiting,
    /// Its intent is on the way to the journal (R1).
    Recording,
    Sending,
    /// Its acceptance is on the way to the journal (R2).
    Accepting,
    /// The job is polled.
    Polling,
    /// The object is read, and why.
    Looking(Why),
    /// A moment is waited, then this.
    Pausing(Then),
    Settling(Settling),
    /// Entries that end the operation are on the way to the journal (R3).
    Closing(Next),
}

/// Why an object is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Why {
    /// Right before a write: is it still as it was planned from (`contract.md` 2.6)?
    Before,
    /// The operation is through, as far as is known: take the reading in.
    Done,
    /// No job tells: until it rests, or is gone.
    Watching,
    /// The API said that the object is not in the state for it.
    Conflict(Box<ApiError>),
    /// It was busy; is the goal reached meanwhile?
    Busy,
    /// Nobody knows whether the request was carried out.
    Unclear(String),
    /// The job failed; what is left?
    Failed(Box<Failure>),
    /// A delete was answered with "no such object".
    Missing(Box<ApiError>),
}

/// What to do after a moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Then {
    /// The same operation, under a new intent.
    Retry,
    Look(Why),
    /// Another pass of a search.
    Settle(Box<Settling>),
}

/// What comes when an operation's last entries are durable.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// The step's next operation, or its end.
    Go,
    End(StepEnd),
    /// The same operation, after so long, under a new intent.
    Again(Duration),
    /// As `Again`, when this job of somebody else is over.
    AfterJob(Ident, JobId),
    /// What is there is taken under management instead, if it is what it seems to be.
    Adopt(RemoteId, Box<Refused>),
}

/// An unclear create being traced.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settling {
    /// Monotonic: from then on, what did not appear will not.
    pub until: Duration,
    pub reason: String,
    /// What the list showed that it could be, while the jobs are asked for.
    pub listed: Option<Vec<Observed>>,
    /// What the list showed besides that is new and something else: too different from what was wanted, or as another create
    /// wanted it.
    pub others: BTreeSet<RemoteId>,
    /// What the list showed besides that appeared since, is nobody's and not as wanted.
    pub unexplained: Vec<RemoteId>,
    /// What a list showed before that it could be, and the last one left out.
    pub missing: BTreeSet<RemoteId>,
    pub passes: u32,
    /// Passes one after the other that showed nothing: one list may leave out what is there.
    pub blank: u32,
    /// What the last list showed that it could be, for the same reason.
    pub shown: BTreeSet<RemoteId>,
    /// The create's job failed so, and only what it left is searched for.
    pub failure: Option<Box<Failure>>,
    /// The API accepted the create: that nothing shows of it is a failure, and it is not sent again.
    pub is_accepted: bool,
}

/// Words of a failure, as they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Failure {
    pub message: String,
    pub code: String,
    pub request_id: String,
    pub help: String,
}

impl Failure {
    pub fn end(self) -> StepEnd {
        let Failure { message, code, request_id, help } = self;
        StepEnd::Failed { message, code, request_id, help }
    }
}

/// Whom an answer is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Waiter {
    Step(NodeId),
    /// A batch of jobs.
    Jobs(Ident, Vec<JobId>),
    /// The poll timer of a surface.
    Poll(Ident),
    /// The timer of the objects that a list shows.
    Round(ListRead),
    /// One list, or the jobs of a surface, for several steps.
    Steps(Vec<NodeId>),
    /// A list before the first create of a kind.
    Survey(ListRead),
    /// The run's first and last entries.
    Start,
    End,
}
