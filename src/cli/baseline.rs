//! Drift that somebody accepted until a day: kept beside the state, as digests of what was there. Sends nothing.

use super::codes;
use super::exit::Failure;
use super::memory;
use super::shell::Shell;
use crate::desired::Settings;
use crate::diag::Diagnostic;
use crate::model::{Timestamp, Value, hex};
use crate::plan::{Finding, What};
use crate::report::drift::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

const FORMAT: &str = "cnx-drift-baseline";
/// 1 held digests of a form that changed with the compiler: they say nothing today.
const VERSION: u32 = 2;

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
    if baseline.version < VERSION {
        return Ok(Baseline { version: VERSION, accepted: Vec::new(), ..baseline });
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

/// Tells findings apart: over a form of its own, so that the same finding has the same digest in every version of cnx.
fn digest(finding: &Finding) -> String {
    let text = json!([finding.path, canonical_what(&finding.what)]).to_string();
    hex(&Sha256::digest(text.as_bytes()))
}

fn canonical_what(what: &What) -> Json {
    let optional = |value: &Option<Value>| value.as_ref().map(canonical);
    match what {
        What::Changed { applied, live, ignored: _ } => json!({ "changed": [optional(applied), optional(live)] }),
        What::Gone => json!("gone"),
        What::Unknown(_) => json!("unknown"),
    }
}

/// Arrays and texts only: nothing in it depends on an order that somebody else chooses.
fn canonical(value: &Value) -> Json {
    let all = |items: &mut dyn Iterator<Item = &Value>| items.map(canonical).collect::<Vec<Json>>();
    match value {
        Value::Null => json!(["null"]),
        Value::Bool(flag) => json!(["bool", flag]),
        Value::Number(number) => json!(["number", number.to_string()]),
        Value::String(text) => json!(["text", text.as_str()]),
        Value::Duration(milliseconds) => json!(["duration", milliseconds]),
        Value::List(items) => json!(["list", all(&mut items.iter())]),
        Value::Set(items) => json!(["set", all(&mut items.iter())]),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| json!([key.to_string(), canonical(value)]));
            json!(["map", entries.collect::<Vec<_>>()])
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| json!([name.as_str(), canonical(value)]));
            json!(["object", members.collect::<Vec<_>>()])
        }
        Value::Sealed(seal) => json!(["sealed", seal.as_str()]),
        Value::Unknown(_) => json!(["unknown"]),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Key, RemoteId};
    use std::collections::BTreeMap;

    /// Written down once: another digest forgets what people accepted.
    #[test]
    fn the_digest_is_the_same_in_every_version() {
        let tags = BTreeMap::from([(Key::text("team"), Value::string("ops")), (Key::Int(1), Value::Duration(5))]);
        let members = BTreeMap::from([("cpu".into(), Value::int(2)), ("on".into(), Value::Bool(true))]);
        let live = Value::list(vec![
            Value::map(tags),
            Value::object(members),
            Value::set([Value::string("a"), Value::string("b")]),
            Value::Sealed("seal".into()),
        ]);
        let finding = Finding {
            address: Address::managed("server", "web", None),
            id: RemoteId::new("srv_1"),
            path: vec!["tags".to_owned(), "team".to_owned()],
            what: What::Changed { applied: None, live: Some(live), ignored: false },
        };
        assert_eq!(digest(&finding), "38c2e5b2c6e391135ee4f03a8e1c7e54ddb65189e148e1b4d4a49dbf2c8ca881");
        assert_ne!(digest(&finding), digest(&Finding { what: What::Gone, ..finding.clone() }));
    }
}
