//! The complaints of this room.

use crate::diag::Code;

pub const SOURCE_UNREAD: Code = Code::error("cnx::apply::source_unread", "a data source could not be read");
pub const LATE_DUPLICATE: Code =
    Code::warning("cnx::apply::late_duplicate", "an object turned up after its create was given up");
pub const OPEN: Code = Code::warning("cnx::apply::open_operation", "an operation of an earlier run is still open");
