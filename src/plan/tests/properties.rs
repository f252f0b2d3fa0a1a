//! Generated programs, edits and accidents: whatever is planned can be done in its order, and leaves nothing to do.

use super::super::{Action, Options, Plan};
use super::cloud::World;
use super::program::desired;
use crate::model::{AddressPattern, Ident, Value};
use crate::provider::cloudnexus;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Choices, one after the other; when they run out, all are zero, so that fewer choices make a smaller case.
struct Dice<'a> {
    left: &'a [u8],
}

impl Dice<'_> {
    fn below(&mut self, bound: u8) -> u8 {
        match self.left.split_first() {
            Some((first, rest)) => {
                self.left = rest;
                first % bound
            }
            None => 0,
        }
    }

    fn one_in(&mut self, of: u8) -> bool {
        self.below(of) == of - 1
    }
}

/// A program over two keys, four servers, two machines with tags, two zones with rules, snapshots, a database and a purge.
fn program(dice: &mut Dice<'_>) -> String {
    let mut out = String::new();
    let lifecycle = |dice: &mut Dice<'_>| if dice.one_in(4) { " !create_first" } else { "" };
    let keys: Vec<u8> = (0..2).filter(|_| !dice.one_in(3)).collect();
    for key in &keys {
        let _ = writeln!(out, "ssh_key k[{key}] name=k{} public_key=ssh_{key}{}", dice.below(2), dice.below(2));
    }
    let servers: Vec<u8> = (0..4).filter(|_| !dice.one_in(3)).collect();
    for server in &servers {
        let (region, plan) = (dice.below(2), dice.below(2));
        let _ = write!(out, "server s[{server}] name=s{} region=r{region} plan=p{plan} image=u", dice.below(2));
        let key = keys.get(dice.below(4) as usize);
        let reference = key.map_or_else(String::new, |key| format!("@ssh_key.k[{key}].id"));
        let _ = write!(out, " ssh_keys=[{reference}]");
        let status = if dice.one_in(4) { " desired_status=stopped" } else { "" };
        let _ = writeln!(out, "{status}{}", lifecycle(dice));
    }
    if let (Some(server), true) = (servers.first(), dice.one_in(2)) {
        let _ = writeln!(out, "snapshot base source_id=@server.s[{server}].id{}", lifecycle(dice));
        let _ = write!(out, "compute_instance jump name=j type=t region=r image=@snapshot.base.id");
        let _ = writeln!(out, " tags={{a:{},b{}:c}}", dice.below(2), dice.below(2));
    }
    let zones: Vec<u8> = (0..2).filter(|_| dice.one_in(2)).collect();
    for zone in &zones {
        let origin = match servers.get(dice.below(4) as usize) {
            Some(server) => format!("@server.s[{server}].ipv4"),
            None => "http://fixed".to_owned(),
        };
        let domain = dice.below(2);
        let _ = writeln!(out, "cdn_zone z[{zone}] domain=d{zone}{domain} origin_url={origin}{}", lifecycle(dice));
        let _ = write!(
            out,
            "cdn_routing_rule r[{zone}] zone_id=@cdn_zone.z[{zone}].id name=r priority={}",
            1 + dice.below(2)
        );
        let _ = writeln!(out, " match={{path:/{}}} action={{type:block}}", dice.below(2));
        if dice.one_in(2) {
            let _ = write!(out, "cdn_purge p[{zone}] zone_id=@cdn_zone.z[{zone}].id paths=[/{}]", dice.below(2));
            let trigger = servers.last().map_or_else(String::new, |server| format!(" !trigger=@server.s[{server}]"));
            let _ = writeln!(out, "{trigger}");
        }
    }
    if dice.one_in(2) {
        let _ = writeln!(
            out,
            "database d name=d engine=e{} region=r tier=t{} read_replicas={}",
            dice.below(2),
            dice.below(2),
            dice.below(2)
        );
    }
    out
}

/// Something that happens outside cnx to one object.
fn accident(dice: &mut Dice<'_>, world: &mut World) {
    let records: Vec<(Ident, _)> =
        world.snapshot.records.values().map(|record| (record.kind.clone(), record.id.clone())).collect();
    let Some((kind, id)) = records.get(dice.below(16) as usize) else { return };
    let objects: &mut BTreeMap<_, _> = world.objects.get_mut(kind).expect("kind");
    if dice.one_in(3) {
        objects.remove(id);
    } else if let Some(object) = objects.get_mut(id) {
        let known = cloudnexus().kind(kind).and_then(|kind| kind.attribute("name"));
        let name = if known.is_some_and(|attribute| !attribute.stable) { "name" } else { "status" };
        object.attributes.insert(Ident::new(name), Value::string("odd"));
    }
}

fn assume_gone() -> Options {
    Options { assume_gone: vec![AddressPattern("*".to_owned())], ..Options::default() }
}

fn must_plan(world: &World, text: &str, options: &Options) -> Plan {
    world.plan(&desired(text), options).unwrap_or_else(|found| panic!("{found:#?}\nfor\n{text}"))
}

fn describe(plan: &Plan) -> String {
    plan.steps.order().fold(String::new(), |mut out, (node, step)| {
        let after: Vec<u32> = plan.steps.dependencies(node).into_iter().map(|at| at.0).collect();
        let _ = writeln!(out, "{}: {:?} {} {:?} after {after:?}", node.0, step.action, step.address, step.reason.code);
        out
    })
}

fn obey(world: &mut World, text: &str, plan: &Plan) {
    let before = format!("{:?}", world.snapshot.records.keys().map(ToString::to_string).collect::<Vec<_>>());
    let wrong = world.apply(&desired(text), plan);
    assert!(wrong.is_empty(), "{wrong:#?}\nplan\n{}\nfor\n{text}\nover {before}", describe(plan));
}

fn is_done(world: &World, text: &str) {
    let again = must_plan(world, text, &Options::default());
    assert!(again.steps.is_empty(), "a second plan has\n{}\nfor\n{text}", describe(&again));
    assert!(again.drift.is_empty(), "{:#?}", again.drift);
    assert!(again.outputs.is_empty(), "{:#?}", again.outputs);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Programs follow each other, accidents happen in between; at the end all is destroyed.
    #[test]
    fn plans_can_be_obeyed_and_end(choices in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut dice = Dice { left: &choices };
        let mut world = World::default();
        let mut text = String::new();
        for _ in 0..3 {
            text = program(&mut dice);
            let plan = must_plan(&world, &text, &assume_gone());
            obey(&mut world, &text, &plan);
            is_done(&world, &text);
            if dice.one_in(2) {
                accident(&mut dice, &mut world);
            }
        }
        let options = Options { destroy: true, ..assume_gone() };
        let plan = must_plan(&world, &text, &options);
        obey(&mut world, "", &plan);
        assert!(world.snapshot.records.is_empty() && world.objects.values().all(BTreeMap::is_empty));
    }

    /// A part of a plan is whole in itself, and the rest can follow.
    #[test]
    fn parts_are_consistent(choices in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut dice = Dice { left: &choices };
        let mut world = World::default();
        let first = program(&mut dice);
        let plan = must_plan(&world, &first, &Options::default());
        obey(&mut world, &first, &plan);
        let text = program(&mut dice);
        let names = ["server.s[0]", "server.*", "ssh_key.k[1]", "cdn_zone.z", "snapshot.base", "compute_instance.jump", "*"];
        let whole = must_plan(&world, &text, &Options::default());
        let known: Vec<AddressPattern> = names
            .iter()
            .map(|name| AddressPattern((*name).to_owned()))
            .filter(|pattern| whole.steps.order().any(|(_, step)| pattern.matches(&step.address)))
            .collect();
        let chosen: Vec<AddressPattern> = known.get(dice.below(7) as usize).cloned().into_iter().collect();
        let options = if dice.one_in(2) {
            Options { targets: chosen.clone(), ..Options::default() }
        } else {
            Options { excludes: chosen.clone(), ..Options::default() }
        };
        let part = must_plan(&world, &text, &options);
        for (_, step) in part.steps.order().filter(|(_, step)| !matches!(step.action, Action::Run)) {
            prop_assert!(whole.steps.order().any(|(_, other)| other.address == step.address && other.action == step.action));
            prop_assert!(!options.excludes.iter().any(|pattern| pattern.matches(&step.address)));
        }
        obey(&mut world, &text, &part);
        let rest = must_plan(&world, &text, &Options::default());
        obey(&mut world, &text, &rest);
        is_done(&world, &text);
    }
}
