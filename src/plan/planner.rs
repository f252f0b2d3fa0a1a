//! The walk over the program, dependencies first: one decision an instance, each with what its dependants will see.

use super::drift;
use super::identity::Strangers;
use super::live::{self, Presence, Survey};
use super::outputs::Planned;
use super::types::{Drift, Live, Options, Reason, ReasonCode, ReplaceOrder};
use super::unit::Unit;
use super::{codes, guard};
use crate::desired::{Desired, Instance};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, Attributes, Mode, NodeId, Span};
use crate::provider::{Catalog, Kind};
use crate::state::{Open, Record, Snapshot};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// All that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    pub desired: &'a Desired,
    pub snapshot: &'a Snapshot,
    pub live: &'a Live,
    pub catalog: &'a Catalog,
    pub options: &'a Options,
}

/// The state of the walk.
#[derive(Debug)]
pub struct Planner<'a> {
    pub inputs: Inputs<'a>,
    pub survey: Survey<'a>,
    pub outputs: Planned<'a>,
    pub units: Vec<Unit<'a>>,
    /// Which unit belongs to a node of the program; none where nothing is to be done.
    pub unit_of: Vec<Option<u32>>,
    /// Whose dependants, or who itself, asks to be created before it is destroyed.
    pub create_first: Vec<bool>,
    /// What earlier runs began and did not end, by address: one of its object, others of those that it took the place of.
    pub open: BTreeMap<&'a Address, Vec<&'a Open>>,
    pub strangers: Strangers<'a>,
    pub drift: Vec<Drift>,
    pub unchanged: usize,
    /// Complaints of no unit.
    pub complaints: Diagnostics,
}

impl<'a> Planner<'a> {
    pub fn new(inputs: Inputs<'a>) -> Planner<'a> {
        let mut complaints = Diagnostics::default();
        let survey = Survey::take(inputs.snapshot, inputs.live, inputs.catalog, inputs.options, &mut complaints);
        let nodes = inputs.desired.graph.len();
        let mut open: BTreeMap<&Address, Vec<&Open>> = BTreeMap::new();
        for one in inputs.snapshot.open.values() {
            open.entry(&one.intent.address).or_default().push(one);
        }
        Planner {
            inputs,
            survey,
            outputs: Planned::new(inputs.desired),
            units: Vec::new(),
            unit_of: vec![None; nodes],
            create_first: spread(inputs.desired),
            open,
            strangers: Strangers::new(inputs.snapshot),
            drift: Vec::new(),
            unchanged: 0,
            complaints,
        }
    }

    /// Decides about every declared instance.
    pub fn walk(&mut self) {
        for (node, instance) in self.inputs.desired.graph.order() {
            let resolved = if instance.is_known() {
                Cow::Borrowed(instance)
            } else {
                match self.inputs.desired.resolve(node, &self.outputs) {
                    Ok(resolved) => Cow::Owned(resolved),
                    Err(found) => {
                        let mut unit = Unit { node: Some(node), ..Unit::new(&instance.address) };
                        unit.problems = found;
                        self.keep(unit);
                        continue;
                    }
                }
            };
            match instance.address.mode {
                Mode::Managed => self.managed(node, &instance.address, &resolved),
                Mode::Data => self.data(node, &instance.address, &resolved),
                Mode::Action => self.action(node, &instance.address, &resolved),
            }
        }
    }

    /// Notes a decision.
    pub fn keep(&mut self, unit: Unit<'a>) {
        if let Some(node) = unit.node {
            self.unit_of[node.0 as usize] = Some(self.units.len() as u32);
        }
        self.units.push(unit);
    }

    /// The decision about another instance, where there is one.
    pub fn unit(&self, node: NodeId) -> Option<&Unit<'a>> {
        self.unit_of[node.0 as usize].map(|at| &self.units[at as usize])
    }

    fn managed(&mut self, node: NodeId, address: &'a Address, instance: &Instance) {
        let record = self.inputs.snapshot.records.get(address);
        let mut unit = Unit { node: Some(node), record, ..Unit::new(address) };
        guard::conditions(instance, &mut unit.problems);
        let Some(kind) = self.inputs.catalog.kind(&address.kind) else {
            unit.problems.push(unknown_kind(address, Some(instance.span)));
            return self.keep(unit);
        };
        if let Some(open) = self.open.get(address).cloned() {
            return self.wait(unit, kind, &open, record);
        }
        let Some(record) = record else {
            if let Some(import) = self.inputs.desired.imports.get(address) {
                return self.imported(unit, kind, instance, import);
            }
            return self.new_object(unit, kind, instance, reason_declared(instance));
        };
        let standing = match self.survey.presence(record, self.inputs.live, self.inputs.catalog) {
            Presence::There(attributes) => attributes,
            Presence::Remembered(attributes, why) => {
                if let Some(why) = why {
                    unit.problems.push(live::unread(record, why));
                }
                attributes
            }
            Presence::Hidden => {
                unit.problems.push(live::hidden(record));
                return self.keep(unit);
            }
            Presence::Gone => {
                self.drift.push(drift::gone(record));
                let reason = Reason {
                    code: ReasonCode::DeletedOutside,
                    text: format!("{} was deleted outside cnx", record.id),
                    span: Some(instance.span),
                };
                return self.new_object(unit, kind, instance, reason);
            }
        };
        self.existing(unit, kind, instance, record, standing);
    }

    /// How the replacement of an instance goes, given those of what it depends on.
    pub fn order(&mut self, unit: &mut Unit<'a>, node: NodeId, kind: &Kind, instance: &Instance) -> ReplaceOrder {
        let asked = self.create_first[node.0 as usize];
        let after = self.inputs.desired.graph.dependencies(node).into_iter().find(|dependency| {
            self.unit(*dependency).is_some_and(|unit| unit.replacement == Some(ReplaceOrder::DestroyFirst))
        });
        let why = if !kind.replaceable_in_parallel || kind.natural_key_unique {
            Some(format!("two of kind {} cannot exist at once", kind.name))
        } else {
            after.map(|dependency| format!("{} is destroyed first", self.inputs.desired.graph.node(dependency).address))
        };
        match why {
            Some(why) if asked => {
                if instance.lifecycle.create_before_destroy {
                    unit.problems.push(guard::cannot_create_first(instance, &why, instance.span));
                }
                ReplaceOrder::DestroyFirst
            }
            None if asked => ReplaceOrder::CreateFirst,
            Some(_) | None => ReplaceOrder::DestroyFirst,
        }
    }

    /// What dependants of an unchanged object see.
    pub fn stands(&mut self, node: NodeId, kind: &Kind, applied: &Attributes, standing: &'a Attributes, exact: bool) {
        let attributes = if exact && super::values::is_complete(kind, standing) {
            Cow::Borrowed(standing)
        } else {
            Cow::Owned(super::values::settled(kind, applied, standing))
        };
        self.outputs.set(node, attributes);
    }
}

/// Who is to be created before it is destroyed: whoever says so, and all that they depend on.
fn spread(desired: &Desired) -> Vec<bool> {
    let mut marked = vec![false; desired.graph.len()];
    for (node, instance) in desired.graph.order().rev() {
        marked[node.0 as usize] |= instance.lifecycle.create_before_destroy;
        if marked[node.0 as usize] {
            for dependency in desired.graph.dependencies(node) {
                marked[dependency.0 as usize] = true;
            }
        }
    }
    marked
}

fn reason_declared(instance: &Instance) -> Reason {
    Reason { code: ReasonCode::Declared, text: "declared and not there yet".to_owned(), span: Some(instance.span) }
}

/// A kind that was in the catalog once, or in another one.
pub fn unknown_kind(address: &Address, span: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_KIND, format!("{address} is of kind `{}`", address.kind))
        .help("use the version of cnx that made it, or forget it: cnx state forget");
    match span {
        Some(span) => diagnostic.at(span, "declared here"),
        None => diagnostic,
    }
}

/// Whether the record came to be only half.
pub fn tainted(record: &Record) -> Option<&str> {
    match &record.condition {
        crate::state::Condition::Tainted(why) => Some(why),
        crate::state::Condition::Ready | crate::state::Condition::Pending(_) => None,
    }
}
