//! What stands between a plan and the loss of an object: protection, approval, conditions.

use super::codes;
use super::compare::is_same;
use super::types::Options;
use super::values::seen;
use crate::desired::{Instance, Settings, Target};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Attributes, Span, Value};
use crate::provider::{Attribute, Kind, Update};
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
    let written = declared.and_then(|instance| instance.lifecycle.protect);
    if record.lifecycle.protect || written == Some(true) {
        let (word, help) = match (declared, written) {
            (_, Some(true)) => ("is set", "write `protect = false` in its lifecycle, and apply that first"),
            (_, Some(false)) => (
                "was applied",
                "`protect = false` counts once it is applied: apply it first, without what ends the object",
            ),
            (Some(_), None) => (
                "was applied",
                "write `protect = false` in its lifecycle, and apply that first: to leave it out is not enough",
            ),
            (None, None) if options.destroy => {
                ("was applied", "write `protect = false` in its lifecycle, apply that, then destroy")
            }
            (None, None) => ("was applied", "declare it again with `protect = false`, apply that, then remove it"),
        };
        let message = format!("{} ({}) {what}, and `protect` {word}", record.address, record.id);
        out.push(place(Diagnostic::new(&codes::PROTECTED, message), "declared here").help(help));
        return;
    }
    let stateful = kind.is_some_and(|kind| kind.stateful);
    let asks = settings.protect || stateful && settings.target != Target::Local;
    if asks && !options.allow_destroy.iter().any(|pattern| pattern.matches(&record.address)) {
        let why = if stateful { "it holds data" } else { "the environment is protected" };
        let message = format!("{} ({}) {what}: {why}", record.address, record.id);
        out.push(
            place(Diagnostic::new(&codes::NEEDS_APPROVAL, message), "declared here")
                .help(format!("if that is meant, add --allow-destroy '{}'", record.address)),
        );
    }
}

/// What was protected is told when it is not any more.
pub fn protection_ends(record: &Record, instance: &Instance, out: &mut Diagnostics) {
    if record.lifecycle.protect && instance.lifecycle.protect == Some(false) {
        let message = format!("{} ({}) may be replaced and destroyed once this is applied", record.address, record.id);
        out.push(
            Diagnostic::new(&codes::PROTECTION_ENDS, message)
                .at(instance.span, "declared with `protect = false`")
                .help("if it is to stay protected, write `protect = true`"),
        );
    }
}

/// The attribute that tells two objects apart that are alike in all that a program wrote; every kind has it.
const MADE_AT: &str = "created_at";

/// What stands under an id differs from what was read there before where no object can change, or in all that the API gave
/// it for good (two may be made in the same second, and have other addresses): the id in the state is that of something
/// else, and nothing of somebody else's is changed or destroyed.
pub fn against_strangers(
    kind: Option<&Kind>,
    record: &Record,
    standing: &Attributes,
    options: &Options,
    out: &mut Diagnostics,
) {
    let Some(kind) = kind else { return };
    // Whether it is another value; nothing where one of the two is not shown.
    let differs = |attribute: &Attribute| {
        let (then, now) = seen(attribute, &record.observed).zip(seen(attribute, standing))?;
        (!then.is_null() && !now.is_null()).then(|| !is_same(&attribute.compare, then, now, None))
    };
    let all = || kind.attributes.values();
    let is_fixed = |it: &&Attribute| it.update == Update::Replace || it.name.as_str() == MADE_AT;
    let is_given = |it: &&Attribute| it.stable && !["id", MADE_AT].contains(&it.name.as_str());
    let given: Vec<(&Attribute, bool)> = all().filter(is_given).filter_map(|it| Some((it, differs(it)?))).collect();
    let other = given.first().filter(|_| given.iter().all(|(_, differs)| *differs)).map(|(attribute, _)| *attribute);
    let Some(attribute) = all().filter(is_fixed).find(|it| differs(it) == Some(true)).or(other) else { return };
    if options.allow_destroy.iter().any(|pattern| pattern.matches(&record.address)) {
        return;
    }
    let message =
        format!("{} would be touched as {}, but its `{}` is another one", record.id, record.address, attribute.name);
    out.push(Diagnostic::new(&codes::ANOTHER_OBJECT, message).help(format!(
        "check the id in the state; `cnx state show '{0}'` shows what was known, --allow-destroy '{0}' goes on all the same",
        record.address
    )));
}

/// An object that was taken over by a guess is read, and neither changed nor destroyed until somebody confirms it.
pub fn against_guesses(record: &Record, what: &str, options: &Options, out: &mut Diagnostics) {
    let Some(why) = &record.quarantine else { return };
    if options.confirm.iter().any(|pattern| pattern.matches(&record.address)) {
        return;
    }
    let message = format!("{} ({}) would be {what}: {why}", record.address, record.id);
    out.push(Diagnostic::new(&codes::UNCONFIRMED, message).help(format!(
        "if it is the right one, add --confirm '{0}', or say so once: cnx state confirm '{0}'",
        record.address
    )));
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
