//! What is sent: method, path and body of each sort of operation.

use super::support::*;
use crate::cloud::{Call, Outcome, Verb};
use crate::model::Value;

fn tagged() -> crate::model::Attributes {
    let mut tagged =
        texts(&[("name", "jump"), ("type", "standard-2x4"), ("region", "us-east-1"), ("image", "debian-12")]);
    tagged.insert(ident("desired_status"), Value::string("running"));
    tagged.insert(ident("ssh_keys"), Value::set([Value::string("key_b"), Value::string("key_a")]));
    tagged
}

fn scaled() -> crate::model::Attributes {
    let mut scale = texts(&[("tier", "production-high")]);
    scale.insert(ident("read_replicas"), Value::int(3));
    scale.insert(ident("maintenance_window"), Value::Null);
    scale
}

fn purged() -> crate::model::Attributes {
    let mut purge = texts(&[("zone_id", "zone_1")]);
    purge.insert(ident("paths"), Value::set([Value::string("/a/*")]));
    purge
}

/// The request line and the body of a call.
fn check(mut call: Call, line: &str, body: &str) {
    call.stamp.insert("cnx_op".to_owned(), "n1".to_owned());
    let stage = stage(&["202 {\"job_id\":\"job_1\"}"]);
    let surface = stage.client.surface_of(&call).map(ToString::to_string);
    let outcome = run(stage.client.call(&call));
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    assert_eq!((stage.asked(), stage.bodies()), (vec![line.to_owned()], vec![body.to_owned()]));
    let request = &stage.script.requests.lock().unwrap()[0];
    assert_eq!(Some(request.origin.trim_start_matches("https://").trim_end_matches(".example").to_owned()), surface);
    assert_eq!(request.headers.get("Authorization"), Some("Bearer cnx_sk_live_canary"));
    assert_eq!(request.headers.get("Content-Type"), Some("application/json"));
}

#[test]
fn requests_are_built_from_the_catalog() {
    let rows = [
        (
            call("compute_instance", Verb::Create, None, tagged()),
            "POST /v1/compute/instances",
            r#"{"name":"jump","type":"standard-2x4","region":"us-east-1","image":"debian-12","ssh_keys":["key_a","key_b"],"tags":{"cnx_op":"n1"}}"#,
        ),
        (
            call("compute_instance", update("patch"), Some("inst_1"), texts(&[("name", "b")])),
            "PATCH /v1/compute/instances/inst_1",
            r#"{"name":"b"}"#,
        ),
        (
            call("compute_instance", update("resize"), Some("inst_1"), texts(&[("type", "memory-4x32")])),
            "POST /v1/compute/instances/inst_1/actions",
            r#"{"action":"resize","type":"memory-4x32"}"#,
        ),
        (
            call("server", update("stop"), Some("srv_1"), texts(&[])),
            "POST /v1/servers/srv_1/actions",
            r#"{"action":"stop"}"#,
        ),
        (
            call("database", update("scale"), Some("db_1"), scaled()),
            "POST /v1/databases/scale",
            r#"{"database_id":"db_1","new_tier":"production-high","read_replicas":3}"#,
        ),
        (
            call("snapshot", Verb::Create, None, texts(&[("source_id", "inst_1")])),
            "POST /v1/compute/instances/inst_1/actions",
            r#"{"action":"snapshot"}"#,
        ),
        (
            call("snapshot", Verb::Create, None, texts(&[("source_id", "srv_1")])),
            "POST /v1/servers/srv_1/actions",
            r#"{"action":"snapshot"}"#,
        ),
        (
            call("cdn_routing_rule", update("patch"), Some("rule_1"), texts(&[("zone_id", "zone/1 ?"), ("name", "n")])),
            "PATCH /v1/cdn/zones/zone%2F1%20%3F/rules/rule_1",
            r#"{"name":"n"}"#,
        ),
        (
            call("cdn_purge", Verb::Run, None, purged()),
            "POST /v1/cdn/zones/zone_1/purge",
            r#"{"async":true,"paths":["/a/*"]}"#,
        ),
        (
            call("power", Verb::Run, None, texts(&[("machine", "srv_1"), ("action", "stop")])),
            "POST /v1/servers/srv_1/actions",
            r#"{"action":"stop"}"#,
        ),
    ];
    for (call, line, body) in rows {
        check(call, line, body);
    }
}
