//! Mode G: where a run came to rest, what is there is the same as after a run in which nothing went wrong, attributes
//! included; ids, addresses and times aside.

use super::choices::{Choices, Script};
use super::cloud::Settings;
use super::life::{Look, Plot, live};
use super::truth::living;
use cnx::emulator::{Emulator, Kind};
use cnx::model::RemoteId;
use cnx::provider::cloudnexus;
use cnx::state::Snapshot;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock, Mutex};

/// State and cloud as text, one line an address; ids are replaced by addresses, and so are places in the network, wherever
/// they stand: what names another object's place must name the one that this object has now.
pub fn describe(snapshot: &Snapshot, emulator: &Emulator) -> String {
    let mut names: BTreeMap<String, String> =
        snapshot.ids.iter().map(|(id, address)| (id.to_string(), format!("<{address}>"))).collect();
    for object in living(emulator) {
        let place = object.machine().and_then(|machine| machine.ipv4).map(|number| Ipv4Addr::from(number).to_string());
        let place = place.zip(snapshot.ids.get(&RemoteId::new(&object.id)));
        names.extend(place.map(|(place, address)| (place, format!("<{address}.ipv4>"))));
    }
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

/// With every dotted number that is a place replaced by whose it is.
fn placed(text: &str, names: &BTreeMap<String, String>) -> String {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_number) {
        let length = rest[start..].find(|c| !is_number(c)).unwrap_or(rest.len() - start);
        let number = &rest[start..start + length];
        out.push_str(&rest[..start]);
        out.push_str(names.get(number).map_or(number, String::as_str));
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    out
}

fn named(value: Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            // An image has two names: that of its line and that of its release.
            let text = text.strip_suffix("-lts").unwrap_or(&text);
            Value::String(names.get(text).cloned().unwrap_or_else(|| placed(text, names)))
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
        sweeps_again: false,
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
