//! `cnx doctor`: what the target supports, and what that means for later runs.

use super::args::{Doctor, Planning};
use super::choices::Choices;
use super::exit::{Exit, Failure};
use super::session::{self, block_on};
use super::shell::Shell;
use super::target::{self, Access};
use super::{findings, memory};
use crate::cloud::{Findings, Found};
use crate::report::{escape, table};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

pub fn run(shell: &mut Shell, arguments: &Doctor) -> Result<Exit, Failure> {
    let choices = Choices::new(shell.global.environment.clone(), &Planning::default());
    let prepared = session::prepare(shell, choices, None)?;
    let environment = prepared.environment().to_owned();
    let known = memory::read(shell, &prepared.desired.settings)?;
    let mut needed = session::surfaces(&prepared, &known);
    if needed.is_empty() {
        needed = prepared.catalog.surfaces.keys().cloned().collect::<BTreeSet<_>>();
    }
    let access = if arguments.write { Access::Change } else { Access::Look };
    let reached = target::reach(shell, &prepared.catalog, &prepared.desired.settings, needed.clone(), access)?;
    let client = &reached.client;
    let mut found = Findings::default();
    block_on(async {
        for surface in &needed {
            let one = client.examine(surface, arguments.write).await;
            found.surfaces.insert(surface.to_string(), one.map_err(|error| Failure::from(error.diagnostic()))?);
        }
        Ok(())
    })?;
    if shell.global.json {
        let surfaces = found.surfaces.iter().map(|(name, one)| {
            let mut members = json!(one);
            members["profile"] = json!(one.profile());
            (name.clone(), members)
        });
        let surfaces: serde_json::Map<String, serde_json::Value> = surfaces.collect();
        shell.print_json(&json!({
            "format": "cnx-doctor", "version": 1, "environment": environment, "target": reached.shown,
            "surfaces": surfaces, "settle_window_ms": window(&found).as_millis(),
        }));
    } else {
        let text = shown(shell, &found);
        shell.print(&text);
    }
    let path = findings::save(shell, &prepared.desired.settings, &found)?;
    shell.say(&format!("Kept in {}: later runs of this environment go by it for 30 days.", path.display()));
    Ok(Exit::Done)
}

fn window(found: &Findings) -> Duration {
    found.settle_window().unwrap_or(crate::apply::Options::default().settle_window)
}

/// A row a question, a column a surface.
fn shown(shell: &Shell, found: &Findings) -> String {
    type Cell = fn(&Found) -> String;
    let rows: [(&str, Cell); 13] = [
        ("url", |one| one.url.clone()),
        ("routes", |one| one.profile().to_owned()),
        ("account", |one| one.account.clone().unwrap_or_else(|| UNKNOWN.to_owned())),
        ("key", key),
        ("key's regions", |one| match (&one.regions, &one.account) {
            (Some(regions), _) => regions.join(", "),
            (None, Some(_)) => "all".to_owned(),
            (None, None) => UNKNOWN.to_owned(),
        }),
        ("requests a minute", |one| one.requests_per_minute.map_or("not told".to_owned(), |limit| limit.to_string())),
        ("page size", |one| one.page_size.map_or(UNKNOWN.to_owned(), |size| size.to_string())),
        ("single reads", |one| word(one.single_reads)),
        ("jobs", |one| word(one.jobs)),
        ("many jobs at once", |one| word(one.job_batches)),
        ("idempotency keys", |one| word(one.idempotency)),
        ("clock", clock),
        ("lists lag", |one| one.list_lag_ms.map_or(UNKNOWN.to_owned(), seconds)),
    ];
    let names: Vec<&str> = std::iter::once("").chain(found.surfaces.keys().map(String::as_str)).collect();
    let line = |(name, cell): &(&str, Cell)| {
        let cells = found.surfaces.values().map(|one| escape::clean(&cell(one)).into_owned());
        std::iter::once((*name).to_owned()).chain(cells).collect::<Vec<String>>()
    };
    let lines: Vec<Vec<String>> = rows.iter().map(line).collect();
    let window = format!("\nAn unclear create is looked for during {} s.\n", window(found).as_secs());
    table::table(&names, &lines, &shell.out_look) + &window
}

const UNKNOWN: &str = "unknown";

fn word(holds: Option<bool>) -> String {
    match holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => UNKNOWN,
    }
    .to_owned()
}

fn key(one: &Found) -> String {
    let Some(permission) = &one.permission else { return UNKNOWN.to_owned() };
    let environment = one.environment.as_deref().unwrap_or_default();
    let scopes = if permission == "scoped" { format!(": {}", one.scopes.join(" ")) } else { String::new() };
    format!("{environment} {permission}{scopes}").trim().to_owned()
}

fn clock(one: &Found) -> String {
    match one.clock_skew_ms {
        None => UNKNOWN.to_owned(),
        Some(skew) if skew.abs() <= 1_500 => "agrees".to_owned(),
        Some(skew) if skew > 0 => format!("{} ahead", seconds(skew)),
        Some(skew) => format!("{} behind", seconds(-skew)),
    }
}

fn seconds(milliseconds: i64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}
