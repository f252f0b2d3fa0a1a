//! The answers that may contradict the document are exactly those that a fault or a knob makes on purpose.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{World, documented};
use crate::emulator::conformity::conforms;
use crate::emulator::deviations::{contradicts, deviates};
use crate::emulator::{Config, Door, EFFECTS, Effect, Effects, KNOBS, setting};
use crate::model::http::{Headers, Method, Request, Response};

/// Requests of every sort that faults are about: a list, an object, a change with a job, a job, an error.
const ASKED: [(Door, Method, &str, &str); 8] = [
    (Door::C, Method::Get, "/v1/compute/instances?per_page=10", ""),
    (Door::P, Method::Get, "/v1/servers", ""),
    (Door::P, Method::Get, "/v1/servers?limit=5&cursor=eyJpZCI6InNydl85eDl5MnoifQ==", ""),
    (Door::P, Method::Get, "/v1/servers/srv_8x9y2z3a4b", ""),
    (Door::P, Method::Post, "/v1/servers/srv_8x9y2z3a4b/actions", r#"{"action": "reboot"}"#),
    (Door::P, Method::Get, "/v1/jobs", ""),
    (Door::P, Method::Get, "/v1/servers/srv_none", ""),
    (Door::C, Method::Get, "/v1/compute/instances/inst_none", ""),
];

fn world(settings: &Value) -> World {
    let config = Config { time_factor: 0.0, ..documented() };
    let mut world = World::new(config);
    let answer = world.send(Door::Control, "PUT", "/__emulator/config", &settings.to_string(), &[]);
    assert_eq!(answer.status, 200, "{settings}: {answer:?}");
    world
}

/// Sends every request; for each its door, the answer, and what the document says of it.
fn verdicts(world: &mut World) -> Vec<(Door, Request, Response, Result<(), String>)> {
    let profile = world.emulator.config().profile;
    let told = ASKED.map(|(door, method, target, body)| {
        let key = if door == Door::C { super::support::LIVE_C } else { super::support::LIVE_P };
        let headers = Headers(vec![("Authorization".to_owned(), format!("Bearer {key}"))]);
        let body = body.as_bytes().to_vec();
        let request = Request { method, origin: "http://x".to_owned(), target: target.to_owned(), headers, body };
        let now = crate::emulator::Now { unix_ms: world.now_ms };
        let response = world.emulator.handle(door, &request, now);
        let verdict = conforms(profile, door, Some(method), &request, &response);
        (door, request, response, verdict)
    });
    told.into()
}

/// Effects with the settings of the guide, and with others that lead to other answers.
fn effects() -> Vec<Value> {
    let settings = |texts: &[&str]| texts.iter().filter_map(|text| setting(text)).collect::<Vec<_>>();
    let mut all: Vec<Value> =
        EFFECTS.iter().map(|known| Effects::wire(known.name, &settings(known.settings))).collect();
    all.extend(["none", "http_date", "reset", "past_reset"].map(|headers| json!({"storm429": {"headers": headers}})));
    all.extend(["envelope", "bare", "text", "html", "empty"].map(|form| json!({"error_format": {"format": form}})));
    all.extend([200, 404, 412, 500].map(|status| json!({"status": {"status": status}})));
    all.extend([json!({"drop_member": {"path": "data"}}), json!({"expire_at": {"at": "2020-01-01T00:00:00Z"}})]);
    all.push(json!({"revoke_after": {"n": 0}}));
    all
}

#[test]
fn the_effects_that_contradict_the_document_are_known_and_counted() {
    let (mut contradicting, mut excused_ever) = (BTreeSet::new(), BTreeSet::new());
    for value in effects() {
        let effect = Effect::try_from(value.clone()).expect("an effect");
        let mut world = world(&json!({}));
        let fault = json!({"effect": value, "match": {"path": "/v1/*"}});
        let set = world.send(Door::Control, "POST", "/__emulator/faults", &fault.to_string(), &[]);
        assert_eq!(set.status, 200, "{value}: {set:?}");
        for (door, request, response, verdict) in verdicts(&mut world) {
            let excused = contradicts(&effect, door.surface(), response.status);
            assert!(excused || verdict.is_ok(), "{value} {}: {verdict:?}", request.target);
            // What depends on the surface is excused where it contradicts and nowhere else.
            assert!(effect.name() != "storm429" || excused == verdict.is_err(), "{value} {}", request.target);
            contradicting.extend((excused && verdict.is_err()).then(|| effect.name()));
            excused_ever.extend(excused.then(|| effect.name()));
        }
    }
    assert_eq!(contradicting, excused_ever, "excused, and contradicts nothing");
    let expected = [
        "bad_json",
        "drop_member",
        "error_format",
        "error_in_200",
        "http_502_html",
        "no_job_id",
        "null_data",
        "redirect_foreign",
        "reset_before",
        "status",
        "storm429",
        "wrong_content_type",
    ];
    assert_eq!(contradicting, expected.map(str::to_owned).into());
}

#[test]
fn the_knobs_that_contradict_the_document_are_known_and_counted() {
    let (mut contradicting, mut turned) = (BTreeSet::new(), 0);
    for knob in KNOBS.iter().filter(|knob| knob.values.contains(" | ")) {
        for word in knob.values.split(" | ") {
            let (name, value) = setting(&format!("{}={word}", knob.name)).expect("a pair");
            for limit in [1000, 3] {
                let mut world = world(&json!({name.as_str(): value, "ratelimit.limit_override": limit}));
                turned += 1;
                let config = world.emulator.config().clone();
                for (door, request, response, verdict) in verdicts(&mut world) {
                    let excused = deviates(&config, &[], door, &request, &response);
                    assert_eq!(excused, verdict.is_err(), "{name}={word} {}: {verdict:?}", request.target);
                    contradicting.extend(excused.then(|| format!("{name}={word}")));
                }
            }
        }
    }
    assert!(turned > 60);
    let expected = [
        "actions.return_job=false",
        "error_format=bare",
        "error_format=empty",
        "error_format=html",
        "error_format=problem",
        "error_format=text",
        "ratelimit.headers=both",
    ];
    assert_eq!(contradicting, expected.map(str::to_owned).into());
}
