//! What can be wrong with a plan: the codes of this room, each with its fixed title.

use crate::diag::{Diagnostic, codes};

codes! {
    "cnx::plan";
    HIDDEN = error("hidden", "an object is gone, or this key may not see it");
    VANISHED = error("vanished", "many objects are gone at once");
    UNREAD = warning("unread", "an object could not be read");
    PROTECTED = error("protected", "a protected object would be destroyed");
    PROTECTION_ENDS = warning("protection_ends", "the protection of an object ends");
    NEEDS_APPROVAL = error("needs_approval", "a destruction needs approval");
    ANOTHER_OBJECT = error("another_object", "an object is not the one that cnx made");
    UNCONFIRMED = error("unconfirmed", "a guessed object would be touched");
    MADE_BEFORE = error("made_before", "another state made this object already");
    SAME_NAME = warning("same_name", "an object with this name is there, and is not managed");
    EXISTS = error("exists_already", "an object with this unique name exists already");
    ADOPT_AMBIGUOUS = error("adopt_ambiguous", "several objects could be adopted");
    CREATE_FIRST_IMPOSSIBLE = warning("create_first_impossible", "cannot create before destroying");
    NOT_RESETTABLE = warning("not_resettable", "an attribute that was removed cannot be reset");
    UNSEEN = warning("unseen", "an attribute that the API does not show was never applied");
    CONDITION_FAILED = error("condition_failed", "a condition does not hold");
    CHECK_FAILED = error("check_failed", "a check does not hold");
    CHECK_WARNS = warning("check_warns", "a check does not hold, and only warns");
    POLICY_FAILED = error("policy_failed", "a policy forbids a change");
    POLICY_WARNS = warning("policy_warns", "a policy warns of a change");
    STILL_DECLARED = error("still_declared", "what is declared cannot have moved or be forgotten");
    TAKEN_TWICE = error("taken_twice", "two objects want what only one may have");
    MOVED_TWICE = error("moved_twice", "two moves share an end");
    MOVE_BLOCKED = error("move_blocked", "two objects would have one address");
    NOT_IMPORTABLE = error("not_importable", "an object that cannot be imported");
    NO_SUCH_ADDRESS = error("no_such_address", "nothing has this address");
    UNKNOWN_KIND = error("unknown_kind", "a kind that the catalog does not know");
    LOOKUP_EMPTY = error("lookup_empty", "nothing was found for a data source");
    LOOKUP_AMBIGUOUS = error("lookup_ambiguous", "several objects fit a data source");
    ORDER = error("order", "steps wait for each other");
    MOVED = warning("moved", "an object may only have moved");
    PAST_INSTANT = warning("past_instant", "an instant is past");
    CHANGED = error("plan_changed", "the plan is not the one that was approved");
}

/// Whether it refuses something that a person may approve or lift, which ends with exit code 5.
pub fn is_refusal(diagnostic: &Diagnostic) -> bool {
    [&VANISHED, &MADE_BEFORE, &PROTECTED, &NEEDS_APPROVAL, &ANOTHER_OBJECT, &UNCONFIRMED, &POLICY_FAILED, &CHANGED]
        .contains(&diagnostic.code)
}
