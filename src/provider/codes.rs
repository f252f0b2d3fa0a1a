//! The complaints about provider files. Words only.

use crate::diag::Code;

pub const UNKNOWN_MEMBER: Code = Code::error("cnx::provider::unknown_member", "Unknown member in a provider file");
pub const MISSING_MEMBER: Code = Code::error("cnx::provider::missing_member", "Missing member in a provider file");
pub const WRONG_VALUE: Code = Code::error("cnx::provider::wrong_value", "Wrong value in a provider file");
pub const DUPLICATE: Code = Code::error("cnx::provider::duplicate", "Declared twice in a provider file");
pub const UNKNOWN_NAME: Code = Code::error("cnx::provider::unknown_name", "Unknown name in a provider file");
pub const UNKNOWN_DECLARATION: Code =
    Code::error("cnx::provider::unknown_declaration", "Not a declaration of a provider file");
