//! A state gone back to, copied, brought back, lost and rebuilt; changed by hand.

use crate::kill::world::{Cloud, PROGRAM, run};
use crate::support::{Project, Run};
use serde_json::{Value, json};

fn ok(project: &Project, arguments: &[&str]) -> Run {
    let run = run(project, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.all());
    run
}

fn refused(project: &Project, arguments: &[&str], code: i32, said: &str) {
    let run = run(project, arguments);
    assert_eq!(run.code, code, "{arguments:?}: {}", run.all());
    run.says(said);
}

fn listed(project: &Project) -> String {
    ok(project, &["state", "list"]).stdout
}

/// The same cloud, and nothing to manage.
fn other_program(project: &Project) -> String {
    let text = std::fs::read_to_string(project.path().join("main.cnx")).expect("the program");
    format!("{}output word = \"hello\"\n", text.split("ssh_key deploy").next().expect("settings"))
}

/// The serial at which the newest run ended.
fn serial(project: &Project) -> u64 {
    let shown = ok(project, &["show", "--json"]).stdout;
    serde_json::from_str::<Value>(&shown).expect("JSON")["serial"].as_u64().expect("a serial")
}

#[test]
fn a_state_is_gone_back_to_as_a_new_serial() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    ok(&project, &["apply", "--yes"]);
    let (before, then) = (listed(&project), serial(&project));
    ok(&project, &["state", "move", "server.web", "server.shop"]);
    ok(&project, &["state", "forget", "compute_instance.jump"]);
    assert!(listed(&project).contains("server.shop") && !listed(&project).contains("jump"));
    let history = ok(&project, &["state", "history"]);
    history.says("3 created").says("cnx state move: 1 moved").says("cnx state forget: 1 forgotten");
    assert!(history.stdout.lines().all(|line| line.chars().count() <= 80), "{}", history.stdout);
    let lines = ok(&project, &["state", "history", "--json"]).stdout;
    assert!(lines.lines().all(|line| line.starts_with("{\"format\":\"cnx-history\",\"version\":1,")), "{lines}");

    refused(&project, &["state", "restore", "99999"], 1, "does not tell of serial 99999");
    refused(&project, &["state", "restore", "3"], 1, "a run was under way");
    refused(&project, &["state", "restore", &then.to_string()], 5, "--yes");
    let now = serial(&project);
    let restored = ok(&project, &["state", "restore", &then.to_string(), "--yes"]);
    restored.says("server.shop").says("no longer managed").says("managed again");
    assert_eq!(listed(&project), before);
    assert!(serial(&project) > now, "a restored state is newer");
    ok(&project, &["plan"]).says("No changes: 3 resources are as declared.");
    ok(&project, &["state", "restore", &then.to_string(), "--yes"]).says("nothing was written");
}

#[test]
fn a_copy_is_brought_back_where_it_belongs() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    ok(&project, &["apply", "--yes"]);
    ok(&project, &["state", "export", "old.json"]);
    let before = listed(&project);
    ok(&project, &["apply", "--yes"]);
    refused(&project, &["state", "import", "old.json", "--yes"], 5, "cnx::cli::older_state");
    ok(&project, &["state", "export", "new.json"]);
    ok(&project, &["state", "import", "new.json", "--yes"]).says("nothing was written");

    // Another project's state.
    let other = cloud.project_of(PROGRAM);
    std::fs::copy(project.path().join("new.json"), other.path().join("new.json")).expect("a copy");
    other.write("main.cnx", &other_program(&other));
    ok(&other, &["apply", "--yes"]);
    refused(&other, &["state", "import", "new.json", "--yes"], 5, "cnx::cli::another_state");

    // A changed copy, and no copy at all.
    let text = std::fs::read_to_string(project.path().join("new.json")).expect("a copy");
    project.write("bad.json", &text.replacen("\"standard-8\"", "\"standard-9\"", 1));
    refused(&project, &["state", "import", "bad.json", "--yes"], 1, "cnx::cli::not_an_export");
    project.write("none.json", "{}");
    refused(&project, &["state", "import", "none.json", "--yes"], 1, "cnx::cli::not_an_export");
    project.write("next.json", &text.replacen("\"version\": 4", "\"version\": 9", 1));
    refused(&project, &["state", "import", "next.json", "--yes"], 1, "cnx::cli::newer_format");

    // A lost state is brought back; an older copy only if that is meant.
    std::fs::remove_dir_all(project.path().join(".cnx")).expect("removed");
    refused(&project, &["state", "import", "old.json", "--yes"], 5, "--older");
    refused(&project, &["state", "import", "new.json"], 5, "--yes");
    ok(&project, &["state", "import", "new.json", "--yes"]).says("managed again");
    assert_eq!(listed(&project), before);
    ok(&project, &["plan"]).says("No changes: 3 resources are as declared.");
    ok(&project, &["state", "import", "old.json", "--yes", "--older"]);
    ok(&project, &["plan"]).says("No changes: 3 resources are as declared.");
}

#[test]
fn the_map_of_a_lost_state_is_rebuilt_from_the_marks() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    ok(&project, &["apply", "--yes"]);
    refused(&project, &["recover", "--from-cloud", "--yes"], 5, "cnx::cli::state_exists");
    let before = listed(&project);
    let (last, count) = (serial(&project), cloud.objects().len());
    std::fs::remove_dir_all(project.path().join(".cnx")).expect("removed");
    refused(&project, &["recover", "--from-cloud"], 5, "--yes");
    let rebuilt = ok(&project, &["recover", "--from-cloud", "--yes"]);
    rebuilt.says("compute_instance.jump").says("managed again").says("No mark tells of");
    let jump = before.lines().find(|line| line.contains("jump")).expect("it was there");
    assert!(listed(&project).contains(jump.split_whitespace().nth(1).expect("an id")), "{}", listed(&project));
    assert!(serial(&project) > last, "the state goes on where it was");
    let planned = ok(&project, &["plan", "--target", "compute_instance.jump"]);
    planned.says("No changes");
    assert_eq!(cloud.objects().len(), count);
}

#[test]
fn a_lost_state_is_noticed_before_anything_is_made_twice() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    ok(&project, &["apply", "--yes"]);
    let objects = cloud.objects();
    std::fs::remove_dir_all(project.path().join(".cnx")).expect("removed");
    let jump = ["--target", "compute_instance.jump"];
    for arguments in [&["plan"][..], &["apply", "--yes"]] {
        refused(&project, &[arguments, &jump].concat(), 5, "cnx::plan::made_before");
        refused(&project, &[arguments, &jump].concat(), 5, "cnx recover --from-cloud");
    }
    // A kind without a mark: all that can be said is that one is called so.
    let server = PROGRAM.split("compute_instance").next().and_then(|text| text.split("server web").nth(1)).expect("it");
    let server = format!("server web{}", server.replace("ssh_keys = [ssh_key.deploy.id]", ""));
    ok(&cloud.project_of(&server), &["plan"]).says("cnx::plan::same_name").says("write `import server.web =");
    assert_eq!(cloud.objects(), objects);

    // Another project with the same names is not this one.
    let other = cloud.project_of(PROGRAM);
    ok(&other, &[&["plan"][..], &jump].concat());

    ok(&project, &["recover", "--from-cloud", "--yes"]);
    ok(&project, &[&["plan"][..], &jump].concat()).says("No changes");
    std::fs::remove_dir_all(project.path().join(".cnx")).expect("removed");
    ok(&project, &[&["apply", "--yes", "--assume-gone", "compute_instance.jump"][..], &jump].concat());
    assert_eq!(cloud.objects().len(), objects.len() + 1, "another one was wanted");
}

#[test]
fn what_a_failed_create_left_may_be_called_whole() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    let fails = json!({"effect": "partial", "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &fails.to_string());
    let failed = run(&project, &["apply", "--yes"]);
    assert_eq!(failed.code, 1, "{}", failed.all());
    let last =
        failed.stderr.lines().skip_while(|line| !line.starts_with("Not all applied")).collect::<Vec<_>>().join(" ");
    let last = last.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(last.contains("1 left incomplete") && !last.contains("nothing changed"), "{last}");
    assert!(last.split_whitespace().collect::<Vec<_>>().join(" ").contains("the next apply replaces it"), "{last}");
    run(&project, &["state", "list"]).says("tainted");
    run(&project, &["plan"]).says("replace");
    ok(&project, &["state", "untaint", "server.web"]).says("Taken for whole: server.web");
    refused(&project, &["state", "untaint", "server.web"], 1, "nothing of `server.web` is tainted");
    assert!(!run(&project, &["plan"]).all().contains("replace"));
}
