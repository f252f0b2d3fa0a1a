//! Tests of the decision: tables of cases, and properties over generated programs against a small simulated cloud.

mod case;
mod changing;
mod cloud;
mod generated;
mod guarding;
mod language;
mod modules;
mod moving;
mod program;
mod properties;
mod protecting;
mod reading;
mod replacing;
mod rules;
mod scale;
