//! Types of the language: what a value may be. Nominal ids, unions of literals and objects, optionals.

use super::ident::Ident;
use super::value::Value;
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How the instances of a declaration are keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    Int,
    Text,
}

/// A type. `Error` stands where checking already complained: it fits everything, so one mistake gives one diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    Error,
    /// Any value (arguments of `format`, `jsonencode`); fits from everything, into nothing but itself.
    Any,
    Null,
    Bool,
    Int,
    Number,
    String,
    Duration,
    /// A string that is one exact text: a member of `"a" | "b"`.
    Literal(SmolStr),
    /// The id of an object of this kind; a string, nominally.
    Id(Ident),
    List(Box<Type>),
    Set(Box<Type>),
    /// A map with keys of the given sort (`map(T)` in the language has text keys).
    Map(KeyType, Box<Type>),
    Object(Arc<ObjectType>),
    Union(Vec<Type>),
    Optional(Box<Type>),
    /// One instance of a resource, data source: its attributes by the catalog.
    Instance(Ident),
}

/// A member of an object type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    pub ty: Type,
    /// A member with a default may be left out.
    pub default: Option<Value>,
}

/// A closed object type: exactly these members, in declared order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ObjectType {
    pub members: IndexMap<SmolStr, Member>,
}

impl PartialOrd for ObjectType {
    fn partial_cmp(&self, other: &ObjectType) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectType {
    fn cmp(&self, other: &ObjectType) -> Ordering {
        self.members.iter().cmp(other.members.iter())
    }
}

impl Hash for ObjectType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (name, member) in &self.members {
            name.hash(state);
            member.hash(state);
        }
    }
}

impl Type {
    pub fn list(item: Type) -> Type {
        Type::List(Box::new(item))
    }

    pub fn set(item: Type) -> Type {
        Type::Set(Box::new(item))
    }

    pub fn map(item: Type) -> Type {
        Type::Map(KeyType::Text, Box::new(item))
    }

    /// `T?`; an optional of an optional is the same optional.
    pub fn optional(self) -> Type {
        match self {
            Type::Optional(_) | Type::Null | Type::Error | Type::Any => self,
            other => Type::Optional(Box::new(other)),
        }
    }

    /// The type without its `?`.
    pub fn required(&self) -> &Type {
        if let Type::Optional(inner) = self { inner } else { self }
    }

    pub fn is_optional(&self) -> bool {
        matches!(self, Type::Optional(_) | Type::Null)
    }
}

impl fmt::Display for Type {
    /// As written in the language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Error => f.write_str("(unknown)"),
            Type::Any => f.write_str("any"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::Duration => f.write_str("duration"),
            Type::Literal(text) => write!(f, "{}", super::ident::Key::Text(text.clone())),
            Type::Id(kind) => write!(f, "{kind}.id"),
            Type::List(item) => write!(f, "list({item})"),
            Type::Set(item) => write!(f, "set({item})"),
            Type::Map(KeyType::Text, item) => write!(f, "map({item})"),
            Type::Map(KeyType::Int, item) => write!(f, "map({item}) with int keys"),
            Type::Object(object) => {
                f.write_str("{ ")?;
                for (at, (name, member)) in object.members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {}", member.ty)?;
                    if let Some(default) = &member.default {
                        write!(f, " = {}", brief(default))?;
                    }
                }
                f.write_str(" }")
            }
            Type::Union(members) => {
                for (at, member) in members.iter().enumerate() {
                    let bar = if at == 0 { "" } else { " | " };
                    write!(f, "{bar}{member}")?;
                }
                Ok(())
            }
            Type::Optional(inner) if matches!(**inner, Type::Union(_)) => write!(f, "({inner})?"),
            Type::Optional(inner) => write!(f, "{inner}?"),
            Type::Instance(kind) => write!(f, "{kind}"),
        }
    }
}

/// A default beside its type: scalars as written, of the rest only what it is.
fn brief(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => super::ident::Key::Text(text.clone()).to_string(),
        Value::Duration(milliseconds) => format!("{milliseconds}ms"),
        Value::List(items) if items.is_empty() => "[]".to_owned(),
        Value::Set(items) if items.is_empty() => "[]".to_owned(),
        Value::List(_) | Value::Set(_) => "[…]".to_owned(),
        Value::Map(_) | Value::Object(_) => "{ … }".to_owned(),
        Value::Unknown(_) | Value::Sealed(_) => "…".to_owned(),
    }
}
