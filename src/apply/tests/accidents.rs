//! Answers lost and processes ended at every point: run again, and nothing is lost and nothing is there twice.

use super::super::*;
use super::cycles::SHOP;
use super::sim::{Accident, World};
use crate::model::Address;
use crate::state::Store;
use std::sync::atomic::Ordering;

/// Every so many points of the places where something can go wrong: all of them with `CNX_EVERY_POINT=1`, which takes a
/// minute or two, else a part, which takes seconds.
fn sampled() -> usize {
    if option_env!("CNX_EVERY_POINT").is_some() { 1 } else { 5 }
}

/// Runs until nothing is left to do; three runs must do.
fn converges(world: &World, program: &str) {
    for _ in 0..3 {
        let ran = world.run(program).expect("lives");
        let s = &ran.summary;
        if s.failed + s.skipped + s.open == 0 {
            world.assert_state_is_cloud();
            assert!(world.plan(program).steps.is_empty(), "the plan after apply is empty");
            return;
        }
    }
    panic!("it does not converge: {:#?}", world.store_history());
}

#[test]
fn a_process_that_ends_anywhere_leaves_nothing_behind() {
    for program in [SHOP, ""] {
        let seams = {
            let world = World::local();
            world.run(SHOP).expect("lives");
            let before = world.seams.passed.load(Ordering::Relaxed);
            world.run(program).expect("lives");
            if program.is_empty() { world.seams.passed.load(Ordering::Relaxed) - before } else { before }
        };
        for at in (1..=seams).step_by(sampled()) {
            let world = World::local();
            if program.is_empty() {
                world.run(SHOP).expect("lives");
            }
            let before = world.seams.passed.load(Ordering::Relaxed);
            *world.seams.dies_at.lock().unwrap() = Some(before + at);
            assert!(world.run(program).is_none(), "it dies at {at}");
            world.restart();
            converges(&world, program);
        }
    }
}

#[test]
fn a_recovery_that_ends_anywhere_is_taken_up() {
    let passages = |first: u64| {
        let world = World::local();
        *world.seams.dies_at.lock().unwrap() = Some(first);
        assert!(world.run(SHOP).is_none());
        world.restart();
        let before = world.seams.passed.load(Ordering::Relaxed);
        world.run(SHOP).expect("lives");
        world.seams.passed.load(Ordering::Relaxed) - before
    };
    for first in [9, 20, 33, 47] {
        for second in (1..=passages(first)).step_by(3 * sampled()) {
            let world = World::local();
            *world.seams.dies_at.lock().unwrap() = Some(first);
            assert!(world.run(SHOP).is_none());
            world.restart();
            let before = world.seams.passed.load(Ordering::Relaxed);
            *world.seams.dies_at.lock().unwrap() = Some(before + second);
            assert!(world.run(SHOP).is_none());
            world.restart();
            converges(&world, SHOP);
        }
    }
}

#[test]
fn a_lost_answer_anywhere_makes_nothing_twice() {
    let kinds = [
        Accident::NotSent,
        Accident::LostBefore,
        Accident::LostAfter,
        Accident::BadGatewayBefore,
        Accident::BadGatewayAfter,
    ];
    for kind in kinds {
        for in_process in [true, false] {
            let writes = {
                let world = World::local();
                world.run(SHOP).expect("lives");
                world.run("").expect("lives");
                world.seams.writes.load(Ordering::Relaxed)
            };
            for at in (1..=writes).step_by(sampled()) {
                let mut world = World::local();
                world.in_process = in_process;
                world.options.retry_unknown = true;
                world.seams.accidents.lock().unwrap().insert(at, kind);
                converges(&world, SHOP);
                converges(&world, "");
                assert!(world.objects().is_empty(), "{kind:?} at {at}: {:?}", world.objects());
            }
        }
    }
}

const APP: &str =
    "server app {\n name = \"app\"\n region = \"eu-west-2\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n}\n";

/// A cloud far away, whose first create is lost on its way.
fn lost() -> World {
    let mut world = World::local();
    world.in_process = false;
    world.seams.accidents.lock().unwrap().insert(1, Accident::LostBefore);
    world
}

#[test]
fn an_unmarked_create_that_left_no_trace_is_asked_about() {
    let mut world = lost();
    let ran = world.run(APP).expect("lives");
    assert_eq!((ran.summary.open, ran.summary.created), (1, 0));
    assert!(world.objects().is_empty());
    let ran = world.run(APP).expect("lives");
    assert_eq!((ran.summary.open, ran.summary.created), (1, 0), "asked again, not made twice");
    world.options.retry_unknown = true;
    converges(&world, APP);
}

/// Ends what is open, and nothing else.
fn recovered(world: &World) -> Recovered {
    let (context, snapshot) = (world.context(), world.store.load().expect("loads"));
    world.finish(recover(&context, snapshot, &mut |_| (), futures::stream::pending()))
}

#[test]
fn what_could_not_be_written_is_open_still() {
    let mut world = lost();
    assert_eq!(world.run(APP).expect("lives").summary.open, 1);
    world.options.answers.insert(Address::managed("server", "app", None), Answer::Retry);
    world.store.fails.store(true, Ordering::Relaxed);
    let broken = recovered(&world);
    assert!(broken.summary.broken.is_some_and(|why| why.contains("the disk is gone")));
    assert_eq!(broken.snapshot, world.store.load().expect("loads"));
    assert_eq!(broken.snapshot.open.len(), 1);
    world.store.fails.store(false, Ordering::Relaxed);
    let whole = recovered(&world);
    assert_eq!((whole.summary.broken, whole.snapshot.open.len()), (None, 0));
}

#[test]
fn interrupts_stop_and_leave() {
    let world = World::local();
    let stop = futures::stream::iter([Interrupt::Stop]);
    let ran = world.run_interrupted(SHOP, stop).expect("lives");
    assert!(ran.summary.interrupted);
    assert_eq!(ran.summary.open, 0);
    assert_eq!(ran.summary.skipped + ran.summary.created, ran.plan.steps.len());
    world.assert_state_is_cloud();
    converges(&world, SHOP);

    let world = World::local();
    let leave = futures::stream::iter([Interrupt::Leave]);
    let ran = world.run_interrupted(SHOP, leave).expect("lives");
    assert!(ran.summary.interrupted);
    converges(&world, SHOP);
}
