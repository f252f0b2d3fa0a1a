//! The emulator's tests: the documents' conformance table, and a table for each area.
mod behaviour;
mod conformance;
mod conformity;
mod faults;
mod generated;
mod keeping;
mod openapi;
mod support;
