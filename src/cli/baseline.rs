//! Drift that somebody accepted until a day: kept beside the state, as digests of what was there. Sends nothing.

use super::codes;
use super::exit::Failure;
use super::memory;
use super::shell::Shell;
use crate::desired::Settings;
use crate::diag::Diagnostic;
use crate::model::Timestamp;
use crate::plan::{Finding, What};
use crate::report::drift::Verdict;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

const FORMAT: &str = "cnx-drift-baseline";
const VERSION: u32 = 1;

/// The file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Baseline {
    format: String,
    version: u32,
    accepted: Vec<Accepted>,
}

/// One place of one object, as it was when it was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Accepted {
    address: String,
    path: Vec<String>,
    /// Of what was applied and what was there, so that another change counts, and no value is written down.
    digest: String,
    until: Timestamp,
}

/// Where an environment's baseline lies.
fn path(shell: &Shell, settings: &Settings) -> PathBuf {
    memory::path(shell, settings).with_extension("drift.json")
}

/// The baseline of an environment; an empty one where nothing was accepted.
pub fn read(shell: &Shell, settings: &Settings) -> Result<Baseline, Failure> {
    let path = path(shell, settings);
    if !shell.world.files.exists(&path) {
        return Ok(Baseline { format: FORMAT.to_owned(), version: VERSION, accepted: Vec::new() });
    }
    let text = shell.read_text(&path)?;
    let told = |message: String| {
        let help = "remove it, and accept again what is to be accepted";
        Failure::from(Diagnostic::new(&codes::UNREADABLE, format!("{}: {message}", path.display())).help(help))
    };
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| told(error.to_string()))?;
    if baseline.format != FORMAT {
        return Err(told("it is no baseline".to_owned()));
    }
    if baseline.version > VERSION {
        let message = format!("{}: version {}", path.display(), baseline.version);
        return Err(Diagnostic::new(&codes::NEWER, message).help("use a newer cnx").into());
    }
    Ok(baseline)
}

impl Baseline {
    /// What a finding counts as at a time.
    pub fn verdict(&self, finding: &Finding, now: Timestamp) -> Verdict {
        match &finding.what {
            What::Unknown(_) => Verdict::Unknown,
            What::Changed { ignored: true, .. } => Verdict::Ignored,
            What::Changed { .. } | What::Gone => {
                let digest = digest(finding);
                let same = |one: &&Accepted| one.digest == digest && one.address == finding.address.to_string();
                match self.accepted.iter().filter(same).max_by_key(|one| one.until) {
                    None => Verdict::Drifted,
                    Some(one) if one.until > now => Verdict::Accepted { until: day(one.until) },
                    Some(one) => Verdict::Expired { until: day(one.until) },
                }
            }
        }
    }

    /// Accepts what a finding shows.
    pub fn accept(&mut self, finding: &Finding, until: Timestamp) {
        let (address, digest) = (finding.address.to_string(), digest(finding));
        self.accepted.retain(|one| (&one.address, &one.path) != (&address, &finding.path));
        self.accepted.push(Accepted { address, path: finding.path.clone(), digest, until });
    }

    /// Writes it down, for its owner alone.
    pub fn write(&self, shell: &Shell, settings: &Settings) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        shell.write_file(&path(shell, settings), format!("{text}\n").as_bytes(), true)
    }
}

/// Tells findings apart. Another version of cnx may write values differently: then what was accepted counts again.
fn digest(finding: &Finding) -> String {
    let digest = Sha256::digest(format!("{:?} {:?}", finding.path, finding.what).as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The last day on which it holds.
fn day(until: Timestamp) -> String {
    let last = Timestamp(until.0 - 1).to_string();
    last.split('T').next().unwrap_or_default().to_owned()
}

/// `2026-12-31` is its end; an instant is itself.
pub fn until(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let end_of_day = Timestamp::parse(&format!("{text}T00:00:00Z")).map(|start| Timestamp(start.0 + 86_400_000));
    let wrong = |message: String| {
        let help = "give a day to come, like 2030-12-31";
        Failure::from(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help))
    };
    let until = end_of_day.or_else(|| Timestamp::parse(text)).ok_or_else(|| wrong(format!("`{text}` is no date")))?;
    if until <= now { Err(wrong(format!("{text} is over"))) } else { Ok(until) }
}
