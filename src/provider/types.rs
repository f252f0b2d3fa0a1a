//! Expressions of a provider file read as types: `set(id("ssh_key"))`, `one_of("a", "b")`, `object({ cpu = int })`.

use super::fields::{Complaints, Fields, constant, plain, text_of};
use crate::model::{Ident, Member, ObjectType, Span, Type, Value};
use crate::syntax::ast::{Argument, Expr, ExprKind};
use smol_str::SmolStr;
use std::sync::Arc;

const KNOWN: &str = "a type: string, bool, int, number, duration, any, list(…), set(…), map(…), optional(…), id(\"kind\"), \
                     literal(\"text\"), one_of(\"a\", \"b\"), union(…) or object({ … })";

/// `Type::Error`, after a complaint, where it is none.
pub(super) fn type_of(complaints: &Complaints, expression: &Expr) -> Type {
    match &plain(expression).kind {
        ExprKind::Name(name) => scalar(name.as_str()).unwrap_or_else(|| wrong(complaints, expression.span)),
        ExprKind::Call { name, arguments } => call(complaints, expression.span, name.value.as_str(), arguments),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Duration(_)
        | ExprKind::Text(_)
        | ExprKind::List(_)
        | ExprKind::Object(_)
        | ExprKind::Member { .. }
        | ExprKind::Index { .. }
        | ExprKind::Splat { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::ListFor { .. }
        | ExprKind::ObjectFor { .. }
        | ExprKind::Group(_) => wrong(complaints, expression.span),
    }
}

fn scalar(name: &str) -> Option<Type> {
    Some(match name {
        "string" => Type::String,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "number" => Type::Number,
        "duration" => Type::Duration,
        "any" => Type::Any,
        _ => return None,
    })
}

fn wrong(complaints: &Complaints, span: Span) -> Type {
    complaints.wrong(span, KNOWN);
    Type::Error
}

fn call(complaints: &Complaints, span: Span, name: &str, arguments: &[Argument]) -> Type {
    let each = || arguments.iter().map(|argument| &argument.value);
    let literals =
        || each().filter_map(|value| text_of(complaints, value)).map(|text| Type::Literal(SmolStr::new(text)));
    match (name, arguments) {
        ("list", [item]) => Type::list(type_of(complaints, &item.value)),
        ("set", [item]) => Type::set(type_of(complaints, &item.value)),
        ("map", [item]) => Type::map(type_of(complaints, &item.value)),
        ("optional", [item]) => type_of(complaints, &item.value).optional(),
        ("id", [kind]) => match text_of(complaints, &kind.value) {
            Some(kind) => Type::Id(Ident::new(&kind)),
            None => Type::Error,
        },
        ("literal", [_]) => literals().next().unwrap_or(Type::Error),
        ("one_of", [_, ..]) => Type::Union(literals().collect()),
        ("union", [_, ..]) => Type::Union(each().map(|member| type_of(complaints, member)).collect()),
        ("object", [members]) => object(complaints, &members.value),
        _ => wrong(complaints, span),
    }
}

fn object(complaints: &Complaints, members: &Expr) -> Type {
    let Some(fields) = Fields::of_object(complaints, members) else { return Type::Error };
    let mut object = ObjectType::default();
    for (name, _, value) in fields.rest() {
        object.members.insert(SmolStr::new(name.as_str()), member(complaints, value));
    }
    Type::Object(Arc::new(object))
}

/// A type, or `default(TYPE, value)`.
fn member(complaints: &Complaints, value: &Expr) -> Member {
    match &plain(value).kind {
        ExprKind::Call { name, arguments } if name.value.as_str() == "default" && arguments.len() == 2 => {
            let ty = type_of(complaints, &arguments[0].value);
            let default = constant(complaints, &arguments[1].value).map(|value| shaped(value, &ty));
            Member { ty, default }
        }
        _ => Member { ty: type_of(complaints, value), default: None },
    }
}

/// A constant in the shape of its type: lists become sets, objects maps.
pub(super) fn shaped(value: Value, ty: &Type) -> Value {
    match (value, ty.required()) {
        (Value::List(items), Type::Set(item)) => Value::set(items.iter().map(|value| shaped(value.clone(), item))),
        (Value::List(items), Type::List(item)) => {
            Value::list(items.iter().map(|value| shaped(value.clone(), item)).collect())
        }
        (Value::Object(members), Type::Map(_, item)) => Value::map(
            members.iter().map(|(name, value)| (crate::model::Key::text(name), shaped(value.clone(), item))).collect(),
        ),
        (value, _) => value,
    }
}

/// Calls `visit` with every kind whose id the type speaks of.
pub(super) fn visit_ids(ty: &Type, visit: &mut dyn FnMut(&Ident)) {
    match ty {
        Type::Error
        | Type::Any
        | Type::Null
        | Type::Bool
        | Type::Int
        | Type::Number
        | Type::String
        | Type::Duration
        | Type::Literal(_)
        | Type::Instance(_) => {}
        Type::Id(kind) => visit(kind),
        Type::List(item) | Type::Set(item) | Type::Optional(item) | Type::Map(_, item) => visit_ids(item, visit),
        Type::Object(object) => object.members.values().for_each(|member| visit_ids(&member.ty, visit)),
        Type::Union(members) => members.iter().for_each(|member| visit_ids(member, visit)),
    }
}
