//! Reading and deciding: the loop between `plan::reads` and the cloud, then the plan.

use super::args::Refresh;
use super::exit::{Exit, Failure};
use super::session::Prepared;
use crate::apply::{self, refresh};
use crate::diag::Diagnostics;
use crate::model::{Ident, Mode};
use crate::plan::{self, ListRead, Live, Plan, Reads, reads};
use crate::state::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// Answers of one data source may be the arguments of another; longer chains than this are a mistake in cnx.
const MOST_ROUNDS: usize = 1_000;

/// A plan and what it was made from.
#[derive(Clone, Debug)]
pub struct Planned {
    pub plan: Plan,
    pub snapshot: Snapshot,
    pub live: Live,
}

/// Reads what is there, as far as wished, and decides. Where nothing is read the state's word stands.
pub async fn plan(
    prepared: &Prepared,
    cloud: &apply::Context,
    snapshot: Snapshot,
    speed: u32,
) -> Result<Planned, Failure> {
    let live = match prepared.choices.refresh {
        Refresh::All => read(prepared, cloud, &snapshot, Live::default(), &|_| true).await?,
        Refresh::None => read(prepared, cloud, &snapshot, Live::default(), &|_| false).await?,
        Refresh::Changed => read_changed(prepared, cloud, &snapshot, speed).await?,
    };
    let options = prepared.choices.options(speed, cloud.clock.now());
    let mut plan = plan::plan(&prepared.desired, &snapshot, &live, &prepared.catalog, &options).map_err(refused)?;
    plan.warnings.append(apply::sweep(&snapshot, &live, &prepared.catalog));
    Ok(Planned { plan, snapshot, live })
}

/// Reads everything that the state knows.
pub async fn observe(prepared: &Prepared, cloud: &apply::Context, snapshot: &Snapshot) -> Result<Live, Failure> {
    read(prepared, cloud, snapshot, Live::default(), &|_| true).await
}

/// First a plan on the state's word; then only the kinds that it touches are read.
async fn read_changed(
    prepared: &Prepared,
    cloud: &apply::Context,
    snapshot: &Snapshot,
    speed: u32,
) -> Result<Live, Failure> {
    let trusted = read(prepared, cloud, snapshot, Live::default(), &|_| false).await?;
    let options = prepared.choices.options(speed, cloud.clock.now());
    let first = plan::plan(&prepared.desired, snapshot, &trusted, &prepared.catalog, &options).map_err(refused)?;
    let kinds: BTreeSet<_> = first.steps.order().map(|(_, step)| step.address.kind.clone()).collect();
    read(prepared, cloud, snapshot, trusted, &|kind| kinds.contains(kind)).await
}

/// Asks until nothing is left to ask. `wanted` says which kinds are read; data sources always are.
async fn read(
    prepared: &Prepared,
    cloud: &apply::Context,
    snapshot: &Snapshot,
    mut live: Live,
    wanted: &dyn Fn(&Ident) -> bool,
) -> Result<Live, Failure> {
    for _ in 0..MOST_ROUNDS {
        let mut needed = reads(&prepared.desired, snapshot, &live, &prepared.catalog).map_err(Failure::from)?;
        if prepared.choices.adopt_exact {
            needed.lists.extend(
                of_declared(prepared).filter(|list| !live.listed.contains(list) && !live.unlisted.contains_key(list)),
            );
        }
        needed.lists.retain(|list| wanted(&list.kind));
        needed.objects.retain(|(kind, _)| wanted(kind));
        if needed == Reads::default() {
            break;
        }
        refresh(cloud, &needed, snapshot, &mut live).await?;
    }
    Ok(live)
}

/// Where objects would be found that could be taken over.
fn of_declared(prepared: &Prepared) -> impl Iterator<Item = ListRead> {
    let kinds = prepared.desired.graph.order().filter(|(_, instance)| instance.address.mode == Mode::Managed);
    let kinds = kinds.filter_map(|(_, instance)| prepared.catalog.kind(&instance.address.kind));
    let roots = kinds.filter(|kind| kind.parent.is_none());
    roots.map(|kind| ListRead { kind: kind.name.clone(), parent: BTreeMap::new() })
}

fn refused(diagnostics: Diagnostics) -> Failure {
    Failure { exit: Exit::of_planning(&diagnostics), diagnostics }
}
