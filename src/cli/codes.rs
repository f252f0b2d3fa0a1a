//! The complaints of the command line itself.

use crate::diag::Code;

pub static NO_PROGRAM: Code = Code::error("cnx::cli::no_program", "there is no program here");
pub static UNREADABLE: Code = Code::error("cnx::cli::unreadable", "a file can't be read");
pub static UNWRITABLE: Code = Code::error("cnx::cli::unwritable", "a file can't be written");
pub static NOT_TEXT: Code = Code::error("cnx::cli::not_text", "a file is no UTF-8 text");
pub static EXISTS: Code = Code::error("cnx::cli::exists", "a file is in the way");
pub static BAD_ARGUMENT: Code = Code::error("cnx::cli::bad_argument", "an argument makes no sense");
pub static EMULATOR: Code = Code::error("cnx::cli::emulator", "the local emulator can't be used");
