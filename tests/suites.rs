//! `cnx test`: the examples' own tests, and what is told of tests that fail.

use crate::support::{Project, root};

const PROGRAM: &str = r#"
param n: int = 2 {
  assert  = n < 5
  message = "too many"
}
secret param token: string = "hunter22"
server web for i in 1..=n {
  name   = "web-${i}"
  plan   = "standard-8"
  image  = "ubuntu-22.04"
  region = "us-east-1"
}
output ips      = [for k, s in server.web : s.ipv4]
secret output t = token
"#;

fn project(tests: &str) -> Project {
    Project::new(&[("main.cnx", PROGRAM), ("main.test.cnx", tests)])
}

#[test]
fn the_examples_pass_their_own_tests() {
    let project = Project::new(&[]);
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("examples")).expect("examples") {
        let folder = entry.expect("an entry").path();
        if folder.join("main.test.cnx").exists() {
            count += 1;
            project.ok(&["test", "-C", &folder.display().to_string()]).says(" 0 failed");
            assert!(!folder.join(".cnx").exists(), "a test leaves nothing behind");
        }
    }
    assert!(count >= 4);
}

#[test]
fn a_failing_assertion_shows_what_it_is_made_of() {
    let project = project(
        "test \"wrong\" {\n  params = { n = 1 }\n  assert = [\n    true,\n    server.web[1].plan == \"standard-16\",\n    \
         length(token) > 99,\n    \
         repeat(\"x\", 300) == \"y\",\n  ]\n}\n",
    );
    let run = project.run(&["test", "--junit", "report.xml"]);
    assert_eq!(run.code, 1);
    let report = std::fs::read_to_string(project.path().join("report.xml")).expect("a report");
    assert!(report.contains(&"x".repeat(300)) && !run.all().contains(&"x".repeat(300)), "whole for machines: {report}");
    run.says("FAILED  wrong  main.test.cnx:1:6").says("main.test.cnx:5:5: it does not hold");
    run.says("server.web[1].plan").says("= \"standard-8\"").says("(secret)").says("1 test: 0 passed, 1 failed");
    assert!(!run.all().contains("hunter22") && run.stderr.is_empty());
}

#[test]
fn what_was_not_expected_is_an_error_and_what_was_must_come() {
    let project = project(
        "test \"a\" {\n  params       = { n = 9 }\n  expect_error = [\"cnx::desired::failed_assertion\", \"too many\"]\n}\n\
         test \"b\" {\n  expect_error = \"too many\"\n}\n\
         test \"c\" {\n  params = { n = 9 }\n  assert = [true]\n}\n\
         test \"d\" {\n  assert = [server.web[1].ipv4 == \"\"]\n}\n",
    );
    let run = project.run(&["test", "--json"]);
    assert_eq!(run.code, 1);
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let status: Vec<&str> = lines[..4].iter().map(|line| line["status"].as_str().expect("a status")).collect();
    assert_eq!(status, ["passed", "failed", "error", "failed"]);
    assert_eq!(lines[2]["errors"][0]["code"], "cnx::desired::failed_assertion");
    assert!(lines[3]["failures"][0]["why"].as_str().expect("why").contains("apply = true"));
    assert_eq!((lines[4]["tests"].as_u64(), lines[4]["passed"].as_u64()), (Some(4), Some(1)));
}

#[test]
fn an_apply_runs_in_virtual_time_on_a_cloud_of_its_own() {
    let project = project(
        "test \"whole\" {\n  apply  = true\n  assert = [\n    length(outputs.ips) == 2,\n    \
         resources[\"server.web[1]\"].id == server.web[1].id,\n    plan.counts.create == 2,\n  ]\n}\n\
         test \"plan\" {\n  assert = [plan.changes[\"server.web[2]\"].after.plan == \"standard-8\", !plan.is_empty]\n}\n",
    );
    project.ok(&["test", "--junit", "report.xml"]).says("2 tests: 2 passed, 0 failed");
    let report = std::fs::read_to_string(project.path().join("report.xml")).expect("a report");
    assert!(report.contains("<testsuites name=\"cnx\" tests=\"2\" failures=\"0\" errors=\"0\""));
    assert!(report.contains("<testcase classname=\"main.test.cnx\" name=\"whole\" file=\"main.test.cnx\" line=\"1\""));
    assert!(!project.path().join(".cnx").exists());
    project.ok(&["test", "--filter", "who"]).says("1 test: 1 passed");
    assert_eq!(project.run(&["test", "--filter", "nothing like it"]).code, 1);
}

#[test]
fn mistakes_in_tests_are_found_before_they_run() {
    let project = project(
        "test \"a\" {\n  env = \"nowhere\"\n  params = { m = 1 }\n  command = \"plan\"\n  assert = [plan.counts.made == 1, \
         outputs.nothing, 1]\n}\nlet x = 1\n",
    );
    let run = project.run(&["test"]);
    assert_eq!(run.code, 1);
    for code in ["unknown_name", "unknown_setting", "unknown_member", "wrong_type", "not_here"] {
        run.says(&format!("cnx::program::{code}"));
    }
    let misplaced = Project::new(&[("main.cnx", "test \"x\" {\n  assert = [true]\n}\n")]);
    let run = misplaced.run(&["check"]);
    run.says("cnx::program::not_here").says(".test.cnx");
    assert_eq!(run.code, 1);
}

#[test]
fn what_holds_no_tests_is_said_and_what_is_broken_too() {
    let project = Project::new(&[("main.cnx", "output a = 1\n")]);
    project.ok(&["test"]).says("0 tests");
    for (asked, said) in
        [("nodir", "nodir is no folder that can be read"), ("main.cnx", "is no folder that can be read")]
    {
        let run = project.run(&["test", asked]);
        assert_eq!(run.code, 1, "{}", run.all());
        run.says("cnx::cli::not_there").says(said);
    }
    let misplaced = Project::new(&[("main.cnx", "test \"x\" {\n  assert = [true]\n}\n")]);
    assert_eq!(misplaced.run(&["test"]).code, 1);
    misplaced.run(&["test"]).says("cnx::program::not_here").says(".test.cnx");
    let broken = Project::new(&[("main.cnx", "output a = = 1\n")]);
    assert_eq!(broken.run(&["test"]).code, 1);
    broken.run(&["test"]).says("main.cnx:1:12");
}

#[test]
fn an_environment_of_a_pattern_is_tested_by_its_name() {
    let program = "environment \"pr-*\" { target = \"local\" }\noutput name = env.name\n";
    let tests = "test \"a\" {\n  env    = \"pr-12\"\n  assert = [outputs.name == \"pr-12\"]\n}\n";
    let project = Project::new(&[("main.cnx", program), ("main.test.cnx", tests)]);
    project.ok(&["test"]).says("1 passed");
    project.write("main.test.cnx", &tests.replacen("pr-12", "pr-", 1));
    project.run(&["test"]).says("cnx::program::unknown_name");
}

#[test]
fn a_secret_output_hides_itself_alone() {
    let program = "secret param token: string = \"hunter22\"\noutput plain = \"web\"\nsecret output hidden = token\n\
                   server a { name = \"a\", region = \"eu-west-2\", plan = \"standard-4\", image = \"ubuntu-22.04\" }\n";
    let tests = "test \"a\" {\n  assert = [outputs.plain == \"db\", outputs.hidden == \"x\"]\n}\n";
    let project = Project::new(&[("main.cnx", program), ("main.test.cnx", tests)]);
    let run = project.run(&["test"]);
    run.says("= \"web\"").says("(secret)");
    assert!(!run.all().contains("hunter22"), "{}", run.all());
}

#[test]
fn checks_are_asked_after_the_apply_of_a_test() {
    let program = "server a { name = \"a\", region = \"eu-west-2\", plan = \"standard-4\", image = \"ubuntu-22.04\" }\n\
                   check \"large\" { assert = server.a.specs.cpu > 100, message = \"too small\" }\n";
    let tests = "test \"a\" {\n  apply  = true\n  expect_error = \"cnx::plan::check_failed\"\n}\n";
    let project = Project::new(&[("main.cnx", program), ("main.test.cnx", tests)]);
    project.ok(&["test"]).says("1 passed");
}

#[test]
fn modules_are_tested_where_they_are() {
    let module = "param name: string\nssh_key it {\n  name       = name\n  public_key = \"ssh-ed25519 AAAA x\"\n}\n\
                  output id = ssh_key.it.id\n";
    let test = "test \"named\" {\n  params = { name = \"k\" }\n  apply  = true\n  \
                assert = [ssh_key.it.name == \"k\", outputs.id == ssh_key.it.id]\n}\n";
    let main = "module a from \"./m\" {\n  name = \"a\"\n}\noutput id = module.a.id\n";
    let project = Project::new(&[("main.cnx", main), ("m/main.cnx", module), ("m/m.test.cnx", test)]);
    project.ok(&["test"]).says("ok").says("m/m.test.cnx:1:6").says("1 test: 1 passed");
    project.ok(&["test", "m"]).says("1 test: 1 passed");
}

/// What the console answers to these lines, in a pipe.
fn console(project: &Project, lines: &str) -> crate::support::Run {
    use std::io::Write;
    let mut command = project.command(&["console"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("cnx runs");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    crate::support::Run::of(child.wait_with_output().expect("it ends"))
}

#[test]
fn the_console_answers_in_a_pipe() {
    let project = project("");
    project.ok(&["apply", "--yes"]);
    project.write("catalog.cnx", "data plans all { }\n");
    let run = console(
        &project,
        "1 + n\n[\n  1,\n  2,\n]\n:type server.web\nserver.web[1].name\ntoken\nlength(token) > 3\n1 # why?\n:type data.plans.all\nexit\n1\n",
    );
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.stdout.contains("\n1\nplans { items: list("), "{}", run.stdout);
    assert!(
        run.stdout.starts_with("3\n[1, 2]\nmap(server) with int keys\n\"web-1\"\n(secret)\n(secret)\n"),
        "{}",
        run.stdout
    );
    assert!(!run.all().contains("hunter22"));
    let run = console(&project, "parseint(token, 10)\n[1][length(token)]\n:quit\n1\n");
    assert!(!run.all().contains("`h`") && !run.all().contains(" 8"), "{}", run.all());
    let run = console(&project, "server.web[9].name\nnope\n2\n");
    assert_eq!(run.code, 1);
    run.says("cnx::desired::missing_key").says("cnx::program::unknown_name").says("2\n");
}
