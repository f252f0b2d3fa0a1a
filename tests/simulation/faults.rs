//! Everything that can go wrong at a seam, and where.

use cnx::emulator::{Effect, Instead, Listing, Shape, StormHeaders, Work};
use cnx::model::http::{Method, Request};

/// One accident. Its place in `ALL` is its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    // The process.
    KillUnsent,
    KillSent,
    KillLater,
    KillAnswered,
    KillWaiting,
    Stop,
    Leave,
    // The journal.
    KillBeforeWrite,
    KillTorn,
    KillAfterWrite,
    WriteFails,
    SyncFails,
    NoSpace,
    // The way of a request.
    NotSent,
    CutRequest,
    LostBefore,
    LostAfter,
    CutResponse,
    WrongLength,
    TimeoutNever,
    TimeoutExecuted,
    TimeoutLater,
    TimeoutMuchLater,
    // What stands between.
    Gateway502,
    Gateway502Done,
    Gateway504Done,
    Unavailable503,
    Edge429,
    Redirect,
    Html,
    // What the API answers.
    Failed500,
    Failed500Done,
    TruncatedJson,
    BadJson,
    NoJobId,
    NullData,
    DuplicateFields,
    UnknownFields,
    UnknownStatus,
    ErrorIn200,
    TooMany,
    TooManyAfter,
    TooManyDate,
    TooManyAbsurd,
    TooManyNegative,
    Forbidden,
    TokenExpires,
    NotFound,
    // Jobs.
    Job404,
    JobFlaps,
    JobFails,
    JobStuck,
    JobSlow,
    JobPartial,
    // Lists.
    ListLags,
    ListMisses,
    ListDuplicates,
    ListLoops,
    NextIsForeign,
    EmptyPage,
    // Other people.
    Twin,
    OutsideDelete,
    OutsideRename,
    Copied,
    CopiedAway,
    // More of the journal and of the process.
    FullForGood,
    ClockForth,
    ClockBack,
    PowerFails,
    Pause,
    // More of what stands between, of lists and of other people.
    Gateway503Done,
    Gateway504,
    ListRepeats,
    OutsideEdit,
}

use Fault::*;

/// All of them, by number.
pub const ALL: &[Fault] = &[
    KillUnsent,
    KillSent,
    KillLater,
    KillAnswered,
    KillWaiting,
    Stop,
    Leave,
    KillBeforeWrite,
    KillTorn,
    KillAfterWrite,
    WriteFails,
    SyncFails,
    NoSpace,
    NotSent,
    CutRequest,
    LostBefore,
    LostAfter,
    CutResponse,
    WrongLength,
    TimeoutNever,
    TimeoutExecuted,
    TimeoutLater,
    TimeoutMuchLater,
    Gateway502,
    Gateway502Done,
    Gateway504Done,
    Unavailable503,
    Edge429,
    Redirect,
    Html,
    Failed500,
    Failed500Done,
    TruncatedJson,
    BadJson,
    NoJobId,
    NullData,
    DuplicateFields,
    UnknownFields,
    UnknownStatus,
    ErrorIn200,
    TooMany,
    TooManyAfter,
    TooManyDate,
    TooManyAbsurd,
    TooManyNegative,
    Forbidden,
    TokenExpires,
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
    EmptyPage,
    Twin,
    OutsideDelete,
    OutsideRename,
    Copied,
    CopiedAway,
    FullForGood,
    ClockForth,
    ClockBack,
    PowerFails,
    Pause,
    Gateway503Done,
    Gateway504,
    ListRepeats,
    OutsideEdit,
];

const CREATE: &[Fault] = &[
    KillUnsent,
    KillSent,
    KillLater,
    KillAnswered,
    NotSent,
    CutRequest,
    LostBefore,
    LostAfter,
    CutResponse,
    WrongLength,
    TimeoutNever,
    TimeoutExecuted,
    TimeoutLater,
    TimeoutMuchLater,
    Gateway502,
    Gateway502Done,
    Gateway504Done,
    Unavailable503,
    Edge429,
    Redirect,
    Html,
    Failed500,
    Failed500Done,
    TruncatedJson,
    BadJson,
    NoJobId,
    NullData,
    DuplicateFields,
    UnknownFields,
    ErrorIn200,
    TooMany,
    TooManyAfter,
    TooManyDate,
    TooManyAbsurd,
    TooManyNegative,
    Forbidden,
    TokenExpires,
    JobFails,
    JobStuck,
    JobSlow,
    JobPartial,
    Twin,
    OutsideDelete,
    OutsideRename,
    CopiedAway,
    Gateway503Done,
    Gateway504,
    OutsideEdit,
];
const CHANGE: &[Fault] = &[
    KillUnsent,
    KillSent,
    KillLater,
    KillAnswered,
    NotSent,
    CutRequest,
    LostBefore,
    LostAfter,
    CutResponse,
    WrongLength,
    TimeoutNever,
    TimeoutExecuted,
    TimeoutLater,
    Gateway502,
    Gateway502Done,
    Gateway504Done,
    Unavailable503,
    Edge429,
    Redirect,
    Html,
    Failed500,
    Failed500Done,
    TruncatedJson,
    NoJobId,
    NullData,
    DuplicateFields,
    UnknownFields,
    ErrorIn200,
    TooMany,
    TooManyAfter,
    TooManyDate,
    TooManyAbsurd,
    TooManyNegative,
    Forbidden,
    TokenExpires,
    JobFails,
    JobStuck,
    JobSlow,
    JobPartial,
    OutsideDelete,
    OutsideRename,
    Copied,
    Gateway503Done,
    Gateway504,
    OutsideEdit,
];
const READ: &[Fault] = &[
    KillUnsent,
    KillAnswered,
    NotSent,
    CutRequest,
    LostAfter,
    CutResponse,
    WrongLength,
    TimeoutNever,
    Gateway502,
    Unavailable503,
    Edge429,
    Redirect,
    Html,
    Failed500,
    TruncatedJson,
    BadJson,
    NullData,
    DuplicateFields,
    UnknownFields,
    UnknownStatus,
    TooMany,
    TooManyAfter,
    TooManyDate,
    TooManyAbsurd,
    TooManyNegative,
    Forbidden,
    TokenExpires,
    NotFound,
    OutsideDelete,
    OutsideRename,
    Copied,
    CopiedAway,
    Gateway504,
    OutsideEdit,
];
const LIST: &[Fault] = &[
    KillUnsent,
    KillAnswered,
    NotSent,
    CutRequest,
    LostAfter,
    CutResponse,
    WrongLength,
    TimeoutNever,
    Gateway502,
    Unavailable503,
    Edge429,
    Redirect,
    Html,
    Failed500,
    TruncatedJson,
    BadJson,
    NullData,
    DuplicateFields,
    UnknownFields,
    UnknownStatus,
    TooMany,
    TooManyAfter,
    TooManyDate,
    TooManyAbsurd,
    TooManyNegative,
    Forbidden,
    TokenExpires,
    ListLags,
    ListMisses,
    ListDuplicates,
    ListLoops,
    NextIsForeign,
    EmptyPage,
    OutsideDelete,
    OutsideRename,
    Copied,
    CopiedAway,
    Gateway504,
    ListRepeats,
    OutsideEdit,
];
const JOB: &[Fault] = &[
    KillUnsent,
    KillAnswered,
    NotSent,
    CutRequest,
    LostAfter,
    CutResponse,
    TimeoutNever,
    Gateway502,
    Unavailable503,
    Edge429,
    Html,
    Failed500,
    TruncatedJson,
    NullData,
    DuplicateFields,
    UnknownFields,
    UnknownStatus,
    TooMany,
    TooManyAfter,
    TooManyAbsurd,
    Forbidden,
    TokenExpires,
    Job404,
    JobFlaps,
    OutsideDelete,
    Copied,
    CopiedAway,
    Gateway504,
];
/// Around a commit.
pub const JOURNAL: &[Fault] = &[KillBeforeWrite, KillTorn, KillAfterWrite, WriteFails, SyncFails, NoSpace, FullForGood];
/// Before the engine goes on.
pub const AWAIT: &[Fault] = &[KillWaiting, Stop, Leave, ClockForth, ClockBack, PowerFails, Pause];

/// What can happen to a request.
pub fn of(request: &Request) -> &'static [Fault] {
    let path = request.path();
    let is_action = path.ends_with("/actions") || path.ends_with("/purge");
    match request.method {
        Method::Post if !is_action => CREATE,
        Method::Post | Method::Put | Method::Patch | Method::Delete => CHANGE,
        Method::Get if path.starts_with("/v1/jobs") => JOB,
        Method::Get if is_list(request) => LIST,
        Method::Get => READ,
    }
}

/// Whether what is read is a list, which no id ends.
pub fn is_list(request: &Request) -> bool {
    !request.path().rsplit('/').next().unwrap_or_default().contains('_')
}

impl Fault {
    pub fn number(self) -> usize {
        self as usize
    }

    pub fn kills(self) -> bool {
        matches!(
            self,
            KillUnsent
                | KillSent
                | KillLater
                | KillAnswered
                | KillWaiting
                | KillBeforeWrite
                | KillTorn
                | KillAfterWrite
                | PowerFails
        )
    }

    /// Only where the answer is another one with it than without it has it done anything.
    pub fn shows_in_answer(self) -> bool {
        matches!(self.effect(), Some(Effect::Shape(_) | Effect::Listing(_)))
            || matches!(self, DuplicateFields | ListRepeats)
    }

    /// Counted where others do something.
    pub fn is_of_others(self) -> bool {
        matches!(self, Twin | OutsideDelete | OutsideRename | OutsideEdit | Copied | CopiedAway | Html | Edge429)
            || self.kills()
    }

    /// What the emulator does for it.
    pub fn effect(self) -> Option<Effect> {
        let status = |status: u16, executed: bool| Effect::Instead(Instead::Status { status, code: None, executed });
        let storm = |headers| Effect::Instead(Instead::Storm429 { headers });
        Some(match self {
            Gateway502 => Effect::Instead(Instead::Http502Html { executed: false }),
            Gateway502Done => Effect::Instead(Instead::Http502Html { executed: true }),
            Gateway504Done => status(504, true),
            Gateway504 => status(504, false),
            Unavailable503 => status(503, false),
            Gateway503Done => status(503, true),
            Failed500 => status(500, false),
            Failed500Done => status(500, true),
            Redirect => Effect::Instead(Instead::RedirectForeign),
            BadJson => Effect::Shape(Shape::BadJson),
            NoJobId => Effect::Shape(Shape::NoJobId),
            NullData => Effect::Shape(Shape::NullData),
            UnknownFields => Effect::Shape(Shape::AddUnknownMember),
            UnknownStatus => Effect::Shape(Shape::UnknownStatus),
            ErrorIn200 => Effect::Instead(Instead::ErrorIn200 { executed: false }),
            TooMany | TooManyAbsurd | TooManyNegative => storm(StormHeaders::None),
            TooManyAfter => storm(StormHeaders::RetryAfter),
            TooManyDate => storm(StormHeaders::HttpDate),
            Forbidden => status(403, false),
            NotFound => status(404, false),
            Job404 => Effect::Instead(Instead::Job404),
            JobFlaps => Effect::Shape(Shape::JobFlap),
            JobFails => Effect::Work(Work::JobFail { code: None }),
            JobStuck => Effect::Work(Work::JobStuck),
            JobSlow => Effect::Work(Work::JobSlow { factor: 4.0 }),
            JobPartial => Effect::Work(Work::Partial),
            ListLags => Effect::Listing(Listing::ListLag { seconds: 60 }),
            ListMisses => Effect::Listing(Listing::ListShift),
            ListDuplicates => Effect::Listing(Listing::ListDuplicate),
            ListLoops => Effect::Listing(Listing::CursorLoop),
            NextIsForeign => Effect::Listing(Listing::NextPageForeign),
            EmptyPage => Effect::Listing(Listing::EmptyPage),
            KillUnsent | KillSent | KillLater | KillAnswered | KillWaiting | Stop | Leave | KillBeforeWrite
            | KillTorn | KillAfterWrite | WriteFails | SyncFails | NoSpace | CutRequest | LostBefore | LostAfter
            | CutResponse | WrongLength | TimeoutNever | TimeoutExecuted | TimeoutLater | TimeoutMuchLater
            | Edge429 | Html | TruncatedJson | DuplicateFields | TokenExpires | Twin | OutsideDelete
            | OutsideRename | NotSent | Copied | CopiedAway | FullForGood | ClockForth | ClockBack | PowerFails
            | Pause | ListRepeats | OutsideEdit => {
                return None;
            }
        })
    }
}
