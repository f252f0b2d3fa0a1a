//! `cnx emulator fault add|list|remove`: what is to go wrong.

use super::control::Control;
use super::requests::{surface, text};
use crate::cli::args_emulator::{FaultAdd, FaultCommand};
use crate::cli::codes;
use crate::cli::exit::{Exit, Failure};
use crate::cli::shell::Shell;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::emulator::{EFFECTS, Effects, setting};
use crate::model::http::Method;
use crate::report::table;
use serde_json::{Map, Value as Json, json};

pub fn run(shell: &mut Shell, control: &Control, command: &FaultCommand) -> Result<Exit, Failure> {
    match command {
        FaultCommand::Add(wanted) => add(shell, control, wanted),
        FaultCommand::List => list(shell, control),
        FaultCommand::Remove { ids, all } => remove(shell, control, ids, *all),
    }
}

fn wrong(message: String, help: impl Into<String>) -> Failure {
    Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into()
}

fn add(shell: &mut Shell, control: &Control, wanted: &FaultAdd) -> Result<Exit, Failure> {
    if !EFFECTS.iter().any(|effect| effect.name == wanted.effect) {
        let names = EFFECTS.iter().map(|effect| effect.name);
        let help = did_you_mean(&wanted.effect, names, "`cnx emulator fault add --help` shows all of them");
        return Err(wrong(format!("there is no effect `{}`", wanted.effect), help));
    }
    let mut settings = Vec::new();
    for pair in &wanted.settings {
        settings.push(setting(pair).ok_or_else(|| wrong(format!("`{pair}` has no `=`"), "write NAME=VALUE"))?);
    }
    shell.say(&control.shown());
    let answer = control.ask(shell, Method::Post, "faults", Some(&body(wanted, &settings)))?;
    if shell.global.json {
        shell.print_json(&answer);
    } else {
        shell.say(&format!("Fault {} is set; `cnx emulator fault list` shows all of them.", text(&answer["ids"][0])));
    }
    Ok(Exit::Done)
}

/// A fault as the control door takes it.
fn body(wanted: &FaultAdd, settings: &[(String, Json)]) -> Json {
    let matcher = [
        ("surface", wanted.surface.map(|wanted| json!(surface(wanted)))),
        ("method", wanted.method.as_ref().map(|method| json!(method))),
        ("path", wanted.path.as_ref().map(|path| json!(path))),
        ("key", wanted.key.as_ref().map(|key| json!(key))),
        ("nth", wanted.nth.map(|n| json!(n))),
        ("every", wanted.every.map(|n| json!(n))),
        ("p", wanted.p.map(|p| json!(p))),
        ("after_n", wanted.after.map(|n| json!(n))),
    ];
    let matcher: Map<String, Json> =
        matcher.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let members = [
        ("effect", Some(Effects::wire(&wanted.effect, settings))),
        ("match", Some(Json::Object(matcher))),
        ("times", wanted.times.map(|times| json!(times))),
        ("seed", wanted.seed.map(|seed| json!(seed))),
        ("before", wanted.before.map(|id| json!(id))),
    ];
    Json::Object(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn list(shell: &mut Shell, control: &Control) -> Result<Exit, Failure> {
    let answer = control.ask(shell, Method::Get, "faults", None)?;
    let faults = answer["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
    if shell.global.json {
        for fault in faults {
            shell.print_json(fault);
        }
        return Ok(Exit::Done);
    }
    if faults.is_empty() {
        shell.say("Nothing is to go wrong.");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = faults.iter().map(row).collect();
    let shown = table::table(&["#", "effect", "requests", "times", "seen", "happened"], &rows, &shell.out_look);
    shell.print(&shown);
    Ok(Exit::Done)
}

fn row(fault: &Json) -> Vec<String> {
    let settings = |value: &Json| {
        let members = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        members.map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(" ")
    };
    let effect = match fault["effect"].as_object().and_then(|effect| effect.iter().next()) {
        Some((name, inner)) => format!("{name} {}", settings(inner)),
        None => text(&fault["effect"]),
    };
    let requests = settings(&fault["match"]);
    let requests = if requests.is_empty() { "all".to_owned() } else { requests };
    let times = if fault["times"].is_null() { "always".to_owned() } else { text(&fault["times"]) };
    vec![text(&fault["id"]), effect, requests, times, text(&fault["seen"]), text(&fault["happened"])]
}

fn remove(shell: &mut Shell, control: &Control, ids: &[u64], all: bool) -> Result<Exit, Failure> {
    shell.say(&control.shown());
    let mut removed = 0;
    if all {
        removed = control.ask(shell, Method::Delete, "faults", None)?["removed"].as_u64().unwrap_or(0);
    }
    for id in ids {
        let answer = control.ask(shell, Method::Delete, &format!("faults?id={id}"), None)?;
        if answer["removed"] == 0 && !all {
            let help = "`cnx emulator fault list` shows their numbers";
            return Err(Diagnostic::new(&codes::NOT_THERE, format!("no fault has the number {id}")).help(help).into());
        }
        removed += answer["removed"].as_u64().unwrap_or(0);
    }
    shell.say(&format!("{removed} taken away."));
    Ok(Exit::Done)
}
