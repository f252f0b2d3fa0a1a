//! L1 to L13: hosts and transport, keys and environments.

use super::stage::*;
use crate::outside::served;
use crate::support::{Project, Run};
use cnx::cloud::{Endpoint, Hosts, RateLimit, Wishes, endpoints, redact};
use cnx::diag::Diagnostics;
use cnx::emulator::Door;
use cnx::model::Ident;
use cnx::plan::Options;
use cnx::provider::cloudnexus;
use cnx::world::{ApiKey, Environment, RealFiles};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const SURFACES: [&str; 2] = ["compute", "platform"];

/// The origins that a run would speak to with these variables, and what is said about the keys.
fn reached(hosts: Hosts, urls: &[(&str, &str)], keys: &[(&str, &str)]) -> (BTreeMap<String, String>, Diagnostics) {
    reached_if(hosts, urls, keys, false)
}

fn reached_if(
    hosts: Hosts,
    urls: &[(&str, &str)],
    keys: &[(&str, &str)],
    allow_live_key: bool,
) -> (BTreeMap<String, String>, Diagnostics) {
    let wishes = Wishes {
        hosts,
        urls: urls.iter().map(|(name, url)| (Ident::new(name), (*url).to_owned())).collect(),
        requests_per_minute: None,
        max_wait: None,
        needed: SURFACES.iter().map(|name| Ident::new(name)).collect::<BTreeSet<_>>(),
        allow_live_key,
    };
    let variables = keys.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (found, told) = endpoints(cloudnexus(), &wishes, &Environment(variables.collect()), &RealFiles);
    let origins = found.into_iter().map(|endpoint| (endpoint.surface.to_string(), endpoint.origin));
    (origins.collect(), told)
}

pub fn l1() {
    let both = [("CLOUDNEXUS_API_KEY", LIVE_P)];
    let (own, _) = reached(Hosts::Production, &[], &both);
    assert_eq!(own["compute"], "https://api.cloudnexus.com");
    assert_eq!(own["platform"], "https://api.cloudnexus.io");
    for (setting, surface) in [("compute_url", "compute"), ("platform_url", "platform")] {
        let (other, _) = reached(Hosts::Production, &[(setting, "http://127.0.0.1:4999/v1")], &both);
        for name in SURFACES {
            let wanted = if name == surface { "http://127.0.0.1:4999" } else { &own[name] };
            assert_eq!(other[name], wanted, "{setting}");
        }
    }
    let stage = Stage::new();
    stage.settle(&format!("{}{}", server("web"), instance("jump")));
    let log = stage.log();
    for (path, door) in [("/v1/servers", Door::P), ("/v1/compute", Door::C)] {
        let own: Vec<_> = log.iter().filter(|entry| entry.target.starts_with(path)).collect();
        assert!(!own.is_empty() && own.iter().all(|entry| entry.door == door), "{path}");
    }
}

pub fn l2() {
    let keys = [("CLOUDNEXUS_API_KEY", "cnx_sk_test_admin0000000000000000")];
    let (sandbox, told) = reached(Hosts::Sandbox, &[], &keys);
    assert_eq!(sandbox["platform"], "https://api-sandbox.cloudnexus.io");
    assert_eq!(sandbox["compute"], "https://api.cloudnexus.com", "one host: the key decides there");
    assert!(told.is_empty(), "{}", words(&told));
}

pub fn l3() {
    let stage = Stage::new();
    stage.fault(json!({"effect": "add_unknown_member"}));
    stage.settle(&format!("{}{}{}", server("web"), instance("jump"), zone()));
    stage.settle(&sized_server("web", "standard-32", "eu-west-2"));
    let log = stage.log();
    assert!(log.iter().all(|entry| entry.target.starts_with("/v1/") && entry.status < 300), "{log:#?}");
    assert!(log.iter().any(|entry| entry.faults.iter().any(|name| name == "add_unknown_member")));
}

/// A project that takes the served emulator for production.
fn far(ports: cnx::emulator::Ports, program: &str) -> Project {
    let urls = format!(
        "provider cloudnexus {{\n  compute_url = \"http://127.0.0.1:{}/v1\"\n  platform_url = \"http://127.0.0.1:{}/v1\"\n}}\n",
        ports.compute, ports.platform
    );
    let far = "environment far { target = \"production\" }\n";
    Project::new(&[("main.cnx", &format!("{far}{urls}{program}"))])
}

fn run(project: &Project, arguments: &[&str]) -> Run {
    let mut command = project.command(arguments);
    command.env("CLOUDNEXUS_COMPUTE_API_KEY", LIVE_C).env("CLOUDNEXUS_PLATFORM_API_KEY", LIVE_P);
    Run::of(command.output().expect("cnx runs"))
}

pub fn l4() {
    let endpoint = |url: &str| Endpoint::new(&Ident::new("compute"), url, ApiKey::new("x"), RateLimit::Unlimited);
    for refused in ["http://api.cloudnexus.com/v1", "http://localhost/v1", "http://10.0.0.1/v1", "ftp://[::1]/v1"] {
        assert!(endpoint(refused).is_err(), "{refused}");
    }
    for taken in ["https://api.cloudnexus.com/v1", "http://127.0.0.1:4710/v1", "http://[::1]:4710/v1"] {
        assert!(endpoint(taken).is_ok(), "{taken}");
    }
    let served = served::serve(served::quick());
    let fault = json!({"effect": "redirect_foreign", "match": {"path": "/v1/servers*"}}).to_string();
    served.send("control", "POST", "/__emulator/faults", &fault);
    let project = far(served.ports, &server("web"));
    let told = run(&project, &["plan", "-e", "far", "--adopt", "exact", "-v"]);
    assert!(!told.all().contains("elsewhere.example"), "{}", told.all());
    told.says("/v1/servers?").says("-> 302");
    // What it tells of a write is nothing: that one stays open, after minutes.
    let stage = Stage::served(&[("platform", LIVE_P, RateLimit::Documented(100))], |_| {});
    stage.fault(serde_json::from_str(&fault).expect("JSON"));
    let (summary, told) = stage.apply(&server("web"));
    assert_eq!((summary.open, summary.failed), (1, 0), "{summary:?}");
    contains(&format!("{told:?}"), "redirect, which cnx does not follow");
}

pub fn l5() {
    let stage = Stage::new();
    stage.settle(&format!("{}{}", server("web"), zone()));
    stage.settle("");
    let sent = stage.sent();
    assert!(sent.iter().any(|request| request.body.is_empty()) && sent.iter().any(|request| !request.body.is_empty()));
    for request in sent {
        let shown = format!("{} {}", request.method.as_str(), request.target);
        assert_eq!(request.headers.get("Accept"), Some("application/json"), "{shown}");
        let wanted = if request.body.is_empty() { None } else { Some("application/json") };
        assert_eq!(request.headers.get("Content-Type"), wanted, "{shown}");
    }
}

pub fn l6() {
    let stage = Stage::new();
    for text in [server("web"), instance("web")] {
        let wrong = text.replace("region =", "datacenter =");
        let told = words(&stage.try_plan(&wrong).err().expect("a complaint"));
        contains(&told, "region");
        assert!(stage.log().is_empty(), "told before any request");
    }
    stage.settle(&format!("{}{}", server("web"), instance("jump")));
    for path in ["/servers", "/compute/instances"] {
        assert!(stage.asked("POST", path)[0].body["region"].is_string(), "{path}");
    }
}

pub fn l7() {
    for key in ["cn_live_sk_8f3a2b", "cn_test_4c3b2a", "cnx_sk_live_8f9d2a", "cnx_sk_test_admin", "something-else-1"] {
        let (found, told) = reached(Hosts::Production, &[], &[("CLOUDNEXUS_API_KEY", key)]);
        assert_eq!((found.len(), told.has_errors()), (2, false), "{key}: {}", words(&told));
        let hidden = redact(&format!("the key {key} is wrong"));
        assert_eq!(hidden.contains(key), key == "something-else-1", "{hidden}");
    }
    let strict = |surface: &str, key: &str| {
        let stage = Stage::served(&[(surface, key, RateLimit::Documented(100))], |_| {});
        stage.knob(json!({"auth.family": "strict"}));
        stage.list(if surface == "compute" { "compute_instance" } else { "server" })
    };
    assert!(strict("compute", LIVE_C).is_ok() && strict("platform", LIVE_P).is_ok());
    for (surface, key) in [("compute", LIVE_P), ("platform", LIVE_C)] {
        contains(&strict(surface, key).expect_err("another family"), "cnx::cloud::authentication");
    }
}

pub fn l8() {
    let keys = |key| [("CLOUDNEXUS_API_KEY", key)];
    let (found, told) = reached(Hosts::Sandbox, &[], &keys(LIVE_P));
    assert!(found.is_empty() && told.has_errors(), "refused before anything is sent");
    contains(&words(&told), "cnx::cloud::live_key_elsewhere");
    let (found, told) = reached_if(Hosts::Sandbox, &[], &keys(LIVE_P), true);
    assert_eq!((found.len(), told.has_errors()), (2, false), "{}", words(&told));
    let test = [
        ("CLOUDNEXUS_PLATFORM_API_KEY", "cnx_sk_test_admin0000000000000000"),
        ("CLOUDNEXUS_COMPUTE_API_KEY", "cn_test_4c3b2a190f8e7d6c5b4a3928"),
    ];
    let (found, told) = reached(Hosts::Production, &[], &test);
    assert_eq!((found.len(), told.has_errors(), told.0.len()), (2, false, 1), "one warning: {}", words(&told));
    contains(&words(&told), "cnx::cloud::test_key_on_production");
    contains(&words(&told), "api-sandbox.cloudnexus.io");
}

pub fn l9() {
    let served = served::serve(cnx::emulator::Config { auth: Default::default(), ..served::quick() });
    let knob = json!({"keys": [{"secret": "cnx_sk_live_onlyreads", "environment": "live", "permission": "read-only", "tier": "professional"}]});
    served.send("control", "PUT", "/__emulator/config", &knob.to_string());
    let project = far(served.ports, &server("web"));
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("CLOUDNEXUS_API_KEY", "cnx_sk_live_onlyreads");
        Run::of(command.output().expect("cnx runs"))
    };
    let planned = run(&["plan", "-e", "far"]);
    assert_eq!(planned.code, 0, "{}", planned.all());
    planned.says("1 to create");
    let applied = run(&["apply", "-e", "far", "--yes"]);
    assert_eq!(applied.code, 1, "{}", applied.all());
    applied.says("cnx::cloud::read_only_key");
    let (_, log) = served.send("control", "GET", "/__emulator/requests", "");
    let posts = log["requests"].as_array().expect("a log").iter().filter(|entry| entry["method"] == "POST");
    assert_eq!(posts.count(), 0, "refused up front");
}

const OURS: &str = "cnx_sk_live_ours000000000000000000";

/// A state with objects in two regions, and a key that sees both.
fn two_regions() -> (Stage, String) {
    let text = format!(
        "{}{}",
        sized_server("near", "standard-8", "eu-west-2"),
        sized_server("far", "standard-8", "us-east-1")
    );
    let stage = Stage::served(&[("platform", OURS, RateLimit::Documented(1000))], |_| {});
    let key = json!({"secret": OURS, "environment": "live", "permission": "admin", "tier": "professional"});
    stage.knob(json!({"keys": [key]}));
    stage.settle(&text);
    (stage, text)
}

/// The key sees one region only from now on.
fn blinded(stage: &mut Stage) {
    stage.knob(json!({"keys": [{
        "secret": OURS, "environment": "live", "permission": "scoped", "tier": "professional",
        "scopes": ["*"], "regions": ["eu-west-2"],
    }]}));
    stage.world.renew();
}

pub fn l10() {
    let (mut stage, text) = two_regions();
    blinded(&mut stage);
    let before = stage.log().len();
    let told = words(&stage.try_plan(&text).err().expect("hidden"));
    contains(&told, "cnx::plan::hidden: server.far");
    assert!(!told.contains("server.near"), "{told}");
    assert!(stage.log()[before..].iter().any(|entry| entry.status == 403), "it was asked for, and forbidden");
}

pub fn l11() {
    let (mut stage, text) = two_regions();
    let far = stage.id("server", "far");
    stage.drift(json!({"id": far.as_str(), "effect": "delete"}));
    assert_eq!(steps(&stage.plan(&text)), ["create server.far"], "an unrestricted key: gone is gone");
    blinded(&mut stage);
    let told = words(&stage.try_plan(&text).err().expect("hidden or gone"));
    contains(&told, "cnx::plan::hidden: server.far");
    contains(&told, "--assume-gone");
    let assumed =
        Options { assume_gone: vec![cnx::model::AddressPattern("server.far".to_owned())], ..Options::default() };
    let planned = stage.plan_with(&text, &assumed).unwrap_or_else(|found| panic!("{}", words(&found)));
    assert_eq!(steps(&planned), ["create server.far"]);
}

pub fn l12() {
    for (key, code) in [
        ("cnx_sk_test_expired00000000000000", "expired_api_key"),
        ("cnx_sk_test_revoked0000000000000", "invalid_api_key"),
        ("nobody", "invalid_api_key"),
    ] {
        let stage = Stage::served(&[("platform", key, RateLimit::Documented(100))], |_| {});
        let told = stage.list("server").expect_err("no such key");
        contains(&told, "cnx::cloud::authentication");
        contains(&told, code);
        assert_eq!(stage.log().len(), 1, "never tried again");
    }
    // In mid-run: everything stops, what is under way is left to the next run.
    let many: String = (0..30).map(|n| server(&format!("web_{n}"))).collect();
    let stage = Stage::with(|setting| setting.options.concurrency = 4);
    stage.fault(json!({"effect": {"revoke_after": {"n": 8}}}));
    let (summary, told) = stage.apply(&many);
    assert!(summary.skipped > 0 && summary.open + summary.failed > 0, "{summary:?}");
    let refused = stage.log().iter().filter(|entry| entry.status == 401).count();
    assert!(refused <= 8, "{refused} requests with a refused key\n{}", troubles(&told));
    let planned = {
        let stage = Stage::new();
        stage.settle(&server("web"));
        stage.fault(json!({"effect": {"revoke_after": {"n": 0}}}));
        words(&stage.try_plan(&server("web")).err().expect("no plan without a key"))
    };
    contains(&planned, "cnx::cloud::authentication");
}

pub fn l13() {
    let served = served::serve(served::quick());
    let project = far(served.ports, &server("web"));
    let mut said = String::new();
    for arguments in [
        &["plan", "-e", "far", "-o", "plan.json", "-v"][..],
        &["apply", "-e", "far", "--yes", "-v", "--json"],
        &["show", "-e", "far"],
        &["destroy", "-e", "far", "--yes", "-v"],
    ] {
        let told = run(&project, arguments);
        assert_eq!(told.code, 0, "{}", told.all());
        said.push_str(&told.all());
    }
    let mut folders = vec![project.path().to_path_buf()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                said.push_str(&String::from_utf8_lossy(&std::fs::read(path).expect("a file")));
            }
        }
    }
    assert!(files > 2, "state and plan were written");
    for key in [LIVE_C, LIVE_P] {
        assert!(!said.contains(key) && !said.contains(&key[12..]), "a key was told");
    }
    project.write(".config/cnx/credentials", &format!("CLOUDNEXUS_API_KEY = {LIVE_P}\n"));
    let told = Run::of(project.command(&["plan", "-e", "far"]).output().expect("cnx runs"));
    assert_eq!(told.code, 1, "{}", told.all());
    told.says("cnx::cloud::credentials_file").says("chmod 600");
}
