//! Comprehensions, and what a loop runs over.

use super::codes;
use super::machine::{Evaluated, Machine, Stop, pending};
use super::references::Place;
use super::world::Slot;
use crate::diag::Diagnostic;
use crate::model::{Key, Span, Value};
use crate::program::expr::Expr;
use crate::program::ir::Each;
use crate::program::library::arguments::key_value;
use std::collections::{BTreeMap, BTreeSet};

/// What a loop runs over.
pub enum Items {
    /// Key and value of each.
    Values(Vec<(Value, Value)>),
    /// The instances of a declaration, not read yet.
    Instances(usize),
    /// Known only after apply.
    Unknown(Value),
}

impl Machine<'_> {
    pub fn items(&mut self, over: &Expr) -> Result<Items, Stop> {
        if let Some(Place::Instances(declaration)) = self.place(over)? {
            return Ok(Items::Instances(declaration));
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
            Items::Instances(declaration) => {
                let keys = self.world.expansion(declaration).keys.iter().enumerate();
                Ok(keys.map(|(at, key)| (key_value(key), Slot::Instance(declaration, at))).collect())
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

    /// A let's value, evaluated once (with outputs: once a machine, where it hangs on one).
    pub fn let_value(&mut self, at: usize) -> Evaluated {
        let world = self.world;
        let result = world.lets[at].get_or_init(|| {
            let mut fresh = Machine::new(world, None);
            fresh.depth = self.depth;
            let value = fresh.let_fresh(at);
            self.diagnostics.append(std::mem::take(&mut fresh.diagnostics));
            value.map(|value| {
                let known = value.is_known();
                super::world::LetValue { value, known, references: fresh.references }
            })
        });
        let Some(found) = result else { return Err(Stop::Failed) };
        self.references.extend(found.references.iter().copied());
        if found.known || self.outputs.is_none() {
            return Ok(found.value.clone());
        }
        if let Some(known) = self.lets.get(&at) {
            return known.clone().ok_or(Stop::Failed);
        }
        let references: BTreeSet<_> = std::mem::take(&mut self.references);
        let value = self.let_fresh(at);
        self.references = references;
        self.lets.insert(at, value.clone());
        value.ok_or(Stop::Failed)
    }

    fn let_fresh(&mut self, at: usize) -> Option<Value> {
        let program = std::sync::Arc::clone(&self.world.program);
        let frame = std::mem::take(&mut self.frame);
        let stable = std::mem::replace(&mut self.stable_only, false);
        let value = self.value(&program.lets[at].value);
        self.frame = frame;
        self.stable_only = stable;
        value
    }
}
