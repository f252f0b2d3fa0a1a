//! A state's history: its runs, what each did and at which serial it ended; every entry for whoever wants them.

use super::escape;
use super::look::{Look, Role};
use crate::model::Timestamp;
use crate::state::{HistoryRow, JournalEntry, OperationId, Purpose};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The version of the JSON form below.
pub const VERSION: u32 = 1;

/// One run, with all that it wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct RunLines {
    /// Of its last entry.
    pub serial: u64,
    pub at: Option<Timestamp>,
    pub holder: String,
    /// The fingerprint of a plan, or a command.
    pub plan: String,
    pub has_ended: bool,
    pub lines: Vec<Line>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub serial: u64,
    pub epoch: u64,
    pub what: &'static str,
    pub address: String,
    pub id: String,
    pub detail: String,
    /// It is something that was done, and counted.
    pub counts: bool,
}

/// Address, purpose, and whether what a create made was adopted, which is counted as that.
type Operations = BTreeMap<OperationId, (String, Purpose, bool)>;

/// The journal's rows by run, oldest first. Rows before the first run that is known are of a run without a name.
pub fn runs(rows: &[HistoryRow]) -> Vec<RunLines> {
    let mut operations = Operations::new();
    let mut runs: Vec<RunLines> = Vec::new();
    for row in rows {
        if let JournalEntry::Intent(intent) = &row.entry {
            operations.insert(intent.operation, (intent.address.to_string(), intent.purpose.clone(), false));
        }
        if let JournalEntry::Adopted { operation, .. } = &row.entry
            && let Some((_, _, adopted)) = operations.get_mut(operation)
        {
            *adopted = true;
        }
        let mut begun = RunLines {
            serial: row.serial,
            at: None,
            holder: String::new(),
            plan: String::new(),
            has_ended: false,
            lines: Vec::new(),
        };
        if let JournalEntry::RunStarted { holder, plan, at, .. } = &row.entry {
            (begun.at, begun.holder, begun.plan) = (Some(*at), holder.clone(), plan.clone());
            runs.push(begun);
        } else if runs.is_empty() {
            runs.push(begun);
        }
        let Some(run) = runs.last_mut() else { continue };
        run.serial = row.serial;
        run.has_ended |= matches!(row.entry, JournalEntry::RunEnded { .. });
        run.lines.push(line(row, &operations));
    }
    runs
}

fn line(row: &HistoryRow, operations: &Operations) -> Line {
    let (what, counts) = word(&row.entry, operations);
    let (address, id, detail) = about(&row.entry, operations);
    Line { serial: row.serial, epoch: row.epoch, what, address, id, detail, counts }
}

/// The entry's word, and whether it is something done.
fn word(entry: &JournalEntry, operations: &Operations) -> (&'static str, bool) {
    let purpose = |operation: &OperationId| operations.get(operation).map(|(_, purpose, adopted)| (purpose, *adopted));
    match entry {
        JournalEntry::RunStarted { .. } => ("run started", false),
        JournalEntry::RunEnded { .. } => ("run ended", false),
        JournalEntry::Pinned(_) => ("cloud pinned", false),
        JournalEntry::Strangers { .. } => ("others seen", false),
        JournalEntry::Intent(intent) => match &intent.purpose {
            Purpose::Create => ("create begun", false),
            Purpose::Update(_) => ("update begun", false),
            Purpose::Delete => ("destroy begun", false),
            Purpose::Run => ("run begun", false),
        },
        JournalEntry::Accepted { .. } => ("accepted", false),
        JournalEntry::Bound { .. } => ("bound", false),
        JournalEntry::Ready { operation, .. } => match purpose(operation) {
            Some((Purpose::Create, false)) => ("created", true),
            Some((Purpose::Create, true)) => ("ready", false),
            Some((Purpose::Update(_) | Purpose::Delete | Purpose::Run, _)) => ("updated", true),
            None => ("ready", true),
        },
        JournalEntry::Ran { .. } => ("ran", true),
        JournalEntry::Rejected { .. } => ("refused", true),
        JournalEntry::Failed { .. } => ("failed", true),
        JournalEntry::NotCreated { .. } => ("not created", true),
        JournalEntry::Asked { .. } => ("asked", true),
        JournalEntry::Adopted { .. } => ("adopted", true),
        JournalEntry::LateDuplicate { .. } => ("late duplicate", true),
        JournalEntry::Deleted { operation: Some(_), .. } => ("destroyed", true),
        JournalEntry::Deleted { operation: None, .. } => ("found gone", true),
        JournalEntry::Deposed { .. } => ("deposed", false),
        JournalEntry::Reinstated { .. } => ("reinstated", true),
        JournalEntry::Forgotten { .. } => ("forgotten", true),
        JournalEntry::Imported { .. } => ("imported", true),
        JournalEntry::Moved { .. } => ("moved", true),
        JournalEntry::Noted { .. } => ("noted", false),
        JournalEntry::Quarantined { .. } => ("quarantined", false),
        JournalEntry::Confirmed { .. } => ("confirmed", true),
        JournalEntry::Untainted { .. } => ("untainted", true),
        JournalEntry::Restored { .. } => ("restored", true),
        JournalEntry::Outputs(_) => ("outputs written", false),
    }
}

/// Address, id and the rest in words; empty where the entry has none.
fn about(entry: &JournalEntry, operations: &Operations) -> (String, String, String) {
    let of =
        |operation: &OperationId| operations.get(operation).map_or(String::new(), |(address, _, _)| address.clone());
    let none = String::new;
    match entry {
        JournalEntry::RunStarted { holder, .. } => (none(), none(), holder.clone()),
        JournalEntry::RunEnded { .. } | JournalEntry::Outputs(_) => (none(), none(), none()),
        JournalEntry::Pinned(pin) => (none(), none(), pin.account.clone()),
        JournalEntry::Strangers { kind, ids } => (none(), none(), format!("{} of {kind}", ids.len())),
        JournalEntry::Intent(intent) => {
            let id = intent.id.as_ref().map(ToString::to_string).unwrap_or_default();
            (intent.address.to_string(), id, format!("attempt {}", intent.attempt))
        }
        JournalEntry::Accepted { operation, job, id } => {
            let text = |it: Option<String>| it.unwrap_or_default();
            (of(operation), text(id.as_ref().map(ToString::to_string)), text(job.as_ref().map(ToString::to_string)))
        }
        JournalEntry::Bound { operation, id } | JournalEntry::LateDuplicate { operation, id } => {
            (of(operation), id.to_string(), none())
        }
        JournalEntry::Ready { operation, observed, .. } => (of(operation), observed.id.to_string(), none()),
        JournalEntry::Ran { operation } => (of(operation), none(), none()),
        JournalEntry::Rejected { operation, message, .. } => (of(operation), none(), message.clone()),
        JournalEntry::Failed { operation, id, message } => {
            (of(operation), id.as_ref().map(ToString::to_string).unwrap_or_default(), message.clone())
        }
        JournalEntry::NotCreated { operation, evidence } => (of(operation), none(), evidence.clone()),
        JournalEntry::Asked { operation, candidates } => {
            let shown: Vec<&str> = candidates.iter().map(|id| id.as_str()).collect();
            (of(operation), none(), shown.join(", "))
        }
        JournalEntry::Adopted { operation, id, evidence, .. } => (of(operation), id.to_string(), evidence.clone()),
        JournalEntry::Deleted { address, id, .. }
        | JournalEntry::Deposed { address, id }
        | JournalEntry::Reinstated { address, id } => (address.to_string(), id.to_string(), none()),
        JournalEntry::Forgotten { address }
        | JournalEntry::Noted { address, .. }
        | JournalEntry::Confirmed { address }
        | JournalEntry::Untainted { address } => (address.to_string(), none(), none()),
        JournalEntry::Imported { address, observed, .. } => (address.to_string(), observed.id.to_string(), none()),
        JournalEntry::Moved { from, to } => (from.to_string(), none(), format!("to {to}")),
        JournalEntry::Quarantined { address, why } => (address.to_string(), none(), why.clone()),
        JournalEntry::Restored { from, .. } => (none(), none(), from.clone()),
    }
}

/// One line a run, newest last; with all its entries below where they are asked for.
pub fn text(runs: &[RunLines], entries: bool, look: &Look) -> String {
    let widest = runs.iter().map(|run| run.serial.to_string().len()).max().unwrap_or(0).max(6);
    let mut out =
        look.paint(Role::Quiet, &format!("{:>widest$}  {:20}  what was done, by whom", "serial", "begun")) + "\n";
    for run in runs {
        let at = run.at.map_or(String::new(), |at| at.to_string());
        let by = if run.holder.is_empty() { String::new() } else { format!(", {}", run.holder) };
        let what = format!("{}{by}", done(run));
        let head = format!("{:>widest$}  {at:20}  ", run.serial);
        let room = look.width.saturating_sub(widest + 24);
        out.push_str(&format!("{head}{}\n", look.cut(&escape::clean(&what), room)));
        for line in run.lines.iter().filter(|_| entries) {
            let said = [line.what, &line.address, &line.id, &line.detail];
            let said: Vec<&str> = said.into_iter().filter(|part| !part.is_empty()).collect();
            let text = escape::clean(&said.join("  ")).into_owned();
            out.push_str(&format!(
                "{:>widest$}    {}\n",
                line.serial,
                look.cut(&text, look.width.saturating_sub(widest + 4))
            ));
        }
    }
    out
}

fn done(run: &RunLines) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for line in run.lines.iter().filter(|line| line.counts) {
        match counts.iter_mut().find(|(what, _)| *what == line.what) {
            Some((_, count)) => *count += 1,
            None => counts.push((line.what, 1)),
        }
    }
    let parts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let by_hand = if run.plan.starts_with("cnx ") { format!("{}: ", run.plan) } else { String::new() };
    let done = if parts.is_empty() { "nothing changed".to_owned() } else { parts.join(", ") };
    let ended = if run.has_ended { "" } else { " (not ended)" };
    format!("{by_hand}{done}{ended}")
}

/// One line an entry.
pub fn json(run: &RunLines) -> Vec<Json> {
    let text = |text: &str| if text.is_empty() { Json::Null } else { Json::String(text.to_owned()) };
    let line = |line: &Line| {
        json!({
            "format": "cnx-history",
            "version": VERSION,
            "serial": line.serial,
            "epoch": line.epoch,
            "run_begun": run.at.map(|at| at.to_string()),
            "holder": text(&run.holder),
            "plan": text(&run.plan),
            "what": line.what,
            "address": text(&line.address),
            "id": text(&line.id),
            "detail": text(&line.detail),
        })
    };
    run.lines.iter().map(line).collect()
}
