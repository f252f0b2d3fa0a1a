//! One instance of a module (the root is one too): what evaluation has found of its declarations so far.

use super::types::Instance;
use crate::model::{Address, Key, ModuleStep, Value};
use crate::program::Program;
use crate::program::ir::Module;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Which instance of which module; the root is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u32);

impl ScopeId {
    pub const ROOT: ScopeId = ScopeId(0);
}

/// A declaration in one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Declared {
    pub scope: ScopeId,
    /// Its place in the program's table.
    pub at: usize,
}

/// What an instance was found to refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// One instance of a declaration.
    One(Declared, usize),
    /// All of them.
    All(Declared),
    /// Everything in one instance of a module.
    Module(ScopeId),
}

/// A variable's content. Instances stay references until an attribute is read, so that only what is used becomes an edge.
#[derive(Clone, Debug)]
pub enum Slot {
    Value(Value),
    Instance(Declared, usize),
    /// One instance of a module.
    Module(ScopeId),
    Empty,
}

/// The instances that a declaration stands for, in the order of their keys.
#[derive(Debug, Default)]
pub struct Expansion {
    /// Empty for a declaration without `for`.
    pub keys: Vec<Key>,
    /// Loop variables, one frame an instance.
    pub frames: Vec<Vec<Slot>>,
    pub repeated: bool,
    /// The header could not be evaluated; the complaint is made.
    pub failed: bool,
}

impl Expansion {
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    pub fn find(&self, key: &Key) -> Option<usize> {
        self.keys.binary_search(key).ok()
    }
}

/// The value of a let, a parameter or a module's output, without outputs of resources.
#[derive(Clone, Debug)]
pub struct Found {
    pub value: Value,
    /// Nothing in it is unknown.
    pub known: bool,
    pub references: BTreeSet<Reference>,
}

impl Found {
    pub fn new(value: Value, references: BTreeSet<Reference>) -> Found {
        Found { known: value.is_known(), value, references }
    }
}

/// The instances of a module that a scope uses.
#[derive(Debug)]
pub struct Modules {
    pub expansion: Expansion,
    pub scopes: Vec<ScopeId>,
}

/// Where a scope comes from: which instance of which `module` of which scope.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub module: Declared,
    pub index: usize,
}

pub struct Scope {
    pub id: ScopeId,
    pub program: Arc<Program>,
    pub path: Vec<ModuleStep>,
    pub origin: Option<Origin>,
    /// What decides that the module exists: all in it depends on that.
    pub header: BTreeSet<Reference>,
    /// `None` after a complaint; so below.
    pub params: Vec<OnceLock<Option<Found>>>,
    pub lets: Vec<OnceLock<Option<Found>>>,
    pub outputs: Vec<OnceLock<Option<Found>>>,
    pub expansions: Vec<OnceLock<Expansion>>,
    pub modules: Vec<OnceLock<Modules>>,
    /// Until they move into the graph.
    pub instances: Vec<OnceLock<Vec<Instance>>>,
    /// What each instance refers to.
    pub references: Vec<OnceLock<Vec<BTreeSet<Reference>>>>,
    /// `server.web` as a value, without outputs: whole, and without what changes by itself.
    pub wholes: Vec<[OnceLock<Value>; 2]>,
}

impl Scope {
    pub fn new(id: ScopeId, program: Arc<Program>) -> Scope {
        fn many<T>(count: usize) -> Vec<OnceLock<T>> {
            (0..count).map(|_| OnceLock::new()).collect()
        }
        Scope {
            id,
            path: Vec::new(),
            origin: None,
            header: BTreeSet::new(),
            params: many(program.params.len()),
            lets: many(program.lets.len()),
            outputs: many(program.outputs.len()),
            expansions: many(program.resources.len()),
            modules: many(program.modules.len()),
            instances: many(program.resources.len()),
            references: many(program.resources.len()),
            wholes: (0..program.resources.len()).map(|_| [OnceLock::new(), OnceLock::new()]).collect(),
            program,
        }
    }

    pub fn param(&self, at: usize) -> Option<&Value> {
        self.params.get(at)?.get()?.as_ref().map(|found| &found.value)
    }

    /// The value of a parameter of the root.
    pub fn set_param(&self, at: usize, value: Option<Value>) {
        self.params[at].get_or_init(|| value.map(|value| Found::new(value, BTreeSet::new())));
    }

    /// The expansion of a declaration; an empty, failed one where it was never made.
    pub fn expansion(&self, at: usize) -> &Expansion {
        static NONE: Expansion = Expansion { keys: Vec::new(), frames: Vec::new(), repeated: false, failed: true };
        self.expansions[at].get().unwrap_or(&NONE)
    }

    /// The instances of a module; `None` where its header failed or was never evaluated.
    pub fn modules(&self, at: usize) -> Option<&Modules> {
        self.modules[at].get().filter(|modules| !modules.expansion.failed)
    }

    pub fn declared(&self, at: usize) -> Declared {
        Declared { scope: self.id, at }
    }

    pub fn address(&self, at: usize, index: usize) -> Address {
        let resource = &self.program.resources[at];
        Address {
            module: self.path.clone(),
            mode: resource.mode,
            kind: resource.kind.clone(),
            name: resource.name.clone(),
            key: self.expansion(at).keys.get(index).cloned(),
        }
    }

    /// The path of one instance of a module that this scope uses.
    pub fn step(&self, module: &Module, key: Option<Key>) -> Vec<ModuleStep> {
        let mut path = self.path.clone();
        path.push(ModuleStep { name: module.name.value.clone(), key });
        path
    }
}
