//! The command line as people and scripts meet it: exit codes, streams, files, refusals. The real binary on the embedded emulator.

use crate::support::Project;
use std::io::Write;
use std::process::Stdio;

const KEY: &str = "ssh_key admin {\n  name       = \"admin\"\n  public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8p5nIu0vQGkQnZ1tQ0bq0mVv3l0x1sYVqXH0aR2p7d\"\n}\n";

/// Arguments, exit code, what is said on standard output, what on standard error.
type Case<'a> = (&'a [&'a str], i32, &'a str, &'a str);

fn check(project: &Project, cases: &[Case<'_>]) {
    for (arguments, code, stdout, stderr) in cases {
        let run = project.run(arguments);
        assert_eq!(run.code, *code, "cnx {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
        assert!(run.stdout.contains(stdout), "cnx {}: not on stdout: {stdout:?}\n{}", arguments.join(" "), run.stdout);
        assert!(run.stderr.contains(stderr), "cnx {}: not on stderr: {stderr:?}\n{}", arguments.join(" "), run.stderr);
    }
}

#[test]
fn without_a_project() {
    check(
        &Project::new(&[]),
        &[
            (&[], 1, "", "Usage"),
            (&["nonsense"], 1, "", "unrecognized"),
            (&["plan", "--nonsense"], 1, "", "unexpected argument"),
            (&["validate"], 1, "", "here: `cnx check`"),
            (&["state", "rm", "server.web"], 1, "", "here: `cnx state forget ADDR`"),
            (&["apply", "-auto-approve"], 1, "", "here: `--yes`"),
            (&["plan", "-out=plan"], 1, "", "here: `-o FILE`"),
            (&["plan", "--var-file", "x"], 1, "", "here: `--params FILE`"),
            (&["--help"], 0, "completions", ""),
            (&["--version"], 0, "cnx ", ""),
            (&["version", "--json"], 0, "\"format\":\"cnx-version\"", ""),
            (&["completions", "bash"], 0, "_cnx()", ""),
            (&["plan"], 1, "", "cnx::cli::no_program"),
            (&["check", "--json"], 1, "\"code\":\"cnx::cli::no_program\"", ""),
            (&["show"], 0, "Nothing is managed", ""),
            (&["show", "nowhere.json"], 1, "", "cnx::cli::unreadable"),
            (&["emulator", "requests"], 0, "", ""),
        ],
    );
}

#[test]
fn a_first_project_works_as_it_is() {
    let project = Project::new(&[]);
    check(
        &project,
        &[
            (&["init", "first"], 0, "", "cnx apply -C first"),
            (&["init", "first"], 1, "", "cnx::cli::exists"),
            (&["check", "-C", "first"], 0, "", "No errors"),
            (&["fmt", "-C", "first", "--check"], 0, "", ""),
            (&["-C", "first", "plan", "--detailed-exitcode"], 2, "2 to create", "local emulator"),
            (&["apply", "-C", "first", "--yes"], 0, "addresses", "2 created"),
            (&["-C", "first", "plan", "--detailed-exitcode"], 0, "No changes", ""),
            (&["-C", "first", "output", "addresses", "--raw"], 0, "web-1", ""),
            (&["-C", "first", "output", "adresses"], 1, "", "did you mean `addresses`?"),
            (&["-C", "first", "state", "show", "server.web[1]"], 0, "ipv4", ""),
            (&["-C", "first", "state", "show", "server.wbe[1]"], 1, "", "did you mean"),
            (&["-C", "first", "run", "server.web[1]", "reboot", "--yes"], 0, "! reboot.web[1]", "1 ran"),
            (&["-C", "first", "run", "server.web[1]", "fly", "--yes"], 1, "", "cnx::cli::not_there"),
            (&["-C", "first", "destroy", "--yes"], 0, "2 to destroy", "2 destroyed"),
        ],
    );
    assert_eq!(std::fs::read_to_string(project.path().join("first/.gitignore")).expect("written"), ".cnx/\n");
}

#[test]
fn consent_is_never_taken_for_granted() {
    let project = Project::new(&[("main.cnx", KEY)]);
    check(
        &project,
        &[
            (&["apply"], 5, "1 to create", "pass --yes, or --approve"),
            (&["apply", "--approve", "sha256:00"], 5, "", "cnx::plan::plan_changed"),
            (&["plan", "-o", "plan.json"], 0, "1 to create", "Saved as plan.json"),
            (&["show", "plan.json"], 0, "+ ssh_key.admin", "sha256:"),
            (&["show", "plan.json", "--json"], 0, "\"format\":\"cnx-plan\"", ""),
            (&["apply", "plan.json"], 0, "", "1 created"),
            (&["apply", "plan.json"], 5, "", "cnx::plan::plan_changed"),
            (&["apply", "main.cnx"], 1, "", "cnx::cli::not_a_plan"),
        ],
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(project.path().join("plan.json")).expect("saved").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    project.write("newer.json", "{\"format\":\"cnx-saved-plan\",\"version\":99,\"cnx\":\"7.1.0\"}");
    check(&project, &[(&["apply", "newer.json"], 1, "", "use cnx 7.1.0 or newer")]);
}

#[test]
fn a_plan_leaves_nothing_behind() {
    let project = Project::new(&[("main.cnx", KEY)]);
    project.ok(&["plan"]);
    let left: Vec<_> = std::fs::read_dir(project.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["main.cnx"]);
}

#[test]
fn another_cloud_is_not_everything_gone() {
    let project = Project::new(&[("main.cnx", KEY)]);
    project.ok(&["apply", "--yes"]);
    check(
        &project,
        &[
            (&["emulator", "reset"], 0, "", "new account"),
            (&["plan"], 5, "", "cnx::cli::another_cloud"),
            (&["apply", "--yes"], 5, "", "--assume-gone"),
            (&["apply", "--yes", "--assume-gone", "*"], 0, "deleted outside", "1 created"),
            (&["plan"], 0, "No changes", ""),
        ],
    );
}

#[test]
fn streams_are_for_machines_when_asked() {
    let project = Project::new(&[("main.cnx", KEY)]);
    let run = project.ok(&["apply", "--yes", "--json"]);
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let formats: Vec<&str> = lines.iter().filter_map(|line| line["format"].as_str()).collect();
    assert_eq!(formats[0], "cnx-plan");
    assert!(formats[1..].iter().all(|format| *format == "cnx-event"), "{formats:?}");
    assert_eq!(lines.last().expect("an end")["event"], "run_ended");
    assert!(lines.iter().all(|line| line["version"] == 1));
}

#[test]
fn canonical_form() {
    let project = Project::new(&[("main.cnx", "let a=1\noutput b = a\n"), ("bad.cnx", "let = \n")]);
    check(
        &project,
        &[
            (&["fmt", "main.cnx", "--check"], 1, "main.cnx", ""),
            (&["fmt", "main.cnx", "--diff"], 0, "+ let a = 1", ""),
            (&["fmt"], 1, "main.cnx", "bad.cnx:1:"),
            (&["fmt", "main.cnx", "--check"], 0, "", ""),
        ],
    );
    let mut child =
        project.command(&["fmt", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("cnx runs");
    child.stdin.take().expect("a pipe").write_all(b"let a=1\n").expect("written");
    assert_eq!(child.wait_with_output().expect("an end").stdout, b"let a = 1\n");
}

#[test]
fn environments_and_keys() {
    let declared = "environment far { target = \"production\" }\nenvironment near { target = \"local\" }\n";
    let project = Project::new(&[("main.cnx", &format!("{declared}{KEY}"))]);
    check(
        &project,
        &[
            (&["env", "list"], 0, "near  local       default", ""),
            (&["plan"], 0, "env near", "local emulator"),
            (&["plan", "-e", "far"], 1, "", "cnx::cloud::no_key"),
            (&["plan", "-e", "nope"], 1, "", "far"),
            (&["state", "list", "-e", "nope"], 1, "", "no environment `nope`"),
            (&["plan", "-p", "nope=1"], 1, "", "nope"),
            (&["plan", "-p", "nope"], 1, "", "has no `=`"),
        ],
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let project = Project::new(&[("main.cnx", KEY)]);
    let mut child = project.command(&["plan"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("cnx runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}

/// What the schema of SARIF 2.1.0 demands of the members that are used.
fn assert_sarif(log: &serde_json::Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().expect("a schema").contains("sarif-2.1.0"));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "cnx");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = driver["rules"].as_array().expect("rules");
    let place = |location: &serde_json::Value| {
        let physical = &location["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"].as_str().expect("a uri");
        assert!(uri.is_ascii() && !uri.contains(' '));
        let number = |name: &str| physical["region"][name].as_u64().expect("a number");
        assert!(number("startLine") >= 1 && number("startColumn") >= 1 && number("endColumn") >= 1);
        assert!(number("endLine") >= number("startLine"));
    };
    for result in run["results"].as_array().expect("results") {
        let rule = &rules[result["ruleIndex"].as_u64().expect("an index") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note", "none"].contains(&result["level"].as_str().expect("a level")));
        assert!(!result["message"]["text"].as_str().expect("a text").is_empty());
        result["locations"].as_array().expect("locations").iter().for_each(place);
        result["relatedLocations"].as_array().into_iter().flatten().for_each(place);
    }
}

#[test]
fn check_writes_sarif_and_annotations() {
    let project = Project::new(&[("main.cnx", "let a = nope\nlet a = 1\noutput x = a\n")]);
    let run = project.run(&["check", "--format", "sarif"]);
    assert_eq!(run.code, 1);
    let log: serde_json::Value = serde_json::from_str(&run.stdout).expect("one JSON document");
    assert_sarif(&log);
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 2, "{log:#}");
    assert_eq!(results[0]["ruleId"], "cnx::program::unknown_name");
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((region["startLine"].as_u64(), region["startColumn"].as_u64()), (Some(1), Some(9)));
    let run = project.run(&["check", "--format", "github"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("::error file=main.cnx,line=1,endLine=1,col=9,endColumn=13,title=cnx%3A%3A"));
    assert_eq!(run.stdout.lines().count(), 2);
    let clean = Project::new(&[("main.cnx", "output x = 1\n")]);
    assert_sarif(&serde_json::from_str(&clean.ok(&["check", "--format", "sarif"]).stdout).expect("JSON"));
    assert_eq!(clean.ok(&["check", "--format", "github"]).stdout, "");
    let empty = Project::new(&[]);
    let run = empty.run(&["check", "--format", "sarif"]);
    assert_eq!(run.code, 1);
    assert_sarif(&serde_json::from_str(&run.stdout).expect("JSON"));
}

/// Another project may read them: an apply that a change of outputs alone does not set off would leave it with old ones.
#[test]
fn a_change_of_outputs_alone_is_a_change() {
    let project = Project::new(&[("main.cnx", "output x = \"1\"\n")]);
    check(&project, &[(&["apply", "--yes"], 0, "x = \"1\"", "1 output")]);
    project.write("main.cnx", "output x = \"2\"\n");
    check(
        &project,
        &[
            (&["plan", "--detailed-exitcode"], 2, "Plan: 1 output to change.", ""),
            (&["apply"], 5, "", "cnx::cli::needs_consent"),
            (&["apply", "--yes"], 0, "x = \"2\"", "Applied: 1 output in"),
            (&["plan", "--detailed-exitcode"], 0, "No changes", ""),
        ],
    );
}

#[test]
fn an_output_that_is_asked_for_is_told_whole() {
    let list = "output numbers = [for n in 1..=900 : { name = \"number-${n}\", square = n * n }]\n";
    let project = Project::new(&[("main.cnx", list)]);
    check(&project, &[(&["apply", "--yes"], 0, "", "1 output")]);
    let told = project.ok(&["output", "numbers"]).stdout;
    assert_eq!(told.lines().filter(|line| line.contains("name = \"number-")).count(), 900, "{told}");
}
