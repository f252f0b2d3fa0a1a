//! The control door of an emulator: a served one over HTTP, or the project's own in process. Knows no command.

use crate::cli::exit::Failure;
use crate::cli::session::block_on;
use crate::cli::shell::Shell;
use crate::cli::{codes, project};
use crate::diag::Diagnostic;
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Config, Door, Now};
use crate::model::http::{Headers, Method, Request, Response};
use crate::world::{Network, Transport, TransportError};
use serde_json::Value as Json;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A world of a million objects takes its time.
const DEADLINE: Duration = Duration::from_secs(120);

/// Where an emulator is driven from.
#[derive(Debug)]
pub enum Control {
    Served { origin: String },
    Own { folder: PathBuf },
}

pub fn failed(error: &io::Error) -> Failure {
    Diagnostic::new(&codes::EMULATOR, error.to_string())
        .help("check the folder, or choose other ports with --port-base")
        .into()
}

pub fn now(shell: &Shell) -> Now {
    Now { unix_ms: shell.world.clock.now().0 }
}

/// Where a project's embedded emulator keeps its world.
pub fn folder(shell: &Shell) -> PathBuf {
    project::shown(&shell.global.directory, project::FOLDER).join("emulator")
}

impl Control {
    /// `at` is a control port or address; without it the project's own emulator is meant.
    pub fn new(shell: &Shell, at: Option<&str>) -> Result<Control, Failure> {
        if let Some(at) = at {
            return Ok(Control::Served { origin: origin(at)? });
        }
        Ok(Control::Own { folder: folder(shell) })
    }

    /// Which emulator this is, for people.
    pub fn shown(&self) -> String {
        match self {
            Control::Served { origin } => format!("emulator at {origin}"),
            Control::Own { folder } => format!("local emulator in {}", folder.display()),
        }
    }

    /// One control request, `target` without `/__emulator/`; its answer.
    pub fn ask(&self, shell: &Shell, method: Method, target: &str, body: Option<&Json>) -> Result<Json, Failure> {
        let mut headers = Headers::default();
        if body.is_some() {
            headers.push("Content-Type", "application/json");
        }
        let origin = match self {
            Control::Served { origin } => origin.clone(),
            Control::Own { .. } => "http://127.0.0.1".to_owned(),
        };
        let body = body.map(Json::to_string).unwrap_or_default().into_bytes();
        let request = Request { method, origin, target: format!("/__emulator/{target}"), headers, body };
        let response = match self {
            Control::Served { .. } => send(request)?,
            Control::Own { folder } => own(shell, folder, method)?.call(Door::Control, &request, now(shell)),
        };
        read(&response)
    }
}

/// The project's own emulator; looking at one that was never used leaves nothing behind.
fn own(shell: &Shell, folder: &Path, method: Method) -> Result<LocalEmulator, Failure> {
    if !method.is_write() && !shell.world.files.exists(folder) {
        return Ok(LocalEmulator::in_memory(Config::local(), now(shell)));
    }
    LocalEmulator::open(Config::local(), folder, now(shell)).map_err(|error| failed(&error))
}

/// Scheme, host and port of what was given: a port, or an address with or without the door's path.
fn origin(at: &str) -> Result<String, Failure> {
    if let Ok(port) = at.parse::<u16>() {
        return Ok(format!("http://127.0.0.1:{port}"));
    }
    let origin = at.trim_end_matches('/').trim_end_matches("/__emulator");
    if origin.starts_with("http://") {
        return Ok(origin.to_owned());
    }
    Err(Diagnostic::new(&codes::BAD_ARGUMENT, format!("`{at}` is no address of an emulator"))
        .help("give its control port, or an address like http://127.0.0.1:4713")
        .into())
}

fn send(request: Request) -> Result<Response, Failure> {
    let refused = |reason: String| {
        Failure::from(
            Diagnostic::new(&codes::EMULATOR, reason)
                .help("is it running? `cnx emulator serve` prints its control address"),
        )
    };
    block_on(async {
        let network = Network::new().map_err(|error| refused(error.to_string()))?;
        network.send(request, DEADLINE).await.map_err(|error| match error {
            TransportError::NotSent { reason } | TransportError::Lost { reason } => refused(reason),
        })
    })
}

fn read(response: &Response) -> Result<Json, Failure> {
    let answer: Json = serde_json::from_slice(&response.body).unwrap_or(Json::Null);
    if response.status == 200 {
        return Ok(answer);
    }
    let message = answer["error"]["message"].as_str().unwrap_or("it gave no answer of a control door").to_owned();
    let help = if response.status == 400 {
        "`--help` shows what it takes"
    } else {
        "check the folder `.cnx/emulator`, or the address after --at"
    };
    Err(Diagnostic::new(&codes::EMULATOR, message).help(help).into())
}

/// A query of those members that are given.
pub fn query(members: &[(&str, Option<String>)]) -> String {
    let given = members.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", crate::emulator::encode(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}
