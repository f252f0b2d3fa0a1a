//! A saved plan: a claim to be derived again when it is applied, never a program to be executed. Described in `docs/json.md`.

use super::choices::Choices;
use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use crate::diag::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::path::Path;

const FORMAT: &str = "cnx-saved-plan";
const VERSION: u32 = 1;

/// The file's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub format: String,
    pub version: u32,
    /// Which cnx wrote it.
    pub cnx: String,
    /// RFC 3339.
    pub created: String,
    /// What was agreed to, where it is applied.
    pub fingerprint: String,
    /// What the plan was made from, beside program, state and cloud.
    pub choices: Choices,
    /// For people, as it was shown.
    pub text: String,
    /// For machines: the schema of `cnx plan --json`.
    pub plan: Json,
}

impl Saved {
    pub fn new(created: String, fingerprint: String, choices: Choices, text: String, plan: Json) -> Saved {
        let cnx = env!("CARGO_PKG_VERSION").to_owned();
        Saved { format: FORMAT.to_owned(), version: VERSION, cnx, created, fingerprint, choices, text, plan }
    }
}

/// Writes it for its owner alone: parameters may be secret.
pub fn write(shell: &Shell, path: &Path, saved: &Saved) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(saved).map_err(|error| not_a_plan(path, &error.to_string()))?;
    text.push('\n');
    shell.write_file(path, text.as_bytes(), true)
}

/// Reads one; a newer version is refused with the version that can read it.
pub fn read(shell: &Shell, path: &Path) -> Result<Saved, Failure> {
    let text = shell.read_text(path)?;
    let json: Json = serde_json::from_str(&text).map_err(|error| not_a_plan(path, &error.to_string()))?;
    if json["format"] != FORMAT {
        return Err(not_a_plan(path, "it holds something else").into());
    }
    let version = json["version"].as_u64().unwrap_or(0);
    if version > u64::from(VERSION) {
        let written = json["cnx"].as_str().unwrap_or("a newer cnx");
        let message = format!("{} has format {version}, written by cnx {written}", path.display());
        return Err(Diagnostic::new(&codes::NEWER, message).help(format!("use cnx {written} or newer")).into());
    }
    serde_json::from_value(json).map_err(|error| not_a_plan(path, &error.to_string()).into())
}

fn not_a_plan(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(&codes::NOT_A_PLAN, format!("{}: {why}", path.display()))
        .help("give a file that `cnx plan -o FILE` wrote")
}
