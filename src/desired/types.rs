//! What a program wants, evaluated: instances with their values, edges and lifecycle. The door to `plan`.

use crate::model::{
    Address, Attributes, Dag, Ident, ModuleStep, NodeId, RemoteId, Secrecy, Secrets, Span, Type, Value,
};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::headers::Headers;
use super::origin::{Asked, Origin};
use crate::diag::Diagnostics;
use crate::program::SecretsElsewhere;
use crate::program::expr::Expr;
pub use crate::program::ir::{Lifted, ModuleMove, Move, Place};

/// What instances have come to hold: read while planning (from live objects) and while applying (from answers).
pub trait Outputs {
    /// The attributes of an instance as far as known; a member may be unknown. `None`: nothing is known yet.
    fn attributes(&self, address: &Address) -> Option<&Attributes>;

    /// Instances that a run was to make or change, and did not: of them only what they are known to hold counts, and not
    /// what is written.
    fn missed(&self) -> &BTreeSet<Address> {
        static NONE: BTreeSet<Address> = BTreeSet::new();
        &NONE
    }
}

/// Re-evaluates with outputs. One function for planning and applying, so that both substitute alike.
pub trait Resolve: Send + Sync {
    /// The instance with everything filled in that `outputs` knows.
    fn instance(&self, node: NodeId, outputs: &dyn Outputs) -> Result<Instance, Diagnostics>;

    /// The program's outputs, likewise.
    fn outputs(&self, outputs: &dyn Outputs) -> Result<IndexMap<Ident, Output>, Diagnostics>;

    /// An expression of its own, checked against the program; `frame` are the values of its first slots.
    fn examine(&self, expr: &Expr, frame: &[Value], outputs: &dyn Outputs) -> Examined;

    /// Where a value comes from, step by step; `None` where nothing has that name.
    fn origin(&self, asked: &Asked, outputs: &dyn Outputs) -> Option<Origin>;

    /// What is declared and stands for nothing.
    fn headers(&self) -> Headers;
}

/// What an expression was found to be.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// `None` after a complaint.
    pub value: Option<Value>,
    /// What it is made of, in the order of the text.
    pub parts: Vec<Part>,
    pub diagnostics: Diagnostics,
}

/// A part of an expression and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub span: Span,
    pub value: Value,
    /// A secret takes part in it.
    pub secret: bool,
}

/// The resolver of a [`Desired`]; none where the program is empty.
#[derive(Clone, Default)]
pub struct Resolver(pub Option<Arc<dyn Resolve>>);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

/// An object that is to come under management, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub id: RemoteId,
    pub span: Span,
}

/// One planned change, as a policy sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedChange {
    pub address: Address,
    /// One of [`crate::program::CHANGES`].
    pub action: &'static str,
    pub before: Option<Attributes>,
    pub after: Option<Attributes>,
    /// The object that is there stays the same one.
    pub stays: bool,
}

/// A check or a policy that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which rule, and of what it speaks.
    pub name: String,
    pub message: String,
    /// The condition.
    pub span: Span,
    pub warns: bool,
}

/// The program's rules over what is planned: those that are known not to hold.
pub trait Judge: Send + Sync {
    fn checks(&self, outputs: &dyn Outputs) -> Result<Vec<Verdict>, Diagnostics>;

    fn policies(&self, changes: &[PlannedChange], outputs: &dyn Outputs) -> Result<Vec<Verdict>, Diagnostics>;
}

/// The rules of a [`Desired`]; none where the program has none.
#[derive(Clone, Default)]
pub struct Rules(pub Option<Arc<dyn Judge>>);

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rules")
    }
}

/// Everything that a program wants, for one environment and one set of parameters.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Instances and what each depends on. Data sources and actions are nodes too.
    pub graph: Dag<Instance>,
    pub by_address: BTreeMap<Address, NodeId>,
    pub outputs: IndexMap<Ident, Output>,
    pub settings: Settings,
    pub resolver: Resolver,
    /// Outlives the instances where everything is to be destroyed.
    pub rules: Rules,
    pub moves: Vec<Move>,
    pub forgets: Vec<Place>,
    pub module_moves: Vec<ModuleMove>,
    /// Modules that are forgotten whole, and where that is written.
    pub module_forgets: Vec<(Vec<ModuleStep>, Span)>,
    /// What is to be adopted, where it is not managed yet.
    pub imports: BTreeMap<Address, Imported>,
    /// Secrets that may be shown, since the program says so.
    pub lifted: Vec<Lifted>,
    /// The secret texts that are known so far.
    pub secrets: Secrets,
    /// Outputs of other projects that are secret there, and here.
    pub secrets_elsewhere: SecretsElsewhere,
}

impl Desired {
    /// What is declared and stands for nothing; walks the whole program.
    pub fn headers(&self) -> Headers {
        self.resolver.0.as_ref().map(|resolver| resolver.headers()).unwrap_or_default()
    }

    /// The instance with what `outputs` knows filled in; one that waits for nothing is returned as it is.
    pub fn resolve(&self, node: NodeId, outputs: &dyn Outputs) -> Result<Instance, Diagnostics> {
        let instance = self.graph.node(node);
        match &self.resolver.0 {
            Some(resolver) if !instance.is_known() => resolver.instance(node, outputs),
            _ => Ok(instance.clone()),
        }
    }
}

/// A value and where it was written (for a default of the catalog: the header).
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub value: Value,
    pub span: Span,
    /// Which parts of the value are secret.
    pub secrecy: Secrecy,
}

impl Given {
    /// A value without secrets.
    pub fn plain(value: Value, span: Span) -> Given {
        Given { value, span, secrecy: Secrecy::Clear }
    }
}

/// One instance of a declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub address: Address,
    /// Attributes as written, with catalog defaults filled in; unknown where they wait for an output.
    pub attributes: BTreeMap<Ident, Given>,
    /// Shared by the instances of a declaration, where it hangs on no variable.
    pub lifecycle: Arc<Lifecycle>,
    /// The header of the declaration.
    pub span: Span,
    /// Its doc comment.
    pub doc: Arc<str>,
}

impl Instance {
    /// Whether nothing in it waits for an output.
    pub fn is_known(&self) -> bool {
        let lifecycle = &self.lifecycle;
        self.attributes.values().all(|given| given.value.is_known())
            && lifecycle.replace_when.iter().chain(&lifecycle.triggers).all(Value::is_known)
            && lifecycle.conditions.iter().all(|condition| condition.holds.is_known())
    }

    /// Every secret in it that is known.
    pub fn tell_secrets(&self, secrets: &Secrets) {
        let mut parts = Vec::new();
        self.attributes.values().for_each(|given| given.secrecy.parts(&given.value, &mut parts));
        parts.into_iter().for_each(|part| secrets.add(part));
    }

    /// Whether any attribute is secret, or part of one.
    pub fn has_secrets(&self) -> bool {
        self.attributes.values().any(|given| !given.secrecy.is_clear())
    }

    /// The plain values.
    pub fn values(&self) -> Attributes {
        self.attributes.iter().map(|(name, given)| (name.clone(), given.value.clone())).collect()
    }
}

/// Instructions to the engine (`design: language`, Lifecycle), evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifecycle {
    /// `None` where nothing is written: what was applied before stands then.
    pub protect: Option<bool>,
    pub create_before_destroy: bool,
    /// Attribute paths not compared (`tags.owner`).
    pub ignore: Vec<String>,
    /// Values whose change replaces.
    pub replace_when: Vec<Value>,
    pub retain: bool,
    /// Milliseconds by operation.
    pub timeouts: BTreeMap<Ident, i64>,
    /// Values whose change runs an action again (or takes a snapshot anew).
    pub triggers: Vec<Value>,
    pub adopt: bool,
    pub wait_for_window: bool,
    /// Milliseconds.
    pub retry_capacity: Option<i64>,
    pub region_fallback: Vec<String>,
    pub conditions: Vec<Condition>,
}

/// A `before` or `after` block: checked before the change or after the object is ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub after: bool,
    /// True, false or unknown so far.
    pub holds: Value,
    pub message: String,
    pub span: Span,
}

/// `output NAME = expr`
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub ty: Type,
    pub value: Value,
    pub secret: bool,
    pub span: Span,
}

/// Where the program runs against: the environment and the provider's settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// `project "NAME"`; the folder's name where there is none.
    pub project: String,
    /// The environment's name, `default` without one.
    pub environment: String,
    pub target: Target,
    pub protect: bool,
    /// `compute_url = …` and the like, by setting name.
    pub urls: BTreeMap<Ident, String>,
    /// Where those of the program are written.
    pub url_places: BTreeMap<Ident, Span>,
    pub requests_per_minute: Option<u32>,
    /// Milliseconds that a step may wait for a rate limit before it ends resumably (`contract.md L57`).
    pub max_wait: Option<i64>,
    /// How many times faster than documented an emulator works: waits are shortened alike.
    pub speed: Option<u32>,
    /// A live key may be sent to the sandbox (`contract.md L8`).
    pub allow_live_key: bool,
    pub default_tags: BTreeMap<String, String>,
    pub default_region: Option<String>,
    /// The folder of the project's states, where that is set: absolute, or from the project's folder.
    pub state: Option<String>,
}

/// Which cloud is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The embedded emulator.
    #[default]
    Local,
    Sandbox,
    Production,
}
