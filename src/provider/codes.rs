//! The complaints about provider files. Words only.

use crate::diag::Code;

pub const UNKNOWN_MEMBER: Code = Code::error("cnx::provider::unknown_member", "unknown member in a provider file");
pub const MISSING_MEMBER: Code = Code::error("cnx::provider::missing_member", "missing member in a provider file");
pub const WRONG_VALUE: Code = Code::error("cnx::provider::wrong_value", "wrong value in a provider file");
pub const DUPLICATE: Code = Code::error("cnx::provider::duplicate", "declared twice in a provider file");
pub const UNKNOWN_NAME: Code = Code::error("cnx::provider::unknown_name", "unknown name in a provider file");
pub const UNKNOWN_DECLARATION: Code =
    Code::error("cnx::provider::unknown_declaration", "not a declaration of a provider file");
