//! Changes to a state by hand: each is a small run of its own in the journal, under the lock. Sends nothing.

use super::codes;
use super::exit::{Exit, Failure};
use super::memory;
use super::session::block_on;
use super::shell::Shell;
use crate::desired::Settings;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Address, AddressPattern};
use crate::state::{Condition, JournalEntry, Record, Snapshot, Store};
use std::collections::BTreeSet;
use std::time::Duration;

/// Takes the lock, decides on what is known, writes.
pub fn edit(
    shell: &mut Shell,
    command: &str,
    decide: impl FnOnce(&Snapshot) -> Result<(Vec<JournalEntry>, String), Failure>,
) -> Result<Exit, Failure> {
    let settings = memory::settings(shell)?;
    shell.say(&format!("env {} · state {}", settings.environment, memory::path(shell, &settings).display()));
    let mut held = block_on(memory::hold(shell, &settings, command, Duration::ZERO))?;
    held.is_looked_at = false;
    let snapshot = held.store.load().map_err(|error| error.diagnostic())?;
    let (entries, done) = decide(&snapshot)?;
    if !entries.is_empty() {
        let entries = as_run(shell, &snapshot, &format!("cnx {command}"), entries);
        held.store.append(&entries).map_err(|error| error.diagnostic())?;
    }
    shell.say(&done);
    Ok(Exit::Done)
}

/// The entries of a run: who made them, when, by which command.
pub fn as_run(shell: &Shell, snapshot: &Snapshot, command: &str, entries: Vec<JournalEntry>) -> Vec<JournalEntry> {
    let (at, run) = (shell.world.clock.now(), memory::lineage(shell)[..16].to_owned());
    let begin = JournalEntry::RunStarted {
        run: run.clone(),
        epoch: snapshot.epoch + 1,
        holder: memory::who(shell),
        plan: command.to_owned(),
        at,
    };
    [begin].into_iter().chain(entries).chain([JournalEntry::RunEnded { run, at }]).collect()
}

/// `cnx state confirm ADDR…`
pub fn confirm(shell: &mut Shell, addresses: &[String]) -> Result<Exit, Failure> {
    edit(shell, "state confirm", |snapshot| {
        let guessed = |record: &Record| record.quarantine.is_some();
        let found = all_of(snapshot, addresses, guessed, "was adopted by a guess")?;
        let entries = found.iter().map(|record| JournalEntry::Confirmed { address: record.address.clone() });
        Ok((entries.collect(), told("Confirmed", &found)))
    })
}

/// `cnx state untaint ADDR…`
pub fn untaint(shell: &mut Shell, addresses: &[String]) -> Result<Exit, Failure> {
    edit(shell, "state untaint", |snapshot| {
        let tainted = |record: &Record| matches!(record.condition, Condition::Tainted(_));
        let found = all_of(snapshot, addresses, tainted, "is tainted")?;
        let entries = found.iter().map(|record| JournalEntry::Untainted { address: record.address.clone() });
        Ok((entries.collect(), told("Taken for whole", &found)))
    })
}

/// `cnx state forget ADDR…`
pub fn forget(shell: &mut Shell, addresses: &[String]) -> Result<Exit, Failure> {
    edit(shell, "state forget", |snapshot| {
        let found = all_of(snapshot, addresses, |_| true, "is managed")?;
        if let Some(busy) = found.iter().find(|record| is_open(snapshot, &record.address)) {
            return Err(open(&busy.address));
        }
        let entries = found.iter().map(|record| JournalEntry::Forgotten { address: record.address.clone() });
        Ok((entries.collect(), told("No longer managed, and still there", &found)))
    })
}

/// `cnx state move FROM TO`
pub fn rename(shell: &mut Shell, from: &str, to: &str) -> Result<Exit, Failure> {
    let (from, to) = (address(from)?, address(to)?);
    edit(shell, "state move", |snapshot| {
        let known: Vec<String> = snapshot.records.keys().map(ToString::to_string).collect();
        let text = from.to_string();
        let missing = |message: String, help: String| Diagnostic::new(&codes::NOT_THERE, message).help(help);
        let Some(record) = snapshot.records.get(&from) else {
            let help = did_you_mean(&text, known.iter().map(String::as_str), "`cnx state list` shows what is managed");
            return Err(missing(format!("nothing managed is called `{text}`"), help).into());
        };
        if to.kind != from.kind {
            let help = format!("{} is a {}, and stays one", record.id, record.kind);
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, format!("{to} is of another kind")).help(help).into());
        }
        if let Some(other) = snapshot.records.get(&to) {
            let help = format!("move that one first, or forget it: cnx state forget '{to}'");
            let message = format!("{to} is {} already", other.id);
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into());
        }
        if is_open(snapshot, &to) {
            return Err(open(&to));
        }
        let done = format!("{from} is {to} now.");
        Ok((vec![JournalEntry::Moved { from: from.clone(), to: to.clone() }], done))
    })
}

fn address(text: &str) -> Result<Address, Failure> {
    Address::parse(text, |_| false).ok_or_else(|| {
        let message = format!("`{text}` is no address");
        Diagnostic::new(&codes::BAD_ARGUMENT, message).help("write `server.web`, or `server.web[1]`").into()
    })
}

/// The records that the patterns name; each must name one that fits.
fn all_of<'a>(
    snapshot: &'a Snapshot,
    addresses: &[String],
    fits: impl Fn(&Record) -> bool,
    what: &str,
) -> Result<Vec<&'a Record>, Failure> {
    let mut found: Vec<&Record> = Vec::new();
    for address in addresses {
        let pattern = AddressPattern(address.clone());
        let meant = snapshot.records.values().filter(|record| pattern.matches(&record.address) && fits(record));
        let before = found.len();
        found.extend(meant);
        if found.len() == before {
            let known: Vec<String> = snapshot
                .records
                .values()
                .filter(|record| fits(record))
                .map(|record| record.address.to_string())
                .collect();
            let help =
                did_you_mean(address, known.iter().map(String::as_str), "`cnx state list` shows what is managed");
            let message = format!("nothing of `{address}` {what}");
            return Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into());
        }
    }
    // Patterns may name the same.
    let mut seen = BTreeSet::new();
    found.retain(|record| seen.insert(&record.address));
    Ok(found)
}

fn told(what: &str, found: &[&Record]) -> String {
    let names: Vec<String> = found.iter().map(|record| format!("{} ({})", record.address, record.id)).collect();
    format!("{what}: {}.", names.join(", "))
}

fn is_open(snapshot: &Snapshot, address: &Address) -> bool {
    snapshot.open.values().any(|open| open.intent.address == *address)
}

fn open(address: &Address) -> Failure {
    let message = format!("an operation on {address} has no known end");
    Diagnostic::new(&codes::STILL_OPEN, message).help("run `cnx recover` first").into()
}

/// As [`edit`] leaves it, for what replaces a whole state. `serial`: of the state that a person was shown.
pub fn write(
    shell: &mut Shell,
    settings: &Settings,
    command: &str,
    (lineage, serial): (&str, u64),
    entry: JournalEntry,
) -> Result<u64, Failure> {
    let held = block_on(memory::hold_as(shell, settings, command, lineage))?;
    // A run that was refused before it did anything laid it out: nothing was ever in it.
    held.store.relabel(lineage).map_err(|error| error.diagnostic())?;
    let snapshot = held.store.load().map_err(|error| error.diagnostic())?;
    if snapshot.lineage != lineage {
        let message = format!("the state is {}, and not {lineage}", snapshot.lineage);
        return Err(Diagnostic::new(&codes::ANOTHER_STATE, message).help("run again").into());
    }
    if snapshot.serial != serial {
        let message = format!("the state has come to serial {} since it was looked at, at {serial}", snapshot.serial);
        let diagnostic = Diagnostic::new(&codes::MEANWHILE, message).help("run again, and look again");
        return Err(Failure::refused(diagnostic));
    }
    let entries = as_run(shell, &snapshot, &format!("cnx {command}"), vec![entry]);
    held.store.append(&entries).map_err(|error| error.diagnostic())?;
    Ok(held.store.load().map_err(|error| error.diagnostic())?.serial)
}
