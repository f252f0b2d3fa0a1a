//! All integration tests in one binary: linking once is cheaper than linking often.

mod cli;
mod commands;
#[path = "../src/state/conformance.rs"]
mod conformance;
mod drift;
mod emulator;
mod engine;
mod environments;
mod examples;
mod foresee;
mod formats;
mod fuzz;
mod generate;
mod graph;
mod kill;
mod ledger;
mod modules;
mod mutants;
mod outside;
mod pages;
mod property;
mod readme;
mod recovery;
mod reference;
mod scenarios;
mod secrets;
mod security;
#[expect(dead_code, reason = "the runner in benches uses the rest")]
mod simulation;
#[path = "simulation/tests.rs"]
mod simulation_tests;
mod suites;
mod support;
mod tidy;
mod watch;
mod why;
mod wrong;

// The stores' conformance suite names them from the root of the crate that it is in.
use cnx::{model, state};
