//! Parameters as given: `-p`, then `CNX_PARAM_NAME`, then the file. What they mean is said elsewhere.

use super::choices::is_secret;
use super::exit::Failure;
use super::shell::Shell;
use super::{codes, project};
use crate::desired::ParamInput;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Span, Type, Value, json};
use crate::program::Program;
use crate::syntax::ast::{Element, Entry, Expr, ExprKind, ObjectKey, Piece, UnaryOperator};
use crate::syntax::parse_expression;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::path::Path;

/// By name, the strongest source winning.
pub type Given = BTreeMap<String, ParamInput>;

/// Everything that was given. A variable of the process that names no parameter is somebody else's.
pub fn given(shell: &mut Shell, program: &Program) -> Result<Given, Failure> {
    let mut given = match shell.global.parameter_file.clone() {
        Some(path) => of_file(shell, &path, program.params.iter().any(|param| param.secret))?,
        None => Given::new(),
    };
    for param in &program.params {
        let name = param.name.value.as_str();
        let variables = [format!("CNX_PARAM_{name}"), format!("CNX_PARAM_{}", name.to_ascii_uppercase())];
        if let Some(text) = variables.iter().find_map(|variable| shell.world.environment.0.get(variable)) {
            given.insert(name.to_owned(), ParamInput::Raw(text.clone()));
        }
    }
    let mut complaints = Diagnostics::default();
    let mut told: Vec<String> = Vec::new();
    for written in &shell.global.parameters {
        match written.split_once('=') {
            Some((name, text)) if !name.trim().is_empty() => {
                if is_secret(program, name.trim()) {
                    told.push(name.trim().to_owned());
                }
                given.insert(name.trim().to_owned(), ParamInput::Raw(text.to_owned()));
            }
            Some(_) => complaints.push(not_a_pair(written, "no name before its `=`")),
            None => complaints.push(not_a_pair(written, "no `=`")),
        }
    }
    if !complaints.is_empty() {
        return Err(complaints.into());
    }
    told.iter().for_each(|name| exposed(shell, name));
    if shell.global.parameter_prompt && shell.can_ask() {
        ask_for_missing(shell, program, &mut given)?;
    }
    Ok(given)
}

/// What a saved plan brings along, and its secrets, which are given again.
pub fn completed(saved: Given, fresh: Given, program: &Program) -> Result<Given, Failure> {
    let mut all = saved;
    for (name, input) in fresh {
        if is_secret(program, &name) {
            all.insert(name, input);
        } else if all.get(&name) != Some(&input) {
            let message = format!("a saved plan brings its own parameters, and `{name}` is given too");
            let help = "give only secret ones again, or plan again with it";
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help(help).into());
        }
    }
    Ok(all)
}

/// A secret on the command line is in the list of processes, and in the history of the shell.
fn exposed(shell: &mut Shell, name: &str) {
    let warning =
        Diagnostic::new(&codes::EXPOSED, format!("`{name}` is secret, and others on this machine can read it"))
            .help(format!("give it by CNX_PARAM_{name}, by `--params FILE`, or type it: `--param-prompt`"));
    shell.complain(&Diagnostics(vec![warning]));
}

/// Parameters that have a value from nowhere.
fn ask_for_missing(shell: &Shell, program: &Program, given: &mut Given) -> Result<(), Failure> {
    let environment = project::environment_name(shell, program);
    let set = environment.and_then(|name| program.environment(&name)).map(|environment| &environment.params);
    for (at, param) in program.params.iter().enumerate() {
        let name = param.name.value.as_str();
        let known = given.contains_key(name) || param.default.is_some() || set.is_some_and(|set| set.contains_key(&at));
        if known || param.ty.is_optional() {
            continue;
        }
        let terminal = &shell.world.terminal;
        let question = format!("{name} ({}): ", param.ty);
        let answer = if param.secret { terminal.ask_secretly(&question) } else { terminal.ask(&question) };
        let answer = answer.map_err(|error| {
            Failure::from(Diagnostic::new(&codes::BAD_ARGUMENT, error.to_string()).help("give it with -p"))
        })?;
        given.extend(answer.map(|text| (name.to_owned(), ParamInput::Raw(text))));
    }
    Ok(())
}

fn not_a_pair(written: &str, lacking: &str) -> Diagnostic {
    Diagnostic::new(&codes::BAD_ARGUMENT, format!("`-p {written}` has {lacking}")).help("write `-p NAME=VALUE`")
}

/// `*.json`: one object. Anything else: `name = value` lines of plain values.
fn of_file(shell: &mut Shell, path: &Path, discreet: bool) -> Result<Given, Failure> {
    let text = shell.read_text(path)?;
    if path.extension().is_some_and(|extension| extension == "json") {
        return of_json(path, &text).map_err(Failure::from);
    }
    let source = format!("{{\n{text}\n}}");
    let shown = if discreet { masked(&source) } else { source.clone() };
    let file = shell.sources.add(&path.display().to_string(), &shown);
    let expr =
        parse_expression(file, &source).map_err(|wrong| Failure::from(if discreet { mute(wrong) } else { wrong }))?;
    let ExprKind::Object(entries) = &expr.kind else { return Ok(Given::new()) };
    let mut given = Given::new();
    let mut complaints = Diagnostics::default();
    for entry in entries {
        match pair(entry) {
            Ok((name, value)) => {
                given.insert(name, ParamInput::Value(value));
            }
            Err(span) => complaints.push(not_plain(span)),
        }
    }
    if complaints.is_empty() { Ok(given) } else { Err(complaints.into()) }
}

/// The text with every value made unreadable, byte for byte: lines and columns stay.
fn masked(source: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((name, value)) => format!("{name}={}", "*".repeat(value.len())),
        None => line
            .chars()
            .map(|c| if c.is_ascii_punctuation() { c.to_string() } else { "*".repeat(c.len_utf8()) })
            .collect(),
    };
    source.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A complaint about a text with secrets in it: where, and nothing of what stands there.
fn mute(wrong: Diagnostic) -> Diagnostic {
    let place = wrong.primary.map(|label| label.span);
    let muted = Diagnostic::new(wrong.code, "the file may hold secrets, so it is not shown")
        .help("write `name = value` on each line, texts in quotes");
    match place {
        Some(span) => muted.at(span, "not understood from here on"),
        None => muted,
    }
}

fn not_plain(span: Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_ARGUMENT, "a file of parameters holds plain values only")
        .at(span, "is computed")
        .help("write the value itself; the program can compute with it")
}

fn of_json(path: &Path, text: &str) -> Result<Given, Diagnostic> {
    let bad = |why: String| {
        Diagnostic::new(&codes::BAD_ARGUMENT, format!("{}: {why}", path.display()))
            .help("write one JSON object: `{ \"name\": value }`")
    };
    let read: serde_json::Value = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
    let serde_json::Value::Object(members) = read else { return Err(bad("is no object".to_owned())) };
    Ok(members
        .iter()
        .map(|(name, value)| (name.clone(), ParamInput::Value(json::from_json(value, &Type::Any))))
        .collect())
}

fn pair(entry: &Entry) -> Result<(String, Value), Span> {
    match entry {
        Entry::Pair { key, value } => Ok((key_text(key).ok_or(value.span)?.to_string(), plain(value)?)),
        Entry::Spread(spread) => Err(spread.span),
    }
}

fn key_text(key: &ObjectKey) -> Option<SmolStr> {
    match key {
        ObjectKey::Name(name) => Some(name.value.0.clone()),
        ObjectKey::Text(text, _) => literal(&text.pieces),
        ObjectKey::Computed(_) => None,
    }
}

fn literal(pieces: &[Piece]) -> Option<SmolStr> {
    match pieces {
        [] => Some(SmolStr::default()),
        [Piece::Literal(text)] => Some(SmolStr::new(text)),
        [Piece::Interpolation(_), ..] | [Piece::Literal(_), ..] => None,
    }
}

/// The value of an expression that computes nothing; otherwise where it does.
fn plain(expr: &Expr) -> Result<Value, Span> {
    if let ExprKind::Group(inner) = &expr.kind {
        return plain(inner);
    }
    let value = match &expr.kind {
        ExprKind::Null => Some(Value::Null),
        ExprKind::Bool(flag) => Some(Value::Bool(*flag)),
        ExprKind::Number(number) => Some(Value::Number(number.clone())),
        ExprKind::Duration(milliseconds) => Some(Value::Duration(*milliseconds)),
        ExprKind::Text(text) => literal(&text.pieces).map(Value::String),
        ExprKind::Unary { operator: UnaryOperator::Negate, operand } => {
            plain(operand)?.as_number().map(|number| Value::Number(number.negated()))
        }
        ExprKind::List(elements) => Some(Value::list(elements.iter().map(element).collect::<Result<_, _>>()?)),
        ExprKind::Object(entries) => {
            let members = entries.iter().map(pair).map(|read| read.map(|(name, value)| (SmolStr::new(name), value)));
            Some(Value::object(members.collect::<Result<_, _>>()?))
        }
        ExprKind::Unary { .. }
        | ExprKind::Name(_)
        | ExprKind::Member { .. }
        | ExprKind::Index { .. }
        | ExprKind::Splat { .. }
        | ExprKind::Call { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::ListFor { .. }
        | ExprKind::ObjectFor { .. }
        | ExprKind::Group(_) => None,
    };
    value.ok_or(expr.span)
}

fn element(element: &Element) -> Result<Value, Span> {
    match element {
        Element::Value(value) => plain(value),
        Element::Spread(spread) => Err(spread.span),
    }
}
