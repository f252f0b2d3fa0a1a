//! `cnx drift`: what was changed behind cnx's back is found, told and accepted; what can't be seen is unknown; nothing is
//! ever sent that writes.

use crate::engine::World;
use crate::support::{Project, Run};
use cnx::plan::{Options, Unseen, What, observe};
use serde_json::Value;

const PROGRAM: &str = r#"
server web for n in 1..=2 {
  name   = "web-${n}"
  plan   = "standard-8"
  image  = "ubuntu-22.04"
  region = "us-east-1"
}

compute_instance jump {
  name   = "jump"
  type   = "standard-2x4"
  image  = "ubuntu-22.04"
  region = "us-east-1"
  tags   = { team = "web", owner = "ops" }
  lifecycle { ignore = [tags.owner] }
}
"#;

fn applied() -> Project {
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    project.ok(&["apply", "--yes"]);
    project
}

fn id(project: &Project, address: &str) -> String {
    let shown = project.ok(&["state", "show", address, "--json"]).stdout;
    serde_json::from_str::<Value>(&shown).expect("JSON")["id"].as_str().expect("an id").to_owned()
}

/// A change by somebody else: as the next request of anybody meets it.
fn tamper(project: &Project, address: &str, settings: &[&str]) {
    let id = format!("id={}", id(project, address));
    let arguments = [&["emulator", "fault", "add", "drift", &id, "--times", "1"], settings].concat();
    project.ok(&arguments);
}

fn drift(project: &Project, arguments: &[&str], code: i32) -> Run {
    let run = project.run(&[&["drift"], arguments].concat());
    assert_eq!(run.code, code, "{arguments:?}\n{}", run.all());
    run
}

fn writes(project: &Project) -> usize {
    let log = project.ok(&["emulator", "requests"]).stdout;
    log.lines().filter(|line| !line.contains("  GET  ")).count()
}

#[test]
fn what_others_changed_is_found_and_nothing_is_written() {
    let project = applied();
    let before = writes(&project);
    drift(&project, &[], 0).says("No drift: what can be seen is as it was applied.");
    tamper(&project, "server.web[1]", &["effect=stop"]);
    tamper(&project, "server.web[2]", &["effect=delete"]);
    tamper(&project, "compute_instance.jump", &["effect=mutate", "member=tags", r#"value={"team":"db","owner":"me"}"#]);
    let found = drift(&project, &[], 2);
    found
        .says("server.web[1].desired_status")
        .says("\"running\" → \"stopped\"")
        .says("server.web[2]")
        .says("gone (srv_");
    found.says("compute_instance.jump.tags.team").says("\"web\" → \"db\"");
    found.says("Ignored by the program:").says("compute_instance.jump.tags.owner");
    found.says("Drift: 3 of 3 resources (1 ignored).");
    let told: Value = serde_json::from_str(&drift(&project, &["--json"], 2).stdout).expect("JSON");
    assert_eq!((&told["format"], &told["version"], &told["drift"]), (&"cnx-drift".into(), &1.into(), &true.into()));
    let verdicts: Vec<&str> =
        told["findings"].as_array().expect("a list").iter().filter_map(|one| one["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["ignored", "drifted", "drifted", "drifted"]);
    assert_eq!(writes(&project), before, "drift sent a write");
    // The state still says what was applied: looking changes nothing.
    drift(&project, &[], 2);
    project.ok(&["apply", "--yes"]);
    drift(&project, &[], 0);
}

#[test]
fn accepted_drift_counts_again_when_it_changes_or_its_day_is_over() {
    let project = applied();
    tamper(&project, "server.web[1]", &["effect=stop"]);
    for (arguments, said) in [
        (&["--accept", "server.web[1]"][..], "--until"),
        (&["--until", "2999-12-31"], "--accept"),
        (&["--accept", "server.web[1]", "--until", "2020-12-31"], "2020-12-31 is over"),
        (&["--accept", "server.web[1]", "--until", "tomorrow"], "is no date"),
        (&["--accept", "server.wbe[1]", "--until", "2999-12-31"], "did you mean `server.web[1]`?"),
    ] {
        drift(&project, arguments, 1).says(said);
    }
    drift(&project, &[], 2);
    let accepted = drift(&project, &["--accept", "server.web[1]", "--until", "2999-12-31"], 0);
    accepted.says("Accepted as it is now").says("(until 2999-12-31)").says("No drift");
    drift(&project, &[], 0).says("(1 accepted)");
    let path = project.path().join(".cnx/state/default.drift.json");
    let kept = std::fs::read_to_string(&path).expect("a baseline");
    assert!(!kept.contains("stopped"), "no value is written down: {kept}");
    // Its day passes.
    let mut baseline: Value = serde_json::from_str(&kept).expect("JSON");
    baseline["accepted"][0]["until"] = 1_767_225_600_000_i64.into();
    std::fs::write(&path, baseline.to_string()).expect("written");
    drift(&project, &[], 2).says("(accepted until 2025-12-31)");
    assert!(drift(&project, &["--json"], 2).stdout.contains("\"verdict\":\"expired\""));
    // Another change at the same place is another drift.
    std::fs::write(&path, kept).expect("written");
    tamper(&project, "server.web[1]", &["effect=delete"]);
    drift(&project, &[], 2).says("gone");
    baseline["version"] = 99.into();
    std::fs::write(&path, baseline.to_string()).expect("written");
    drift(&project, &[], 1).says("use a newer cnx");
}

#[test]
fn what_the_api_does_not_show_is_unknown_and_never_removed() {
    for profile in ["profile=documented", "profile=documented-nojobs"] {
        let project = Project::new(&[(
            "main.cnx",
            &format!(
                "{PROGRAM}\ndatabase main {{\n  name = \"main\"\n  engine = \"postgresql\"\n  tier = \"production-standard\"\n  region = \"us-east-1\"\n}}\n"
            ),
        )]);
        project.ok(&["apply", "--yes"]);
        project.ok(&["emulator", "config", profile]);
        let found = drift(&project, &[], 0);
        // The plan has a signal (`specs`); the others are in no answer, and databases have no list.
        found.says("server.web[1].image").says("the API does not show it").says("database.main").says("not read");
        assert!(!found.stdout.contains("gone") && !found.stdout.contains("server.web[1].plan"), "{}", found.stdout);
        found.says("No drift: what can be seen is as it was applied (");
        tamper(&project, "server.web[1]", &["effect=mutate", "member=plan", "value=standard-32"]);
        drift(&project, &[], 2).says("server.web[1].specs");
    }
}

/// The same through the engine: every change that a control door can make is found, and only that.
#[test]
fn every_kind_of_change_is_found_by_the_engine() {
    let world = World::new(7);
    let planned = world.plan(world.desired(PROGRAM).expect("a program"), &Options::default()).expect("a plan");
    world.apply(planned);
    let looked = || {
        let planned = world.plan(world.desired(PROGRAM).expect("a program"), &Options::default()).expect("a plan");
        observe(&planned.desired, &planned.snapshot, &planned.live, &world.catalog)
    };
    assert_eq!(looked(), []);
    let planned = world.plan(world.desired(PROGRAM).expect("a program"), &Options::default()).expect("a plan");
    let record = planned.snapshot.records.values().find(|record| record.kind.as_str() == "server").expect("a server");
    let mut live = planned.live.clone();
    let objects = live.objects.get_mut(&record.kind).expect("servers");
    objects.get_mut(&record.id).expect("it is there").attributes.remove("name");
    let found = observe(&planned.desired, &planned.snapshot, &live, &world.catalog);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].path[0].as_str(), &found[0].what), ("name", &What::Unknown(Unseen::NotShown)));
    live.objects.get_mut(&record.kind).expect("servers").remove(&record.id);
    let found = observe(&planned.desired, &planned.snapshot, &live, &world.catalog);
    assert_eq!(found.iter().map(|one| &one.what).collect::<Vec<_>>(), [&What::Gone]);
    live.listed.clear();
    let found = observe(&planned.desired, &planned.snapshot, &live, &world.catalog);
    assert!(matches!(found[0].what, What::Unknown(Unseen::Unread(_))), "{found:?}");
}

#[test]
fn a_saved_plan_holds_whatever_others_do_to_what_it_leaves_alone() {
    let program = format!("{PROGRAM}param size: string = \"small\"\noutput size = size\n");
    let project = Project::new(&[("main.cnx", &program)]);
    project.ok(&["apply", "--yes"]);
    project.ok(&["plan", "-p", "size=large", "-o", "saved.json"]);
    tamper(
        &project,
        "compute_instance.jump",
        &["effect=mutate", "member=tags", r#"value={"team":"web","owner":"me"}"#],
    );
    let plan: Value = serde_json::from_str(&project.ok(&["plan", "-p", "size=large", "--json"]).stdout).expect("JSON");
    assert_eq!(plan["drift"][0]["path"], serde_json::json!(["tags", "owner"]), "{plan}");
    project.ok(&["apply", "saved.json"]).says("size = \"large\"");
}
