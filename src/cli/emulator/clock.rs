//! `cnx emulator clock show|advance|set`: virtual time.

use super::control::Control;
use super::requests::text;
use crate::cli::args_emulator::ClockCommand;
use crate::cli::codes;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::duration;
use crate::cli::shell::Shell;
use crate::diag::Diagnostic;
use crate::model::http::Method;
use crate::report::table;
use serde_json::json;

pub fn run(shell: &mut Shell, control: &Control, command: Option<&ClockCommand>) -> Result<Exit, Failure> {
    let answer = match command {
        None | Some(ClockCommand::Show) => control.ask(shell, Method::Get, "clock", None)?,
        Some(ClockCommand::Advance { span }) => {
            let Some(length) = duration(span) else {
                let message = format!("`{span}` is no duration");
                return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help("write it like 90s or 1h30m").into());
            };
            shell.say(&control.shown());
            let body = json!({"seconds": length.as_secs_f64()});
            control.ask(shell, Method::Post, "clock/advance", Some(&body))?
        }
        Some(ClockCommand::Set { instant }) => {
            shell.say(&control.shown());
            control.ask(shell, Method::Post, "clock/set", Some(&json!({"virtual": instant})))?
        }
    };
    if shell.global.json {
        shell.print_json(&answer);
    } else {
        let rows = ["virtual", "real"].map(|name| vec![name.to_owned(), text(&answer[name])]);
        let shown = table::table(&[], &rows, &shell.out_look);
        shell.print(&shown);
    }
    Ok(Exit::Done)
}
