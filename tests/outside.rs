//! The emulator and the document that it serves, judged by tools that are not ours, over HTTP.

#[path = "outside/browser.rs"]
pub mod browser;
#[path = "outside/conformance.rs"]
mod conformance;
#[path = "outside/proxy.rs"]
mod proxy;
#[path = "outside/served.rs"]
pub mod served;
#[path = "outside/tools.rs"]
pub mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use cnx::emulator::{Config, Profile};
use serde_json::Value;

use self::served::{SURFACES, Served, quick, serve};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn own_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("removed");
    }
    std::fs::create_dir_all(&folder).expect("created");
    folder
}

#[test]
fn the_served_document_is_the_shared_one_but_for_the_listed_differences() {
    let Some(mut python) = tools::python("python") else { return };
    let folder = root().join("tests/outside");
    python.arg(folder.join("derive.py")).arg(root().join("docs/api/cloudnexus.openapi.yaml"));
    python.arg(folder.join("differences.json")).arg(root().join("src/emulator/openapi.json")).arg("--check");
    tools::run(&mut python);
}

#[test]
fn the_guide_names_every_difference_and_its_faults_are_faults() {
    let guide = std::fs::read_to_string(root().join("docs/emulator.md")).expect("the guide");
    let served = serve(Config::default());
    let differences = std::fs::read_to_string(root().join("tests/outside/differences.json")).expect("differences");
    for difference in serde_json::from_str::<Vec<Value>>(&differences).expect("a list") {
        let place = difference["path"][2].as_str().or(difference["path"][1].as_str()).expect("a place");
        let place = if place == "get" { "/snapshots" } else { place };
        assert!(guide.contains(place), "{place} is not in the guide");
    }
    let faults: Vec<&str> = guide.lines().filter(|line| line.starts_with("{\"effect\"")).collect();
    assert!(faults.len() > 40);
    for fault in faults {
        assert_eq!(served.send("control", "POST", "/__emulator/faults", fault).0, 200, "{fault}");
    }
}

/// The documents of every profile, whole and of each surface, as files.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for profile in [Profile::Full, Profile::Documented, Profile::DocumentedNojobs] {
        let served = serve(Config { profile, ..quick() });
        for surface in [None, Some("c"), Some("p"), Some("sandbox")] {
            let file = folder.join(format!("{profile:?}-{}.json", surface.unwrap_or("all")));
            std::fs::write(&file, served.document(surface).to_string()).expect("written");
            files.push(file);
        }
    }
    files
}

#[test]
fn openapi_spec_validator_finds_every_document_valid() {
    let Some(mut validator) = tools::python("openapi-spec-validator") else { return };
    tools::run(validator.args(documents(&own_folder("validator"))));
}

#[test]
fn spectral_finds_no_problem() {
    let Some(mut spectral) = tools::node("spectral") else { return };
    let rules = root().join("tests/outside/spectral.yaml");
    spectral.args(["lint", "--fail-severity", "hint", "--ruleset"]).arg(rules);
    tools::run(spectral.args(documents(&own_folder("spectral"))));
}

#[test]
fn redocly_finds_no_problem() {
    let Some(mut redocly) = tools::node("redocly") else { return };
    let rules = root().join("tests/outside/redocly.yaml");
    redocly.args(["lint", "--format", "json", "--config"]).arg(rules);
    let output = tools::run(redocly.args(documents(&own_folder("redocly"))));
    let reports: Vec<Value> =
        serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>().expect("reports");
    assert_eq!(reports.len(), 12);
    for report in reports {
        assert_eq!(report["problems"], Value::Array(Vec::new()));
    }
}

/// Objects of every kind, so that no operation is left without one.
fn populate(served: &Served) {
    let key = r#"{"name": "k", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE"}"#;
    let rule = r#"{"name": "r", "priority": 7, "match": {"path": "/*"}, "action": {"type": "block"}}"#;
    let snapshot = r#"{"action": "snapshot"}"#;
    for (surface, machines) in [("c", "/v1/compute/instances"), ("p", "/v1/servers"), ("sandbox", "/v1/servers")] {
        assert!([201, 409].contains(&served.send(surface, "POST", "/v1/ssh_keys", key).0));
        let (_, list) = served.send(surface, "GET", machines, "");
        for machine in list["data"].as_array().expect("machines").iter().take(4) {
            let id = machine["id"].as_str().expect("an id");
            assert_eq!(served.send(surface, "POST", &format!("{machines}/{id}/actions"), snapshot).0, 202);
        }
        if surface != "c" {
            assert_eq!(served.send(surface, "POST", "/v1/cdn/zones/zone_4c5d6e7f8g/rules", rule).0, 201);
        }
    }
}

/// Runs schemathesis against one surface; its report where it found something.
fn schemathesis(mut command: Command, served: &Served, name: &str, examples: &str) -> Result<(), String> {
    let (profile, surface) = name.rsplit_once('-').expect("PROFILE-SURFACE");
    let key = SURFACES.iter().find(|(own, _)| *own == surface).map_or("", |(_, key)| key);
    let folder = own_folder(&format!("schemathesis-{name}"));
    for file in ["schemathesis.toml", "schemathesis_hooks.py"] {
        std::fs::copy(root().join("tests/outside").join(file), folder.join(file)).expect("copied");
    }
    std::fs::write(folder.join("openapi.json"), served.document(Some(surface)).to_string()).expect("written");
    let url = format!("http://127.0.0.1:{}/v1", served.port(surface));
    command.args(["--config-file", "schemathesis.toml", "run", "openapi.json", "--no-color", "--url", &url]);
    command.args(["--max-examples", examples]);
    command.env("CNX_EMULATOR_KEY", key).env("CNX_EMULATOR_PROFILE", profile);
    let output = command.current_dir(&folder).output().expect("runs");
    let report = tools::text(&output);
    // A phase that tested nothing found nothing either.
    let all_phases = ["Examples", "Coverage", "Fuzzing", "Stateful"].iter().all(|phase| report.contains(phase));
    if output.status.success() && all_phases { Ok(()) } else { Err(format!("{name}: {report}")) }
}

#[test]
fn schemathesis_finds_no_failure_on_any_surface_of_any_profile() {
    let mut outcomes: Vec<Result<(), String>> = Vec::new();
    for (profile, name, examples) in [
        (Profile::Full, "full", "12"),
        (Profile::Documented, "documented", "4"),
        (Profile::DocumentedNojobs, "documented_nojobs", "2"),
    ] {
        let served = serve(Config { profile, ..quick() });
        if profile == Profile::Full {
            populate(&served);
        }
        std::thread::scope(|scope| {
            let served = &served;
            let runs = SURFACES.map(|(surface, _)| {
                let (command, name) = (tools::python("st"), format!("{name}-{surface}"));
                scope.spawn(move || command.map_or(Ok(()), |command| schemathesis(command, served, &name, examples)))
            });
            outcomes.extend(runs.into_iter().map(|run| run.join().expect("ran")));
        });
    }
    let failures: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
