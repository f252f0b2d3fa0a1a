//! `cnx state …`, `cnx output`: what is managed, what came out.

use super::args::{Output, State, StateCommand};
use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{codes, edit, memory, state_copy};
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{AddressPattern, Ident};
use crate::report::{resources, value_json};
use crate::state::{Record, StoredOutput};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

pub fn run(shell: &mut Shell, arguments: &State) -> Result<Exit, Failure> {
    match &arguments.command {
        StateCommand::List { addresses } => list(shell, addresses),
        StateCommand::Show { addresses } => show(shell, addresses),
        StateCommand::Move { from, to } => edit::rename(shell, from, to),
        StateCommand::Forget { addresses } => edit::forget(shell, addresses),
        StateCommand::Untaint { addresses } => edit::untaint(shell, addresses),
        StateCommand::Confirm { addresses } => edit::confirm(shell, addresses),
        StateCommand::History(arguments) => state_copy::history(shell, arguments),
        StateCommand::Restore(arguments) => state_copy::restore(shell, arguments),
        StateCommand::Export { file } => state_copy::export(shell, file.as_deref()),
        StateCommand::Import(arguments) => state_copy::import(shell, arguments),
    }
}

fn list(shell: &mut Shell, addresses: &[String]) -> Result<Exit, Failure> {
    let (_, mut snapshot) = memory::look_up(shell)?;
    let patterns: Vec<AddressPattern> = addresses.iter().cloned().map(AddressPattern).collect();
    if !patterns.is_empty() {
        snapshot.records.retain(|address, _| patterns.iter().any(|pattern| pattern.matches(address)));
        snapshot.deposed.retain(|address, _| patterns.iter().any(|pattern| pattern.matches(address)));
    }
    if shell.global.json {
        for record in snapshot.records.values() {
            shell.print_json(&resources::one_json(record));
        }
    } else if snapshot.records.is_empty() && snapshot.deposed.is_empty() {
        shell.say("Nothing is managed.");
    } else {
        let text = resources::list(&snapshot, &shell.out_look);
        shell.print(&text);
    }
    if !shell.global.json && !snapshot.open.is_empty() {
        shell.say(resources::open(&snapshot).trim_end());
    }
    Ok(Exit::Done)
}

fn show(shell: &mut Shell, addresses: &[String]) -> Result<Exit, Failure> {
    let (_, snapshot) = memory::look_up(shell)?;
    let mut found: Vec<&Record> = Vec::new();
    for address in addresses {
        let pattern = AddressPattern(address.clone());
        let before = found.len();
        found.extend(snapshot.records.values().filter(|record| pattern.matches(&record.address)));
        if found.len() == before {
            let known: Vec<String> = snapshot.records.keys().map(ToString::to_string).collect();
            let help =
                did_you_mean(address, known.iter().map(String::as_str), "`cnx state list` shows what is managed");
            return Err(Diagnostic::new(&codes::NOT_THERE, format!("nothing managed is called `{address}`"))
                .help(help)
                .into());
        }
    }
    if shell.global.json {
        for record in found {
            shell.print_json(&resources::one_json(record));
        }
    } else {
        let pages: Vec<String> = found.iter().map(|record| resources::one(record, &shell.out_look)).collect();
        shell.print(&pages.join("\n"));
    }
    Ok(Exit::Done)
}

/// `cnx output [NAME]`
pub fn output(shell: &mut Shell, arguments: &Output) -> Result<Exit, Failure> {
    let (_, snapshot) = memory::look_up(shell)?;
    match &arguments.name {
        Some(name) => one_output(shell, &snapshot.outputs, name, arguments.raw),
        None => {
            let outputs = snapshot.outputs;
            print_outputs(shell, &if arguments.reveal { revealed(outputs) } else { outputs });
            Ok(Exit::Done)
        }
    }
}

/// As if none were secret.
fn revealed(outputs: BTreeMap<Ident, StoredOutput>) -> BTreeMap<Ident, StoredOutput> {
    outputs.into_iter().map(|(name, output)| (name, StoredOutput { secret: false, ..output })).collect()
}

/// All outputs: a table, or one object. Secret ones are hidden.
pub fn print_outputs(shell: &mut Shell, outputs: &BTreeMap<Ident, StoredOutput>) {
    if shell.global.json {
        let members = outputs.iter().map(|(name, output)| (name.to_string(), output_json(output)));
        let members: serde_json::Map<String, Json> = members.collect();
        shell.print_json(&json!({ "format": "cnx-outputs", "version": 1, "outputs": members }));
    } else if outputs.is_empty() {
        shell.say("There are no outputs.");
    } else {
        let text = resources::outputs(outputs, &shell.out_look);
        shell.print(&text);
    }
}

fn output_json(output: &StoredOutput) -> Json {
    json!({ "value": value_json::value_or_secret(Some(&output.value), output.secret), "secret": output.secret })
}

/// One output was asked for by name, so even a secret one is told.
fn one_output(
    shell: &mut Shell,
    outputs: &BTreeMap<Ident, StoredOutput>,
    name: &str,
    raw: bool,
) -> Result<Exit, Failure> {
    let Some(output) = outputs.get(name) else {
        let known = outputs.keys().map(|name| name.as_str());
        let help = did_you_mean(name, known, "`cnx output` shows all; apply first where it is new");
        return Err(Diagnostic::new(&codes::NOT_THERE, format!("there is no output `{name}`")).help(help).into());
    };
    if raw {
        shell.print(&resources::raw(&output.value));
    } else if shell.global.json {
        shell.print_json(&value_json::value(&output.value));
    } else {
        let text = resources::one_output(&output.value, &shell.out_look);
        shell.print(&text);
    }
    Ok(Exit::Done)
}
