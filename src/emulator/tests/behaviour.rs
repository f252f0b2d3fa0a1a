//! Tables of what the contract says beyond the documents: states and actions, keys, pages, idempotency, clusters, zones.
use serde_json::{Value, json};

use super::support::{READ_ONLY, TEST_P, World, documented};
use crate::emulator::{Config, Door, Emulator, Now};

const SERVER: &str = r#"{"name": "web", "region": "eu-west-3", "plan": "standard-8", "image": "ubuntu-22.04"}"#;

/// A world with one server of this status and its id.
fn server(status: &str) -> (World, String) {
    let mut world = World::new(Config::default());
    let mut answer = world.post(Door::P, "/v1/servers", SERVER);
    let id = answer.json["data"]["id"].as_str().expect("an id").to_owned();
    if status == "provisioning" {
        return (world, id);
    }
    world.finish(Door::P, &answer.job_id());
    let target = format!("/v1/servers/{id}");
    match status {
        "stopped" => {
            answer = world.post(Door::P, &format!("{target}/actions"), r#"{"action": "stop"}"#);
            world.finish(Door::P, &answer.job_id());
        }
        "failed" => {
            let body = json!({"id": id, "effect": "mutate", "member": "status", "value": "failed"});
            assert_eq!(world.post(Door::Control, "/__emulator/drift", &body.to_string()).status, 200);
        }
        "busy" => assert_eq!(world.post(Door::P, &format!("{target}/actions"), r#"{"action": "reboot"}"#).status, 202),
        "deleting" => assert_eq!(world.send(Door::P, "DELETE", &target, "", &[]).status, 202),
        _ => assert_eq!(status, "running"),
    }
    (world, id)
}

#[test]
fn state_and_action_table() {
    const ACTIONS: [&str; 6] = ["start", "stop", "reboot", "resize", "snapshot", "delete"];
    const TABLE: [(&str, [&str; 6]); 6] = [
        ("provisioning", ["busy", "busy", "busy", "busy", "busy", "202"]),
        ("running", ["state", "stopped", "running", "running", "running", "202"]),
        ("stopped", ["running", "state", "state", "stopped", "stopped", "202"]),
        ("failed", ["state", "state", "state", "state", "state", "202"]),
        ("busy", ["busy", "busy", "busy", "busy", "busy", "busy"]),
        ("deleting", ["busy", "busy", "busy", "busy", "busy", "202"]),
    ];
    for (status, row) in TABLE {
        for (action, expected) in ACTIONS.into_iter().zip(row) {
            let (mut world, id) = server(status);
            let target = format!("/v1/servers/{id}");
            let answer = if action == "delete" {
                world.send(Door::P, "DELETE", &target, "", &[])
            } else {
                let body = json!({"action": action, "plan": "standard-4"}).to_string();
                world.post(Door::P, &format!("{target}/actions"), &body)
            };
            let case = format!("{action} from {status}: {answer:?}");
            match expected {
                "busy" => assert_eq!((answer.status, answer.code()), (409, "resource_busy"), "{case}"),
                "state" => assert_eq!((answer.status, answer.code()), (409, "state_conflict"), "{case}"),
                "202" => {
                    assert_eq!(answer.status, 202, "{case}");
                    let (_, job) = world.finish(Door::P, &answer.job_id());
                    assert_eq!(job["status"], "succeeded", "{case}");
                    assert_eq!(world.get(Door::P, &target).status, 404, "{case}");
                }
                after => {
                    assert_eq!(answer.status, 202, "{case}");
                    world.finish(Door::P, &answer.job_id());
                    let data = world.get(Door::P, &target).json["data"].clone();
                    assert_eq!(data["status"], *after, "{case}");
                    assert_eq!(data["plan"], if action == "resize" { "standard-4" } else { "standard-8" }, "{case}");
                }
            }
        }
    }
}

#[test]
fn keys_get_what_the_table_says() {
    // Key, door, method, target, status, what `error.code` or `details.reason` is.
    let table: &[(&str, Door, &str, &str, u16, &str)] = &[
        ("cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e", Door::P, "GET", "/v1/servers", 200, ""),
        ("cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e", Door::Sandbox, "GET", "/v1/servers", 401, "environment_mismatch"),
        ("cn_test_4c3b2a190f8e7d6c5b4a3928", Door::C, "GET", "/v1/compute/instances", 200, ""),
        (TEST_P, Door::P, "GET", "/v1/servers", 401, "environment_mismatch"),
        ("cnx_sk_test_revoked00000000000000", Door::Sandbox, "GET", "/v1/servers", 401, "revoked"),
        (READ_ONLY, Door::Sandbox, "GET", "/v1/databases", 200, ""),
        (READ_ONLY, Door::Sandbox, "DELETE", "/v1/servers/srv_nothere", 403, "servers:write"),
        ("cnx_sk_test_scoped000000000000000", Door::Sandbox, "GET", "/v1/databases", 403, "databases:read"),
        ("cnx_sk_test_scoped000000000000000", Door::Sandbox, "GET", "/v1/regions", 200, ""),
        ("cnx_sk_test_scoped000000000000000", Door::Sandbox, "GET", "/v1/servers/srv_8x9y2z3a4b", 403, "us-east-1"),
        ("cnx_sk_test_scoped000000000000000", Door::Sandbox, "GET", "/v1/cdn/zones", 403, "cdn:read"),
    ];
    for (key, door, method, target, status, word) in table {
        let mut world = World::new(documented());
        world.key = Some(key);
        let answer = world.send(*door, method, target, "", &[]);
        assert_eq!(answer.status, *status, "{key} {target}");
        assert!(answer.json["error"]["details"].to_string().contains(word), "{key} {target}: {answer:?}");
    }
    let mut world = World::new(documented());
    world.key = Some("cnx_sk_test_scoped000000000000000");
    let seen = world.get(Door::Sandbox, "/v1/servers?limit=100").json;
    let items = seen["data"].as_array().expect("a list");
    assert!(!items.is_empty() && items.iter().all(|item| item["region"] == "eu-west-2"));
    assert_eq!(seen["meta"]["total"], items.len());
    assert_eq!(world.post(Door::Sandbox, "/v1/servers", SERVER).status, 403);
}

/// Follows a list to its end by what the answers carry.
fn walk(world: &mut World, door: Door, path: &str, first: &str, by_link: bool) -> Vec<String> {
    let mut ids = Vec::new();
    let mut target = format!("{path}{first}");
    loop {
        let answer = world.get(door, &target);
        assert_eq!(answer.status, 200, "{target}");
        let items = answer.json["data"].as_array().cloned().expect("a list");
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap_or("").to_owned()));
        let meta = &answer.json["meta"];
        match (meta["next_page"].as_str(), meta["next_cursor"].as_str()) {
            (Some(link), _) if by_link => target = link.to_owned(),
            (_, Some(cursor)) if !by_link => target = format!("{path}?limit=7&cursor={cursor}"),
            _ => return ids,
        }
    }
}

#[test]
fn both_ways_through_a_list_give_the_same() {
    let mut world = World::new(documented());
    let by_cursor = walk(&mut world, Door::P, "/v1/servers", "?limit=7", false);
    let by_link = walk(&mut world, Door::P, "/v1/servers", "?limit=7", true);
    assert_eq!(by_cursor.len(), 42);
    assert_eq!(by_cursor, by_link);
    let second = world.get(Door::P, "/v1/servers?limit=7&page=2").json;
    assert_eq!(second["meta"]["next_page"], "/v1/servers?limit=7&page=3");
    let back = second["meta"]["prev_cursor"].as_str().expect("a cursor");
    let first = world.get(Door::P, &format!("/v1/servers?limit=7&cursor={back}")).json;
    assert_eq!(first["data"][0]["id"], "srv_8x9y2z3a4b");
    assert_eq!(first["meta"]["prev_cursor"], Value::Null);
    for bad in [
        "?cursor=zzz",
        "?cursor=e30=",
        "?page=0",
        "?page=x",
        "?limit=101",
        "?page=2&cursor=eyJpZCI6InNydl85eDl5MnoifQ==",
    ] {
        assert_eq!(world.get(Door::P, &format!("/v1/servers{bad}")).status, 400, "{bad}");
    }
    assert!(world.get(Door::C, "/v1/regions?per_page=100").json["pagination"]["total"] == 52);
    assert_eq!(walk(&mut world, Door::P, "/v1/regions", "", true).len(), 52);
}

#[test]
fn filters_and_tags() {
    let mut world = World::new(Config::default());
    for (name, tags) in [("a", json!({"team": "x", "env": "p"})), ("b", json!({"team": "x"})), ("c", json!({}))] {
        let body =
            json!({"name": name, "type": "standard-2x4", "region": "eu-west-1", "image": "debian-12", "tags": tags});
        assert_eq!(world.post(Door::C, "/v1/compute/instances", &body.to_string()).status, 202);
    }
    for (query, total) in [
        ("?tag=team:x", 2),
        ("?tag=team:x&tag=env:p", 1),
        ("?tag=team:y", 0),
        ("?name=c", 1),
        ("?name=c&region=eu-west-1", 1),
        ("?name=c&region=eu-west-2", 0),
        ("?status=provisioning", 3),
        ("?status=running", 0),
        ("?unknown=1", 3),
    ] {
        let answer = world.get(Door::C, &format!("/v1/compute/instances{query}"));
        assert_eq!(answer.json["pagination"]["total"], total, "{query}");
        assert_eq!(answer.json["data"].as_array().map(Vec::len), Some(total), "{query}");
    }
}

#[test]
fn bodies_are_strict_and_name_every_field() {
    let mut world = World::new(Config::default());
    let answer = world.post(
        Door::P,
        "/v1/servers",
        r#"{"name": "", "type": "x", "plan": "huge", "auto_backup": 1, "region": "eu-west-1"}"#,
    );
    let mut fields: Vec<&str> = answer.json["error"]["details"]["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .filter_map(|f| f["field"].as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["auto_backup", "image", "name", "plan", "type"]);
    for (body, headers, code) in [
        ("{", vec![], "invalid_json"),
        ("", vec![], "invalid_json"),
        ("[]", vec![], "invalid_parameter"),
        (SERVER, vec![("Content-Type", "text/plain")], "unsupported_media_type"),
        (SERVER, vec![("Content-Type", "application/json; charset=utf-8")], ""),
    ] {
        let answer = world.send(Door::P, "POST", "/v1/servers", body, &headers);
        assert_eq!(answer.code(), code, "{body}");
    }
}

#[test]
fn idempotency_keys_replay() {
    let mut world = World::new(Config::default());
    let key = [("Idempotency-Key", "one")];
    let first = world.send(Door::P, "POST", "/v1/servers", SERVER, &key);
    let second = world.send(Door::P, "POST", "/v1/servers", SERVER, &key);
    assert_eq!((second.status, &second.json), (202, &first.json));
    assert_eq!(second.headers.get("Idempotent-Replayed"), Some("true"));
    assert_eq!(second.headers.get("Location"), first.headers.get("Location"));
    let other = world.send(Door::P, "POST", "/v1/servers", &SERVER.replace("web", "b"), &key);
    assert_eq!((other.status, other.code()), (400, "idempotency_mismatch"));
    assert_eq!(world.get(Door::P, "/v1/servers").json["meta"]["total"], 1);
    world.wait_s(24.0 * 3600.0);
    assert_eq!(world.send(Door::P, "POST", "/v1/servers", SERVER, &key).status, 202);
    assert_eq!(world.get(Door::P, "/v1/servers").json["meta"]["total"], 2);
    // A refusal is not kept.
    let full = SERVER.replace("eu-west-3", "eu-west-2").replace("standard-8", "standard-16");
    let key = [("Idempotency-Key", "two")];
    assert_eq!(world.send(Door::P, "POST", "/v1/servers", &full, &key).status, 409);
    assert_eq!(world.send(Door::P, "POST", "/v1/servers", SERVER, &key).status, 202);
}

#[test]
fn a_request_that_is_held_up_is_in_progress() {
    let mut world = World::new(Config::default());
    world.post(Door::Control, "/__emulator/faults", r#"{"effect": {"latency": {"ms": 3000}}, "times": 1}"#);
    let send = |world: &mut World| {
        let answer = world.send(Door::P, "POST", "/v1/servers", SERVER, &[("Idempotency-Key", "one")]);
        (answer.status, answer.code().to_owned())
    };
    assert_eq!(send(&mut world), (202, String::new()));
    assert_eq!(send(&mut world), (409, "idempotency_in_progress".to_owned()));
    // A request ends with the process that it came to: the next one answers at once what was executed.
    let records = world.emulator.snapshot();
    let emulator = Emulator::restore(Config::default(), records, Now { unix_ms: world.now_ms }).expect("records");
    let mut next = World { emulator, ..world };
    assert_eq!(send(&mut next), (202, String::new()));
    world.wait_s(3.0);
    assert_eq!(send(&mut world), (202, String::new()));
    assert_eq!(world.get(Door::P, "/v1/servers").json["meta"]["total"], 1);
}

#[test]
fn etags_guard_changes() {
    let (mut world, id) = server("running");
    let target = format!("/v1/servers/{id}");
    let etag = world.get(Door::P, &target).headers.get("ETag").expect("an ETag").to_owned();
    let rename = r#"{"name": "new"}"#;
    let changed = world.send(Door::P, "PATCH", &target, rename, &[("If-Match", &etag)]);
    assert_eq!((changed.status, &changed.json["data"]["name"]), (200, &json!("new")));
    assert_ne!(changed.headers.get("ETag"), Some(etag.as_str()));
    let late = world.send(Door::P, "DELETE", &target, "", &[("If-Match", &etag)]);
    assert_eq!((late.status, late.code()), (412, "precondition_failed"));
    assert_eq!(late.json["error"]["details"]["current_etag"].as_str(), changed.headers.get("ETag"));
}

#[test]
fn clusters_scale_now_or_in_their_window() {
    let mut world = World::new(documented());
    let target = "/v1/databases/db_9f8e7d6c5b";
    let scale = |world: &mut World, replicas: i64, window: &str| {
        let body = json!({"database_id": "db_9f8e7d6c5b", "read_replicas": replicas, "maintenance_window": window});
        world.post(Door::P, "/v1/databases/scale", &body.to_string())
    };
    let first = scale(&mut world, 2, "2026-01-01T01:00:00Z");
    assert_eq!(first.json["data"]["pending_scale"]["job_id"], first.json["job_id"]);
    assert_eq!(first.json["data"]["status"], "running");
    let second = scale(&mut world, 5, "2026-01-01T02:00:00Z");
    let job = |world: &mut World, id: &str| world.get(Door::P, &format!("/v1/jobs/{id}")).json["data"].clone();
    assert_eq!(job(&mut world, &first.job_id())["status"], "canceled");
    assert_eq!(job(&mut world, &second.job_id())["status"], "scheduled");
    world.wait_s(2.0 * 3600.0);
    assert_eq!(world.get(Door::P, target).json["data"]["status"], "scaling");
    world.wait_s(121.0);
    let data = world.get(Door::P, target).json["data"].clone();
    assert_eq!(
        (&data["read_replicas"], &data["status"], &data["pending_scale"]),
        (&json!(5), &json!("running"), &json!(null))
    );
    let third = scale(&mut world, 9, "2027-01-01T00:00:00Z");
    let back = scale(&mut world, 5, "2027-01-01T00:00:00Z");
    assert_eq!(job(&mut world, &third.job_id())["status"], "canceled");
    world.finish(Door::P, &back.job_id());
    assert_eq!(world.get(Door::P, target).json["data"]["pending_scale"], json!(null));
}

#[test]
fn zones_rules_keys_and_snapshots() {
    let mut world = World::new(Config::default());
    let zone = world.post(Door::P, "/v1/cdn/zones", r#"{"domain": "a.example", "origin_url": "https://o.example"}"#);
    assert_eq!((zone.status, &zone.json["data"]["default_ttl_seconds"]), (201, &json!(3600)));
    let zone_id = zone.json["data"]["id"].as_str().expect("an id").to_owned();
    let again = world.post(Door::P, "/v1/cdn/zones", r#"{"domain": "a.example", "origin_url": "https://o.example"}"#);
    assert_eq!(
        (again.code(), again.json["error"]["details"]["existing_id"].as_str()),
        ("already_exists", Some(zone_id.as_str()))
    );
    let rules = format!("/v1/cdn/zones/{zone_id}/rules");
    let rule = |name: &str, priority: i64| {
        json!({"name": name, "priority": priority, "match": {"path": "/*"}, "action": {"type": "redirect", "location": "/x"}}).to_string()
    };
    for (name, priority, status) in [("late", 20, 201), ("early", 10, 201), ("early", 11, 409), ("other", 20, 409)] {
        assert_eq!(world.post(Door::P, &rules, &rule(name, priority)).status, status, "{name} {priority}");
    }
    let listed = world.get(Door::P, &rules).json;
    assert_eq!((&listed["data"][0]["name"], &listed["data"][1]["name"]), (&json!("early"), &json!("late")));
    assert_eq!(listed["data"][0]["action"]["status_code"], 302);
    let early = format!("{rules}/{}", listed["data"][0]["id"].as_str().expect("an id"));
    assert_eq!(world.send(Door::P, "PATCH", &early, r#"{"priority": 30}"#, &[]).status, 200);
    assert_eq!(world.get(Door::P, &rules).json["data"][0]["name"], "late");
    let deleted = world.send(Door::P, "DELETE", &format!("/v1/cdn/zones/{zone_id}"), "", &[]);
    assert_eq!((deleted.status, &deleted.json), (200, &json!({"data": {"id": zone_id, "deleted": true}})));
    assert_eq!(world.get(Door::P, &early).status, 404);

    let key = r#"{"name": "k", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmIJ6jYX2cZ8QvY0k1rJp0mB0Xk8a0t6y1mS0m4w3Xd me"}"#;
    let made = world.post(Door::C, "/v1/ssh_keys", key);
    assert!(
        made.json["data"]["fingerprint"].as_str().is_some_and(|text| text.starts_with("SHA256:") && text.len() == 50)
    );
    assert_eq!(
        world.post(Door::P, "/v1/ssh_keys", &key.replace(" me", " you")).json["error"]["details"]["existing_id"],
        made.json["data"]["id"]
    );
}

#[test]
fn snapshots_live_on_and_are_images() {
    let (mut world, id) = server("running");
    let target = format!("/v1/servers/{id}");
    let answer = world.post(Door::P, &format!("{target}/actions"), r#"{"action": "snapshot"}"#);
    let (_, job) = world.finish(Door::P, &answer.job_id());
    let snapshot = job["result"]["snapshot_id"].as_str().expect("a snapshot").to_owned();
    let data = world.get(Door::C, &format!("/v1/snapshots/{snapshot}")).json["data"].clone();
    assert_eq!(
        (&data["status"], &data["size_gb"], &data["source"]["id"]),
        (&json!("available"), &json!(100), &json!(id))
    );
    world.send(Door::P, "DELETE", &target, "", &[]);
    world.wait_s(20.0);
    let created = world.post(Door::P, "/v1/servers", &SERVER.replace("ubuntu-22.04", &snapshot));
    assert_eq!(created.status, 202, "{created:?}");
    let used = world.send(Door::P, "DELETE", &format!("/v1/snapshots/{snapshot}"), "", &[]);
    assert_eq!((used.status, used.code()), (409, "resource_in_use"));
    world.finish(Door::P, &created.job_id());
    assert_eq!(world.send(Door::P, "DELETE", &format!("/v1/snapshots/{snapshot}"), "", &[]).status, 202);
}

#[test]
fn same_input_same_world() {
    let run = || {
        let mut world = World::new(documented());
        let mut answers: Vec<Value> = Vec::new();
        for index in 0..5 {
            answers.push(world.post(Door::P, "/v1/servers", &SERVER.replace("web", &format!("w{index}"))).json);
            world.wait_s(7.0);
            answers.push(world.get(Door::P, "/v1/servers?page=3").json);
        }
        (answers, world.emulator)
    };
    let ((first, machine), (second, _)) = (run(), run());
    assert_eq!(first, second);
    let copy = Emulator::restore(documented(), machine.snapshot(), Now { unix_ms: super::support::START_MS });
    assert_eq!(copy.expect("restores").snapshot(), machine.snapshot());
}

#[test]
fn the_control_door_moves_time_and_knobs() {
    let mut world = World::new(Config::default());
    world.post(Door::Control, "/__emulator/config", "");
    let set = |world: &mut World, body: &str| world.send(Door::Control, "PUT", "/__emulator/config", body, &[]).status;
    assert_eq!(set(&mut world, r#"{"clock": "manual", "auth.family": "strict", "names": {"unique": true}}"#), 200);
    assert_eq!(set(&mut world, r#"{"auth.family": "loose"}"#), 400);
    assert_eq!(set(&mut world, r#"{"delays.database.create": 1.5, "delays.tail.p": 0, "quota.server": 9}"#), 200);
    world.key = Some("cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j");
    let wrong = world.get(Door::C, "/v1/compute/instances");
    assert_eq!(wrong.json["error"]["details"]["reason"], "wrong_surface");
    let job = world.post(Door::P, "/v1/servers", SERVER).job_id();
    assert_eq!(world.post(Door::P, "/v1/servers", SERVER).code(), "already_exists");
    world.wait_s(1000.0);
    let status = |world: &mut World| world.get(Door::P, &format!("/v1/jobs/{job}")).json["data"]["status"].clone();
    assert_eq!(status(&mut world), "queued");
    world.post(Door::Control, "/__emulator/clock/advance", r#"{"seconds": 45}"#);
    assert_eq!(status(&mut world), "succeeded");
    let requests = world.get(Door::Control, "/__emulator/requests").json["requests"].clone();
    assert_eq!((&requests[0]["status"], &requests[0]["key"]), (&json!(401), &json!("Bearer cnx_sk_live_[redacted]")));
    let saved = world.get(Door::Control, "/__emulator/state").json;
    let account = world.emulator.account_id().to_owned();
    world.post(Door::Control, "/__emulator/reset", "");
    assert_ne!(world.emulator.account_id(), account);
    assert_eq!(world.get(Door::P, "/v1/servers").json["meta"]["total"], 0);
    assert_eq!(world.send(Door::Control, "PUT", "/__emulator/state", &saved.to_string(), &[]).status, 200);
    assert_eq!(world.get(Door::P, "/v1/servers").json["meta"]["total"], 1);
    assert_eq!(world.emulator.account_id(), account);
}

#[test]
fn the_page_shows_the_cloud_and_strangers_see_nothing() {
    let (mut world, id) = server("busy");
    world.post(Door::Control, "/__emulator/faults", r#"{"effect": "ipv4_null", "match": {"path": "/v1/servers/*"}}"#);
    world.get(Door::P, &format!("/v1/servers/{id}"));
    let page = world.get(Door::Control, "/");
    assert_eq!((page.status, page.headers.get("Content-Type")), (200, Some("text/html; charset=utf-8")));
    let live = world.get(Door::Control, "/__emulator/live").json;
    let data = &live["environments"][0];
    assert_eq!(
        (&data["resources"][1]["kind"], &data["resources"][1]["newest"][0]["id"]),
        (&json!("server"), &json!(id))
    );
    assert_eq!((&data["jobs"]["newest"][0]["type"], &data["jobs"]["total"]), (&json!("server.reboot"), &json!(2)));
    assert_eq!((&live["requests"][0]["faults"], &live["faults"][0]["happened"]), (&json!(["ipv4_null"]), &json!(1)));
    let budget = &live["budgets"][0];
    assert_eq!(
        (&budget["key"], &budget["surface"], &budget["limit"]),
        (&json!("cnx_sk_live_[redacted]"), &json!("p"), &json!(1000))
    );
    for (name, value, status) in [
        ("Origin", "http://127.0.0.1:4713", 200),
        ("Host", "localhost:4713", 200),
        ("Host", "[::1]:4713", 200),
        ("Origin", "https://stranger.example", 403),
        ("Origin", "null", 403),
        ("Host", "rebound.example:4713", 403),
    ] {
        let answer =
            world.send(Door::Control, "POST", "/__emulator/clock/advance", r#"{"seconds": 0}"#, &[(name, value)]);
        assert_eq!(answer.status, status, "{name}: {value}");
    }
}
