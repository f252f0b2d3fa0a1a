//! `for`: comprehensions and headers. What can be run over, and the types of the variables.

use super::checker::Checker;
use super::codes;
use super::expr::{Expr, ExprKind};
use super::fits::{fits, has_error};
use super::ir::{Each, Repeat};
use super::literals::shared_member_type;
use crate::model::{Ident, KeyType, Span, Type};
use crate::syntax::ast::{self, ForClause};
use std::collections::BTreeMap;

impl Checker<'_> {
    /// Types of key and value of what is run over; a complaint where it cannot be.
    pub fn loop_types(&mut self, over: &Expr) -> Option<(Type, Type)> {
        match &over.ty {
            Type::Error => Some((Type::Error, Type::Error)),
            Type::Any => Some((Type::Any, Type::Any)),
            Type::List(item) => Some((Type::Int, (**item).clone())),
            Type::Set(item) => Some(((**item).clone(), (**item).clone())),
            Type::Map(KeyType::Text, item) => Some((Type::String, (**item).clone())),
            Type::Map(KeyType::Int, item) => Some((Type::Int, (**item).clone())),
            Type::Object(object) => {
                let shared = shared_member_type(object);
                if shared.is_none() {
                    let help = "run over the members that share a type";
                    self.report(
                        &codes::MIXED_TYPES,
                        "its members have different types",
                        over.span,
                        "cannot be run over",
                        help,
                    );
                }
                shared.map(|item| (Type::String, item))
            }
            other => {
                let (code, help) = match other {
                    Type::Optional(_) => (&codes::MAYBE_NULL, "say what stands in for null: `… ?? []`".to_owned()),
                    Type::Instance(_) => (&codes::WRONG_TYPE, "it is one instance, without `for`".to_owned()),
                    Type::Int => (&codes::WRONG_TYPE, "write a range: `1..=n`".to_owned()),
                    _ => (&codes::WRONG_TYPE, "run over a list, a set, a map, an object or a range".to_owned()),
                };
                let label = format!("expected a collection, found {}", super::fits::widened(other));
                self.report(code, "", over.span, &label, &help);
                None
            }
        }
    }

    /// Checks what is run over and brings the variables into scope.
    pub fn each(&mut self, clause: &ForClause) -> Each {
        let mut over = self.infer(&clause.over);
        let types = self.loop_types(&over);
        if types.is_none() {
            over.ty = Type::Error;
        }
        let (key, value) = types.unwrap_or((Type::Error, Type::Error));
        let is_declared = self.is_declared(&over);
        let each = self.variables(clause, Box::new(over), key, value);
        if !is_declared {
            self.open_locals.extend(each.key.into_iter().chain([each.value]));
        }
        each
    }

    fn variables(&mut self, clause: &ForClause, over: Box<Expr>, key: Type, value: Type) -> Each {
        match clause.names.as_slice() {
            [first, second] => {
                if matches!(over.ty, Type::Set(_)) {
                    let help = "a set has values only: write one variable";
                    self.report(&codes::WRONG_LOOP, "", first.span, "a set has no keys", help);
                }
                let key = self.bind(first, key);
                Each { over, key: Some(key), value: self.bind(second, value) }
            }
            [only] => Each { over, key: None, value: self.bind(only, value) },
            _ => {
                let value = self.bind_silently(Ident::new("_"), value);
                Each { over, key: None, value }
            }
        }
    }

    pub fn list_for(
        &mut self,
        clause: &ForClause,
        condition: Option<&ast::Expr>,
        value: &ast::Expr,
        span: Span,
        hint: Option<&Type>,
    ) -> Expr {
        let depth = self.locals.len();
        let each = self.each(clause);
        let condition = condition.map(|condition| Box::new(self.check(condition, &Type::Bool)));
        let hint = hint.map(Type::required);
        let set = matches!(hint, Some(Type::Set(_)));
        let value = match hint {
            Some(Type::List(item) | Type::Set(item)) if **item != Type::Any => {
                let item = (**item).clone();
                let value = self.check(value, &item);
                if value.ty == Type::Error { value } else { Expr { ty: item, ..value } }
            }
            _ => self.infer(value),
        };
        self.locals.truncate(depth);
        let ty = if set { Type::set(value.ty.clone()) } else { Type::list(value.ty.clone()) };
        Expr { kind: ExprKind::ListFor { each, condition, value: Box::new(value), set }, ty, span }
    }

    pub fn map_for(
        &mut self,
        clause: &ForClause,
        condition: Option<&ast::Expr>,
        key: &ast::Expr,
        value: &ast::Expr,
        span: Span,
        hint: Option<&Type>,
    ) -> Expr {
        let depth = self.locals.len();
        let each = self.each(clause);
        let condition = condition.map(|condition| Box::new(self.check(condition, &Type::Bool)));
        let key = self.infer(key);
        let key = if fits(&key.ty, &Type::Int) && !has_error(&key.ty) && key.ty != Type::Any {
            let help = "keys are strings: `\"${n}\"`";
            self.report(&codes::WRONG_TYPE, "", key.span, "expected string, found int", help);
            Expr::error(key.span)
        } else {
            self.fit(key, &Type::String)
        };
        let value = match hint.map(Type::required) {
            Some(Type::Map(KeyType::Text, item)) if **item != Type::Any => {
                let item = (**item).clone();
                let value = self.check(value, &item);
                if value.ty == Type::Error { value } else { Expr { ty: item, ..value } }
            }
            _ => self.infer(value),
        };
        self.locals.truncate(depth);
        let ty = Type::map(value.ty.clone());
        Expr { kind: ExprKind::MapFor { each, condition, key: Box::new(key), value: Box::new(value) }, ty, span }
    }

    /// A `for` header: what it runs over must give each instance a key.
    pub fn repeat(&mut self, clause: &ForClause) -> Repeat {
        let each = self.each(clause);
        let by = clause.by.as_ref().map(|by| self.infer(by));
        let key = match (&each.over.ty, &by) {
            (_, Some(by)) => self.key_type(by),
            (Type::List(item) | Type::Set(item), None) => {
                let found = Expr { ty: (**item).clone(), ..Expr::error(each.over.span) };
                self.key_type(&found)
            }
            (Type::Map(key, _), None) => *key,
            _ => KeyType::Text,
        };
        Repeat { each, by, key, span: clause.span, places: written_elements(&clause.over) }
    }

    fn key_type(&mut self, found: &Expr) -> KeyType {
        if has_error(&found.ty) || found.ty == Type::Any {
            return KeyType::Text;
        }
        if fits(&found.ty, &Type::Int) {
            return KeyType::Int;
        }
        if !fits(&found.ty, &Type::String) {
            let label = format!("no key: a {}", super::fits::widened(&found.ty));
            let help = match &found.ty {
                Type::Object(_) => "say what tells them apart: `for s in … by s.name`",
                _ => "run over strings, ints or a map, or add `by …`",
            };
            self.report(
                &codes::WRONG_LOOP,
                "each instance needs a string or an int as its key",
                found.span,
                &label,
                help,
            );
        }
        KeyType::Text
    }
}

/// The places of a written list's elements or a written object's values, in the order of a loop; none where some are computed.
pub fn written_elements(over: &ast::Expr) -> Vec<Span> {
    match &over.kind {
        ast::ExprKind::List(elements) => {
            let place = |element: &ast::Element| match element {
                ast::Element::Value(value) => Some(value.span),
                ast::Element::Spread(_) => None,
            };
            elements.iter().map(place).collect::<Option<_>>().unwrap_or_default()
        }
        ast::ExprKind::Object(entries) => {
            let place = |entry: &ast::Entry| match entry {
                ast::Entry::Pair { key: ast::ObjectKey::Name(name), value } => Some((name.value.clone(), value.span)),
                ast::Entry::Pair { .. } | ast::Entry::Spread(_) => None,
            };
            let by_name: Option<BTreeMap<Ident, Span>> = entries.iter().map(place).collect();
            by_name.map(|all| all.into_values().collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
