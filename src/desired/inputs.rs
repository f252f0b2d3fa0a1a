//! What a run is given beside the program: the environment's name, parameters, files of the module's folder.

use super::codes;
use super::machine::Machine;
use super::origin::{GivenBy, SAVED_PLAN};
use super::world::World;
use crate::diag::suggest::did_you_mean;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{FileId, Ident, Span, Spanned, Type, Value};
use crate::program::codes::{MISSING_MEMBER, UNKNOWN_MEMBER, WRONG_LITERAL};
use crate::program::convert::convert;
use crate::program::expr::Expr;
use crate::program::ir::{Declaration, Param};
use crate::program::{Program, check_constant, fits};
use crate::provider::Catalog;
use crate::syntax::ast::{ExprKind as Written, UnaryOperator};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Reads a file by its path below the module's folder; the error is one phrase.
pub type Files = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// Another project, as it is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherProject {
    /// Its folder from the project's (`./…`, `../…`, `/…`), or its name.
    pub project: String,
    pub environment: String,
    /// Where this project keeps its states, if it says so.
    pub state: Option<String>,
}

/// An output that another project has.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherOutput {
    pub value: Value,
    pub secret: bool,
}

/// Reads the outputs of another project; the error is one phrase.
pub type OtherOutputs = Arc<dyn Fn(&OtherProject) -> Result<BTreeMap<Ident, OtherOutput>, String> + Send + Sync>;

/// A parameter as it was given.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamInput {
    /// From `-p NAME=…` or `CNX_PARAM_NAME`.
    Raw(String),
    /// From a file or a plan that tells no places.
    Value(Value),
    /// From a file of parameters.
    Written(Spanned<Value>),
}

impl ParamInput {
    /// Whether both give the same, wherever they stand.
    pub fn is_the_same(&self, other: &ParamInput) -> bool {
        match (self, other) {
            (ParamInput::Raw(one), ParamInput::Raw(two)) => one == two,
            _ => self.value().is_some() && self.value() == other.value(),
        }
    }

    fn value(&self) -> Option<&Value> {
        match self {
            ParamInput::Raw(_) => None,
            ParamInput::Value(value) => Some(value),
            ParamInput::Written(written) => Some(&written.value),
        }
    }

    fn place(&self) -> Option<Span> {
        match self {
            ParamInput::Raw(_) | ParamInput::Value(_) => None,
            ParamInput::Written(written) => Some(written.span),
        }
    }
}

/// Everything that evaluation reads.
#[derive(Clone)]
pub struct Inputs {
    /// The environment asked for by name.
    pub environment: Option<String>,
    pub params: BTreeMap<String, ParamInput>,
    /// By what each of them was given.
    pub given_by: GivenBy,
    pub files: Files,
    pub other_outputs: OtherOutputs,
    /// The project's name where the program declares none.
    pub project_name: String,
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inputs { environment, params, given_by, files: _, other_outputs: _, project_name } = self;
        f.debug_struct("Inputs")
            .field("environment", environment)
            .field("params", &params.keys())
            .field("given_by", given_by)
            .field("project_name", project_name)
            .finish_non_exhaustive()
    }
}

impl Inputs {
    /// What is given for a parameter of the project, where that counts: null is as not written, so that the environment's block or the
    /// default stands.
    fn standing(&self, program: &Program, at: usize, environment: &str) -> Option<&ParamInput> {
        let param = &program.params[at];
        let given = self.params.get(param.name.value.as_str())?;
        let is_unwritten = !param.ty.is_optional() && given.value() == Some(&Value::Null);
        (!is_unwritten || written(program, at, environment).is_none()).then_some(given)
    }

    /// By what the parameters of the project were given, as far as that counts.
    pub fn standing_by(&self, program: &Program, environment: &str) -> GivenBy {
        let name = |at: usize| program.params[at].name.value.as_str();
        let standing = (0..program.params.len()).filter(|at| self.standing(program, *at, environment).is_some());
        let by = standing.filter_map(|at| self.given_by.get_key_value(name(at)));
        by.map(|(name, by)| (name.clone(), by.clone())).collect()
    }

    /// ` (given by CNX_PARAM_size)` of what was given; nothing where a place says it, or nobody does.
    fn by(&self, name: &str, given: &ParamInput) -> String {
        let by = self.given_by.get(name).filter(|_| given.place().is_none());
        by.map_or_else(String::new, |(by, _)| format!(" (given by {by})"))
    }

    /// What to do about what was given: what a saved plan brings along is not given anew, the plan is.
    fn remedy(&self, name: &str, otherwise: &str) -> String {
        match self.given_by.get(name) {
            Some((by, _)) if by == SAVED_PLAN => "make the plan again: `cnx plan --out FILE`".to_owned(),
            Some(_) | None => otherwise.to_owned(),
        }
    }
}

impl Default for Inputs {
    /// No environment, no parameters, no files, no other projects.
    fn default() -> Inputs {
        Inputs {
            environment: None,
            params: BTreeMap::new(),
            given_by: GivenBy::new(),
            files: Arc::new(|_| Err("there are no files here".to_owned())),
            other_outputs: Arc::new(|_| Err("there are no other projects here".to_owned())),
            project_name: String::new(),
        }
    }
}

/// A parameter's text as a value of its type: the text itself for a string, else an expression. Where a string is one of several things that
/// it may be, a text that is written as a value of another of them is that value. The error is one phrase.
pub fn parse_param(raw: &str, ty: &Type, catalog: &Arc<Catalog>) -> Result<Value, String> {
    if ty.is_optional() && raw == "null" {
        return Ok(Value::Null);
    }
    let inner = ty.required();
    if inner != &Type::Any && (fits(inner, &Type::String) || fits(&Type::String, inner)) {
        let other = match inner {
            Type::Union(_) => written_value(raw, inner, catalog),
            _ => None,
        };
        return other.map_or_else(|| convert(&Value::string(raw), inner, catalog), Ok);
    }
    let parsed = crate::syntax::parse_expression(FileId(u32::MAX), raw);
    let written = parsed.map_err(|_| format!("expected {ty}, and \"{raw}\" is no expression"))?;
    let checked = check_constant(&written, ty, catalog).map_err(|complaints| phrase(&complaints, raw, ty))?;
    let world = World::bare(Arc::clone(catalog));
    let mut machine = Machine::new(&world, None);
    match machine.value(&checked) {
        Some(value) => Ok(value),
        None => {
            let label = machine.diagnostics.0.first().and_then(|complaint| complaint.primary.as_ref());
            Err(label.map_or_else(|| format!("expected {ty}"), |label| label.text.clone()))
        }
    }
}

/// The value of a text that is written out as one of the type: a number, a truth value, a duration, a quoted text, a list or an object.
fn written_value(raw: &str, ty: &Type, catalog: &Arc<Catalog>) -> Option<Value> {
    let written = crate::syntax::parse_expression(FileId(u32::MAX), raw).ok()?;
    let signed = |kind: &Written| match kind {
        Written::Unary { operator: UnaryOperator::Negate, operand } => {
            matches!(operand.kind, Written::Number(_) | Written::Duration(_))
        }
        Written::Null
        | Written::Bool(_)
        | Written::Number(_)
        | Written::Duration(_)
        | Written::Text(_)
        | Written::List(_)
        | Written::Object(_) => true,
        _ => false,
    };
    let checked = check_constant(&written, ty, catalog).ok().filter(|_| signed(&written.kind))?;
    let world = World::bare(Arc::clone(catalog));
    Machine::new(&world, None).value(&checked)
}

/// The value of an expression that needs no declaration.
pub fn constant(expr: &Expr, catalog: &Arc<Catalog>) -> Result<Value, Diagnostics> {
    let world = World::bare(Arc::clone(catalog));
    let mut machine = Machine::new(&world, None);
    machine.value(expr).ok_or(machine.diagnostics)
}

/// The first complaint about a text that nobody sees beside it: what, and at which part of it. Whatever else is wrong with it (a name that means
/// nothing here) is no value of the type.
fn phrase(complaints: &Diagnostics, raw: &str, ty: &Type) -> String {
    let Some(first) = complaints.0.first() else { return format!("expected {ty}") };
    let label = first.primary.as_ref();
    let of_members = [&MISSING_MEMBER, &UNKNOWN_MEMBER, &WRONG_LITERAL].iter().any(|code| **code == *first.code);
    let what = match label.map(|label| label.text.as_str()) {
        _ if of_members => first.message.as_str(),
        Some(text) if text.starts_with("expected") => text,
        _ => return format!("expected {ty}, found \"{raw}\""),
    };
    let part = label.and_then(|label| raw.get(label.span.start as usize..label.span.end as usize));
    let place = part
        .filter(|part| *part != raw && !what.contains(*part))
        .map(|part| format!(" in `{part}`"))
        .unwrap_or_default();
    let meant = if first.help.starts_with("did you mean") { format!("; {}", first.help) } else { String::new() };
    format!("{what}{place}{meant}")
}

/// Inputs that name no parameter.
pub fn unknown_params(program: &Program, inputs: &Inputs, diagnostics: &mut Diagnostics) {
    let names = || program.params.iter().map(|param| param.name.value.as_str());
    for (name, given) in inputs.params.iter().filter(|(name, _)| names().all(|other| other != name.as_str())) {
        let help = did_you_mean(name, names(), "declare it: `param NAME: TYPE`");
        let message = format!("the program has no parameter `{name}`{}", inputs.by(name, given));
        let complaint = Diagnostic::new(&codes::UNKNOWN_PARAM, message).help(inputs.remedy(name, &help));
        diagnostics.push(match given.place() {
            Some(place) => complaint.at(place, "given here"),
            None => complaint,
        });
    }
}

/// What is written for a parameter of the project: in the environment's block, else its default.
fn written<'p>(program: &'p Program, at: usize, environment: &str) -> Option<&'p Expr> {
    let block = program.environment(environment).and_then(|environment| environment.params.get(&at));
    block.or(program.params[at].default.as_ref())
}

/// The value of one parameter: given, else of the environment, else its default. `None` after a complaint.
pub fn param_value(machine: &mut Machine, at: usize, inputs: &Inputs) -> Option<Value> {
    let program = Arc::clone(&machine.world.root().program);
    let param = &program.params[at];
    if let Some(given) = inputs.standing(&program, at, &machine.world.environment) {
        let value = match given {
            ParamInput::Raw(raw) => parse_param(raw, &param.ty, &program.catalog),
            ParamInput::Value(value) => convert(value, &param.ty, &program.catalog),
            ParamInput::Written(written) => convert(&written.value, &param.ty, &program.catalog),
        };
        return match value {
            Ok(value) => Some(value),
            Err(why) => {
                let why = if param.secret { "the value is not of its type".to_owned() } else { why };
                machine.diagnostics.push(wrong(param, &why, (given, inputs)));
                None
            }
        };
    }
    match written(&program, at, &machine.world.environment) {
        Some(written) => machine.value(written),
        None if param.ty.is_optional() => Some(Value::Null),
        None if machine.world.partial => Some(Value::unknown(param.ty.clone(), BTreeSet::new())),
        None => {
            machine.diagnostics.push(missing(param));
            None
        }
    }
}

/// A value of another type; the place where it was given comes first.
fn wrong(param: &Param, why: &str, (given, inputs): (&ParamInput, &Inputs)) -> Diagnostic {
    let name = param.name.value.as_str();
    let complaint = Diagnostic::new(&codes::WRONG_PARAM, format!("`{name}`: {why}{}", inputs.by(name, given)));
    let declared = format!("this parameter is of type {}", param.ty);
    match given.place() {
        Some(place) => complaint
            .at(place, "given here")
            .and(param.name.span, declared)
            .help("give a value of that type; texts stand in quotes"),
        None => {
            let written = "give a value of that type; texts need no quotes, lists are written `[\"a\", \"b\"]`";
            complaint.at(param.name.span, declared).help(inputs.remedy(name, written))
        }
    }
}

fn missing(param: &Param) -> Diagnostic {
    let name = &param.name.value;
    Diagnostic::new(&codes::MISSING_PARAM, format!("`{name}` has no value and no default"))
        .at(param.name.span, "needs a value")
        .help(if param.secret {
            format!("give it by `CNX_PARAM_{name}` or `--params FILE`, or type it: `--param-prompt`")
        } else {
            format!("give one: `-p {name}=…`, `CNX_PARAM_{name}`, in the environment, or a default")
        })
}

/// Reports a parameter whose `assert` does not hold; `inputs` are those of the project's own parameters.
pub fn assert_param(machine: &mut Machine, at: usize, inputs: Option<&Inputs>) {
    let program = Arc::clone(&machine.scope.program);
    const OTHER: &str = "give another value";
    let Some(assertion) = &program.params[at].assertion else { return };
    if machine.value(&assertion.condition) != Some(Value::Bool(false)) {
        return;
    }
    let message = assertion.message.as_ref().and_then(|message| machine.value(message));
    let text = message.as_ref().and_then(Value::as_str).unwrap_or("the condition is false").to_owned();
    let name = &program.params[at].name;
    let value = match machine.scope.param(at) {
        Some(_) if program.params[at].secret => crate::model::secrets::REDACTED.to_owned(),
        Some(value) => crate::program::convert::shown(value),
        None => String::new(),
    };
    let environment = &machine.world.environment;
    let given = inputs.and_then(|inputs| Some((inputs, inputs.standing(&program, at, environment)?)));
    let by = given.map_or_else(String::new, |(inputs, given)| inputs.by(name.value.as_str(), given));
    let complaint = Diagnostic::new(&codes::FAILED_ASSERTION, format!("`{}` is {value}: {text}", name.value))
        .at(assertion.condition.span, "does not hold")
        .and(name.span, format!("the value is {value}{by}"))
        .help(given.map_or_else(|| OTHER.to_owned(), |(inputs, _)| inputs.remedy(name.value.as_str(), OTHER)));
    let place = inputs.and_then(|_| source(&program, at, given.map(|(_, given)| given), environment));
    machine.tell(match place {
        Some((place, text)) => complaint.and(place, text),
        None => complaint,
    });
}

/// Where the value of a parameter of the project is written, if that is a file or an environment.
fn source(program: &Program, at: usize, given: Option<&ParamInput>, environment: &str) -> Option<(Span, String)> {
    match given {
        Some(given) => Some((given.place()?, "given here".to_owned())),
        None => {
            let written = program.environment(environment)?.params.get(&at)?;
            Some((written.span, format!("given here, for environment `{environment}`")))
        }
    }
}

/// Params and lets that need no resource: they can be evaluated before anything else.
pub fn early(program: &Program) -> Vec<Declaration> {
    let mut live = BTreeSet::new();
    let mut order = Vec::new();
    for declaration in &program.order {
        let touches = match declaration {
            Declaration::Param(_) => false,
            Declaration::Let(at) => touches(&program.lets[*at].value, &live),
            Declaration::Function(at) => touches(&program.functions[*at].value, &live),
            Declaration::Resource(_) | Declaration::Module(_) => true,
        };
        if touches {
            live.insert(*declaration);
        } else {
            order.push(*declaration);
        }
    }
    order
}

fn touches(expr: &Expr, live: &BTreeSet<Declaration>) -> bool {
    use crate::program::expr::ExprKind;
    let own = match &expr.kind {
        ExprKind::Resource(_) | ExprKind::Module(_) | ExprKind::Elsewhere(_) => true,
        ExprKind::Let(at) => live.contains(&Declaration::Let(*at)),
        ExprKind::Call { function, .. } => live.contains(&Declaration::Function(*function)),
        _ => false,
    };
    own || expr.children().into_iter().any(|child| touches(child, live))
}
