//! Values of the language and of the API, with "not known yet" as a value of its own that keeps its type.

use super::address::Address;
use super::ident::{Ident, Key};
use super::number::Number;
use super::types::Type;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An attribute of an instance: what a value waits for, what changed, what is ignored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttrPath {
    pub address: Address,
    /// Attribute and members below it (`specs.cpu`); empty means the whole instance.
    pub path: Vec<SmolStr>,
}

/// A value that is known only after apply: its type, and the outputs that it waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unknown {
    pub ty: Type,
    pub waits_for: BTreeSet<AttrPath>,
}

/// A value. Containers are shared, so that a clone is cheap; all orders are total and deterministic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(SmolStr),
    /// Milliseconds.
    Duration(i64),
    List(Arc<Vec<Value>>),
    Set(Arc<BTreeSet<Value>>),
    /// A map with string or int keys (int keys only for instances of a repeated declaration).
    Map(Arc<BTreeMap<Key, Value>>),
    /// A closed object: member names are attributes.
    Object(Arc<BTreeMap<SmolStr, Value>>),
    Unknown(Arc<Unknown>),
    /// What stands for a secret where it may not stand itself ([`super::secrecy`]): equal for equal secrets of one salt.
    Sealed(SmolStr),
}

/// The attributes of one object, by name.
pub type Attributes = BTreeMap<Ident, Value>;

impl Value {
    pub fn string(text: &str) -> Value {
        Value::String(SmolStr::new(text))
    }

    pub fn int(number: i64) -> Value {
        Value::Number(Number::from(number))
    }

    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    pub fn set(items: impl IntoIterator<Item = Value>) -> Value {
        Value::Set(Arc::new(items.into_iter().collect()))
    }

    pub fn map(entries: BTreeMap<Key, Value>) -> Value {
        Value::Map(Arc::new(entries))
    }

    pub fn object(members: BTreeMap<SmolStr, Value>) -> Value {
        Value::Object(Arc::new(members))
    }

    pub fn unknown(ty: Type, waits_for: BTreeSet<AttrPath>) -> Value {
        Value::Unknown(Arc::new(Unknown { ty, waits_for }))
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(flag) = self { Some(*flag) } else { None }
    }

    pub fn as_number(&self) -> Option<&Number> {
        if let Value::Number(number) = self { Some(number) } else { None }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether nothing in it is unknown.
    pub fn is_known(&self) -> bool {
        match self {
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Duration(_)
            | Value::Sealed(_) => true,
            Value::List(items) => items.iter().all(Value::is_known),
            Value::Set(items) => items.iter().all(Value::is_known),
            Value::Map(entries) => entries.values().all(Value::is_known),
            Value::Object(members) => members.values().all(Value::is_known),
            Value::Unknown(_) => false,
        }
    }

    /// Every output that any part of it waits for.
    pub fn waits_for(&self, into: &mut BTreeSet<AttrPath>) {
        match self {
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Duration(_)
            | Value::Sealed(_) => {}
            Value::List(items) => items.iter().for_each(|item| item.waits_for(into)),
            Value::Set(items) => items.iter().for_each(|item| item.waits_for(into)),
            Value::Map(entries) => entries.values().for_each(|value| value.waits_for(into)),
            Value::Object(members) => members.values().for_each(|value| value.waits_for(into)),
            Value::Unknown(unknown) => into.extend(unknown.waits_for.iter().cloned()),
        }
    }
}
