//! L24 to L38: compute instances and servers, and what the answers leave out.

use super::stage::*;
use cnx::emulator::{Config, Profile};
use cnx::model::{Ident, Value};
use cnx::plan::DriftHandling;
use serde_json::json;

pub fn l24() {
    let stage = Stage::new();
    let both = format!("{}{}", server("web"), instance("web"));
    stage.settle(&both);
    let (own, other) = (stage.id("server", "web"), stage.id("compute_instance", "web"));
    assert!(own.as_str().starts_with("srv_") && other.as_str().starts_with("inst_"));
    assert_eq!(stage.asked("POST", "/servers").len() + stage.asked("POST", "/compute/instances").len(), 2);
    // An id of the one is none of the other.
    let wrong = format!("{}import compute_instance.two = \"{own}\"\n", instance("two"));
    contains(&words(&stage.try_plan(&wrong).err().expect("no such instance")), "cnx::program::wrong_id");
}

pub fn l25() {
    let stage = Stage::new();
    let wrong = |text: String| words(&stage.try_plan(&text).err().expect("a complaint"));
    contains(&wrong(server("web").replace("plan =", "type =")), "`plan`");
    contains(&wrong(instance("jump").replace("type =", "plan =")), "`type`");
    assert!(stage.log().is_empty());
    stage.settle(&format!("{}{}", server("web"), instance("jump")));
    assert!(stage.asked("POST", "/servers")[0].body.get("type").is_none());
    assert!(stage.asked("POST", "/compute/instances")[0].body.get("plan").is_none());
}

/// What `cnx check` would say of a text.
fn checked(text: &str) -> String {
    let mut sources = cnx::model::SourceMap::default();
    let file = sources.add("main.cnx", text);
    let parsed = cnx::syntax::parse(file, text);
    let (_, found) = cnx::program::check(&[parsed.ast], cnx::provider::cloudnexus());
    assert!(!found.has_errors(), "{}", words(&found));
    words(&found)
}

pub fn l26() {
    for size in ["standard-2x4", "compute-8x16", "memory-4x32", "standard-4x8", "quantum-1x1"] {
        assert_eq!(checked(&sized_instance("jump", size)), "", "{size}");
    }
    contains(&checked(&sized_instance("jump", "huge")), "huge");
    for size in ["compute-8x16", "memory-4x32", "standard-4x8"] {
        Stage::new().settle(&sized_instance("jump", size));
    }
}

pub fn l27() {
    let stage = Stage::new();
    let text = sized_server("web", "standard-16", "us-east-1");
    let planned = stage.plan(&format!("{text}output ram = server.web.specs.ram_gb\n"));
    let ram = planned.plan.outputs[0].after.clone().expect("an output");
    assert!(!ram.is_known(), "never computed: {ram:?}");
    // What the API says counts, whatever the name of the plan.
    stage.tamper(|_, answer| {
        rewrite(answer, |body| {
            if let Some(specs) = body["data"].get_mut("specs") {
                specs["ram_gb"] = json!(17);
            }
        });
    });
    let (summary, told) = stage.apply(&format!("{text}output ram = server.web.specs.ram_gb\n"));
    assert_eq!(summary.failed + summary.open, 0, "{}", troubles(&told));
    assert_eq!(stage.snapshot().outputs[&Ident::new("ram")].value, Value::int(17));
}

pub fn l28() {
    let keyed = "ssh_key deploy {\n  name = \"deploy\"\n  public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8p5nIu0vQGkQnZ1tQ0bq0mVv3l0x1sYVqXH0aR2p7d\"\n}\n";
    let text = format!("{}{keyed}", with(&server("web"), "ssh_keys = [ssh_key.deploy.id]\n  auto_backup = true"));
    let stage = Stage::new();
    stage.settle(&format!("{text}{}", with(&instance("jump"), "tags = { team = \"ops\" }")));
    // From now on the answers leave out what no document shows.
    stage.tamper(|_, answer| {
        rewrite(answer, |body| {
            let hide = |item: &mut serde_json::Value| {
                for name in ["plan", "image", "ssh_keys", "auto_backup", "tags", "updated_at", "current_job_id"] {
                    item.as_object_mut().map(|item| item.remove(name));
                }
            };
            match body.get_mut("data") {
                Some(serde_json::Value::Array(items)) => items.iter_mut().for_each(hide),
                Some(item) => hide(item),
                None => {}
            }
        });
    });
    let text = format!("{text}{}", with(&instance("jump"), "tags = { team = \"ops\" }"));
    let planned = stage.plan(&text);
    assert!(
        steps(&planned).is_empty() && planned.plan.drift.is_empty(),
        "hidden is not removed: {:?}",
        planned.plan.drift
    );
    // The specs betray another plan; what is hidden altogether stays unknown.
    let web = stage.id("server", "web");
    stage.drift(json!({"id": web.as_str(), "effect": "mutate", "member": "plan", "value": "standard-32"}));
    let planned = stage.plan(&text);
    assert_eq!(steps(&planned), ["resize server.web"]);
    assert_eq!(planned.plan.drift[0].handling, DriftHandling::Reverted);
    // Changing what is hidden is still a change.
    let planned = stage.plan(&text.replace("auto_backup = true", "auto_backup = false"));
    assert_eq!(steps(&planned), ["patch+resize server.web"]);
}

pub fn l29() {
    let stage = Stage::new();
    let told = words(&stage.try_plan(&with(&server("web"), "tags = { a = \"b\" }")).err().expect("no tags here"));
    contains(&told, "tags");
    stage.settle(&server("web"));
    assert!(stage.asked("POST", "/servers")[0].body.get("tags").is_none());
    assert!(stage.asked("POST", "/servers")[0].status < 300);
    assert_eq!(stage.snapshot().ids.len(), 1, "the state knows whose it is");
}

pub fn l30() {
    let stage = Stage::new();
    let long = server("web").replace("ubuntu-22.04", "ubuntu-22.04-lts");
    let both = format!("{}{}", long, instance("jump").replace("debian-12", "ubuntu-22.04"));
    stage.settle(&both);
    let other = format!("{}{}", server("web"), instance("jump").replace("debian-12", "ubuntu-22.04-lts"));
    let planned = stage.plan(&other);
    assert!(steps(&planned).iter().all(|step| step.starts_with("note")), "{:?}", steps(&planned));
    let newer = server("web").replace("ubuntu-22.04", "ubuntu-24.04");
    assert!(steps(&stage.plan(&newer)).contains(&"create server.web".to_owned()), "another release is another image");
}

pub fn l31() {
    let stage = Stage::new();
    let text = format!(
        "{}snapshot golden {{\n  source_id = server.web.id\n}}\n{}",
        server("web"),
        server("copy").replace("\"ubuntu-22.04\"", "snapshot.golden.id")
    );
    stage.settle(&text);
    let image =
        stage.asked("POST", "/servers").into_iter().find(|entry| entry.body["name"] == "copy").expect("a create");
    assert_eq!(image.body["image"].as_str(), Some(stage.id("snapshot", "golden").as_str()));
}

pub fn l32() {
    let stage = Stage::new();
    stage.settle(&format!("{}{}", sized_instance("iron", "metal-16x64"), sized_instance("box", "container-1x2")));
    for entry in stage.asked("POST", "/compute/instances") {
        assert!(entry.body.get("kind").is_none() && entry.body["type"].is_string(), "{}", entry.body);
    }
}

pub fn l33() {
    for (seconds, at_least, at_most) in [(0, 0, 10), (20, 20, 40), (500, 500, 530)] {
        let stage = Stage::new();
        stage.knob(json!({"delays.server.create": seconds, "delays.instance.create": seconds}));
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
        let took = stage.elapsed();
        assert!(took >= at_least && took <= at_most, "{seconds} s took {took} s");
    }
    // `running` in the answer to the create, and no job at all.
    let stage = Stage::new();
    stage.knob(json!({"delays.server.create": 0}));
    stage.tamper(|request, answer| {
        if request.method.as_str() == "POST" {
            answer.headers.0.retain(|(name, _)| name != "Location");
            rewrite(answer, |body| {
                body.as_object_mut().map(|body| body.remove("job_id"));
                body["data"]["status"] = json!("running");
                body["data"]["ipv4"] = json!("192.168.7.7");
                body["data"]["current_job_id"] = json!(null);
            });
        }
    });
    stage.settle(&server("web"));
    assert!(stage.log().iter().all(|entry| !entry.target.contains("/jobs")), "nothing to wait for");
}

pub fn l34() {
    let stage = Stage::new();
    stage.fault(json!({"effect": "ipv4_null", "match": {"method": "POST"}}));
    let text = format!("{}{}output address = server.web.ipv4\n", server("web"), instance("jump"));
    stage.settle(&text);
    let address = stage.snapshot().outputs[&Ident::new("address")].value.clone();
    assert!(address.as_str().expect("an address").starts_with("192.168."), "a private one is an address: {address:?}");
    assert!(text_of(&stage.record("compute_instance", "jump"), "ipv4").expect("one").starts_with("198.51.100."));
    // Null or left out for good: no failure either.
    for effect in [json!("ipv4_null"), json!({"drop_member": {"path": "data.ipv4"}})] {
        let stage = Stage::new();
        stage.fault(json!({"effect": effect}));
        let (summary, told) = stage.apply(&server("web"));
        assert_eq!(summary.created, 1, "{}", troubles(&told));
    }
}

pub fn l35() {
    // A word that nobody knows: on its way, until it is one that is known.
    let stage = Stage::new();
    stage.knob(json!({"delays.server.create": 0}));
    stage.fault(json!({"effect": "unknown_status", "match": {"method": "GET", "path": "/v1/servers/*"}, "times": 3}));
    stage.settle(&server("web"));
    assert!(stage.asked("GET", &format!("/servers/{}", stage.id("server", "web"))).len() >= 4);
    // For ever: the timeout ends it, and the object stays known.
    let stage = Stage::new();
    stage.fault(json!({"effect": "unknown_status", "match": {"method": "GET"}}));
    let (summary, told) = stage.apply(&server("web"));
    assert_eq!(summary.open, 1, "{}", troubles(&told));
    contains(&troubles(&told), "longer than its timeout");
    assert!((600..1200).contains(&stage.elapsed()), "{}", stage.elapsed());
    assert_eq!(stage.snapshot().open.len(), 1);
    // `failed` is the end.
    let stage = Stage::new();
    stage.fault(json!({"effect": "job_fail", "match": {"method": "POST"}}));
    let (summary, told) = stage.apply(&server("web"));
    assert_eq!((summary.failed, summary.open), (1, 0), "{}", troubles(&told));
    assert!(stage.elapsed() < 120);
    // In the documented profile the failed object vanishes.
    let stage = Stage::of(Profile::Documented);
    stage.fault(json!({"effect": "job_fail", "match": {"method": "POST"}}));
    let (summary, told) = stage.apply(&server("web"));
    assert_eq!((summary.failed, summary.open), (1, 0), "{}", troubles(&told));
}

pub fn l36() {
    let stage = Stage::with(|setting| setting.config.fixtures = cnx::emulator::Fixtures::Documented);
    let ids = stage.list("server").expect("a list");
    let lengths: std::collections::BTreeSet<usize> = ids.iter().map(String::len).collect();
    assert!(lengths.len() > 1 && ids.contains(&"srv_9x9y2z".to_owned()), "{lengths:?}");
    let odd = cnx::model::RemoteId::new("srv_9x9y2z");
    let found = stage.world.run(stage.world.client.presence(&Ident::new("server"), &odd, &Default::default()));
    let cnx::cloud::Presence::Present(found) = found.expect("an answer") else { panic!("there is one") };
    let text = |name: &str| found.attributes[&Ident::new(name)].as_str().expect("a text").to_owned();
    let own = format!(
        "server odd {{\n  name = \"{}\"\n  plan = \"{}\"\n  region = \"{}\"\n  image = \"{}\"\n  desired_status = \"{}\"\n  lifecycle {{ ignore = [\"ssh_keys\", \"auto_backup\"] }}\n}}\nimport server.odd = \"srv_9x9y2z\"\n",
        text("name"),
        text("plan"),
        text("region"),
        text("image"),
        text("status"),
    );
    assert_eq!(steps(&stage.plan(&own)), ["adopt server.odd"]);
}

pub fn l37() {
    let twins = format!("{}{}", server("one"), server("two").replace("\"two\"", "\"one\""));
    let stage = Stage::new();
    stage.settle(&twins);
    assert_ne!(stage.id("server", "one"), stage.id("server", "two"), "two of one name are legal");
    let stage = Stage::with(|setting| {
        setting.config = Config { names: cnx::emulator::Names { unique: true }, ..setting.config.clone() }
    });
    let (summary, told) = stage.apply(&twins);
    assert_eq!((summary.created, summary.failed), (1, 1));
    contains(&troubles(&told), "already_exists");
    assert_eq!(stage.asked("POST", "/servers").len(), 2, "refused once and for good");
}

pub fn l38() {
    let stage = Stage::new();
    stage.settle(&server("web"));
    let body = &stage.asked("POST", "/servers")[0].body;
    for name in ["name", "region", "plan", "image"] {
        assert!(body[name].is_string(), "{name}: {body}");
    }
    for name in ["name", "region", "plan", "image"] {
        let lines: Vec<String> =
            server("web").lines().filter(|line| !line.contains(&format!("{name} ="))).map(str::to_owned).collect();
        let told = words(&stage.try_plan(&(lines.join("\n") + "\n")).err().expect("a required attribute is missing"));
        contains(&told, &format!("`{name}`"));
    }
}
