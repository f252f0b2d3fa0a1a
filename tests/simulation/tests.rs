//! What the ordinary tests run of the simulation: the same seed is the same run. `cargo bench --bench simulation` runs it at
//! length.

use crate::simulation::case::{Case, Story};
use crate::simulation::life::Look;

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
