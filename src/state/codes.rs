//! The complaints of this room.

use crate::diag::Code;

pub const LOCKED: Code = Code::error("cnx::state::locked", "the state is locked by somebody else");
pub const LOCK_FAILED: Code = Code::error("cnx::state::lock_failed", "the state could not be locked");
pub const UNREADABLE: Code = Code::error("cnx::state::unreadable", "the state could not be read");
pub const UNWRITABLE: Code = Code::error("cnx::state::unwritable", "the state could not be written");
pub const CORRUPT: Code = Code::error("cnx::state::corrupt", "the state is damaged");
pub const TOO_NEW: Code = Code::error("cnx::state::too_new", "the state was written by a newer cnx");
pub const UNSAFE_PATH: Code = Code::error("cnx::state::unsafe_path", "the state's path is not safe to use");
pub const FENCED: Code = Code::error("cnx::state::fenced", "another run took this state over");
pub const NO_SPACE: Code = Code::error("cnx::state::no_space", "there is no room left to record what is done");
pub const ILLEGAL: Code =
    Code::error("cnx::state::illegal_entry", "an entry of the journal contradicts the ones before it");
