//! What a run says is there when it is over: outputs and checks over what was made, and nothing of what was not.

use super::super::Undone;
use super::rollback::{full, instance};
use super::sim::{World, desired};
use crate::model::AddressPattern;
use crate::plan::{Options, checks};
use crate::state::Store;
use std::collections::BTreeMap;

fn outputs(world: &World) -> BTreeMap<String, String> {
    let outputs = world.store.load().expect("loads").outputs;
    outputs
        .into_iter()
        .map(|(name, output)| (name.to_string(), output.value.as_str().unwrap_or("?").to_owned()))
        .collect()
}

#[test]
fn what_was_not_made_is_in_no_output() {
    let program = |team: &str, more: &str| {
        format!(
            "{}{}output team: string = compute_instance.changes.tags?[\"team\"] ?? \"none\"\n\
             output made: string = compute_instance.made.name\n\
             {more}",
            instance("changes", "us-east-1", "standard-2x4", &format!("tags = {{ team = \"{team}\" }}")),
            instance("made", "us-east-1", "standard-2x4", ""),
        )
    };
    let failing = |after: &[&str], first: &str| {
        let program = program("b", "").replace(
            "tags = { team = \"b\" }",
            &format!("tags = {{ team = \"b\" }}\n lifecycle {{ depends_on = [{first}] }}"),
        );
        format!(
            "{program}{}let named = server.full.name\noutput full: string = server.full.name\n\
             output again: string = upper(named)\noutput both: list(string) = [for s in [server.full] : s.name]\n",
            full(after)
        )
    };
    let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let before = of(&[("made", "made"), ("team", "a")]);

    let world = World::local();
    assert_eq!(world.run(&program("a", "")).expect("lives").summary.outputs, 2);
    assert_eq!(outputs(&world), before);
    let ran = world.run(&failing(&[], "server.full")).expect("lives");
    assert_eq!((ran.summary.failed, ran.summary.skipped), (1, 1), "{:#?}", ran.progress);
    assert_eq!((ran.summary.outputs, outputs(&world)), (0, before.clone()), "neither made nor changed");
    let ran = world.run(&failing(&["compute_instance.changes"], "")).expect("lives");
    assert_eq!((ran.summary.failed, ran.summary.updated), (1, 1), "{:#?}", ran.progress);
    assert_eq!(outputs(&world), of(&[("made", "made"), ("team", "b")]), "what was changed is told");

    // What is undone is as before, also where not all of it can be undone.
    let purge = "cdn_zone z {\n domain = \"z.example.com\"\n origin_url = \"https://o.example.com\"\n}\n\
                 action cdn_purge all {\n zone_id = cdn_zone.z.id\n paths = [\"/*\"]\n}\n";
    let world = World { rolls_back: true, ..World::local() };
    world.run(&program("a", "")).expect("lives");
    let all = format!("{}{purge}", failing(&["compute_instance.changes", "cdn_zone.z"], ""));
    let ran = world.run(&all).expect("lives");
    assert!(matches!(&ran.undone, Undone::Done(_)), "{:?}", ran.undone);
    assert_eq!(outputs(&world), before, "{:#?}", ran.progress);
}

#[test]
fn what_a_plan_leaves_out_is_in_no_output() {
    let program = |team: &str| {
        format!(
            "{}{}output team: string = compute_instance.app.tags?[\"team\"] ?? \"none\"\n\
             output other: string = compute_instance.other.name\n\
             check \"it\" {{\n assert = compute_instance.app.tags?[\"team\"] != \"a\"\n message = \"still a\"\n severity = \"warning\"\n}}\n",
            instance("app", "us-east-1", "standard-2x4", &format!("tags = {{ team = \"{team}\" }}")),
            instance("other", "us-east-1", "standard-2x4", ""),
        )
    };
    let all = |texts: &[&str]| texts.iter().map(|text| AddressPattern((*text).to_owned())).collect::<Vec<_>>();
    let (app, other) = ("compute_instance.app", "compute_instance.other");
    let mut world = World::local();
    world.choices.targets = all(&[app]);
    world.run(&program("a")).expect("lives");
    for (choices, told) in [
        (Options { refresh_only: true, ..Options::default() }, "team"),
        (Options { excludes: all(&[app, other]), ..Options::default() }, "team"),
        (Options { targets: all(&[other]), ..Options::default() }, "other team"),
    ] {
        let is_partial = !choices.refresh_only;
        world.choices = choices;
        let ran = world.run(&program("b")).expect("lives");
        let changed: Vec<&str> = ran.plan.outputs.iter().map(|output| output.name.as_str()).collect();
        assert_eq!(changed, if told == "team" { vec![] } else { vec!["other"] }, "{told}: in the plan");
        let stored = outputs(&world);
        assert_eq!(stored.keys().map(String::as_str).collect::<Vec<_>>().join(" "), told);
        assert_eq!(stored["team"], "a", "{told}: it is not changed yet");
        let found = checks(&desired(&program("b")), &ran.holdings);
        assert_eq!(found.0.len(), usize::from(is_partial), "{told}: {found:?}");
    }
    world.choices = Options::default();
    let ran = world.run(&program("b")).expect("lives");
    assert_eq!((ran.summary.updated, outputs(&world)["team"].as_str()), (1, "b"));
    assert!(checks(&desired(&program("b")), &ran.holdings).is_empty());
}

#[test]
fn a_secret_that_only_a_seal_is_known_of_stops_no_other_output() {
    let program = |word: &str| {
        format!(
            "{}{}secret output script: string = \"run ${{compute_instance.app.tags?[\"word\"] ?? \"none\"}}\"\n\
             output made: string = compute_instance.made.name\n",
            instance("app", "us-east-1", "standard-2x4", &format!("tags = {{ word = sensitive(\"{word}\") }}")),
            instance("made", "us-east-1", "standard-2x4", ""),
        )
    };
    let only = |text: &str| Options { targets: vec![AddressPattern(text.to_owned())], ..Options::default() };
    let mut world = World { choices: only("compute_instance.app"), ..World::local() };
    world.run(&program("the first word")).expect("lives");
    let before = outputs(&world);
    world.choices = only("compute_instance.made");
    world.run(&program("the second word")).expect("lives");
    assert_eq!(outputs(&world).get("made").map(String::as_str), Some("made"), "{before:?}");
    assert_eq!(outputs(&world).get("script"), before.get("script"));
}

#[test]
fn checks_look_at_what_a_step_has_read() {
    let looked_up = "server app {\n name = \"app\"\n region = \"eu-west-2\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n}\n\
                     data server same {\n id = server.app.id\n}\n\
                     check \"it\" {\n assert = data.server.same.specs.cpu > 100\n message = \"too small\"\n}\n";
    let asked = "cdn_zone z {\n domain = \"z.example.com\"\n origin_url = \"https://o.example.com\"\n}\n\
                 data cdn_analytics of {\n zone_id = cdn_zone.z.id\n}\n\
                 check \"it\" {\n assert = (data.cdn_analytics.of.locations_reporting ?? 0) < 0\n message = \"too many\"\n}\n";
    for program in [looked_up, asked] {
        let ran = World::local().run(program).expect("lives");
        assert_eq!(ran.summary.failed, 0, "{:#?}", ran.progress);
        let told: Vec<&str> = checks(&desired(program), &ran.holdings).0.iter().map(|one| one.code.id).collect();
        assert_eq!(told, ["cnx::plan::check_failed"], "{program}");
    }
}
