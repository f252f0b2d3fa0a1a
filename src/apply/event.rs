//! What an apply tells while it runs: one stream for the live view, plain lines and JSON.

use crate::model::{Address, Ident, JobId, NodeId, RemoteId};
use crate::plan::{Action, Kept};

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum StepEnd {
    Done,
    /// Refused or failed, with the words to show and the code of the API.
    Failed {
        message: String,
        code: String,
        request_id: String,
        help: String,
    },
    /// Not started: a step it needs failed, or the run was stopped. Or taken up from an earlier run, and nothing came of it.
    Skipped {
        because: Option<Address>,
        why: String,
    },
    /// Its outcome is open; the next run takes it up.
    Open {
        why: String,
    },
}

impl StepEnd {
    /// An operation of an earlier run is over, and what it was for is still to be done.
    pub fn fruitless(why: impl Into<String>) -> StepEnd {
        StepEnd::Skipped { because: None, why: why.into() }
    }
}

/// One thing that happened. Times are added by whoever writes it down.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    RunStarted {
        steps: usize,
    },
    StepStarted {
        step: NodeId,
        address: Address,
        action: Action,
        expected: i64,
    },
    /// The object has an id.
    Bound {
        step: NodeId,
        id: RemoteId,
    },
    /// A job runs for the step: 0 to 100.
    Job {
        step: NodeId,
        job: JobId,
        progress: u8,
    },
    /// The step waits (rate limit, busy object, window), with the reason.
    Waiting {
        step: NodeId,
        why: String,
    },
    StepEnded {
        step: NodeId,
        address: Address,
        action: Action,
        end: StepEnd,
    },
    /// The request budget of a surface: what is left in this minute.
    Budget {
        surface: Ident,
        remaining: u32,
        limit: u32,
    },
    /// The first Ctrl-C: no new steps.
    Stopping {
        in_flight: usize,
    },
    RunEnded(Summary),
    /// A step failed: another run of so many steps undoes what this one did; the rest stays.
    RollingBack {
        steps: usize,
        kept: Vec<Kept>,
    },
}

/// The end of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub created: usize,
    pub updated: usize,
    /// Replacements count once.
    pub replaced: usize,
    pub destroyed: usize,
    pub ran: usize,
    pub adopted: usize,
    pub forgotten: usize,
    /// Under another address, without a request.
    pub moved: usize,
    /// Read, remembered, or taken up and finished.
    pub other: usize,
    /// Outputs that got another value or went.
    pub outputs: usize,
    pub failed: usize,
    pub skipped: usize,
    pub open: usize,
    /// Of the failed ones: creates that left something behind, which the next apply replaces.
    pub incomplete: usize,
    /// Of the open ones: those that only a person can end.
    pub asked: usize,
    pub interrupted: bool,
    /// Why the state could not be written to the end.
    pub broken: Option<String>,
    pub requests: u32,
    /// Milliseconds.
    pub elapsed: i64,
}

impl Summary {
    /// How a step ended counts. `replaces`: it is one half of a replacement.
    pub fn count(&mut self, action: &Action, replaces: bool, end: &StepEnd) {
        match (end, action) {
            (StepEnd::Failed { .. }, _) => self.failed += 1,
            (StepEnd::Skipped { .. }, _) => self.skipped += 1,
            (StepEnd::Open { .. }, _) => self.open += 1,
            (StepEnd::Done, Action::Create) if replaces => self.replaced += 1,
            (StepEnd::Done, Action::Create) => self.created += 1,
            (StepEnd::Done, Action::Update(_)) => self.updated += 1,
            (StepEnd::Done, Action::Destroy) if replaces => {}
            (StepEnd::Done, Action::Destroy) => self.destroyed += 1,
            (StepEnd::Done, Action::Run) => self.ran += 1,
            (StepEnd::Done, Action::Adopt(_)) => self.adopted += 1,
            (StepEnd::Done, Action::Forget) => self.forgotten += 1,
            (StepEnd::Done, Action::Read | Action::Wait(_) | Action::Note) => self.other += 1,
        }
    }
}
