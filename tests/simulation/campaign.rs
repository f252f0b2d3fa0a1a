//! Many runs on all processors, added up.

use super::case::Case;
use super::life::Look;
use super::tally::Tally;
use super::truth::Violation;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A run that an invariant did not survive.
#[derive(Clone, Debug)]
pub struct Finding {
    pub case: Case,
    pub violations: Vec<Violation>,
}

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Campaign {
    pub tally: Tally,
    /// At most so many as are worth looking at.
    pub findings: Vec<Finding>,
    pub failed: u64,
}

const KEPT: usize = 40;

impl Campaign {
    pub fn add(&mut self, other: Campaign) {
        self.tally.add(other.tally);
        self.failed += other.failed;
        self.findings.extend(other.findings);
        self.findings.truncate(KEPT);
    }

    pub fn live(&mut self, case: Case) {
        // All output of some runs is searched for the key; it takes as long as the run.
        let canary = self.tally.runs.is_multiple_of(50);
        let lived = std::panic::catch_unwind(|| case.run(Look { canary, ..Look::default() }));
        let violations = match lived {
            Ok(lived) => {
                self.tally.add(lived.tally);
                lived.violations
            }
            Err(panic) => {
                let words = panic.downcast_ref::<String>().cloned();
                let words = words.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                vec![Violation { invariant: "panic", what: words.unwrap_or_default() }]
            }
        };
        if !violations.is_empty() {
            self.failed += 1;
            if self.findings.len() < KEPT {
                self.findings.push(Finding { case, violations });
            }
        }
    }
}

/// Does all of it on so many threads; each piece of work is a number.
pub fn spread(threads: usize, pieces: usize, work: impl Fn(usize, &mut Campaign) + Sync) -> Campaign {
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Campaign::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut own = Campaign::default();
                loop {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    if piece >= pieces {
                        break;
                    }
                    work(piece, &mut own);
                }
                total.lock().expect("no thread panics").add(own);
            });
        }
    });
    total.into_inner().expect("no thread panics")
}

/// Runs all cases.
pub fn all(threads: usize, cases: &[Case]) -> Campaign {
    spread(threads, cases.len(), |piece, campaign| campaign.live(cases[piece].clone()))
}
