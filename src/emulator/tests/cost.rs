//! What a request costs does not depend on how many objects there are: it looks at as many of them in a large world as in a
//! small one, and at a few places more to find them.
use serde_json::json;
use smol_str::SmolStr;

use super::support::{START_MS, World};
use crate::emulator::core::{Emulator, Record};
use crate::emulator::probe::{self, Looked};
use crate::emulator::tenant::Change;
use crate::emulator::{Config, Door, Kind, Now, RateLimit, Switch};

const SERVER: &str = r#"{"name": "web-0", "region": "us-east-1", "plan": "standard-8", "image": "ubuntu-22.04"}"#;
const SMALL: usize = 1_000;
const LARGE: usize = 64_000;

/// A world of so many running servers: the first is made by a request, the others after it.
fn world(servers: usize) -> World {
    let ratelimit = RateLimit { mode: Switch::Off, ..RateLimit::default() };
    let config = Config { time_factor: 0.0, ratelimit, ..Config::default() };
    let mut first = World::new(config.clone());
    assert_eq!(first.post(Door::P, "/v1/servers", SERVER).status, 202);
    assert_eq!(first.get(Door::P, "/v1/servers").json["data"][0]["status"], "running");
    let mut records = first.emulator.snapshot();
    let made = records.iter().find_map(|record| match record {
        Record::Data(environment, Change::Put(object)) if object.kind == Kind::Server => {
            Some((*environment, object.clone()))
        }
        _ => None,
    });
    let (environment, object) = made.expect("the server");
    records.extend((1..servers).map(|number| {
        let mut copy = object.clone();
        copy.id = SmolStr::from(format!("srv_n{number:09}"));
        copy.name = SmolStr::from(format!("web-{number}"));
        // Many at the same instant, as under load.
        copy.created_ms += number as i64 / 7;
        Record::Data(environment, Change::Put(copy))
    }));
    let emulator = Emulator::restore(config, records, Now { unix_ms: START_MS }).expect("records");
    World { emulator, now_ms: START_MS + 1_000_000, key: None }
}

/// What a request looks at, and the status of its answer.
fn cost(world: &mut World, method: &str, target: &str, body: &str) -> (u16, Looked) {
    probe::take();
    let answer = world.send(Door::P, method, target, body, &[]);
    (answer.status, probe::take())
}

/// Each request as a function of the number of servers; all in this order.
type Ask = (&'static str, &'static str, fn(usize) -> String, &'static str);
const ASKED: [Ask; 14] = [
    ("first page", "GET", |_| "/v1/servers?limit=50".to_owned(), ""),
    ("the same page", "GET", |_| "/v1/servers?limit=50".to_owned(), ""),
    ("page in the middle", "GET", |n| format!("/v1/servers?limit=50&page={}", n / 100), ""),
    ("last page", "GET", |n| format!("/v1/servers?limit=50&page={}", n / 50), ""),
    ("after a cursor", "GET", |n| format!("/v1/servers?limit=50&cursor={}", cursor(n / 2)), ""),
    ("of a status", "GET", |n| format!("/v1/servers?limit=50&status=running&page={}", n / 100), ""),
    ("of a region", "GET", |n| format!("/v1/servers?limit=50&region=us-east-1&page={}", n / 100), ""),
    ("of a region that has none", "GET", |_| "/v1/servers?region=eu-west-2".to_owned(), ""),
    ("by name", "GET", |n| format!("/v1/servers?name=web-{}", n / 2), ""),
    ("one", "GET", |n| format!("/v1/servers/srv_n{:09}", n / 2), ""),
    ("create", "POST", |_| "/v1/servers".to_owned(), SERVER),
    ("rename", "PATCH", |n| format!("/v1/servers/srv_n{:09}", n / 2), r#"{"name": "other"}"#),
    ("stop", "POST", |n| format!("/v1/servers/srv_n{:09}/actions", n / 2), r#"{"action": "stop"}"#),
    ("delete", "DELETE", |n| format!("/v1/servers/srv_n{:09}", n / 2 + 1), ""),
];

fn cursor(number: usize) -> String {
    use base64::Engine;
    let text = json!({"id": format!("srv_n{number:09}")}).to_string();
    crate::emulator::encode(&base64::engine::general_purpose::STANDARD.encode(text))
}

#[test]
fn a_request_looks_at_as_many_objects_in_a_large_world_as_in_a_small_one() {
    let (mut small, mut large) = (world(SMALL), world(LARGE));
    let growth = (LARGE / SMALL).ilog2() as usize;
    for (name, method, target, body) in ASKED {
        let (status, few) = cost(&mut small, method, &target(SMALL), body);
        let (other, many) = cost(&mut large, method, &target(LARGE), body);
        assert!(status < 300 && other == status, "{name}: {status} {other}");
        assert_eq!(many.entries, few.entries, "{name}: objects");
        assert!(few.entries <= 60, "{name}: {few:?}");
        // A sorted list is searched by halves: each doubling may cost a step in each of the lists that a server is in.
        assert!(many.places <= few.places + 10 * growth, "{name}: {few:?} {many:?}");
        if name == "the same page" {
            assert_eq!(many, Looked::default(), "kept");
        }
    }
}
