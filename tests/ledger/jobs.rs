//! L39 to L51: what takes time, actions, databases and the edge.

use super::stage::*;
use cnx::emulator::Profile;
use cnx::model::{Ident, Timestamp, Value};
use cnx::plan::Options;
use serde_json::json;

pub fn l39() {
    // By `Location` alone, by `job_id` alone, by `data.job_id` alone.
    for way in ["location", "job_id", "data.job_id"] {
        let stage = Stage::new();
        stage.tamper(move |request, answer| {
            if request.method.as_str() != "POST" || answer.status != 202 {
                return;
            }
            if way != "location" {
                answer.headers.0.retain(|(name, _)| name != "Location");
            }
            rewrite(answer, |body| {
                let job = body.as_object_mut().and_then(|body| body.remove("job_id"));
                match (way, job) {
                    ("job_id", Some(job)) => body["job_id"] = job,
                    ("data.job_id", Some(job)) => body["data"]["job_id"] = job,
                    (_, _) => {}
                }
            });
        });
        stage.settle(&server("web"));
        assert!(stage.log().iter().any(|entry| entry.target.starts_with("/v1/jobs/job_")), "{way}");
    }
    // Where both say something, the header comes first.
    let stage = Stage::new();
    stage.tamper(|request, answer| {
        if request.method.as_str() == "POST" {
            rewrite(answer, |body| body["job_id"] = json!("job_000000000000"));
        }
    });
    stage.settle(&server("web"));
    assert!(stage.log().iter().all(|entry| !entry.target.contains("job_000000000000")));
    // 404 on the job: the object is polled.
    let stage = Stage::new();
    stage.fault(json!({"effect": "job_404"}));
    stage.settle(&server("web"));
    assert!(stage.asked("GET", &format!("/servers/{}", stage.id("server", "web"))).len() > 1);
}

pub fn l40() {
    for status in [200, 201, 202, 204] {
        let stage = Stage::new();
        stage.tamper(move |request, answer| {
            if request.method.as_str() == "POST" {
                answer.status = status;
            }
        });
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
    }
    // No data: the job names the object.
    for fault in [json!("null_data"), json!({"drop_member": {"path": "data"}})] {
        let stage = Stage::new();
        stage.fault(json!({"effect": fault, "match": {"method": "POST"}}));
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
        assert_eq!(stage.asked("POST", "/servers").len(), 1);
    }
    // Neither data nor a job: unclear, traced (2.4), never sent blindly again.
    let stage = Stage::new();
    stage.fault(json!({"effect": "null_data", "match": {"method": "POST"}}));
    stage.fault(json!({"effect": "no_job_id", "match": {"method": "POST"}}));
    stage.settle(&instance("jump"));
    assert_eq!(stage.asked("POST", "/compute/instances").len(), 1);
}

pub fn l41() {
    for profile in PROFILES {
        let stage = Stage::of(profile);
        stage.settle(&instance("jump"));
        stage.knob(json!({"actions.return_job": false}));
        let before = stage.elapsed();
        stage.settle(&with(&instance("jump"), "desired_status = \"stopped\""));
        assert_eq!(stage.record("compute_instance", "jump").status.as_deref(), Some("stopped"), "{profile:?}");
        assert!(stage.elapsed() >= before + 3, "waited for the goal: {profile:?}");
        let smaller = sized_instance("jump", "memory-4x32");
        stage.settle(&with(&smaller, "desired_status = \"stopped\""));
        assert_eq!(text_of(&stage.record("compute_instance", "jump"), "type").as_deref(), Some("memory-4x32"));
    }
}

pub fn l42() {
    let stage = Stage::new();
    let purge = |path: &str| {
        format!("{}action cdn_purge site {{\n  zone_id = cdn_zone.shop.id\n  paths = [\"{path}\"]\n}}\n", zone())
    };
    stage.settle(&purge("/a/*"));
    assert!(stage.log().iter().any(|entry| entry.target.starts_with("/v1/jobs")), "a job where one is named");
    assert_eq!(stage.asked("POST", "/cdn/zones")[0].status, 201);
    let jobs = stage.log().iter().filter(|entry| entry.target.starts_with("/v1/jobs")).count();
    // Answered at once: nothing is waited for.
    stage.tamper(|request, answer| {
        if request.target.ends_with("/purge") {
            answer.status = 200;
            answer.headers.0.retain(|(name, _)| name != "Location");
            rewrite(answer, |body| {
                body.as_object_mut().map(|body| body.remove("job_id"));
            });
        }
    });
    stage.settle(&purge("/b/*"));
    assert_eq!(stage.log().iter().filter(|entry| entry.target.starts_with("/v1/jobs")).count(), jobs);
    assert!(
        stage.log().iter().filter(|entry| entry.target.ends_with("/purge")).all(|entry| entry.body["async"] == true)
    );
}

pub fn l43() {
    let stage = Stage::new();
    let stopped = with(&server("web"), "desired_status = \"stopped\"");
    stage.settle(&stopped);
    let planned = stage.plan(&server("web"));
    assert_eq!(steps(&planned), ["start server.web"]);
    // Somebody else was faster.
    stage.drift(json!({"id": stage.id("server", "web").as_str(), "effect": "start"}));
    let (summary, told) = stage.world.apply(planned);
    assert_eq!((summary.updated, summary.failed), (1, 0), "{}", troubles(&told));
    let log = stage.log();
    let conflict = log.iter().position(|entry| entry.error_code.as_deref() == Some("state_conflict")).expect("a 409");
    assert!(log[conflict + 1..].iter().any(|entry| entry.method == "GET"), "read again");
    assert!(steps(&stage.plan(&server("web"))).is_empty());
}

pub fn l44() {
    for requires_stopped in [false, true] {
        for stopped in [false, true] {
            let stage = Stage::new();
            let status = if stopped { "stopped" } else { "running" };
            let text = |size: &str| with(&sized_instance("jump", size), &format!("desired_status = \"{status}\""));
            stage.settle(&text("standard-2x4"));
            stage.knob(json!({"resize.requires_stopped": requires_stopped}));
            let planned = stage.plan(&text("memory-4x32"));
            assert!(planned.plan.steps.order().all(|(_, step)| step.disruptive), "always shown as disruptive");
            let before = stage.log().len();
            stage.settle(&text("memory-4x32"));
            let actions: Vec<String> = stage.log()[before..]
                .iter()
                .filter(|entry| entry.method == "POST")
                .map(|entry| entry.body["action"].as_str().unwrap_or_default().to_owned())
                .collect();
            let wanted: &[&str] = match (requires_stopped, stopped) {
                (true, false) => &["resize", "stop", "resize", "start"],
                (false, _) | (true, true) => &["resize"],
            };
            assert_eq!(actions, wanted, "requires_stopped = {requires_stopped}, {status}");
            assert_eq!(stage.record("compute_instance", "jump").status.as_deref(), Some(status));
        }
    }
}

pub fn l45() {
    let stage = Stage::new();
    stage.settle(&database("production-standard", 1, ""));
    stage.settle(&database("production-high", 1, ""));
    let scale = stage.asked("POST", "/databases/scale");
    assert_eq!(scale.len(), 1);
    assert_eq!(scale[0].body["database_id"].as_str(), Some(stage.id("database", "main").as_str()));
    assert!(stage.log().iter().all(|entry| !entry.target.contains("/databases/scale/")));
}

pub fn l46() {
    let window = |seconds: i64| format!("  maintenance_window = \"{}\"\n", instant(seconds));
    let now = |stage: &Stage| Options {
        now: Some(Timestamp(crate::engine::START + stage.elapsed() as i64 * 1000)),
        ..Options::default()
    };
    let stage = Stage::new();
    stage.settle(&database("production-standard", 1, ""));
    // Past: a warning, and sent as it is.
    let past = database("production-high", 1, &window(-3600));
    let planned = stage.plan_with(&past, &now(&stage)).unwrap_or_else(|found| panic!("{}", words(&found)));
    contains(&words(&planned.plan.warnings), "cnx::plan::past_instant");
    let (summary, told) = stage.world.apply(planned);
    assert_eq!(summary.updated, 1, "{}", troubles(&told));
    let sent = stage.asked("POST", "/databases/scale").remove(0).body;
    assert_eq!(sent["maintenance_window"].as_str(), Some(instant(-3600).as_str()));
    assert_eq!(text_of(&stage.record("database", "main"), "tier").as_deref(), Some("production-high"));
    // Future: scheduled, and not waited for.
    let before = stage.elapsed();
    let future = database("production-high", 3, &window(86_400));
    let planned = stage.plan_with(&future, &now(&stage)).unwrap_or_else(|found| panic!("{}", words(&found)));
    assert_eq!(words(&planned.plan.warnings), "");
    let (summary, told) = stage.world.apply(planned);
    assert_eq!((summary.updated, summary.open), (1, 0), "{}", troubles(&told));
    assert!(stage.elapsed() < before + 600);
    assert!(steps(&stage.plan(&future)).is_empty(), "pending until its window");
    // Waited for where the program says so.
    let stage = Stage::new();
    stage.settle(&database("production-standard", 1, ""));
    let patient = format!("{}  lifecycle {{ wait_for_window = true }}\n", window(7200));
    let (summary, told) = stage.apply(&database("production-standard", 2, &patient));
    assert_eq!(summary.updated, 1, "{}", troubles(&told));
    assert!(stage.elapsed() > 7000, "{}", stage.elapsed());
}

pub fn l47() {
    let stage = Stage::new();
    stage.settle(&database("production-standard", 1, ""));
    stage.settle(&database("production-standard", 3, ""));
    let body = &stage.asked("POST", "/databases/scale")[0].body;
    assert_eq!(
        (&body["new_tier"], &body["read_replicas"]),
        (&json!("production-standard"), &json!(3)),
        "both, absolute"
    );
    // The API counts otherwise: told.
    stage.tamper(|request, answer| {
        if request.method.as_str() == "GET" {
            rewrite(answer, |body| {
                let count = |item: &mut serde_json::Value| {
                    if item.get("read_replicas").is_some() {
                        item["read_replicas"] = json!(7);
                    }
                };
                match body.get_mut("data") {
                    Some(serde_json::Value::Array(items)) => items.iter_mut().for_each(count),
                    Some(item) => count(item),
                    None => {}
                }
            });
        }
    });
    let (summary, told) = stage.apply(&database("production-standard", 4, ""));
    assert_eq!(summary.failed, 1, "{told:#?}");
    contains(&troubles(&told), "`read_replicas` is 7");
}

pub fn l48() {
    Stage::new().settle(&database("production-standard", 1, "")).settle("");
    // Only scale is documented: an id from the user, and nothing to be seen.
    for profile in [Profile::Documented, Profile::DocumentedNojobs] {
        let stage = Stage::with(|setting| {
            setting.config.profile = profile;
            setting.config.fixtures = cnx::emulator::Fixtures::Documented;
        });
        let text = |replicas| {
            format!("{}import database.main = \"db_9f8e7d6c5b\"\n", database("production-high", replicas, ""))
        };
        let planned = stage.plan(&text(3));
        assert_eq!(steps(&planned), ["adopt database.main", "scale database.main"], "{profile:?}");
        let (summary, told) = stage.world.apply(planned);
        assert_eq!((summary.failed, summary.open), (0, 0), "{profile:?}\n{}", troubles(&told));
        let sent = stage.asked("POST", "/databases/scale");
        assert_eq!((sent.len(), &sent[0].body["read_replicas"]), (1, &json!(3)));
        let planned = stage.plan(&text(3));
        assert!(
            steps(&planned).is_empty() && planned.plan.drift.is_empty(),
            "unknown, and not removed: {:?}",
            steps(&planned)
        );
        assert_eq!(steps(&stage.plan(&text(2))), ["scale database.main"]);
        // What has no route is told by its name.
        let (summary, told) = Stage::of(profile).apply(&database("production-high", 1, ""));
        assert_eq!(summary.failed, 1);
        contains(&troubles(&told), "no route POST /databases");
    }
}

pub fn l49() {
    let rule = "cdn_routing_rule old {\n  zone_id = cdn_zone.shop.id\n  name = \"old\"\n  priority = 10\n  match = { path = \"/old/*\" }\n  action = { type = \"redirect\", location = \"/new\" }\n}\n";
    let stage = Stage::new();
    stage.settle(&format!("{}{rule}", zone()));
    stage.settle(&format!("{}{}", zone(), rule.replace("priority = 10", "priority = 20")));
    let analytics = "data cdn_analytics site {\n  zone_id = cdn_zone.shop.id\n}\noutput requests = data.cdn_analytics.site.totals.requests\n";
    stage.settle(&format!("{}{analytics}", zone()));
    assert!(matches!(stage.snapshot().outputs[&Ident::new("requests")].value, Value::Number(_)));
    assert!(stage.log().iter().any(|entry| entry.target.contains("/analytics")));
}

pub fn l50() {
    let text = format!(
        "{}action cdn_purge site {{\n  zone_id = cdn_zone.shop.id\n  paths = [\"/assets/v2/*\", \"/static/images/*.webp\"]\n}}\n",
        zone()
    );
    for profile in PROFILES {
        let stage = Stage::with(|setting| {
            setting.config.profile = profile;
            setting.config.fixtures = cnx::emulator::Fixtures::Documented;
        });
        let text = text.replace(&zone(), "").replace("cdn_zone.shop.id", "\"zone_4c5d6e7f8g\"");
        let (summary, told) = stage.apply(&text);
        assert_eq!(summary.ran, 1, "{profile:?}\n{}", troubles(&told));
        let purge = stage.asked("POST", "/cdn/zones/zone_4c5d6e7f8g/purge").remove(0);
        assert!(purge.status < 300 && purge.error_code.is_none());
        assert_eq!(purge.body["paths"], json!(["/assets/v2/*", "/static/images/*.webp"]));
    }
}

pub fn l51() {
    for written in ["a1b2c3d4", "\\\"a1b2c3d4\\\""] {
        let stage = Stage::new();
        let text = format!(
            "{}action cdn_purge site {{\n  zone_id = cdn_zone.shop.id\n  paths = [\"/*\"]\n  etag_match = \"{written}\"\n}}\n",
            zone()
        );
        stage.settle(&text);
        let body = stage.log().into_iter().find(|entry| entry.target.ends_with("/purge")).expect("a purge").body;
        assert_eq!(body["etag_match"], "a1b2c3d4");
    }
}
