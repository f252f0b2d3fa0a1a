//! Reading the members of a body or an object, one by one, and complaining about those that nobody asked for.
//! Knows expressions, not what a kind is.

use super::codes;
use crate::diag::{Diagnostic, Diagnostics, suggest};
use crate::model::{Ident, Span, Value};
use crate::syntax::ast::{Body, BodyEntry, Element, Entry, Expr, ExprKind, ObjectKey, Piece, Text, UnaryOperator};
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::cell::RefCell;

/// Where complaints of one reading are collected.
#[derive(Default)]
pub(super) struct Complaints(RefCell<Diagnostics>);

impl Complaints {
    pub fn push(&self, diagnostic: Diagnostic) {
        self.0.borrow_mut().push(diagnostic);
    }

    pub fn into_inner(self) -> Diagnostics {
        self.0.into_inner()
    }

    pub fn wrong(&self, span: Span, wanted: &str) {
        self.push(
            Diagnostic::new(&codes::WRONG_VALUE, "")
                .at(span, format!("this should be {wanted}"))
                .help(format!("write {wanted}")),
        );
    }
}

/// The members of one body or object.
pub(super) struct Fields<'a> {
    complaints: &'a Complaints,
    pub span: Span,
    entries: IndexMap<Ident, (Span, &'a Expr)>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// `header` is where a missing member is reported.
    pub fn of_body(complaints: &'a Complaints, header: Span, body: &'a Body) -> Fields<'a> {
        let mut fields = Fields { complaints, span: header, entries: IndexMap::new(), asked: Vec::new() };
        for entry in &body.entries {
            match entry {
                BodyEntry::Attribute(attribute) => {
                    fields.add(attribute.name.value.clone(), attribute.name.span, &attribute.value)
                }
                BodyEntry::Block(block) => complaints.wrong(block.name.span, "`name = { … }`, not a block"),
            }
        }
        fields
    }

    /// `None` (and a complaint) when the expression is no object.
    pub fn of_object(complaints: &'a Complaints, object: &'a Expr) -> Option<Fields<'a>> {
        let ExprKind::Object(entries) = &plain(object).kind else {
            complaints.wrong(object.span, "an object, `{ … }`");
            return None;
        };
        let mut fields = Fields { complaints, span: object.span, entries: IndexMap::new(), asked: Vec::new() };
        for entry in entries {
            match entry {
                Entry::Pair { key: ObjectKey::Name(name), value } => fields.add(name.value.clone(), name.span, value),
                Entry::Pair { key: ObjectKey::Text(text, span), value } => match literal(text) {
                    Some(name) => fields.add(Ident::new(&name), *span, value),
                    None => complaints.wrong(*span, "a plain name"),
                },
                Entry::Pair { key: ObjectKey::Computed(key), .. } => complaints.wrong(key.span, "a plain name"),
                Entry::Spread(spread) => complaints.wrong(spread.span, "`name = …`; nothing is spread here"),
            }
        }
        Some(fields)
    }

    fn add(&mut self, name: Ident, span: Span, value: &'a Expr) {
        if let Some((first, _)) = self.entries.get(&name) {
            self.complaints.push(
                Diagnostic::new(&codes::DUPLICATE, format!("`{name}` is given twice"))
                    .at(span, "here again")
                    .and(*first, "first here")
                    .help("delete one of the two"),
            );
            return;
        }
        self.entries.insert(name, (span, value));
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The expression of a member; each name is asked for once.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Expr> {
        self.asked.push(name);
        self.entries.shift_remove(name).map(|(_, value)| value)
    }

    /// As `take`, with a complaint when it is absent.
    pub fn require(&mut self, name: &'static str) -> Option<&'a Expr> {
        let found = self.take(name);
        if found.is_none() {
            self.complaints.push(
                Diagnostic::new(&codes::MISSING_MEMBER, format!("`{name}` is missing"))
                    .at(self.span, format!("has no `{name}`"))
                    .help(format!("add `{name} = …`")),
            );
        }
        found
    }

    /// All members that are left, in order: for objects whose names are free.
    pub fn rest(mut self) -> Vec<(Ident, Span, &'a Expr)> {
        std::mem::take(&mut self.entries).into_iter().map(|(name, (span, value))| (name, span, value)).collect()
    }

    /// Complains about what nobody asked for.
    pub fn finish(self) {
        for (name, (span, _)) in &self.entries {
            let fallback = format!("known here: {}", self.asked.join(", "));
            let help = suggest::did_you_mean(name.as_str(), self.asked.iter().copied(), &fallback);
            self.complaints.push(
                Diagnostic::new(&codes::UNKNOWN_MEMBER, format!("`{name}` is not known here"))
                    .at(*span, "not known here")
                    .help(help),
            );
        }
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name).and_then(|value| text_of(self.complaints, value))
    }

    pub fn required_text(&mut self, name: &'static str) -> String {
        self.require(name).and_then(|value| text_of(self.complaints, value)).unwrap_or_default()
    }

    pub fn ident(&mut self, name: &'static str) -> Option<Ident> {
        self.text(name).map(|text| Ident::new(&text))
    }

    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let Some(value) = self.take(name) else { return Vec::new() };
        list_of(self.complaints, value).into_iter().filter_map(|item| text_of(self.complaints, item)).collect()
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.take(name)?;
        let ExprKind::Bool(flag) = plain(value).kind else {
            self.complaints.wrong(value.span, "`true` or `false`");
            return None;
        };
        Some(flag)
    }

    pub fn int(&mut self, name: &'static str) -> Option<i64> {
        self.take(name).and_then(|value| self.int_of(value))
    }

    pub fn ints(&mut self, name: &'static str) -> Vec<i64> {
        let Some(value) = self.take(name) else { return Vec::new() };
        list_of(self.complaints, value).into_iter().filter_map(|item| self.int_of(item)).collect()
    }

    pub fn required_int(&mut self, name: &'static str) -> i64 {
        self.require(name).and_then(|value| self.int_of(value)).unwrap_or_default()
    }

    fn int_of(&self, value: &Expr) -> Option<i64> {
        let found = constant(self.complaints, value)?.as_number().and_then(crate::model::Number::to_i64);
        if found.is_none() {
            self.complaints.wrong(value.span, "a whole number");
        }
        found
    }

    /// Milliseconds.
    pub fn duration(&mut self, name: &'static str) -> Option<i64> {
        let value = self.take(name)?;
        let ExprKind::Duration(milliseconds) = plain(value).kind else {
            self.complaints.wrong(value.span, "a duration such as `30s`");
            return None;
        };
        Some(milliseconds)
    }

    pub fn object(&mut self, name: &'static str) -> Option<Fields<'a>> {
        self.take(name).and_then(|value| Fields::of_object(self.complaints, value))
    }
}

/// The expression without its parentheses.
pub(super) fn plain(expression: &Expr) -> &Expr {
    if let ExprKind::Group(inner) = &expression.kind { plain(inner) } else { expression }
}

/// A text without interpolation.
fn literal(text: &Text) -> Option<String> {
    let mut whole = String::new();
    for piece in &text.pieces {
        match piece {
            Piece::Literal(part) => whole.push_str(part),
            Piece::Interpolation(_) => return None,
        }
    }
    Some(whole)
}

pub(super) fn text_of(complaints: &Complaints, value: &Expr) -> Option<String> {
    let found = if let ExprKind::Text(text) = &plain(value).kind { literal(text) } else { None };
    if found.is_none() {
        complaints.wrong(value.span, "a plain string");
    }
    found
}

pub(super) fn list_of<'a>(complaints: &Complaints, value: &'a Expr) -> Vec<&'a Expr> {
    let ExprKind::List(elements) = &plain(value).kind else {
        complaints.wrong(value.span, "a list, `[ … ]`");
        return Vec::new();
    };
    let mut items = Vec::with_capacity(elements.len());
    for element in elements {
        match element {
            Element::Value(item) => items.push(item),
            Element::Spread(spread) => complaints.wrong(spread.span, "a value; nothing is spread here"),
        }
    }
    items
}

/// A value that needs no evaluation.
pub(super) fn constant(complaints: &Complaints, value: &Expr) -> Option<Value> {
    match &plain(value).kind {
        ExprKind::Null => Some(Value::Null),
        ExprKind::Bool(flag) => Some(Value::Bool(*flag)),
        ExprKind::Number(number) => Some(Value::Number(number.clone())),
        ExprKind::Duration(milliseconds) => Some(Value::Duration(*milliseconds)),
        ExprKind::Text(_) => text_of(complaints, value).map(|text| Value::string(&text)),
        ExprKind::List(_) => list_of(complaints, value)
            .into_iter()
            .map(|item| constant(complaints, item))
            .collect::<Option<_>>()
            .map(Value::list),
        ExprKind::Object(_) => Fields::of_object(complaints, value)?
            .rest()
            .into_iter()
            .map(|(name, _, value)| Some((SmolStr::new(name.as_str()), constant(complaints, value)?)))
            .collect::<Option<_>>()
            .map(Value::object),
        ExprKind::Unary { operator: UnaryOperator::Negate, operand } => {
            let number = constant(complaints, operand)?.as_number().map(crate::model::Number::negated);
            number.map(Value::Number)
        }
        ExprKind::Name(_)
        | ExprKind::Member { .. }
        | ExprKind::Index { .. }
        | ExprKind::Splat { .. }
        | ExprKind::Call { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::ListFor { .. }
        | ExprKind::ObjectFor { .. }
        | ExprKind::Group(_) => {
            complaints.wrong(value.span, "a constant");
            None
        }
    }
}
