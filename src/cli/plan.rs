//! `cnx plan`: reads, compares, explains. Takes no lock and writes nothing but the file that is asked for.

use super::args::Plan;
use super::choices::Choices;
use super::exit::{Exit, Failure};
use super::memory;
use super::planning::{self, Planned};
use super::saved::{self, Base, Saved};
use super::session::{self, Prepared, block_on};
use super::shell::Shell;
use super::target::Access;
use crate::diag::Diagnostics;
use crate::plan;
use crate::report::plan::{Context, plan as page};
use crate::report::{Look, plan_json};
use crate::state::{MemoryStore, Snapshot};
use serde_json::Value as Json;
use std::sync::Arc;

pub fn run(shell: &mut Shell, arguments: &Plan) -> Result<Exit, Failure> {
    let choices = Choices {
        destroy: arguments.destroy,
        refresh_only: arguments.refresh_only,
        ..Choices::new(shell.global.environment.clone(), &arguments.planning)
    };
    let prepared = session::prepare(shell, choices, None)?;
    let snapshot = memory::read_newest(shell, &prepared.desired.settings)?;
    let reached = session::reach(shell, &prepared, &snapshot, Access::Look)?;
    let store = Arc::new(MemoryStore::default());
    let planned = block_on(async {
        let pin = reached.pin().await?;
        session::same_cloud(&snapshot, &pin, &prepared.choices)?;
        let context = session::context(shell, &prepared, &reached, store, pin, false);
        planning::plan(&prepared, &context, snapshot, reached.speed).await
    })?;
    show(shell, &prepared, &planned, &reached.shown);
    if let Some(path) = &arguments.out {
        let saved = to_save(shell, &prepared, &planned, &reached.shown);
        saved::write(shell, path, &saved)?;
        shell.say(&format!("Saved as {0}; `cnx apply {0}` applies exactly this.", path.display()));
    }
    let changes = planned.plan.has_changes();
    Ok(if arguments.detailed_exitcode && changes { Exit::Changes } else { Exit::Done })
}

/// The plan on standard output, its warnings before it.
pub fn show(shell: &mut Shell, prepared: &Prepared, planned: &Planned, target: &str) {
    shell.complain(&planned.plan.warnings);
    let look = shell.out_look;
    let context = page_context(shell, prepared, &planned.snapshot, target, &look);
    let text = if shell.global.json {
        crate::report::value_json::line(&plan_json::plan(&planned.plan, &context))
    } else {
        page(&planned.plan, &context)
    };
    shell.print(&text);
}

fn page_context<'a>(
    shell: &'a Shell,
    prepared: &'a Prepared,
    snapshot: &'a Snapshot,
    target: &'a str,
    look: &'a Look,
) -> Context<'a> {
    Context {
        project: &prepared.desired.settings.project,
        environment: prepared.environment(),
        target,
        sources: &shell.sources,
        snapshot: Some(snapshot),
        look,
    }
}

/// What a file shows of a plan, for people and for machines: the same wherever and whenever it is made. What others did to
/// the objects, and what is warned of meanwhile, is no part of what was agreed to: whoever applies is told of it then.
fn shown(
    shell: &Shell,
    prepared: &Prepared,
    planned: &Planned,
    target: &str,
    (objects_read, read_requests): (usize, u32),
) -> (String, Json) {
    let plan = planned.plan.clone();
    let plan = plan::Plan { drift: Vec::new(), warnings: Diagnostics::default(), objects_read, read_requests, ..plan };
    let look = Look { width: 100, ..Look::default() };
    let sources = shell.sources.seen_from(&shell.global.directory.display().to_string());
    let context = Context { sources: &sources, ..page_context(shell, prepared, &planned.snapshot, target, &look) };
    (page(&plan, &context), plan_json::plan(&plan, &context))
}

/// A saved plan that is applied shows what is planned now.
pub fn is_as_shown(
    shell: &Shell,
    prepared: &Prepared,
    planned: &Planned,
    target: &str,
    saved: &Saved,
) -> Result<(), Failure> {
    let (text, plan) = shown(shell, prepared, planned, target, saved.read);
    saved.shows(&text, &plan)
}

fn to_save(shell: &Shell, prepared: &Prepared, planned: &Planned, target: &str) -> Saved {
    let read = (planned.plan.objects_read, planned.plan.read_requests);
    let shown = shown(shell, prepared, planned, target, read);
    let created = shell.world.clock.now().to_string();
    let mut choices = prepared.choices.clone();
    choices.environment = Some(prepared.environment().to_owned()).filter(|name| *name != "default");
    Saved::new(&planned.plan, Base::of(&planned.snapshot), choices, created, shown)
}
