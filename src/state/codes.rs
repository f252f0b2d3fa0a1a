//! The complaints of this room.

use crate::diag::codes;

codes! {
    "cnx::state";
    LOCKED = error("locked", "the state is locked by somebody else");
    LOCK_FAILED = error("lock_failed", "the state could not be locked");
    UNREADABLE = error("unreadable", "the state could not be read");
    UNWRITABLE = error("unwritable", "the state could not be written");
    CORRUPT = error("corrupt", "the state is damaged");
    TOO_NEW = error("too_new", "the state was written by a newer cnx");
    UNSAFE_PATH = error("unsafe_path", "the state's path is not safe to use");
    FENCED = error("fenced", "another run took this state over");
    NO_SPACE = error("no_space", "there is no room left to record what is done");
    ILLEGAL = error("illegal_entry", "an entry of the journal contradicts the ones before it");
}
