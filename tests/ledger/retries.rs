//! Sections 2.6 and 2.7 of the contract, under every profile: conditional writes, and what is tried again.

use super::stage::*;
use cnx::emulator::Profile;
use cnx::world::Clock;
use serde_json::{Value, json};
use std::time::Duration;

fn sleep(stage: &Stage, seconds: u64) {
    stage.world.run(stage.world.clock.sleep(Duration::from_secs(seconds)));
}

/// A plan of yesterday on an object that somebody else changed since.
#[test]
fn what_changed_since_the_plan_is_not_overwritten() {
    let renamed = |text: String| text.replace("name = \"web\"", "name = \"www\"");
    for (kind, text) in [("server", server("web")), ("compute_instance", instance("web"))] {
        for changed in [false, true] {
            for destroy in [false, true] {
                let stage = Stage::new();
                stage.settle(&text);
                let planned = stage.plan(&if destroy { String::new() } else { renamed(text.clone()) });
                sleep(&stage, 3600);
                if changed {
                    stage.drift(json!({"id": stage.id(kind, "web").as_str(), "effect": "rename", "name": "theirs"}));
                }
                let (summary, told) = stage.world.apply(planned);
                let written =
                    stage.sent().into_iter().filter(|request| ["PATCH", "DELETE"].contains(&request.method.as_str()));
                let conditions: Vec<Option<String>> =
                    written.map(|request| request.headers.get("If-Match").map(str::to_owned)).collect();
                if changed {
                    assert_eq!(summary.failed, 1, "{kind} {}", troubles(&told));
                    contains(&troubles(&told), "changed since the plan");
                    assert!(conditions.is_empty(), "{conditions:?}");
                } else {
                    assert_eq!(summary.failed, 0, "{kind} {}", troubles(&told));
                    assert!(matches!(conditions.as_slice(), [Some(_)]), "the version that was seen: {conditions:?}");
                }
            }
        }
    }
    // Changed between look and write: 412, and no overwrite.
    let stage = Stage::new();
    stage.settle(&server("web"));
    let planned = stage.plan(&renamed(server("web")));
    sleep(&stage, 3600);
    let id = stage.id("server", "web");
    stage.fault(json!({"effect": {"drift": {"id": id.as_str(), "effect": "rename", "name": "theirs"}}, "match": {"method": "PATCH"}, "times": 1}));
    let (summary, told) = stage.world.apply(planned);
    assert_eq!(summary.failed, 1, "{}", troubles(&told));
    contains(&troubles(&told), "plan again");
    assert_eq!(stage.log().last().map(|entry| entry.status), Some(412), "{}", troubles(&told));
}

/// Without single reads and ETags the list shows whether it changed.
#[test]
fn without_etags_the_attributes_are_compared() {
    for profile in [Profile::Documented, Profile::DocumentedNojobs] {
        let stage = Stage::of(profile);
        stage.settle(&instance("web"));
        let planned = stage.plan("");
        sleep(&stage, 3600);
        stage.drift(json!({"id": stage.id("compute_instance", "web").as_str(), "effect": "rename", "name": "theirs"}));
        let (summary, told) = stage.world.apply(planned);
        assert_eq!(summary.failed, 1);
        contains(&troubles(&told), "changed since the plan");
        assert!(stage.log().iter().all(|entry| entry.method != "DELETE"));
    }
}

/// What a row of the table in 2.7 says of a write, with how many requests and what end.
struct Write {
    effect: Value,
    times: u32,
    posts: usize,
    /// `created`, `failed` or `open`.
    end: &'static str,
}

fn write(effect: Value, times: u32, posts: usize, end: &'static str) -> Write {
    Write { effect, times, posts, end }
}

#[test]
fn writes_are_tried_again_where_the_table_says_so() {
    let status = |status: u16, code: &str| json!({"status": {"status": status, "code": code}});
    let done = |status: u16| json!({"status": {"status": status, "code": "internal_error", "executed": true}});
    let rows = [
        write(json!({"storm429": {"headers": "retry_after"}}), 3, 4, "created"),
        write(status(409, "idempotency_in_progress"), 3, 4, "created"),
        write(status(409, "resource_busy"), 3, 4, "created"),
        write(status(409, "resource_busy"), 9, 4, "failed"),
        write(done(500), 1, 1, "created"),
        write(done(504), 1, 1, "created"),
        write(json!("reset_after"), 1, 1, "created"),
        write(status(409, "already_exists"), 1, 1, "failed"),
        write(status(409, "quota_exceeded"), 1, 1, "failed"),
        write(status(409, "resource_in_use"), 1, 1, "failed"),
        write(status(409, "insufficient_resources"), 1, 1, "failed"),
        write(status(400, "invalid_parameter"), 1, 1, "failed"),
        write(status(422, "invalid_parameter"), 1, 1, "failed"),
        write(status(403, "insufficient_permissions"), 1, 1, "failed"),
        write(status(404, "not_found"), 1, 1, "failed"),
        write(status(405, "method_not_allowed"), 1, 1, "failed"),
        write(status(401, "invalid_api_key"), 1, 1, "failed"),
    ];
    for profile in PROFILES {
        for row in &rows {
            // One server, which has no mark: an unclear create is traced by its job and the list.
            let stage = Stage::of(profile);
            stage.fault(json!({"effect": row.effect, "match": {"method": "POST"}, "times": row.times}));
            let (summary, told) = stage.apply(&server("web"));
            let shown = format!("{profile:?} {} {}", row.effect, troubles(&told));
            let unclear = row.posts == 1 && row.end == "created";
            // Nobody but a person can tell a server without mark from a stranger's, where no job list names it.
            let end = if unclear && profile != Profile::Full { "open" } else { row.end };
            let ends = [("created", summary.created), ("failed", summary.failed), ("open", summary.open)];
            assert!(ends.iter().all(|(name, count)| *count == usize::from(*name == end)), "{shown} {ends:?}");
            assert_eq!(stage.asked("POST", "/servers").len(), row.posts, "{shown}");
            assert_eq!(stage.list_anyway("server"), usize::from(row.end == "created"), "{shown}: nothing twice");
        }
    }
}

#[test]
fn capacity_is_asked_for_again_where_the_program_says_so() {
    for profile in PROFILES {
        let stage = Stage::of(profile);
        let text = with(&sized_server("web", "standard-16", "eu-west-2"), "lifecycle { retry_capacity = 10m }");
        stage.fault(json!({"effect": {"capacity_set": {"region": "eu-west-2", "size": "standard-16", "limit": 9}}, "match": {"method": "POST", "nth": 4}}));
        stage.settle(&text);
        assert_eq!(stage.asked("POST", "/servers").len(), 4, "{profile:?}");
        assert!((60..600).contains(&stage.elapsed()), "{profile:?} {}", stage.elapsed());
    }
}

#[test]
fn reads_are_tried_again_where_the_table_says_so() {
    let status = |status: u16| json!({"status": {"status": status}});
    let rows = [
        (json!("reset_before"), 5),
        (json!("reset_after"), 5),
        (json!({"truncate": {"bytes": 10}}), 5),
        (json!("hang"), 5),
        (status(500), 5),
        (status(502), 5),
        (status(503), 5),
        (status(504), 5),
        (json!("http_502_html"), 5),
        (status(400), 2),
        (status(401), 1),
        (status(403), 1),
        (status(404), 1),
        (status(405), 1),
        (status(422), 1),
    ];
    for profile in PROFILES {
        for (effect, tries) in &rows {
            let stage = Stage::of(profile);
            stage.fault(json!({"effect": effect, "match": {"method": "GET"}}));
            stage.list("server").expect_err("it never works");
            // A refused page size is halved twice before it is believed.
            let wanted = if *tries == 2 { 3 } else { *tries };
            assert_eq!(stage.log().len(), wanted, "{profile:?} {effect}");
            if *tries == 5 {
                let stage = Stage::of(profile);
                stage.fault(json!({"effect": effect, "match": {"method": "GET"}, "times": 4}));
                stage.list("server").unwrap_or_else(|error| panic!("{profile:?} {effect}: {error}"));
            }
        }
    }
}

/// Goal-seeking operations: read again, and done where the goal holds.
#[test]
fn an_unclear_action_is_settled_by_looking() {
    for profile in PROFILES {
        for effect in [
            json!("reset_after"),
            json!({"status": {"status": 502, "executed": true}}),
            json!({"status": {"status": 500}}),
        ] {
            let stage = Stage::of(profile);
            stage.settle(&instance("jump"));
            stage.fault(json!({"effect": effect, "match": {"method": "POST"}, "times": 1}));
            stage.settle(&sized_instance("jump", "memory-4x32"));
            let actions =
                stage.asked("POST", &format!("/compute/instances/{}/actions", stage.id("compute_instance", "jump")));
            assert!(actions.len() <= 5, "{profile:?} {effect}: {}", actions.len());
            assert_eq!(text_of(&stage.record("compute_instance", "jump"), "type").as_deref(), Some("memory-4x32"));
        }
    }
}
