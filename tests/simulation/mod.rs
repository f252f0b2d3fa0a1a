//! The whole engine under simulation: real parser, planner, executor, recovery and client against the real emulator, under a
//! clock, a disk, a network and a scheduler that are made of choices. `cargo bench --bench simulation` runs it at length,
//! the ordinary tests run a little of it and every case that failed once.

pub mod campaign;
pub mod canary;
pub mod case;
pub mod checks;
pub mod choices;
pub mod cloud;
pub mod departure;
pub mod faults;
pub mod focus;
pub mod hub;
pub mod launch;
pub mod life;
pub mod lists;
pub mod log;
pub mod modes;
pub mod outcome;
pub mod person;
pub mod planted;
pub mod planted_cloud;
pub mod planted_store;
pub mod runner;
pub mod scenarios;
pub mod scheduler;
pub mod seams;
pub mod steps;
pub mod store;
pub mod tally;
pub mod truth;
