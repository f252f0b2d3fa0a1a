//! A lock that is taken away from a run that stands still: what it still sends and writes is nothing.
#![cfg(unix)]

use crate::kill::world::{Cloud, PROGRAM, cnx, run};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_lock_is_taken_from_a_run_that_stands_still() {
    let cloud = Cloud::new();
    let project = cloud.project_of(PROGRAM);
    let free = run(&project, &["unlock"]);
    assert_eq!(free.code, 0, "{}", free.all());
    free.says("Nobody holds it");
    let slow =
        json!({"effect": {"latency": {"ms": 1500}}, "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &slow.to_string());
    let child = cnx(&project, &["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("cnx");
    let began = Instant::now();
    while !cloud.has_struck() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
    let signal = |name: &str| {
        let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    };
    // It waits for the answer; what it had to write is written.
    std::thread::sleep(Duration::from_millis(300));
    signal("STOP");
    let locked = run(&project, &["apply", "--yes"]);
    assert_eq!(locked.code, 4, "{}", locked.all());
    locked.says("cnx unlock");
    let unasked = run(&project, &["unlock"]);
    assert_eq!(unasked.code, 5, "{}", unasked.all());
    unasked.says(&format!("process {}", child.id())).says("`cnx apply`");
    let taken = run(&project, &["unlock", "--yes", "--json"]);
    assert_eq!(taken.code, 0, "{}", taken.all());
    let told: serde_json::Value = serde_json::from_str(taken.stdout.trim()).expect("JSON");
    assert_eq!((told["held"].clone(), told["epoch"].clone()), (json!(true), json!(2)), "{told}");
    // What the old run had sent is carried out by now; the new one finds it.
    std::thread::sleep(Duration::from_millis(1600));
    let next = run(&project, &["apply", "--yes"]);
    assert_eq!(next.code, 0, "{}", next.all());
    signal("CONT");
    let old = crate::support::Run::of(child.wait_with_output().expect("an end"));
    assert_ne!(old.code, 0, "{}", old.all());
    old.says("epoch");
    assert_eq!(cloud.objects(), ["inst_jump", "key_deploy", "srv_web"]);
    assert_eq!(run(&project, &["plan", "--detailed-exitcode"]).code, 0);
}
