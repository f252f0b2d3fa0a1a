//! A file of parameters: `name = value` lines of plain values, or one JSON object. Where a value may be secret, no text of the file is shown.

use super::codes;
use super::discreet::{self, OPENING};
use super::exit::Failure;
use super::json_places::{self, Twice};
use super::parameters::Given;
use super::shell::Shell;
use crate::desired::{ParamInput, parse_param};
use crate::diag::{Diagnostic, Diagnostics, Label};
use crate::model::{Span, Spanned, Type, Value, json};
use crate::program::{Program, fits};
use crate::provider::Catalog;
use crate::syntax::ast::{Element, Entry, Expr, ExprKind, ObjectKey, Piece, UnaryOperator};
use crate::syntax::parse_expression;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// `*.json`, and whatever begins with a brace: one object. Anything else: `name = value` lines. Where a parameter of the program is secret, no
/// value of the file is shown.
pub fn read(shell: &mut Shell, path: &Path, program: &Program) -> Result<Given, Failure> {
    let text = shell.read_given(path)?;
    if path.extension().is_some_and(|extension| extension == "json") || text.trim_start().starts_with('{') {
        return of_json(shell, path, &text, program).map_err(Failure::from);
    }
    let discreet = has_secrets(program);
    let shown = if discreet { discreet::of_lines(&text) } else { text.clone() };
    let file = shell.sources.add(&path.display().to_string(), &shown);
    let own = |complaint: Diagnostic| if discreet { mute(complaint) } else { complaint };
    let expr = parse_expression(file, &format!("{OPENING}{text}\n}}"))
        .map_err(|wrong| Failure::from(own(moved(wrong, text.len()))))?;
    let ExprKind::Object(entries) = &expr.kind else { return Err(moved(*not_plain(expr.span), text.len()).into()) };
    let mut complaints = Diagnostics::default();
    let mut given = Given::new();
    let mut places: BTreeMap<SmolStr, Span> = BTreeMap::new();
    for entry in entries {
        match pair(entry) {
            Ok((name, value)) => {
                if let Some(first) = places.insert(name.clone(), value.span) {
                    complaints.push(moved(twice(value.span, first), text.len()));
                }
                let place = back(value.span, text.len());
                given.insert(name.to_string(), ParamInput::Written(Spanned::new(value.value, place)));
            }
            Err(complaint) => complaints.push(moved(*complaint, text.len())),
        }
    }
    if complaints.is_empty() { Ok(given) } else { Err(complaints.into()) }
}

/// A place of the object as a place of the file.
fn back(span: Span, length: usize) -> Span {
    let place = |at: u32| (at as usize).saturating_sub(OPENING.len()).min(length);
    Span::new(span.file, place(span.start), place(span.end))
}

fn moved(mut complaint: Diagnostic, length: usize) -> Diagnostic {
    let label = |label: &mut Label| label.span = back(label.span, length);
    complaint.primary.iter_mut().for_each(label);
    complaint.secondary.iter_mut().for_each(label);
    complaint
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

fn not_plain(span: Span) -> Box<Diagnostic> {
    let complaint = Diagnostic::new(&codes::BAD_ARGUMENT, "a file of parameters holds plain values only")
        .at(span, "is computed")
        .help("write the value itself; the program can compute with it");
    Box::new(complaint)
}

fn twice(span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_ARGUMENT, "a file of parameters gives each of them once")
        .at(span, "is given again")
        .and(first, "was given here")
        .help("remove one of the two")
}

fn has_secrets(program: &Program) -> bool {
    program.params.iter().any(|param| param.secret)
}

fn of_json(shell: &mut Shell, path: &Path, text: &str, program: &Program) -> Result<Given, Diagnostic> {
    let read: Result<serde_json::Value, _> = serde_json::from_str(text);
    let (members, twice) = if read.is_ok() { json_places::members(text) } else { (Vec::new(), None) };
    let shown = match (has_secrets(program), &read) {
        (false, _) => text.to_owned(),
        (true, Ok(_)) if twice.is_none() => discreet::of_json(text, &members),
        (true, _) => discreet::of_json(text, &[]),
    };
    let file = shell.sources.add(&path.display().to_string(), &shown);
    let bad = |why: String| {
        Diagnostic::new(&codes::BAD_ARGUMENT, format!("{}: {why}", path.display()))
            .help("write one JSON object: `{ \"name\": value }`")
    };
    let read = read.map_err(|error| {
        let place = offset(text, error.line(), error.column());
        bad(error.to_string()).at(Span::new(file, place, place), "not understood from here on")
    })?;
    let serde_json::Value::Object(values) = read else { return Err(bad("is no object".to_owned())) };
    if let Some(Twice { again, first }) = twice {
        let span = |range: Range<usize>| Span::new(file, range.start, range.end);
        return Err(self::twice(span(again), span(first)));
    }
    let given = members.into_iter().filter_map(|(name, place)| {
        let value = json::from_json(values.get(&name)?, &Type::Any);
        let ty = program.params.iter().find(|param| param.name.value.as_str() == name).map(|param| &param.ty);
        let value = ty.map_or(value.clone(), |ty| with_durations(value, ty, &program.catalog));
        Some((name, ParamInput::Written(Spanned::new(value, Span::new(file, place.start, place.end)))))
    });
    Ok(given.collect())
}

/// JSON has no durations: their texts stand for them where one is wanted.
fn with_durations(value: Value, ty: &Type, catalog: &Arc<Catalog>) -> Value {
    match (ty, &value) {
        (Type::Optional(inner), _) => with_durations(value, inner, catalog),
        (Type::Duration, Value::String(text)) => parse_param(text, ty, catalog).unwrap_or(value),
        (Type::List(item) | Type::Set(item), Value::List(items)) => {
            Value::list(items.iter().map(|one| with_durations(one.clone(), item, catalog)).collect())
        }
        (Type::Map(_, _) | Type::Object(_), Value::Object(members)) => {
            let of = |name: &SmolStr| match ty {
                Type::Map(_, item) => item.as_ref(),
                Type::Object(object) => object.members.get(name).map_or(&Type::Any, |member| &member.ty),
                _ => &Type::Any,
            };
            let member =
                |(name, one): (&SmolStr, &Value)| (name.clone(), with_durations(one.clone(), of(name), catalog));
            Value::object(members.iter().map(member).collect())
        }
        (Type::Union(members), Value::String(_)) if !members.iter().any(|member| fits(&Type::String, member)) => {
            let duration = members.iter().find(|member| **member == Type::Duration);
            duration.map_or(value.clone(), |duration| with_durations(value, duration, catalog))
        }
        _ => value,
    }
}

/// The place of a line and a column, both from 1; columns are bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let begins = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let mut at = (begins + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn pair(entry: &Entry) -> Result<(SmolStr, Spanned<Value>), Box<Diagnostic>> {
    match entry {
        Entry::Pair { key, value } => {
            let name = key_text(key).ok_or_else(|| not_plain(value.span))?;
            Ok((name, Spanned::new(plain(value)?, value.span)))
        }
        Entry::Spread(spread) => Err(not_plain(spread.span)),
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

/// The value of an expression that computes nothing; otherwise what is wrong with it.
fn plain(expr: &Expr) -> Result<Value, Box<Diagnostic>> {
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
            let mut members: BTreeMap<SmolStr, Spanned<Value>> = BTreeMap::new();
            for entry in entries {
                let (name, value) = pair(entry)?;
                let place = value.span;
                if let Some(first) = members.insert(name, value) {
                    return Err(Box::new(twice(place, first.span)));
                }
            }
            Some(Value::object(members.into_iter().map(|(name, value)| (name, value.value)).collect()))
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
    value.ok_or_else(|| not_plain(expr.span))
}

fn element(element: &Element) -> Result<Value, Box<Diagnostic>> {
    match element {
        Element::Value(value) => plain(value),
        Element::Spread(spread) => Err(not_plain(spread.span)),
    }
}
