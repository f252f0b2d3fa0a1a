//! What `cnx doctor` found, kept beside the state of its environment: written by doctor, read by every run.

use super::exit::Failure;
use super::memory;
use super::shell::Shell;
use crate::apply;
use crate::cloud::Findings;
use crate::desired::Settings;
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

const FORMAT: &str = "cnx-findings";
const VERSION: u32 = 1;
/// What was found so long ago steers nothing any more.
const LASTING: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The file's form.
#[derive(Serialize, Deserialize)]
struct Kept {
    format: String,
    version: u32,
    at: Timestamp,
    findings: Findings,
}

pub fn path(shell: &Shell, settings: &Settings) -> PathBuf {
    memory::path(shell, settings).with_extension("findings.json")
}

/// What is known of the environment's target; nothing where doctor was not run, or too long ago, or by a newer cnx.
pub fn load(shell: &Shell, settings: &Settings) -> Findings {
    let bytes = shell.world.files.read(&path(shell, settings)).ok();
    let kept: Option<Kept> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let now = shell.world.clock.now();
    let lasts = |kept: &Kept| kept.format == FORMAT && kept.version == VERSION && now.since(kept.at) < LASTING;
    kept.filter(lasts).map(|kept| kept.findings).unwrap_or_default()
}

pub fn save(shell: &Shell, settings: &Settings, findings: &Findings) -> Result<PathBuf, Failure> {
    let path = path(shell, settings);
    let at = shell.world.clock.now();
    let kept = Kept { format: FORMAT.to_owned(), version: VERSION, at, findings: findings.clone() };
    let mut bytes = serde_json::to_vec_pretty(&kept).unwrap_or_default();
    bytes.push(b'\n');
    if let Some(folder) = path.parent() {
        // Where it can't be made, writing says why.
        drop(shell.world.files.create_folder(folder));
    }
    shell.write_file(&path, &bytes, true)?;
    Ok(path)
}

/// In a pipeline nobody waits for it, and the gateway may be the slower one.
const PIPELINE_WINDOW: Duration = Duration::from_secs(600);

/// How long an apply looks for what a create without an answer may have made: as measured, else ten minutes in a pipeline and
/// two elsewhere.
pub fn settle_window(shell: &Shell, found: &Findings) -> Duration {
    let usual =
        if shell.world.environment.is_pipeline() { PIPELINE_WINDOW } else { apply::Options::default().settle_window };
    found.settle_window().unwrap_or(usual)
}
