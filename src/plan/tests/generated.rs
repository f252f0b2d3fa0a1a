//! Generated programs of all kinds with edits between, read by the real front: each plan can be obeyed, and then there is
//! nothing to do.

#[path = "../../../tests/generate.rs"]
mod generate;

use super::super::Options;
use super::cloud::World;
use super::language::{obey, read};
use crate::desired::Desired;
use generate::{Dice, Program};
use std::collections::BTreeMap;

#[test]
fn a_second_plan_is_empty() {
    for seed in 0..250 {
        let mut dice = Dice(seed);
        let mut program = Program::generate(&mut dice);
        let mut world = World::default();
        for edit in 0..4 {
            let text = program.text();
            println!("seed {seed}, edit {edit}\n{text}");
            obey(&mut world, &read(&text));
            program.edit(&mut dice);
        }
        let all = Options { destroy: true, ..Options::default() };
        let plan = world.plan(&Desired::default(), &all).unwrap_or_else(|found| panic!("{found:#?}"));
        assert!(world.apply(&Desired::default(), &plan).is_empty());
        assert!(world.objects.values().all(BTreeMap::is_empty));
    }
}
