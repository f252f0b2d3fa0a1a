//! What an earlier run left open is brought to its end, before anything new is planned: the same machine, over a plan of
//! nothing but waits.

use super::codes;
use super::context::{Context, Input, Interrupt};
use super::drive::{Driven, drive, setup};
use super::event::{Progress, StepEnd, Summary};
use super::holdings::Holdings;
use super::outputs::{StoredOutputs, differing, outputs};
use super::rollback::RolledBack;
use super::run::{Aim, Run};
use crate::desired::Desired;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, Attributes, Graph, NodeId};
use crate::plan::{Action, Live, Plan, Reason, ReasonCode, Step};
use crate::provider::Catalog;
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

    /// What became of the operations that a run, or its way back, had left open counts where each was begun. `left`: those
    /// operations. `plan`: what the run was to do.
    pub fn count_in(
        &self,
        mut left: BTreeMap<OperationId, Open>,
        plan: &Plan,
        summary: &mut Summary,
        back: Option<&mut RolledBack>,
    ) {
        if let Some(back) = back {
            self.count(&left.split_off(&back.first), &Plan::default(), &mut back.summary);
        }
        self.count(&left, plan, summary);
    }

    fn count(&self, left: &BTreeMap<OperationId, Open>, plan: &Plan, summary: &mut Summary) {
        for (operation, open) in left.iter().filter(|(operation, _)| !self.snapshot.open.contains_key(*operation)) {
            let intent = &open.intent;
            let action = match &intent.purpose {
                Purpose::Create => open.asked.then(|| self.adopted(open)).flatten().unwrap_or(Action::Create),
                Purpose::Update(operations) => Action::Update(operations.clone()),
                Purpose::Delete => Action::Destroy,
                Purpose::Run => Action::Run,
            };
            let record = self.snapshot.records.get(&intent.address).filter(|_| action == Action::Create);
            let is_tainted = record.is_some_and(|record| matches!(record.condition, Condition::Tainted(_)));
            let end = self.end_of(*operation, open, plan);
            summary.incomplete += usize::from(is_tainted && matches!(end, StepEnd::Failed { .. }));
            summary.count(&action, false, &end);
        }
        let still = || left.keys().filter_map(|operation| self.snapshot.open.get(operation));
        summary.open = still().count();
        summary.asked = still().filter(|open| open.asked && open.id.is_none()).count();
    }

    /// Takes what came of them into what the run's instances hold; the outputs over that, where they are others now. `None`
    /// also where nothing came of them.
    pub fn catch_up(
        &self,
        left: &BTreeMap<OperationId, Open>,
        plan: &Plan,
        (desired, catalog): (&Desired, &Catalog),
        holdings: &mut Holdings,
    ) -> Option<(StoredOutputs, usize)> {
        let mut leading: BTreeMap<&Address, usize> = BTreeMap::new();
        for (_, step) in plan.steps.order().filter(|(_, step)| step.action.leads()) {
            *leading.entry(&step.address).or_default() += 1;
        }
        let is_through = |(operation, open): &(&OperationId, &Open)| {
            !self.snapshot.open.contains_key(*operation) && self.end_of(**operation, open, plan) == StepEnd::Done
        };
        let mut through = left.iter().filter(is_through).peekable();
        through.peek()?;
        for (_, Open { intent, .. }) in through {
            let address = &intent.address;
            let is_made = matches!(intent.purpose, Purpose::Create | Purpose::Update(_));
            match self.snapshot.records.get(address) {
                // Where the plan had more to do to it, that was not done.
                Some(record) if is_made && leading.get(address).is_none_or(|steps| *steps == 1) => {
                    holdings.catch_up(catalog, record);
                }
                Some(_) => {}
                None => holdings.drop(address),
            }
        }
        let stored = &self.snapshot.outputs;
        let now = outputs(desired, holdings, stored).filter(|now| now != stored && !plan.refresh_only)?;
        let count = differing(stored, &now);
        Some((now, count))
    }

    fn adopted(&self, open: &Open) -> Option<Action> {
        self.snapshot.records.get(&open.intent.address).map(|record| Action::Adopt(record.id.clone()))
    }

    /// How an operation ended that a run with this plan had left open. One is through, and what its step had to do after it
    /// is not.
    fn end_of(&self, operation: OperationId, open: &Open, plan: &Plan) -> StepEnd {
        let end = self.ends.get(&operation).cloned().unwrap_or_else(|| StepEnd::fruitless("nobody knows its end"));
        let Purpose::Update(through) = &open.intent.purpose else { return end };
        let is_cut = |step: &Step| match &step.action {
            Action::Update(operations) => {
                step.address == open.intent.address && step.id == open.intent.id && operations.last() != through.last()
            }
            Action::Create
            | Action::Destroy
            | Action::Forget
            | Action::Read
            | Action::Run
            | Action::Adopt(_)
            | Action::Wait(_)
            | Action::Note => false,
        };
        let is_cut = end == StepEnd::Done && plan.steps.order().any(|(_, step)| is_cut(step));
        if is_cut { StepEnd::fruitless("another operation was to follow it") } else { end }
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
    // What could not be written did not happen: the store tells what is open.
    let snapshot = match &summary.broken {
        Some(_) => context.store.load().unwrap_or(parts.snapshot),
        None => parts.snapshot,
    };
    Recovered { snapshot, summary, ends: steps.into_iter().filter_map(end_of).collect() }
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
        (_, Purpose::Create, _) if open.id.is_some() => diagnostic.help(format!(
            "run again: what it made is {}, and is looked at until it is ready",
            open.id.as_ref().map_or("", |id| id.as_str())
        )),
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
