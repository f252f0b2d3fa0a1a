//! Lists: both paginations, odd links, shifting pages, hostile answers (`contract.md L14` to `L21`).

use super::support::*;
use crate::model::http::{Headers, Request, Response};
use crate::model::{Attributes, Ident};
use crate::world::{Transport, TransportError};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// Pages of a list → the ids that come out (or the error), and what was asked.
fn check(kind: &str, answers: &[&str], wanted: &str, asked: &[&str]) {
    let stage = stage(answers);
    let found = match run(stage.client.list(&ident(kind), &Attributes::new())) {
        Ok(listing) => {
            assert_eq!(listing.requests as usize, stage.asked().len());
            listing.objects.iter().map(|object| object.id.to_string()).collect::<Vec<_>>().join(" ")
        }
        Err(error) => format!("error: {}", error.diagnostic().message),
    };
    assert_eq!(found, wanted, "{answers:?}");
    let all: Vec<String> = stage.asked().iter().map(|line| line.trim_start_matches("GET /v1").to_owned()).collect();
    if !asked.is_empty() {
        assert_eq!(all, asked, "{answers:?}");
    }
    let requests = stage.script.requests.lock().unwrap();
    assert!(
        requests
            .iter()
            .all(|request| request.origin == "https://platform.example" || request.origin == "https://compute.example")
    );
}

#[test]
fn the_answer_decides_how_the_next_page_is_asked_for() {
    check(
        "server",
        &[
            r#"200 {"data":[{"id":"srv_1"}],"meta":{"total":3,"next_cursor":"eyJ9=="}}"#,
            r#"200 {"data":[],"meta":{"next_cursor":null,"next_page":"/v1/servers?page=3"}}"#,
            r#"200 {"data":[{"id":"srv_1"},{"id":"srv_2"}],"meta":{"next_page":"https://platform.example/v1/servers?x=1&cursor=a%3D"}}"#,
            r#"200 {"data":[{"id":"srv_3"}],"meta":{"next_page":null}}"#,
        ],
        "srv_1 srv_2 srv_3",
        &[
            "/servers?limit=50",
            "/servers?limit=50&cursor=eyJ9%3D%3D",
            "/servers?per_page=50&page=3",
            "/servers?limit=50&cursor=a%3D",
        ],
    );
    check(
        "compute_instance",
        &[
            r#"200 {"data":[{"id":"inst_1"}],"pagination":{"page":1,"total":2,"total_pages":2}}"#,
            r#"200 {"data":[{"id":"inst_2"}],"pagination":{"page":1,"total":2,"total_pages":2}}"#,
        ],
        "inst_1 inst_2",
        &["/compute/instances?per_page=100", "/compute/instances?per_page=100&page=2"],
    );
    check("server", &[r#"200 {"data":[{"id":"srv_1"},{"name":"without id"}]}"#], "srv_1", &["/servers?limit=50"]);
}

#[test]
fn a_list_that_shifts_is_read_once_more() {
    let page = |ids: &str, total: u32, pages: u32| {
        let items: Vec<String> = ids.split_whitespace().map(|id| format!("{{\"id\":\"{id}\"}}")).collect();
        format!("200 {{\"data\":[{}],\"pagination\":{{\"total\":{total},\"total_pages\":{pages}}}}}", items.join(","))
    };
    let answers = [page("a b", 3, 2), page("c", 4, 2), page("a b", 4, 2), page("c d", 5, 2)];
    check("compute_instance", &answers.each_ref().map(String::as_str), "a b c d", &[]);

    check(
        "server",
        &[
            r#"200 {"data":[{"id":"a"}],"meta":{"next_cursor":"x"}}"#,
            r#"400 {"error":{"code":"invalid_cursor","message":"too old"}}"#,
            r#"200 {"data":[{"id":"a"}],"meta":{"next_cursor":"y"}}"#,
            r#"200 {"data":[{"id":"b"}],"meta":{}}"#,
        ],
        "a b",
        &["/servers?limit=50", "/servers?limit=50&cursor=x", "/servers?limit=50", "/servers?limit=50&cursor=y"],
    );
}

#[test]
fn a_refused_page_size_is_halved_for_the_whole_run() {
    let refused = r#"400 {"error":{"code":"invalid_parameter","message":"limit"}}"#;
    let stage = stage(&[refused, refused, r#"200 {"data":[],"meta":{}}"#]);
    run(stage.client.list(&ident("server"), &Attributes::new())).unwrap();
    run(stage.client.list(&ident("database"), &Attributes::new())).unwrap();
    assert_eq!(
        stage.asked(),
        [
            "GET /v1/servers?limit=50",
            "GET /v1/servers?limit=25",
            "GET /v1/servers?limit=20",
            "GET /v1/databases?limit=20"
        ]
    );
    check(
        "server",
        &[refused],
        "error: limit (status 400, invalid_parameter)",
        &["/servers?limit=50", "/servers?limit=25", "/servers?limit=20"],
    );
}

#[test]
fn nothing_that_a_list_says_leads_elsewhere_or_on_for_ever() {
    let elsewhere = [
        "https://evil.example/v1/servers?page=2",
        "//evil.example/v1/servers?page=2",
        "https://platform.example@evil.example/?page=2",
        "https://platform.example.evil.example/?page=2",
        "https://platform.example:8443/?page=2",
        "http://platform.example/v1/servers?page=2",
        "\\\\\\\\evil.example/?page=2",
        "/\\\\evil.example/?page=2",
        "evil.example?page=2",
    ];
    for link in elsewhere {
        let page = format!(r#"200 {{"data":[],"meta":{{"next_page":"{link}"}}}}"#);
        check("server", &[&page], "error: platform.example: the list leads to another host", &["/servers?limit=50"]);
    }
    let back = "error: platform.example: the list leads back to a page that was read already";
    check(
        "server",
        &[r#"200 {"data":[],"meta":{"next_cursor":"x"}}"#],
        back,
        &["/servers?limit=50", "/servers?limit=50&cursor=x"],
    );
    check("server", &[r#"200 {"data":[],"meta":{"next_page":"/v1/servers?page=2"}}"#], back, &[]);
    let stuck = "error: platform.example: the list has a next page that can't be asked for";
    check("server", &[r#"200 {"data":[],"meta":{"next_page":"/v1/servers?offset=2"}}"#], stuck, &[]);
    check("server", &["200 {\"data\":{}}"], "error: platform.example: the list has no `data`", &[]);
    let endless = r#"200 {"data":[],"pagination":{"total":1,"total_pages":99999999999}}"#;
    let stage = stage(&[endless]);
    let error = run(stage.client.list(&ident("compute_instance"), &Attributes::new())).unwrap_err();
    assert_eq!(error.diagnostic().message, "compute.example: the list does not end");
}

/// One page of these ids under a total.
fn page_of(ids: &[&str], tail: &str, total: u64) -> String {
    let items: Vec<String> = ids.iter().map(|id| format!("{{\"id\":\"{id}\"}}")).collect();
    format!("200 {{\"data\":[{}],\"{tail}\":{{\"total\":{total}}}}}", items.join(","))
}

/// `reliability.md` 3.3, `contract.md L19`: "ids deduped, count == total".
#[test]
fn a_list_with_less_than_it_says_is_no_list() {
    for (kind, tail, path) in
        [("server", "meta", "/servers?limit=50"), ("compute_instance", "pagination", "/compute/instances?per_page=100")]
    {
        let page = |ids: &[&str], total| page_of(ids, tail, total);
        // Asked again it is whole.
        let answers = [page(&["a"], 2), page(&["a", "b"], 2)];
        check(kind, &answers.each_ref().map(String::as_str), "a b", &[path, path]);
        let answers = [page(&[], 2), page(&["b", "b"], 2), page(&["b", "a"], 2)];
        check(kind, &answers.each_ref().map(String::as_str), "b a", &[path, path, path]);
        // It stays so: no list, and the numbers are told.
        let host = if kind == "server" { "platform" } else { "compute" };
        let short = format!("error: {host}.example: the list says that it has 2 objects and shows 1");
        check(kind, &[&page(&["a"], 2)], &short, &[path, path, path]);
        check(kind, &[&page(&["a", "a"], 2)], &short, &[path, path, path]);
        let none = format!("error: {host}.example: the list says that it has 3 objects and shows 0");
        check(kind, &[&page(&[], 3)], &none, &[]);
        // More than it says came meanwhile; and of a list that says nothing nothing can be held against it.
        check(kind, &[&page(&["a", "b"], 1)], "a b", &[path]);
        check(kind, &[&page(&["a"], 0)], "a", &[path]);
        check(kind, &[r#"200 {"data":[{"id":"a"}],"meta":{"total":null}}"#], "a", &[path]);
        check(kind, &[r#"200 {"data":[{"id":"a"}],"meta":{"total":"many"}}"#], "a", &[path]);
        check(kind, &[r#"200 {"data":[]}"#], "", &[path]);
    }
    // Objects went while the pages were read: the least total that was told counts.
    let gone = [
        r#"200 {"data":[{"id":"a"}],"meta":{"total":3,"next_cursor":"x"}}"#,
        r#"200 {"data":[{"id":"c"}],"meta":{"total":2}}"#,
    ];
    check("server", &gone, "a c", &["/servers?limit=50", "/servers?limit=50&cursor=x"]);
    // What is not taken is there all the same.
    check("server", &[r#"200 {"data":[{"id":"a"},{"name":"without id"}],"meta":{"total":2}}"#], "a", &[]);
}

/// Answers every page with so many new objects and a new cursor.
struct Endless {
    each: usize,
    name: String,
    asked: std::sync::atomic::AtomicUsize,
}

impl Transport for Endless {
    fn send(&self, _: Request, _: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        let page = self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let items: Vec<String> =
            (0..self.each).map(|at| format!("{{\"id\":\"srv_{page}_{at}\",\"name\":\"{}\"}}", self.name)).collect();
        let body = format!("{{\"data\":[{}],\"meta\":{{\"next_cursor\":\"c{page}\"}}}}", items.join(","));
        Box::pin(async move { Ok(Response { status: 200, headers: Headers::default(), body: body.into_bytes() }) })
    }

    fn dies_with_sender(&self) -> bool {
        false
    }
}

#[test]
fn new_cursors_and_new_objects_without_end_end() {
    // Thin pages, honest-looking ones, and fat ones.
    for (each, name, most) in [(1, 10, 130), (4, 10, 600), (20, 10, 5_000), (2, 8 << 20, 20)] {
        let endless = Arc::new(Endless { each, name: "x".repeat(name), asked: Default::default() });
        let stage = stage(&["lost"]);
        let client = stage.client_over(endless.clone());
        let error = run(client.list(&ident("server"), &Attributes::new())).unwrap_err();
        assert_eq!(error.diagnostic().message, "platform.example: the list does not end");
        let asked = endless.asked.load(std::sync::atomic::Ordering::SeqCst);
        assert!(asked <= most, "{each} a page: {asked} pages");
    }
}

#[test]
fn children_are_listed_by_parent_and_sources_by_argument() {
    let stage_ = stage(&[r#"200 {"data":[{"id":"rule_1"}],"meta":{}}"#]);
    let listing = run(stage_.client.list(&ident("cdn_routing_rule"), &texts(&[("zone_id", "zone_1")]))).unwrap();
    assert_eq!(stage_.asked(), ["GET /v1/cdn/zones/zone_1/rules?limit=50"]);
    assert_eq!(listing.objects[0].attributes[&ident("zone_id")].as_str(), Some("zone_1"));
    assert!(run(stage_.client.list(&ident("cdn_routing_rule"), &Attributes::new())).is_err());

    let stage_ = stage(&[r#"200 {"data":{"zone_id":"zone_1","totals":{"requests":5},"series":[]}}"#]);
    let found = run(stage_
        .client
        .source(&ident("cdn_analytics"), &texts(&[("zone_id", "zone_1"), ("since", "2025-02-01T02:00:00Z")])))
    .unwrap();
    assert_eq!(stage_.asked(), ["GET /v1/cdn/zones/zone_1/analytics?since=2025-02-01T02%3A00%3A00Z"]);
    let names: Vec<&Ident> = found.keys().collect();
    assert_eq!(names, [&ident("series"), &ident("since"), &ident("totals"), &ident("zone_id")]);
}
