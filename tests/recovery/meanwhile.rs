//! What else is said and done while a create is open: exit codes, copies, new names, other runs; and what happens to a state
//! while somebody is asked about it.

use super::questions::unanswered;
use super::terminal::thinking_at_a_terminal;
use crate::kill::world::{Cloud, PROGRAM, cnx, run};
use crate::support::{Project, Run};
use serde_json::Value;

const OTHER: &str = "server other {\n  name   = \"other\"\n  plan   = \"standard-8\"\n  image  = \"ubuntu-22.04\"\n  \
                     region = \"us-east-1\"\n}\n";

fn ends(project: &Project, arguments: &[&str], code: i32) -> Run {
    let run = run(project, arguments);
    assert_eq!(run.code, code, "{arguments:?}: {}", run.all());
    run
}

fn program(project: &Project) -> String {
    std::fs::read_to_string(project.path().join("main.cnx")).expect("the program")
}

fn silent(run: &Run, text: &str) {
    assert!(!run.all().contains(text), "{text}: {}", run.all());
}

#[test]
fn what_is_open_is_told_by_the_exit_code_whatever_else_happens() {
    let cloud = Cloud::new();
    let project = unanswered(&cloud);
    // Nobody is there to say yes to the rest, or it is declined.
    project.write("main.cnx", &format!("{}{OTHER}", program(&project)));
    ends(&project, &["apply"], 3).says("cnx::cli::needs_consent");
    ends(&project, &["apply", "--yes", "--target", "server.other"], 3).says("1 created");
    // There is something to do still, which is no fault of the API.
    let verified = ends(&project, &["apply", "--yes", "--verify"], 3);
    silent(&verified, "cnx::cli::not_empty");
    for arguments in [&["--target", "server.other"][..], &["--refresh-only"]] {
        let idle = ends(&project, &[&["apply", "--yes"], arguments].concat(), 3);
        idle.says("Nothing else to do.");
        silent(&idle, "Nothing to do.");
    }
    // A refusal of something else.
    project.edit("main.cnx", "\"other\"\n", "\"other\"\n  lifecycle { protect = true }\n");
    ends(&project, &["apply", "--yes", "--target", "server.other"], 3);
    ends(&project, &["destroy", "--yes", "--allow-destroy", "*"], 3).says("protect");
}

#[test]
fn nothing_takes_the_name_of_what_is_being_made() {
    let cloud = Cloud::new();
    let project = unanswered(&cloud);
    project.write("main.cnx", &format!("{}{OTHER}", program(&project)));
    ends(&project, &["apply", "--yes", "--target", "server.other"], 3);
    let refused = ends(&project, &["state", "move", "server.other", "server.web"], 1);
    refused.says("an operation on server.web has no known end").says("cnx recover");
    let program = program(&project);
    let moved = program.replace(OTHER, "moved server.other -> server.web\n");
    project.write("main.cnx", &moved);
    let blocked = ends(&project, &["apply", "--yes", "--allow-destroy", "*"], 3);
    blocked.says("cnx::plan::move_blocked").says("the create of server.web is open").says("run `cnx recover` first");
    // Nor is it made a second time under a new name.
    let renamed = program.replace("server web", "server shop").replace("\"web\"", "\"shop\"");
    project.write("main.cnx", &format!("{renamed}moved server.web -> server.shop\n"));
    let blocked = ends(&project, &["apply", "--yes", "--allow-destroy", "*"], 3);
    blocked.says("server.web cannot become server.shop").says("run `cnx recover` first");
    assert_eq!(cloud.objects(), ["srv_other", "srv_web"]);
}

#[test]
fn a_copy_of_a_state_takes_along_what_is_open() {
    let cloud = Cloud::new();
    let project = unanswered(&cloud);
    ends(&project, &["state", "export", "copy.json"], 0).says("It holds 1 open operation");
    let folder = project.path().join(".cnx");
    std::fs::remove_dir_all(&folder).expect("a state that is lost");
    let asked = ends(&project, &["state", "import", "copy.json"], 5);
    asked.says("--yes");
    ends(&project, &["state", "import", "copy.json", "--yes"], 0).says("1 open operation");
    let id = cloud.named().pop().expect("the server").1;
    ends(&project, &["recover"], 3).says(&format!("--answer 'server.web={id}'"));
    cloud.emulator.control("DELETE", "faults", "");
    ends(&project, &["recover", "--answer", &format!("server.web={id}")], 0);
    ends(&project, &["plan", "--detailed-exitcode", "--confirm", "*"], 0);
}

#[test]
fn patterns_may_name_the_same_object_more_than_once() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    ends(&project, &["apply", "--yes"], 0);
    let forgot = ends(&project, &["state", "forget", "server.web", "compute_instance.jump", "server.*"], 0);
    assert_eq!(forgot.all().matches("server.web").count(), 1, "{}", forgot.all());
}

#[test]
fn beside_a_saved_plan_nothing_else_shapes_it() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    ends(&project, &["plan", "-o", "plan.json"], 0);
    for option in [
        &["--exclude", "server.web"][..],
        &["--target", "server.web"],
        &["--refresh-only"],
        &["--refresh", "none"],
        &["--retry-unknown"],
        &["--adopt", "exact"],
        &["--confirm", "*"],
        &["--allow-destroy", "*"],
    ] {
        let refused = ends(&project, &[&["apply", "plan.json"], option].concat(), 1);
        refused.says("a saved plan is applied as it is").says("cnx plan -o FILE");
    }
    let text = program(&project);
    project.write("main.cnx", &format!("{text}environment near {{ target = \"sandbox\" }}\n"));
    let mut command = project.command(&["apply", "plan.json", "-e", "near"]);
    let other = Run::of(command.output().expect("cnx runs"));
    assert_eq!(other.code, 1, "{}", other.all());
    other.says("the plan was made for far, and -e says near");
    project.write("main.cnx", &text);
    assert!(cloud.objects().is_empty());
    ends(&project, &["apply", "plan.json"], 0);
}

#[test]
fn an_action_is_not_run_on_what_was_replaced_meanwhile() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    ends(&project, &["apply", "--yes"], 0);
    project.edit("main.cnx", "\"ubuntu-22.04\"", "\"debian-12\"\n  lifecycle { create_before_destroy = true }");
    let create = ["apply", "--yes", "--allow-destroy", "*"];
    // Killed while the answer to the create is out.
    let before = cloud.requests().len();
    let old = cloud.named().into_iter().find(|(name, _)| name == "srv_web").expect("the old one").1;
    let posted = |cloud: &Cloud| {
        let all = cloud.requests();
        all[before..].iter().any(|entry| entry["method"] == "POST" && entry["target"] == "/v1/servers")
    };
    let mut nth = 1;
    while !posted(&cloud) {
        assert!(cloud.kill_at_answer(&project, &create, nth), "request {nth} never came");
        nth += 1;
    }
    let rebooted = run(&project, &["run", "server.web", "reboot", "--yes"]);
    assert_eq!(rebooted.code, 5, "{}", rebooted.all());
    rebooted.says("cnx::cli::needs_apply").says("by now");
    let all = cloud.requests();
    let meant = format!("/v1/servers/{old}/actions");
    assert!(all.iter().all(|entry| entry["target"] != meant.as_str()), "the old one was rebooted: {}", rebooted.all());
}

/// The list of a key that sees other regions only tells nothing of a create.
#[test]
fn what_the_key_does_not_see_is_not_taken_for_not_made() {
    let cloud = Cloud::new();
    let narrow = "cn_test_narrow0000000000000000000";
    let key = format!(
        r#"{{"keys": [{{"secret": "{narrow}", "environment": "test", "permission": "admin", "tier": "standard",
            "regions": ["eu-west-2"]}}]}}"#
    );
    cloud.emulator.control("PUT", "config", &key);
    let instance = PROGRAM.find("compute_instance").and_then(|at| PROGRAM[at..].split("output").next()).expect("one");
    let project = cloud.project_of(instance);
    let mut nth = 1;
    while cloud.objects().is_empty() {
        assert!(cloud.kill_at_answer(&project, &["apply", "--yes"], nth), "request {nth} never came");
        nth += 1;
    }
    for arguments in [&["recover"][..], &["apply", "--yes"], &["apply", "--yes", "--retry-unknown"]] {
        let mut command = cnx(&project, arguments);
        let blind = Run::of(command.env("CLOUDNEXUS_COMPUTE_API_KEY", narrow).output().expect("cnx runs"));
        assert_eq!(blind.code, 3, "{arguments:?}: {}", blind.all());
        blind.says("the key does not see us-east-1");
    }
    let id = cloud.named().pop().expect("the instance").1;
    let mut command = cnx(&project, &["recover", "--answer", &format!("compute_instance.jump={id}")]);
    let blind = Run::of(command.env("CLOUDNEXUS_COMPUTE_API_KEY", narrow).output().expect("cnx runs"));
    blind.says("the key does not see us-east-1, where it would be");
    ends(&project, &["apply", "--yes"], 0);
    assert_eq!(cloud.objects(), ["inst_jump"], "it was made once");
}

#[test]
fn in_a_pipeline_it_is_looked_for_longer() {
    let cloud = Cloud::new();
    let project = cloud.project_of(OTHER);
    for (value, window) in [("", 120_000), ("true", 600_000), ("false", 120_000)] {
        let told = cnx(&project, &["doctor", "--json"]).env("CI", value).output().expect("cnx runs");
        let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
        assert_eq!(told["settle_window_ms"], window, "CI={value}");
    }
}

/// A state is to be gone back to, and is written to while somebody thinks about it. Exit code, and what was shown.
#[cfg(unix)]
fn gone_on(project: &Project) -> (Option<i32>, String) {
    let shown = ends(project, &["show", "--json"], 0).stdout;
    let serial = serde_json::from_str::<Value>(&shown).expect("JSON")["serial"].to_string();
    ends(project, &["state", "move", "server.other", "server.shop"], 0);
    let more = || {
        ends(project, &["state", "forget", "server.shop"], 0);
    };
    let dialogue = [("Make this the state?", "yes\n")];
    thinking_at_a_terminal(project, &["state", "restore", &serial], &dialogue, more)
}

/// A state that a machine has not seen before: the codes of the first run there, and of the second.
pub fn codes_of_a_state_from_elsewhere() -> Vec<String> {
    let cloud = Cloud::new();
    let project = cloud.project_of(OTHER);
    ends(&project, &["apply", "--yes"], 0);
    std::fs::remove_dir_all(project.path().join(".local")).expect("what this machine knew");
    let first = codes(&ends(&project, &["apply", "--yes"], 0).all());
    let again = codes(&ends(&project, &["apply", "--yes"], 0).all());
    assert!(again.is_empty(), "it is told once: {again:?}");
    first
}

/// The codes of that.
#[cfg(unix)]
pub fn codes_of_a_state_that_goes_on() -> Vec<String> {
    let cloud = Cloud::new();
    let project = cloud.project_of(OTHER);
    ends(&project, &["apply", "--yes"], 0);
    codes(&gone_on(&project).1)
}

fn codes(shown: &str) -> Vec<String> {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == ':';
    // Colours stand right before them.
    let told = shown.match_indices("cnx::").map(|(at, _)| &shown[at..]);
    told.filter_map(|text| text.split(|letter: char| !is_letter(letter)).next().map(str::to_owned)).collect()
}

/// Only what was shown is done.
#[test]
#[cfg(unix)]
fn a_state_that_goes_on_while_somebody_is_asked_is_not_replaced() {
    let cloud = Cloud::new();
    let project = cloud.project_of(OTHER);
    ends(&project, &["apply", "--yes"], 0);
    let (code, shown) = gone_on(&project);
    assert_eq!(code, Some(5), "{shown}");
    assert!(shown.contains("cnx::cli::meanwhile") && shown.contains("run again"), "{shown}");
    assert!(!ends(&project, &["state", "list"], 0).stdout.contains("server."), "what was done meanwhile stays done");
}
