//! Where the state of an environment lies on disk, who writes it, and reading it without a lock.

use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use super::{mark, parameters, project, session};
use crate::apply::take_lock;
use crate::desired::{Settings, Target, early_settings};
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::hex;
use crate::program::{Program, is_environment_name};
use crate::state::{Holder, Lock, LockError, Snapshot, SqliteStore, Store, lock_path, read_only};
use crate::world::{Environment, Files};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The state file of an environment: in the project's folder, else below the folder that is set, which projects may share.
pub fn path(shell: &Shell, settings: &Settings) -> PathBuf {
    let folder = &shell.global.directory;
    let states = match &settings.state {
        None => project::shown(folder, project::FOLDER).join("state"),
        Some(state) => project::shown(folder, state).join(file_name(&settings.project)),
    };
    states.join(format!("{}.db", settings.environment))
}

/// A project's name as the name of a folder.
pub fn file_name(project: &str) -> String {
    let mut name = String::new();
    for byte in project.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            b'.' if !name.is_empty() => name.push('.'),
            other => name.push_str(&format!("%{other:02X}")),
        }
    }
    name
}

/// What is known, without a lock; empty where there is no state yet.
pub fn read(shell: &Shell, settings: &Settings) -> Result<Snapshot, Failure> {
    let read = read_only(&path(shell, settings)).map_err(|error| Failure::from(error.diagnostic()))?;
    Ok(read.unwrap_or_default())
}

/// As [`read`], and refused where it is older than it was; read once more first, for a run may be writing.
pub fn read_newest(shell: &Shell, settings: &Settings) -> Result<Snapshot, Failure> {
    let place = path(shell, settings);
    let snapshot = read(shell, settings)?;
    // A run that goes on writes: what it marks now must be in what is read after.
    let marks = mark::marks(shell, &place, &snapshot.lineage);
    if mark::check(marks.clone(), &snapshot).is_ok() {
        return Ok(snapshot);
    }
    let snapshot = read(shell, settings)?;
    mark::check(marks, &snapshot)?;
    Ok(snapshot)
}

/// What is known in the environment that is meant, for commands that only look: a program with mistakes does not hide it,
/// unless it has to say where the state is.
pub fn look_up(shell: &mut Shell) -> Result<(Settings, Snapshot), Failure> {
    let settings = settings(shell)?;
    let snapshot = read(shell, &settings)?;
    shell.say(&format!("env {} · state {}", settings.environment, path(shell, &settings).display()));
    Ok((settings, snapshot))
}

/// Where the environment that is meant keeps its state.
pub fn settings(shell: &mut Shell) -> Result<Settings, Failure> {
    let named = |environment: String| Settings { environment, ..Settings::default() };
    let Ok((program, _)) = project::checked(shell) else {
        let name = shell.global.environment.clone().filter(|name| is_environment_name(name));
        return Ok(named(name.unwrap_or_else(|| "default".to_owned())));
    };
    let name = project::environment_name(shell, &program).unwrap_or_else(|| "default".to_owned());
    let environment = program.environment(&name).filter(|_| is_environment_name(&name));
    if environment.is_none() && !(name == "default" && shell.global.environment.is_none()) {
        let known = program.environments.keys().map(|name| name.as_str());
        let help = did_you_mean(&name, known, "`cnx env list` shows the declared ones");
        let message = format!("the program declares no environment `{name}`");
        return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into());
    }
    if environment.is_none_or(|environment| environment.state.is_none()) && program.state.is_none() {
        return Ok(named(name));
    }
    early(shell, program, name)
}

/// The settings of an environment, where they have to be computed.
pub fn early(shell: &mut Shell, program: Program, environment: String) -> Result<Settings, Failure> {
    let params = parameters::given(shell, &program)?;
    let environment = program.environment(&environment).map(|_| environment);
    let inputs = session::inputs(shell, environment, params);
    let (settings, found) = early_settings(Arc::new(program), &inputs);
    if found.has_errors() { Err(found.into()) } else { Ok(settings) }
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
    /// Whether it is known which cloud it is for, and was told where it comes from elsewhere.
    pub is_looked_at: bool,
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
            mark::remember(&self.environment, self.files.as_ref(), &snapshot, self.is_looked_at);
        }
    }
}

/// Takes the lock, waiting up to `patience`, and opens the state.
pub async fn hold(shell: &mut Shell, settings: &Settings, command: &str, patience: Duration) -> Result<Held, Failure> {
    let fresh = lineage(shell);
    let held = take(shell, settings, command, patience, &fresh).await?;
    let snapshot = held.store.load().map_err(|error| Failure::from(error.diagnostic()))?;
    let place = path(shell, settings);
    mark::check(mark::marks(shell, &place, &snapshot.lineage), &snapshot)?;
    // The embedded cloud lies in the same folder, and goes along with a copy.
    if settings.state.is_none() && settings.target != Target::Local {
        shell.complain(&mark::strange(shell, &place, &snapshot));
    }
    Ok(held)
}

/// As [`hold`], for a command that replaces the state: one that is not there begins with this lineage, and may be older
/// than it was.
pub async fn hold_as(shell: &mut Shell, settings: &Settings, command: &str, lineage: &str) -> Result<Held, Failure> {
    take(shell, settings, command, Duration::ZERO, lineage).await
}

async fn take(
    shell: &mut Shell,
    settings: &Settings,
    command: &str,
    patience: Duration,
    lineage: &str,
) -> Result<Held, Failure> {
    let path = path(shell, settings);
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
    let store = SqliteStore::open(&path, lineage).map_err(|error| Failure::from(error.diagnostic()))?;
    let (files, environment) = (Arc::clone(&shell.world.files), shell.world.environment.clone());
    Ok(Held { store: Arc::new(store), is_looked_at: true, files, environment, _lock: lock })
}

/// 128 random bits.
pub fn lineage(shell: &Shell) -> String {
    let mut bytes = [0; 16];
    shell.world.random.fill(&mut bytes);
    hex(&bytes)
}
