//! A saved plan: a claim to be derived again when it is applied, never a program to be executed. Described in `docs/json.md`.

use super::args::Apply;
use super::choices::Choices;
use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use crate::diag::Diagnostic;
use crate::model::hex;
use crate::plan::{self, Plan};
use crate::report::unplaced;
use crate::state::Snapshot;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::path::Path;

const FORMAT: &str = "cnx-saved-plan";
const VERSION: u32 = 3;

/// How every file ends, before it is sealed.
const UNSEALED: &str = "\"seal\": \"\"\n}\n";

/// The file's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub format: String,
    pub version: u32,
    /// Which cnx wrote it.
    pub cnx: String,
    /// RFC 3339.
    pub created: String,
    /// Of the plan: what is derived again must have it.
    pub fingerprint: String,
    /// The state that it was made from.
    pub state: Base,
    /// What the plan was made from, beside program, state and cloud.
    pub choices: Choices,
    /// How many objects were read when it was made, in how many requests; another number is no other plan.
    pub read: (usize, u32),
    /// What is done, for people.
    pub text: String,
    /// The same for machines: the schema of `cnx plan --json`.
    pub plan: Json,
    /// `sha256:…` over the file with an empty seal: a file that was changed is no saved plan, and whoever approves one
    /// approves all of it, what it shows included. Stands last.
    seal: String,
}

/// Which state, and how far it had come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Empty where there was no state yet.
    pub lineage: String,
    pub serial: u64,
}

impl Base {
    pub fn of(snapshot: &Snapshot) -> Base {
        let lineage = if snapshot.serial == 0 { String::new() } else { snapshot.lineage.clone() };
        Base { lineage, serial: snapshot.serial }
    }
}

impl Saved {
    /// `text` and `json` show the plan without what is beside it.
    pub fn new(plan: &Plan, state: Base, choices: Choices, created: String, (text, json): (String, Json)) -> Saved {
        Saved {
            format: FORMAT.to_owned(),
            version: VERSION,
            cnx: env!("CARGO_PKG_VERSION").to_owned(),
            created,
            fingerprint: plan.fingerprint(),
            state,
            choices,
            read: (plan.objects_read, plan.read_requests),
            text,
            plan: json,
            seal: String::new(),
        }
    }

    /// What `--approve` names.
    pub fn approval(&self) -> &str {
        &self.seal
    }

    /// What the file shows must be what is planned: somebody may have looked at nothing else.
    pub fn shows(&self, text: &str, plan: &Json) -> Result<(), Failure> {
        // Numbers are compared as they come back from a file.
        let plan: Json = serde_json::from_str(&plan.to_string()).unwrap_or_default();
        if unplaced::text(&self.text) == unplaced::text(text) && unplaced::plan(&self.plan) == unplaced::plan(&plan) {
            return Ok(());
        }
        let message = "what the file shows is not what is planned now".to_owned();
        let help = "plan again with this cnx, look at it, apply that";
        Err(Failure::refused(Diagnostic::new(&plan::codes::CHANGED, message).help(help)))
    }

    /// What shapes a plan is in the file: beside it nothing of that is listened to, and so nothing is taken.
    pub fn is_all_of(&self, arguments: &Apply, environment: Option<&str>) -> Result<(), Failure> {
        let asked = Choices { refresh_only: arguments.refresh_only, ..Choices::new(None, &arguments.planning) };
        let bad = |message: String, help: &str| Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into());
        if asked != Choices::default() {
            let message = "a saved plan is applied as it is: no planning option goes with it".to_owned();
            return bad(message, "leave them out, or plan again with them: `cnx plan -o FILE`");
        }
        // As it is saved: without a name there it was this one.
        let saved = self.choices.environment.as_deref().unwrap_or("default");
        match environment.filter(|wished| *wished != saved) {
            Some(wished) => {
                let message = format!("the plan was made for {saved}, and -e says {wished}");
                bad(message, "leave -e out, or plan again with it")
            }
            None => Ok(()),
        }
    }

    /// A plan is applied once, to the very state that it was made from.
    pub fn fits(&self, snapshot: &Snapshot) -> Result<(), Failure> {
        let now = Base::of(snapshot);
        if self.state == now {
            return Ok(());
        }
        let message = if self.state.lineage == now.lineage || self.state.lineage.is_empty() {
            format!("the state has come to {} since the plan was made at {}", now.serial, self.state.serial)
        } else {
            "the plan was made from another state".to_owned()
        };
        Err(Failure::refused(
            Diagnostic::new(&plan::codes::CHANGED, message).help("plan again, look at it, apply that"),
        ))
    }
}

/// Writes it for its owner alone: parameters may be secret.
pub fn write(shell: &Shell, path: &Path, saved: &Saved) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(saved).map_err(|error| not_a_plan(path, &error.to_string()))?;
    text.push('\n');
    if let Some(head) = text.strip_suffix(UNSEALED) {
        text = format!("{head}\"seal\": \"{}\"\n}}\n", seal_of(head));
    }
    shell.write_file(path, text.as_bytes(), true)
}

/// Of all that stands before the seal.
fn seal_of(head: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(format!("{head}{UNSEALED}"))))
}

fn is_sealed(text: &str) -> bool {
    let Some((head, seal)) = text.rsplit_once("\"seal\": \"") else { return false };
    seal.strip_suffix("\"\n}\n").is_some_and(|seal| seal == seal_of(head))
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
    if version < u64::from(VERSION) {
        return Err(not_a_plan(path, "an older cnx wrote it; plan again").into());
    }
    if !is_sealed(&text) {
        return Err(Failure::refused(not_a_plan(path, "it was changed since it was saved")));
    }
    serde_json::from_value(json).map_err(|error| not_a_plan(path, &error.to_string()).into())
}

fn not_a_plan(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(&codes::NOT_A_PLAN, format!("{}: {why}", path.display()))
        .help("give a file that `cnx plan -o FILE` wrote")
}
