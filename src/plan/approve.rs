//! What a person or a policy says yes to: a hash over all that a plan is going to do, and the plan that carries it.

use super::codes;
use super::types::{Action, OutputChange, Plan, ReplaceOrder, Step};
use crate::diag::Diagnostic;
use crate::model::{Value, hex};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A plan that was agreed to. Only [`Plan::approve`] makes one.
#[derive(Clone, Debug)]
pub struct Approved {
    plan: Plan,
    fingerprint: String,
}

impl Approved {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl Plan {
    /// `sha256:` and 64 hex digits over addresses, actions, ids and values. The same work has the same fingerprint, at any time.
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<String> = self.steps.order().map(|(_, step)| line_of(step)).collect();
        lines.extend(self.moves.iter().map(|(from, to)| format!("moved {from} -> {to}")));
        lines.sort_unstable();
        for output in &self.outputs {
            let mut line = format!("output {}", output.name);
            [&output.before, &output.after].into_iter().for_each(|value| write_optional(value.as_ref(), &mut line));
            lines.push(line);
        }
        let mut hash = Sha256::new();
        for line in &lines {
            hash.update((line.len() as u64).to_be_bytes());
            hash.update(line.as_bytes());
        }
        format!("sha256:{}", hex(&hash.finalize()))
    }

    /// The plan with the agreement to it, where the agreement was to this very plan.
    pub fn approve(self, fingerprint: &str) -> Result<Approved, Box<Diagnostic>> {
        let own = self.fingerprint();
        if own == fingerprint {
            return Ok(Approved { plan: self, fingerprint: own });
        }
        Err(Box::new(
            Diagnostic::new(&codes::CHANGED, format!("approved was {fingerprint}, planned is {own}"))
                .help("look at the plan again and approve what it says now"),
        ))
    }

    /// Outputs that get another value or go; what can't be known keeps its last value unless a step tells it.
    pub fn known_outputs(&self) -> usize {
        let is_known = |output: &&OutputChange| output.after.as_ref().is_none_or(Value::is_known);
        self.outputs.iter().filter(is_known).count()
    }

    /// Whether there is anything to do at the API, to take under management or out of it, or to tell others by an output.
    pub fn has_changes(&self) -> bool {
        !self.moves.is_empty()
            || self.known_outputs() > 0
            || self.steps.order().any(|(_, step)| step.action != Action::Note)
    }
}

fn line_of(step: &Step) -> String {
    let action = match &step.action {
        Action::Create => "create".to_owned(),
        Action::Update(operations) => {
            let names: Vec<&str> = operations.iter().map(crate::model::Ident::as_str).collect();
            format!("update {}", names.join("+"))
        }
        Action::Destroy => "destroy".to_owned(),
        Action::Forget => "forget".to_owned(),
        Action::Read => "read".to_owned(),
        Action::Run => "run".to_owned(),
        Action::Adopt(id) => format!("adopt {id}"),
        Action::Wait(operation) => format!("wait {}", operation.0),
        Action::Note => "note".to_owned(),
    };
    let order = match step.twin.map(|twin| twin.order) {
        None => "",
        Some(ReplaceOrder::DestroyFirst) => " destroy-first",
        Some(ReplaceOrder::CreateFirst) => " create-first",
    };
    let id = step.id.as_ref().map_or("", |id| id.as_str());
    let mut line = format!("{} {action}{order} {id} {}", step.address, step.deposed);
    for change in &step.changes {
        let _ = write!(line, " {:?}", change.path);
        write_optional(change.before.as_ref(), &mut line);
        write_optional(change.after.as_ref(), &mut line);
    }
    for (name, value) in &step.after {
        let _ = write!(line, " {name}=");
        write_value(value, &mut line);
    }
    line
}

fn write_optional(value: Option<&Value>, out: &mut String) {
    match value {
        Some(value) => write_value(value, out),
        None => out.push('-'),
    }
    out.push(';');
}

/// One text for one value: kinds of values, and texts by length, can't be taken for each other.
fn write_value(value: &Value, out: &mut String) {
    let all = |name: &str, items: &mut dyn Iterator<Item = &Value>, out: &mut String| {
        out.push_str(name);
        items.for_each(|item| {
            write_value(item, out);
            out.push(',');
        });
        out.push(')');
    };
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(flag) => write!(out, "{flag}"),
        Value::Number(number) => write!(out, "{number}"),
        Value::String(text) => write!(out, "{}:{text}", text.len()),
        Value::Duration(milliseconds) => write!(out, "{milliseconds}ms"),
        Value::List(items) => {
            all("list(", &mut items.iter(), out);
            Ok(())
        }
        Value::Set(items) => {
            all("set(", &mut items.iter(), out);
            Ok(())
        }
        Value::Map(entries) => {
            out.push_str("map(");
            for (key, value) in entries.iter() {
                let _ = write!(out, "{key}=>");
                write_value(value, out);
            }
            write!(out, ")")
        }
        Value::Object(members) => {
            out.push_str("object(");
            for (name, value) in members.iter() {
                let _ = write!(out, "{}:{name}=", name.len());
                write_value(value, out);
            }
            write!(out, ")")
        }
        Value::Sealed(seal) => write!(out, "sealed {seal}"),
        Value::Unknown(unknown) => write!(out, "unknown({:?})", unknown.waits_for),
    };
}
