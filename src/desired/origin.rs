//! Where a value comes from, as data: one step, and the steps below it. Knows no text: places are spans.

use crate::model::secrecy::seal;
use crate::model::{Address, ModuleStep, Span, Value};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// What somebody asks the origin of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An attribute of an instance, and the members below it.
    Attribute(Address, Vec<SmolStr>),
    /// A parameter, a `let` or an output, in the module at this path (empty: the project itself).
    Named(Vec<ModuleStep>, SmolStr),
}

/// Parameters of the project that were given from outside: by what, in words (`-p`, `CNX_PARAM_size`), and where that is written.
pub type GivenBy = BTreeMap<String, (String, Option<Span>)>;

/// By what a parameter was given that a saved plan brings along.
pub const SAVED_PLAN: &str = "the saved plan";

/// Seals are only shown here, never compared.
pub const SALT: &str = "why";

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// How it is called: `server.web[1].plan`, `param size`, or the text of `used` where this is empty.
    pub name: String,
    /// Where it is used; the file's text there is its name if it has no other.
    pub used: Option<Span>,
    /// With seals in the place of secrets; none where it has no value of its own, or several.
    pub value: Option<Value>,
    /// In a loop: the first values that it had.
    pub values: Vec<Value>,
    pub secret: bool,
    pub source: Source,
    /// Where that is written.
    pub span: Option<Span>,
    /// Where it is declared, if that is somewhere else.
    pub declared: Option<Span>,
    pub parts: Vec<Origin>,
    /// Its parts are told at an earlier step, or are too many to be told.
    pub cut: Option<Cut>,
}

/// Why the parts of a step are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Above,
    TooMany,
}

/// What gives a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The expression at the place.
    Written,
    /// Given from outside, in these words.
    Given(String),
    /// The block of this environment.
    Environment(String),
    /// The default of the parameter.
    Default,
    /// The place where the module is used.
    Argument,
    /// Optional, and given by nobody.
    NotGiven,
    /// A setting of the provider: `default_region`, `default_tags`.
    Setting(&'static str),
    /// The provider's catalog.
    Catalog,
    /// Nothing is written, and there is no default: cnx leaves it as it is.
    Unmanaged,
    /// The API says it.
    Api,
    /// What the loop runs over.
    Loop,
    /// The name of the environment.
    EnvironmentName,
    /// A function of the program.
    Function,
    /// A file beside the program, by its path.
    File(String),
    /// Another project.
    Elsewhere,
    /// All attributes of an instance, or all instances of a declaration.
    Whole,
    /// An expression in a loop.
    Pass,
    /// What it names does not exist here: a `?.` stopped.
    Absent,
}

impl Origin {
    pub fn new(name: String, used: Option<Span>, source: Source) -> Origin {
        Origin {
            name,
            used,
            value: None,
            values: Vec::new(),
            secret: false,
            source,
            span: None,
            declared: None,
            parts: Vec::new(),
            cut: None,
        }
    }

    /// The value, hidden where it is secret.
    pub fn holding(mut self, value: Option<Value>, secret: bool) -> Origin {
        self.value = value.map(|value| if secret { seal(&value, SALT) } else { value });
        self.secret = secret;
        self
    }
}

impl Source {
    /// The word for machines.
    pub fn as_str(&self) -> &'static str {
        match self {
            Source::Written => "written",
            Source::Given(_) => "given",
            Source::Environment(_) => "environment",
            Source::Default => "default",
            Source::Argument => "argument",
            Source::NotGiven => "not_given",
            Source::Setting(_) => "setting",
            Source::Catalog => "catalog",
            Source::Unmanaged => "unmanaged",
            Source::Api => "api",
            Source::Loop => "loop",
            Source::EnvironmentName => "environment_name",
            Source::Function => "function",
            Source::File(_) => "file",
            Source::Elsewhere => "elsewhere",
            Source::Whole => "whole",
            Source::Pass => "pass",
            Source::Absent => "absent",
        }
    }
}
