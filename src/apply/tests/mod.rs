//! Tests of this room: whole cycles against the real emulator under a simulated clock, with accidents at every seam; and
//! the machine alone, against scripted answers.

mod abandoned;
mod accidents;
mod counted;
mod cycles;
mod evidence;
mod given_up;
mod holdings;
mod machine;
mod obstacles;
mod patience;
mod places;
mod polled;
mod rebuilt;
mod renamed;
mod repeats;
mod requests;
mod rollback;
mod sim;
mod story;
mod strangers;
mod taken_over;
mod tracing;
mod watched;

pub(super) use tracing::intent;
