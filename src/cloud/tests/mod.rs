//! The client against scripted answers and against the emulator.

mod emulator;
mod lists;
mod network;
mod outcomes;
mod pace;
mod reads;
mod requests;
mod support;
