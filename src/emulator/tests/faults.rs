//! Every effect of contract.md 4.8, by what a client sees of it; and which requests a fault meets.
use serde_json::{Value, json};

use super::support::{Answer, START_MS, World, documented};
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Config, Delivery, Door, Emulator, Now};
use crate::model::http::{Headers, Method, Request};

const SERVER: &str = r#"{"name": "web", "region": "eu-west-3", "plan": "standard-8", "image": "ubuntu-22.04"}"#;

fn set(world: &mut World, fault: &Value) {
    let answer = world.post(Door::Control, "/__emulator/faults", &fault.to_string());
    assert_eq!(answer.status, 200, "{fault}: {answer:?}");
}

/// A documented world with one effect on everything.
fn with(effect: &Value) -> World {
    let mut world = World::new(documented());
    set(&mut world, &json!({"effect": effect}));
    world
}

fn item(answer: &Answer, index: usize, member: &str) -> Value {
    answer.json["data"][index][member].clone()
}

#[test]
fn effects_in_place_of_an_answer() {
    // Effect, target, status, `error.code`.
    let table = [
        (json!({"status": {"status": 503}}), "/v1/servers", 503, "service_unavailable"),
        (json!({"status": {"status": 418, "code": "teapot"}}), "/v1/servers", 418, "teapot"),
        (json!("storm429"), "/v1/servers", 429, "rate_limit_exceeded"),
        (json!({"error_in_200": {}}), "/v1/servers", 200, "internal_error"),
        (json!("redirect_foreign"), "/v1/servers", 302, "moved"),
        (json!("cursor_expired"), "/v1/servers?cursor=eyJpZCI6InNydl85eDl5MnoifQ==", 400, "invalid_cursor"),
        (json!("cursor_expired"), "/v1/servers", 200, ""),
        (json!("job_404"), "/v1/jobs", 404, "not_found"),
        (json!("job_404"), "/v1/servers", 200, ""),
        (json!({"expire_at": {"at": "2025-12-31T00:00:00Z"}}), "/v1/servers", 401, "expired_api_key"),
        (json!({"expire_at": {"at": "2027-12-31T00:00:00Z"}}), "/v1/servers", 200, ""),
        (json!({"http_502_html": {}}), "/v1/servers", 502, ""),
    ];
    for (effect, target, status, code) in table {
        let answer = with(&effect).get(Door::P, target);
        assert_eq!((answer.status, answer.code()), (status, code), "{effect} {target}");
        let moved =
            answer.headers.get("Location").is_some_and(|place| place.starts_with("https://elsewhere.example/v1"));
        assert_eq!(moved, status == 302);
    }
    for (headers, name, value) in [
        ("retry_after", "Retry-After", "2"),
        ("http_date", "Retry-After", "Thu, 01 Jan 2026 00:00:32 GMT"),
        ("reset", "X-RateLimit-Reset", "1767225632"),
        ("past_reset", "X-RateLimit-Reset", "1708492800"),
    ] {
        let answer = with(&json!({"storm429": {"headers": headers}})).get(Door::P, "/v1/servers");
        assert_eq!(answer.headers.get(name), Some(value), "{headers}");
    }
}

#[test]
fn an_error_may_hide_an_execution() {
    for (executed, total) in [(false, 42), (true, 43)] {
        let mut world = World::new(documented());
        set(&mut world, &json!({"effect": {"status": {"status": 500, "executed": executed}}, "times": 1}));
        assert_eq!(world.post(Door::P, "/v1/servers", SERVER).status, 500);
        assert_eq!(world.get(Door::P, "/v1/servers").json["meta"]["total"], total);
    }
}

#[test]
fn effects_on_the_shape_of_an_answer() {
    let first = |effect: Value| with(&effect).get(Door::P, "/v1/servers");
    let dropped = first(json!({"drop_member": {"path": "data.*.ipv4"}}));
    assert!(dropped.json["data"][0].get("ipv4").is_none() && dropped.json["data"][0].get("name").is_some());
    let added = first(json!("add_unknown_member"));
    assert!(added.json["x_unknown"] == true && item(&added, 0, "x_unknown").is_object());
    assert_eq!(item(&first(json!("unknown_status")), 0, "status"), "hibernating");
    assert_eq!(item(&first(json!("ipv4_null")), 0, "ipv4"), Value::Null);
    assert_eq!(first(json!("null_data")).json["data"], Value::Null);
    assert_eq!(first(json!("wrong_content_type")).headers.get("Content-Type"), Some("text/html"));
    assert_eq!(first(json!("bad_json")).json, Value::Null);
    let skewed = first(json!({"clock_skew": {"seconds": -90}}));
    assert_eq!(skewed.headers.get("Date"), Some("Wed, 31 Dec 2025 23:59:00 GMT"));
    assert_eq!(skewed.headers.get("X-RateLimit-Reset"), Some("1767225570"));
    let created = with(&json!("no_job_id")).post(Door::P, "/v1/servers", SERVER);
    assert_eq!((created.status, created.json.get("job_id"), created.headers.get("Location")), (202, None, None));
    for (format, member) in [("problem", "detail"), ("bare", "message")] {
        let answer = with(&json!({"error_format": {"format": format}})).get(Door::P, "/v1/servers/srv_none");
        assert!(answer.status == 404 && answer.json[member].is_string(), "{format}: {answer:?}");
    }
    for format in ["text", "html", "empty"] {
        let answer = with(&json!({"error_format": {"format": format}})).get(Door::P, "/v1/servers/srv_none");
        assert_eq!((answer.status, answer.json), (404, Value::Null), "{format}");
    }
}

#[test]
fn effects_on_lists() {
    let page = |effect: Value, target: &str| with(&effect).get(Door::P, target);
    let length = |answer: &Answer| answer.json["data"].as_array().map_or(0, Vec::len);
    let doubled = page(json!("list_duplicate"), "/v1/servers");
    assert_eq!((length(&doubled), item(&doubled, 0, "id")), (21, item(&doubled, 20, "id")));
    let empty = page(json!("empty_page"), "/v1/servers");
    assert!(length(&empty) == 0 && empty.json["meta"]["next_cursor"].is_string());
    let cursor = "eyJpZCI6InNydl85eDl5MnoifQ==";
    let looped = page(json!("cursor_loop"), &format!("/v1/servers?limit=5&cursor={cursor}"));
    assert_eq!(looped.json["meta"]["next_cursor"], cursor);
    let foreign = page(json!("next_page_foreign"), "/v1/servers");
    assert_eq!(foreign.json["meta"]["next_page"], "https://elsewhere.example/v1/servers?page=2");
    let mut world = World::new(documented());
    let plain = world.get(Door::P, "/v1/servers?page=2");
    set(&mut world, &json!({"effect": "list_shift"}));
    let shifted = world.get(Door::P, "/v1/servers?page=2");
    assert_eq!((item(&shifted, 0, "id"), shifted.json["meta"]["total"].clone()), (item(&plain, 1, "id"), json!(41)));
    let mut world = with(&json!({"list_lag": {"seconds": 30}}));
    world.post(Door::P, "/v1/servers", SERVER);
    assert_eq!(world.get(Door::P, "/v1/servers?name=web").json["meta"]["total"], 0);
    world.wait_s(30.0);
    assert_eq!(length(&world.get(Door::P, "/v1/servers?name=web")), 1);
}

#[test]
fn effects_on_jobs() {
    // Effect, seconds to wait, the job's status, the server's.
    let table = [
        (json!("job_fail"), 46, "failed", "failed"),
        (json!({"job_fail": {"code": "disk_on_fire"}}), 46, "failed", "failed"),
        (json!("job_stuck"), 100_000, "running", "provisioning"),
        (json!({"job_slow": {"factor": 10.0}}), 140, "running", "provisioning"),
        (json!({"job_slow": {"factor": 10.0}}), 451, "succeeded", "running"),
        (json!("partial"), 46, "failed", "running"),
        (json!("job_flap"), 46, "running", "running"),
    ];
    for (effect, seconds, job_status, status) in table {
        let mut world = with(&effect);
        let created = world.post(Door::P, "/v1/servers", SERVER);
        world.wait_s(f64::from(seconds));
        let job = world.get(Door::P, &format!("/v1/jobs/{}", created.job_id())).json["data"].clone();
        assert_eq!(job["status"], job_status, "{effect}");
        assert_eq!(job["error"].is_object(), job_status == "failed", "{effect}");
        let id = created.json["data"]["id"].as_str().unwrap_or("").to_owned();
        assert_eq!(world.get(Door::P, &format!("/v1/servers/{id}")).json["data"]["status"], status, "{effect}");
    }
    let mut world = World::new(Config { failed_create: crate::emulator::FailedCreate::Vanish, ..documented() });
    set(&mut world, &json!({"effect": "job_fail"}));
    world.post(Door::P, "/v1/servers", SERVER);
    world.wait_s(46.0);
    assert_eq!(world.get(Door::P, "/v1/servers").json["meta"]["total"], 42);
}

#[test]
fn effects_on_keys_and_the_world() {
    let mut world = with(&json!({"revoke_after": {"n": 2}}));
    let statuses: Vec<u16> = (0..4).map(|_| world.get(Door::P, "/v1/servers").status).collect();
    assert_eq!(statuses, [200, 200, 401, 401]);
    let mut world = with(&json!("downgrade"));
    assert_eq!(world.get(Door::P, "/v1/servers").status, 200);
    assert_eq!(world.post(Door::P, "/v1/servers", SERVER).code(), "insufficient_permissions");
    let full = json!({"capacity_set": {"region": "eu-west-3", "size": "standard-8", "limit": 0}});
    let refused = with(&full).post(Door::P, "/v1/servers", SERVER);
    assert_eq!(refused.json["error"]["details"]["suggested_alternatives"], json!(["eu-west-4", "us-east-1"]));
    let quota = json!({"quota_set": {"kind": "server", "limit": 42}});
    assert_eq!(with(&quota).post(Door::P, "/v1/servers", SERVER).code(), "quota_exceeded");
    let target = "/v1/servers/srv_8x9y2z3a4b";
    for (drift, member, value) in [
        (json!({"effect": "stop"}), "status", json!("stopped")),
        (json!({"effect": "rename", "name": "other"}), "name", json!("other")),
        (json!({"effect": "mutate", "member": "plan", "value": "standard-8"}), "plan", json!("standard-8")),
    ] {
        let mut drift = drift;
        drift["id"] = json!("srv_8x9y2z3a4b");
        let answer = with(&json!({"drift": drift})).get(Door::P, target);
        assert_eq!(answer.json["data"][member], value, "{drift}");
    }
    let gone = json!({"drift": {"id": "srv_8x9y2z3a4b", "effect": "delete"}});
    assert_eq!(with(&gone).get(Door::P, target).status, 404);
    let twice = json!({"drift": {"id": "srv_8x9y2z3a4b", "effect": "duplicate_name"}});
    assert_eq!(with(&twice).get(Door::P, "/v1/servers?name=prod-web-01").json["meta"]["total"], 2);
}

#[test]
fn matchers_choose_requests() {
    // Matcher and times, and the statuses of six GETs of servers on P.
    let table = [
        (json!({}), [503; 6]),
        (json!({"match": {"surface": "c"}}), [200; 6]),
        (json!({"match": {"surface": "p", "method": "get", "path": "/v1/serv*"}}), [503; 6]),
        (json!({"match": {"method": "POST"}}), [200; 6]),
        (json!({"match": {"nth": 3}}), [200, 200, 503, 200, 200, 200]),
        (json!({"match": {"every": 2}}), [200, 503, 200, 503, 200, 503]),
        (json!({"match": {"after_n": 4}}), [200, 200, 200, 200, 503, 503]),
        (json!({"times": 2}), [503, 503, 200, 200, 200, 200]),
        (json!({"match": {"every": 2}, "times": 1}), [200, 503, 200, 200, 200, 200]),
        (json!({"match": {"key": "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j"}}), [503; 6]),
        (json!({"match": {"key": "another"}}), [200; 6]),
        (json!({"match": {"p": 0.0}}), [200; 6]),
        (json!({"match": {"p": 1.0}}), [503; 6]),
    ];
    for (fault, expected) in table {
        let mut fault = fault;
        fault["effect"] = json!({"status": {"status": 503}});
        let mut world = World::new(documented());
        set(&mut world, &fault);
        let statuses: Vec<u16> = (0..6).map(|_| world.get(Door::P, "/v1/servers?limit=1").status).collect();
        assert_eq!(statuses, expected, "{fault}");
    }
    let chances = || {
        let mut world = World::new(documented());
        set(&mut world, &json!({"match": {"p": 0.5}, "effect": {"status": {"status": 503}}}));
        (0..40).map(|_| world.get(Door::P, "/v1/servers?limit=1").status).collect::<Vec<u16>>()
    };
    let drawn = chances();
    assert_eq!(drawn, chances());
    // What another route is asked in between changes nothing (4.8: the ordinal is a route's).
    let mixed = {
        let mut world = World::new(documented());
        set(&mut world, &json!({"match": {"p": 0.5}, "effect": {"status": {"status": 503}}}));
        (0..40)
            .map(|number| {
                (0..number % 3).for_each(|_| drop(world.get(Door::P, "/v1/plans")));
                world.get(Door::P, "/v1/servers?limit=1").status
            })
            .collect::<Vec<u16>>()
    };
    assert_eq!(drawn, mixed);
    assert!((10..30).contains(&drawn.iter().filter(|status| **status == 503).count()));
    let mut world = World::new(documented());
    for bad in
        [json!({"effect": "explode"}), json!({"effect": {"latency": {}}}), json!({"effect": "hang", "sometimes": 1})]
    {
        assert_eq!(world.post(Door::Control, "/__emulator/faults", &bad.to_string()).status, 400, "{bad}");
    }
    set(&mut world, &json!({"effect": "unknown_status"}));
    world.get(Door::P, "/v1/servers");
    let log = world.get(Door::Control, "/__emulator/requests").json;
    assert_eq!(log["requests"][0]["faults"], json!(["unknown_status"]));
    let listed = world.get(Door::Control, "/__emulator/faults").json["faults"].clone();
    assert_eq!((&listed[0]["happened"], &listed[0]["effect"]), (&json!(1), &json!("unknown_status")));
    world.send(Door::Control, "DELETE", "/__emulator/faults", "", &[]);
    assert_eq!(item(&world.get(Door::P, "/v1/servers"), 0, "status"), "running");
}

fn request(method: Method, target: &str, body: &str) -> Request {
    Request {
        method,
        origin: "http://local".to_owned(),
        target: target.to_owned(),
        headers: Headers::default(),
        body: body.into(),
    }
}

#[test]
fn effects_on_the_wire() {
    let now = Now { unix_ms: START_MS };
    for (effect, delivery, delay_ms, total) in [
        (json!({"latency": {"ms": 70}}), Delivery::Whole, 70, 1),
        (json!("reset_before"), Delivery::Reset, 0, 0),
        (json!("reset_after"), Delivery::Reset, 0, 1),
        (json!({"truncate": {"bytes": 5}}), Delivery::Truncated { bytes: 5 }, 0, 1),
        (json!({"slow_body": {"ms": 9}}), Delivery::Slow { ms: 9 }, 0, 1),
        (json!("hang"), Delivery::Hang, 0, 1),
        (json!("exit_after_commit"), Delivery::Reset, 0, 1),
    ] {
        let mut emulator = Emulator::new(Config::local(), now);
        let fault = serde_json::from_value(json!({"effect": effect, "times": 1})).expect("a fault");
        emulator.add_fault(fault);
        let answer = emulator.answer(Door::P, Some(Method::Post), &request(Method::Post, "/v1/servers", SERVER), now);
        assert_eq!((answer.delivery, answer.delay_ms), (delivery, delay_ms), "{effect}");
        let listed = emulator.handle(Door::P, &request(Method::Get, "/v1/servers", ""), now);
        let listed: Value = serde_json::from_slice(&listed.body).expect("JSON");
        assert_eq!(listed["meta"]["total"], total, "{effect}");
    }
}

#[test]
fn an_emulator_that_ends_after_committing_comes_back_with_it() {
    let (folder, now) = (tempfile::tempdir().expect("a folder"), Now { unix_ms: START_MS });
    let emulator = LocalEmulator::open(Config::local(), folder.path(), now).expect("opens");
    let account = emulator.account_id();
    let fault = r#"{"effect": "exit_after_commit", "match": {"method": "POST", "nth": 2}}"#;
    emulator.call(Door::Control, &request(Method::Post, "/__emulator/faults", fault), now);
    for expected in [Delivery::Whole, Delivery::Reset, Delivery::Whole] {
        let sent = request(Method::Post, "/v1/servers", SERVER);
        assert_eq!(emulator.answer(Door::P, Some(Method::Post), &sent, now).delivery, expected);
    }
    let listed = emulator.call(Door::P, &request(Method::Get, "/v1/servers", ""), now);
    let listed: Value = serde_json::from_slice(&listed.body).expect("JSON");
    assert_eq!((listed["meta"]["total"].as_u64(), emulator.account_id()), (Some(3), account));
}
