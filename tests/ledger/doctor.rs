//! `cnx doctor`: what it finds under every profile, and how its findings steer later runs.

use super::stage::*;
use crate::outside::served::{quick, serve};
use crate::support::{Project, Run};
use cnx::cloud::{Findings, Found};
use cnx::emulator::{Config, Profile};
use cnx::model::Ident;
use cnx::world::Clock;
use serde_json::json;
use std::time::Duration;

fn examined(stage: &Stage, writes: bool) -> Findings {
    let mut findings = Findings::default();
    for surface in ["compute", "platform"] {
        let found = stage.world.run(stage.world.client.examine(&Ident::new(surface), writes));
        findings.surfaces.insert(surface.to_owned(), found.expect("an answer"));
    }
    findings
}

fn platform(findings: &Findings) -> &Found {
    &findings.surfaces["platform"]
}

#[test]
fn each_profile_is_told() {
    for profile in PROFILES {
        let stage = Stage::of(profile);
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
        let before = stage.log().len();
        let findings = examined(&stage, false);
        assert!(stage.log()[before..].iter().all(|entry| entry.method == "GET"), "read-only");
        let is_full = profile == Profile::Full;
        for (name, found) in &findings.surfaces {
            let told = (found.profile(), found.single_reads, found.job_batches, found.jobs);
            let wanted = match profile {
                Profile::Full => ("full", Some(true), Some(true), Some(true)),
                Profile::Documented => ("documented", Some(false), Some(false), Some(true)),
                // A job that is not there and a route that is not there are answered alike: nothing is known.
                Profile::DocumentedNojobs => ("documented", Some(false), Some(false), None),
            };
            assert_eq!(told, wanted, "{profile:?} {name}");
            assert_eq!(found.account.is_some(), is_full);
            assert_eq!((found.idempotency, found.list_lag_ms), (None, None), "only by writing");
        }
        assert_eq!(findings.surfaces["compute"].page_size, Some(100));
        assert_eq!(platform(&findings).page_size, Some(50));
    }
}

#[test]
fn writing_tells_of_idempotency_and_lag() {
    for honoured in [true, false] {
        let stage = Stage::new();
        stage.knob(json!({"idempotency": if honoured { "on" } else { "ignore" }}));
        stage.fault(json!({"effect": {"list_lag": {"seconds": 8}}, "match": {"path": "/v1/ssh_keys"}}));
        stage.fault(json!({"effect": {"clock_skew": {"seconds": 300}}}));
        let findings = examined(&stage, true);
        let found = platform(&findings);
        assert_eq!(found.idempotency, Some(honoured));
        let lag = found.list_lag_ms.expect("measured");
        assert!((7_000..11_000).contains(&lag), "{lag}");
        assert_eq!(findings.settle_window(), Some(Duration::from_millis(60_000 + 2 * lag.unsigned_abs())));
        let skew = found.clock_skew_ms.expect("told by Date");
        assert!((298_000..302_000).contains(&skew), "{skew}");
        assert_eq!(stage.list_anyway("ssh_key"), 0, "nothing is left behind");
    }
}

/// What a killed examination left is found by its form and deleted by the next one; what only looks alike stays.
#[test]
fn what_an_examination_left_behind_is_deleted_by_the_next() {
    let stage = Stage::new();
    stage.fault(json!({"effect": {"status": {"status": 500}}, "match": {"method": "DELETE"}}));
    let found = platform(&examined(&stage, true)).clone();
    assert_eq!((found.left.len(), found.swept), (1, 0), "one object under one key, and no way to delete it");
    assert_eq!(stage.list_anyway("ssh_key"), 1);
    let alike = "ssh_key mine {\n  name = \"cnx-doctor\"\n  public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8lbcI7Zgh8xY4mNT1o5jQ2Wf1FMqU3cVdPzQH0aSbE\"\n}\n";
    stage.settle(alike);
    let found = platform(&examined(&stage, false)).clone();
    assert_eq!((found.swept, stage.list_anyway("ssh_key")), (0, 2), "reading deletes nothing");
    let found = platform(&examined(&stage, true)).clone();
    assert_eq!((found.left.len(), found.swept), (0, 1));
    assert_eq!(stage.list("ssh_key").expect("a list"), [stage.id("ssh_key", "mine").to_string()]);
}

/// Interrupted while a lagging list hides what was made: it is deleted by its id.
#[test]
fn an_interrupted_examination_takes_back_what_it_made() {
    let stage = Stage::new();
    stage.fault(json!({"effect": {"list_lag": {"seconds": 1000}}, "match": {"path": "/v1/ssh_keys"}}));
    let surface = Ident::new("platform");
    let client = &stage.world.client;
    let swept = stage.world.run(async {
        let examination = Box::pin(client.examine(&surface, true));
        let interrupted = futures::future::select(examination, stage.world.clock.sleep(Duration::from_secs(5))).await;
        assert!(matches!(interrupted, futures::future::Either::Right(_)), "it waits for the list");
        client.sweep(&surface).await
    });
    assert_eq!(swept, Ok(1));
    assert_eq!(stage.list_anyway("ssh_key"), 0);
}

/// A key for other things hides a list; the rest is told. Where the list is not there it is another API.
#[test]
fn a_key_for_other_things_and_a_stranger_are_told_apart() {
    let stage = Stage::new();
    stage
        .fault(json!({"effect": {"status": {"status": 403}}, "match": {"path": "/v1/compute/instances*"}, "times": 1}));
    let found = examined(&stage, false);
    assert_eq!(found.surfaces["compute"].page_size, None);
    assert!(found.surfaces["compute"].account.is_some());
    stage.fault(json!({"effect": {"status": {"status": 403}}, "match": {"method": "POST"}}));
    let found = platform(&examined(&stage, true)).clone();
    assert!(found.untried.is_some_and(|why| why.contains("status 403")) && found.idempotency.is_none());
    stage.fault(json!({"effect": {"status": {"status": 404}}, "match": {"path": "/v1/servers"}}));
    let told = stage.world.run(client_of(&stage).examine(&Ident::new("platform"), false)).expect_err("another API");
    contains(&told.diagnostic().message, "is no CloudNexus: GET /servers was answered with 404");
}

fn client_of(stage: &Stage) -> &cnx::cloud::Client {
    &stage.world.client
}

#[test]
fn findings_steer_the_client() {
    // No single reads: no probe, lists from the start.
    let mut stage = Stage::of(Profile::Documented);
    stage.settle(&server("web"));
    let findings = examined(&stage, false);
    stage.world.renew();
    stage.world.client.steer(&findings);
    let before = stage.log().len();
    stage.drift(json!({"id": stage.id("server", "web").as_str(), "effect": "delete"}));
    assert_eq!(steps(&stage.plan(&server("web"))), ["create server.web"]);
    assert!(stage.log()[before..].iter().all(|entry| !entry.target.contains("/srv_")), "no probe");
    // Found elsewhere: it says nothing here.
    let mut elsewhere = findings.clone();
    elsewhere.surfaces.values_mut().for_each(|found| found.url = "https://elsewhere.example/v1".to_owned());
    stage.world.renew();
    stage.world.client.steer(&elsewhere);
    let before = stage.log().len();
    stage.plan(&server("web"));
    assert!(stage.log()[before..].iter().any(|entry| entry.target.contains("/srv_")), "asked for itself");
}

/// An unknown outcome is settled by the same request again where keys are honoured, and only there.
#[test]
fn an_honoured_key_settles_what_is_unclear() {
    for honoured in [true, false] {
        let mut stage = Stage::new();
        let mut findings = examined(&stage, true);
        assert_eq!(platform(&findings).idempotency, Some(true));
        findings.surfaces.values_mut().for_each(|found| found.idempotency = Some(honoured));
        stage.world.renew();
        stage.world.client.steer(&findings);
        stage.fault(json!({"effect": "reset_after", "match": {"method": "POST", "path": "/v1/servers"}, "times": 2}));
        let (summary, told) = stage.apply(&server("web"));
        assert_eq!(summary.created, 1, "{}", troubles(&told));
        let posts = stage.asked("POST", "/servers");
        assert_eq!(posts.len(), if honoured { 3 } else { 1 });
        let keys: std::collections::BTreeSet<_> = posts.iter().map(|entry| entry.idempotency_key.clone()).collect();
        assert_eq!(keys.len(), 1, "one key for all");
        assert!(posts.iter().all(|entry| entry.body == posts[0].body), "and the same bytes");
        assert_eq!(stage.list_anyway("server"), 1, "nothing twice");
    }
}

#[test]
fn the_command_tells_people_and_machines() {
    let project = Project::new(&[("main.cnx", &format!("{}{}", server("web"), zone()))]);
    project.ok(&["doctor"]).says("single reads").says("idempotency keys").says("unknown");
    project.ok(&["apply", "--yes"]);
    let told = project.ok(&["doctor", "--write", "--json"]);
    let told: serde_json::Value = serde_json::from_str(told.stdout.trim()).expect("one object");
    assert_eq!((&told["format"], &told["version"]), (&json!("cnx-doctor"), &json!(1)));
    let found = &told["surfaces"]["platform"];
    assert_eq!(
        (&found["profile"], &found["idempotency"], &found["single_reads"]),
        (&json!("full"), &json!(true), &json!(true))
    );
    let kept = std::fs::read_to_string(project.path().join(".cnx/state/default.findings.json")).expect("kept");
    contains(&kept, "cnx-findings");
    project.ok(&["plan"]).says("No changes");
    // Damaged, or of a newer cnx: as if it were not there.
    project.write(".cnx/state/default.findings.json", "{\"format\":\"cnx-findings\",\"version\":9}");
    project.ok(&["plan"]).says("No changes");
}

/// Without a project: the emulator inside cnx, or the cloud that the options name; nothing is left on this machine.
#[test]
fn a_cloud_is_examined_without_a_project() {
    let project = Project::new(&[]);
    let inside = project.ok(&["doctor", "--write"]);
    inside.says("There is no program here").says("idempotency keys").says("Kept nowhere");
    assert_eq!(std::fs::read_dir(project.path()).expect("the folder").count(), 0, "nothing is left");
    let served = serve(Config { profile: Profile::DocumentedNojobs, ..quick() });
    let url = |port: u16| format!("http://127.0.0.1:{port}/v1");
    let (compute, platform) = (url(served.ports.compute), url(served.ports.platform));
    let run = |key: &str, arguments: &[&str]| {
        let mut command = project.command(&[&["doctor"], arguments].concat());
        let ran = Run::of(command.env("CLOUDNEXUS_API_KEY", key).output().expect("cnx runs"));
        assert!(!ran.all().contains(key), "the key is told: {}", ran.all());
        ran
    };
    let both = run(LIVE_P, &["--compute-url", &compute, "--platform-url", &platform]);
    assert_eq!(both.code, 0, "{}", both.all());
    both.says("compute").says("Reading can't tell whether a job").says("1000");
    let one = run(LIVE_P, &["--platform-url", &platform, "--json"]);
    assert!(!one.stderr.contains("cloudnexus.com"), "{}", one.stderr);
    let told: serde_json::Value = serde_json::from_str(one.stdout.trim()).expect("one object");
    let surfaces: Vec<&str> = told["surfaces"].as_object().expect("surfaces").keys().map(String::as_str).collect();
    assert_eq!((one.code, surfaces), (0, vec!["platform"]), "nothing is asked elsewhere");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let stranger = url(served.ports.control);
    let wrong: [(&str, &str, &str); 4] = [
        ("cnx_sk_live_wrong", &platform, "cnx::cloud::authentication"),
        (LIVE_P, &url(nobody.port()), "cnx::cloud::unreachable"),
        (LIVE_P, &stranger, "is no CloudNexus"),
        (LIVE_P, "http://example.com/v1", "cnx::cloud::bad_url"),
    ];
    for (key, url, code) in wrong {
        let ran = run(key, &["--platform-url", url]);
        assert_eq!(ran.code, 1, "{url}: {}", ran.all());
        ran.says(code);
    }
    let mixed = run(LIVE_P, &["--target", "local", "--platform-url", &platform]);
    assert_eq!(mixed.code, 1);
    mixed.says("has no URL");
    assert_eq!(project.run(&["doctor", "-e", "nowhere"]).code, 1, "an environment needs a program");
}
