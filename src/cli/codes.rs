//! The complaints of the command line itself.

use crate::diag::codes;

codes! {
    "cnx::cli";
    NO_PROGRAM = error("no_program", "there is no program here");
    UNREADABLE = error("unreadable", "a file can't be read");
    UNWRITABLE = error("unwritable", "a file can't be written");
    NOT_TEXT = error("not_text", "a file is no UTF-8 text");
    EXISTS = error("exists", "a file is in the way");
    BAD_ARGUMENT = error("bad_argument", "an argument makes no sense");
    EXPOSED = warning("exposed_secret", "a secret on the command line");
    SHADOWED = warning("shadowed", "a variable of the process hides a written value");
    STEP_FAILED = error("step_failed", "a step of an apply failed");
    EMULATOR = error("emulator", "the local emulator can't be used");
    NOT_THERE = error("not_there", "nothing has that name");
    NEEDS_CONSENT = error("needs_consent", "nobody is there to say yes");
    NEEDS_APPLY = error("needs_apply", "an action has to wait for an apply");
    DECLINED = error("declined", "declined");
    NOT_A_PLAN = error("not_a_plan", "a file is no saved plan");
    NEWER = error("newer_format", "a file has a newer format");
    NOT_EMPTY = error("not_empty", "the plan after apply is not empty");
    NO_NETWORK = error("no_network", "the network can't be used");
    ANOTHER_CLOUD = error("another_cloud", "the state belongs to another cloud");
    MACHINE = error("machine", "this machine refuses");
    NOT_FETCHED = error("not_fetched", "a module can't be fetched");
    NOT_LOCKED = error("not_locked", "a module is not locked yet");
    MODULE_CHANGED = error("module_changed", "a module is not what was locked");
    BAD_LOCK = error("bad_lock", "the lock file can't be used");
    NO_QUESTION = error("no_question", "an answer to what was not asked");
    STILL_OPEN = error("still_open", "an operation is still open");
    NOT_AN_EXPORT = error("not_an_export", "a file is no export of a state");
    ANOTHER_STATE = error("another_state", "the copy is of another state");
    STATE_EXISTS = error("state_exists", "the state is not lost");
    OLDER_STATE = error("older_state", "the state is older than it was");
    FROM_ELSEWHERE = warning("from_elsewhere", "the state comes from another machine");
    MEANWHILE = error("meanwhile", "what was shown is not so any more");
}
