//! The client against scripted answers and against the emulator.

mod emulator;
mod lists;
mod outcomes;
mod pace;
mod reads;
mod support;
