//! L53 to L67: errors, rate limits, regions.

use super::stage::*;
use cnx::cloud::RateLimit;
use cnx::emulator::{Config, RateLimit as Limits, Switch};
use cnx::model::Ident;
use serde_json::json;
use std::time::Duration;

pub fn l53() {
    for format in ["envelope", "problem", "bare", "text", "html", "empty"] {
        let stage = Stage::new();
        stage.settle(&server("web"));
        stage.knob(json!({"error_format": format}));
        let wrong = cnx::model::RemoteId::new("not/an id");
        let read = stage.world.run(stage.world.client.read(&Ident::new("server"), &wrong, &Default::default()));
        let told = read.expect_err("no such server").diagnostic();
        let status = stage.log().last().expect("a request").status.to_string();
        contains(&told.message, &format!("status {status}"));
        let request = stage.log().last().expect("a request").request_id.clone();
        contains(&told.message, &request);
    }
    // Fields and reasons, whatever holds them.
    let stage = Stage::new();
    for body in [
        json!({"errors": [{"field": "name", "reason": "too long"}]}),
        json!({"error": {"code": "invalid_parameter", "message": "bad", "details": {"fields": [{"field": "name", "reason": "too long"}]}}}),
    ] {
        let own = body.clone();
        stage.tamper(move |request, answer| {
            if request.method.as_str() == "GET" {
                replace(answer, 400, &own);
            }
        });
        let read = stage.world.run(stage.world.client.read(
            &Ident::new("server"),
            &cnx::model::RemoteId::new("srv_1"),
            &Default::default(),
        ));
        let told = read.expect_err("refused").diagnostic();
        contains(&told.help, "name: too long");
    }
}

pub fn l54() {
    for (text, path) in [(server("web"), "/v1/servers"), (instance("jump"), "/v1/compute/instances")] {
        let stage = Stage::new();
        let fault = json!({"effect": {"status": {"status": 409, "code": "quota_exceeded"}}, "match": {"method": "POST", "path": path}});
        stage.fault(fault);
        let (summary, told) = stage.apply(&text);
        assert_eq!(summary.failed, 1, "{path}");
        contains(&troubles(&told), "[quota_exceeded]");
        assert_eq!(stage.log().iter().filter(|entry| entry.method == "POST").count(), 1);
    }
}

pub fn l55() {
    for status in [409, 412, 422, 503] {
        let stage = Stage::new();
        stage.knob(json!({"capacity.status": status}));
        let (summary, told) = stage.apply(&sized_server("web", "standard-16", "eu-west-2"));
        assert_eq!((summary.failed, summary.open), (1, 0), "{status}\n{}", troubles(&told));
        contains(&troubles(&told), "[insufficient_resources]");
        assert_eq!(stage.asked("POST", "/servers")[0].status, status);
        assert_eq!(stage.asked("POST", "/servers").len(), 1, "no more room a moment later");
    }
    let stage = Stage::new();
    stage.knob(json!({"capacity.stage": "job"}));
    let (summary, told) = stage.apply(&sized_server("web", "standard-16", "eu-west-2"));
    assert_eq!(summary.failed, 1);
    contains(&troubles(&told), "[insufficient_resources]");
    assert_eq!(stage.asked("POST", "/servers")[0].status, 202);
}

pub fn l56() {
    let text = sized_server("web", "standard-16", "eu-west-2");
    let stage = Stage::new();
    let (_, told) = stage.apply(&text);
    let told = troubles(&told);
    contains(&told, "eu-west-3 or us-east-1");
    contains(&told, "write `region = \"eu-west-3\"`");
    assert_eq!(stage.asked("POST", "/servers").len(), 1, "never applied by itself");
    let stage = Stage::new();
    stage.settle(&with(&text, "lifecycle { region_fallback = [\"us-east-1\"] }"));
    let regions: Vec<String> = stage
        .asked("POST", "/servers")
        .iter()
        .map(|entry| entry.body["region"].as_str().expect("one").to_owned())
        .collect();
    assert_eq!(regions, ["eu-west-2", "us-east-1"]);
}

/// Virtual time until a list was answered that met this many 429s.
fn storm(headers: &str, times: u64) -> (Stage, Duration, Result<Vec<String>, String>) {
    use cnx::world::Clock;
    let stage = Stage::new();
    stage.knob(json!({"ratelimit.headers": "none"}));
    stage.fault(json!({"effect": {"storm429": {"headers": headers}}, "times": times}));
    let answer = stage.list("compute_instance");
    let waited = stage.world.clock.monotonic();
    (stage, waited, answer)
}

pub fn l57() {
    let seconds = |least: u64, most: u64| Duration::from_secs(least)..=Duration::from_secs(most);
    for (headers, wait) in [
        ("retry_after", seconds(2, 3)),
        ("http_date", seconds(1, 3)),
        ("reset", seconds(1, 3)),
        ("past_reset", seconds(1, 2)),
        ("none", seconds(0, 2)),
    ] {
        let (stage, waited, answer) = storm(headers, 1);
        assert!(answer.is_ok() && wait.contains(&waited), "{headers}: {waited:?} {answer:?}");
        assert_eq!(stage.log().len(), 2);
    }
    // No failed attempts: far more of them than a read has tries.
    let (_, _, answer) = storm("retry_after", 40);
    assert!(answer.is_ok(), "{answer:?}");
    // Writes too: refused before they were executed.
    let stage = Stage::new();
    stage.fault(json!({"effect": {"storm429": {"headers": "retry_after"}}, "match": {"method": "POST"}, "times": 5}));
    stage.settle(&server("web"));
    assert_eq!(stage.asked("POST", "/servers").len(), 6);
    // Retry-After wins over the reset; too long a wait ends the step and can be taken up.
    let stage = Stage::new();
    stage.tamper(|request, answer| {
        if request.method.as_str() == "POST" {
            replace(answer, 429, &json!({"error": {"code": "rate_limit_exceeded", "message": "too many"}}));
            answer.headers.push("Retry-After", "600");
            answer.headers.push("X-RateLimit-Reset", "1");
        }
    });
    let (summary, told) = stage.apply(&server("web"));
    assert_eq!((summary.created, stage.elapsed()), (0, 0), "not slept: {}", troubles(&told));
    contains(&troubles(&told), "run again");
    assert!(stage.snapshot().open.is_empty(), "nothing is left in doubt");
}

pub fn l58() {
    use cnx::world::Clock;
    let at = crate::engine::START / 1000;
    for (reset, least, most) in
        [((at + 30) * 1000, 30, 31), (at + 30, 30, 31), (30, 30, 31), (1_708_492_800, 1, 2), (at - 30, 1, 2)]
    {
        let stage = Stage::new();
        let mut first = true;
        stage.tamper(move |_, answer| {
            if std::mem::take(&mut first) {
                replace(answer, 429, &json!({"error": {"code": "rate_limit_exceeded", "message": "too many"}}));
                answer.headers.0.retain(|(name, _)| name != "Date");
                answer.headers.push("X-RateLimit-Reset", reset.to_string());
            }
        });
        stage.list("compute_instance").expect("a list");
        let waited = stage.world.clock.monotonic();
        assert!(waited >= Duration::from_secs(least) && waited <= Duration::from_secs(most), "{reset}: {waited:?}");
    }
    // Against the server's own clock, however wrong ours is.
    let stage = Stage::new();
    stage.knob(json!({"ratelimit.headers": "none"}));
    stage.fault(json!({"effect": {"storm429": {"headers": "reset"}}, "times": 1}));
    stage.fault(json!({"effect": {"clock_skew": {"seconds": -7200}}}));
    stage.list("compute_instance").expect("a list");
    assert!(stage.elapsed() < 5, "{}", stage.elapsed());
}

/// How long so many lists take, and that none of them was one too many.
fn lists(stage: &Stage, kind: &str, count: usize) -> u64 {
    let before = stage.elapsed();
    for _ in 0..count {
        stage.list(kind).unwrap_or_else(|error| panic!("{error}"));
    }
    assert!(stage.log().iter().all(|entry| entry.status == 200), "none was one too many");
    stage.elapsed() - before
}

pub fn l59() {
    let catalog = cnx::provider::cloudnexus();
    assert_eq!(catalog.surfaces[&Ident::new("compute")].requests_per_minute, 120);
    assert_eq!(catalog.surfaces[&Ident::new("platform")].requests_per_minute, 100);
    // C never tells: 120 a minute stay 120, whatever the key could have.
    let compute = |rate| Stage::served(&[("compute", ENTERPRISE, rate)], |_| {});
    let took = lists(&compute(RateLimit::Documented(120)), "compute_instance", 300);
    assert!((119..=180).contains(&took), "{took}");
    assert!(lists(&compute(RateLimit::Chosen(1000)), "compute_instance", 300) < 5, "as the user says");
    // P tells with its first answer.
    let platform = Stage::served(&[("platform", LIVE_P, RateLimit::Documented(100))], |_| {});
    assert!(lists(&platform, "server", 300) < 5, "1,000 a minute for this key");
    // Each host has a budget of its own.
    let both = Stage::served(
        &[("compute", LIVE_C, RateLimit::Documented(120)), ("platform", LIVE_P, RateLimit::Documented(100))],
        |_| {},
    );
    lists(&both, "compute_instance", 120);
    assert!(lists(&both, "server", 100) < 5);
}

pub fn l60() {
    let stage = Stage::served(&[("platform", ENTERPRISE, RateLimit::Documented(100))], |setting| {
        setting.config.ratelimit = Limits { limit_override: Some(25_000), ..Limits::default() };
    });
    assert!(lists(&stage, "server", 1_100) < 5, "no ceiling is assumed");
    // The same account, another key: a budget that is told by its own answers.
    let scoped =
        Stage::served(&[("platform", "cnx_sk_test_scoped000000000000000", RateLimit::Documented(100))], |setting| {
            setting.config.ratelimit = Limits { scoped_factor: 0.5, ..Limits::default() };
            for endpoint in &mut setting.endpoints {
                endpoint.origin = cnx::world::local_origin("sandbox");
            }
        });
    let took = lists(&scoped, "server", 120);
    assert!((60..=180).contains(&took), "{took}");
}

pub fn l61() {
    for headers in ["documented", "none", "both"] {
        let stage = Stage::served(
            &[("compute", LIVE_C, RateLimit::Documented(120)), ("platform", LIVE_P, RateLimit::Documented(100))],
            |setting| setting.config = Config { time_factor: 0.0, ..Config::default() },
        );
        stage.knob(json!({"ratelimit.headers": headers}));
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
        let told = stage.world.client.budgets().len();
        assert_eq!(told, 2, "a budget with and without headers");
    }
    let none = Stage::with(|setting| setting.config.ratelimit = Limits { mode: Switch::Off, ..Limits::default() });
    none.settle(&server("web"));
}

pub fn l62() {
    // 404 for the object, and the list shows it: it is there.
    let stage = Stage::new();
    stage.settle(&format!("{}{}", server("web"), server("app")));
    let text = format!("{}{}", server("web"), server("app"));
    let web = stage.id("server", "web");
    stage.fault(json!({"effect": {"list_lag": {"seconds": 100_000}}, "match": {"path": "/v1/servers"}}));
    assert!(steps(&stage.plan(&text)).is_empty(), "not listed, but there when asked for");
    stage.no_faults();
    stage.fault(json!({"effect": {"status": {"status": 404}}, "match": {"path": format!("/v1/servers/{web}")}}));
    assert!(steps(&stage.plan(&text)).is_empty(), "listed: a 404 on one route proves nothing");
    stage.no_faults();
    stage.drift(json!({"id": web.as_str(), "effect": "delete"}));
    let before = stage.log().len();
    assert_eq!(steps(&stage.plan(&text)), ["create server.web"], "neither: gone");
    let asked: Vec<String> =
        stage.log()[before..].iter().map(|entry| format!("{} {}", entry.status, entry.target)).collect();
    assert!(
        asked.iter().any(|line| line.starts_with("404"))
            && asked.iter().any(|line| line.starts_with("200 /v1/servers?")),
        "{asked:?}"
    );
}

pub fn l63() {
    let stage = Stage::new();
    stage.settle(&server("web"));
    stage.fault(json!({"effect": {"status": {"status": 500}}, "match": {"method": "GET"}, "times": 4}));
    assert!(stage.list("server").is_ok(), "the fifth try");
    stage.fault(json!({"effect": {"status": {"status": 500}}, "match": {"method": "GET"}}));
    let before = stage.log().len();
    let told = stage.list("server").expect_err("persistent");
    assert_eq!(stage.log().len(), before + 5);
    contains(&told, "cnx::cloud::server_error");
    contains(&told, &stage.log().last().expect("a request").request_id);
    // A write that failed so may have been done: traced, not sent again.
    for executed in [false, true] {
        let stage = Stage::new();
        stage.fault(json!({"effect": {"status": {"status": 500, "executed": executed}}, "match": {"method": "POST"}, "times": 1}));
        let (summary, told) = stage.apply(&instance("jump"));
        assert_eq!(summary.created, 1, "{executed} {}", troubles(&told));
        assert_eq!(stage.list("compute_instance").expect("a list").len(), 1);
        assert_eq!(stage.asked("POST", "/compute/instances").len(), if executed { 1 } else { 2 });
    }
}

pub fn l64() {
    // (status, sent again for reading)
    for (status, tries) in [(402, 1), (405, 1), (412, 1), (415, 1), (422, 1), (502, 5), (503, 5), (504, 5)] {
        let stage = Stage::new();
        stage.fault(json!({"effect": {"status": {"status": status, "code": "odd"}}, "match": {"method": "GET"}}));
        let told = stage.list("server").expect_err("no list");
        contains(&told, &format!("status {status}"));
        assert_eq!(stage.log().len(), tries, "{status}");
    }
    // Writes: refused, or in doubt.
    for (status, refused) in
        [(402, true), (405, true), (415, true), (422, true), (502, false), (503, false), (504, false)]
    {
        let stage = Stage::new();
        stage.fault(
            json!({"effect": {"status": {"status": status, "code": "odd"}}, "match": {"method": "POST"}, "times": 1}),
        );
        let (summary, told) = stage.apply(&instance("jump"));
        let wanted = if refused { (0, 1) } else { (1, 0) };
        assert_eq!((summary.created, summary.failed), wanted, "{status} {}", troubles(&told));
    }
    // 412 answers `If-Match`: changed since the plan.
    let stage = Stage::new();
    stage.settle(&zone());
    stage.fault(json!({"effect": {"status": {"status": 412}}, "match": {"method": "PATCH"}}));
    let (summary, told) = stage.apply(&zone().replace("origin.example", "other.example"));
    assert_eq!(summary.failed, 1);
    contains(&troubles(&told), "plan again");
    assert_eq!(stage.log().iter().filter(|entry| entry.method == "PATCH").count(), 1, "no overwrite");
}

pub fn l65() {
    let stage = Stage::new();
    stage.fault(json!({"effect": "error_in_200", "match": {"method": "GET"}, "times": 2}));
    assert!(stage.list("server").is_ok(), "as a 500: tried again");
    let stage = Stage::new();
    stage.fault(json!({"effect": {"error_in_200": {"executed": false}}, "match": {"method": "POST"}, "times": 1}));
    let (summary, told) = stage.apply(&instance("jump"));
    assert_eq!(summary.created, 1, "{}", troubles(&told));
    assert_eq!(stage.asked("POST", "/compute/instances").len(), 2, "the first was no success");
    // A refusal under 200 is a refusal.
    let stage = Stage::new();
    stage.tamper(|request, answer| {
        if request.method.as_str() == "POST" {
            replace(
                answer,
                200,
                &json!({"error": {"code": "quota_exceeded", "message": "no more"}, "data": {"id": "srv_1"}}),
            );
        }
    });
    let (summary, told) = stage.apply(&server("web"));
    assert_eq!((summary.created, summary.failed), (0, 1));
    contains(&troubles(&told), "[quota_exceeded]");
    assert!(stage.snapshot().records.is_empty());
}

pub fn l66() {
    let stage = Stage::new();
    stage.fault(json!({"effect": {"status": {"status": 403}}, "match": {"method": "POST"}}));
    for format in ["envelope", "problem"] {
        stage.knob(json!({"error_format": format}));
        let (_, told) = stage.apply(&server("web"));
        contains(&troubles(&told), &stage.log().iter().rfind(|entry| entry.method == "POST").expect("one").request_id);
    }
    let stage = Stage::new();
    stage.tamper(|_, answer| {
        replace(answer, 403, &json!({"error": {"code": "insufficient_permissions", "message": "no"}}));
        answer.headers.0.retain(|(name, _)| name != "X-Request-Id");
        answer.headers.push("X-Request-Id", "req_header");
    });
    contains(&stage.list("server").expect_err("forbidden"), "req_header");
}

pub fn l67() {
    // A region of tomorrow is no mistake before the API says so.
    let stage = Stage::new();
    let planned = stage.plan(&sized_server("web", "standard-8", "ap-new-9"));
    assert_eq!(steps(&planned), ["create server.web"]);
    stage.tamper(|request, answer| {
        if request.target.starts_with("/v1/regions") && !request.target.contains("cursor=") {
            rewrite(answer, |body| {
                body["data"]
                    .as_array_mut()
                    .expect("regions")
                    .push(json!({"slug": "moon-1", "name": "Moon", "available": true}))
            });
        }
    });
    let text = "data regions all {}\noutput moon = length([for r in data.regions.all.items if r.slug == \"moon-1\" : r.slug])\noutput many = length(data.regions.all.items) > 50\n";
    stage.settle(text);
    assert_eq!(stage.snapshot().outputs[&Ident::new("moon")].value, cnx::model::Value::int(1));
    assert_eq!(stage.snapshot().outputs[&Ident::new("many")].value, cnx::model::Value::Bool(true));
    // Edges are counted elsewhere.
    let edges = format!(
        "{}data cdn_analytics site {{\n  zone_id = cdn_zone.shop.id\n}}\noutput edges = data.cdn_analytics.site.locations_reporting\n",
        zone()
    );
    stage.settle(&edges);
    assert_eq!(stage.snapshot().outputs[&Ident::new("edges")].value, cnx::model::Value::int(312));
}
