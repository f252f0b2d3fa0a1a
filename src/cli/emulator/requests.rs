//! `cnx emulator requests`: what the emulator was sent.

use super::control::{Control, query};
use crate::cli::args_emulator::{Requests, Surface};
use crate::cli::exit::{Exit, Failure};
use crate::cli::shell::Shell;
use crate::model::http::Method;
use crate::report::{escape, table};
use serde_json::Value as Json;

/// As the control door names it.
pub fn surface(surface: Surface) -> &'static str {
    match surface {
        Surface::C => "c",
        Surface::P => "p",
        Surface::Sandbox => "sandbox",
    }
}

pub fn requests(shell: &mut Shell, control: &Control, wanted: &Requests) -> Result<Exit, Failure> {
    let query = query(&[
        ("limit", wanted.limit.map(|limit| limit.to_string())),
        ("since", wanted.since.map(|number| number.to_string())),
        ("surface", wanted.surface.map(|wanted| surface(wanted).to_owned())),
        ("method", wanted.method.clone()),
        ("path", wanted.path.clone()),
        ("status", wanted.status.clone()),
        ("fault", wanted.fault.clone()),
    ]);
    let answer = control.ask(shell, Method::Get, &format!("requests{query}"), None)?;
    let entries = answer["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    if shell.global.json {
        for entry in entries {
            shell.print_json(entry);
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    let text = table::table(&["#", "at", "method", "target", "status", ""], &rows, &shell.out_look);
    shell.print(&text);
    Ok(Exit::Done)
}

fn row(entry: &Json) -> Vec<String> {
    let faults: Vec<&str> = entry["faults"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let met = if faults.is_empty() { String::new() } else { format!("fault {}", faults.join(", ")) };
    let code = entry["error_code"].as_str().unwrap_or_default();
    let notes = [code, &met].into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join(" · ");
    ["number", "at", "method", "target", "status"]
        .map(|member| text(&entry[member]))
        .into_iter()
        .chain([escape::clean(&notes).into_owned()])
        .collect()
}

/// A member as a cell of a table.
pub fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => escape::clean(text).into_owned(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            escape::clean(&value.to_string()).into_owned()
        }
    }
}
