//! Section 2.3 of the contract, under every profile: gone, hidden, or no such route.

use super::stage::*;
use cnx::emulator::{Fixtures, Profile};
use cnx::model::http::Method;
use serde_json::json;

fn pair() -> String {
    format!("{}{}{}{}", server("web"), server("app"), instance("jump"), instance("box"))
}

/// Requests since then, as `status METHOD target`.
fn since(stage: &Stage, before: usize) -> Vec<String> {
    stage.log()[before..].iter().map(|entry| format!("{} {} {}", entry.status, entry.method, entry.target)).collect()
}

fn singles(asked: &[String]) -> usize {
    asked.iter().filter(|line| line.contains(" GET ") && (line.contains("/srv_") || line.contains("/inst_"))).count()
}

/// Items 1 to 3: what is gone is told, by one probe a surface where the API has no single reads.
#[test]
fn gone_is_gone_under_every_profile() {
    for profile in PROFILES {
        let mut stage = Stage::of(profile);
        stage.settle(&pair());
        for (kind, name) in [("server", "web"), ("compute_instance", "jump")] {
            stage.drift(json!({"id": stage.id(kind, name).as_str(), "effect": "delete"}));
        }
        stage.world.renew();
        let before = stage.log().len();
        let planned = stage.plan_with(&pair(), &assumed("*")).unwrap_or_else(|found| panic!("{}", words(&found)));
        let mut wanted = vec!["create compute_instance.jump", "create server.web"];
        let mut told = steps(&planned);
        told.sort();
        wanted.sort_unstable();
        assert_eq!(told, wanted, "{profile:?}");
        assert_eq!(planned.plan.drift.len(), 2, "told as deleted outside");
        let asked = since(&stage, before);
        // The missing object, then one that is listed: the probe of each surface.
        let most = 4;
        assert!(singles(&asked) <= most, "{profile:?} {asked:#?}");
        // Known by now: no further probe in this run.
        let before = stage.log().len();
        stage.plan_with(&pair(), &assumed("*")).unwrap_or_else(|found| panic!("{}", words(&found)));
        let again = singles(&since(&stage, before));
        assert_eq!(again, if profile == Profile::Full { 2 } else { 0 }, "{profile:?}");
    }
}

fn assumed(pattern: &str) -> cnx::plan::Options {
    cnx::plan::Options { assume_gone: vec![cnx::model::AddressPattern(pattern.to_owned())], ..Default::default() }
}

/// Item 2: one list answers for all that are missing.
#[test]
fn one_list_serves_all() {
    for profile in PROFILES {
        let mut stage = Stage::of(profile);
        let many: String = (0..15).map(|n| server(&format!("web_{n}"))).collect();
        stage.settle(&many);
        for n in 0..10 {
            stage.drift(json!({"id": stage.id("server", &format!("web_{n}")).as_str(), "effect": "delete"}));
        }
        stage.world.renew();
        let before = stage.log().len();
        let planned = stage.plan_with(&many, &assumed("*")).unwrap_or_else(|found| panic!("{}", words(&found)));
        assert_eq!(steps(&planned).len(), 10);
        let asked = since(&stage, before);
        let lists = asked.iter().filter(|line| line.contains("/servers?")).count();
        assert!(lists <= 4, "{profile:?}: {lists} lists\n{asked:#?}");
    }
}

/// Item 3: the list shows it, the single read that works for others does not: tried again, then an error.
#[test]
fn a_contradiction_is_no_deletion() {
    let stage = Stage::new();
    stage.settle(&pair());
    let (web, app) = (stage.id("server", "web"), stage.id("server", "app"));
    let presence =
        |id| stage.world.run(stage.world.client.presence(&cnx::model::Ident::new("server"), id, &Default::default()));
    presence(&app).expect("there");
    let path = format!("/v1/servers/{web}");
    stage.fault(json!({"effect": {"status": {"status": 404}}, "match": {"path": path}, "times": 2}));
    assert!(matches!(presence(&web), Ok(cnx::cloud::Presence::Present(_))), "transient");
    stage.fault(json!({"effect": {"status": {"status": 404}}, "match": {"path": path}}));
    let told = presence(&web).expect_err("a contradiction").diagnostic();
    contains(&told.message, "the list shows");
}

/// Item 4: a key that may see a part.
#[test]
fn a_restricted_key_says_hidden_and_not_gone() {
    for profile in PROFILES {
        let scoped = "cnx_sk_test_scoped000000000000000";
        let mut stage = Stage::served(
            &[("platform", "cnx_sk_test_admin0000000000000000", cnx::cloud::RateLimit::Documented(1000))],
            |setting| {
                setting.config.profile = profile;
                setting.endpoints[0].origin = cnx::world::local_origin("sandbox");
            },
        );
        let text = format!("{}{}", server("near"), sized_server("far", "standard-8", "us-east-1"));
        stage.settle(&text);
        stage.world.rekey("platform", scoped);
        match stage.try_plan(&text) {
            Err(found) => contains(&words(&found), "cnx::plan::hidden: server.far"),
            // Nothing but the documented routes, and none of them forbade anything: the key cannot be told from another.
            Ok(_) => assert_ne!(profile, Profile::Full),
        }
        if profile != Profile::Full {
            stage.fault(json!({"effect": {"status": {"status": 403}}, "match": {"path": "/v1/servers/*"}}));
            stage.world.rekey("platform", scoped);
            contains(&words(&stage.try_plan(&text).err().expect("a 403 was seen")), "cnx::plan::hidden: server.far");
        }
    }
}

/// Item 5: a delete that the API has no route for is an error, and the object stays known.
#[test]
fn a_missing_delete_route_is_named() {
    for profile in PROFILES {
        let stage = Stage::of(profile);
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
        let (summary, told) = stage.apply("");
        if profile == Profile::Full {
            assert_eq!((summary.destroyed, summary.failed), (2, 0), "{}", troubles(&told));
            continue;
        }
        assert_eq!((summary.destroyed, summary.failed), (0, 2), "{profile:?}");
        contains(&troubles(&told), "no route DELETE /servers/{id}");
        contains(&troubles(&told), "no route DELETE /compute/instances/{id}");
        assert_eq!(stage.snapshot().records.len(), 2, "state kept");
        // Deleted meanwhile by somebody else: then the 404 is the end that was wanted.
        let planned = stage.plan("");
        stage.drift(json!({"id": stage.id("server", "web").as_str(), "effect": "delete"}));
        let (summary, _) = stage.world.apply(planned);
        assert_eq!(summary.destroyed, 1);
    }
}

/// What cannot be done says which route is missing, whatever the operation.
#[test]
fn every_missing_route_is_named() {
    for profile in [Profile::Documented, Profile::DocumentedNojobs] {
        let stage = Stage::of(profile);
        stage.settle(&format!("{}{}", server("web"), instance("jump")));
        let (_, told) = stage.apply(&format!(
            "{}{}",
            sized_server("web", "standard-32", "eu-west-2"),
            instance("jump").replace("\"jump\"", "\"leap\"")
        ));
        contains(&troubles(&told), "no route POST /servers/{id}/actions");
        contains(&troubles(&told), "no route PATCH /compute/instances/{id}");
        let (_, told) = Stage::of(profile).apply(&zone());
        contains(&troubles(&told), "no route POST /cdn/zones");
        // A documented action works.
        stage.settle(&format!("{}{}", server("web"), sized_instance("jump", "memory-4x32")));
    }
}

/// Item 6: kinds without a documented list; what the API has no route for is unknown, never removed.
#[test]
fn what_has_no_route_is_unknown() {
    let stage = Stage::with(|setting| setting.config.fixtures = Fixtures::Documented);
    let text = format!("{}{}", zone(), database("production-standard", 1, ""));
    stage.settle(&text);
    for profile in ["documented", "documented-nojobs"] {
        stage.control(Method::Put, "config", &json!({"profile": profile}));
        let planned = stage.plan(&text);
        assert!(steps(&planned).is_empty() && planned.plan.drift.is_empty(), "{profile}: {:?}", steps(&planned));
        contains(&words(&planned.plan.warnings), "cnx::plan::unread");
    }
    stage.control(Method::Put, "config", &json!({"profile": "full"}));
    stage.drift(json!({"id": stage.id("cdn_zone", "shop").as_str(), "effect": "delete"}));
    let before = stage.log().len();
    assert_eq!(steps(&stage.plan(&text)), ["create cdn_zone.shop"]);
    let asked = since(&stage, before);
    assert_eq!(asked.iter().filter(|line| line.starts_with("404 GET /v1/cdn/zones/")).count(), 2, "twice: {asked:#?}");
}

/// Item 7: errors and time-outs change nothing.
#[test]
fn errors_never_change_the_state() {
    for profile in PROFILES {
        for effect in [
            json!({"status": {"status": 500}}),
            json!({"status": {"status": 503}}),
            json!("reset_before"),
            json!("hang"),
        ] {
            let stage = Stage::of(profile);
            stage.settle(&server("web"));
            let before = stage.snapshot();
            stage.fault(json!({"effect": effect, "match": {"method": "GET"}}));
            let planned = stage.plan(&server("web"));
            assert!(steps(&planned).is_empty(), "{profile:?} {effect}: {:?}", steps(&planned));
            contains(&words(&planned.plan.warnings), "cnx::plan::unread");
            assert_eq!(stage.snapshot().records, before.records);
        }
    }
}
