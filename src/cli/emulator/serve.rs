//! `cnx emulator serve`: over HTTP, on this machine alone.

use super::config::pairs;
use super::control::{failed, now};
use crate::cli::args_emulator::{ClockMode, Fixtures, Profile, Serve};
use crate::cli::codes;
use crate::cli::exit::{Exit, Failure};
use crate::cli::shell::Shell;
use crate::diag::Diagnostic;
use crate::emulator::local::LocalEmulator;
use crate::emulator::serve::{Ports, runtime, start};
use crate::emulator::{self, Config};
use crate::world::interrupts;
use futures::StreamExt;
use serde_json::json;
use std::io;

pub fn serve(shell: &mut Shell, options: &Serve) -> Result<Exit, Failure> {
    let config = config(options)?;
    let emulator = match &options.data {
        Some(folder) => LocalEmulator::open(config, folder, now(shell)).map_err(|error| failed(&error))?,
        None => LocalEmulator::in_memory(config, now(shell)),
    };
    let (settings, faults) = emulator.kept();
    if !settings.is_empty() || faults > 0 {
        let settings = serde_json::Value::Object(settings);
        shell.say(&format!("Kept from before, over the options given: {settings} and {faults} faults."));
    }
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

/// The configuration that the options describe; `--set` has the last word.
fn config(options: &Serve) -> Result<Config, Failure> {
    let mut config = Config::default();
    if let Some(profile) = options.profile {
        config.profile = match profile {
            Profile::Full => emulator::Profile::Full,
            Profile::Documented => emulator::Profile::Documented,
            Profile::DocumentedNojobs => emulator::Profile::DocumentedNojobs,
        };
    }
    if let Some(fixtures) = options.fixtures {
        config.fixtures = match fixtures {
            Fixtures::Empty => emulator::Fixtures::Empty,
            Fixtures::Documented => emulator::Fixtures::Documented,
        };
    }
    if let Some(clock) = options.clock {
        config.clock = match clock {
            ClockMode::Real => emulator::ClockMode::Real,
            ClockMode::Manual => emulator::ClockMode::Manual,
        };
    }
    config.time_factor = options.time_factor.unwrap_or(config.time_factor);
    config.seed = options.seed.unwrap_or(config.seed);
    let wrong = |reason: String| {
        Failure::from(Diagnostic::new(&codes::BAD_ARGUMENT, reason).help("`cnx emulator serve --help` lists the knobs"))
    };
    config.check().map_err(wrong)?;
    for (name, value) in pairs(&options.set)? {
        config = config.with_value(&name, value).map_err(wrong)?;
    }
    Ok(config)
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
