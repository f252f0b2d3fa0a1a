//! What is decided about one address: its steps before they are linked into a graph.

use super::types::{Action, Change, Reason, ReplaceOrder, Step};
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, Ident, NodeId, RemoteId};
use crate::provider::{Kind, Operation};
use crate::state::Record;

/// An address and its steps.
#[derive(Clone, Debug)]
pub struct Unit<'a> {
    pub address: &'a Address,
    pub node: Option<NodeId>,
    pub record: Option<&'a Record>,
    /// What brings the wish about, in this order.
    pub forward: Vec<Step>,
    /// What ends the object that is there: a destroy, or a forget.
    pub ending: Option<Step>,
    /// The two are the halves of a replacement.
    pub replacement: Option<ReplaceOrder>,
    /// Complaints that count only when the unit is part of the plan.
    pub problems: Diagnostics,
}

impl<'a> Unit<'a> {
    pub fn new(address: &'a Address) -> Unit<'a> {
        Unit {
            address,
            node: None,
            record: None,
            forward: Vec::new(),
            ending: None,
            replacement: None,
            problems: Diagnostics::default(),
        }
    }

    /// Whether the object that is there ceases to be.
    pub fn destroys(&self) -> bool {
        self.ending.as_ref().is_some_and(|step| step.action == Action::Destroy)
    }

    /// Whether a new object is made.
    pub fn creates(&self) -> bool {
        self.forward.iter().any(|step| step.action == Action::Create)
    }

    /// Whether the instance is not yet as written.
    pub fn leads(&self) -> bool {
        self.forward.iter().any(|step| step.action.leads())
    }

    pub fn has_steps(&self) -> bool {
        !self.forward.is_empty() || self.ending.is_some()
    }
}

/// A step that costs nothing and changes nothing yet.
pub fn blank(address: &Address, action: Action, reason: Reason) -> Step {
    Step {
        address: address.clone(),
        action,
        reason,
        id: None,
        deposed: false,
        interim: Attributes::new(),
        changes: Vec::new(),
        before: Attributes::new(),
        after: Attributes::new(),
        desired: None,
        twin: None,
        disruptive: false,
        expected: 0,
        requests: 0,
    }
}

/// Milliseconds and requests of one operation: itself, and the polls and the last reading of its job.
fn cost(operation: &Operation) -> (i64, u32) {
    (operation.typical.max(0), if operation.job { 3 } else { 1 })
}

/// Charges a step with an operation.
pub fn charge(step: &mut Step, operation: &Operation, speed: i64) {
    let (expected, requests) = cost(operation);
    step.expected += expected / speed.max(1);
    step.requests += requests;
    step.disruptive |= operation.disruptive;
}

/// A step that makes the object.
pub fn create(kind: &Kind, address: &Address, reason: Reason, node: NodeId, after: Attributes, speed: i64) -> Step {
    let mut step = blank(address, Action::Create, reason);
    step.desired = Some(node);
    step.after = after;
    charge(&mut step, &kind.create, speed);
    step
}

/// What an update starts from and leads to.
pub struct Update {
    pub operations: Vec<Ident>,
    pub id: Option<RemoteId>,
    pub changes: Vec<Change>,
    pub before: Attributes,
    pub after: Attributes,
}

/// A step that changes the object in place.
pub fn update(
    kind: &Kind,
    address: &Address,
    reason: Reason,
    node: Option<NodeId>,
    update: Update,
    speed: i64,
) -> Step {
    let mut step = blank(address, Action::Update(update.operations.clone()), reason);
    for operation in update.operations.iter().filter_map(|name| kind.updates.get(name)) {
        charge(&mut step, operation, speed);
    }
    step.desired = node;
    step.id = update.id;
    step.changes = update.changes;
    step.before = update.before;
    step.after = update.after;
    step
}

/// A step that destroys the object, or only lets go of it.
pub fn ending(
    kind: Option<&Kind>,
    record: &Record,
    before: &Attributes,
    forget: bool,
    reason: Reason,
    speed: i64,
) -> Step {
    let action = if forget { Action::Forget } else { Action::Destroy };
    let mut step = blank(&record.address, action, reason);
    if let (Some(kind), false) = (kind, forget) {
        charge(&mut step, &kind.delete, speed);
    }
    step.id = Some(record.id.clone());
    step.before = before.clone();
    step
}
