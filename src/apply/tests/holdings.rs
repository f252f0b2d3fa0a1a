//! What a run says is there when it is over: outputs and checks over what was made, and nothing of what was not.

use super::super::Undone;
use super::rollback::{full, instance};
use super::sim::{World, desired};
use crate::plan::checks;
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
