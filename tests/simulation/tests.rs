//! What the ordinary tests run of the simulation: determinism, every case that failed once, a little of each mode, and all
//! planted bugs. `cargo bench --bench simulation` runs it at length.

use crate::simulation::case::{Case, Story};
use crate::simulation::life::Look;
use crate::simulation::runner;
use crate::simulation::truth::Violation;

fn violations(case: &Case) -> Vec<Violation> {
    case.run(Look::default()).violations
}

#[test]
fn the_same_seed_is_the_same_run_byte_for_byte() {
    for seed in 0..12 {
        for story in [Story::Swarm(seed), Story::Order(seed), Story::Rivals(seed)] {
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

#[test]
fn what_failed_once_holds_now() {
    let lines = include_str!("regressions.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    for line in lines {
        let case = Case::parse(line.trim()).expect("a case");
        assert_eq!(violations(&case), [], "{case}");
    }
}

#[test]
fn a_little_swarm_keeps_the_rules() {
    for (count, story) in [(60, Story::Swarm as fn(u64) -> Story), (20, Story::Order), (20, Story::Rivals)] {
        let campaign = runner::seeds(2, 1_000_000, count, story);
        let first = campaign.findings.first().map(|found| (found.case.to_string(), found.violations.clone()));
        assert_eq!(first, None);
        assert_eq!(campaign.tally.runs, count);
        assert!(campaign.tally.requests > 10 * count);
    }
}

#[test]
fn every_planted_bug_is_caught() {
    let caught = runner::planted(2, runner::PLANTED_RUNS);
    assert!(caught.len() >= 24);
    let missed: Vec<_> =
        caught.iter().filter(|caught| caught.found.is_none()).map(|caught| (caught.bug, caught.words)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}
