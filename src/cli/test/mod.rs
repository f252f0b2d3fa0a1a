//! `cnx test`: the tests of `*.test.cnx`, each over a plan or over an apply on an emulator of its own.

mod collect;
mod command;
mod run;
mod views;

pub use command::run;
