//! `cnx state history|restore|export|import`: a state's earlier forms and its copies. What replaces a state is written as a
//! new serial of it, after a yes; what was is still in its history.

use super::args::{StateHistory, StateImport, StateRestore};
use super::exit::{Exit, Failure};
use super::session::block_on;
use super::shell::Shell;
use super::{codes, consent, edit, mark, memory};
use crate::desired::Settings;
use crate::diag::Diagnostic;
use crate::model::{Address, RemoteId};
use crate::report::{count, history};
use crate::state::{
    ExportError, JournalEntry, Snapshot, StoreError, export as to_text, read_export, read_only_at, read_only_history,
};
use std::collections::BTreeMap;
use std::path::Path;

fn failed(error: StoreError) -> Failure {
    error.diagnostic().into()
}

pub fn history(shell: &mut Shell, arguments: &StateHistory) -> Result<Exit, Failure> {
    let (settings, _) = memory::look_up(shell)?;
    let rows = read_only_history(&memory::path(shell, &settings), usize::MAX).map_err(failed)?;
    let runs = history::runs(&rows);
    let runs = &runs[runs.len().saturating_sub(arguments.limit)..];
    if shell.global.json {
        runs.iter().flat_map(history::json).for_each(|line| shell.print_json(&line));
    } else if runs.is_empty() {
        shell.say("Nothing was written yet.");
    } else {
        let text = history::text(runs, arguments.entries, &shell.out_look);
        shell.print(&text);
    }
    Ok(Exit::Done)
}

pub fn restore(shell: &mut Shell, arguments: &StateRestore) -> Result<Exit, Failure> {
    let (settings, now) = memory::look_up(shell)?;
    let path = memory::path(shell, &settings);
    let serial = arguments.serial;
    let Some(then) = read_only_at(&path, serial).map_err(failed)? else {
        let message = format!("the history does not tell of serial {serial}");
        let help = "`cnx state history` shows the serials at which runs ended";
        return Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into());
    };
    nothing_open(&now)?;
    if !then.open.is_empty() {
        let message = format!("at serial {serial} a run was under way");
        let help = "choose a serial at which a run had ended: `cnx state history`";
        return Err(Diagnostic::new(&codes::STILL_OPEN, message).help(help).into());
    }
    let from = format!("serial {serial}");
    replace(shell, &settings, &now, Copied { command: "state restore", from, snapshot: then }, arguments.yes)
}

pub fn export(shell: &mut Shell, file: Option<&Path>) -> Result<Exit, Failure> {
    let (_, snapshot) = memory::look_up(shell)?;
    let text = to_text(&snapshot);
    match file {
        None => shell.print(&text),
        Some(path) => {
            shell.write_file(path, text.as_bytes(), true)?;
            shell.say(&format!("Written to {} as of serial {}.", path.display(), snapshot.serial));
            if !snapshot.open.is_empty() {
                let open = count(snapshot.open.len(), "open operation");
                shell.say(&format!("It holds {open}: `cnx recover` ends that here, or where the copy is imported."));
            }
        }
    }
    Ok(Exit::Done)
}

pub fn import(shell: &mut Shell, arguments: &StateImport) -> Result<Exit, Failure> {
    let text = shell.read_text(&arguments.file)?;
    let mut copy = read_export(&text).map_err(|error| unreadable(&arguments.file, &error))?;
    let (settings, now) = memory::look_up(shell)?;
    let is_new = now.lineage.is_empty() || now.serial == 0;
    if !is_new && now.lineage != copy.lineage {
        let message =
            format!("{} is of state {}, this is state {}", arguments.file.display(), copy.lineage, now.lineage);
        let help = "choose the right environment with -e; to begin with the copy, move this state's files away first";
        return Err(Failure::refused(Diagnostic::new(&codes::ANOTHER_STATE, message).help(help)));
    }
    if !is_new {
        nothing_open(&now)?;
    }
    let known = now.serial.max(mark::highest_of(shell, &memory::path(shell, &settings), &copy.lineage));
    if known > copy.serial && !arguments.older {
        let message =
            format!("{} stands at serial {}, the state had come to {known}", arguments.file.display(), copy.serial);
        let help =
            "what was made since would be forgotten, and may be made twice; with --older it is taken all the same";
        return Err(Failure::refused(Diagnostic::new(&codes::OLDER_STATE, message).help(help)));
    }
    let from = format!("an export of serial {}", copy.serial);
    copy.serial = known.max(copy.serial);
    replace(shell, &settings, &now, Copied { command: "state import", from, snapshot: copy }, arguments.yes)
}

/// What a state is to become.
pub struct Copied {
    pub command: &'static str,
    /// Where it comes from, in words.
    pub from: String,
    pub snapshot: Snapshot,
}

/// Says what changes, asks, writes.
pub fn replace(
    shell: &mut Shell,
    settings: &Settings,
    now: &Snapshot,
    copied: Copied,
    yes: bool,
) -> Result<Exit, Failure> {
    let Copied { command, from, snapshot } = copied;
    let text = differences(now, &snapshot);
    if text.is_empty() && now.serial > 0 {
        shell.say("It manages the same objects already; nothing was written.");
        return Ok(Exit::Done);
    }
    if !shell.global.quiet {
        shell.err.write(&text);
    }
    if !yes {
        block_on(consent::ask(shell, "Make this the state?", "pass --yes"))?;
    }
    let (at, lineage, open) = (shell.world.clock.now(), snapshot.lineage.clone(), snapshot.open.len());
    let entry = JournalEntry::Restored { from: from.clone(), at, snapshot: Box::new(snapshot) };
    let serial = edit::write(shell, settings, command, (&lineage, now.serial), entry)?;
    shell.say(&format!("The state is as in {from}, as serial {serial}. `cnx plan` shows what differs from the cloud."));
    if open > 0 {
        shell.say(&format!("It holds {}: `cnx recover` ends that.", count(open, "open operation")));
    }
    Ok(Exit::Done)
}

/// Address by address, what a state would manage otherwise.
fn differences(now: &Snapshot, then: &Snapshot) -> String {
    let ids = |snapshot: &Snapshot| -> BTreeMap<Address, RemoteId> {
        snapshot.records.iter().map(|(address, record)| (address.clone(), record.id.clone())).collect()
    };
    let (old, new) = (ids(now), ids(then));
    let mut lines: Vec<String> = Vec::new();
    for (address, id) in &old {
        match new.get(address) {
            Some(other) if other == id => {}
            Some(other) => lines.push(format!("  {address}  {id} → {other}")),
            None => lines.push(format!("  {address}  {id}  no longer managed; it stays in the cloud")),
        }
    }
    let added = new.iter().filter(|(address, _)| !old.contains_key(*address));
    lines.extend(added.map(|(address, id)| format!("  {address}  {id}  managed again")));
    let open = then.open.values().map(|open| &open.intent);
    lines.extend(open.map(|it| format!("  {}  its {} is open", it.address, it.purpose.verb())));
    let same = |one: &Snapshot, other: &Snapshot| {
        (&one.records, &one.deposed, &one.actions, &one.outputs, &one.open)
            == (&other.records, &other.deposed, &other.actions, &other.outputs, &other.open)
    };
    if lines.is_empty() && !same(now, then) {
        lines.push("  the same objects; what is remembered of them differs".to_owned());
    }
    lines.iter().map(|line| crate::report::escape::clean(line).into_owned() + "\n").collect()
}

fn nothing_open(now: &Snapshot) -> Result<(), Failure> {
    let Some(open) = now.open.values().next() else { return Ok(()) };
    let message = format!("an operation on {} has no known end", open.intent.address);
    Err(Diagnostic::new(&codes::STILL_OPEN, message).help("run `cnx recover` first").into())
}

fn unreadable(path: &Path, error: &ExportError) -> Failure {
    let message = format!("{}: {error}", path.display());
    let diagnostic = match error {
        ExportError::TooNew { .. } => Diagnostic::new(&codes::NEWER, message).help("use the cnx that wrote it"),
        ExportError::NotOne(_) => {
            Diagnostic::new(&codes::NOT_AN_EXPORT, message).help("give a file that `cnx state export FILE` wrote")
        }
        ExportError::Changed => {
            Diagnostic::new(&codes::NOT_AN_EXPORT, message).help("give another copy: this one was changed or cut off")
        }
    };
    diagnostic.into()
}
