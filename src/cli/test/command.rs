//! The command: collects, runs side by side, tells in order.

use super::collect::{self, Suite};
use super::run::run as run_one;
use crate::cli::args::Test as Arguments;
use crate::cli::codes;
use crate::cli::exit::{Exit, Failure};
use crate::cli::shell::Shell;
use crate::diag::Diagnostic;
use crate::program::ir::Test;
use crate::report::suite::{self, Outcome, Status};
use crate::world::Clock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

pub fn run(shell: &mut Shell, arguments: &Arguments) -> Result<Exit, Failure> {
    let folders = collect::folders(shell, &arguments.folders)?;
    let (suites, wrong) = collect::suites(shell, &folders)?;
    if wrong.has_errors() {
        return Err(wrong.into());
    }
    let filter = arguments.filter.as_deref();
    let all = suites.iter().flat_map(|suite| suite.program.tests.iter().map(move |test| (suite, test)));
    let chosen: Vec<(&Suite, &Test)> = all.filter(|(_, test)| collect::is_wanted(test, filter, shell)).collect();
    if let (true, Some(filter)) = (chosen.is_empty(), filter) {
        let help = "`--filter` takes a part of a test's name or of its file's";
        return Err(Diagnostic::new(&codes::NOT_THERE, format!("no test is named like `{filter}`")).help(help).into());
    }
    let clock = shell.world.clock.clone();
    let began = clock.monotonic();
    let outcomes = all_of(&chosen, clock.as_ref());
    let taken = clock.monotonic().saturating_sub(began);
    if shell.global.json {
        let lines = suite::json(&outcomes, taken, &shell.sources);
        shell.print(&lines);
    } else {
        let text = suite::text(&outcomes, taken, &shell.sources, &shell.out_look);
        shell.print(&text);
    }
    if let Some(path) = &arguments.junit {
        shell.write_file(path, suite::junit(&outcomes, taken, &shell.sources).as_bytes(), false)?;
    }
    let passed = outcomes.iter().all(|outcome| outcome.status == Status::Passed);
    Ok(if passed { Exit::Done } else { Exit::Error })
}

/// As many at once as the machine can; the results in the order of the tests.
fn all_of(chosen: &[(&Suite, &Test)], clock: &dyn Clock) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Outcome)>> = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(chosen.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((suite, test)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                    let at = chosen.iter().position(|(_, other)| std::ptr::eq(*other, test)).unwrap_or_default();
                    let (outcome, secrets) = run_one(suite, test, clock);
                    let outcome = outcome.cleaned(&secrets);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}
