//! `cnx doctor`: what the target supports, and what that means for later runs.

use super::args::{Cloud, Doctor, Planning};
use super::choices::Choices;
use super::exit::{Exit, Failure};
use super::session::{self, block_on};
use super::shell::Shell;
use super::target::{self, Access};
use super::{codes, findings, memory, project};
use crate::cloud::{Client, Findings, Found};
use crate::desired::{Settings, Target};
use crate::diag::Diagnostic;
use crate::model::Ident;
use crate::provider::{Catalog, cloudnexus};
use crate::report::{escape, table};
use crate::world::interrupts;
use futures::StreamExt;
use futures::future::{Either, select};
use serde_json::json;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// What is to be examined.
struct Meant {
    catalog: Arc<Catalog>,
    settings: Settings,
    surfaces: BTreeSet<Ident>,
    /// Whether an environment of a project is meant, whose later runs go by what is found.
    is_kept: bool,
}

pub fn run(shell: &mut Shell, arguments: &Doctor) -> Result<Exit, Failure> {
    let meant = meant(shell, arguments)?;
    // Outside of a project nothing is left behind on this machine either.
    let access = if arguments.write && meant.is_kept { Access::Change } else { Access::Look };
    let reached = target::reach(shell, &meant.catalog, &meant.settings, meant.surfaces.clone(), access)?;
    let Some(found) = examined(shell, &reached.client, &meant.surfaces, arguments.write)? else {
        return Ok(Exit::Interrupted);
    };
    let environment = &meant.settings.environment;
    if shell.global.json {
        let surfaces = found.surfaces.iter().map(|(name, one)| {
            let mut members = json!(one);
            members["profile"] = json!(one.profile());
            (name.clone(), members)
        });
        let surfaces: serde_json::Map<String, serde_json::Value> = surfaces.collect();
        shell.print_json(&json!({
            "format": "cnx-doctor", "version": 1, "environment": environment, "target": reached.shown,
            "surfaces": surfaces, "settle_window_ms": window(shell, &reached.client, &found).as_millis(),
        }));
    } else {
        let text = shown(shell, &found, window(shell, &reached.client, &found));
        shell.print(&text);
    }
    if meant.is_kept {
        let path = findings::save(shell, &meant.settings, &found)?;
        shell.say(&format!("Kept in {}: later runs of this environment go by it for 30 days.", path.display()));
    } else {
        shell.say("Kept nowhere: no environment of a project was examined.");
    }
    Ok(Exit::Done)
}

/// The environment of the project here; else the cloud that the options name, or the emulator inside cnx.
fn meant(shell: &mut Shell, arguments: &Doctor) -> Result<Meant, Failure> {
    let urls = [("compute_url", &arguments.compute_url), ("platform_url", &arguments.platform_url)];
    let urls = urls.into_iter().filter_map(|(name, url)| Some((Ident::new(name), url.clone()?)));
    let urls: std::collections::BTreeMap<Ident, String> = urls.collect();
    let is_named = arguments.target.is_some() || !urls.is_empty();
    let has_program = || project::files(shell, &shell.global.directory).is_ok_and(|files| !files.is_empty());
    if !is_named && (shell.global.environment.is_some() || has_program()) {
        return of_project(shell);
    }
    if arguments.target == Some(Cloud::Local) && !urls.is_empty() {
        let message = "--target local is the emulator inside cnx, which has no URL";
        return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help("give the URLs alone").into());
    }
    if !is_named {
        shell.say("There is no program here: the emulator inside cnx is examined. --target, --compute-url and --platform-url name another cloud.");
    }
    let catalog = Arc::clone(cloudnexus());
    // Of a cloud that is named by one URL nothing is asked elsewhere.
    let is_meant =
        |url_setting: &Ident| urls.is_empty() || arguments.target.is_some() || urls.contains_key(url_setting);
    let surfaces = catalog.surfaces.values().filter(|surface| is_meant(&surface.url_setting));
    let surfaces = surfaces.map(|surface| surface.name.clone()).collect();
    let target = match arguments.target {
        Some(Cloud::Local) => Target::Local,
        Some(Cloud::Sandbox) => Target::Sandbox,
        Some(Cloud::Production) => Target::Production,
        None if urls.is_empty() => Target::Local,
        None => Target::Production,
    };
    let settings = Settings { target, urls, environment: "default".to_owned(), ..Settings::default() };
    Ok(Meant { catalog, settings, surfaces, is_kept: false })
}

fn of_project(shell: &mut Shell) -> Result<Meant, Failure> {
    let choices = Choices::new(shell.global.environment.clone(), &Planning::default());
    let prepared = session::prepare(shell, choices, None)?;
    let known = memory::read(shell, &prepared.desired.settings)?;
    let mut surfaces = session::surfaces(&prepared, &known);
    if surfaces.is_empty() {
        surfaces = prepared.catalog.surfaces.keys().cloned().collect();
    }
    Ok(Meant { catalog: prepared.catalog, settings: prepared.desired.settings, surfaces, is_kept: true })
}

/// Examines surface by surface; `None` when it was interrupted, with nothing left in the cloud that could be found at once.
fn examined(
    shell: &mut Shell,
    client: &Client,
    surfaces: &BTreeSet<Ident>,
    writes: bool,
) -> Result<Option<Findings>, Failure> {
    let all = async {
        let mut found = Findings::default();
        for surface in surfaces {
            let one = client.examine(surface, writes).await.map_err(|error| Failure::from(error.diagnostic()))?;
            found.surfaces.insert(surface.to_string(), one);
        }
        Ok(found)
    };
    let found = block_on(async {
        let mut signals = interrupts().map_err(|error| {
            Failure::from(Diagnostic::new(&codes::MACHINE, error.to_string()).help("run it elsewhere"))
        })?;
        match select(pin!(all), signals.next()).await {
            Either::Left((found, _)) => return found.map(Some),
            Either::Right(_) => {}
        }
        if writes {
            let sweeping = async {
                for surface in surfaces {
                    // What is still there then is found by the next one.
                    drop(client.sweep(surface).await);
                }
            };
            select(pin!(sweeping), signals.next()).await;
        }
        Ok(None)
    })?;
    if found.is_none() {
        let left =
            if writes { " Nothing is known to be left; the next `cnx doctor --write` looks once more." } else { "" };
        shell.say(&format!("Interrupted.{left}"));
    }
    for (surface, one) in found.iter().flat_map(|found| &found.surfaces) {
        if one.swept > 0 {
            shell.say(&format!("{surface}: deleted {} that an earlier doctor had left behind.", one.swept));
        }
        if let Some(why) = &one.untried {
            shell.say(&format!("{surface}: nothing could be made to try it out: {}", escape::clean(why)));
        }
        if !one.left.is_empty() {
            let ids = one.left.join(", ");
            shell.say(&format!("{surface}: {ids} could not be deleted; the next `cnx doctor --write` tries again."));
        }
    }
    Ok(found)
}

/// How long an apply looks for what a create without an answer may have made; nothing where a request ends with its sender.
fn window(shell: &Shell, client: &Client, found: &Findings) -> Duration {
    if client.dies_with_sender() {
        return Duration::ZERO;
    }
    findings::settle_window(shell, found)
}

/// A row a question, a column a surface.
fn shown(shell: &Shell, found: &Findings, window: Duration) -> String {
    type Cell = fn(&Found) -> String;
    let rows: [(&str, Cell); 13] = [
        ("url", |one| one.url.clone()),
        ("routes", routes),
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
        ("a job by its id", |one| word(one.jobs)),
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
    let mut text = table::table(&names, &lines, &shell.out_look);
    text.push_str(&match window.as_secs() {
        0 => "\nA request ends with its sender: an unclear create is settled at once.\n".to_owned(),
        seconds => format!("\nAn unclear create is looked for during {seconds} s.\n"),
    });
    let ahead = found.surfaces.values().any(|one| one.clock_skew_ms.is_some_and(|skew| skew.abs() > AGREES_MS));
    if ahead {
        text.push_str("Its clock differs; waits go by the clock of each answer.\n");
    }
    if found.surfaces.values().any(|one| one.jobs.is_none()) {
        text.push_str(
            "Reading can't tell whether a job may be asked for by its id: a job and a route\n\
             that are not there are answered alike. Where no job answers, its object is polled.\n",
        );
    }
    text
}

/// Within this a clock agrees: the header that tells it has whole seconds.
const AGREES_MS: i64 = 1_500;

fn routes(one: &Found) -> String {
    let jobs = if one.profile() != "full" && one.jobs == Some(true) { ", and jobs" } else { "" };
    format!("{}{jobs}", one.profile())
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
        Some(skew) if skew.abs() <= AGREES_MS => "agrees".to_owned(),
        Some(skew) if skew > 0 => format!("{} ahead", seconds(skew)),
        Some(skew) => format!("{} behind", seconds(-skew)),
    }
}

fn seconds(milliseconds: i64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}
