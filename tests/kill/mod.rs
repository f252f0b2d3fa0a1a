//! The real process: the real binary killed, stopped and refused by the disk, against the emulator as a process of its own.

pub mod process;
