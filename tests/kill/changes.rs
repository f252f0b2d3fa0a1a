//! Runs that change what is there, killed at each of their requests: updates, replacements in both orders, destructions; and
//! recoveries, killed while they recover.

use super::sweep::{points, sweep_of};
use super::world::{Cloud, Ending, PROGRAM, cnx, run};
use crate::support::{Project, Run};
use serde_json::json;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What a run makes of what another one left.
struct Change {
    name: &'static str,
    /// Text of the program, and what takes its place.
    edits: &'static [(&'static str, &'static str)],
    arguments: &'static [&'static str],
    /// In the cloud in the end.
    objects: &'static [&'static str],
}

const WHOLE: &[&str] = &["inst_jump", "key_deploy", "srv_web"];

const CHANGES: &[Change] = &[
    Change {
        name: "updates",
        edits: &[("\"standard-8\"", "\"standard-16\""), ("\"standard-2x4\"", "\"standard-4x8\"")],
        arguments: &["apply", "--yes"],
        objects: WHOLE,
    },
    Change {
        name: "replacements, the old one destroyed first",
        edits: &[("\"ubuntu-22.04\"", "\"debian-12\""), ("\"ubuntu-22.04-lts\"", "\"debian-12\"")],
        arguments: &["apply", "--yes", "--allow-destroy", "*"],
        objects: WHOLE,
    },
    Change {
        name: "replacements, the new one made first",
        edits: &[
            ("\"ubuntu-22.04\"", "\"debian-12\"\n  lifecycle { create_before_destroy = true }"),
            ("\"ubuntu-22.04-lts\"", "\"debian-12\"\n  lifecycle { create_before_destroy = true }"),
        ],
        arguments: &["apply", "--yes", "--allow-destroy", "*"],
        objects: WHOLE,
    },
    Change { name: "destructions", edits: &[], arguments: &["destroy", "--yes", "--allow-destroy", "*"], objects: &[] },
];

/// A program that is applied, and then edited.
fn prepared(cloud: &Cloud, project: &Project, change: &Change) {
    let applied = run(project, &["apply", "--yes"]);
    assert_eq!(applied.code, 0, "{}", applied.all());
    for (from, to) in change.edits {
        project.edit("main.cnx", from, to);
    }
    cloud.emulator.control("DELETE", "faults", "");
}

/// Runs and kills while the answer to the n-th request is out; whether it came so far.
fn killed(cloud: &Cloud, project: &Project, arguments: &[&str], nth: usize) -> bool {
    let fault = json!({"effect": {"latency": {"ms": 3000}}, "match": {"nth": nth}, "times": 1});
    cloud.emulator.control("DELETE", "faults", "");
    cloud.emulator.control("POST", "faults", &fault.to_string());
    let command = cnx(project, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let (mut child, began) = (command.expect("cnx runs"), Instant::now());
    loop {
        let met = cloud.emulator.control("GET", "faults", "")["faults"][0]["happened"] == 1;
        let ended = child.try_wait().expect("a state").is_some();
        if met || ended {
            // One that has just ended needs no end.
            let _ = child.kill();
            let _ = child.wait();
            cloud.emulator.control("DELETE", "faults", "");
            return met;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "request {nth} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs the same again: then all is as it was to become, and nothing is there twice or left over.
fn ends(cloud: &Cloud, project: &Project, change: &Change) -> Result<Ending, String> {
    let again = run(project, change.arguments);
    let told = |what: &str, run: &Run| Err(format!("{what} (exit {})\n{}", run.code, run.all()));
    match again.code {
        0 => {}
        3 if again.all().contains("cnx::apply::open") => return Ok(Ending::Asked),
        _ => return told("the next run does not end it", &again),
    }
    let objects = cloud.objects();
    if objects != change.objects {
        return told(&format!("in the cloud: {objects:?}"), &again);
    }
    let state = run(project, &["state", "list", "--json"]).stdout;
    let records = cloud.emulator.control("GET", "state", "").to_string();
    if state.lines().count() != change.objects.len() {
        return Err(format!("the state holds\n{state}"));
    }
    for line in state.lines() {
        let record: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let id = record["id"].as_str().unwrap_or("none");
        if !records.contains(&format!("\"{id}\"")) {
            return Err(format!("{id} is in the state and not in the cloud"));
        }
    }
    let flag: &[&str] = if change.objects.is_empty() { &["--destroy"] } else { &[] };
    let planned = run(project, &[&["plan", "--detailed-exitcode"], flag].concat());
    if planned.code == 0 { Ok(Ending::Whole) } else { told("planning again finds something to do", &planned) }
}

#[test]
fn whatever_is_changed_a_killed_run_is_taken_up() {
    for change in CHANGES {
        let requests = {
            let cloud = Cloud::new();
            let project = cloud.project();
            prepared(&cloud, &project, change);
            let before = cloud.requests().len();
            let whole = run(&project, change.arguments);
            assert_eq!(whole.code, 0, "{}: {}", change.name, whole.all());
            assert_eq!(cloud.objects(), change.objects, "{}: {}", change.name, whole.all());
            cloud.requests().len() - before
        };
        assert!(requests > 3, "{}: {requests} requests", change.name);
        let strike = |cloud: &Cloud, project: &Project, nth: usize| {
            prepared(cloud, project, change);
            killed(cloud, project, change.arguments, nth)
        };
        let name = format!("{}: SIGKILL while the n-th answer is held back", change.name);
        sweep_of(&name, PROGRAM, &points(1, requests, 6), strike, |cloud, project| ends(cloud, project, change));
    }
}

#[test]
fn a_recovery_that_is_killed_is_taken_up() {
    let change = &Change { name: "", edits: &[], arguments: &["apply", "--yes"], objects: WHOLE };
    // The first run is killed at one of ten requests, the second one at one of eight.
    let strike = |cloud: &Cloud, project: &Project, point: usize| {
        let first = killed(cloud, project, change.arguments, 3 + point % 8);
        let second = killed(cloud, project, change.arguments, 1 + point / 8);
        first && second
    };
    let name = "SIGKILL while the n-th answer is held back, and again in the recovery";
    sweep_of(name, PROGRAM, &points(0, 63, 10), strike, |cloud, project| ends(cloud, project, change));
}
