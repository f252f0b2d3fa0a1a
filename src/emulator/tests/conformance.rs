//! Every row of contract.md 4.10, over `handle`, in every profile that has the route.
use serde_json::{Value, json};

use super::support::{Answer, READ_ONLY, World, documented};
use crate::emulator::{Config, Door, Profile};

const A_CREATE: &str = r#"{"name": "worker-node-alpha", "type": "compute-8x16", "region": "eu-west-2",
    "image": "ubuntu-22.04-lts", "ssh_keys": ["key_7f8g9h0j1k2l"], "tags": {"environment": "production", "team": "platform"}}"#;
const A_ACTION: &str = r#"{"action": "resize", "type": "memory-4x32"}"#;
const B_CREATE: &str = r#"{ "name": "api-worker-01", "region": "eu-west-2", "plan": "standard-8", "image": "ubuntu-22.04", "ssh_keys": ["key_abc123"], "auto_backup": true }"#;
const B_SCALE: &str = r#"{ "database_id": "db_9f8e7d6c5b", "new_tier": "production-high", "read_replicas": 3, "maintenance_window": "2025-02-01T02:00:00Z" }"#;
const B_PURGE_PRINTED: &str =
    r#"{ "paths": ["/assets/v2/*", /static/images/*.webp], "etag_match": "a1b2c3d4", "async": true }"#;
const B_PURGE: &str =
    r#"{ "paths": ["/assets/v2/*", "/static/images/*.webp"], "etag_match": "a1b2c3d4", "async": true }"#;
const CURSOR: &str = "eyJpZCI6InNydl85eDl5MnoifQ==";

fn every_profile(check: impl Fn(&mut World, Profile)) {
    for profile in [Profile::Full, Profile::Documented, Profile::DocumentedNojobs] {
        let mut world = World::new(Config { profile, ..documented() });
        check(&mut world, profile);
    }
}

/// The members of `part` have the same values in `whole`.
fn assert_holds(whole: &Value, part: &Value) {
    for (name, value) in part.as_object().expect("an object") {
        assert_eq!(&whole[name], value, "member {name} of {whole}");
    }
}

fn assert_budget_headers(answer: &Answer) {
    let number = |name: &str| answer.headers.get(name).and_then(|text| text.parse::<i64>().ok());
    let reset = number("X-RateLimit-Reset").expect("a reset");
    assert_eq!(reset % 60, 0);
    assert!(number("X-RateLimit-Limit").is_some() && number("X-RateLimit-Remaining").is_some(), "{answer:?}");
}

#[test]
fn c_first_page() {
    every_profile(|world, profile| {
        let answer = world.get(Door::C, "/v1/compute/instances?page=1&per_page=10");
        assert_eq!(answer.status, 200);
        let documented = json!({"id": "inst_9x7k2m4p1q8r5s0t", "name": "prod-api-node-01", "type": "standard-4x8",
            "region": "us-east-1", "status": "running", "ipv4": "198.51.100.42", "created_at": "2024-11-15T08:32:10Z"});
        assert_holds(&answer.json["data"][0], &documented);
        if profile != Profile::Full {
            assert_eq!(answer.json["data"][0], documented, "documented members only");
        }
        let pagination = json!({"total": 47, "page": 1, "per_page": 10, "total_pages": 5});
        assert_eq!(answer.json["pagination"], pagination);
        assert!(answer.headers.get("X-RateLimit-Limit").is_none());
    });
}

#[test]
fn c_last_pages_and_limits() {
    every_profile(|world, _| {
        for (page, items) in [(5, 7), (6, 0)] {
            let answer = world.get(Door::C, &format!("/v1/compute/instances?page={page}&per_page=10"));
            assert_eq!((answer.status, answer.json["data"].as_array().map(Vec::len)), (200, Some(items)));
        }
        assert_eq!(world.get(Door::C, "/v1/compute/instances?per_page=101").status, 400);
    });
}

#[test]
fn c_filters() {
    every_profile(|world, _| {
        let answer = world.get(Door::C, "/v1/compute/instances?status=running&region=us-east-1&per_page=100");
        let items = answer.json["data"].as_array().expect("a list").clone();
        assert!(!items.is_empty());
        assert_eq!(answer.json["pagination"]["total"], json!(items.len()));
        for item in items {
            assert_holds(&item, &json!({"status": "running", "region": "us-east-1"}));
        }
        assert_eq!(world.get(Door::C, "/v1/compute/instances?status=sleeping").status, 400);
    });
}

#[test]
fn c_create() {
    every_profile(|world, profile| {
        let answer = world.post(Door::C, "/v1/compute/instances", A_CREATE);
        assert_eq!(answer.status, 202, "{answer:?}");
        let job_id = answer.job_id();
        assert!(job_id.starts_with("job_"));
        if profile == Profile::DocumentedNojobs {
            assert_eq!(world.get(Door::C, &format!("/v1/jobs/{job_id}")).status, 404);
            world.wait_s(46.0);
        } else {
            let (seconds, job) = world.finish(Door::C, &job_id);
            assert!((15..=46).contains(&seconds), "{seconds}");
            assert_eq!(job["status"], "succeeded");
        }
        let answer = world.get(Door::C, "/v1/compute/instances?page=3&per_page=20");
        let last = answer.json["data"].as_array().and_then(|items| items.last()).cloned().expect("an item");
        assert_holds(&last, &json!({"name": "worker-node-alpha", "status": "running", "type": "compute-8x16"}));
        assert!(last["ipv4"].is_string());
    });
}

#[test]
fn c_resize() {
    every_profile(|world, _| {
        let target = "/v1/compute/instances/inst_9x7k2m4p1q8r5s0t/actions";
        assert_eq!(world.post(Door::C, target, r#"{"action": "resize"}"#).status, 400);
        assert_eq!(world.post(Door::C, target, r#"{"action": "destroy"}"#).status, 400);
        assert_eq!(world.post(Door::C, target, A_ACTION).status, 202);
        world.wait_s(61.0);
        let answer = world.get(Door::C, "/v1/compute/instances?per_page=1");
        assert_eq!(answer.json["data"][0]["type"], "memory-4x32");
    });
}

#[test]
fn c_rate_limit() {
    every_profile(|world, _| {
        for _ in 0..120 {
            assert_eq!(world.get(Door::C, "/v1/compute/instances?per_page=1").status, 200);
        }
        let answer = world.get(Door::C, "/v1/compute/instances?per_page=1");
        assert_eq!((answer.status, answer.code()), (429, "rate_limit_exceeded"));
        let wait: f64 = answer.headers.get("Retry-After").and_then(|text| text.parse().ok()).expect("seconds");
        assert!((1.0..=60.0).contains(&wait));
        world.wait_s(wait);
        assert_eq!(world.get(Door::C, "/v1/compute/instances?per_page=1").status, 200);
    });
}

#[test]
fn p_lists() {
    every_profile(|world, _| {
        let answer = world.get(Door::P, "/v1/servers");
        assert_holds(
            &answer.json["data"][0],
            &json!({"id": "srv_8x9y2z3a4b", "name": "prod-web-01", "status": "running", "region": "us-east-1",
                "specs": {"cpu": 4, "ram_gb": 16, "storage_gb": 200}, "ipv4": "192.168.1.45", "created_at": "2025-01-12T08:30:00Z"}),
        );
        let meta = json!({"total": 42, "next_page": "/v1/servers?page=2", "next_cursor": CURSOR, "prev_cursor": null});
        assert_eq!(answer.json["meta"], meta);
        assert_budget_headers(&answer);
        for cursor in [CURSOR.to_owned(), CURSOR.replace('=', "%3D")] {
            let answer = world.get(Door::P, &format!("/v1/servers?limit=50&cursor={cursor}"));
            assert_eq!(answer.json["data"].as_array().map(Vec::len), Some(22), "{answer:?}");
            assert_eq!(answer.json["meta"]["next_cursor"], Value::Null);
            assert!(answer.json["meta"]["prev_cursor"].is_string());
            assert_budget_headers(&answer);
        }
    });
}

#[test]
fn p_create_and_capacity() {
    every_profile(|world, _| {
        let answer = world.post(Door::P, "/v1/servers", B_CREATE);
        assert_eq!(answer.status, 202);
        assert!(answer.job_id().starts_with("job_"));
        assert_budget_headers(&answer);
        let answer = world.post(Door::P, "/v1/servers", &B_CREATE.replace("standard-8", "standard-16"));
        assert_eq!(answer.status, 409);
        assert_holds(
            &answer.json["error"],
            &json!({"code": "insufficient_resources", "message": "Region eu-west-2 has reached capacity for standard-16 plan.",
                "details": {"region": "eu-west-2", "suggested_alternatives": ["eu-west-3", "us-east-1"]}}),
        );
        assert!(answer.json["error"]["request_id"].as_str().is_some_and(|id| id.starts_with("req_") && id.len() == 14));
        assert_budget_headers(&answer);
    });
}

#[test]
fn p_start_on_a_running_server() {
    let mut world = World::new(documented());
    let answer = world.post(Door::P, "/v1/servers/srv_8x9y2z3a4b/actions", r#"{"action": "start"}"#);
    assert_eq!((answer.status, answer.code()), (409, "state_conflict"));
    assert_budget_headers(&answer);
}

#[test]
fn p_scale() {
    every_profile(|world, profile| {
        let answer = world.post(Door::P, "/v1/databases/scale", B_SCALE);
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_budget_headers(&answer);
        world.wait_s(121.0);
        if profile == Profile::Full {
            let answer = world.get(Door::P, "/v1/databases/db_9f8e7d6c5b");
            assert_holds(
                &answer.json["data"],
                &json!({"tier": "production-high", "read_replicas": 3, "status": "running"}),
            );
        }
    });
}

#[test]
fn p_purge() {
    every_profile(|world, profile| {
        let target = "/v1/cdn/zones/zone_4c5d6e7f8g/purge";
        let answer = world.post(Door::P, target, B_PURGE_PRINTED);
        assert_eq!((answer.status, answer.code()), (400, "invalid_json"));
        assert_budget_headers(&answer);
        let answer = world.post(Door::P, target, B_PURGE);
        assert_eq!(answer.status, 202);
        assert_budget_headers(&answer);
        if profile == Profile::Full {
            let (_, job) = world.finish(Door::P, &answer.job_id());
            assert_eq!(job["result"], json!({"purged_objects": 12}));
        }
    });
}

#[test]
fn p_rate_limit_of_a_free_key() {
    every_profile(|world, _| {
        world.key = Some(READ_ONLY);
        for _ in 0..100 {
            assert_eq!(world.get(Door::Sandbox, "/v1/servers?limit=1").status, 200);
        }
        let answer = world.get(Door::Sandbox, "/v1/servers?limit=1");
        assert_eq!((answer.status, answer.headers.get("X-RateLimit-Remaining")), (429, Some("0")));
        assert!(answer.headers.get("Retry-After").is_none());
        assert_budget_headers(&answer);
    });
}

#[test]
fn refusals_are_envelopes() {
    every_profile(|world, _| {
        let mut check = |key: &'static str, method: &str, target: &str, body: &str, status: u16, code: &str| {
            world.key = Some(key);
            let answer = world.send(Door::Sandbox, method, target, body, &[]);
            assert_eq!((answer.status, answer.code()), (status, code));
            let error = &answer.json["error"];
            assert!(error["message"].is_string() && error["details"].is_object() && error["request_id"].is_string());
            assert_budget_headers(&answer);
        };
        check("", "GET", "/v1/servers", "", 401, "missing_api_key");
        check("cnx_sk_test_wrong", "GET", "/v1/servers", "", 401, "invalid_api_key");
        check("cnx_sk_test_expired00000000000000", "GET", "/v1/servers", "", 401, "expired_api_key");
        check(READ_ONLY, "POST", "/v1/servers", B_CREATE, 403, "insufficient_permissions");
        check(
            super::support::TEST_P,
            "POST",
            "/v1/databases/scale",
            &B_SCALE.replace("9f8e", "0000"),
            404,
            "not_found",
        );
        check(super::support::TEST_P, "GET", "/v1/nothing", "", 404, "not_found");
    });
}
