//! What is taken up after an accident, as a person meets it: questions and answers, guesses and their confirmation, the
//! same request again, a lock that is taken away, a state that is gone back to, copied, lost and rebuilt. The real binary
//! against the emulator as a process of its own.

mod copies;
mod evidence;
mod late;
mod locks;
pub mod meanwhile;
mod questions;
mod repeats;
mod terminal;
