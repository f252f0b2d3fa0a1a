//! Checks and policies over plans: which hold, which refuse, which only warn.

use super::super::Options;
use super::super::codes::is_refusal;
use super::case::show;
use super::cloud::World;
use super::language::{obey, read};
use crate::desired::Desired;

const WEB: &str = r#"server web {
  name   = "web"
  region = "eu-west-2"
  plan   = "standard-8"
  image  = "ubuntu-22.04"
}
"#;

/// What is decided where `before` was applied and `after` is wanted, without the steps' details.
fn check(name: &str, before: &str, after: &str, told: &[&str]) {
    let mut world = World::default();
    if !before.is_empty() {
        obey(&mut world, &read(before));
    }
    let lines: Vec<String> = match world.plan(&read(after), &Options::default()) {
        Ok(plan) => plan.warnings.0.iter().map(|one| format!("{} {}", one.code.id, one.message)).collect(),
        Err(found) => found.0.iter().map(|one| format!("{} {}", one.code.id, one.message)).collect(),
    };
    assert_eq!(lines, told, "{name}");
}

#[test]
fn checks() {
    let with = |rule: &str| format!("{WEB}{rule}\n");
    let known =
        with(r#"check "small" { assert = server.web.plan == "standard-4", message = "plan is ${server.web.plan}" }"#);
    check("it fails", "", &known, &[r#"cnx::plan::check_failed check "small": plan is standard-8"#]);
    let warning = known.replace("message =", "severity = \"warning\", message =");
    check("it warns", "", &warning, &[r#"cnx::plan::check_warns check "small": plan is standard-8"#]);
    let address = with(r#"check "address" { assert = server.web.ipv4 == "192.0.2.1" }"#);
    check("it waits for an output", "", &address, &[]);
    let told = [r#"cnx::plan::check_failed check "address": the condition is false"#];
    check("it sees what is there", WEB, &address, &told);
    check("it holds", WEB, &with(r#"check "plan" { assert = server.web.plan == "standard-8" }"#), &[]);
}

#[test]
fn policies() {
    let with = |rule: &str| format!("{WEB}{rule}\n");
    let region = with(
        r#"policy home for r in server { assert = r.after?.region != "eu-west-2", message = "${r.action} ${r.address}" }"#,
    );
    check("a create", "", &region, &["cnx::plan::policy_failed policy home: server.web: create server.web"]);
    check("nothing changes", WEB, &region, &[]);
    let shrink = WEB.replace("standard-8", "standard-4")
        + r#"policy grow for r in server {
  assert   = r.action != "update" || r.before?.plan == r.after?.plan
  message  = "${r.before?.plan ?? "none"} to ${r.after?.plan ?? "none"}"
  severity = "warning"
}
"#;
    check("an update", WEB, &shrink, &["cnx::plan::policy_warns policy grow: server.web: standard-8 to standard-4"]);
    let keep = r#"policy keep for r in server { assert = r.action != "destroy" && r.action != "replace" }"#;
    check("a destruction", WEB, keep, &["cnx::plan::policy_failed policy keep: server.web: the condition is false"]);
    let elsewhere = with(keep).replace("eu-west-2", "us-east-1");
    check(
        "a replacement",
        WEB,
        &elsewhere,
        &["cnx::plan::policy_failed policy keep: server.web: the condition is false"],
    );
    let output = with(r#"policy address for r in server { assert = r.after?.ipv4 == "192.0.2.1" }"#);
    check("what waits for an output is no failure", "", &output, &[]);
    check("another kind", "", &with(&keep.replace("server", "database")), &[]);
}

#[test]
fn a_policy_refuses_a_destroy_too() {
    let program = format!("{WEB}policy keep for r in server {{ assert = r.action != \"destroy\" }}\n");
    let mut world = World::default();
    obey(&mut world, &read(&program));
    let rules = read(&program).rules;
    let options = Options { destroy: true, ..Options::default() };
    let result = world.plan(&Desired { rules, ..Desired::default() }, &options);
    assert_eq!(show(&result), "error cnx::plan::policy_failed");
    assert!(result.expect_err("refused").0.iter().all(is_refusal));
}
