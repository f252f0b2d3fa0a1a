//! Where the state of an environment lies on disk, who writes it, and reading it without a lock.

use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use super::{mark, project};
use crate::apply::take_lock;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::state::{Holder, Lock, LockError, Snapshot, SqliteStore, Store, lock_path, read_only};
use crate::world::{Environment, Files};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The state file of an environment.
pub fn path(shell: &Shell, environment: &str) -> PathBuf {
    project::shown(&shell.global.directory, project::FOLDER).join("state").join(format!("{environment}.db"))
}

/// What is known, without a lock; empty where there is no state yet.
pub fn read(shell: &Shell, environment: &str) -> Result<Snapshot, Failure> {
    let read = read_only(&path(shell, environment)).map_err(|error| Failure::from(error.diagnostic()))?;
    Ok(read.unwrap_or_default())
}

/// As [`read`], and refused where it is older than it was; read once more first, for a run may have ended in between.
pub fn read_newest(shell: &Shell, environment: &str) -> Result<Snapshot, Failure> {
    let snapshot = read(shell, environment)?;
    if mark::check(shell, &snapshot).is_ok() {
        return Ok(snapshot);
    }
    let snapshot = read(shell, environment)?;
    mark::check(shell, &snapshot)?;
    Ok(snapshot)
}

/// What is known in the environment that is meant, for commands that only look: a program with mistakes does not hide it.
pub fn look_up(shell: &mut Shell) -> Result<(String, Snapshot), Failure> {
    let environment = environment(shell)?;
    let snapshot = read(shell, &environment)?;
    shell.say(&format!("env {environment} · state {}", path(shell, &environment).display()));
    Ok((environment, snapshot))
}

fn environment(shell: &mut Shell) -> Result<String, Failure> {
    let Ok((program, _)) = project::checked(shell) else {
        return Ok(shell.global.environment.clone().unwrap_or_else(|| "default".to_owned()));
    };
    let name = project::environment_name(shell, &program).unwrap_or_else(|| "default".to_owned());
    let known = || program.environments.keys().map(|name| name.as_str());
    if known().any(|other| other == name) || (name == "default" && shell.global.environment.is_none()) {
        return Ok(name);
    }
    let help = did_you_mean(&name, known(), "`cnx env list` shows the declared ones");
    Err(Diagnostic::new(&codes::BAD_ARGUMENT, format!("the program declares no environment `{name}`"))
        .help(help)
        .into())
}

/// `user@host`, as far as the process knows them.
pub fn who(shell: &Shell) -> String {
    let variable =
        |names: [&str; 2]| names.iter().find_map(|name| shell.world.environment.get(name)).map(str::to_owned);
    let user = variable(["USER", "LOGNAME"]).unwrap_or_else(|| "someone".to_owned());
    let named = || shell.read_text(Path::new("/etc/hostname")).ok().map(|name| name.trim().to_owned());
    let host = variable(["HOSTNAME", "HOST"]).or_else(named).unwrap_or_else(|| "this-machine".to_owned());
    format!("{user}@{host}")
}

/// A state that this process alone may write, while it is held. How far it has come is remembered when it is let go.
pub struct Held {
    pub store: Arc<SqliteStore>,
    files: Arc<dyn Files>,
    environment: Environment,
    _lock: Lock,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Ok(snapshot) = self.store.load() {
            mark::remember(&self.environment, self.files.as_ref(), &snapshot);
        }
    }
}

/// Takes the lock, waiting up to `patience`, and opens the state.
pub async fn hold(shell: &mut Shell, environment: &str, command: &str, patience: Duration) -> Result<Held, Failure> {
    let path = path(shell, environment);
    let holder = Holder {
        who: who(shell),
        process: std::process::id(),
        command: format!("cnx {command}"),
        since: shell.world.clock.now(),
    };
    let clock = Arc::clone(&shell.world.clock);
    let place = lock_path(&path);
    let mut lock = Lock::take(&place, &holder);
    if let (Err(error @ LockError::Held { .. }), true) = (&lock, patience > Duration::ZERO) {
        shell.say(&format!("{error}; waiting"));
        lock = take_lock(&place, &holder, patience, clock.as_ref()).await;
    }
    let lock = lock.map_err(|error| match error {
        LockError::Held { .. } => Failure::locked(error.diagnostic()),
        LockError::Failed { .. } => Failure::from(error.diagnostic()),
    })?;
    let store = SqliteStore::open(&path, &lineage(shell)).map_err(|error| Failure::from(error.diagnostic()))?;
    let (files, environment) = (Arc::clone(&shell.world.files), shell.world.environment.clone());
    let held = Held { store: Arc::new(store), files, environment, _lock: lock };
    let snapshot = held.store.load().map_err(|error| Failure::from(error.diagnostic()))?;
    mark::check(shell, &snapshot)?;
    Ok(held)
}

/// 128 random bits.
fn lineage(shell: &Shell) -> String {
    let mut bytes = [0; 16];
    shell.world.random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
