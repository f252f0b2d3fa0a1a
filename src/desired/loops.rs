//! Comprehensions, and what a loop runs over.

use super::codes;
use super::machine::{Evaluated, Machine, Stop, pending};
use super::references::Place;
use super::scope::{Declared, Slot};
use crate::diag::Diagnostic;
use crate::model::{Key, Span, Value};
use crate::program::expr::Expr;
use crate::program::ir::Each;
use crate::program::library::arguments::key_value;
use std::collections::BTreeMap;

/// What a loop runs over.
pub enum Items {
    /// Key and value of each.
    Values(Vec<(Value, Value)>),
    /// The instances of a declaration, not read yet.
    Instances(Declared),
    /// The instances of a module.
    Modules(Declared),
    /// Known only after apply.
    Unknown(Value),
}

impl Machine<'_> {
    pub fn items(&mut self, over: &Expr) -> Result<Items, Stop> {
        match self.place(over)? {
            Some(Place::Instances(declared)) => return Ok(Items::Instances(declared)),
            Some(Place::Modules(declared)) => return Ok(Items::Modules(declared)),
            Some(Place::Instance(..) | Place::Module(_) | Place::Absent) | None => {}
        }
        let value = self.eval(over)?;
        Ok(Items::Values(match &value {
            Value::List(items) => {
                items.iter().enumerate().map(|(at, item)| (Value::int(at as i64), item.clone())).collect()
            }
            Value::Set(items) => items.iter().map(|item| (item.clone(), item.clone())).collect(),
            Value::Map(entries) => entries.iter().map(|(key, one)| (key_value(key), one.clone())).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, one)| (Value::String(name.clone()), one.clone())).collect()
            }
            Value::Unknown(_) => return Ok(Items::Unknown(value)),
            other => {
                let message = format!("{} cannot be run over", crate::program::convert::shown(other));
                let help = "run over a list, a set, a map or an object";
                return self.fail(&codes::WRONG_VALUE, over.span, &message, "no collection", help);
            }
        }))
    }

    /// The frames that a loop makes: key and value slots of each pass.
    pub fn passes(&mut self, items: Items) -> Result<Vec<(Value, Slot)>, Value> {
        match items {
            Items::Values(values) => Ok(values.into_iter().map(|(key, one)| (key, Slot::Value(one))).collect()),
            Items::Instances(declared) => {
                let keys = self.world.scope(declared.scope).expansion(declared.at).keys.iter().enumerate();
                Ok(keys.map(|(at, key)| (key_value(key), Slot::Instance(declared, at))).collect())
            }
            Items::Modules(declared) => {
                let modules = self.world.scope(declared.scope).modules(declared.at);
                let pairs = modules.into_iter().flat_map(|all| all.expansion.keys.iter().zip(&all.scopes));
                Ok(pairs.map(|(key, scope)| (key_value(key), Slot::Module(*scope))).collect())
            }
            Items::Unknown(value) => Err(value),
        }
    }

    pub fn bind(&mut self, each: &Each, key: Value, value: Slot) {
        let size = each.value.max(each.key.unwrap_or(0)) + 1;
        if self.frame.len() < size {
            self.frame.resize(size, Slot::Empty);
        }
        if let Some(slot) = each.key {
            self.frame[slot] = Slot::Value(key);
        }
        self.frame[each.value] = value;
    }

    pub fn list_for(
        &mut self,
        each: &Each,
        condition: Option<&Expr>,
        value: &Expr,
        set: bool,
        expr: &Expr,
    ) -> Evaluated {
        let items = self.items(&each.over)?;
        let passes = match self.passes(items) {
            Ok(passes) => passes,
            Err(unknown) => return Ok(pending(&[&unknown], &expr.ty)),
        };
        let mut made = Vec::with_capacity(passes.len());
        for (key, one) in passes {
            self.burn(1, expr.span)?;
            self.bind(each, key, one);
            match self.keeps(condition)? {
                Ok(true) => made.push(self.eval(value)?),
                Ok(false) => {}
                Err(unknown) => return Ok(pending(&[&unknown], &expr.ty)),
            }
            self.limit(made.len(), expr.span)?;
        }
        self.made(if set { Value::set(made) } else { Value::list(made) }, expr.span)
    }

    /// Whether the pass counts; the value that it waits for where that is not known.
    fn keeps(&mut self, condition: Option<&Expr>) -> Result<Result<bool, Value>, Stop> {
        let Some(condition) = condition else { return Ok(Ok(true)) };
        match self.eval(condition)? {
            Value::Bool(flag) => Ok(Ok(flag)),
            other => Ok(Err(other)),
        }
    }

    pub fn map_for(
        &mut self,
        each: &Each,
        condition: Option<&Expr>,
        (key_expr, value_expr): (&Expr, &Expr),
        expr: &Expr,
    ) -> Evaluated {
        let items = self.items(&each.over)?;
        let passes = match self.passes(items) {
            Ok(passes) => passes,
            Err(unknown) => return Ok(pending(&[&unknown], &expr.ty)),
        };
        let mut made: BTreeMap<Key, Value> = BTreeMap::new();
        for (key, one) in passes {
            self.burn(1, expr.span)?;
            self.bind(each, key, one);
            match self.keeps(condition)? {
                Ok(true) => {}
                Ok(false) => continue,
                Err(unknown) => return Ok(pending(&[&unknown], &expr.ty)),
            }
            let key = self.eval(key_expr)?;
            let Some(text) = key.as_str() else { return Ok(pending(&[&key], &expr.ty)) };
            let value = self.eval(value_expr)?;
            if made.insert(Key::text(text), value).is_some() {
                return self.duplicate_key(&Key::text(text), key_expr.span);
            }
            self.limit(made.len(), expr.span)?;
        }
        self.made(Value::map(made), expr.span)
    }

    fn duplicate_key(&mut self, key: &Key, span: Span) -> Evaluated {
        self.complain(
            Diagnostic::new(&codes::DUPLICATE_KEY, format!("the key {key} comes twice"))
                .at(span, "not unique")
                .help("make keys from what tells the elements apart"),
        );
        Err(Stop::Failed)
    }
}
