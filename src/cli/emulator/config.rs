//! `cnx emulator config|reset`: the knobs.

use super::control::Control;
use crate::cli::codes;
use crate::cli::exit::{Exit, Failure};
use crate::cli::shell::Shell;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::emulator::{KNOBS, setting};
use crate::model::http::Method;
use crate::report::{escape, table};
use serde_json::{Map, Value as Json};

/// `KNOB=VALUE` pairs, names as the control door takes them.
///
/// # Errors
/// A text that is no pair, or a name that no knob has.
pub fn pairs(texts: &[String]) -> Result<Vec<(String, Json)>, Failure> {
    texts.iter().map(|text| pair(text)).collect()
}

fn pair(text: &str) -> Result<(String, Json), Failure> {
    let Some((name, value)) = setting(text) else {
        let message = format!("`{text}` has no `=`");
        return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help("write KNOB=VALUE").into());
    };
    let is_below = |knob: &str| name.strip_prefix(knob).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let is_group = |knob: &str| knob.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
    if name.starts_with("delays.") || KNOBS.iter().any(|knob| is_below(knob.name) || is_group(knob.name)) {
        return Ok((name, value));
    }
    let names = KNOBS.iter().map(|knob| knob.name);
    let help = did_you_mean(&name, names, "`cnx emulator config` shows all of them");
    Err(Diagnostic::new(&codes::BAD_ARGUMENT, format!("no knob is called `{name}`")).help(help).into())
}

pub fn reset(shell: &mut Shell, control: &Control, set: &[String]) -> Result<Exit, Failure> {
    shell.say(&control.shown());
    let body = Json::Object(pairs(set)?.into_iter().collect::<Map<_, _>>());
    control.ask(shell, Method::Post, "reset", Some(&body))?;
    let config = control.ask(shell, Method::Get, "config", None)?;
    let holds = if config["fixtures"] == "empty" { "It is empty now" } else { "It holds its fixtures now" };
    shell.say(&format!("{holds}, with a new account."));
    Ok(Exit::Done)
}

pub fn config(shell: &mut Shell, control: &Control, set: &[String], clear: bool) -> Result<Exit, Failure> {
    let patch = pairs(set)?;
    shell.say(&control.shown());
    let mut config = if clear {
        control.ask(shell, Method::Delete, "config", None)?
    } else {
        control.ask(shell, Method::Get, "config", None)?
    };
    if !patch.is_empty() {
        let body = Json::Object(patch.into_iter().collect::<Map<_, _>>());
        config = control.ask(shell, Method::Put, "config", Some(&body))?;
    }
    if shell.global.json {
        shell.print_json(&config);
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = KNOBS
        .iter()
        .map(|knob| {
            let value = knob.name.split('.').fold(&config, |value, member| &value[member]);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = if value.is_null() { "none".to_owned() } else { text };
            let mark = if *value == knob.default_value() { "" } else { "*" };
            [knob.name, &text, mark].map(|cell| escape::clean(cell).into_owned()).to_vec()
        })
        .collect();
    let text = table::table(&["knob", "value", ""], &rows, &shell.out_look);
    shell.print(&text);
    Ok(Exit::Done)
}
