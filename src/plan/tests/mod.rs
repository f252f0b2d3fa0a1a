//! Tests of the decision: tables of cases, and properties over generated programs against a small simulated cloud.

mod cloud;
mod program;
mod properties;
mod scale;
mod table;
