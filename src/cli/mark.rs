//! How far each state had come on this machine, kept outside of the project: whoever brings an older copy of a state back
//! is told before anything is planned on the strength of it. Knows the state's lineage and serial, nothing else of it.

use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use crate::diag::Diagnostic;
use crate::state::Snapshot;
use crate::world::{Environment, Files};
use std::path::PathBuf;

/// The file that holds the highest serial seen; named by the lineage, which is random.
fn place(environment: &Environment, lineage: &str) -> Option<PathBuf> {
    let is_name = !lineage.is_empty() && lineage.bytes().all(|byte| byte.is_ascii_alphanumeric());
    environment.state_folder().filter(|_| is_name).map(|folder| folder.join("serials").join(lineage))
}

fn highest(files: &dyn Files, place: &std::path::Path) -> u64 {
    let text = files.read(place).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Refuses a state that had come further before.
pub fn check(shell: &Shell, snapshot: &Snapshot) -> Result<(), Failure> {
    let Some(place) = place(&shell.world.environment, &snapshot.lineage) else { return Ok(()) };
    let highest = highest(shell.world.files.as_ref(), &place);
    if highest <= snapshot.serial {
        return Ok(());
    }
    let message = format!("it stands at {}, and had come to {highest} on this machine", snapshot.serial);
    let help = format!(
        "bring the newer state back; if the older one is meant, remove {} first: what it does not know may be made twice",
        place.display()
    );
    Err(Failure::refused(Diagnostic::new(&codes::OLDER_STATE, message).help(help)))
}

/// Remembers how far the state has come. A machine on which nothing can be remembered goes without.
pub fn remember(environment: &Environment, files: &dyn Files, snapshot: &Snapshot) {
    let Some(place) = place(environment, &snapshot.lineage) else { return };
    let Some(folder) = place.parent().filter(|_| snapshot.serial > 0) else { return };
    if highest(files, &place) < snapshot.serial && files.create_folder(folder).is_ok() {
        let _ = files.write(&place, format!("{}\n", snapshot.serial).as_bytes(), true);
    }
}
