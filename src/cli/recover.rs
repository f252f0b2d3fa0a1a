//! `cnx recover`: ends what an earlier run left open, and changes nothing else; with `--from-cloud` rebuilds the map of a
//! lost state from the marks on what it made.

use super::args::{Planning, Recover};
use super::choices::Choices;
use super::driving::Signals;
use super::exit::{Exit, Failure};
use super::session::{self, Prepared, block_on};
use super::shell::Shell;
use super::state_copy::{Copied, replace};
use super::target::{Access, Reached};
use super::{answers, apply, codes, mark, memory, settling};
use crate::apply as engine;
use crate::diag::Diagnostic;
use crate::report::escape;
use crate::state::{MemoryStore, Snapshot, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn run(shell: &mut Shell, arguments: &Recover) -> Result<Exit, Failure> {
    let planning = Planning { retry_unknown: arguments.retry_unknown, adopt: arguments.adopt, ..Planning::default() };
    let answers = answers::read(&arguments.answers)?;
    let patience = apply::patience(arguments.lock_timeout.as_deref())?;
    let prepared = session::prepare(shell, Choices::new(shell.global.environment.clone(), &planning), None)?;
    let known = memory::read(shell, &prepared.desired.settings)?;
    if arguments.from_cloud {
        return from_cloud(shell, arguments, &prepared, &known);
    }
    let known = memory::read_newest(shell, &prepared.desired.settings).map(|_| known)?;
    if known.open.is_empty() && answers.is_empty() {
        shell.say("Nothing is open.");
        return Ok(Exit::Done);
    }
    let reached = session::reach(shell, &prepared, &known, Access::Change)?;
    block_on(async {
        let mut signals = Signals::catch()?;
        let hold = memory::hold(shell, &prepared.desired.settings, "recover", patience);
        let held = signals.unless_stopped(hold).await?;
        let pin = signals.unless_stopped(reached.pin()).await?;
        let known = held.store.load().map_err(|error| Failure::from(error.diagnostic()))?;
        session::same_cloud(&known, &pin, &prepared.choices)?;
        signals.unless_stopped(reached.know_keys_of(&known, &prepared.catalog)).await?;
        let store: Arc<dyn Store> = Arc::clone(&held.store) as Arc<dyn Store>;
        let context = session::context(shell, &prepared, &reached, store, pin, false);
        let exit = settling::settle(shell, &context, answers, &mut signals).await?;
        if exit == Exit::Done {
            shell.say("Nothing is open any more.");
        }
        Ok(exit)
    })
}

fn from_cloud(shell: &mut Shell, arguments: &Recover, prepared: &Prepared, known: &Snapshot) -> Result<Exit, Failure> {
    let settings = &prepared.desired.settings;
    if known.serial > 0 && !(known.records.is_empty() && known.deposed.is_empty() && known.open.is_empty()) {
        let path = memory::path(shell, settings);
        let message = format!("{} holds {} objects", path.display(), known.records.len());
        let help = "this is for a state that is lost; go back to an earlier one with `cnx state restore`";
        return Err(Failure::refused(Diagnostic::new(&codes::STATE_EXISTS, message).help(help)));
    }
    let reached = session::reach(shell, prepared, known, Access::Look)?;
    let (live, lineages, pin) = block_on(async {
        let pin = reached.pin().await?;
        let context = session::context(shell, prepared, &reached, Arc::new(MemoryStore::default()), pin.clone(), false);
        let marked = engine::marked(&context).await.map_err(|reason| {
            let help = "run again when the API answers: a part of the map would be worse than none";
            Failure::from(Diagnostic::new(&codes::NOT_THERE, format!("the marks can't be read: {reason}")).help(help))
        })?;
        Ok((marked.0, marked.1, pin))
    })?;
    let lineage = lineage(arguments, &lineages, &reached)?;
    let now = shell.world.clock.now();
    let rebuilt = engine::rebuild(&prepared.desired, &live, &prepared.catalog, &lineage, now);
    tell(shell, &rebuilt);
    if rebuilt.records.is_empty() {
        shell.say("No declared object was found by its mark; nothing was written.");
        return Ok(Exit::Error);
    }
    let ids = rebuilt.records.values().map(|record| (record.id.clone(), record.address.clone())).collect();
    let snapshot = Snapshot {
        serial: mark::highest_of(shell, &memory::path(shell, settings), &lineage),
        lineage,
        pin: Some(pin),
        ids,
        records: rebuilt.records,
        ..Snapshot::default()
    };
    let from = "the marks in the cloud".to_owned();
    replace(shell, settings, known, Copied { command: "recover --from-cloud", from, snapshot }, arguments.yes)
}

/// The state whose marks are meant.
fn lineage(arguments: &Recover, found: &BTreeMap<String, usize>, reached: &Reached) -> Result<String, Failure> {
    if let Some(wanted) = &arguments.lineage {
        return match found.contains_key(wanted) {
            true => Ok(wanted.clone()),
            false => {
                let message = format!("no object carries the mark of state {wanted}");
                Err(Diagnostic::new(&codes::NOT_THERE, message).help(counted(found)).into())
            }
        };
    }
    let mut all = found.keys();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one.clone()),
        (None, _) => {
            let message = format!("nothing at {} carries a mark of cnx", reached.shown);
            let help = "choose the right environment with -e; without marks, write `import` blocks for what is there";
            Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into())
        }
        (Some(_), Some(_)) => {
            let message = "objects carry the marks of several states".to_owned();
            let help = format!("say which is meant with --lineage: {}", counted(found));
            Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into())
        }
    }
}

fn counted(found: &BTreeMap<String, usize>) -> String {
    let parts: Vec<String> = found.iter().map(|(lineage, count)| format!("{lineage} (on {count})")).collect();
    if parts.is_empty() { "no marks are there at all".to_owned() } else { parts.join(", ") }
}

/// What could not be put on the map, and what to do about it.
fn tell(shell: &mut Shell, rebuilt: &engine::Rebuilt) {
    for (address, ids) in &rebuilt.ambiguous {
        let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        let text = format!("{address}: {} could be it; import the right one.", ids.join(" or "));
        shell.say(&escape::clean(&text));
    }
    for (kind, id, name) in &rebuilt.unclaimed {
        let text = format!(
            "{id} ({kind} {name}) carries the mark too and is not declared; import it, or delete it at the API."
        );
        shell.say(&escape::clean(&text));
    }
    if !rebuilt.unmarked.is_empty() {
        let names: Vec<String> = rebuilt.unmarked.iter().map(ToString::to_string).collect();
        let text = format!("No mark tells of {}: import what is there before the next apply.", names.join(", "));
        shell.say(&escape::clean(&text));
    }
}
