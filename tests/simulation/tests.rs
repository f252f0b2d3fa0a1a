//! What the ordinary tests run of the simulation: the same seed is the same run, every run that failed once, every planted
//! bug, and the simulated store against the suite of all stores. `cargo bench --bench simulation` runs it at length.

use crate::conformance::{conforms, refuses_illegal_entries, takes_over_what_is_open};
use crate::simulation::case::{Case, Story};
use crate::simulation::choices::{Choices, Script};
use crate::simulation::cloud::Settings;
use crate::simulation::hub::Hub;
use crate::simulation::life::Look;
use crate::simulation::store::Disk;
use crate::simulation::tally::Tally;
use crate::simulation::{log, planted, runner};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn the_same_seed_is_the_same_run_byte_for_byte() {
    for seed in 0..12 {
        for story in [Story::Swarm(seed), Story::Order(seed)] {
            let logs =
                [0, 1].map(|_| Case::of(story.clone()).run(Look { log: true, ..Look::default() }).log.join("\n"));
            assert!(!logs[0].is_empty(), "{story:?} did something");
            assert_eq!(logs[0], logs[1], "{story:?}");
        }
    }
}

#[test]
fn what_was_taken_repeats_a_run_and_its_line_reads_back() {
    for seed in 0..12 {
        let look = Look { log: true, ..Look::default() };
        let rolled = Case::of(Story::Swarm(seed)).run(look);
        let case = Case { story: Story::Swarm(seed), script: Some(rolled.taken.clone()) };
        assert_eq!(case.run(look).log, rolled.log, "{case}");
        assert_eq!(Case::parse(&case.to_string()), Some(case));
    }
}

/// Lines that are no remarks.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn what_failed_once_does_not_fail_again() {
    for line in lines(include_str!("regressions.txt")) {
        let case = Case::parse(line).unwrap_or_else(|| panic!("this is no case: {line}"));
        let lived = case.run(Look { canary: true, ..Look::default() });
        assert!(lived.violations.is_empty(), "{line}: {:?}", lived.violations);
    }
}

/// So many seeds are tried from the one that is known to catch a bug.
const NEARBY: u64 = 60;

#[test]
fn every_planted_bug_is_caught() {
    let known: BTreeMap<&str, u64> = lines(include_str!("planted.txt"))
        .map(|line| {
            let (bug, seed) = line.split_once(' ').unwrap_or_else(|| panic!("a bug and its seed: {line}"));
            (bug, seed.trim().parse().unwrap_or_else(|_| panic!("a number: {line}")))
        })
        .collect();
    let further = std::env::var("CNX_SEEDS").ok().and_then(|text| text.parse::<u64>().ok());
    let mut missed = Vec::new();
    for (bug, words, ..) in planted::ALL {
        let from = known.get(format!("{bug:?}").as_str()).unwrap_or_else(|| panic!("no seed is known for {bug:?}"));
        if runner::catch(*bug, *from..*from + NEARBY).is_some() {
            continue;
        }
        let found = further.and_then(|seeds| runner::catch(*bug, 0..seeds));
        let seed = found.map_or("no seed".to_owned(), |(runs, _)| (runs - 1).to_string());
        missed.push(format!("{bug:?} {seed} # {words}"));
    }
    assert!(missed.is_empty(), "not caught where they were (CNX_SEEDS looks further):\n{}", missed.join("\n"));
}

/// Seeds whose runs undo themselves, or know of idempotency keys; `CNX_SEEDS` asks for more.
#[test]
fn runs_that_undo_themselves_and_requests_that_are_repeated_keep_every_promise() {
    let many = std::env::var("CNX_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let is_meant = |story: &Story| {
        let (plot, ..) = story.plot();
        plot.rolls_back || plot.examined && plot.settings.idempotent
    };
    let mut tally = Tally::default();
    for story in (0..).map(Story::Swarm).filter(is_meant).take(many) {
        let lived = Case::of(story.clone()).run(Look::default());
        assert!(lived.violations.is_empty(), "{story:?}: {:?}", lived.violations);
        tally.add(lived.tally);
    }
    assert!(tally.rollbacks > 0 && tally.repeats > 0, "{} and {}", tally.rollbacks, tally.repeats);
}

#[test]
fn the_log_adds_up() {
    let sums = log::added_up(include_str!("log.txt"));
    assert!(sums.get("swarm").is_some_and(|(runs, failed)| *runs > 0 && failed < runs), "{sums:?}");
}

fn simulated_store() -> Arc<Disk> {
    Arc::new(Disk::new(Arc::new(Hub::new(Choices::scripted(Script::new()), Settings::LOCAL))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_simulated_store_conforms(choices in prop::collection::vec(any::<u8>(), 1..60), group in 1usize..7) {
        let disk = simulated_store();
        let expected = conforms(&disk.open(0).expect("an empty disk"), &choices, group);
        let again = disk.open(0).expect("what was synced is whole");
        prop_assert_eq!(cnx::state::Store::load(&again).expect("it was read"), expected, "as it was");
    }
}

#[test]
fn the_simulated_store_refuses_illegal_entries_whole() {
    refuses_illegal_entries(&simulated_store().open(0).expect("an empty disk"));
}

#[test]
fn the_simulated_store_takes_over_what_is_open_in_a_copy() {
    takes_over_what_is_open(&simulated_store().open(0).expect("an empty disk"));
}
