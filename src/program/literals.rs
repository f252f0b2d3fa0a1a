//! Lists, sets, objects and maps as written: their form follows what is expected.

use super::checker::Checker;
use super::codes;
use super::expr::{Element, Entry, Expr, ExprKind, Operator};
use super::fits::{fits, has_error, join, literals, may_be_left_out, widened};
use super::mismatch::{mismatch, unknown_member, wrong_literal};
use super::symbols::duplicate;
use crate::model::{Key, KeyType, Member, ObjectType, Span, Type, Value};
use crate::syntax::ast::{self, ObjectKey};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Checker<'_> {
    pub fn list(&mut self, written: &[ast::Element], span: Span, hint: Option<&Type>) -> Expr {
        let hint = hint.map(Type::required);
        let set = matches!(hint, Some(Type::Set(_)));
        let wanted = match hint {
            Some(Type::List(item) | Type::Set(item)) if **item != Type::Any => Some((**item).clone()),
            _ => None,
        };
        let open =
            matches!(hint, Some(Type::Any)) || (wanted.is_none() && matches!(hint, Some(Type::List(_) | Type::Set(_))));
        let elements: Vec<Element> =
            written.iter().map(|element| self.element(element, wanted.as_ref(), set, open)).collect();
        let item = match wanted {
            Some(item) => item,
            None => self.joint(elements.iter().map(|element| (element_type(element), element.expr().span)), open),
        };
        let ty = if set { Type::set(item) } else { Type::list(item) };
        let constants: Option<Vec<Value>> = elements.iter().map(constant_element).collect();
        let kind = match constants {
            Some(values) if set => ExprKind::Constant(Value::set(values)),
            Some(values) => ExprKind::Constant(Value::list(values)),
            None if set => ExprKind::Set(elements),
            None => ExprKind::List(elements),
        };
        Expr { kind, ty, span }
    }

    fn element(&mut self, written: &ast::Element, wanted: Option<&Type>, set: bool, open: bool) -> Element {
        match (written, wanted) {
            (ast::Element::Value(value), Some(item)) => Element::Value(self.check(value, item)),
            (ast::Element::Value(value), None) => Element::Value(self.loosely(value, open)),
            (ast::Element::Spread(value), _) => {
                let hint = wanted.map(|item| if set { Type::set(item.clone()) } else { Type::list(item.clone()) });
                let found = self.shape(value, hint.as_ref());
                let other = match (&found.ty, wanted) {
                    (Type::Set(_), Some(item)) => Type::set(item.clone()),
                    (_, Some(item)) => Type::list(item.clone()),
                    (Type::Set(_), None) => Type::set(Type::Any),
                    (_, None) => Type::list(Type::Any),
                };
                if wanted.is_none() && matches!(found.ty, Type::List(_) | Type::Set(_)) {
                    return Element::Spread(found);
                }
                Element::Spread(self.fit(found, &other))
            }
        }
    }

    /// Where anything goes, anything goes inside too.
    fn loosely(&mut self, value: &ast::Expr, open: bool) -> Expr {
        self.shape(value, open.then_some(&Type::Any))
    }

    /// The type of all; where there is none, a complaint (or, where anything goes, `any`).
    fn joint(&mut self, types: impl Iterator<Item = (Type, Span)>, open: bool) -> Type {
        let mut so_far: Option<(Type, Span)> = None;
        for (ty, span) in types {
            let Some((before, first)) = so_far else {
                so_far = Some((ty, span));
                continue;
            };
            let joined = match join(&before, &ty) {
                Some(joined) => joined,
                None if open => Type::Any,
                None => {
                    self.mixed(&before, first, &ty, span);
                    return Type::Error;
                }
            };
            so_far = Some((joined, first));
        }
        so_far.map_or(Type::Any, |(ty, _)| ty)
    }

    pub fn mixed(&mut self, first: &Type, first_span: Span, other: &Type, span: Span) {
        let (first, other) = (widened(first), widened(other));
        self.diagnostics.push(
            crate::diag::Diagnostic::new(&codes::MIXED_TYPES, format!("{first} and {other} are no common type"))
                .at(span, format!("this is {other}"))
                .and(first_span, format!("this is {first}"))
                .help("give both the same type"),
        );
    }

    pub fn object(&mut self, written: &[ast::Entry], span: Span, hint: Option<&Type>) -> Expr {
        match hint.map(Type::required) {
            Some(Type::Object(object)) if !has_spread(written) => {
                let object = Arc::clone(object);
                self.closed_object(written, span, &object)
            }
            Some(Type::Map(KeyType::Text, item)) if **item != Type::Any => {
                let item = (**item).clone();
                self.map(written, span, &item)
            }
            Some(Type::Union(members)) => match self.choose(written, members) {
                Some(object) if !has_spread(written) => self.closed_object(written, span, &object),
                _ => self.open_object(written, span, false),
            },
            Some(Type::Any | Type::Map(..)) => self.open_object(written, span, true),
            _ => self.open_object(written, span, false),
        }
    }

    /// The member of a union of objects that is meant: by its literal, else by the names given.
    fn choose(&mut self, written: &[ast::Entry], members: &[Type]) -> Option<Arc<ObjectType>> {
        let objects: Vec<&Arc<ObjectType>> =
            members.iter().filter_map(|ty| if let Type::Object(object) = ty { Some(object) } else { None }).collect();
        let given: BTreeMap<&str, &ast::Expr> = written.iter().filter_map(static_pair).collect();
        let by_literal: Vec<&&Arc<ObjectType>> = objects.iter().filter(|object| agrees(object, &given)).collect();
        let by_names = by_literal.iter().max_by_key(|object| {
            let known = given.keys().filter(|name| object.members.contains_key(**name)).count();
            let missing = object
                .members
                .iter()
                .filter(|(name, member)| !may_be_left_out(member) && !given.contains_key(name.as_str()))
                .count();
            (known, std::cmp::Reverse(missing))
        });
        if let Some(found) = by_names {
            return Some(Arc::clone(found));
        }
        let (name, allowed) = discriminator(&objects)?;
        let value = given.get(name.as_str())?;
        let text = plain_text(value)?;
        let span = value.span;
        self.diagnostics.push(wrong_literal(&text, &allowed.iter().collect::<Vec<_>>(), span));
        Some(Arc::new(ObjectType {
            members: given.keys().map(|name| (SmolStr::new(name), Member { ty: Type::Error, default: None })).collect(),
        }))
    }

    fn closed_object(&mut self, written: &[ast::Entry], span: Span, object: &Arc<ObjectType>) -> Expr {
        let mut entries = Vec::new();
        let mut seen: BTreeMap<SmolStr, Span> = BTreeMap::new();
        let mut broken = false;
        for entry in written {
            let ast::Entry::Pair { key, value } = entry else { continue };
            let key = self.object_key(key);
            let Some(name) = key.as_constant().and_then(Value::as_str).map(SmolStr::new) else {
                broken = true;
                self.diagnostics.push(mismatch(self.catalog, &key, &Type::Literal("name".into())));
                continue;
            };
            match object.members.get(&name) {
                Some(member) => {
                    let first = *seen.entry(name.clone()).or_insert(key.span);
                    duplicate(&mut self.diagnostics, "member", &name, key.span, first);
                    let value = self.member_value(value, member);
                    entries.push(Entry::Pair { key, value });
                }
                None => {
                    broken = true;
                    let known = object.members.keys().map(SmolStr::as_str);
                    self.diagnostics.push(unknown_member(&name, known, key.span));
                    self.infer(value);
                }
            }
        }
        for (name, member) in &object.members {
            if !seen.contains_key(name) && !may_be_left_out(member) && !broken {
                broken = true;
                let help = format!("add `{name} = …` ({})", member.ty);
                self.report(&codes::MISSING_MEMBER, format!("`{name}` is missing"), span, "not complete", &help);
            }
            if !seen.contains_key(name) && may_be_left_out(member) {
                let key = Expr::constant(Value::String(name.clone()), Type::String, span);
                let left_out = member.default.clone().unwrap_or(Value::Null);
                entries.push(Entry::Pair { key, value: Expr::constant(left_out, member.ty.clone(), span) });
            }
        }
        let ty = if broken { Type::Error } else { Type::Object(Arc::clone(object)) };
        Expr { kind: fold_object(entries), ty, span }
    }

    /// What is written for a member: null counts as not written, so that the default stands then.
    fn member_value(&mut self, written: &ast::Expr, member: &Member) -> Expr {
        let value = self.shape(written, Some(&member.ty));
        let may_be_null = matches!(value.ty, Type::Null | Type::Any) || value.ty.is_optional();
        let default = member.default.clone().filter(|_| may_be_null);
        let Some(default) = default else { return self.fit(value, &member.ty) };
        let standing = Expr::constant(default, member.ty.clone(), value.span);
        if value.ty == Type::Null {
            return standing;
        }
        let left = self.fit(value, &member.ty.clone().optional());
        if has_error(&left.ty) {
            return left;
        }
        let (ty, span) = (member.ty.clone(), left.span);
        let kind = ExprKind::Binary { operator: Operator::Coalesce, left: Box::new(left), right: Box::new(standing) };
        Expr { kind, ty, span }
    }

    fn map(&mut self, written: &[ast::Entry], span: Span, item: &Type) -> Expr {
        let mut entries = Vec::new();
        let mut seen: BTreeMap<SmolStr, Span> = BTreeMap::new();
        for entry in written {
            entries.push(match entry {
                ast::Entry::Spread(value) => Entry::Spread(self.check(value, &Type::map(item.clone()))),
                ast::Entry::Pair { key, value } => {
                    let key = self.object_key(key);
                    if let Some(name) = key.as_constant().and_then(Value::as_str) {
                        let first = *seen.entry(SmolStr::new(name)).or_insert(key.span);
                        duplicate(&mut self.diagnostics, "key", name, key.span, first);
                    }
                    Entry::Pair { key, value: self.check(value, item) }
                }
            });
        }
        Expr { kind: fold_map(entries), ty: Type::map(item.clone()), span }
    }

    /// Without an expected type: an object where all names are written, else a map.
    fn open_object(&mut self, written: &[ast::Entry], span: Span, open: bool) -> Expr {
        let mut entries = Vec::new();
        let mut seen: BTreeMap<SmolStr, Span> = BTreeMap::new();
        let mut object = ObjectType::default();
        let mut values: Vec<(Type, Span)> = Vec::new();
        let mut is_map = false;
        for entry in written {
            match entry {
                ast::Entry::Pair { key, value } => {
                    let key = self.object_key(key);
                    let value = self.loosely(value, open);
                    match key.as_constant().and_then(Value::as_str) {
                        Some(name) => {
                            let first = *seen.entry(SmolStr::new(name)).or_insert(key.span);
                            duplicate(&mut self.diagnostics, "member", name, key.span, first);
                            let member = Member { ty: value.ty.clone(), default: None };
                            object.members.insert(SmolStr::new(name), member);
                        }
                        None => is_map = true,
                    }
                    values.push((value.ty.clone(), value.span));
                    entries.push(Entry::Pair { key, value });
                }
                ast::Entry::Spread(value) => {
                    let value = self.infer(value);
                    match &value.ty {
                        Type::Object(other) => {
                            object.members.extend(other.members.clone());
                            values.extend(other.members.values().map(|member| (member.ty.clone(), value.span)));
                        }
                        Type::Map(KeyType::Text, item) => {
                            is_map = true;
                            values.push(((**item).clone(), value.span));
                        }
                        Type::Error => {}
                        Type::Any => {
                            is_map = true;
                            values.push((Type::Any, value.span));
                        }
                        _ => self.diagnostics.push(mismatch(self.catalog, &value, &Type::map(Type::Any))),
                    }
                    entries.push(Entry::Spread(value));
                }
            }
        }
        if is_map {
            let item = self.joint(values.into_iter(), open);
            return Expr { kind: fold_map(entries), ty: Type::map(item), span };
        }
        Expr { kind: fold_object(entries), ty: Type::Object(Arc::new(object)), span }
    }

    fn object_key(&mut self, key: &ObjectKey) -> Expr {
        match key {
            ObjectKey::Name(name) => Expr::constant(Value::String(name.value.0.clone()), Type::String, name.span),
            ObjectKey::Text(text, span) => self.text(text, *span),
            ObjectKey::Computed(expr) => self.check(expr, &Type::String),
        }
    }
}

fn has_spread(written: &[ast::Entry]) -> bool {
    written.iter().any(|entry| matches!(entry, ast::Entry::Spread(_)))
}

fn element_type(element: &Element) -> Type {
    match element {
        Element::Value(expr) => expr.ty.clone(),
        Element::Spread(expr) => match &expr.ty {
            Type::List(item) | Type::Set(item) => (**item).clone(),
            _ => Type::Error,
        },
    }
}

fn constant_element(element: &Element) -> Option<Value> {
    match element {
        Element::Value(expr) if !has_error(&expr.ty) => expr.as_constant().cloned(),
        Element::Value(_) | Element::Spread(_) => None,
    }
}

fn constant_pairs(entries: &[Entry]) -> Option<Vec<(SmolStr, Value)>> {
    let pair = |entry: &Entry| match entry {
        Entry::Pair { key, value } => Some((SmolStr::new(key.as_constant()?.as_str()?), value.as_constant()?.clone())),
        Entry::Spread(_) => None,
    };
    entries.iter().map(pair).collect()
}

fn fold_object(entries: Vec<Entry>) -> ExprKind {
    match constant_pairs(&entries) {
        Some(pairs) => ExprKind::Constant(Value::object(pairs.into_iter().collect())),
        None => ExprKind::Object(entries),
    }
}

fn fold_map(entries: Vec<Entry>) -> ExprKind {
    match constant_pairs(&entries) {
        Some(pairs) => {
            ExprKind::Constant(Value::map(pairs.into_iter().map(|(key, value)| (Key::Text(key), value)).collect()))
        }
        None => ExprKind::Map(entries),
    }
}

fn static_pair(entry: &ast::Entry) -> Option<(&str, &ast::Expr)> {
    match entry {
        ast::Entry::Pair { key: ObjectKey::Name(name), value } => Some((name.value.as_str(), value)),
        ast::Entry::Pair { .. } | ast::Entry::Spread(_) => None,
    }
}

fn plain_text(expr: &ast::Expr) -> Option<String> {
    let ast::ExprKind::Text(text) = &expr.kind else { return None };
    match text.pieces.as_slice() {
        [ast::Piece::Literal(literal)] => Some(literal.clone()),
        _ => None,
    }
}

/// Whether no literal member contradicts what is written.
fn agrees(object: &ObjectType, given: &BTreeMap<&str, &ast::Expr>) -> bool {
    object.members.iter().all(|(name, member)| match (literals(&member.ty), given.get(name.as_str())) {
        (Some(allowed), Some(value)) => plain_text(value).is_none_or(|text| allowed.iter().any(|one| **one == text)),
        _ => true,
    })
}

/// The member that is a literal in every object of the union, and all its texts.
fn discriminator(objects: &[&Arc<ObjectType>]) -> Option<(SmolStr, Vec<SmolStr>)> {
    let first = objects.first()?;
    first.members.keys().find_map(|name| {
        let mut texts = Vec::new();
        for object in objects {
            texts.extend(literals(&object.members.get(name)?.ty)?.into_iter().cloned());
        }
        Some((name.clone(), texts))
    })
}

/// Whether every member of the object fits one type, so that it can be iterated.
pub fn shared_member_type(object: &ObjectType) -> Option<Type> {
    let mut types = object.members.values().map(|member| member.ty.clone());
    let first = types.next().unwrap_or(Type::Any);
    types.try_fold(first, |so_far, ty| if fits(&ty, &so_far) { Some(so_far) } else { join(&so_far, &ty) })
}
