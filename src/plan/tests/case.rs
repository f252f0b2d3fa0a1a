//! How a case is told and checked: what was applied, what happened outside, what is wanted now, what is decided.

use super::super::{Action, Options, Plan, ReplaceOrder, Step};
use super::cloud::World;
use super::program::{address, desired};
use crate::diag::Diagnostics;
use crate::model::{AddressPattern, Ident, Key, NodeId, Value};

/// One case. Unset parts: nothing happened, default options.
pub struct Case {
    pub name: &'static str,
    pub before: &'static str,
    pub outside: fn(&mut World),
    pub after: &'static str,
    pub options: fn(&mut Options),
    pub decides: &'static str,
}

pub const fn case(name: &'static str, before: &'static str, after: &'static str, decides: &'static str) -> Case {
    Case { name, before, outside: |_| {}, after, options: |_| {}, decides }
}

pub const WEB: &str = "server web name=web region=eu plan=standard-8 image=ubuntu-22.04";
pub const WEB_PROTECTED: &str = "server web name=web region=eu plan=standard-8 image=ubuntu-22.04 !protect";

pub fn show(result: &Result<Plan, Diagnostics>) -> String {
    let mut lines = Vec::new();
    match result {
        Err(found) => lines.extend(found.0.iter().map(|diagnostic| format!("error {}", diagnostic.code.id))),
        Ok(plan) => {
            lines.extend(plan.steps.order().map(|(node, step)| show_step(plan, node, step)));
            lines.extend(plan.drift.iter().map(|drift| {
                let (applied, live) = (show_value(drift.applied.as_ref()), show_value(drift.live.as_ref()));
                format!("drift {} {} {applied}→{live} {:?}", drift.address, drift.path.join("."), drift.handling)
            }));
            lines.extend(plan.warnings.0.iter().map(|diagnostic| format!("warning {}", diagnostic.code.id)));
        }
    }
    lines.join("\n")
}

fn show_step(plan: &Plan, node: NodeId, step: &Step) -> String {
    let action = match &step.action {
        Action::Update(operations) => {
            let names: Vec<&str> = operations.iter().map(Ident::as_str).collect();
            format!("update({})", names.join(","))
        }
        Action::Adopt(_) => "adopt".to_owned(),
        Action::Wait(_) => "wait".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    let twin = step.twin.map_or("", |twin| match twin.order {
        ReplaceOrder::DestroyFirst => " destroy-first",
        ReplaceOrder::CreateFirst => " create-first",
    });
    let deposed = if step.deposed { " deposed" } else { "" };
    let mut line = format!("{action} {} {}{twin}{deposed}", step.address, step.reason.code.as_str());
    if step.action != Action::Create || step.twin.is_some() {
        for change in &step.changes {
            let (before, after) = (show_value(change.before.as_ref()), show_value(change.after.as_ref()));
            let forces = if change.forces_replacement { "!" } else { "" };
            line += &format!(" | {} {before}→{after}{forces}", change.path.join("."));
        }
    }
    let after: Vec<String> =
        plan.steps.dependencies(node).into_iter().map(|at| plan.steps.node(at).address.to_string()).collect();
    if !after.is_empty() {
        line += &format!(" < {}", after.join(" "));
    }
    line
}

fn show_value(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::Unknown(_)) => "?".to_owned(),
        Some(value) => value.as_str().map_or_else(
            || crate::model::json::to_json(value).map_or_else(|| "?".to_owned(), |json| json.to_string()),
            str::to_owned,
        ),
    }
}

pub fn applied(text: &str) -> World {
    let mut world = World::default();
    let program = desired(text);
    let plan = world.plan(&program, &Options::default()).expect("the first plan");
    let wrong = world.apply(&program, &plan);
    assert!(wrong.is_empty(), "{wrong:?}");
    world
}

pub fn check(case: &Case) {
    let mut world = applied(case.before);
    (case.outside)(&mut world);
    let mut options = Options::default();
    (case.options)(&mut options);
    let program = desired(case.after);
    let result = world.plan(&program, &options);
    let wanted: Vec<&str> = case.decides.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(show(&result), wanted.join("\n"), "case {}", case.name);
    let Ok(plan) = result else { return };
    let wrong = world.apply(&program, &plan);
    assert!(wrong.is_empty(), "case {}: {wrong:?}", case.name);
    if !options.destroy && options.targets.is_empty() {
        let again = world.plan(&program, &Options::default()).expect("plans again");
        let steps: Vec<String> = again.steps.order().map(|(node, step)| show_step(&again, node, step)).collect();
        assert!(steps.is_empty(), "case {}: a second plan has {steps:#?}", case.name);
    }
}

pub fn set(world: &mut World, of: &str, name: &str, value: Value) {
    let record = &world.snapshot.records[&address(of)];
    let object = world.objects.get_mut(&record.kind).and_then(|all| all.get_mut(&record.id)).expect("object");
    object.attributes.insert(Ident::new(name), value);
}

pub fn hide(world: &mut World, of: &str, name: &str) {
    let record = &world.snapshot.records[&address(of)];
    let object = world.objects.get_mut(&record.kind).and_then(|all| all.get_mut(&record.id)).expect("object");
    object.attributes.remove(name);
}

pub fn delete(world: &mut World, of: &str) {
    let record = &world.snapshot.records[&address(of)];
    world.objects.get_mut(&record.kind).and_then(|all| all.remove(&record.id)).expect("object");
}

pub fn pattern(text: &str) -> AddressPattern {
    AddressPattern(text.to_owned())
}

pub fn tags(entries: &[(&str, &str)]) -> Value {
    Value::map(entries.iter().map(|(key, value)| (Key::text(key), Value::string(value))).collect())
}
