//! `cnx why ADDR[.ATTR]`: why something changes, and where a value comes from. Plans, and changes nothing.

use super::args::{Planning, Why};
use super::choices::Choices;
use super::exit::{Exit, Failure};
use super::memory;
use super::planning::{self, Planned};
use super::session::{self, Prepared, block_on};
use super::shell::Shell;
use super::target::Access;
use super::why_asked::{Meant, meant, no_such_value};
use crate::apply::Holdings;
use crate::desired::{Asked, Outputs};
use crate::model::{Address, Mode};
use crate::plan::{Action, Change, DriftHandling, Plan, Step};
use crate::provider::cloudnexus;
use crate::report::plan::{Context, Entry, entries};
use crate::report::why::{Thing, thing, value};
use crate::report::{Detail, why_json};
use crate::state::{MemoryStore, Snapshot};
use smol_str::SmolStr;
use std::sync::Arc;

pub fn run(shell: &mut Shell, arguments: &Why) -> Result<Exit, Failure> {
    let planning = Planning { refresh: arguments.refresh, ..Planning::default() };
    let choices = Choices::new(shell.global.environment.clone(), &planning);
    let prepared = session::prepare(shell, choices, None)?;
    let snapshot = memory::read(shell, &prepared.desired.settings)?;
    let asked = meant(&arguments.asked, &prepared.desired, &snapshot)?;
    let planned = planned(shell, &prepared, &snapshot);
    match (asked, planned) {
        (Meant::Thing(address), Ok(planned)) => tell_thing(shell, &prepared, &planned, &address),
        (Meant::Thing(_), Err(failure)) => Err(failure),
        (Meant::Value(asked), Ok(planned)) => {
            let known = Holdings::seen(&prepared.desired, &planned.snapshot, &planned.live, cloudnexus());
            tell_value(shell, &prepared, (&asked, &arguments.asked), Some(&planned.plan), &known)
        }
        (Meant::Value(asked), Err(failure)) => {
            shell.complain(&failure.diagnostics);
            shell.say("There is no plan: values are as the state remembers them.");
            let known = Holdings::seen(&prepared.desired, &snapshot, &Default::default(), cloudnexus());
            tell_value(shell, &prepared, (&asked, &arguments.asked), None, &known)
        }
    }
}

fn planned(shell: &mut Shell, prepared: &Prepared, snapshot: &Snapshot) -> Result<Planned, Failure> {
    let reached = session::reach(shell, prepared, snapshot, Access::Look)?;
    block_on(async {
        let pin = reached.pin().await?;
        session::same_cloud(snapshot, &pin, &prepared.choices)?;
        let store = Arc::new(MemoryStore::default());
        let context = session::context(shell, prepared, &reached, store, pin, false);
        planning::plan(prepared, &context, snapshot.clone(), reached.speed).await
    })
}

fn context<'a>(shell: &'a Shell, prepared: &'a Prepared) -> Context<'a> {
    Context {
        project: &prepared.desired.settings.project,
        environment: prepared.environment(),
        target: "",
        sources: &shell.sources,
        snapshot: None,
        look: &shell.out_look,
    }
}

fn print(shell: &mut Shell, text: &str) {
    let cleaned = shell.secrets.clean(text).into_owned();
    shell.print(&cleaned);
}

fn tell_value(
    shell: &mut Shell,
    prepared: &Prepared,
    (asked, written): (&Asked, &str),
    plan: Option<&Plan>,
    known: &dyn Outputs,
) -> Result<Exit, Failure> {
    let resolver = prepared.desired.resolver.0.as_ref();
    let found = resolver.and_then(|resolver| resolver.origin(asked, known));
    let Some(origin) = found else { return Err(no_such_value(asked, written, &prepared.desired)) };
    let change = plan.and_then(|plan| change_of(plan, asked));
    let context = context(shell, prepared);
    let text = if shell.global.json {
        crate::report::value_json::line(&why_json::of_value(&origin, change, &context))
    } else {
        value(&origin, change, &context)
    };
    print(shell, &text);
    Ok(Exit::Done)
}

/// What the plan does with the attribute of something that is there.
fn change_of<'p>(plan: &'p Plan, asked: &Asked) -> Option<&'p Change> {
    let Asked::Attribute(address, path) = asked else { return None };
    let is_there = |step: &Step| step.action != Action::Create || step.twin.is_some();
    let steps = plan.steps.order().filter(|(_, step)| step.address == *address && is_there(step));
    let mut changes = steps.flat_map(|(_, step)| &step.changes);
    changes.find(|change| change.path.iter().map(String::as_str).eq(path.iter().map(SmolStr::as_str)))
}

fn tell_thing(shell: &mut Shell, prepared: &Prepared, planned: &Planned, address: &Address) -> Result<Exit, Failure> {
    let all = entries(&planned.plan, Detail::Full);
    let own = |entry: &&Entry<'_>| entry.first().step.address == *address;
    let entry = all.iter().filter(own).find(|entry| !entry.first().step.deposed).or_else(|| all.iter().find(own));
    let record = planned.snapshot.records.get(address);
    let known = Holdings::seen(&prepared.desired, &planned.snapshot, &planned.live, cloudnexus());
    let node = prepared.desired.by_address.get(address);
    let mut wanted = Vec::new();
    if let (Some(node), Some(resolver)) = (node, &prepared.desired.resolver.0) {
        for name in prepared.desired.graph.node(*node).attributes.keys() {
            let asked = Asked::Attribute(address.clone(), vec![name.0.clone()]);
            wanted.extend(resolver.origin(&asked, &known).map(|origin| (name.clone(), origin)));
        }
    }
    let former = match (node, entry) {
        (None, Some(entry)) if address.mode == Mode::Managed => entry.first().step.before.clone(),
        _ => Default::default(),
    };
    let reverted = planned.plan.drift.iter().filter(|drift| drift.handling == DriftHandling::Reverted);
    let found = Thing {
        address,
        id: record.map(|record| &record.id),
        declared: node.map(|node| prepared.desired.graph.node(*node).span),
        entry,
        wanted,
        former,
        outside: reverted.filter(|drift| drift.address == *address).map(|drift| drift.path.clone()).collect(),
    };
    let context = context(shell, prepared);
    let text = if shell.global.json {
        crate::report::value_json::line(&why_json::of_thing(&found, &context))
    } else {
        thing(&found, &context)
    };
    print(shell, &text);
    Ok(Exit::Done)
}
