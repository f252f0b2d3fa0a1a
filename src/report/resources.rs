//! What is managed and what came out: the state as a table or in full, outputs, for people and for machines.

use super::escape;
use super::look::{Look, Role};
use super::table::{pairs, table};
use super::value::{MOST, inline};
use super::value_json::{value, value_or_secret};
use crate::model::{Attributes, Ident, Value};
use crate::state::{Condition, Open, Record, Snapshot, StoredOutput};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The version of the JSON forms below.
pub const VERSION: u32 = 1;

/// Every managed object on one line: address, id, status, what is odd about it. Empty where nothing is managed.
pub fn list(snapshot: &Snapshot, look: &Look) -> String {
    let current = snapshot.records.values().map(|record| row(record, ""));
    let deposed = snapshot.deposed.values().flatten().map(|record| row(record, "replaced, to be destroyed"));
    let rows: Vec<Vec<String>> = current.chain(deposed).collect();
    table(&[], &rows, look)
}

fn row(record: &Record, remark: &str) -> Vec<String> {
    let condition = match &record.condition {
        Condition::Ready if record.quarantine.is_some() => "adopted by a guess, not confirmed".to_owned(),
        Condition::Ready => remark.to_owned(),
        Condition::Pending(_) => "pending".to_owned(),
        Condition::Tainted(why) => format!("tainted: {}", escape::clean(why)),
    };
    let status = record.status.as_deref().unwrap_or("");
    [&record.address.to_string(), record.id.as_str(), status, &condition]
        .map(|cell| escape::clean(cell).into_owned())
        .to_vec()
}

/// One object in full.
pub fn one(record: &Record, look: &Look) -> String {
    let head = look.paint(Role::Strong, &escape::clean(&record.address.to_string()));
    let mut rows = vec![("id".to_owned(), escape::clean(record.id.as_str()).into_owned())];
    if let Some(status) = &record.status {
        rows.push(("status".to_owned(), escape::clean(status).into_owned()));
    }
    match &record.condition {
        Condition::Ready => {}
        Condition::Pending(operation) => {
            rows.push(("condition".to_owned(), format!("pending, operation {}", operation.0)))
        }
        Condition::Tainted(why) => rows.push(("condition".to_owned(), format!("tainted: {}", escape::clean(why)))),
    }
    if let Some(why) = &record.quarantine {
        rows.push(("guessed".to_owned(), format!("{}; not confirmed", escape::clean(why))));
    }
    rows.push(("created".to_owned(), record.created.to_string()));
    rows.push(("updated".to_owned(), record.updated.to_string()));
    let observed = attribute_rows(&record.observed, look);
    let mut out = format!("{head}\n{}", pairs(&rows, "  "));
    if !observed.is_empty() {
        out.push_str("  attributes\n");
        out.push_str(&pairs(&observed, "    "));
    }
    out
}

fn attribute_rows(attributes: &Attributes, look: &Look) -> Vec<(String, String)> {
    attributes
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (escape::clean(name.as_str()).into_owned(), inline(value, look)))
        .collect()
}

/// Operations of which the end is not known, one a line: what they made may be there, and is in no list above.
pub fn open(snapshot: &Snapshot) -> String {
    let begun = |open: &Open| {
        let what = open.intent.purpose.verb();
        let address = open.intent.address.to_string();
        format!("Open: the {what} of {}, sent {}; `cnx recover` ends it.\n", escape::clean(&address), open.intent.at)
    };
    snapshot.open.values().map(begun).collect()
}

/// The whole state in full.
pub fn all(snapshot: &Snapshot, look: &Look) -> String {
    let mut parts: Vec<String> = snapshot.records.values().map(|record| one(record, look)).collect();
    if parts.is_empty() {
        parts.push("Nothing is managed.\n".to_owned());
    }
    if !snapshot.open.is_empty() {
        parts.push(open(snapshot));
    }
    if !snapshot.outputs.is_empty() {
        parts.push(format!("{}\n{}", look.paint(Role::Strong, "Outputs:"), outputs(&snapshot.outputs, look)));
    }
    parts.join("\n")
}

/// One object for machines.
pub fn one_json(record: &Record) -> Json {
    let attributes = |attributes: &Attributes| {
        Json::Object(attributes.iter().map(|(name, item)| (name.to_string(), value(item))).collect())
    };
    json!({
        "address": record.address.to_string(),
        "kind": record.kind.as_str(),
        "id": record.id.as_str(),
        "status": record.status,
        "condition": match &record.condition {
            Condition::Ready => "ready",
            Condition::Pending(_) => "pending",
            Condition::Tainted(_) => "tainted",
        },
        "guessed": record.quarantine,
        "applied": attributes(&record.applied),
        "observed": attributes(&record.observed),
        "dependencies": record.lifecycle.dependencies.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "created": record.created.to_string(),
        "updated": record.updated.to_string(),
    })
}

/// The whole state for machines; secret outputs are hidden.
pub fn all_json(snapshot: &Snapshot) -> Json {
    json!({
        "format": "cnx-state",
        "version": VERSION,
        "lineage": snapshot.lineage,
        "serial": snapshot.serial,
        "resources": snapshot.records.values().map(one_json).collect::<Vec<_>>(),
        "deposed": snapshot.deposed.values().flatten().map(one_json).collect::<Vec<_>>(),
        "open": snapshot.open.values().map(|open| open.intent.address.to_string()).collect::<Vec<_>>(),
        "outputs": snapshot.outputs.iter().map(|(name, output)| {
            (name.to_string(), json!({ "value": value_or_secret(Some(&output.value), output.secret), "secret": output.secret }))
        }).collect::<serde_json::Map<_, _>>(),
    })
}

/// `name = value`, one a line; secret ones hidden.
pub fn outputs(outputs: &BTreeMap<Ident, StoredOutput>, look: &Look) -> String {
    let widest = outputs.keys().map(|name| name.as_str().len()).max().unwrap_or(0);
    outputs
        .iter()
        .map(|(name, output)| {
            let shown = if output.secret { "(secret)".to_owned() } else { laid_out(&output.value, look, 0) };
            format!("{:widest$} = {shown}\n", name.as_str())
        })
        .collect()
}

/// A map or list that does not fit one line takes one line a member; nothing is left out.
fn laid_out(value: &Value, look: &Look, depth: usize) -> String {
    let (line, margin) = (inline(value, look), "  ".repeat(depth));
    if super::look::columns_of(&line) + 2 * depth + 20 <= look.width && line.len() <= MOST {
        return line;
    }
    let rows = |open: char, rows: Vec<String>, close: char| {
        let rows: String = rows.iter().map(|row| format!("{margin}  {row}\n")).collect();
        format!("{open}\n{rows}{margin}{close}")
    };
    let row = |item: &Value| format!("{},", laid_out(item, look, depth + 1));
    if let Some(members) = super::difference::members(value) {
        let member = |(name, value): (&String, &&Value)| format!("{name} = {}", laid_out(value, look, depth + 1));
        return rows('{', members.iter().map(member).collect(), '}');
    }
    match value {
        Value::List(items) => rows('[', items.iter().map(row).collect(), ']'),
        Value::Set(items) => rows('[', items.iter().map(row).collect(), ']'),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Map(_)
        | Value::Object(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => line,
    }
}

/// One output, for people.
pub fn one_output(value: &Value, look: &Look) -> String {
    laid_out(value, look, 0) + "\n"
}

/// One output for a shell: a text bare, all else as JSON.
pub fn raw(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => super::value_json::value(other).to_string(),
    }
}
