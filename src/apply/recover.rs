//! What an earlier run left open is brought to its end, before anything new is planned: the same machine, over a plan of
//! nothing but waits.

use super::codes;
use super::context::{Context, Input, Interrupt};
use super::drive::{Driven, drive, setup};
use super::event::{Progress, Summary};
use super::run::Run;
use crate::desired::Desired;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Attributes, Graph};
use crate::plan::{Action, Live, Plan, Reason, ReasonCode, Step};
use crate::state::{Open, OperationId, Purpose, Snapshot};
use futures::stream::Stream;

/// What is known after recovery.
#[derive(Clone, Debug)]
pub struct Recovered {
    pub snapshot: Snapshot,
    /// How the operations that were open ended; nothing was to be done where it has no steps.
    pub summary: Summary,
}

impl Recovered {
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
        return Recovered { snapshot, summary: Summary::default() };
    }
    let plan = waits(&snapshot);
    let input = Input { desired: Desired::default(), snapshot, live: Live::default() };
    let setup = setup(context, input, plan, "recovery".to_owned(), true);
    let Driven { summary, snapshot, .. } = drive(context, Run::new(setup), tell, interrupts).await;
    Recovered { snapshot, summary }
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
        (Some(job), _, _) => diagnostic.help(format!("run again: {job} is asked for its end")),
        (None, Purpose::Create, []) => diagnostic.help(format!(
            "look whether it was made, then say so: --answer '{address}=ID' if it was, '{address}=none' if not"
        )),
        (None, Purpose::Create, several) => diagnostic.help(format!(
            "look at {}, then say which: --answer '{address}={}', or '{address}=none'",
            several.join(" and "),
            several[0]
        )),
        (None, Purpose::Update(_) | Purpose::Delete | Purpose::Run, _) => {
            diagnostic.help("run again: the object is looked at until it shows")
        }
    }
}
