//! What the machine asks for and what it is told: its whole contact with the outside.

use super::context::{Seen, Target};
use super::event::{Progress, Summary};
use crate::cloud::{Call, Job, Listing, Outcome};
use crate::model::{Attributes, Ident, JobId, Timestamp, Value};
use crate::plan::ListRead;
use crate::state::JournalEntry;
use std::time::Duration;

/// Ties an answer to its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// When an event happened: wall time for the journal, monotonic time for waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub wall: Timestamp,
    pub monotonic: Duration,
}

/// Done by the driver, in this order where it matters: appends become durable in the order given.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Append {
        ticket: Ticket,
        entries: Vec<JournalEntry>,
    },
    Call {
        ticket: Ticket,
        call: Box<Call>,
    },
    PollJobs {
        ticket: Ticket,
        surface: Ident,
        ids: Vec<JobId>,
    },
    RecentJobs {
        ticket: Ticket,
        surface: Ident,
    },
    Read {
        ticket: Ticket,
        target: Target,
    },
    List {
        ticket: Ticket,
        list: ListRead,
    },
    Source {
        ticket: Ticket,
        source: Ident,
        arguments: Attributes,
    },
    Sleep {
        ticket: Ticket,
        span: Duration,
    },
    Tell(Progress),
    /// The last command.
    Finish(Box<Summary>),
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Begin,
    Appended {
        ticket: Ticket,
    },
    /// `full`: only intents were refused; what is under way can still be recorded.
    AppendFailed {
        ticket: Ticket,
        reason: String,
        full: bool,
    },
    Answered {
        ticket: Ticket,
        outcome: Box<Outcome>,
    },
    /// To `PollJobs` and `RecentJobs`.
    Jobs {
        ticket: Ticket,
        answer: Result<Vec<Job>, String>,
    },
    Seen {
        ticket: Ticket,
        seen: Seen,
    },
    Listed {
        ticket: Ticket,
        answer: Result<Listing, String>,
    },
    Sourced {
        ticket: Ticket,
        answer: Result<Value, String>,
    },
    Woken {
        ticket: Ticket,
    },
    /// The API does not accept the key any more: nothing that is asked is answered.
    Refused {
        why: String,
    },
    /// Nothing new starts.
    Stop,
    /// What is under way is left running.
    Leave,
}
