//! `cnx unlock`: takes the lock of a state away from a run that will not end. The state's epoch is raised first, so that
//! whoever held it can write nothing more, and so send nothing more.

use super::args::Unlock;
use super::exit::{Exit, Failure};
use super::session::block_on;
use super::shell::Shell;
use super::{codes, consent, edit, memory};
use crate::diag::Diagnostic;
use crate::state::{Holder, Lock, LockState, SqliteStore, Store, StoreError, lock_path, lock_state};
use serde_json::json;
use std::path::Path;

/// A holder that writes in between makes it begin again.
const TRIES: u32 = 20;

pub fn run(shell: &mut Shell, arguments: &Unlock) -> Result<Exit, Failure> {
    let settings = memory::settings(shell)?;
    let path = memory::path(shell, &settings);
    let place = lock_path(&path);
    shell.say(&format!("env {} · lock {}", settings.environment, place.display()));
    let LockState::Held(holder) = lock_state(&place) else {
        shell.say("Nobody holds it; a lock goes with its process.");
        if shell.global.json {
            shell.print_json(&json!({ "format": "cnx-unlock", "version": 1, "held": false }));
        }
        return Ok(Exit::Done);
    };
    let shown = holder.as_ref().map_or("somebody who left no note".to_owned(), Holder::to_string);
    shell.say(&format!("Held by {shown}."));
    if !arguments.yes {
        shell.say(
            "Look first whether that run still works: what it has under way goes on, and it can record nothing of it. \
             The next apply settles that.",
        );
        let help = "pass --yes once you have looked";
        block_on(consent::ask(shell, "Take the lock away from it?", help))?;
    }
    match lock_state(&place) {
        LockState::Held(now) if now == holder => {}
        LockState::Held(_) | LockState::Free => {
            let message = format!("{} is not held by {shown} any more", place.display());
            let help = "run it again where somebody else holds it by now and will not end";
            return Err(Failure::refused(Diagnostic::new(&codes::MEANWHILE, message).help(help)));
        }
    }
    let epoch = fence(shell, &path)?;
    Lock::break_open(&place).map_err(|error| {
        let message = format!("{}: {error}", place.display());
        Failure::from(Diagnostic::new(&codes::UNWRITABLE, message).help("check the folder's permissions"))
    })?;
    shell.say(&format!("Taken away: epoch {epoch} has begun, and the run before can write nothing more."));
    if shell.global.json {
        let by = holder.as_ref().map(|holder| {
            json!({
                "who": holder.who, "process": holder.process, "command": holder.command,
                "since": holder.since.to_string(),
            })
        });
        shell.print_json(&json!({
            "format": "cnx-unlock", "version": 1, "held": true, "holder": by, "epoch": epoch,
        }));
    }
    Ok(Exit::Done)
}

/// A new epoch, durable: from here on the holder's writes are refused.
fn fence(shell: &Shell, path: &Path) -> Result<u64, Failure> {
    let mut last = None;
    for _ in 0..TRIES {
        let store = SqliteStore::open(path, &memory::lineage(shell)).map_err(|error| error.diagnostic())?;
        let snapshot = store.load().map_err(|error| error.diagnostic())?;
        match store.append(&edit::as_run(shell, &snapshot, "cnx unlock", Vec::new())) {
            Ok(()) => return Ok(snapshot.epoch + 1),
            Err(error @ StoreError::Fenced { .. }) => last = Some(error),
            Err(error) => return Err(error.diagnostic().into()),
        }
    }
    let written = "the state is written to all the time".to_owned();
    Err(last.map_or_else(|| Diagnostic::new(&codes::MACHINE, written), |error| error.diagnostic()).into())
}
