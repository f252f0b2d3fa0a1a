//! Requests that are carried out after they were given up, or twice: what they made is told at the end of the apply and by
//! every plan, and is neither taken nor deleted.

use crate::kill::world;
use crate::security::listener::{Cloud, Heard, changed, pass, quick};
use crate::security::programs::{project, run};
use cnx::model::http::Response;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// How many creates came, and the id of what the first one made.
type First = Arc<Mutex<(u32, String)>>;

/// A cloud whose first create gets no answer, and shows what it made only after the second one.
fn late(path: &'static str) -> (Cloud, First) {
    let first = First::default();
    let seen = Arc::clone(&first);
    let cloud = Cloud::new(quick(Vec::new()), move |heard: &Heard, response: Response| {
        let asked = heard.target.split('?').next().unwrap_or("");
        let mut first = seen.lock().expect("unbroken");
        match (heard.method.as_str(), asked == path) {
            ("POST", true) => {
                first.0 += 1;
                if first.0 > 1 {
                    return pass(&response);
                }
                let made: Value = serde_json::from_slice(&response.body).expect("JSON");
                first.1 = made["data"]["id"].as_str().expect("an id").to_owned();
                Vec::new()
            }
            ("GET", true) if first.0 == 1 => changed(&response, |value| {
                let items = value["data"].as_array_mut().expect("a list");
                items.retain(|item| item["id"] != first.1.as_str());
                let total = json!(items.len());
                let tail = if value["meta"].is_object() { "meta" } else { "pagination" };
                value[tail]["total"] = total;
            }),
            ("GET", false) if asked == "/v1/jobs" => changed(&response, |value| *value = json!({"data": []})),
            (_, _) => pass(&response),
        }
    });
    (cloud, first)
}

const INSTANCE: &str = "compute_instance jump {\n  name   = \"jump\"\n  type   = \"standard-2x4\"\n  region = \"us-east-1\"\n  \
                        image  = \"ubuntu-22.04-lts\"\n}\n";

#[test]
fn what_was_made_after_all_is_told_at_the_end_of_the_apply_and_by_every_plan() {
    let server = crate::security::programs::SERVER;
    for (path, program, words) in
        [("/v1/compute/instances", INSTANCE, "was made by"), ("/v1/servers", server, "was perhaps made by")]
    {
        let (cloud, first) = late(path);
        let project = project(&cloud, program);
        let applied = run(&project, &["apply", "--yes", "--retry-unknown"]);
        assert_eq!(applied.code, 0, "{}", applied.all());
        let (creates, id) = first.lock().expect("unbroken").clone();
        assert_eq!(creates, 2, "given up, and made anew");
        let told = applied.all().split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(told.contains("cnx::apply::late_duplicate") && told.contains(&format!("{id} {words}")), "{told}");
        assert!(
            applied.stderr.find("late_duplicate") < applied.stderr.find("Applied: 1 created"),
            "{}",
            applied.stderr
        );
        let planned = run(&project, &["plan", "--detailed-exitcode"]);
        assert_eq!(planned.code, 0, "{}", planned.all());
        planned.says("cnx::apply::late_duplicate").says(&id);
        assert!(!run(&project, &["state", "list"]).all().contains(&id), "it was taken");
        assert!(cloud.writes().iter().all(|heard| heard.method == "POST"), "something was deleted");
    }
}

#[test]
fn what_carries_the_mark_of_a_managed_object_is_told() {
    let cloud = world::Cloud::new();
    let project = cloud.project_of(INSTANCE);
    assert_eq!(world::run(&project, &["apply", "--yes"]).code, 0);
    let listed = world::run(&project, &["state", "list"]).stdout;
    let id = listed.split_whitespace().find(|word| word.starts_with("inst_")).expect("an id").to_owned();
    // Carried out twice: all the same, the mark too.
    let twice = json!({"id": id, "effect": "duplicate_name", "environment": "test"});
    let fault = json!({"effect": {"drift": twice}, "match": {"method": "GET"}, "times": 1});
    cloud.emulator.control("POST", "faults", &fault.to_string());
    world::run(&project, &["plan"]);
    assert_eq!(cloud.objects(), ["inst_jump", "inst_jump"]);
    for arguments in [&["plan"][..], &["apply", "--yes"], &["plan", "--json"]] {
        let told = world::run(&project, arguments);
        assert_eq!(told.code, 0, "{}", told.all());
        told.says("cnx::apply::late_duplicate").says("carries the mark of");
    }
    let destroyed = world::run(&project, &["destroy", "--yes", "--allow-destroy", "*"]);
    assert_eq!(destroyed.code, 0, "{}", destroyed.all());
    assert_eq!(cloud.objects(), ["inst_jump"], "the other one stays");
}
