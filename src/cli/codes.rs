//! The complaints of the command line itself.

use crate::diag::Code;

pub static NO_PROGRAM: Code = Code::error("cnx::cli::no_program", "there is no program here");
pub static UNREADABLE: Code = Code::error("cnx::cli::unreadable", "a file can't be read");
pub static UNWRITABLE: Code = Code::error("cnx::cli::unwritable", "a file can't be written");
pub static NOT_TEXT: Code = Code::error("cnx::cli::not_text", "a file is no UTF-8 text");
pub static EXISTS: Code = Code::error("cnx::cli::exists", "a file is in the way");
pub static BAD_ARGUMENT: Code = Code::error("cnx::cli::bad_argument", "an argument makes no sense");
pub static EMULATOR: Code = Code::error("cnx::cli::emulator", "the local emulator can't be used");
pub static NOT_THERE: Code = Code::error("cnx::cli::not_there", "nothing has that name");
pub static NEEDS_CONSENT: Code = Code::error("cnx::cli::needs_consent", "nobody is there to say yes");
pub static NEEDS_APPLY: Code = Code::error("cnx::cli::needs_apply", "an action has to wait for an apply");
pub static DECLINED: Code = Code::error("cnx::cli::declined", "declined");
pub static NOT_A_PLAN: Code = Code::error("cnx::cli::not_a_plan", "a file is no saved plan");
pub static NEWER: Code = Code::error("cnx::cli::newer_format", "a file has a newer format");
pub static NOT_EMPTY: Code = Code::error("cnx::cli::not_empty", "the plan after apply is not empty");
pub static NO_NETWORK: Code = Code::error("cnx::cli::no_network", "the network can't be used");
pub static ANOTHER_CLOUD: Code = Code::error("cnx::cli::another_cloud", "the state belongs to another cloud");
pub static MACHINE: Code = Code::error("cnx::cli::machine", "this machine refuses");
