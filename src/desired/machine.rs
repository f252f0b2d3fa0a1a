//! The evaluator: a typed expression to a value. Unknown values flow through and keep their type; work is limited by fuel.

use super::codes;
use super::named::Named;
use super::scope::{Declared, Reference, Scope, ScopeId, Slot};
use super::seen::Seen;
use super::sizes::{parts, weigh};
use super::types::Outputs;
use super::world::World;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{AttrPath, Key, Span, Type, Value, shown_path};
use crate::program::SecretPlaces;
use crate::program::convert::{convert, shown};
use crate::program::expr::{Element, Entry, Expr, ExprKind, MAX_DEPTH};
use crate::program::library::arguments::{MAX_TEXT, render};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Why an expression gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A complaint was made, here or where the value comes from.
    Failed,
    /// A `?.` met null: the whole chain is null.
    Short,
}

/// Steps that any program may take; each declaration and each instance adds [`FUEL_EACH`].
pub const FUEL: u64 = 4_000_000;
const FUEL_EACH: u64 = 2_000;
/// What a pattern costs that was not compiled before.
const PATTERN: u64 = 20_000;
pub const MAX_ELEMENTS: usize = 100_000;
/// Parts of one value, counted wherever they stand, and how deep it may be nested.
const MAX_PARTS: u64 = 10_000_000;
const MAX_NESTING: usize = 256;

pub struct Machine<'w> {
    pub world: &'w World,
    /// Where names are looked up.
    pub scope: &'w Scope,
    pub outputs: Option<&'w dyn Outputs>,
    pub frame: Vec<Slot>,
    /// What was referred to since it was last taken.
    pub references: BTreeSet<Reference>,
    pub diagnostics: Diagnostics,
    complained: HashSet<(&'static str, Span)>,
    /// What is evaluated may never come to pass: nothing is said of it.
    muted: bool,
    pub fuel: u64,
    /// What declarations and instances have added to it.
    pub granted: u64,
    /// Patterns that were paid for.
    patterns: HashSet<SmolStr>,
    pub depth: u32,
    /// How many elements a range may have here.
    pub element_limit: usize,
    /// Instances as values hold only what does not change by itself (triggers).
    pub stable_only: bool,
    /// Named values and attributes evaluated with these outputs.
    pub named: HashMap<Named, Option<Value>>,
    pub attributes: HashMap<(Declared, usize, SmolStr), Option<Value>>,
    /// What expressions gave, where somebody wants to know; of the present scope only.
    pub seen: Option<Seen>,
}

pub type Evaluated = Result<Value, Stop>;

impl<'w> Machine<'w> {
    pub fn new(world: &'w World, outputs: Option<&'w dyn Outputs>) -> Machine<'w> {
        Machine {
            world,
            scope: world.root(),
            outputs,
            frame: Vec::new(),
            references: BTreeSet::new(),
            diagnostics: Diagnostics::default(),
            complained: HashSet::new(),
            muted: false,
            fuel: FUEL,
            granted: 0,
            patterns: HashSet::new(),
            depth: 0,
            element_limit: MAX_ELEMENTS,
            stable_only: false,
            named: HashMap::new(),
            attributes: HashMap::new(),
            seen: None,
        }
    }

    /// The value; `None` after a complaint.
    pub fn value(&mut self, expr: &Expr) -> Option<Value> {
        match self.eval(expr) {
            Ok(value) => Some(value),
            Err(Stop::Short) => Some(Value::Null),
            Err(Stop::Failed) => None,
        }
    }

    /// One complaint for a place and a code: the instances of a loop make the same mistake once.
    pub fn fail<T>(
        &mut self,
        code: &'static Code,
        span: Span,
        message: &str,
        label: &str,
        help: &str,
    ) -> Result<T, Stop> {
        self.complain(Diagnostic::new(code, message).at(span, label).help(help));
        Err(Stop::Failed)
    }

    /// What goes wrong in a module says by whom that is used.
    pub fn complain(&mut self, diagnostic: Diagnostic) {
        let diagnostic = discreet(diagnostic, &self.scope.program.secret_places);
        self.tell(diagnostic);
    }

    /// The same, word for word: no value of a secret stands in it.
    pub fn tell(&mut self, diagnostic: Diagnostic) {
        if self.muted {
            return;
        }
        let place = diagnostic.primary.as_ref().map(|label| (diagnostic.code.id, label.span));
        if place.is_none_or(|place| self.complained.insert(place)) {
            let used = self.scope.origin.map(|origin| {
                let module = &self.world.scope(origin.module.scope).program.modules[origin.module.at];
                (module.name.span, format!("in {}", shown_path(&self.scope.path)))
            });
            self.diagnostics.push(match used {
                Some((span, text)) => diagnostic.and(span, text),
                None => diagnostic,
            });
        }
    }

    /// Complaints of another machine, which say already where they are.
    pub fn hand_over(&mut self, other: Diagnostics) {
        for diagnostic in other.0 {
            let place = diagnostic.primary.as_ref().map(|label| (diagnostic.code.id, label.span));
            if !self.muted && place.is_none_or(|place| self.complained.insert(place)) {
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Works in another scope, with a frame of its own.
    pub fn within<T>(&mut self, scope: ScopeId, frame: Vec<Slot>, work: impl FnOnce(&mut Self) -> T) -> T {
        let world = self.world;
        let caller = std::mem::replace(&mut self.scope, world.scope(scope));
        let frame = std::mem::replace(&mut self.frame, frame);
        let stable = std::mem::replace(&mut self.stable_only, false);
        let seen = self.seen.take();
        let result = work(self);
        self.seen = seen;
        self.scope = caller;
        self.frame = frame;
        self.stable_only = stable;
        result
    }

    /// A larger program may do more work.
    pub fn grant(&mut self) {
        self.fuel = self.fuel.saturating_add(FUEL_EACH);
        self.granted += FUEL_EACH;
    }

    /// Compiling a pattern is far more work than reading it.
    pub fn burn_pattern(&mut self, pattern: &Value, span: Span) -> Result<(), Stop> {
        match pattern {
            Value::String(pattern) if self.patterns.insert(pattern.clone()) => self.burn(PATTERN, span),
            _ => Ok(()),
        }
    }

    pub fn burn(&mut self, steps: u64, span: Span) -> Result<(), Stop> {
        match self.fuel.checked_sub(steps) {
            Some(rest) => {
                self.fuel = rest;
                Ok(())
            }
            None => {
                let help = "compute less: nested loops multiply";
                self.fail(&codes::LIMIT, span, "the program takes too many steps to evaluate", "stopped here", help)
            }
        }
    }

    pub fn eval(&mut self, expr: &Expr) -> Evaluated {
        if let ExprKind::Constant(value) = &expr.kind {
            return Ok(value.clone());
        }
        self.burn(1, expr.span)?;
        self.depth += 1;
        let result = if self.depth > MAX_DEPTH { self.too_deep(expr.span) } else { self.step(expr) };
        self.depth -= 1;
        if let (Some(seen), Ok(value)) = (&mut self.seen, &result) {
            seen.note(expr, value);
        }
        result
    }

    fn too_deep(&mut self, span: Span) -> Evaluated {
        let help = "call fewer functions from functions";
        self.fail(&codes::LIMIT, span, "expressions are nested more than 400 deep", "stopped here", help)
    }

    fn step(&mut self, expr: &Expr) -> Evaluated {
        match &expr.kind {
            ExprKind::Error => Err(Stop::Failed),
            ExprKind::Constant(value) => Ok(value.clone()),
            ExprKind::Text(pieces) => self.text(pieces, expr),
            ExprKind::Param(at) => self.named(Named::Param(self.scope.declared(*at))),
            ExprKind::Let(at) => self.named(Named::Let(self.scope.declared(*at))),
            ExprKind::Local(slot) => self.local(*slot),
            ExprKind::EnvironmentName => Ok(Value::string(&self.world.environment)),
            ExprKind::Resource(at) => self.whole(self.scope.declared(*at)),
            ExprKind::Module(at) => self.modules_value(self.scope.declared(*at)),
            ExprKind::Elsewhere(at) => self.outputs_elsewhere(self.scope.declared(*at), expr),
            ExprKind::List(elements) => self.list(elements, expr, false),
            ExprKind::Set(elements) => self.list(elements, expr, true),
            ExprKind::Object(entries) => self.object(entries, expr),
            ExprKind::Map(entries) => self.map(entries, expr),
            ExprKind::Member { .. } => self.member(expr),
            ExprKind::Index { .. } => self.index(expr),
            ExprKind::Chain(inner) => match self.eval(inner) {
                Err(Stop::Short) => Ok(Value::Null),
                other => other,
            },
            ExprKind::Library { function, arguments } => self.library(*function, arguments, expr),
            ExprKind::Call { function, arguments } => self.call(*function, arguments),
            ExprKind::Not(operand) => match self.eval(operand)? {
                Value::Bool(flag) => Ok(Value::Bool(!flag)),
                other => Ok(pending(&[&other], &expr.ty)),
            },
            ExprKind::Negate(operand) => match self.eval(operand)? {
                Value::Number(number) => Ok(Value::Number(number.negated())),
                Value::Duration(milliseconds) => Ok(Value::Duration(milliseconds.saturating_neg())),
                other => Ok(pending(&[&other], &expr.ty)),
            },
            ExprKind::Binary { operator, left, right } => self.binary(*operator, left, right, expr),
            ExprKind::Conditional { condition, yes, no } => self.conditional(condition, yes, no, expr),
            ExprKind::ListFor { each, condition, value, set } => {
                self.list_for(each, condition.as_deref(), value, *set, expr)
            }
            ExprKind::MapFor { each, condition, key, value } => {
                self.map_for(each, condition.as_deref(), (key, value), expr)
            }
            ExprKind::Convert(inner) => self.convert(inner, expr),
        }
    }

    fn convert(&mut self, inner: &Expr, expr: &Expr) -> Evaluated {
        let value = self.eval(inner)?;
        self.burn(parts(&value) / 8, expr.span)?;
        match convert(&value, &expr.ty, &self.world.catalog) {
            Ok(value) => Ok(value),
            Err(why) => {
                let help = format!("make it a value of type {}", expr.ty);
                self.fail(&codes::WRONG_VALUE, expr.span, &why, "not of that type", &help)
            }
        }
    }

    fn local(&mut self, slot: usize) -> Evaluated {
        match self.frame.get(slot) {
            Some(Slot::Value(value)) => Ok(value.clone()),
            Some(Slot::Instance(declared, index)) => self.instance_value(*declared, *index),
            Some(Slot::Module(scope)) => self.module_value(*scope),
            Some(Slot::Empty) | None => Err(Stop::Failed),
        }
    }

    fn text(&mut self, pieces: &[Expr], expr: &Expr) -> Evaluated {
        let mut out = String::new();
        let mut waiting: Vec<Value> = Vec::new();
        for piece in pieces {
            let value = self.eval(piece)?;
            match (&value, render(&value)) {
                (Value::String(text), _) => out.push_str(text),
                (_, Some(text)) => out.push_str(&text),
                (Value::Unknown(_), None) => waiting.push(value),
                (other, None) => {
                    let message = format!("{} cannot be part of a text", shown(other));
                    let help = "render it with `jsonencode(…)` or give a value with `??`";
                    return self.fail(&codes::WRONG_VALUE, piece.span, &message, "no scalar", help);
                }
            }
            if out.len() > MAX_TEXT {
                return self.fail(
                    &codes::LIMIT,
                    expr.span,
                    "the text is longer than 1 MiB",
                    "too long",
                    "make it shorter",
                );
            }
        }
        self.burn(out.len() as u64 / 16, expr.span)?;
        if waiting.is_empty() {
            return Ok(Value::String(SmolStr::new(out)));
        }
        Ok(pending(&waiting.iter().collect::<Vec<_>>(), &expr.ty))
    }

    fn list(&mut self, elements: &[Element], expr: &Expr, set: bool) -> Evaluated {
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Element::Value(value) => items.push(self.eval(value)?),
                Element::Spread(value) => {
                    let value = self.eval(value)?;
                    self.copied(&value, expr.span)?;
                    match value {
                        Value::List(more) => items.extend(more.iter().cloned()),
                        Value::Set(more) => items.extend(more.iter().cloned()),
                        other => return Ok(pending(&[&other], &expr.ty)),
                    }
                }
            }
            self.limit(items.len(), expr.span)?;
        }
        self.made(if set { Value::set(items) } else { Value::list(items) }, expr.span)
    }

    /// The elements of a container are copied into another one.
    fn copied(&mut self, value: &Value, span: Span) -> Result<(), Stop> {
        self.burn(value.elements().len() as u64, span)
    }

    /// A container that was just made: its whole content costs fuel, so that doubling ends in a complaint.
    pub fn made(&mut self, value: Value, span: Span) -> Evaluated {
        let mut budget = MAX_PARTS;
        if !weigh(&value, MAX_NESTING, &mut budget) {
            let help = "nest less, or make fewer copies of large values";
            return self.fail(&codes::LIMIT, span, "the value is nested too deep or too large", "too large", help);
        }
        self.burn((MAX_PARTS - budget) / 4, span)?;
        Ok(value)
    }

    pub fn limit(&mut self, length: usize, span: Span) -> Result<(), Stop> {
        if length <= self.element_limit {
            return Ok(());
        }
        let message = format!("more than {} elements", self.element_limit);
        self.fail(&codes::LIMIT, span, &message, "too many", "make fewer elements")
    }

    fn object(&mut self, entries: &[Entry], expr: &Expr) -> Evaluated {
        let mut members: BTreeMap<SmolStr, Value> = BTreeMap::new();
        for entry in entries {
            match entry {
                Entry::Pair { key, value } => {
                    let key = self.eval(key)?;
                    let value = self.eval(value)?;
                    let Some(name) = key.as_str() else { return Ok(pending(&[&key], &expr.ty)) };
                    members.insert(SmolStr::new(name), value);
                }
                Entry::Spread(value) => {
                    let value = self.eval(value)?;
                    self.copied(&value, expr.span)?;
                    match value {
                        Value::Object(more) => {
                            members.extend(more.iter().map(|(name, one)| (name.clone(), one.clone())));
                        }
                        other => return Ok(pending(&[&other], &expr.ty)),
                    }
                }
            }
        }
        self.made(Value::object(members), expr.span)
    }

    fn map(&mut self, entries: &[Entry], expr: &Expr) -> Evaluated {
        let mut made: BTreeMap<Key, Value> = BTreeMap::new();
        for entry in entries {
            match entry {
                Entry::Pair { key, value } => {
                    let key = self.eval(key)?;
                    let value = self.eval(value)?;
                    let Some(name) = key.as_str() else { return Ok(pending(&[&key], &expr.ty)) };
                    made.insert(Key::text(name), value);
                }
                Entry::Spread(value) => {
                    let value = self.eval(value)?;
                    self.copied(&value, expr.span)?;
                    match value {
                        Value::Map(more) => made.extend(more.iter().map(|(key, one)| (key.clone(), one.clone()))),
                        Value::Object(more) => {
                            made.extend(more.iter().map(|(name, one)| (Key::Text(name.clone()), one.clone())));
                        }
                        other => return Ok(pending(&[&other], &expr.ty)),
                    }
                }
            }
        }
        self.limit(made.len(), expr.span)?;
        self.made(Value::map(made), expr.span)
    }

    /// What would be looked at if an unknown condition turned out so. Before everything is given it need not come to that:
    /// a guarded mistake is none then, and what hangs on the guard waits for nothing but that.
    pub fn supposed(&mut self, expr: &Expr, condition: &Value) -> Evaluated {
        if !self.world.partial {
            return self.eval(expr);
        }
        let before = std::mem::replace(&mut self.muted, true);
        let value = self.eval(expr);
        self.muted = before;
        let mut waits_for = BTreeSet::new();
        condition.waits_for(&mut waits_for);
        match value {
            Ok(value) if value.is_known() || !waits_for.is_empty() => Ok(value),
            Ok(_) | Err(_) => Ok(pending(&[], &expr.ty)),
        }
    }

    fn conditional(&mut self, condition: &Expr, yes: &Expr, no: &Expr, expr: &Expr) -> Evaluated {
        match self.eval(condition)? {
            Value::Bool(true) => self.eval(yes),
            Value::Bool(false) => self.eval(no),
            other => {
                let (yes, no) = (self.supposed(yes, &other)?, self.supposed(no, &other)?);
                Ok(if yes == no { yes } else { pending(&[&other, &yes, &no], &expr.ty) })
            }
        }
    }
}

/// Where a secret takes part, the complaint tells no values.
pub fn discreet(diagnostic: Diagnostic, places: &SecretPlaces) -> Diagnostic {
    match &diagnostic.primary {
        Some(label) if places.0.contains(&label.span) => {
            let message = "a secret takes part, so no values are shown";
            Diagnostic::new(diagnostic.code, message)
                .at(label.span, "a secret takes part")
                .help("look at the values that this is computed from")
        }
        Some(_) | None => diagnostic,
    }
}

/// A value of the type that waits for everything that these wait for.
pub fn pending(values: &[&Value], ty: &Type) -> Value {
    let mut waits_for: BTreeSet<AttrPath> = BTreeSet::new();
    for value in values {
        value.waits_for(&mut waits_for);
    }
    Value::Unknown(Arc::new(crate::model::Unknown { ty: ty.clone(), waits_for }))
}
