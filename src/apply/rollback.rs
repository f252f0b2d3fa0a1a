//! A run that undoes what it did where a step of it fails: the same machine over the plan's reversal, journal included. One
//! that dies on the way back is taken up like any other: what is open is ended, and the program is planned anew.

use super::context::{Context, Input, Interrupt, Options};
use super::drive::{Driven, drive, setup};
use super::event::{Progress, Summary};
use super::refresh::refresh;
use super::run::{Back, Run, Setup};
use crate::model::{Ident, NodeId, RemoteId};
use crate::plan::{self, Action, Approved, Kept, Live, Past, Plan, Reads};
use crate::state::Snapshot;
use futures::stream::Stream;
use std::collections::BTreeSet;

/// How far a run was undone.
#[derive(Clone, Debug, Default)]
pub struct RolledBack {
    /// Of the steps that undo.
    pub summary: Summary,
    /// What stays as the run left it.
    pub kept: Vec<Kept>,
}

/// As [`super::apply`]; where a step fails nothing more is started, and what was done is undone as far as it can be.
/// `None`: no step failed, or nothing more can be done: interrupted, the journal cannot be written, the key is refused.
pub async fn apply_or_roll_back(
    context: &Context,
    approved: &Approved,
    input: Input,
    options: &plan::Options,
    tell: &mut (dyn FnMut(Progress) + Send),
    mut interrupts: impl Stream<Item = Interrupt> + Send + Unpin,
) -> (Summary, Option<RolledBack>) {
    let (before, desired) = (input.snapshot.clone(), input.desired.clone());
    let mut begun = BTreeSet::new();
    let made_run = setup(context, input, approved.plan().clone(), approved.fingerprint().to_owned(), false);
    let made_run = Setup { options: Options { stop_on_failure: true, ..made_run.options }, ..made_run };
    let mut noting = |progress: Progress| {
        if let Progress::StepStarted { step, .. } = &progress {
            begun.insert(*step);
        }
        tell(progress);
    };
    let Driven { summary, snapshot, made } = drive(context, Run::new(made_run), &mut noting, &mut interrupts).await;
    let is_stuck = summary.interrupted || summary.broken.is_some() || context.cloud.refusal().is_some();
    if summary.failed == 0 || is_stuck {
        return (summary, None);
    }
    let mut live = Live::default();
    let objects = updated(approved.plan(), &begun, &snapshot);
    if refresh(context, &Reads { objects, ..Reads::default() }, &snapshot, &mut live).await.is_err() {
        return (summary, None);
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
    let names: Vec<_> = approved.plan().moves.iter().rev().map(|(from, to)| (to.clone(), from.clone())).collect();
    if plan.steps.is_empty() && entries.is_empty() && names.is_empty() {
        return (summary, Some(RolledBack { summary: Summary::default(), kept }));
    }
    let former = plan::moved(&approved.plan().moves, &before).into_owned();
    let back = Back { former, entries, names, is_whole: kept.is_empty() };
    let fingerprint = format!("rollback of {}", approved.fingerprint());
    let way_back = setup(context, Input { desired, snapshot, live }, plan, fingerprint, false);
    let options = Options { stop_on_failure: false, ..way_back.options };
    let way_back = Setup { options, back: Some(Box::new(back)), ..way_back };
    let undone = drive(context, Run::new(way_back), tell, interrupts).await.summary;
    (summary, Some(RolledBack { summary: undone, kept }))
}

/// Objects that the run changed in place, or tried to.
fn updated(plan: &Plan, begun: &BTreeSet<NodeId>, after: &Snapshot) -> BTreeSet<(Ident, RemoteId)> {
    let steps =
        plan.steps.order().filter(|(node, step)| matches!(step.action, Action::Update(_)) && begun.contains(node));
    let objects = steps.filter_map(|(_, step)| Some((step.address.kind.clone(), step.id.clone()?)));
    objects.filter(|(_, id)| after.ids.contains_key(id)).collect()
}
