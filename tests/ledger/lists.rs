//! L14 to L23: pagination and lists.

use super::stage::*;
use cnx::model::Ident;
use serde_json::{Value, json};

/// The documents' 42 servers and 47 instances, in pages of ten, whatever is asked for.
fn paged() -> Stage {
    let stage = Stage::with(|setting| setting.config.fixtures = cnx::emulator::Fixtures::Documented);
    stage.knob(json!({"pagination.over_max": "clamp", "pagination.max": 10}));
    stage
}

fn targets(stage: &Stage) -> Vec<String> {
    stage.log().into_iter().map(|entry| entry.target.to_string()).collect()
}

fn whole(stage: &Stage, kind: &str, count: usize) {
    let ids = stage.list(kind).unwrap_or_else(|error| panic!("{error}\n{:#?}", targets(stage)));
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), unique.len()), (count, count), "{:#?}", targets(stage));
}

pub fn l14() {
    let stage = paged();
    whole(&stage, "server", 42);
    whole(&stage, "compute_instance", 47);
    // The platform answers in the other document's style: the answer counts.
    stage.tamper(|request, answer| {
        let page = request.target.split("page=").nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
        rewrite(answer, |body| {
            if let Some(meta) = body.as_object_mut().and_then(|body| body.remove("meta")) {
                body["pagination"] = json!({"total": meta["total"], "page": page, "per_page": 10, "total_pages": 5});
            }
        });
    });
    whole(&stage, "server", 42);
    let asked = targets(&stage);
    assert!(asked.iter().any(|target| target.starts_with("/v1/servers?per_page=50&page=5")), "{asked:#?}");
}

pub fn l15() {
    for style in ["both", "cursor_only", "next_page_only"] {
        let stage = paged();
        stage.knob(json!({"meta.style": style}));
        whole(&stage, "server", 42);
        let by_cursor = targets(&stage).iter().filter(|target| target.contains("cursor=")).count();
        assert_eq!(by_cursor, if style == "next_page_only" { 0 } else { 4 }, "{style}");
    }
    let stage = paged();
    stage.fault(json!({"effect": "cursor_loop", "match": {"path": "/v1/servers"}}));
    contains(&stage.list("server").expect_err("a loop"), "leads back to a page that was read already");
    assert!(stage.log().len() < 5, "{:#?}", targets(&stage));
}

pub fn l16() {
    let stage = paged();
    stage.knob(json!({"meta.style": "next_page_only"}));
    whole(&stage, "server", 42);
    assert!(targets(&stage).iter().all(|target| !target.contains("/v1/v1/") && target.starts_with("/v1/servers?")));
    let stage = paged();
    stage.fault(json!({"effect": "next_page_foreign", "match": {"path": "/v1/servers"}}));
    contains(&stage.list("server").expect_err("another origin"), "leads to another host");
    assert!(stage.sent().iter().all(|request| request.origin.starts_with("local:")));
}

pub fn l17() {
    let stage = paged();
    stage.knob(json!({"meta.style": "next_page_only"}));
    // As documented: the link carries nothing but the page.
    stage.tamper(|_, answer| {
        rewrite(answer, |body| {
            let bare = body["meta"]["next_page"].as_str().and_then(|link| {
                let page = link.split(['?', '&']).find(|part| part.starts_with("page="))?;
                Some(format!("/v1/servers?{page}"))
            });
            if let Some(bare) = bare {
                body["meta"]["next_page"] = json!(bare);
            }
        });
    });
    whole(&stage, "server", 42);
    let asked = targets(&stage);
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|target| target.contains("limit=50") || target.contains("per_page=50")), "{asked:#?}");
}

pub fn l18() {
    let stage = paged();
    whole(&stage, "server", 42);
    let cursors: Vec<String> = targets(&stage).into_iter().filter(|target| target.contains("cursor=")).collect();
    assert!(cursors.iter().any(|target| target.contains("%3D")), "{cursors:#?}");
    assert!(cursors.iter().all(|target| !target.ends_with('=')), "{cursors:#?}");
    // Expired in mid-list: from the start, once.
    let stage = paged();
    stage.fault(json!({"effect": "cursor_expired", "match": {"path": "/v1/servers", "nth": 3}}));
    whole(&stage, "server", 42);
    assert_eq!(stage.log().len(), 3 + 5);
    let stage = paged();
    stage.fault(json!({"effect": "cursor_expired"}));
    contains(&stage.list("server").expect_err("always too old"), "invalid_cursor");
    assert_eq!(stage.log().len(), 4);
}

pub fn l19() {
    let told = |total: Value| {
        let stage = paged();
        stage.tamper(move |_, answer| {
            rewrite(answer, |body| {
                let tail = if body["meta"].is_object() { "meta" } else { "pagination" };
                body[tail]["total"] = total.clone();
            });
        });
        stage
    };
    for total in [json!(null), json!(1), json!("47")] {
        whole(&told(total.clone()), "server", 42);
        whole(&told(total), "compute_instance", 47);
    }
    for (kind, says) in
        [("server", "has 100000 objects and shows 42"), ("compute_instance", "has 100000 objects and shows 47")]
    {
        let stage = told(json!(100_000));
        contains(&stage.list(kind).expect_err("a part of it"), says);
        assert_eq!((stage.log().len(), stage.elapsed()), (3 * 5, 3), "asked again twice, a moment later");
    }
    // A short page, even an empty one, ends nothing; and what it left out is missed.
    let stage = paged();
    stage.fault(json!({"effect": "empty_page", "match": {"path": "/v1/servers", "nth": 2}}));
    whole(&stage, "server", 42);
    assert_eq!(stage.log().len(), 5 + 5);
    short_lists_hide_nothing();
}

/// The whole engine where a list leaves out what it counts: nothing is taken for gone, nothing is made twice.
fn short_lists_hide_nothing() {
    let text = server("web");
    let stage = Stage::new();
    stage.settle(&text);
    stage.fault(json!({"effect": "empty_page", "match": {"path": "/v1/servers"}}));
    let short = stage.list("server").expect_err("the list is not whole");
    contains(&short, "the list says that it has 1 objects and shows 0");
    let before = stage.asked("GET", "/servers").len();
    assert!(steps(&stage.plan(&text)).is_empty(), "asked for alone it is there");
    assert_eq!(stage.asked("GET", "/servers").len() - before, 3, "the list was asked for again");
    let other = format!("{text}{}", server("other"));
    assert_eq!(steps(&stage.plan(&other)), ["create server.other"]);
    stage.no_faults();
    assert!(steps(&stage.plan(&text)).is_empty());

    // A create whose answer is lost: the lists that should show it leave it out for a while.
    let stage = Stage::new();
    stage.fault(json!({"effect": "reset_after", "match": {"method": "POST"}, "times": 1}));
    stage.fault(json!({"effect": "empty_page", "match": {"path": "/v1/servers"}, "times": 8}));
    stage.settle(&text);
    assert_eq!(stage.asked("POST", "/servers").len(), 1, "made once");
    assert_eq!(stage.list_anyway("server"), 1);
}

pub fn l20() {
    let stage = Stage::with(|setting| setting.config.fixtures = cnx::emulator::Fixtures::Documented);
    whole(&stage, "server", 42);
    whole(&stage, "compute_instance", 47);
    assert_eq!(targets(&stage), ["/v1/servers?limit=50", "/v1/compute/instances?per_page=100"]);
    let stage = Stage::with(|setting| setting.config.fixtures = cnx::emulator::Fixtures::Documented);
    stage.knob(json!({"pagination.max": 30}));
    whole(&stage, "server", 42);
    whole(&stage, "server", 42);
    whole(&stage, "compute_instance", 47);
    let sizes: Vec<String> =
        targets(&stage).iter().filter_map(|target| Some(target.split(['=', '&']).nth(1)?.to_owned())).collect();
    assert_eq!(sizes, ["50", "25", "25", "25", "25", "100", "50", "25", "25"], "halved once a run and surface");
    // A smaller page than asked for: the links count, not arithmetic.
    whole(&paged(), "compute_instance", 47);
}

pub fn l21() {
    let stage = paged();
    stage.fault(json!({"effect": "list_duplicate"}));
    whole(&stage, "compute_instance", 47);
    whole(&stage, "server", 42);
    let stage = paged();
    stage.fault(json!({"effect": "list_shift", "match": {"path": "/v1/compute/instances", "nth": 3}}));
    whole(&stage, "compute_instance", 47);
    assert_eq!(stage.log().len(), 3 + 5, "the total changed: once more");
}

// The row allows the inferred parameter `tag=k:v` "only as a hint". None is sent: cnx looks for a tag only to learn whether an
// object whose create got no answer is there, and a filter that a server reads otherwise would hide it.
pub fn l22() {
    // The only tag that the client looks for is its own mark: on an object whose create got no answer.
    let stage = Stage::new();
    let tagged = |name: &str| with(&instance(name), "tags = { team = \"ops\" }");
    stage.settle(&tagged("one"));
    stage.drift(json!({"id": stage.id("compute_instance", "one").as_str(), "effect": "duplicate_name"}));
    stage.fault(json!({"effect": "reset_after", "match": {"method": "POST"}, "times": 1}));
    let twin = tagged("two").replace("\"two\"", "\"one\"");
    stage.settle(&format!("{}{twin}", tagged("one")));
    assert_eq!(stage.asked("POST", "/compute/instances").len(), 2, "found among three that look alike");
    assert_eq!(stage.list("compute_instance").expect("a list").len(), 3);
    assert!(targets(&stage).iter().all(|target| !target.contains("tag")), "no parameter that no document names");
}

pub fn l23() {
    let stage = Stage::new();
    stage.settle(&format!("{}{}", server("web"), instance("jump")));
    let filters: Vec<String> = targets(&stage).into_iter().filter(|target| target.contains("status=")).collect();
    assert!(filters.is_empty(), "{filters:?}: what the documents do not list is never sent");
    // A word of tomorrow is read as it is.
    stage.fault(json!({"effect": "unknown_status", "match": {"method": "GET"}}));
    let found = stage.world.run(stage.world.client.list(&Ident::new("server"), &Default::default())).expect("a list");
    assert_eq!(found.objects[0].status.as_deref(), Some("hibernating"));
    let planned = stage.plan(&format!("{}{}", server("web"), instance("jump")));
    assert!(steps(&planned).is_empty() && planned.plan.drift.is_empty(), "{:?}", planned.plan.drift);
    let _: Value = stage.control(cnx::model::http::Method::Get, "faults", &json!({}));
}
