//! The outside: disk, network, time, randomness, terminal. Traits first, then the real ones.

pub mod below;
pub mod clock;
pub mod editor;
pub mod environment;
pub mod files;
pub mod local;
pub mod network;
pub mod parallel;
pub mod process;
pub mod programs;
pub mod random;
pub mod runtime;
pub mod seams;
pub mod secret;
pub mod signals;
pub mod still;
pub mod terminal;

pub use clock::RealClock;
pub use editor::{Complete, Editor, Typed};
pub use environment::{ColourWish, Environment};
pub use files::RealFiles;
pub use local::{InProcess, local_origin};
pub use network::{Network, NoNetwork};
pub use parallel::in_parallel;
pub use process::{keep_memory_private, on_panic};
pub use programs::RealPrograms;
pub use random::RealRandom;
pub use runtime::block_on;
pub use seams::{Clock, Errand, Files, Programs, Ran, Random, Transport, TransportError};
pub use secret::ApiKey;
pub use signals::{Interrupt, interrupts};
pub use still::{StillClock, StillRandom};
pub use terminal::{RealTerminal, Terminal};
