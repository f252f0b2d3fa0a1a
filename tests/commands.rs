//! The command line under trouble: other runs, signals, a killed process, a server that answers badly, a folder that is
//! read only; and its documentation. The real binary; the plain exit codes and streams are in `cli.rs`.

use crate::support::{Project, Run, root};
use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A database takes the longest of all kinds: more than a second on the embedded emulator.
const SLOW: &str = r#"
database main {
  name          = "main"
  engine        = "postgresql"
  tier          = "production-standard"
  region        = "us-east-1"
  read_replicas = 1
}

server web for n in 1..=3 {
  name   = "web-${n}"
  plan   = "standard-8"
  image  = "ubuntu-22.04"
  region = "us-east-1"
}
"#;

fn slow() -> Project {
    Project::new(&[("main.cnx", SLOW)])
}

/// A run whose steps are under way: it has said so.
fn under_way(project: &Project) -> Child {
    let child = project.command(&["apply", "--yes", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("cnx runs");
    let out = child.stdout.as_mut().expect("a pipe");
    let (mut said, mut byte) = (Vec::new(), [0; 1]);
    // Byte by byte, so that what comes later is still in the pipe.
    while !String::from_utf8_lossy(&said).contains("\"step_started\"") {
        assert_eq!(out.read(&mut byte).expect("readable"), 1, "it ended: {}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
    child
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill").args([format!("-{name}"), id]).status().expect("kill runs");
    assert!(sent.success());
}

fn posts(project: &Project, path: &str) -> usize {
    let requests = project.ok(&["emulator", "requests"]).stdout;
    requests.lines().filter(|line| line.contains("POST") && line.contains(path)).count()
}

/// However an earlier run ended, the next one ends its work, and nothing was made twice.
fn next_run_ends_it(project: &Project) {
    project.ok(&["plan"]);
    project.ok(&["apply", "--yes", "--verify"]);
    let managed = project.ok(&["state", "list"]).stdout;
    assert_eq!(managed.lines().count(), 4, "{managed}");
    project.ok(&["plan"]).says("No changes: 4 resources are as declared.");
    let created = (posts(project, "/v1/databases"), posts(project, "/v1/servers"));
    assert_eq!(created, (1, 3), "made twice");
}

#[test]
fn the_second_of_two_runs_is_told_who_is_at_work() {
    let project = slow();
    let mut first = under_way(&project);
    let second = project.run(&["apply", "--yes"]);
    assert_eq!(second.code, 4, "{}", second.all());
    second.says("cnx::state::locked").says(&format!("process {}", first.id())).says("--lock-timeout");
    // A plan takes no lock.
    project.ok(&["plan"]).says("Open from an earlier run");
    let patient = project.ok(&["apply", "--yes", "--lock-timeout", "30s"]);
    patient.says("No changes: 4 resources are as declared.");
    assert_eq!(first.wait().expect("an end").code(), Some(0));
    next_run_ends_it(&project);
}

#[test]
fn the_first_interrupt_waits_for_what_is_under_way() {
    let project = slow();
    let child = under_way(&project);
    signal(&child, "INT");
    let run = Run::of(child.wait_with_output().expect("an end"));
    assert_eq!(run.code, 130, "{}", run.all());
    assert!(run.stdout.contains("\"interrupted\":true"), "{}", run.stdout);
    next_run_ends_it(&project);
}

#[test]
fn a_second_interrupt_leaves_and_the_next_run_takes_it_up() {
    let project = slow();
    let child = under_way(&project);
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(150));
    signal(&child, "INT");
    let asked = Instant::now();
    let run = Run::of(child.wait_with_output().expect("an end"));
    assert_eq!(run.code, 130, "{}", run.all());
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    next_run_ends_it(&project);
}

#[test]
fn the_systems_wish_to_end_leaves_at_once() {
    let project = slow();
    let child = under_way(&project);
    signal(&child, "TERM");
    let asked = Instant::now();
    let run = Run::of(child.wait_with_output().expect("an end"));
    assert_eq!(run.code, 130, "{}", run.all());
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    next_run_ends_it(&project);
}

#[test]
fn a_killed_run_is_taken_up_without_making_anything_twice() {
    for after in [0, 200, 500] {
        let project = slow();
        let mut child = under_way(&project);
        std::thread::sleep(Duration::from_millis(after));
        child.kill().expect("killed");
        child.wait().expect("an end");
        next_run_ends_it(&project);
    }
}

#[test]
fn a_read_only_folder_can_be_planned() {
    use std::os::unix::fs::PermissionsExt;
    let project = slow();
    let mode = |bits| std::fs::set_permissions(project.path(), std::fs::Permissions::from_mode(bits)).expect("set");
    mode(0o555);
    let planned = project.run(&["plan"]);
    let applied = project.run(&["apply", "--yes"]);
    mode(0o755);
    assert_eq!(planned.code, 0, "{}", planned.all());
    planned.says("4 to create");
    // Whoever may write anywhere is not kept out by the folder's mode.
    if applied.code != 0 {
        assert_eq!(applied.code, 1, "{}", applied.all());
        applied.says("check that the folder is yours and writable");
    }
}

#[test]
fn a_wait_that_ends_too_early_stays_open() {
    let limit = "  lifecycle { timeouts = { create = 300ms } }\n}\n\nserver";
    let project = Project::new(&[("main.cnx", &SLOW.replacen("}\n\nserver", limit, 1))]);
    let run = project.run(&["apply", "--yes"]);
    assert_eq!(run.code, 3, "{}", run.all());
    run.says("database.main: open").says("Running again");
    project.write("main.cnx", SLOW);
    next_run_ends_it(&project);
}

#[test]
fn quiet_hides_progress_and_no_failure() {
    // The documented plan that has no room in this region.
    let server = "server web {\n  name = \"web\"\n  plan = \"standard-16\"\n  image = \"ubuntu-22.04\"\n  region = \"eu-west-2\"\n}\n";
    let project = Project::new(&[("main.cnx", server)]);
    let run = project.run(&["apply", "--yes", "-q"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.all());
    run.says("insufficient_resources").says("eu-west-3");
    assert!(!run.stderr.contains("creating"), "{}", run.stderr);
    project.edit("main.cnx", "standard-16", "standard-8");
    let run = project.ok(&["apply", "--yes", "--quiet"]);
    assert_eq!(run.all(), "");
    // What the plan warns of is nothing to be quiet about.
    let check = "check \"it\" {\n  assert   = server.web.plan == \"standard-4\"\n  message  = \"it is big\"\n  severity = \"warning\"\n}\n";
    project.write("checks.cnx", check);
    project.ok(&["apply", "--yes", "--quiet"]).says("cnx::plan::check_warns").says("it is big");
}

#[test]
fn running_an_action_changes_nothing_else() {
    let project = Project::example("edge");
    let early = project.run(&["run", "cdn_purge.site", "--yes"]);
    assert_eq!(early.code, 5, "{}", early.all());
    early.says("cnx::cli::needs_apply").says("cnx apply --target");
    project.ok(&["apply", "--yes"]);
    project.ok(&["run", "cdn_purge.site", "--yes"]).says("1 ran");
    project.ok(&["plan"]).says("No changes");
}

/// Parameters from every source: the stronger one wins.
#[test]
fn parameters_come_from_five_places() {
    let program = "environment near { target = \"local\", params = { n = 2 } }\nparam n: int = 1\noutput o = n\n";
    let project = Project::new(&[("main.cnx", program), ("more.params", "n = 3\n")]);
    let planned = |arguments: &[&str], variable: Option<&str>| {
        let mut command = project.command(&[&["plan"], arguments].concat());
        if let Some(value) = variable {
            command.env("CNX_PARAM_n", value);
        }
        Run::of(command.output().expect("cnx runs")).stdout
    };
    let cases: [(&[&str], Option<&str>, &str); 4] = [
        (&[], None, "+ o  2"),
        (&["--params", "more.params"], None, "+ o  3"),
        (&["--params", "more.params"], Some("4"), "+ o  4"),
        (&["--params", "more.params", "-p", "n=5"], Some("4"), "+ o  5"),
    ];
    for (arguments, variable, shown) in cases {
        let text = planned(arguments, variable);
        assert!(text.contains(shown), "{shown:?} {arguments:?}\n{text}");
    }
    let wrong = project.run(&["plan", "--param", "n=many"]);
    assert_eq!(wrong.code, 1);
    wrong.says("expected int, found \"many\"");
    project.run(&["plan", "-p", "=1"]).says("has no name");
    project.ok(&["plan", "-p", "n=7", "-o", "saved.json"]);
    let given = project.run(&["apply", "saved.json", "-p", "n=8"]);
    assert_eq!(given.code, 1);
    given.says("brings its own parameters");
    project.write("main.cnx", "param n: bool = true\noutput o = n\n");
    let wrong = project.run(&["apply", "saved.json"]);
    wrong.says("expected bool, found int").says("saved plan)").says("make the plan again: `cnx plan --out FILE`");
    assert!(!wrong.all().contains("give a value"), "{}", wrong.all());
    project.write("main.cnx", program);
    project.ok(&["apply", "saved.json"]).says("o = 7");
}

/// A file of parameters is a file as others are: what is wrong in it is shown where it stands.
#[test]
fn mistakes_in_a_file_of_parameters_have_a_place() {
    let project =
        Project::new(&[("main.cnx", "param n: int = 1\nparam many: map(int) = {}\noutput o = [n, length(many)]\n")]);
    let cases = [
        ("n = 2\nm = 3\n", "given.params:2:5"),
        ("\nn = \"x\"\n", "given.params:2:5"),
        ("n = 2\nn = 3\n", "given.params:2:5"),
        ("n = 2\nmany = { a = 1, a = 2 }\n", "given.params:2:21"),
        ("n = 1 + 1\n", "given.params:1:5"),
        ("n = = 2\n", "given.params:1:5"),
        ("n = 2\nmany = {\n", "given.params:"),
        ("{\n", "given.params:"),
    ];
    for (text, place) in cases {
        project.write("given.params", text);
        let run = project.run(&["plan", "--params", "given.params"]);
        assert_eq!(run.code, 1, "{text}");
        run.says(place);
    }
    project.write("given.params", "n = 2\nmany = { a = 1 }\n");
    project.ok(&["plan", "--params", "given.params", "-o", "saved.json"]).says("[2, 1]");
    project.ok(&["apply", "saved.json"]).says("[2, 1]");
}

#[test]
fn colour_is_chosen_and_requests_are_shown() {
    let project = slow();
    assert!(project.ok(&["plan", "--color", "always", "--no-input"]).stdout.contains("\u{1b}["));
    for (arguments, variable) in
        [(["plan", "--color", "never"], "CLICOLOR_FORCE"), (["plan", "--color", "auto"], "NO_COLOR")]
    {
        let plain = Run::of(project.command(&arguments).env(variable, "1").output().expect("cnx runs"));
        assert!(!plain.stdout.contains('\u{1b}'), "{}", plain.stdout);
    }
    project.ok(&["apply", "--yes", "-v"]).says("POST").says("/v1/databases");
    for columns in ["80", "200"] {
        let told = Run::of(project.command(&["show"]).env("COLUMNS", columns).output().expect("cnx runs"));
        assert_eq!(told.code, 0);
        assert!(told.stdout.lines().all(|line| line.chars().count() <= 200));
    }
}

/// Every flag and command that some `--help` tells of.
fn offered(command: &[&str], words: &mut BTreeSet<String>) {
    let project = Project::new(&[]);
    let help = project.ok(&[command, &["--help"]].concat()).stdout;
    let mut inside_commands = false;
    for line in help.lines() {
        if !line.starts_with(' ') {
            inside_commands = line == "Commands:";
            continue;
        }
        let mut parts = line.split_whitespace();
        let first = parts.next().unwrap_or_default();
        if inside_commands && first != "help" {
            let nested = [command, &[first]].concat();
            words.insert(format!("cnx {}", nested.join(" ")));
            offered(&nested, words);
        }
        if first.starts_with('-') {
            let flags = [first, parts.next().unwrap_or_default()];
            words.extend(
                flags.iter().map(|flag| flag.trim_end_matches(',').to_owned()).filter(|flag| flag.starts_with("--")),
            );
        }
    }
}

#[test]
fn the_documentation_names_every_command_and_flag_and_no_other() {
    let text = std::fs::read_to_string(root().join("docs/cli.md")).expect("docs/cli.md");
    let mut offers = BTreeSet::new();
    offered(&[], &mut offers);
    // Every command has these two; they need no row.
    offers.retain(|word| !["--help", "--version"].contains(&word.as_str()));
    let missing: Vec<&String> = offers.iter().filter(|word| !text.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "docs/cli.md does not tell of {missing:?}");
    let flags = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    let invented: Vec<&str> = flags
        .filter(|word| word.starts_with("--") && !word.trim_matches('-').is_empty() && !offers.contains(*word))
        .collect();
    assert!(invented.is_empty(), "no help tells of {invented:?}");
    let commands =
        text.split('`').filter(|piece| piece.starts_with("cnx ")).filter_map(|piece| piece.split_whitespace().nth(1));
    for name in commands {
        assert!(offers.contains(&format!("cnx {name}")), "no help tells of `cnx {name}`");
    }
}

#[test]
fn a_check_is_asked_over_what_an_apply_made() {
    let program = |cpu: u32, severity: &str| {
        format!(
            "server e {{ name = \"e\", region = \"eu-west-2\", plan = \"standard-4\", image = \"ubuntu-22.04\" }}\n\
             check \"size\" {{\n  assert   = server.e.specs.cpu > {cpu}\n  message  = \"too small\"\n  severity = \"{severity}\"\n}}\n"
        )
    };
    let project = Project::new(&[("main.cnx", &program(100, "error"))]);
    let run = project.run(&["apply", "--yes"]);
    assert_eq!(run.code, 1, "{}", run.all());
    run.says("cnx::plan::check_failed").says("main.cnx:3:14").says("too small");
    project.ok(&["state", "list"]).says("server.e");
    let project = Project::new(&[("main.cnx", &program(100, "warning"))]);
    project.ok(&["apply", "--yes"]).says("cnx::plan::check_warns");
    let project = Project::new(&[("main.cnx", &program(0, "error"))]);
    assert!(!project.ok(&["apply", "--yes"]).all().contains("cnx::plan::check"));
}
