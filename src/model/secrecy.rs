//! Which parts of a value are secret, and what stands for them where they may not stand: a seal, by which they can be told
//! apart and not read. Knows no program and no state.

use super::hex::hex;
use super::ident::Key;
use super::value::Value;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Which parts of a value are secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Secrecy {
    #[default]
    Clear,
    Secret,
    /// By member or text key; what is not named is clear.
    Members(BTreeMap<SmolStr, Secrecy>),
    /// The same for every element.
    Each(Box<Secrecy>),
}

impl Secrecy {
    pub fn is_clear(&self) -> bool {
        *self == Secrecy::Clear
    }

    fn member(&self, name: &str) -> &Secrecy {
        match self {
            Secrecy::Members(members) => members.get(name).unwrap_or(&Secrecy::Clear),
            Secrecy::Each(inner) => inner,
            Secrecy::Clear | Secrecy::Secret => self,
        }
    }

    fn element(&self) -> &Secrecy {
        match self {
            Secrecy::Each(inner) => inner,
            Secrecy::Members(_) => &Secrecy::Secret,
            Secrecy::Clear | Secrecy::Secret => self,
        }
    }

    /// The value with a seal in the place of each secret part.
    pub fn sealed(&self, value: &Value, salt: &str) -> Value {
        match (self, value) {
            (Secrecy::Clear, _) => value.clone(),
            (Secrecy::Secret, _) => seal(value, salt),
            (_, Value::Object(members)) => {
                Value::object(members.iter().map(|(n, v)| (n.clone(), self.member(n).sealed(v, salt))).collect())
            }
            (_, Value::Map(entries)) => Value::map(
                entries.iter().map(|(key, v)| (key.clone(), self.member(&key_text(key)).sealed(v, salt))).collect(),
            ),
            (_, Value::List(items)) => {
                Value::list(items.iter().map(|item| self.element().sealed(item, salt)).collect())
            }
            (_, Value::Set(items)) => Value::set(items.iter().map(|item| self.element().sealed(item, salt))),
            (_, Value::Null | Value::Unknown(_) | Value::Sealed(_)) => value.clone(),
            (_, Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Duration(_)) => seal(value, salt),
        }
    }

    /// Every secret part of a value.
    pub fn parts<'v>(&self, value: &'v Value, out: &mut Vec<&'v Value>) {
        match (self, value) {
            (Secrecy::Clear, _) => {}
            (Secrecy::Secret, _) => out.push(value),
            (_, Value::Object(members)) => members.iter().for_each(|(name, one)| self.member(name).parts(one, out)),
            (_, Value::Map(entries)) => {
                entries.iter().for_each(|(key, one)| self.member(&key_text(key)).parts(one, out));
            }
            (_, Value::List(items)) => items.iter().for_each(|one| self.element().parts(one, out)),
            (_, Value::Set(items)) => items.iter().for_each(|one| self.element().parts(one, out)),
            (_, Value::Null | Value::Unknown(_) | Value::Sealed(_)) => {}
            (_, Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Duration(_)) => out.push(value),
        }
    }

    /// Secret where one of the two is.
    pub fn joined(&self, other: &Secrecy) -> Secrecy {
        match (self, other) {
            (Secrecy::Clear, one) | (one, Secrecy::Clear) => one.clone(),
            (Secrecy::Members(a), Secrecy::Members(b)) => {
                let mut all = a.clone();
                for (name, one) in b {
                    let both = all.get(name).map_or_else(|| one.clone(), |before| before.joined(one));
                    all.insert(name.clone(), both);
                }
                Secrecy::Members(all)
            }
            (Secrecy::Each(a), Secrecy::Each(b)) => Secrecy::Each(Box::new(a.joined(b))),
            (Secrecy::Secret, _)
            | (_, Secrecy::Secret)
            | (Secrecy::Members(_), Secrecy::Each(_))
            | (Secrecy::Each(_), Secrecy::Members(_)) => Secrecy::Secret,
        }
    }

    /// Where a stored value holds seals.
    pub fn of_sealed(value: &Value) -> Secrecy {
        let of_members = |members: &mut dyn Iterator<Item = (SmolStr, Secrecy)>| {
            let found: BTreeMap<SmolStr, Secrecy> = members.filter(|(_, one)| !one.is_clear()).collect();
            if found.is_empty() { Secrecy::Clear } else { Secrecy::Members(found) }
        };
        let of_elements = |elements: &mut dyn Iterator<Item = Secrecy>| {
            let joined = elements.fold(Secrecy::Clear, |all, one| all.joined(&one));
            if joined.is_clear() { Secrecy::Clear } else { Secrecy::Each(Box::new(joined)) }
        };
        match value {
            Value::Sealed(_) => Secrecy::Secret,
            Value::Object(members) => {
                of_members(&mut members.iter().map(|(name, one)| (name.clone(), Secrecy::of_sealed(one))))
            }
            Value::Map(entries) => {
                of_members(&mut entries.iter().map(|(key, one)| (SmolStr::new(key_text(key)), Secrecy::of_sealed(one))))
            }
            Value::List(items) => of_elements(&mut items.iter().map(Secrecy::of_sealed)),
            Value::Set(items) => of_elements(&mut items.iter().map(Secrecy::of_sealed)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Duration(_)
            | Value::Unknown(_) => Secrecy::Clear,
        }
    }
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Text(text) => text.to_string(),
        Key::Int(number) => number.to_string(),
    }
}

/// The seal of a value: `SALT:DIGEST`. What is null, unknown or sealed stays as it is.
pub fn seal(value: &Value, salt: &str) -> Value {
    match value {
        Value::Null | Value::Sealed(_) => value.clone(),
        _ if !value.is_known() => value.clone(),
        _ => Value::Sealed(SmolStr::new(sealed_text(value, &digest(salt)[..16]))),
    }
}

fn sealed_text(value: &Value, salt: &str) -> String {
    let mut text = format!("cnx seal 1\0{salt}\0");
    write_value(value, &mut text);
    format!("{salt}:{}", digest(&text))
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Whether a seal was made of this value.
pub fn is_seal_of(seal: &str, value: &Value) -> bool {
    match (value, seal.split_once(':')) {
        (Value::Sealed(other), _) => seal == other,
        (_, Some((salt, _))) => sealed_text(value, salt) == seal,
        (_, None) => false,
    }
}

/// A stored value with its seals opened, where they were made of what stands at the same place in one of the candidates.
pub fn opened(stored: &Value, candidates: &[&Value]) -> Value {
    let below = |pick: &dyn Fn(&Value) -> Option<Value>| -> Vec<Value> {
        candidates.iter().filter_map(|one| pick(one)).collect()
    };
    let open = |value: &Value, found: Vec<Value>| opened(value, &found.iter().collect::<Vec<_>>());
    match stored {
        Value::Sealed(seal) => {
            candidates.iter().find(|one| is_seal_of(seal, one)).map_or_else(|| stored.clone(), |one| (*one).clone())
        }
        Value::Object(members) => Value::object(
            members.iter().map(|(name, one)| (name.clone(), open(one, below(&|c| at_name(c, name))))).collect(),
        ),
        Value::Map(entries) => Value::map(
            entries.iter().map(|(key, one)| (key.clone(), open(one, below(&|c| at_name(c, &key_text(key)))))).collect(),
        ),
        Value::List(items) => {
            Value::list(items.iter().enumerate().map(|(at, one)| open(one, below(&|c| at_index(c, at)))).collect())
        }
        Value::Set(items) => {
            let all: Vec<Value> = candidates.iter().flat_map(|one| elements(one)).collect();
            Value::set(items.iter().map(|one| open(one, all.clone())))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Duration(_) | Value::Unknown(_) => {
            stored.clone()
        }
    }
}

fn at_name(value: &Value, name: &str) -> Option<Value> {
    if let Value::Object(members) = value {
        return members.get(name).cloned();
    }
    let Value::Map(entries) = value else { return None };
    entries.iter().find(|(key, _)| key_text(key) == name).map(|(_, one)| one.clone())
}

fn at_index(value: &Value, at: usize) -> Option<Value> {
    if let Value::List(items) = value { items.get(at).cloned() } else { None }
}

fn elements(value: &Value) -> Vec<Value> {
    if let Value::Set(items) = value {
        return items.iter().cloned().collect();
    }
    if let Value::List(items) = value { items.to_vec() } else { Vec::new() }
}

/// One text for one value: kinds of values, and texts by length, can't be taken for each other. Lists and sets of the same
/// elements are one, as are maps and objects: the API does not tell them apart.
fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push('-'),
        Value::Bool(flag) => out.push_str(if *flag { "t" } else { "f" }),
        Value::Number(number) => _ = write!(out, "n{number};"),
        Value::Duration(milliseconds) => _ = write!(out, "n{milliseconds};"),
        Value::String(text) => _ = write!(out, "s{}:{text}", text.len()),
        Value::Sealed(seal) => _ = write!(out, "x{seal};"),
        Value::List(items) => written(items.iter(), out),
        Value::Set(items) => written(items.iter(), out),
        Value::Map(entries) => entries_written(entries.iter().map(|(key, one)| (key_text(key), one)), out),
        Value::Object(members) => entries_written(members.iter().map(|(name, one)| (name.to_string(), one)), out),
        Value::Unknown(_) => out.push('?'),
    }
}

fn written<'a>(items: impl Iterator<Item = &'a Value>, out: &mut String) {
    out.push('[');
    items.for_each(|item| write_value(item, out));
    out.push(']');
}

fn entries_written<'a>(entries: impl Iterator<Item = (String, &'a Value)>, out: &mut String) {
    out.push('{');
    for (name, value) in entries {
        let _ = write!(out, "{}:{name}", name.len());
        write_value(value, out);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(members: &[(&str, Value)]) -> Value {
        Value::object(members.iter().map(|(name, value)| (SmolStr::new(name), value.clone())).collect())
    }

    #[test]
    fn a_seal_opens_to_its_value_and_to_no_other() {
        let value = object(&[("password", Value::string("hunter22")), ("user", Value::string("app"))]);
        let secrecy = Secrecy::Members([(SmolStr::new("password"), Secrecy::Secret)].into());
        let stored = secrecy.sealed(&value, "server.a");
        assert!(!format!("{stored:?}").contains("hunter22"));
        assert_eq!(Secrecy::of_sealed(&stored), secrecy);
        assert_eq!(opened(&stored, &[&value]), value);
        let other = object(&[("password", Value::string("hunter23")), ("user", Value::string("app"))]);
        assert_eq!(opened(&stored, &[&other]), stored);
        assert_ne!(secrecy.sealed(&value, "server.b"), stored);
    }

    #[test]
    fn what_is_null_or_unknown_is_not_sealed() {
        assert_eq!(seal(&Value::Null, "a"), Value::Null);
        let unknown = Value::unknown(super::super::types::Type::String, Default::default());
        assert_eq!(seal(&unknown, "a"), unknown);
    }

    #[test]
    fn joining_is_secret_where_one_is() {
        let members = Secrecy::Members([(SmolStr::new("a"), Secrecy::Secret)].into());
        let each = Secrecy::Each(Box::new(Secrecy::Secret));
        assert_eq!(members.joined(&Secrecy::Clear), members);
        assert_eq!(members.joined(&each), Secrecy::Secret);
    }
}
