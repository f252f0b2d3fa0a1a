//! A create that was never answered, settled by a later run with the very same request, where the API honours its key.

use crate::kill::world::{Cloud, cnx, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

const SERVER: &str = "server web {\n  name   = \"web\"\n  plan   = \"standard-8\"\n  image  = \"ubuntu-22.04\"\n  \
                      region = \"us-east-1\"\n}\n";

/// Kills an apply while the answer to its create is held back: it is carried out by then.
fn killed_in_its_create(cloud: &Cloud, project: &crate::support::Project, effect: &Value) {
    let fault = json!({"effect": effect, "match": {"method": "POST", "path": "/v1/servers"}, "times": 1});
    cloud.emulator.control("POST", "faults", &fault.to_string());
    let silent = json!({"effect": {"status": {"status": 404}}, "match": {"method": "GET", "path": "/v1/jobs"}});
    cloud.emulator.control("POST", "faults", &silent.to_string());
    let mut child = cnx(project, &["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cnx");
    let began = Instant::now();
    while !cloud.has_struck() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("an end");
}

fn creates(cloud: &Cloud) -> Vec<String> {
    let made = |entry: &Value| {
        entry["method"] == "POST" && entry["target"].as_str().is_some_and(|it| it.ends_with("/servers"))
    };
    let key = |entry: Value| entry["idempotency_key"].as_str().unwrap_or("none").to_owned();
    cloud.requests().into_iter().filter(made).map(key).collect()
}

#[test]
fn a_later_run_sends_the_same_request_where_the_key_is_honoured() {
    for examined in [true, false] {
        let cloud = Cloud::new();
        let project = cloud.project_of(SERVER);
        if examined {
            let examined = run(&project, &["doctor", "--write"]);
            assert_eq!(examined.code, 0, "{}", examined.all());
        }
        killed_in_its_create(&cloud, &project, &json!({"latency": {"ms": 3000}}));
        let next = run(&project, &["apply", "--yes"]);
        let keys = creates(&cloud);
        if examined {
            assert_eq!(next.code, 0, "{}", next.all());
            assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 1, "another key: {keys:?}");
            assert_eq!(cloud.objects(), ["srv_web"]);
            assert!(!run(&project, &["state", "list"]).all().contains("guess"), "this is no guess");
        } else {
            assert_eq!(next.code, 3, "nothing says that the key is honoured: {}", next.all());
            assert_eq!(keys.len(), 1, "sent again all the same");
        }
    }
}

#[test]
fn a_request_that_never_arrived_is_made_good_by_the_same_one() {
    let cloud = Cloud::new();
    let project = cloud.project_of(SERVER);
    assert_eq!(run(&project, &["doctor", "--write"]).code, 0);
    let lost = json!({"effect": "reset_before", "match": {"method": "POST", "path": "/v1/servers"}, "times": 99});
    cloud.emulator.control("POST", "faults", &lost.to_string());
    let asked = run(&project, &["apply", "--yes"]);
    assert_eq!(asked.code, 3, "{}", asked.all());
    assert!(cloud.objects().is_empty());
    cloud.emulator.control("DELETE", "faults", "");
    let next = run(&project, &["apply", "--yes"]);
    assert_eq!(next.code, 0, "{}", next.all());
    assert_eq!(cloud.objects(), ["srv_web"]);
    assert_eq!(creates(&cloud).iter().collect::<BTreeSet<_>>().len(), 1);
}
