//! Which faults a seed is about where it has a few kinds alone.

use super::faults::Fault::{self, *};

/// Those that need most to come together.
pub const RAREST: &[Fault] = &[
    LostBefore,
    WrongLength,
    TimeoutMuchLater,
    Gateway502Done,
    Failed500Done,
    BadJson,
    JobPartial,
    JobSlow,
    ListLags,
    ListMisses,
    ListDuplicates,
    ListLoops,
    EmptyPage,
    ListRepeats,
    Gateway503Done,
    Twin,
];

/// Those that happen seldom where all are as likely: at few requests, or at few kinds of them.
pub const SELDOM: &[Fault] = &[
    KillSent,
    KillLater,
    NoSpace,
    TimeoutExecuted,
    TimeoutLater,
    TimeoutMuchLater,
    Gateway502Done,
    Gateway504Done,
    Failed500Done,
    NoJobId,
    ErrorIn200,
    NotFound,
    Job404,
    JobFlaps,
    JobFails,
    JobStuck,
    JobSlow,
    JobPartial,
    ListLags,
    ListMisses,
    ListDuplicates,
    ListLoops,
    NextIsForeign,
    Twin,
    Copied,
    CopiedAway,
    OutsideRename,
    OutsideEdit,
    Pause,
];
