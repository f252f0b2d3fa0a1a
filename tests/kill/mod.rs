//! The real process: the real binary killed, stopped and refused by the disk, against the emulator as a process of its own.
//! `CNX_EVERY_POINT=1` works through every point (half an hour), `CNX_EVERY_POINT=3/20` through the third of twenty parts,
//! otherwise a part that moves on each day; `CNX_WORKERS` says how many run beside each other.

mod changes;
mod log;
pub mod process;
mod requests;
mod signals;
mod strace;
mod sweep;
pub mod world;
