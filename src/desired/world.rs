//! What evaluation has found so far, shared by planning and applying: parameters, lets, instances, file contents.

use super::inputs::Files;
use super::types::{Instance, Settings};
use crate::model::{Address, Key, Value};
use crate::program::Program;
use crate::program::expr::Expr;
use crate::program::validate::Patterns;
use crate::provider::Catalog;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What an instance was found to refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// One instance of a declaration.
    One(usize, usize),
    /// All of them.
    All(usize),
}

/// A variable's content. Instances stay references until an attribute is read, so that only what is used becomes an edge.
#[derive(Clone, Debug)]
pub enum Slot {
    Value(Value),
    Instance(usize, usize),
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

/// A let's value without outputs.
#[derive(Clone, Debug)]
pub struct LetValue {
    pub value: Value,
    /// Nothing in it is unknown.
    pub known: bool,
    pub references: BTreeSet<Reference>,
}

pub struct World {
    pub program: Arc<Program>,
    pub environment: String,
    pub settings: OnceLock<Settings>,
    params: Vec<OnceLock<Option<Value>>>,
    /// `None` after a complaint.
    pub lets: Vec<OnceLock<Option<LetValue>>>,
    pub expansions: Vec<OnceLock<Expansion>>,
    /// Until they move into the graph.
    pub instances: Vec<OnceLock<Vec<Instance>>>,
    /// `server.web` as a value, without outputs: whole, and without what changes by itself.
    pub wholes: Vec<[OnceLock<Value>; 2]>,
    pub patterns: Patterns,
    files: Files,
    contents: Mutex<BTreeMap<String, Content>>,
    templates: Mutex<BTreeMap<TemplateKey, Arc<Vec<Expr>>>>,
}

/// A file's bytes, or why they could not be read.
type Content = Result<Arc<[u8]>, String>;

/// A template's file and the names that it is given.
type TemplateKey = (String, Vec<String>);

impl World {
    pub fn new(program: Arc<Program>, environment: String, files: Files) -> World {
        let many = |count: usize| (0..count).map(|_| OnceLock::new());
        World {
            params: many(program.params.len()).collect(),
            lets: (0..program.lets.len()).map(|_| OnceLock::new()).collect(),
            expansions: (0..program.resources.len()).map(|_| OnceLock::new()).collect(),
            instances: (0..program.resources.len()).map(|_| OnceLock::new()).collect(),
            wholes: (0..program.resources.len()).map(|_| [OnceLock::new(), OnceLock::new()]).collect(),
            program,
            environment,
            settings: OnceLock::new(),
            patterns: Patterns::default(),
            files,
            contents: Mutex::default(),
            templates: Mutex::default(),
        }
    }

    /// A world without declarations, for expressions of their own.
    pub fn bare(catalog: Arc<Catalog>) -> World {
        let program = Program { catalog, ..Program::default() };
        World::new(Arc::new(program), "default".to_owned(), super::inputs::Inputs::default().files)
    }

    pub fn param(&self, at: usize) -> Option<&Value> {
        self.params.get(at).and_then(OnceLock::get).and_then(Option::as_ref)
    }

    pub fn set_param(&self, at: usize, value: Option<Value>) {
        self.params[at].get_or_init(|| value);
    }

    /// The expansion of a declaration; an empty, failed one where it was never made.
    pub fn expansion(&self, declaration: usize) -> &Expansion {
        static NONE: Expansion = Expansion { keys: Vec::new(), frames: Vec::new(), repeated: false, failed: true };
        self.expansions[declaration].get().unwrap_or(&NONE)
    }

    pub fn address(&self, declaration: usize, index: usize) -> Address {
        let resource = &self.program.resources[declaration];
        Address {
            module: Vec::new(),
            mode: resource.mode,
            kind: resource.kind.clone(),
            name: resource.name.clone(),
            key: self.expansion(declaration).keys.get(index).cloned(),
        }
    }

    /// A file of the module's folder, read once. Paths must stay inside.
    pub fn file(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let outside = path.split(['/', '\\']).any(|part| part == "..");
        if path.is_empty() || path.starts_with(['/', '\\', '~']) || path.contains(':') || outside {
            return Err("paths are relative and stay inside the folder of the program".to_owned());
        }
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.entry(path.to_owned()).or_insert_with(|| (self.files)(path).map(Arc::from)).clone()
    }

    /// A template's pieces, made once for a file and its variables' names.
    pub fn template<E>(
        &self,
        key: (String, Vec<String>),
        make: impl FnOnce() -> Result<Vec<Expr>, E>,
    ) -> Result<Arc<Vec<Expr>>, E> {
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = templates.get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(make()?);
        templates.insert(key, Arc::clone(&made));
        Ok(made)
    }
}

impl Expansion {
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    pub fn find(&self, key: &Key) -> Option<usize> {
        self.keys.binary_search(key).ok()
    }
}
