//! Answers to a write, and what became of it: each row of the outcome classes and of `contract.md` 2.7.

use super::support::*;
use crate::cloud::envelope::{MOST_VALUES, json_of};
use crate::cloud::{Accepted, Call, Outcome, Verb};
use crate::model::http::{Headers, Response};
use crate::world::Clock;
use std::time::Duration;

fn server() -> crate::model::Attributes {
    texts(&[("name", "web"), ("region", "eu-west-2"), ("plan", "standard-8"), ("image", "ubuntu-22.04")])
}

/// The outcome in a word, its job and id or its code, and how many requests it took.
fn outcome(answers: &[&str], verb: Verb, id: Option<&str>) -> String {
    let stage = stage(answers);
    let outcome = run(stage.client.call(&call("server", verb, id, server())));
    let text = match &outcome {
        Outcome::NotSent { .. } => "not sent".to_owned(),
        Outcome::Rejected(error) => format!("rejected {} {}", error.status, error.code),
        Outcome::Accepted(Accepted { job, id, .. }) => {
            let text = |name: Option<&str>| name.unwrap_or("-").to_owned();
            format!("accepted {} {}", text(job.as_ref().map(|j| j.as_str())), text(id.as_ref().map(|i| i.as_str())))
        }
        Outcome::Unknown { error, .. } => format!("unknown {}", error.as_ref().map_or(0, |error| error.status)),
    };
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    format!("{text} {}", stage.asked().len())
}

fn check(rows: &[(&str, &[&str], &str)], verb: &Verb, id: Option<&str>) {
    for (what, answers, wanted) in rows {
        assert_eq!(outcome(answers, verb.clone(), id), *wanted, "{what}");
    }
}

const OWN: &str = r#"{"error":{"code":"CODE","message":"no cnx_sk_live_canary","request_id":"req_1"}}"#;

fn own(status: u16, code: &str) -> String {
    format!("{status} {}", OWN.replace("CODE", code))
}

#[test]
fn refusals_in_the_own_envelope_are_rejections() {
    for status in [400, 401, 403, 404, 405, 410, 413, 415, 422] {
        assert_eq!(outcome(&[&own(status, "some_code")], Verb::Create, None), format!("rejected {status} some_code 1"));
        let foreign =
            [format!("{status} <html>proxy</html>"), format!("{status} {{\"message\":\"no\"}}"), format!("{status}")];
        for answer in foreign {
            assert_eq!(outcome(&[&answer], Verb::Create, None), format!("unknown {status} 1"), "{answer}");
        }
    }
    let by_code = [
        (409, "insufficient_resources"),
        (412, "insufficient_resources"),
        (503, "insufficient_resources"),
        (409, "state_conflict"),
        (409, "resource_busy"),
        (409, "already_exists"),
        (409, "resource_in_use"),
        (409, "quota_exceeded"),
        (412, "precondition_failed"),
        (200, "insufficient_permissions"),
    ];
    for (status, code) in by_code {
        assert_eq!(outcome(&[&own(status, code)], Verb::Create, None), format!("rejected {status} {code} 1"));
    }
}

#[test]
fn what_may_have_been_done_is_unknown() {
    for status in [301, 302, 307, 308, 408, 409, 425, 500, 502, 503, 504, 599] {
        assert_eq!(outcome(&[&own(status, "some_code")], Verb::Create, None), format!("unknown {status} 1"));
    }
    let rows: &[(&str, &[&str], &str)] = &[
        ("lost after sending", &["lost"], "unknown 0 1"),
        ("429 of an edge", &["429 <html>slow down</html>"], "unknown 429 1"),
        ("429 in another form", &["429 {\"message\":\"slow down\"}"], "unknown 429 1"),
        ("an error inside success", &[&own(200, "internal_error")], "unknown 200 1"),
        ("success without job or id", &["202 {}"], "unknown 0 1"),
        ("null data", &["202 {\"data\":null}"], "unknown 0 1"),
        ("success that is no JSON", &["200 <html>welcome</html>"], "unknown 0 1"),
        ("cut JSON", &["202 {\"job_id\":\"job_1\""], "unknown 0 1"),
        ("an empty success", &["201"], "unknown 0 1"),
    ];
    check(rows, &Verb::Create, None);
}

#[test]
fn successes_name_a_job_or_an_object() {
    let rows: &[(&str, &[&str], &str)] = &[
        ("job alone", &["202 {\"job_id\":\"job_1\"}"], "accepted job_1 - 1"),
        ("job inside data", &["200 {\"data\":{\"job_id\":\"job_1\"}}"], "accepted job_1 - 1"),
        ("job and object", &["202 {\"job_id\":\"job_1\",\"data\":{\"id\":\"srv_1\"}}"], "accepted job_1 srv_1 1"),
        ("object alone", &["201 {\"data\":{\"id\":\"srv_1\",\"status\":\"running\"}}"], "accepted - srv_1 1"),
        ("job by location", &["202 Location=/v1/jobs/job_9 {}"], "accepted job_9 - 1"),
        ("location elsewhere", &["202 Location=https://evil.example/x {}"], "unknown 0 1"),
    ];
    check(rows, &Verb::Create, None);
    let rows: &[(&str, &[&str], &str)] = &[
        ("no content", &["204"], "accepted - srv_1 1"),
        ("a job", &["202 {\"job_id\":\"job_1\"}"], "accepted job_1 srv_1 1"),
        ("deleted at once", &["200 {\"data\":{\"id\":\"srv_1\",\"deleted\":true}}"], "accepted - srv_1 1"),
        ("gone", &[&own(404, "not_found")], "rejected 404 not_found 1"),
    ];
    check(rows, &Verb::Delete, Some("srv_1"));
    check(&[("no job", &["200 {}"], "accepted - srv_1 1")], &update("start"), Some("srv_1"));
}

#[test]
fn a_write_is_sent_again_only_where_nothing_was_done() {
    let too_many = own(429, "rate_limit_exceeded");
    let accepted = "202 {\"job_id\":\"job_1\"}";
    let rows: &[(&str, &[&str], &str)] = &[
        ("not sent, then through", &["not sent", "not sent", accepted], "accepted job_1 - 3"),
        ("never sent", &["not sent"], "not sent 5"),
        ("not sent, then lost", &["not sent", "lost", accepted], "unknown 0 2"),
        ("too many, then through", &[&too_many, &too_many, accepted], "accepted job_1 - 3"),
        (
            "too many, too long",
            &[&too_many.replace("429 ", "429 Retry-After=121 ")],
            "rejected 429 rate_limit_exceeded 1",
        ),
        ("still under way", &[&own(409, "idempotency_in_progress"), accepted], "accepted job_1 - 2"),
        ("under way for ever", &[&own(409, "idempotency_in_progress")], "unknown 409 20"),
        ("5xx", &[&own(500, "internal_error"), accepted], "unknown 500 1"),
    ];
    check(rows, &Verb::Create, None);
    let stage = stage(&[&too_many.replace("429 ", "429 Retry-After=7 "), accepted]);
    run(stage.client.call(&call("server", Verb::Create, None, server())));
    assert_eq!(
        stage.clock.sleeps.lock().unwrap().iter().map(|s| s.as_secs()).sum::<u64>(),
        8,
        "seven and a second of jitter"
    );
    let keys: Vec<_> = stage
        .script
        .requests
        .lock()
        .unwrap()
        .iter()
        .map(|r| r.headers.get("Idempotency-Key").map(str::to_owned))
        .collect();
    assert_eq!(keys, vec![Some("key-1".to_owned()); 2], "the same try keeps its key");
}

#[test]
fn nothing_leaves_under_a_key_that_may_be_forgotten() {
    let sent = |ahead: bool| {
        let stage = stage(&["202 {\"job_id\":\"job_1\"}"]);
        let now = stage.clock.now();
        let until = if ahead { now.plus(Duration::from_millis(1)) } else { now };
        let outcome =
            run(stage.client.call(&Call { until: Some(until), ..call("server", Verb::Create, None, server()) }));
        (matches!(outcome, Outcome::Unknown { .. }), stage.script.requests.lock().unwrap().len())
    };
    assert_eq!([sent(true), sent(false)], [(false, 1), (true, 0)]);
}

#[test]
fn what_cannot_be_written_is_not_sent() {
    let rows = [
        ("server", update("explode"), Some("srv_1"), server()),
        ("server", Verb::Delete, None, server()),
        ("server", Verb::Delete, Some(".."), server()),
        ("spaceship", Verb::Create, None, server()),
        ("snapshot", Verb::Create, None, texts(&[("source_id", "db_1")])),
        ("cdn_routing_rule", Verb::Create, None, texts(&[("name", "a")])),
    ];
    for (kind, verb, id, attributes) in rows {
        let stage = stage(&["200 {}"]);
        let outcome = run(stage.client.call(&call(kind, verb, id, attributes)));
        assert!(matches!(outcome, Outcome::NotSent { .. }), "{kind}: {outcome:?}");
        assert_eq!(stage.asked().len(), 0);
    }
}

#[test]
fn an_etag_goes_along_and_the_machine_of_a_snapshot_is_not_taken_for_it() {
    let mut patch = call("server", update("patch"), Some("srv_1"), texts(&[("name", "b")]));
    patch.etag = Some("\"7-abc\"".to_owned());
    let stage_ = stage(&["200 ETag=\"8-def\" {\"data\":{\"id\":\"srv_1\",\"name\":\"b\"}}"]);
    let Outcome::Accepted(accepted) = run(stage_.client.call(&patch)) else { panic!("accepted") };
    assert_eq!(stage_.script.requests.lock().unwrap()[0].headers.get("If-Match"), Some("\"7-abc\""));
    assert_eq!(accepted.object.and_then(|object| object.etag).as_deref(), Some("\"8-def\""));

    let stage = stage(&["202 {\"job_id\":\"job_1\",\"data\":{\"id\":\"srv_1\",\"status\":\"running\"}}"]);
    let create = call("snapshot", Verb::Create, None, texts(&[("source_id", "srv_1")]));
    let Outcome::Accepted(accepted) = run(stage.client.call(&create)) else { panic!("accepted") };
    assert_eq!((accepted.id, accepted.object), (None, None));
}

#[test]
fn what_is_unknown_says_why() {
    let reason = |answer: &str| match run(stage(&[answer]).client.call(&call("server", Verb::Create, None, server()))) {
        Outcome::Unknown { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason("302 moved"), "the API answered with a redirect, which cnx does not follow");
    assert_eq!(reason("502 <html>bad gateway</html>"), "the API failed while it worked on it");
    assert_eq!(reason(&own(200, "some_code")), "the API reported an error in an answer of success");
    assert_eq!(reason("404 <html>proxy</html>"), "the answer does not come from the API itself");
}

#[test]
fn an_answer_with_more_values_than_any_list_has_is_none() {
    let list = |values: usize| Response {
        status: 200,
        headers: Headers::default(),
        body: format!("[{}]", vec!["1"; values].join(",")).into_bytes(),
    };
    assert!(json_of(&list(MOST_VALUES)).is_some());
    assert!(json_of(&list(MOST_VALUES + 1)).is_none());
}
