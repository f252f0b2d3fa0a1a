//! The emulator's tests: a table for each area.
mod behaviour;
mod conformity;
mod cost;
mod deviations;
mod faults;
mod generated;
mod keeping;
mod openapi;
mod support;
