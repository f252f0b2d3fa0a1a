//! What the state knows and the program does not: destroyed, forgotten, or waited for.

use super::live::{self, Presence};
use super::managed::waiting;
use super::planner::{Planner, unknown_kind};
use super::types::{Reason, ReasonCode};
use super::unit::{self, Unit};
use super::{codes, drift, guard};
use crate::desired::{Cause, Headers, Instance};
use crate::diag::Diagnostic;
use crate::model::{Address, NodeId};
use crate::state::Record;
use std::collections::BTreeMap;

/// The declarations of a program, each with one of its instances.
#[derive(Default)]
struct Declarations {
    instances: BTreeMap<Address, NodeId>,
    headers: Headers,
}

/// Why a record has no instance where none of its declaration is there.
fn no_instance(address: &Address, headers: &Headers) -> Reason {
    let Some(absence) = headers.absence(address) else {
        let text = "no longer declared".to_owned();
        return Reason { code: ReasonCode::DeleteBecauseNoResourceConfig, text, span: None };
    };
    let code = match absence.cause {
        Cause::Condition => ReasonCode::DeleteBecauseCondition,
        Cause::Key => ReasonCode::DeleteBecauseEachKey,
        Cause::Repetition => ReasonCode::DeleteBecauseWrongRepetition,
    };
    Reason { code, text: absence.text, span: Some(absence.header) }
}

impl<'a> Planner<'a> {
    /// Decides about every record that no instance stands for, and about every deposed object.
    pub fn remove(&mut self) {
        let inputs = self.inputs;
        let declared = |address: &Address| !inputs.options.destroy && inputs.desired.by_address.contains_key(address);
        let leftover: Vec<&Record> =
            inputs.snapshot.records.values().filter(|record| !declared(&record.address)).collect();
        let mut declarations = Declarations::default();
        if !leftover.is_empty() && !inputs.options.destroy {
            let instances = inputs.desired.by_address.iter();
            declarations.instances = instances.map(|(address, node)| (address.declaration(), *node)).collect();
            declarations.headers = inputs.desired.headers();
        }
        for record in leftover {
            self.removed(record, &declarations);
        }
        for record in inputs.snapshot.deposed.values().flatten() {
            self.deposed(record);
        }
        self.half_created(&declared);
    }

    fn removed(&mut self, record: &'a Record, declarations: &Declarations) {
        let inputs = self.inputs;
        let kind = inputs.catalog.kind(&record.kind);
        let mut unit = Unit { record: Some(record), ..Unit::new(&record.address) };
        let open = self.open.get(&record.address).into_iter().flatten();
        unit.forward = open.map(|open| waiting(&unit, open, None)).collect();
        let declared: Option<&Instance> =
            inputs.desired.by_address.get(&record.address).map(|node| inputs.desired.graph.node(*node));
        let standing = match self.survey.presence(record, inputs.live, inputs.catalog) {
            Presence::There(attributes) => attributes,
            Presence::Remembered(attributes, why) => {
                unit.problems.0.extend(why.map(|why| live::unread(record, why)));
                attributes
            }
            Presence::Hidden => {
                unit.problems.push(live::hidden(record));
                return self.keep(unit);
            }
            Presence::Gone => {
                self.drift.push(drift::gone(record));
                let text = format!("{} was deleted outside cnx", record.id);
                let reason = Reason { code: ReasonCode::DeletedOutside, text, span: None };
                unit.ending = Some(unit::ending(kind, record, &record.observed, true, reason, inputs.options.speed));
                return self.keep(unit);
            }
        };
        if let Some(kind) = kind {
            drift::drift_of_record(kind, record, standing, &mut self.drift);
        } else {
            unit.problems.push(unknown_kind(&record.address, None));
        }
        let retain = record.lifecycle.retain || declared.is_some_and(|instance| instance.lifecycle.retain);
        let reason = if inputs.options.destroy { requested() } else { self.why_removed(&mut unit, declarations) };
        let let_go = inputs
            .desired
            .forgets
            .iter()
            .find(|place| place.address == record.address || place.address == record.address.declaration())
            .map(|place| place.span);
        let modules = &inputs.desired.module_forgets;
        let of_module = || modules.iter().find(|(path, _)| record.address.below(path).is_some()).map(|(_, span)| *span);
        let let_go = let_go.or_else(of_module);
        let reason = match let_go {
            Some(span) => forgotten(span),
            None if retain => retained(reason),
            None => reason,
        };
        let retain = retain || let_go.is_some();
        if !retain {
            let settings = &inputs.desired.settings;
            guard::against_destroying(kind, record, declared, false, settings, inputs.options, &mut unit.problems);
            guard::against_strangers(kind, record, standing, inputs.options, &mut unit.problems);
            guard::against_guesses(record, "destroyed", inputs.options, &mut unit.problems);
        }
        unit.ending = Some(unit::ending(kind, record, standing, retain, reason, inputs.options.speed));
        self.keep(unit);
    }

    /// Why a record has no instance, by what is declared under its name.
    fn why_removed(&self, unit: &mut Unit<'a>, declarations: &Declarations) -> Reason {
        let address = unit.address;
        let declaration = address.declaration();
        let sibling = declarations.instances.get(&declaration).map(|node| self.inputs.desired.graph.node(*node));
        let Some(sibling) = sibling else { return no_instance(address, &declarations.headers) };
        let (code, text) = match (&address.key, &sibling.address.key) {
            (Some(key), Some(_)) => {
                (ReasonCode::DeleteBecauseEachKey, format!("{key} is no longer a key of {declaration}"))
            }
            (None, Some(_)) => (ReasonCode::DeleteBecauseWrongRepetition, format!("{declaration} is repeated now")),
            (Some(_), None) | (None, None) => {
                (ReasonCode::DeleteBecauseWrongRepetition, format!("{declaration} is not repeated any more"))
            }
        };
        let is_new = !self.inputs.snapshot.records.contains_key(&sibling.address);
        if code == ReasonCode::DeleteBecauseWrongRepetition && is_new {
            unit.problems.push(
                Diagnostic::new(&codes::MOVED, format!("{address} is destroyed, {} is created", sibling.address))
                    .at(sibling.span, text.clone())
                    .help(format!("if it is the same object, write: moved {address} -> {}", sibling.address)),
            );
        }
        Reason { code, text, span: Some(sibling.span) }
    }

    fn deposed(&mut self, record: &'a Record) {
        let inputs = self.inputs;
        // An earlier run's request for it has no known end: a second one must not overtake that.
        if inputs.snapshot.open.values().any(|open| open.intent.id.as_ref() == Some(&record.id)) {
            return;
        }
        let kind = inputs.catalog.kind(&record.kind);
        let mut unit = Unit { record: Some(record), ..Unit::new(&record.address) };
        let text = "its successor is there".to_owned();
        let mut reason = Reason { code: ReasonCode::DeleteDeposed, text, span: None };
        let presence = self.survey.presence(record, inputs.live, inputs.catalog);
        let (gone, standing) = match presence {
            Presence::There(attributes) => (false, attributes),
            Presence::Remembered(attributes, _) => (false, attributes),
            Presence::Gone => {
                reason.code = ReasonCode::DeletedOutside;
                (true, &record.observed)
            }
            Presence::Hidden => {
                unit.problems.push(live::hidden(record));
                return self.keep(unit);
            }
        };
        if !gone {
            guard::against_strangers(kind, record, standing, inputs.options, &mut unit.problems);
            guard::against_guesses(record, "destroyed", inputs.options, &mut unit.problems);
        }
        let mut step = unit::ending(kind, record, standing, gone, reason, inputs.options.speed);
        step.deposed = true;
        unit.ending = Some(step);
        self.keep(unit);
    }

    /// Creates of an earlier run that are open and that nothing stands for any more.
    fn half_created(&mut self, declared: &impl Fn(&Address) -> bool) {
        let inputs = self.inputs;
        let is_alone = |address: &Address| !declared(address) && !inputs.snapshot.records.contains_key(address);
        let alone = self.open.iter().filter(|(address, _)| is_alone(address));
        let units = alone.map(|(address, open)| {
            let mut unit = Unit::new(address);
            unit.forward = open.iter().map(|open| waiting(&unit, open, None)).collect();
            unit
        });
        for unit in units.collect::<Vec<_>>() {
            self.keep(unit);
        }
    }
}

fn requested() -> Reason {
    Reason { code: ReasonCode::DestroyRequested, text: "asked for with destroy".to_owned(), span: None }
}

fn forgotten(span: crate::model::Span) -> Reason {
    Reason { code: ReasonCode::Forgotten, text: "`forget` lets the object stay".to_owned(), span: Some(span) }
}

fn retained(reason: Reason) -> Reason {
    let text = format!("{}; `retain` lets the object stay", reason.text);
    Reason { code: ReasonCode::Retained, text, ..reason }
}
