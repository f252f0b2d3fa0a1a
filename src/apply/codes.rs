//! The complaints of this room.

use crate::diag::codes;

codes! {
    "cnx::apply";
    SOURCE_UNREAD = error("source_unread", "a data source could not be read");
    LATE_DUPLICATE = warning("late_duplicate", "an object is there that a create made late, or twice");
    NOT_ROLLED_BACK = error("not_rolled_back", "nothing was rolled back");
    OPEN = warning("open_operation", "an operation of an earlier run is still open");
}
