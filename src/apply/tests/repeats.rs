//! A request of an earlier run that was never answered is sent once more where the API honours idempotency keys, and only
//! while it does.

use super::sim::World;
use super::story::{Says, TRUTH, server, tagged, tell, world};
use crate::cloud::Outcome;
use crate::provider::cloudnexus;
use crate::state::{STAMP_OPERATION, Store, mark};
use crate::world::Clock;
use std::time::Duration;

/// Nobody hears whether it was carried out, and nothing can be seen.
const BLIND: Says = Says {
    call: |_, _| Outcome::Unknown { reason: "timed out".to_owned(), error: None },
    list: |_, _| Err("HTTP 500".to_owned()),
    ..TRUTH
};
const HONOURED: Says = Says { keys: true, ..TRUTH };

/// A state in which a create is open, that was carried out or not.
fn left_open(program: &str, lost: fn(usize) -> bool) -> World {
    let mut world = world();
    world.in_process = false;
    let told = tell(&world, program, Says { lost, ..BLIND });
    assert!(told.ends_with("open: what became of it cannot be seen: HTTP 500"), "{told}");
    world
}

fn later(world: World, span: Duration) -> World {
    world.finish(world.clock.sleep(span));
    world
}

fn hours(number: u64) -> Duration {
    Duration::from_secs(number * 60 * 60)
}

/// The next run's story, and whether all is well after it.
fn next(program: &str, lost: fn(usize) -> bool, wait: Duration, says: Says) -> (String, bool) {
    let world = later(left_open(program, lost), wait);
    let told = tell(&world, program, says);
    let snapshot = world.store.load().expect("loads");
    (
        told,
        snapshot.open.is_empty() && snapshot.records.len() == 1 && world.objects().into_values().flatten().count() == 1,
    )
}

#[test]
fn one_that_was_carried_out_is_answered_again() {
    let answered = ("write 0, jobs 3, read 3, list 3; done".to_owned(), true);
    let (unmarked, marked) = (server("standard-8", ""), tagged("a"));
    for program in [&unmarked, &marked] {
        assert_eq!(next(program, |_| false, hours(0), HONOURED), answered);
        assert_eq!(next(program, |_| false, hours(22), HONOURED), answered);
    }
    // Where the key may be forgotten by now, or was never kept, it is traced as ever.
    for (wait, says) in [(hours(23), HONOURED), (hours(0), TRUTH)] {
        let traced = |told: &str| (told.to_owned(), true);
        assert_eq!(next(&unmarked, |_| false, wait, says), traced("list 0, all jobs 0, read 0, list 0; done"));
        assert_eq!(next(&marked, |_| false, wait, says), traced("list 0 5, read 5, list 5; done"));
    }
}

#[test]
fn one_that_was_not_is_carried_out_now() {
    let made = ("write 0, jobs 3 6 10 18 29, read 29, list 29; done".to_owned(), true);
    let (unmarked, marked) = (server("standard-8", ""), tagged("a"));
    assert_eq!(next(&unmarked, |_| true, hours(22), HONOURED), made);
    assert_eq!(next(&marked, |_| true, hours(22), HONOURED), made);
    for (wait, says) in [(hours(23), HONOURED), (hours(0), TRUTH)] {
        let (told, _) = next(&unmarked, |_| true, wait, says);
        assert!(told.starts_with("list 0 5") && !told.contains("write"), "{told}");
        let (told, is_well) = next(&marked, |_| true, wait, says);
        assert!(told.starts_with("list 0 5") && told.contains("write 121"), "{told}");
        assert!(told.ends_with("skipped: it made nothing; done") && is_well, "{told}");
    }
}

#[test]
fn what_is_sent_again_carries_the_same_mark() {
    let world = left_open(&tagged("a"), |_| true);
    let nonce = world.store.load().expect("loads").open.into_values().next().expect("a create").intent.nonce;
    tell(&world, &tagged("a"), HONOURED);
    let record = world.store.load().expect("loads").records.into_values().next().expect("an instance");
    let stamp = cloudnexus().kind(&record.kind).and_then(|kind| kind.stamp.clone()).expect("it is marked");
    assert_eq!(mark(&record.observed, &stamp, STAMP_OPERATION), Some(nonce.0.as_str()));
}
