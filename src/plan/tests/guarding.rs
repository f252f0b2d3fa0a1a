//! Refusals, adoption, actions, parts and approvals.

use super::super::Options;
use super::case::*;
use super::cloud::World;
use super::program::desired;
use crate::desired::Target;
use crate::model::Value;

#[test]
fn guards() {
    let five = "server web[1] name=a region=eu plan=p image=u
                server web[2] name=b region=eu plan=p image=u
                server web[3] name=c region=eu plan=p image=u
                server web[4] name=d region=eu plan=p image=u
                server web[5] name=e region=eu plan=p image=u";
    let two_gone: fn(&mut World) = |world| {
        delete(world, "server.web[1]");
        delete(world, "server.web[2]");
    };
    let cases = [
        Case { outside: two_gone, ..case("many gone at once", five, five, "error cnx::plan::vanished") },
        Case {
            outside: two_gone,
            options: |options| options.assume_gone = vec![pattern("*")],
            ..case(
                "many gone, and it is known",
                five,
                five,
                "create server.web[1] deleted_outside
                 create server.web[2] deleted_outside
                 drift server.web[1]  none→none Gone
                 drift server.web[2]  none→none Gone",
            )
        },
        case("a condition", WEB, "server web name=w region=eu plan=p image=u !before=no", "error cnx::plan::condition_failed"),
        Case {
            options: |options| options.targets = vec![pattern("server.wbe")],
            ..case("a target that is not there", WEB, WEB, "error cnx::plan::no_such_address")
        },
        Case {
            outside: |world| {
                world.snapshot.records.clear();
            },
            ..case(
                "a unique name that a stranger has",
                "cdn_zone shop domain=a.example origin_url=http://o",
                "cdn_zone shop domain=a.example origin_url=http://o",
                "error cnx::plan::exists_already",
            )
        },
        Case {
            outside: |world| {
                world.snapshot.records.clear();
            },
            ..case(
                "adopted, and mended",
                "cdn_zone shop domain=a.example origin_url=http://o",
                "cdn_zone shop domain=a.example origin_url=http://p !adopt",
                "adopt cdn_zone.shop adopt_because_natural_key_exists
                 update(patch) cdn_zone.shop update_because_attributes_changed | origin_url http://o→http://p < cdn_zone.shop",
            )
        },
        Case {
            outside: |world| {
                world.snapshot.records.clear();
            },
            ..case(
                "a key is adopted by what its fingerprint is made of",
                "ssh_key d name=d public_key=ssh-ed25519_AAAA_me",
                "ssh_key d name=d public_key=ssh-ed25519_AAAA_you !adopt",
                "adopt ssh_key.d adopt_because_natural_key_exists",
            )
        },
    ];
    cases.iter().for_each(check);
}

/// More than three, or two and three that are more than a fifth of what is known; a single one is never many.
#[test]
fn how_many_are_many() {
    for (gone, known, stops) in [
        (3, 100, false),
        (4, 100, true),
        (3, 15, false),
        (3, 14, true),
        (3, 10, true),
        (2, 10, false),
        (2, 9, true),
        (2, 2, true),
        (1, 2, false),
        (1, 1, false),
    ] {
        let server = |at| format!("server web[{at}] name=n{at} region=eu plan=p image=u\n");
        let text: String = (1..=known).map(server).collect();
        let mut world = applied(&text);
        (1..=gone).for_each(|at| delete(&mut world, &format!("server.web[{at}]")));
        let planned = world.plan(&desired(&text), &Options::default());
        let vanished =
            |found: &crate::diag::Diagnostics| found.0.iter().any(|one| one.code.id == "cnx::plan::vanished");
        let refused = planned.as_ref().is_err_and(vanished);
        assert_eq!((refused, planned.is_err()), (stops, stops), "{gone} of {known}: {}", show(&planned));
    }
}

#[test]
fn actions() {
    let zone = "cdn_zone shop domain=a.example origin_url=@server.web.ipv4
                server web name=web region=eu plan=p image=u";
    let with = |action: &str, zone: &str| format!("{zone}\n{action}").leak() as &'static str;
    let purge = "cdn_purge assets zone_id=@cdn_zone.shop.id paths=[/a] !trigger=@server.web";
    let cases = [
        case(
            "first run",
            zone,
            with(purge, zone),
            "run cdn_purge.assets run_because_never_ran | paths none→[\"/a\"] | zone_id none→zone_2",
        ),
        case("nothing", with(purge, zone), with(purge, zone), ""),
        Case {
            outside: |world| set(world, "server.web", "updated_at", Value::string("now")),
            ..case("computed noise triggers nothing", with(purge, zone), with(purge, zone), "")
        },
        case(
            "arguments",
            with(purge, zone),
            with("cdn_purge assets zone_id=@cdn_zone.shop.id paths=[/b] !trigger=@server.web", zone),
            "run cdn_purge.assets run_because_arguments_changed | paths [\"/a\"]→[\"/b\"]",
        ),
        case(
            "a trigger changes",
            with(purge, zone),
            with(
                purge,
                "cdn_zone shop domain=a.example origin_url=@server.web.ipv4\nserver web name=www region=eu plan=p image=u",
            ),
            "update(patch) server.web update_because_attributes_changed | name web→www
             run cdn_purge.assets run_by_triggers < server.web",
        ),
        case(
            "a trigger is replaced",
            with(purge, zone),
            with(
                purge,
                "cdn_zone shop domain=a.example origin_url=@server.web.ipv4\nserver web name=web region=us plan=p image=u",
            ),
            "destroy server.web replace_because_cannot_update destroy-first
             create server.web replace_because_cannot_update destroy-first | region eu→us! < server.web
             update(patch) cdn_zone.shop update_because_attributes_changed | origin_url ipv4-1→? < server.web
             run cdn_purge.assets run_because_trigger_replaced < server.web cdn_zone.shop",
        ),
    ];
    cases.iter().for_each(check);
}

#[test]
fn parts() {
    let chain = "ssh_key deploy name=d public_key=ssh-ed25519_AAAA_me
                 server web name=web region=eu plan=p image=u ssh_keys=[@ssh_key.deploy.id]
                 server other name=o region=eu plan=p image=u";
    let cases = [
        Case {
            options: |options| options.targets = vec![pattern("server.web")],
            ..case(
                "a target and what it needs",
                "",
                chain,
                "create ssh_key.deploy create_because_declared
                 create server.web create_because_declared < ssh_key.deploy",
            )
        },
        Case {
            options: |options| options.targets = vec![pattern("ssh_key.deploy")],
            ..case(
                "what ends brings its users",
                chain,
                "server other name=o2 region=eu plan=p image=u",
                "destroy server.web delete_because_no_resource_config
                 destroy ssh_key.deploy delete_because_no_resource_config < server.web",
            )
        },
    ];
    cases.iter().for_each(check);
    let world = applied(chain);
    let keep = Options { excludes: vec![pattern("server.web")], ..Options::default() };
    let result = world.plan(&desired(""), &keep);
    assert_eq!(show(&result), "destroy server.other delete_because_no_resource_config", "its key is kept with it");
    let fresh =
        World::default().plan(&desired(chain), &Options { excludes: vec![pattern("ssh_key.*")], ..Options::default() });
    assert_eq!(show(&fresh), "create server.other create_because_declared", "who needs it waits too");
}

#[test]
fn approvals() {
    let database = "database main name=m engine=redis region=eu tier=small";
    let world = applied(&format!("{database}\n{WEB}"));
    let mut program = desired("");
    assert!(world.plan(&program, &Options::default()).is_ok(), "local asks nothing");
    program.settings.target = Target::Sandbox;
    assert_eq!(show(&world.plan(&program, &Options::default())), "error cnx::plan::needs_approval");
    program.settings.protect = true;
    let both = "error cnx::plan::needs_approval\nerror cnx::plan::needs_approval";
    assert_eq!(show(&world.plan(&program, &Options::default())), both);
    let allowed = Options { allow_destroy: vec![pattern("database.*"), pattern("server.web")], ..Options::default() };
    let plan = world.plan(&program, &allowed).expect("allowed");
    let lost: Vec<String> = plan.irreversible.iter().map(|lost| format!("{}: {}", lost.address, lost.why)).collect();
    assert_eq!(lost, ["database.main: its data is lost", "server.web: no snapshot"]);
    assert_eq!(plan.estimate.requests, 6);
    let (fingerprint, again) = (plan.fingerprint(), world.plan(&program, &allowed).expect("again"));
    assert_eq!(again.fingerprint(), fingerprint);
    assert!(again.approve("sha256:0").is_err());
    assert_eq!(plan.approve(&fingerprint).expect("its own").fingerprint(), fingerprint);
}
