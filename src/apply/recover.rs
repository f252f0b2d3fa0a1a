//! What an earlier run left open is brought to its end, before anything new is planned: the same machine, over a plan of
//! nothing but waits.

use super::codes;
use super::context::{Context, Input, Interrupt};
use super::drive::{Driven, drive, setup};
use super::event::{Progress, StepEnd, Summary};
use super::run::{Aim, Run};
use crate::desired::Desired;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Attributes, Graph, NodeId};
use crate::plan::{Action, Live, Plan, Reason, ReasonCode, Step};
use crate::state::{Condition, Open, OperationId, Purpose, Snapshot};
use futures::stream::Stream;
use std::collections::BTreeMap;

/// What is known after recovery.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    pub snapshot: Snapshot,
    /// How the operations that were open ended; nothing was to be done where it has no steps.
    pub summary: Summary,
    /// How each of them ended; of several recoveries after each other, the last end of each.
    pub ends: BTreeMap<OperationId, StepEnd>,
}

impl Recovered {
    /// Together with what an earlier recovery ended.
    #[must_use]
    pub fn after(self, earlier: Recovered) -> Recovered {
        let mut ends = earlier.ends;
        ends.extend(self.ends);
        Recovered { ends, ..self }
    }

    /// What became of the operations that a run had left open counts in that run's summary. `open`: those that it left.
    pub fn count_in(&self, open: &BTreeMap<OperationId, Open>, summary: &mut Summary) {
        for (operation, left) in open.iter().filter(|(operation, _)| !self.snapshot.open.contains_key(*operation)) {
            let record = self.snapshot.records.get(&left.intent.address);
            let is_there = left.intent.id.as_ref().is_some_and(|id| self.snapshot.ids.contains_key(id));
            match (self.ends.get(operation), &left.intent.purpose) {
                (Some(StepEnd::Failed { .. }), _) => {
                    let is_tainted = record.is_some_and(|record| matches!(record.condition, Condition::Tainted(_)));
                    summary.failed += 1;
                    summary.incomplete += usize::from(is_tainted);
                }
                // What made nothing is still to be made.
                (_, Purpose::Create) if record.is_none() => summary.skipped += 1,
                (_, Purpose::Create) => summary.adopted += 1,
                (_, Purpose::Delete) if is_there => summary.skipped += 1,
                (_, Purpose::Delete) => summary.destroyed += 1,
                (_, Purpose::Update(_) | Purpose::Run) => summary.other += 1,
            }
        }
        summary.open = self.snapshot.open.len();
        summary.asked = self.snapshot.open.values().filter(|open| open.asked).count();
    }

    /// What only a person, or time, can end.
    pub fn still_open(&self) -> Diagnostics {
        Diagnostics(self.snapshot.open.values().map(describe).collect())
    }
}

/// Ends what is open in the snapshot as far as that is safe. Writes the journal; whoever calls holds the lock.
pub async fn recover(
    context: &Context,
    snapshot: Snapshot,
    tell: &mut (dyn FnMut(Progress) + Send),
    interrupts: impl Stream<Item = Interrupt> + Send + Unpin,
) -> Recovered {
    if snapshot.open.is_empty() {
        return Recovered { snapshot, ..Recovered::default() };
    }
    let plan = waits(&snapshot);
    let steps: Vec<(NodeId, Action)> = plan.steps.order().map(|(node, step)| (node, step.action.clone())).collect();
    let input = Input { desired: Desired::default(), snapshot, live: Live::default() };
    let setup = setup(context, input, plan, "recovery".to_owned(), Aim::Recovery);
    let Driven { summary, parts } = drive(context, Run::new(setup), tell, interrupts).await;
    let mut ends = parts.ends;
    let end_of = |(node, action): (NodeId, Action)| match action {
        Action::Wait(operation) => Some((operation, ends.get_mut(node.0 as usize)?.take()?)),
        Action::Create
        | Action::Update(_)
        | Action::Destroy
        | Action::Forget
        | Action::Read
        | Action::Run
        | Action::Adopt(_)
        | Action::Note => None,
    };
    Recovered { snapshot: parts.snapshot, summary, ends: steps.into_iter().filter_map(end_of).collect() }
}

/// One step for each open operation, none waiting for another.
fn waits(snapshot: &Snapshot) -> Plan {
    let mut graph = Graph::default();
    for (operation, open) in &snapshot.open {
        graph.add(wait(*operation, open));
    }
    let steps = graph.freeze().unwrap_or_default();
    Plan { steps, ..Plan::default() }
}

fn wait(operation: OperationId, open: &Open) -> Step {
    Step {
        address: open.intent.address.clone(),
        action: Action::Wait(operation),
        reason: Reason {
            code: ReasonCode::OpenOperation,
            text: "an earlier run did not see its end".to_owned(),
            span: None,
        },
        id: open.id.clone(),
        deposed: false,
        interim: Attributes::new(),
        changes: Vec::new(),
        before: Attributes::new(),
        after: Attributes::new(),
        desired: None,
        twin: None,
        disruptive: false,
        expected: 0,
        requests: 1,
    }
}

fn describe(open: &Open) -> Diagnostic {
    let intent = &open.intent;
    let what = intent.purpose.verb();
    let begun = format!("the {what} of {} of {} has no known end", intent.address, intent.at);
    let shown: Vec<&str> = open.candidates.iter().map(|id| id.as_str()).collect();
    let diagnostic = Diagnostic::new(&codes::OPEN, begun);
    let address = &intent.address;
    match (&open.job, &intent.purpose, shown.as_slice()) {
        (Some(job), _, []) if !open.asked => diagnostic.help(format!("run again: {job} is asked for its end")),
        (_, Purpose::Create, []) => diagnostic.help(format!(
            "look whether it was made, then say so: --answer '{address}=ID' if it was, '{address}=none' if not"
        )),
        (_, Purpose::Create, several) => diagnostic.help(format!(
            "look at {}, then say which: --answer '{address}={}', or '{address}=none'",
            several.join(" and "),
            several[0]
        )),
        (_, Purpose::Update(_) | Purpose::Delete | Purpose::Run, _) => {
            diagnostic.help("run again: the object is looked at until it shows")
        }
    }
}
