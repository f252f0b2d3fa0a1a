//! A run that undoes what it did where a step of it fails: the same machine over the plan's reversal, journal included. One
//! that dies on the way back is taken up like any other: what is open is ended, and the program is planned anew.

use super::codes;
use super::context::{Context, Input, Interrupt};
use super::drive::{Driven, Ended, drive, setup};
use super::event::{Progress, Summary};
use super::refresh::refresh;
use super::run::{Aim, Back, Parts, Run};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Ident, NodeId, RemoteId};
use crate::plan::{self, Action, Approved, Kept, Live, Past, Plan, Reads};
use crate::state::{OperationId, Snapshot};
use futures::stream::Stream;
use std::collections::BTreeSet;

/// Whether a run was undone.
#[derive(Clone, Debug)]
pub enum Undone {
    /// No step of it failed.
    NotNeeded,
    /// A step failed and what the run did stays, for these reasons.
    Impossible(Diagnostics),
    Done(RolledBack),
}

/// How far a run was undone.
#[derive(Clone, Debug)]
pub struct RolledBack {
    /// Of the steps that undo.
    pub summary: Summary,
    /// The first operation of those steps; all before it are of the run that is undone.
    pub first: OperationId,
    /// What stays as the run left it.
    pub kept: Vec<Kept>,
}

/// As [`super::apply`]; where a step fails nothing more is started, and what was done is undone as far as it can be.
pub async fn apply_or_roll_back(
    context: &Context,
    approved: &Approved,
    input: Input,
    options: &plan::Options,
    tell: &mut (dyn FnMut(Progress) + Send),
    mut interrupts: impl Stream<Item = Interrupt> + Send + Unpin,
) -> (Ended, Undone) {
    let (before, desired) = (input.snapshot.clone(), input.desired.clone());
    let mut made_run = setup(context, input, approved.plan().clone(), approved.fingerprint().to_owned(), Aim::Apply);
    made_run.options.stop_on_failure = true;
    let Driven { summary, parts } = drive(context, Run::new(made_run), tell, &mut interrupts).await;
    let Parts { snapshot, made, begun, holdings, .. } = parts;
    let ended = Ended { summary, holdings };
    if ended.summary.failed == 0 {
        return (ended, Undone::NotNeeded);
    }
    if let Some(why) = stuck(context, &ended.summary) {
        return (ended, Undone::Impossible(Diagnostics(vec![impossible(why)])));
    }
    let mut live = Live::default();
    let objects = updated(approved.plan(), &begun, &snapshot);
    if let Err(found) = refresh(context, &Reads { objects, ..Reads::default() }, &snapshot, &mut live).await {
        let why = "what it had changed could not be read".to_owned();
        return (ended, Undone::Impossible(Diagnostics(found.0.into_iter().chain([impossible(why)]).collect())));
    }
    let past = Past {
        plan: approved.plan(),
        desired: &desired,
        before: &before,
        after: &snapshot,
        made: &made,
        begun: &begun,
        live: &live,
        catalog: &context.catalog,
        options,
    };
    let plan::Reversal { plan, entries, kept } = plan::reversal(past);
    tell(Progress::RollingBack { steps: plan.steps.len(), kept: kept.clone() });
    let first = OperationId(snapshot.next_operation);
    let names: Vec<_> = approved.plan().moves.iter().rev().map(|(from, to)| (to.clone(), from.clone())).collect();
    if plan.steps.is_empty() && entries.is_empty() && names.is_empty() {
        return (ended, Undone::Done(RolledBack { summary: Summary::default(), first, kept }));
    }
    let former = plan::moved(&approved.plan().moves, &before).into_owned();
    let back = Back { former, entries, names, is_whole: kept.is_empty() };
    let fingerprint = format!("rollback of {}", approved.fingerprint());
    let aim = Aim::WayBack(Box::new(back));
    let mut way_back = setup(context, Input { desired, snapshot, live }, plan, fingerprint, aim);
    way_back.options.stop_on_failure = false;
    let undone = drive(context, Run::new(way_back), tell, interrupts).await.summary;
    (ended, Undone::Done(RolledBack { summary: undone, first, kept }))
}

/// Why nothing more can be done.
fn stuck(context: &Context, ended: &Summary) -> Option<String> {
    if ended.interrupted {
        return Some("the run was interrupted".to_owned());
    }
    let broken = ended.broken.as_ref().map(|reason| format!("the state cannot be written: {reason}"));
    broken.or_else(|| Some(context.cloud.refusal()?.message))
}

fn impossible(why: String) -> Diagnostic {
    Diagnostic::new(&codes::NOT_ROLLED_BACK, why)
        .help("what this run did stays; run again: the plan shows what is left")
}

/// Objects that the run changed in place, or tried to.
fn updated(plan: &Plan, begun: &BTreeSet<NodeId>, after: &Snapshot) -> BTreeSet<(Ident, RemoteId)> {
    let steps =
        plan.steps.order().filter(|(node, step)| matches!(step.action, Action::Update(_)) && begun.contains(node));
    let objects = steps.filter_map(|(_, step)| Some((step.address.kind.clone(), step.id.clone()?)));
    objects.filter(|(_, id)| after.ids.contains_key(id)).collect()
}
