//! Mode G: where a run came to rest, what is there is the same as after a run in which nothing went wrong, attributes
//! included; ids, addresses and times aside.

use super::choices::{Choices, Script};
use super::cloud::Settings;
use super::life::{Look, Plot, live};
use super::truth::living;
use cnx::emulator::{Emulator, Kind};
use cnx::provider::cloudnexus;
use cnx::state::Snapshot;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock, Mutex};

/// State and cloud as text, one line an address; ids are replaced by addresses.
pub fn describe(snapshot: &Snapshot, emulator: &Emulator) -> String {
    let names: BTreeMap<&str, String> =
        snapshot.ids.iter().map(|(id, address)| (id.as_str(), format!("<{address}>"))).collect();
    let mut text = String::new();
    for (address, record) in &snapshot.records {
        let applied: Map<String, Value> = record
            .applied
            .iter()
            .map(|(name, value)| (name.to_string(), cnx::model::json::to_json(value).unwrap_or_default()))
            .collect();
        let applied = named(Value::Object(applied), &names);
        let object = living(emulator).find(|object| object.id == record.id.as_str());
        let unset = |name: &str| {
            let known = cloudnexus().kind(&record.kind).is_some_and(|kind| kind.attribute(name).is_some());
            known && !record.applied.contains_key(name)
        };
        let object = object.map(|object| {
            // A snapshot is named after the time, a zone shows its domain.
            let is_unnamed = matches!(object.kind, Kind::Snapshot | Kind::CdnZone);
            let name = if is_unnamed { "" } else { &object.name };
            let mut body = json!(object.body);
            // What the program leaves out stays as an earlier program had it.
            for members in body.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
                members.retain(|name, _| !unset(name));
            }
            json!({"name": name, "region": object.region, "status": object.status, "body": body})
        });
        let object = named(object.unwrap_or_default(), &names);
        let _ = writeln!(text, "{address} {:?} {:?} {applied} {object}", record.condition, record.lifecycle);
    }
    let outputs = snapshot.outputs.iter();
    for (name, output) in outputs {
        let value = named(cnx::model::json::to_json(&output.value).unwrap_or_default(), &names);
        let _ = writeln!(text, "output {name} {value}");
    }
    text
}

/// Members that say when, where in the network, or by which request.
const PASSING: &[&str] = &["ipv4", "ipv6", "cached", "ordinal", "size_gb"];

fn named(value: Value, names: &BTreeMap<&str, String>) -> Value {
    match value {
        Value::String(text) => {
            // An image has two names: that of its line and that of its release.
            let text = text.strip_suffix("-lts").unwrap_or(&text);
            Value::String(names.get(text).map_or(text, String::as_str).to_owned())
        }
        Value::Array(items) => items.into_iter().map(|item| named(item, names)).collect(),
        Value::Object(members) => {
            let kept = members
                .into_iter()
                .filter(|(name, _)| !PASSING.contains(&name.as_str()) && !name.starts_with(cnx::state::STAMP_PREFIX));
            kept.map(|(name, value)| (name, named(value, names))).collect()
        }
        other => other,
    }
}

static EXPECTED: LazyLock<Mutex<BTreeMap<String, Arc<str>>>> = LazyLock::new(Mutex::default);

/// What the plot comes to where nothing goes wrong.
pub fn expected(plot: &Plot) -> Arc<str> {
    if let Some(known) = EXPECTED.lock().expect("no panic while it is held").get(&plot.name) {
        return known.clone();
    }
    let ordinary = Plot {
        // What is wanted does not depend on the kind of cloud, and this is the quickest.
        settings: Settings::LOCAL,
        rivals: false,
        clock_jumps: false,
        other_account_at: None,
        stranger_first: false,
        rolls_back: false,
        examined: false,
        bug: None,
        stubborn: 3,
        seed: 1,
        ..plot.clone()
    };
    let look = Look { outcome: true, ..Look::default() };
    let lived = live(&ordinary, Choices::scripted(Script::new()), None, look);
    let text: Arc<str> = lived.outcome.unwrap_or_default().into();
    EXPECTED.lock().expect("no panic while it is held").insert(plot.name.clone(), text.clone());
    text
}
