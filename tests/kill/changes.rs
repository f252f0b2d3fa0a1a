//! Runs that change what is there, killed at each of their requests: updates, replacements in both orders, destructions; and
//! recoveries, killed while they recover.

use super::sweep::{points, sweep_of};
use super::world::{Cloud, Ending, PROGRAM, run, run_and_answer};
use crate::support::{Project, Run};
use serde_json::json;

/// What a run makes of what another one left.
pub struct Change {
    pub name: &'static str,
    /// Text of the program, and what takes its place.
    pub edits: &'static [(&'static str, &'static str)],
    pub arguments: &'static [&'static str],
    /// In the cloud in the end.
    pub objects: &'static [&'static str],
}

pub const WHOLE: &[&str] = &["inst_jump", "key_deploy", "srv_web"];

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
    DESTRUCTIONS,
];

pub const DESTRUCTIONS: Change =
    Change { name: "destructions", edits: &[], arguments: &["destroy", "--yes", "--allow-destroy", "*"], objects: &[] };

/// A program that is applied, and then edited.
pub fn prepared(cloud: &Cloud, project: &Project, change: &Change) {
    let applied = run(project, &["apply", "--yes"]);
    assert_eq!(applied.code, 0, "{}", applied.all());
    for (from, to) in change.edits {
        project.edit("main.cnx", from, to);
    }
    cloud.emulator.control("DELETE", "faults", "");
}

/// Runs the same again: then all is as it was to become, and nothing is there twice or left over.
pub fn ends(cloud: &Cloud, project: &Project, change: &Change) -> Result<Ending, String> {
    let (again, asked) = run_and_answer(cloud, project, change.arguments);
    let told = |what: &str, run: &Run| Err(format!("{what} (exit {})\n{}", run.code, run.all()));
    if again.code != 0 {
        return told("the next run does not end it", &again);
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
    if planned.code != 0 {
        return told("planning again finds something to do", &planned);
    }
    Ok(if asked { Ending::Asked } else { Ending::Whole })
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
            cloud.kill_at_answer(project, change.arguments, nth)
        };
        let name = format!("{}: SIGKILL while the n-th answer is held back", change.name);
        sweep_of(&name, PROGRAM, &points(1, requests, 3), strike, |cloud, project| ends(cloud, project, change));
    }
}

/// The old object has the name of the one that was not made; who is asked must not take it for that one.
#[test]
fn a_replacement_that_was_never_sent_is_asked_about() {
    let change = CHANGES.iter().find(|change| change.name.ends_with("made first")).expect("one of them");
    let cloud = Cloud::new();
    let project = cloud.project();
    prepared(&cloud, &project, change);
    let fault = json!({"effect": "reset_before", "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &fault.to_string());
    let struck = run(&project, change.arguments);
    assert!(cloud.has_struck() && struck.code == 3, "{}", struck.all());
    let old = cloud.named().into_iter().find(|(name, _)| name == "srv_web").expect("the old one").1;
    let wrong = run(&project, &[change.arguments, &["--answer", &format!("server.web={old}")]].concat());
    assert_eq!(wrong.code, 3, "{}", wrong.all());
    wrong.says(&format!("the answer {old} can't be: it is server.web as it was before"));
    assert_eq!(ends(&cloud, &project, change), Ok(Ending::Asked));
}

#[test]
fn a_recovery_that_is_killed_is_taken_up() {
    let change = &Change { name: "", edits: &[], arguments: &["apply", "--yes"], objects: WHOLE };
    // The first run is killed at one of ten requests, the second one at one of eight.
    let strike = |cloud: &Cloud, project: &Project, point: usize| {
        let first = cloud.kill_at_answer(project, change.arguments, 3 + point % 8);
        let second = cloud.kill_at_answer(project, change.arguments, 1 + point / 8);
        first && second
    };
    let name = "SIGKILL while the n-th answer is held back, and again in the recovery";
    sweep_of(name, PROGRAM, &points(0, 63, 10), strike, |cloud, project| ends(cloud, project, change));
}

/// Fails, after it has changed and made something.
const FAILING: &str = "server full {\n  name   = \"full\"\n  plan   = \"standard-16\"\n  image  = \"debian-12\"\n  region = \"eu-west-2\"\n  \
                       lifecycle { depends_on = [server.web, compute_instance.jump, ssh_key.more] }\n}\n\
                       ssh_key more {\n  name       = \"more\"\n  public_key = \"ssh-ed25519 \
                       AAAAC3NzaC1lZDI1NTE5AAAAIJ8p5nIu0vQGkQnZ1tQ0bq0mVv3l0x1sYVqXH0aR2p7e\"\n}\n";

/// What is rolled back; the end is what was there before.
pub const UNDONE: Change = Change {
    name: "a rollback",
    edits: &[
        ("\"standard-8\"", "\"standard-16\""),
        ("\"ubuntu-22.04-lts\"", "\"debian-12\"\n  lifecycle { create_before_destroy = true }"),
    ],
    arguments: &["apply", "--yes", "--allow-destroy", "*"],
    objects: WHOLE,
};

pub const BACK: &[&str] = &["apply", "--yes", "--on-failure", "rollback"];

/// A program that is applied, and then edited so that it fails late; what it was before.
pub fn failing(cloud: &Cloud, project: &Project) -> String {
    let before = std::fs::read_to_string(project.path().join("main.cnx")).expect("the program");
    prepared(cloud, project, &UNDONE);
    let edited = std::fs::read_to_string(project.path().join("main.cnx")).expect("the program");
    project.write("main.cnx", &format!("{edited}{FAILING}"));
    before
}

#[test]
fn a_rollback_that_is_killed_is_taken_up() {
    let back = BACK;
    let requests = {
        let cloud = Cloud::new();
        let project = cloud.project();
        let before = failing(&cloud, &project);
        let begun = cloud.requests().len();
        let whole = run(&project, back);
        assert_eq!(whole.code, 1, "{}", whole.all());
        whole.says("Rolled back: ");
        assert_eq!(cloud.objects(), WHOLE, "{}", whole.all());
        project.write("main.cnx", &before);
        assert_eq!(run(&project, &["plan", "--detailed-exitcode"]).code, 0, "all is as it was");
        cloud.requests().len() - begun
    };
    let strike = |cloud: &Cloud, project: &Project, nth: usize| {
        let before = failing(cloud, project);
        let struck = cloud.kill_at_answer(project, back, nth);
        project.write("main.cnx", &before);
        struck
    };
    let name = "a rollback: SIGKILL while the n-th answer is held back";
    sweep_of(name, PROGRAM, &points(4, requests, 10), strike, |cloud, project| ends(cloud, project, &UNDONE));
}
