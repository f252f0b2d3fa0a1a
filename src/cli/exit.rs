//! Exit codes, and the two ways in which a command ends. Documented in `docs/cli.md`.

use crate::apply::{Recovered, Summary};
use crate::diag::{Diagnostic, Diagnostics};
use crate::plan::codes::is_refusal;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; nothing to do.
    Done,
    /// Usage, the configuration, unformatted files, the API, the machine.
    Error,
    /// With `--detailed-exitcode`: there are changes.
    Changes,
    /// Something is open that needs an answer; running again resumes.
    Open,
    /// Somebody else holds the lock.
    Locked,
    /// Declined, consent missing, a protected resource, a changed plan.
    Refused,
    /// Ctrl-C or SIGTERM, in order.
    Interrupted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Changes => 2,
            Exit::Open => 3,
            Exit::Locked => 4,
            Exit::Refused => 5,
            Exit::Interrupted => 130,
        }
    }

    /// Where several hold: 130, 3, 5, 4, 1, then 2.
    fn rank(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Changes => 1,
            Exit::Error => 2,
            Exit::Locked => 3,
            Exit::Refused => 4,
            Exit::Open => 5,
            Exit::Interrupted => 6,
        }
    }

    /// How a run ends, or the undoing of one, by what became of its steps and of its journal.
    pub fn of_run(ended: &Summary) -> Exit {
        let holds = [
            (ended.interrupted, Exit::Interrupted),
            (ended.open > 0, Exit::Open),
            (ended.failed > 0 || ended.skipped > 0 || ended.broken.is_some(), Exit::Error),
        ];
        Exit::worst(holds)
    }

    fn worst(holds: [(bool, Exit); 3]) -> Exit {
        holds.into_iter().filter(|(holds, _)| *holds).fold(Exit::Done, |exit, (_, other)| exit.and(other))
    }

    /// How the settling of what an earlier run left open ends.
    pub fn of_recovery(recovered: &Recovered) -> Exit {
        let holds = [
            (recovered.summary.interrupted, Exit::Interrupted),
            (!recovered.snapshot.open.is_empty(), Exit::Open),
            (recovered.summary.broken.is_some(), Exit::Error),
        ];
        Exit::worst(holds)
    }

    /// Why there is no plan: a policy or a protection that stands against it is a refusal, everything else a mistake.
    pub fn of_planning(found: &Diagnostics) -> Exit {
        if found.0.iter().any(is_refusal) { Exit::Refused } else { Exit::Error }
    }

    /// The one that counts when both hold.
    #[must_use]
    pub fn and(self, other: Exit) -> Exit {
        if other.rank() > self.rank() { other } else { self }
    }
}

/// Why a command could not do what it was asked for.
#[derive(Clone, Debug)]
pub struct Failure {
    pub exit: Exit,
    pub diagnostics: Diagnostics,
}

impl Failure {
    pub fn refused(diagnostic: Diagnostic) -> Failure {
        Failure { exit: Exit::Refused, diagnostics: Diagnostics(vec![diagnostic]) }
    }

    /// Before anything was changed; there is nothing more to tell.
    pub fn interrupted() -> Failure {
        Failure { exit: Exit::Interrupted, diagnostics: Diagnostics::default() }
    }

    pub fn locked(diagnostic: Diagnostic) -> Failure {
        Failure { exit: Exit::Locked, diagnostics: Diagnostics(vec![diagnostic]) }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure::from(Diagnostics(vec![diagnostic]))
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Failure {
        Failure { exit: Exit::Error, diagnostics }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_that_could_not_be_written_is_none() {
        let summary = Summary { broken: Some("no space".to_owned()), ..Summary::default() };
        assert_eq!(Exit::of_recovery(&Recovered { summary, ..Recovered::default() }), Exit::Error);
        assert_eq!(Exit::of_recovery(&Recovered::default()), Exit::Done);
    }

    #[test]
    fn the_documented_order_decides() {
        let falling =
            [Exit::Interrupted, Exit::Open, Exit::Refused, Exit::Locked, Exit::Error, Exit::Changes, Exit::Done];
        for (at, first) in falling.iter().enumerate() {
            for second in &falling[at..] {
                assert_eq!(first.and(*second), *first);
                assert_eq!(second.and(*first), *first);
            }
        }
    }
}
