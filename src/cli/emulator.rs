//! `cnx emulator serve|reset|requests`: the local CloudNexus for people and for other tools.

use super::args::{Emulator, EmulatorCommand, Fixtures, Profile, Serve};
use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{codes, project};
use crate::diag::Diagnostic;
use crate::emulator::local::LocalEmulator;
use crate::emulator::serve::{Ports, runtime, start};
use crate::emulator::{self, Config, Door, LogEntry, Now};
use crate::model::http::{Headers, Method, Request};
use crate::report::{escape, table};
use crate::world::interrupts;
use futures::StreamExt;
use serde_json::{Value as Json, json};
use std::io;
use std::path::PathBuf;

pub fn run(shell: &mut Shell, arguments: &Emulator) -> Result<Exit, Failure> {
    match &arguments.command {
        EmulatorCommand::Serve(options) => serve(shell, options),
        EmulatorCommand::Reset => reset(shell),
        EmulatorCommand::Requests { limit } => requests(shell, limit.unwrap_or(usize::MAX)),
    }
}

fn failed(error: &io::Error) -> Failure {
    Diagnostic::new(&codes::EMULATOR, error.to_string())
        .help("check the folder, or choose other ports with --port-base")
        .into()
}

fn now(shell: &Shell) -> Now {
    Now { unix_ms: shell.world.clock.now().0 }
}

/// Where a project's embedded emulator keeps its world.
pub fn folder(shell: &Shell) -> PathBuf {
    project::shown(&shell.global.directory, project::FOLDER).join("emulator")
}

fn serve(shell: &mut Shell, options: &Serve) -> Result<Exit, Failure> {
    let config = config(options);
    config.check().map_err(|why| Failure::from(Diagnostic::new(&codes::BAD_ARGUMENT, why)))?;
    let emulator = match &options.data {
        Some(folder) => LocalEmulator::open(config, folder, now(shell)).map_err(|error| failed(&error))?,
        None => LocalEmulator::in_memory(config, now(shell)),
    };
    let runtime = runtime().map_err(|error| failed(&error))?;
    let served: io::Result<()> = runtime.block_on(async {
        let mut stop = interrupts()?;
        let server = start(emulator, options.port_base).await?;
        ready(shell, options, server.ports);
        let stopped = async move {
            stop.next().await;
        };
        server.run_until(stopped).await
    });
    served.map_err(|error| failed(&error))?;
    Ok(Exit::Done)
}

fn config(options: &Serve) -> Config {
    Config {
        profile: match options.profile {
            Profile::Full => emulator::Profile::Full,
            Profile::Documented => emulator::Profile::Documented,
            Profile::DocumentedNojobs => emulator::Profile::DocumentedNojobs,
        },
        fixtures: match options.fixtures {
            Fixtures::Empty => emulator::Fixtures::Empty,
            Fixtures::Documented => emulator::Fixtures::Documented,
        },
        time_factor: options.time_factor,
        ..Config::default()
    }
}

/// One JSON line on standard output, or the addresses for people.
fn ready(shell: &mut Shell, options: &Serve, ports: Ports) {
    let url = |port: u16, path: &str| format!("http://127.0.0.1:{port}{path}");
    let (compute, platform) = (url(ports.compute, "/v1"), url(ports.platform, "/v1"));
    let (sandbox, control) = (url(ports.sandbox, "/v1"), url(ports.control, "/__emulator"));
    if options.ready || shell.global.json {
        shell.print_json(&json!({
            "format": "cnx-emulator", "version": 1,
            "compute_url": compute, "platform_url": platform, "sandbox_url": sandbox, "control_url": control,
            "ports": ports,
        }));
    } else {
        shell.say(&format!(
            "compute   {compute}\nplatform  {platform}\nsandbox   {sandbox}\ncontrol   {control}\nCtrl-C ends it."
        ));
    }
}

/// The project's own emulator, asked through its control door.
fn control(shell: &Shell, method: Method, target: &str) -> Result<Json, Failure> {
    let emulator = LocalEmulator::open(Config::local(), &folder(shell), now(shell)).map_err(|error| failed(&error))?;
    let request = Request {
        method,
        origin: "http://127.0.0.1".to_owned(),
        target: format!("/__emulator/{target}"),
        headers: Headers::default(),
        body: Vec::new(),
    };
    let response = emulator.call(Door::Control, &request, now(shell));
    let answer: Json = serde_json::from_slice(&response.body).unwrap_or(Json::Null);
    if response.status == 200 {
        return Ok(answer);
    }
    let message = answer["error"]["message"].as_str().unwrap_or("the emulator refused").to_owned();
    Err(Diagnostic::new(&codes::EMULATOR, message).help("check the folder `.cnx/emulator`").into())
}

fn reset(shell: &mut Shell) -> Result<Exit, Failure> {
    shell.say(&format!("local emulator in {}", folder(shell).display()));
    control(shell, Method::Post, "reset")?;
    shell.say("It is empty now, with a new account.");
    Ok(Exit::Done)
}

fn requests(shell: &mut Shell, limit: usize) -> Result<Exit, Failure> {
    let folder = folder(shell);
    let entries: Vec<LogEntry> = if shell.world.files.exists(&folder) {
        let emulator = LocalEmulator::open(Config::local(), &folder, now(shell)).map_err(|error| failed(&error))?;
        emulator.requests()
    } else {
        Vec::new()
    };
    let shown = &entries[entries.len().saturating_sub(limit)..];
    if shell.global.json {
        for entry in shown {
            shell.print_json(&json!(entry));
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let text = table::table(&["#", "at", "method", "target", "status", ""], &rows, &shell.out_look);
    shell.print(&text);
    Ok(Exit::Done)
}

fn row(entry: &LogEntry) -> Vec<String> {
    let error = entry.error_code.as_deref().unwrap_or("");
    [&entry.number.to_string(), &entry.at, &entry.method, &entry.target, &entry.status.to_string(), error]
        .map(|cell| escape::clean(cell).into_owned())
        .to_vec()
}
