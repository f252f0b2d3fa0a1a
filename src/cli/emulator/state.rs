//! `cnx emulator state list|export|import`: what the cloud holds.

use super::control::{Control, query};
use super::requests::text;
use crate::cli::args_emulator::{DataOf, StateCommand};
use crate::cli::codes;
use crate::cli::exit::{Exit, Failure};
use crate::cli::shell::Shell;
use crate::diag::Diagnostic;
use crate::model::http::Method;
use crate::report::table;
use serde_json::Value as Json;
use std::path::Path;

pub fn run(shell: &mut Shell, control: &Control, command: Option<&StateCommand>) -> Result<Exit, Failure> {
    match command {
        None => list(shell, control, None, None),
        Some(StateCommand::List { kind, data }) => list(shell, control, kind.as_deref(), *data),
        Some(StateCommand::Export { file }) => export(shell, control, file.as_deref()),
        Some(StateCommand::Import { file }) => import(shell, control, file),
    }
}

fn list(
    shell: &mut Shell,
    control: &Control,
    kind: Option<&str>,
    environment: Option<DataOf>,
) -> Result<Exit, Failure> {
    let environment = environment.map(|environment| match environment {
        DataOf::Live => "live".to_owned(),
        DataOf::Test => "test".to_owned(),
    });
    let query = query(&[("kind", kind.map(str::to_owned)), ("environment", environment)]);
    let answer = control.ask(shell, Method::Get, &format!("objects{query}"), None)?;
    let objects = answer["objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    if shell.global.json {
        for object in objects {
            shell.print_json(object);
        }
        return Ok(Exit::Done);
    }
    // Jobs are many and pass; they are shown to whoever asks for them.
    let shown: Vec<&Json> = objects.iter().filter(|object| kind.is_some() || object["kind"] != "job").collect();
    if shown.is_empty() {
        shell.say("The cloud is empty.");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = shown.into_iter().map(row).collect();
    let text = table::table(&["data", "kind", "id", "name", "region", "status"], &rows, &shell.out_look);
    shell.print(&text);
    Ok(Exit::Done)
}

fn row(object: &Json) -> Vec<String> {
    let name = ["name", "domain", "type"].into_iter().find(|member| object[member].is_string()).unwrap_or("name");
    let region = if object["region"].is_string() { &object["region"] } else { &object["resource"]["id"] };
    let mut status = text(&object["status"]);
    if object["kind"] == "job" {
        status = format!("{status} {} %", text(&object["progress"]));
    }
    let mut row = ["environment", "kind", "id", name].map(|member| text(&object[member])).to_vec();
    row.extend([text(region), status]);
    row
}

fn export(shell: &mut Shell, control: &Control, file: Option<&Path>) -> Result<Exit, Failure> {
    let world = control.ask(shell, Method::Get, "state", None)?;
    match file {
        None => shell.print_json(&world),
        Some(path) => {
            shell.write_file(path, format!("{world}\n").as_bytes(), true)?;
            shell.say(&format!("Written to {}.", path.display()));
        }
    }
    Ok(Exit::Done)
}

fn import(shell: &mut Shell, control: &Control, file: &Path) -> Result<Exit, Failure> {
    let text = shell.read_text(file)?;
    let world: Json = serde_json::from_str(&text).map_err(|error| {
        Diagnostic::new(&codes::BAD_ARGUMENT, format!("{} holds no world: {error}", file.display()))
            .help("`cnx emulator state export` writes one")
    })?;
    shell.say(&control.shown());
    control.ask(shell, Method::Put, "state", Some(&world))?;
    shell.say("It holds that world now.");
    Ok(Exit::Done)
}
