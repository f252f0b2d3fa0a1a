//! The complaints about provider files. Words only.

use crate::diag::codes;

codes! {
    "cnx::provider";
    UNKNOWN_MEMBER = error("unknown_member", "unknown member in a provider file");
    MISSING_MEMBER = error("missing_member", "missing member in a provider file");
    WRONG_VALUE = error("wrong_value", "wrong value in a provider file");
    DUPLICATE = error("duplicate", "declared twice in a provider file");
    UNKNOWN_NAME = error("unknown_name", "unknown name in a provider file");
    UNKNOWN_DECLARATION = error("unknown_declaration", "not a declaration of a provider file");
}
