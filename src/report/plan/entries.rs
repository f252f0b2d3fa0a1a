//! From steps to entries: the two halves of a replacement become one, same-shaped changes of one declaration fold together.

use crate::model::{Address, NodeId, RemoteId};
use crate::plan::{Action, Plan, ReasonCode, ReplaceOrder, Step};
use crate::report::look::{Detail, Role};
use std::collections::{BTreeMap, BTreeSet};

/// What an entry does, replacements told apart from their halves. In the order of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Create,
    Update,
    ReplaceCreateFirst,
    ReplaceDestroyFirst,
    Destroy,
    Run,
    Adopt,
    Forget,
    Read,
    Wait,
    Note,
}

impl Class {
    pub fn of(step: &Step) -> Class {
        match (&step.action, step.twin.map(|twin| twin.order)) {
            (Action::Create, Some(ReplaceOrder::CreateFirst)) => Class::ReplaceCreateFirst,
            (Action::Create, Some(ReplaceOrder::DestroyFirst)) => Class::ReplaceDestroyFirst,
            (Action::Create, None) => Class::Create,
            (Action::Update(_), _) => Class::Update,
            (Action::Destroy, _) => Class::Destroy,
            (Action::Forget, _) => Class::Forget,
            (Action::Read, _) => Class::Read,
            (Action::Run, _) => Class::Run,
            (Action::Adopt(_), _) => Class::Adopt,
            (Action::Wait(_), _) => Class::Wait,
            (Action::Note, _) => Class::Note,
        }
    }

    pub fn sign(self, unicode: bool) -> &'static str {
        match self {
            Class::Create => "+",
            Class::Update => "~",
            Class::ReplaceCreateFirst | Class::ReplaceDestroyFirst if unicode => "±",
            Class::ReplaceCreateFirst | Class::ReplaceDestroyFirst => "+-",
            Class::Destroy => "-",
            Class::Run => "!",
            Class::Adopt => "@",
            Class::Forget => "x",
            Class::Read => "?",
            Class::Wait => "=",
            Class::Note => ".",
        }
    }

    pub fn role(self) -> Role {
        match self {
            Class::Create | Class::Adopt => Role::Create,
            Class::Update | Class::Forget => Role::Update,
            Class::ReplaceCreateFirst | Class::ReplaceDestroyFirst => Role::Replace,
            Class::Destroy => Role::Destroy,
            Class::Run | Class::Read | Class::Wait => Role::Run,
            Class::Note => Role::Quiet,
        }
    }
}

/// The class's word for machines.
pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::Create => "create",
        Class::Update => "update",
        Class::ReplaceCreateFirst => "replace_create_first",
        Class::ReplaceDestroyFirst => "replace_destroy_first",
        Class::Destroy => "destroy",
        Class::Run => "run",
        Class::Adopt => "adopt",
        Class::Forget => "forget",
        Class::Read => "read",
        Class::Wait => "wait",
        Class::Note => "note",
    }
}

/// One changed thing: its step, and the destroying half where it is replaced.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub step: &'a Step,
    pub destroy: Option<&'a Step>,
}

impl<'a> Member<'a> {
    pub fn id(&self) -> Option<&'a RemoteId> {
        self.destroy.and_then(|half| half.id.as_ref()).or(self.step.id.as_ref())
    }
}

/// What is shown together.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub class: Class,
    /// At least one, by address.
    pub members: Vec<Member<'a>>,
}

impl<'a> Entry<'a> {
    pub fn first(&self) -> Member<'a> {
        self.members[0]
    }
}

/// What two steps must share to be shown together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    class: Class,
    declaration: Address,
    operations: Vec<String>,
    reason: ReasonCode,
    deposed: bool,
    paths: Vec<Vec<String>>,
}

/// Every step as part of an entry, entries in the order of the work.
pub fn entries(plan: &Plan, detail: Detail) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut by_shape: BTreeMap<Shape, usize> = BTreeMap::new();
    for member in members(plan) {
        let class = Class::of(member.step);
        match by_shape.get(&shape(class, member)) {
            Some(at) if detail == Detail::Folded => entries[*at].members.push(member),
            _ => {
                by_shape.insert(shape(class, member), entries.len());
                entries.push(Entry { class, members: vec![member] });
            }
        }
    }
    for entry in &mut entries {
        entry.members.sort_by(|a, b| a.step.address.cmp(&b.step.address));
    }
    entries
}

/// Steps in order; the destroying half of a replacement travels with the creating one.
fn members(plan: &Plan) -> impl Iterator<Item = Member<'_>> {
    let halves: BTreeSet<NodeId> =
        plan.steps.order().filter_map(|(id, step)| destroying_half(plan, id, step)).collect();
    plan.steps.order().filter(move |(id, _)| !halves.contains(id)).map(|(_, step)| Member {
        step,
        destroy: step.twin.filter(|_| step.action == Action::Create).map(|twin| plan.steps.node(twin.step)),
    })
}

/// The step's id, where it is the destroying half of a replacement whose creating half is there.
fn destroying_half(plan: &Plan, id: NodeId, step: &Step) -> Option<NodeId> {
    let twin = step.twin?;
    (step.action == Action::Destroy && plan.steps.node(twin.step).action == Action::Create).then_some(id)
}

fn shape(class: Class, member: Member<'_>) -> Shape {
    let step = member.step;
    let operations = match &step.action {
        Action::Update(operations) => operations.iter().map(|name| name.to_string()).collect(),
        Action::Create
        | Action::Destroy
        | Action::Forget
        | Action::Read
        | Action::Run
        | Action::Adopt(_)
        | Action::Wait(_)
        | Action::Note => Vec::new(),
    };
    let paths = if class == Class::Create {
        Vec::new()
    } else {
        step.changes.iter().map(|change| change.path.clone()).collect()
    };
    Shape {
        class,
        declaration: step.address.declaration(),
        operations,
        reason: step.reason.code,
        deposed: step.deposed,
        paths,
    }
}

/// How many things each class concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(pub BTreeMap<Class, usize>);

impl Counts {
    pub fn of(&self, class: Class) -> usize {
        self.0.get(&class).copied().unwrap_or(0)
    }
}

/// Replacements count once.
pub fn counts(plan: &Plan) -> Counts {
    let mut counts = Counts::default();
    for member in members(plan) {
        *counts.0.entry(Class::of(member.step)).or_default() += 1;
    }
    counts
}
