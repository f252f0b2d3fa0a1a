//! What holds for servers holds for every kind, every source and every write: secrets that the API sends along, links in
//! lists, jobs elsewhere, answers that are too much.

use super::canary::files;
use super::listener::{Cloud, Heard, Listener, answer, changed, pass, quick};
use super::origin::{client, create};
use super::programs::{ok, project, run};
use crate::kill::world;
use crate::support::holds;
use cnx::cloud::{Call, Outcome, Verb};
use cnx::model::http::Response;
use cnx::model::{Attributes, Ident, RemoteId, Value as Worth};
use cnx::provider::cloudnexus;
use cnx::world::block_on;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What the sweeps apply, and one of each other kind, each source, each action.
fn program() -> String {
    format!("{}{OTHER_KINDS}", world::PROGRAM)
}

const OTHER_KINDS: &str = r#"
snapshot copy {
  source_id = compute_instance.jump.id
}

database main {
  name          = "main"
  engine        = "postgresql"
  region        = "us-east-1"
  tier          = "production-high"
  read_replicas = 1
}

cdn_zone shop {
  domain     = "shop.example.com"
  origin_url = "https://origin.example.com"
}

cdn_routing_rule all {
  zone_id  = cdn_zone.shop.id
  name     = "all"
  priority = 1
  match    = { path = "/*" }
  action   = { type = "cache", ttl_seconds = 60 }
}

action cdn_purge shop {
  zone_id = cdn_zone.shop.id
  paths   = ["/*"]
  lifecycle { triggers = [cdn_routing_rule.all] }
}

data regions all {}
data instance_types all {}
data plans all {}
data images all {}
data account mine {}
data cdn_analytics shop { zone_id = cdn_zone.shop.id }

output listens = database.main.endpoint
"#;

const KINDS: [&str; 7] =
    ["cdn_routing_rule", "cdn_zone", "compute_instance", "database", "server", "snapshot", "ssh_key"];

/// What an API might send along with any object, in each form.
const SENT: [&str; 12] = [
    "root_password",
    "password",
    "admin_password",
    "initial_credentials",
    "connection_string",
    "connection_uri",
    "private_key",
    "api_key",
    "token",
    "secret",
    "user_data",
    "console_url",
];

/// In every object of an answer, at every depth: as a text, within a text, as a member's name, encoded.
fn add_secrets(value: &mut Value, secret: &str) {
    use base64::Engine;
    let coded = base64::engine::general_purpose::STANDARD.encode(secret);
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                // The keys of a map of tags are the user's own.
                if name != "tags" {
                    add_secrets(member, secret);
                }
            }
            for (at, name) in SENT.iter().enumerate() {
                let said = match at % 4 {
                    0 => json!(secret),
                    1 => json!(format!("postgres://admin:{percent}@db.example/{coded}")),
                    2 => json!({"value": secret, secret: [secret, coded]}),
                    _ => json!([[{"inner": secret}]]),
                };
                members.insert((*name).to_owned(), said);
            }
            members.insert(format!("x-{secret}"), json!(1));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_secrets(item, secret)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn secrets_that_come_along_with_any_kind_are_kept_nowhere() {
    const SECRET: &str = "hunter2/of+the \"root\" user&7Qm3";
    let cloud = Cloud::new(quick(Vec::new()), |_, response: Response| {
        let mut answered = response;
        answered.headers.push("X-Root-Password", SECRET);
        answered.headers.push("Set-Cookie", format!("session={SECRET}"));
        changed(&answered, |value| add_secrets(value, SECRET))
    });
    let project = project(&cloud, &program());
    for arguments in [
        &["plan", "-o", "plan.json", "-v"][..],
        &["plan", "--json"],
        &["apply", "--yes", "-v", "--trace", "trace.jsonl"],
        &["apply", "--yes", "--json", "--verify"],
        &["plan", "-v", "--trace", "trace2.jsonl"],
        &["show"],
        &["show", "--json"],
        &["output"],
        &["output", "--json"],
        &["state", "show", "*"],
        &["state", "show", "*", "--json"],
        &["state", "export", "copy.json"],
        &["state", "history", "--entries", "--json"],
        &["drift"],
        &["drift", "--json"],
        &["why", "database.main", "--json"],
        &["graph"],
        &["run", "server.web", "reboot", "--yes", "-v"],
        &["doctor", "-v"],
        &["destroy", "--yes", "-v", "--allow-destroy", "*"],
    ] {
        let said = run(&project, arguments);
        assert!(!holds(said.all().as_bytes(), SECRET), "cnx {}\n{}", arguments.join(" "), said.all());
        if arguments[0] == "apply" || arguments[0] == "destroy" {
            assert_eq!(said.code, 0, "{}", said.all());
        }
    }
    for (name, bytes) in files(project.path()) {
        assert!(!holds(&bytes, SECRET), "{name}");
    }
    let made: BTreeSet<String> =
        cloud.writes().iter().map(|heard| format!("{} {}", heard.method, heard.target)).collect();
    for path in ["servers", "compute/instances", "databases", "cdn/zones", "snapshots", "ssh_keys"] {
        assert!(made.contains(&format!("POST /v1/{path}")) || path == "snapshots", "{path}: {made:#?}");
    }
    assert!(made.iter().any(|line| line.starts_with("DELETE /v1/databases/")), "{made:#?}");
}

/// Every member that might be taken for the way to the next page, and a header.
fn lead_on(response: &Response, link: &str) -> Vec<u8> {
    let mut answered = response.clone();
    answered.headers.push("Link", format!("<{link}>; rel=\"next\""));
    changed(&answered, |value| {
        if !value["data"].is_array() {
            return;
        }
        let tail = if value["pagination"].is_object() { "pagination" } else { "meta" };
        for name in ["next_page", "next", "next_url", "next_page_url"] {
            value[tail][name] = json!(link);
            value[name] = json!(link);
        }
        value[tail]["links"] = json!({"next": link});
        value["links"] = json!({"next": link, "pages": {"next": link}});
        value["_links"] = json!({"next": {"href": link}});
    })
}

#[test]
fn no_list_of_any_kind_leads_elsewhere() {
    let evil = Listener::forbidden();
    for link in [
        "http://127.0.0.1:EVIL/v1/x?page=2",
        "//127.0.0.1:EVIL/v1/x?cursor=2",
        "@127.0.0.1:EVIL/?page=2",
        "\\\\127.0.0.1:EVIL?page=2",
    ] {
        let link = link.replace("EVIL", &evil.port.to_string());
        let leads = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let cloud = Cloud::new(quick(Vec::new()), {
            let leads = std::sync::Arc::clone(&leads);
            move |heard: &Heard, response| {
                let is_led = leads.load(std::sync::atomic::Ordering::SeqCst) && heard.method == "GET";
                if is_led { lead_on(&response, &link) } else { pass(&response) }
            }
        });
        let project = project(&cloud, &program());
        ok(&project, &["apply", "--yes"]);
        leads.store(true, std::sync::atomic::Ordering::SeqCst);
        let before = [cloud.platform.heard().len(), cloud.compute.heard().len()];
        for arguments in [&["plan"][..], &["plan", "--adopt", "exact"], &["drift"], &["doctor"], &["apply", "--yes"]] {
            let said = run(&project, arguments);
            assert!(!said.all().contains("cnx is broken"), "{}", said.all());
        }
        // Asked for one by one, whatever a command stops at.
        let over = |url: &str| client(url);
        for kind in KINDS {
            let of = cloudnexus().kind(&Ident::new(kind)).expect("a kind");
            let zone = "zone_id".to_owned();
            let parent: Attributes = of.parent.iter().map(|_| (Ident::new(&zone), Worth::string("zone_1"))).collect();
            for url in [cloud.platform.url(), cloud.compute.url()] {
                // Whether it is a list or a complaint: it came from home.
                drop(block_on(over(&url).list(&Ident::new(kind), &parent)).expect("a runtime"));
            }
        }
        let since = [&cloud.platform.heard()[before[0]..], &cloud.compute.heard()[before[1]..]].concat();
        let asked: BTreeSet<String> = since
            .iter()
            .map(|heard| {
                let home = [cloud.platform.port, cloud.compute.port].map(|port| format!("127.0.0.1:{port}"));
                assert!(home.iter().any(|own| heard.header("host") == Some(own)), "{heard:?}");
                heard.target.split('?').next().unwrap_or("").to_owned()
            })
            .collect();
        for path in ["servers", "compute/instances", "databases", "cdn/zones", "ssh_keys"] {
            assert!(asked.contains(&format!("/v1/{path}")), "{path} was never listed: {asked:#?}");
        }
        assert!(asked.iter().all(|path| path.starts_with("/v1/")), "{asked:#?}");
    }
    assert!(evil.heard().is_empty(), "{:?}", evil.heard());
}

#[test]
fn no_job_of_any_write_is_asked_for_elsewhere() {
    let evil = Listener::forbidden();
    let port = evil.port;
    let cloud = Cloud::new(quick(Vec::new()), move |heard, response| {
        if heard.method == "GET" {
            return pass(&response);
        }
        let job = serde_json::from_slice::<Value>(&response.body).unwrap_or(Value::Null)["job_id"].clone();
        let mut moved = response;
        moved.headers.0.retain(|(name, _)| !name.eq_ignore_ascii_case("location"));
        moved.headers.push("Location", format!("http://127.0.0.1:{port}/v1/jobs/{}", job.as_str().unwrap_or("job_1")));
        moved.headers.push("Content-Location", format!("//127.0.0.1:{port}/"));
        moved.headers.push("Refresh", format!("0; url=http://127.0.0.1:{port}/"));
        changed(&moved, |value| drop(value.as_object_mut().and_then(|members| members.remove("job_id"))))
    });
    let project = project(&cloud, &program());
    ok(&project, &["apply", "--yes"]);
    project.edit("main.cnx", "standard-8", "standard-16");
    project.edit("main.cnx", "read_replicas = 1", "read_replicas = 2");
    project.edit("main.cnx", "ttl_seconds = 60", "ttl_seconds = 90");
    project.edit("main.cnx", "\"standard-2x4\"", "\"standard-4x8\"");
    ok(&project, &["apply", "--yes"]);
    ok(&project, &["run", "server.web", "reboot", "--yes"]);
    ok(&project, &["destroy", "--yes", "--allow-destroy", "*"]);
    let methods: BTreeSet<String> = cloud.writes().into_iter().map(|heard| heard.method).collect();
    assert!(["DELETE", "PATCH", "POST"].iter().all(|method| methods.contains(*method)), "{methods:?}");
    assert!(evil.heard().is_empty(), "{:?}", evil.heard());
}

/// One of each write.
pub fn writes() -> Vec<Call> {
    let id = || Some(RemoteId::new("srv_1"));
    let update = |name: &str| Call { verb: Verb::Update(Ident::new(name)), id: id(), ..create() };
    let run = Call {
        kind: Ident::new("reboot"),
        verb: Verb::Run,
        attributes: Attributes::from([(Ident::new("machine"), Worth::string("srv_1"))]),
        ..create()
    };
    vec![create(), update("patch"), update("resize"), Call { verb: Verb::Delete, id: id(), ..create() }, run]
}

/// A write whose answer is too much may have been carried out: it is unknown, in time, and not sent again.
#[test]
fn no_write_is_upset_by_a_bomb() {
    let deep = format!("{{\"data\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000)).into_bytes();
    let wide = format!("{{\"data\":[{}1]}}", "1,".repeat(3_000_000)).into_bytes();
    let huge = vec![b' '; 20 << 20];
    let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1][..], &[0; 1 << 16]].concat();
    let number = [b"{\"job_id\":".to_vec(), vec![b'9'; 5_000_000], b"}".to_vec()].concat();
    let bombs = [
        ("huge", &huge, ""),
        ("deep", &deep, ""),
        ("wide", &wide, ""),
        ("packed", &packed, "gzip"),
        ("number", &number, ""),
    ];
    for (name, body, coding) in bombs {
        for status in [200, 202, 409, 500] {
            for call in writes() {
                let body = body.clone();
                let home = Listener::saying(move |_| {
                    let headers: &[(&str, &str)] =
                        if coding.is_empty() { &[] } else { &[("content-encoding", coding)] };
                    answer(status, headers, &body)
                });
                let began = Instant::now();
                let outcome = block_on(client(&home.url()).call(&call)).expect("a runtime");
                let is_unclear = matches!(outcome, Outcome::Unknown { .. });
                // An answer of success without a job: a deletion or an update may be through.
                let is_through = matches!(&outcome, Outcome::Accepted(accepted) if accepted.object.is_none());
                let makes = call.verb == Verb::Create;
                assert!(is_unclear || is_through && !makes, "{name} {status} {:?}: {outcome:?}", call.verb);
                assert_eq!(home.heard().len(), 1, "{name} {status} {:?}: sent again", call.verb);
                assert!(began.elapsed() < Duration::from_secs(20), "{name} {status}: {:?}", began.elapsed());
            }
        }
    }
}
