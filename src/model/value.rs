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
        !matches!(self, Value::Unknown(_)) && self.elements().all(Value::is_known)
    }

    /// Every output that any part of it waits for.
    pub fn waits_for(&self, into: &mut BTreeSet<AttrPath>) {
        if let Value::Unknown(unknown) = self {
            into.extend(unknown.waits_for.iter().cloned());
        }
        self.elements().for_each(|element| element.waits_for(into));
    }

    /// What a container holds: the elements of a list or a set, the values of a map, the members of an object.
    pub fn elements(&self) -> Elements<'_> {
        match self {
            Value::List(items) => Elements::List(items.iter()),
            Value::Set(items) => Elements::Set(items.iter()),
            Value::Map(entries) => Elements::Map(entries.values()),
            Value::Object(members) => Elements::Object(members.values()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Duration(_)
            | Value::Unknown(_)
            | Value::Sealed(_) => Elements::None,
        }
    }

    /// The same container of other elements; what is no container stays as it is.
    #[must_use]
    pub fn with_elements(&self, mut change: impl FnMut(&Value) -> Value) -> Value {
        match self {
            Value::List(items) => Value::list(items.iter().map(change).collect()),
            Value::Set(items) => Value::set(items.iter().map(change)),
            Value::Map(entries) => Value::map(entries.iter().map(|(key, one)| (key.clone(), change(one))).collect()),
            Value::Object(members) => {
                Value::object(members.iter().map(|(name, one)| (name.clone(), change(one))).collect())
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Duration(_)
            | Value::Unknown(_)
            | Value::Sealed(_) => self.clone(),
        }
    }
}

/// The elements of one container, in its order.
#[derive(Clone, Debug)]
pub enum Elements<'v> {
    List(std::slice::Iter<'v, Value>),
    Set(std::collections::btree_set::Iter<'v, Value>),
    Map(std::collections::btree_map::Values<'v, Key, Value>),
    Object(std::collections::btree_map::Values<'v, SmolStr, Value>),
    None,
}

impl<'v> Iterator for Elements<'v> {
    type Item = &'v Value;

    fn next(&mut self) -> Option<&'v Value> {
        match self {
            Elements::List(items) => items.next(),
            Elements::Set(items) => items.next(),
            Elements::Map(values) => values.next(),
            Elements::Object(values) => values.next(),
            Elements::None => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Elements::List(items) => items.size_hint(),
            Elements::Set(items) => items.size_hint(),
            Elements::Map(values) => values.size_hint(),
            Elements::Object(values) => values.size_hint(),
            Elements::None => (0, Some(0)),
        }
    }
}

impl ExactSizeIterator for Elements<'_> {}
