//! "Plan after apply is empty", over generated programs of all kinds with edits between applies.

use crate::engine::{Planned, World};
use crate::generate::{Dice, Program};
use cnx::diag::Diagnostics;
use cnx::plan::{Action, Options};

/// Programs, each with this many edits after its first apply; `CNX_PROGRAMS` asks for more or fewer.
const PROGRAMS: u64 = 1_000;
const EDITS: usize = 3;

fn words(found: &Diagnostics) -> String {
    found.0.iter().map(|d| format!("{}: {} {}\n", d.code.id, d.message, d.help)).collect()
}

fn steps(planned: &Planned) -> String {
    let line = |step: &cnx::plan::Step| {
        let changes: Vec<String> = step.changes.iter().map(|change| format!("{change:?}")).collect();
        format!("{:?} {} because {}: {}\n", step.action, step.address, step.reason.text, changes.join("; "))
    };
    planned.plan.steps.order().map(|(_, step)| line(step)).collect()
}

fn demand<T>(made: Result<T, Diagnostics>, what: &str, text: &str) -> T {
    let complaint = made.as_ref().err().map(words).unwrap_or_default();
    assert!(made.is_ok(), "{what}\n{text}\n{complaint}");
    made.expect("no complaint")
}

/// Plans and applies a text; then nothing may be left to do.
fn settle(world: &World, text: &str, what: &str) {
    let plan = || {
        let desired = demand(world.desired(text), what, text);
        demand(world.plan(desired, &Options::default()), what, text)
    };
    let planned = plan();
    let wanted = steps(&planned);
    let (summary, told) = world.apply(planned);
    assert!(summary.failed == 0 && summary.open == 0 && summary.skipped == 0, "{what}\n{text}\n{wanted}\n{told:#?}");
    let again = plan();
    let left: Vec<&Action> = again.plan.steps.order().map(|(_, step)| &step.action).collect();
    assert!(left.is_empty(), "{what}: not empty after apply\n{text}\nfirst\n{wanted}\nthen\n{}", steps(&again));
    assert!(again.plan.drift.is_empty(), "{what}: drift after apply\n{text}\n{:#?}", again.plan.drift);
}

fn run(seed: u64) {
    let mut dice = Dice(seed);
    let world = World::new(seed);
    let mut program = Program::generate(&mut dice);
    settle(&world, &program.text(), &format!("seed {seed}, first apply"));
    for edit in 1..=EDITS {
        program.edit(&mut dice);
        settle(&world, &program.text(), &format!("seed {seed}, edit {edit}"));
    }
    settle(&world, "", &format!("seed {seed}, destroy"));
    assert_eq!(world.objects(), 0, "seed {seed}: objects left after everything was removed");
}

#[test]
fn plan_after_apply_is_empty() {
    let programs = std::env::var("CNX_PROGRAMS").ok().and_then(|text| text.parse().ok()).unwrap_or(PROGRAMS);
    let half = |half| (0..programs).filter(|seed| seed % 2 == half).filter_map(failure).collect::<Vec<_>>();
    let failures = std::thread::scope(|scope| {
        let threads = [scope.spawn(move || half(0)), scope.spawn(move || half(1))];
        threads.into_iter().flat_map(|thread| thread.join().expect("failures are caught")).collect::<Vec<_>>()
    });
    let seeds: Vec<u64> = failures.iter().map(|(seed, _)| *seed).collect();
    let first = failures.into_iter().next().map(|(_, words)| words).unwrap_or_default();
    assert!(seeds.is_empty(), "{first}\n{} of {programs} seeds failed: {seeds:?}", seeds.len());
}

/// The seed and its words, where a run panics.
fn failure(seed: u64) -> Option<(u64, String)> {
    let panic = std::panic::catch_unwind(|| run(seed)).err()?;
    let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    Some((seed, words))
}

/// Seeds that failed once.
#[test]
fn seeds_that_failed_once() {
    const SEEDS: &[u64] = &[];
    SEEDS.iter().copied().for_each(run);
}
