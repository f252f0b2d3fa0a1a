//! A checked program: declarations by index, every name resolved, every expression typed. Knows no syntax tree.

use super::expr::Expr;
use crate::model::address::glob;
use crate::model::{Address, Ident, KeyType, Mode, ModuleStep, Secrecy, Span, Spanned, Type};
use crate::provider::Catalog;
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One module, checked against a catalog.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub catalog: Arc<Catalog>,
    /// Where its files lie, from the project's folder; empty for that folder itself.
    pub folder: String,
    /// `project "NAME"`.
    pub project: Option<Spanned<String>>,
    /// In the order written; a name with `*` stands for all that match it.
    pub environments: IndexMap<Ident, Environment>,
    /// Where the state of every environment lies that says nothing of its own.
    pub state: Option<Expr>,
    pub params: Vec<Param>,
    pub lets: Vec<Let>,
    pub functions: Vec<Function>,
    pub resources: Vec<Resource>,
    pub modules: Vec<Module>,
    pub elsewhere: Vec<Elsewhere>,
    pub outputs: Vec<Output>,
    pub checks: Vec<Check>,
    pub policies: Vec<Policy>,
    pub moves: Vec<Move>,
    pub forgets: Vec<Place>,
    pub module_moves: Vec<ModuleMove>,
    pub module_forgets: Vec<(Vec<ModuleStep>, Span)>,
    pub imports: Vec<Import>,
    /// `provider cloudnexus { … }`, by setting.
    pub provider: BTreeMap<Ident, Expr>,
    /// Every declaration that has a value, dependencies first.
    pub order: Vec<Declaration>,
    /// Names on lines that could not be read: they may be declared there.
    pub unread: BTreeSet<Ident>,
    /// Of the files of tests beside it.
    pub tests: Vec<Test>,
    /// An expression that somebody asks for beside the declarations.
    pub asked: Option<Expr>,
    pub secret_places: SecretPlaces,
    /// Where `nonsensitive` lifts a secret.
    pub lifted: Vec<Lifted>,
}

/// Where a secret takes part in an expression: complaints made there show no values.
#[derive(Clone, Debug, Default)]
pub struct SecretPlaces(pub BTreeSet<Span>);

/// A secret that may be shown, since the program says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    pub span: Span,
    /// ``param `password` ``
    pub from: String,
}

/// An index into one of the program's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Declaration {
    Param(usize),
    Let(usize),
    Function(usize),
    Resource(usize),
    Module(usize),
}

/// `environment NAME { … }`
#[derive(Clone, Debug)]
pub struct Environment {
    pub name: Spanned<Ident>,
    /// The comment above it.
    pub doc: String,
    /// `local`, `sandbox` or `production`.
    pub target: Option<Expr>,
    pub params: BTreeMap<usize, Expr>,
    /// Provider settings that override the module's.
    pub provider: BTreeMap<Ident, Expr>,
    pub protect: Option<Expr>,
    /// Where its state lies.
    pub state: Option<Expr>,
}

impl Environment {
    /// Whether it stands for many.
    pub fn is_pattern(&self) -> bool {
        self.name.value.as_str().contains('*')
    }
}

impl Program {
    /// The environment of exactly this name, else the first whose pattern it fits. A star stands for something: `pr-` where a variable was
    /// empty is no name that fits `pr-*`.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        let fits = |one: &&Environment| is_environment_of(one.name.value.as_str(), name);
        self.environments.get(name).or_else(|| self.environments.values().find(fits))
    }
}

/// Whether an environment declared with this pattern is meant by a name.
pub fn is_environment_of(pattern: &str, name: &str) -> bool {
    pattern.contains('*') && name.len() >= pattern.len() && glob(pattern, name)
}

/// `param NAME: TYPE = default { assert, message }`
#[derive(Clone, Debug)]
pub struct Param {
    pub name: Spanned<Ident>,
    pub doc: String,
    /// Declared so, or its default comes from one that is.
    pub secret: bool,
    /// Declared so.
    pub said_secret: bool,
    pub ty: Type,
    pub default: Option<Expr>,
    pub assertion: Option<Assertion>,
}

/// A condition and what to say when it does not hold. `message` is absent where none was written.
#[derive(Clone, Debug)]
pub struct Assertion {
    pub condition: Expr,
    pub message: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Let {
    pub name: Spanned<Ident>,
    pub doc: String,
    pub value: Expr,
    /// Where the elements of a written list or object stand, in the order of a loop.
    pub places: Vec<Span>,
}

/// Its parameters are the first local slots of `value`.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: Spanned<Ident>,
    pub doc: String,
    pub parameters: Vec<Parameter>,
    pub result: Type,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: Ident,
    pub ty: Type,
    pub default: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Output {
    pub name: Spanned<Ident>,
    pub doc: String,
    pub ty: Type,
    pub secret: bool,
    pub value: Expr,
}

/// `test "NAME" { … }`; the first slots of its assertions are [`super::VIEWS`].
#[derive(Clone, Debug)]
pub struct Test {
    pub name: Spanned<String>,
    pub doc: String,
    pub environment: Option<Spanned<String>>,
    pub params: BTreeMap<usize, Expr>,
    /// Over an apply, else over a plan.
    pub apply: bool,
    pub asserts: Vec<Expr>,
    /// Errors that must occur: codes, or parts of messages.
    pub expects: Vec<Spanned<String>>,
}

/// What must hold, what to say where it does not, and whether that only warns.
#[derive(Clone, Debug)]
pub struct Rule {
    pub condition: Expr,
    pub message: Option<Expr>,
    pub warns: bool,
}

/// `check "NAME" { assert, message, severity }`
#[derive(Clone, Debug)]
pub struct Check {
    pub name: Spanned<String>,
    pub doc: String,
    pub rule: Rule,
}

/// `policy NAME for r in KIND { … }`; `variable` is the slot of `r`.
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: Spanned<Ident>,
    pub doc: String,
    pub kind: Ident,
    pub variable: usize,
    pub rule: Rule,
}

/// An address as written. Without a key it means the whole declaration, or its only instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub address: Address,
    pub span: Span,
}

/// `moved A -> B`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub from: Place,
    pub to: Place,
}

/// `moved module.a -> module.b`: all that is in it keeps its address from there on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleMove {
    pub from: Vec<ModuleStep>,
    pub to: Vec<ModuleStep>,
    /// Of the old address.
    pub span: Span,
}

/// `import A[key] = id [for …]`
#[derive(Clone, Debug)]
pub struct Import {
    /// Without a key.
    pub target: Place,
    pub key: Option<Expr>,
    pub id: Expr,
    pub each: Option<Each>,
}

/// `module NAME from "…"`
#[derive(Clone, Debug)]
pub struct Module {
    pub name: Spanned<Ident>,
    pub doc: String,
    /// What the folder declares, checked once for all who use it.
    pub program: Arc<Program>,
    pub repeat: Option<Repeat>,
    pub condition: Option<Expr>,
    /// By the place of the parameter.
    pub arguments: BTreeMap<usize, Expr>,
}

/// `data cnx_outputs NAME { project, environment, secret }`
#[derive(Clone, Debug)]
pub struct Elsewhere {
    pub name: Spanned<Ident>,
    /// Its folder, or its name.
    pub project: Expr,
    /// The present one's name, where nothing is written.
    pub environment: Option<Expr>,
    /// All that is read of it is secret.
    pub secret: bool,
    /// Its outputs that are secret there, once its state was read.
    pub secrets: BTreeSet<SmolStr>,
}

/// `KIND NAME`, `data KIND NAME` or `action KIND NAME`.
#[derive(Clone, Debug)]
pub struct Resource {
    pub mode: Mode,
    pub kind: Ident,
    pub name: Ident,
    pub doc: Arc<str>,
    /// The header: the place of what is missing.
    pub span: Span,
    pub repeat: Option<Repeat>,
    pub condition: Option<Expr>,
    pub attributes: IndexMap<Ident, Setting>,
    /// Shared by all that have none written.
    pub lifecycle: Arc<Lifecycle>,
}

/// `name = value` in a body.
#[derive(Clone, Debug)]
pub struct Setting {
    pub value: Expr,
    pub secrecy: Secrecy,
    pub span: Span,
}

/// A `for` header.
#[derive(Clone, Debug)]
pub struct Repeat {
    pub each: Each,
    /// `by s.name`.
    pub by: Option<Expr>,
    pub key: KeyType,
    pub span: Span,
    /// Where the elements stand, in the order of the loop; empty where they are computed or stand behind a name.
    pub places: Vec<Span>,
}

/// What a loop runs over, and the local slots that it fills.
#[derive(Clone, Debug)]
pub struct Each {
    pub over: Box<Expr>,
    /// Where the key (of a map), the index (of a list) or the name (of a member) goes.
    pub key: Option<usize>,
    pub value: usize,
}

/// `lifecycle { … }`, not yet evaluated.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    pub protect: Option<Expr>,
    pub create_before_destroy: Option<Expr>,
    pub retain: Option<Expr>,
    pub adopt: Option<Expr>,
    pub wait_for_window: Option<Expr>,
    pub retry_capacity: Option<Expr>,
    pub region_fallback: Option<Expr>,
    pub timeouts: Option<Expr>,
    pub triggers: Option<Expr>,
    pub triggers_secrecy: Secrecy,
    pub replace_when: Option<Expr>,
    pub replace_when_secrecy: Secrecy,
    pub depends_on: Vec<Expr>,
    pub ignore: Vec<String>,
    pub before: Vec<Assertion>,
    pub after: Vec<Assertion>,
}
