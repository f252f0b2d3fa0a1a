//! How far each state had come, kept beside it and outside of the project: whoever brings an older copy of a state back, or
//! has a damaged one, is told before anything is planned on the strength of it. Knows the state's lineage and serial,
//! nothing else of it.

use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use crate::diag::{Diagnostic, Diagnostics};
use crate::state::{Snapshot, high_water, mark_path};
use crate::world::{Environment, Files};
use std::path::{Path, PathBuf};

/// The file that holds the highest serial seen; named by the lineage, which is random.
fn place(environment: &Environment, lineage: &str) -> Option<PathBuf> {
    let is_name = !lineage.is_empty() && lineage.bytes().all(|byte| byte.is_ascii_alphanumeric());
    environment.state_folder().filter(|_| is_name).map(|folder| folder.join("serials").join(lineage))
}

fn highest(files: &dyn Files, place: &Path) -> u64 {
    let text = files.read(place).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Where it says how far a lineage had come, and how far.
pub fn marks(shell: &Shell, state: &Path, lineage: &str) -> Vec<(PathBuf, u64)> {
    let outside = place(&shell.world.environment, lineage);
    let outside = outside.map(|place| {
        let serial = highest(shell.world.files.as_ref(), &place);
        (place, serial)
    });
    outside.into_iter().chain([(mark_path(state), high_water(state, lineage))]).collect()
}

/// How far the state of this lineage had come, as far as that is remembered.
pub fn highest_of(shell: &Shell, state: &Path, lineage: &str) -> u64 {
    marks(shell, state, lineage).into_iter().map(|(_, serial)| serial).max().unwrap_or(0)
}

/// Refuses a state that had come further before: `marks` were looked at before it was read.
pub fn check(marks: Vec<(PathBuf, u64)>, snapshot: &Snapshot) -> Result<(), Failure> {
    let ahead: Vec<(PathBuf, u64)> = marks.into_iter().filter(|(_, serial)| *serial > snapshot.serial).collect();
    let Some(highest) = ahead.iter().map(|(_, serial)| *serial).max() else { return Ok(()) };
    let message = format!("it stands at {}, and had come to {highest} on this machine", snapshot.serial);
    let places: Vec<String> = ahead.iter().map(|(place, _)| place.display().to_string()).collect();
    let help = format!(
        "bring the newer state back; if the older one is meant, remove {} first: what it does not know may be made twice",
        places.join(" and ")
    );
    Err(Failure::refused(Diagnostic::new(&codes::OLDER_STATE, message).help(help)))
}

/// A complaint where this machine sees a state with something in it for the first time: it may be one of two copies, which
/// know nothing of each other (`design: reliability` 3.6).
pub fn strange(shell: &Shell, state: &Path, snapshot: &Snapshot) -> Diagnostics {
    let files = shell.world.files.as_ref();
    let Some(place) = place(&shell.world.environment, &snapshot.lineage).filter(|place| !files.exists(place)) else {
        return Diagnostics::default();
    };
    // Known from here on, whatever becomes of this run. Where that cannot be remembered it would be said each time.
    let is_kept = place.parent().is_some_and(|folder| files.create_folder(folder).is_ok())
        && files.write(&place, format!("{}\n", snapshot.serial).as_bytes(), true).is_ok();
    if snapshot.serial == 0 || !is_kept {
        return Diagnostics::default();
    }
    let message = format!("{} was written elsewhere, and is seen here for the first time", state.display());
    let help = "where it was copied, go on in one place only: what the other one makes is not known here, and would be made \
                twice; for several machines, give `state` a folder that all of them reach";
    Diagnostics(vec![Diagnostic::new(&codes::FROM_ELSEWHERE, message).help(help)])
}

/// Remembers how far the state has come; `begins`: also where this machine has not seen it before. A machine on which
/// nothing can be remembered goes without.
pub fn remember(environment: &Environment, files: &dyn Files, snapshot: &Snapshot, begins: bool) {
    let place = place(environment, &snapshot.lineage).filter(|place| begins || files.exists(place));
    let Some(place) = place else { return };
    let Some(folder) = place.parent().filter(|_| snapshot.serial > 0) else { return };
    if highest(files, &place) < snapshot.serial && files.create_folder(folder).is_ok() {
        let _ = files.write(&place, format!("{}\n", snapshot.serial).as_bytes(), true);
    }
}
