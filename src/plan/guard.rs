//! What stands between a plan and the loss of an object: protection, approval, conditions.

use super::codes;
use super::types::Options;
use crate::desired::{Instance, Settings, Target};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Span, Value};
use crate::provider::Kind;
use crate::state::Record;

/// Complaints against destroying an object, where it is the program's or the state's word that it must stay.
/// `declared` is the instance that is replaced, or destroyed with its program.
pub fn against_destroying(
    kind: Option<&Kind>,
    record: &Record,
    declared: Option<&Instance>,
    replaced: bool,
    settings: &Settings,
    options: &Options,
    out: &mut Diagnostics,
) {
    let place = |diagnostic: Diagnostic, text: &str| match declared {
        Some(instance) => diagnostic.at(instance.span, text),
        None => diagnostic,
    };
    let what = if replaced { "would be replaced" } else { "would be destroyed" };
    let protected = if replaced {
        declared.is_some_and(|instance| instance.lifecycle.protect)
    } else {
        record.lifecycle.protect || declared.is_some_and(|instance| instance.lifecycle.protect)
    };
    if protected {
        let message = format!("{} ({}) {what}, and `protect` is set", record.address, record.id);
        out.push(place(Diagnostic::new(&codes::PROTECTED, message), "declared here").help(if declared.is_some() {
            "take `protect = true` out of its lifecycle and apply that first"
        } else {
            "declare it again without `protect`, apply that, then remove it"
        }));
        return;
    }
    let stateful = kind.is_some_and(|kind| kind.stateful);
    let asks = settings.target != Target::Local && (stateful || settings.protect);
    if asks && !options.allow_destroy.iter().any(|pattern| pattern.matches(&record.address)) {
        let why = if stateful { "it holds data" } else { "the environment is protected" };
        let message = format!("{} ({}) {what}: {why}", record.address, record.id);
        out.push(
            place(Diagnostic::new(&codes::NEEDS_APPROVAL, message), "declared here")
                .help(format!("if that is meant, add --allow-destroy '{}'", record.address)),
        );
    }
}

/// Conditions that are known to be false.
pub fn conditions(instance: &Instance, out: &mut Diagnostics) {
    for condition in instance.lifecycle.conditions.iter().filter(|condition| condition.holds == Value::Bool(false)) {
        out.push(
            Diagnostic::new(&codes::CONDITION_FAILED, condition.message.clone())
                .at(condition.span, format!("false for {}", instance.address))
                .help("change what the condition looks at, or the condition"),
        );
    }
}

/// Creating first was asked for where it can't be done.
pub fn cannot_create_first(instance: &Instance, why: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::CREATE_FIRST_IMPOSSIBLE, format!("{} is destroyed first: {why}", instance.address))
        .at(span, "asks for create_before_destroy")
        .help("take `create_before_destroy` out of its lifecycle, or keep the object")
}
