//! Reading instances: one attribute, one instance, all of them. Only what is read becomes a reference.

use super::codes;
use super::machine::{Evaluated, Machine, Stop, pending};
use super::scope::{Declared, Expansion, Reference, ScopeId, Slot};
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{AttrPath, Ident, Key, Mode, Span, Type, Value};
use crate::program::convert::{convert, may_hold_object, shown};
use crate::program::expr::{Expr, ExprKind};
use crate::program::{member_type, read_type};
use crate::provider::Presence;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An expression that names instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Instance(Declared, usize),
    Instances(Declared),
    /// One instance of a module.
    Module(ScopeId),
    Modules(Declared),
    /// A resource or a module with `if` that does not exist here.
    Absent,
}

impl Machine<'_> {
    /// What the expression names, without reading it; `None` where it is another kind of value.
    pub fn place(&mut self, expr: &Expr) -> Result<Option<Place>, Stop> {
        match &expr.kind {
            ExprKind::Resource(at) => self.declared(self.scope.declared(*at)).map(Some),
            ExprKind::Module(at) => self.used_module(self.scope.declared(*at)).map(Some),
            ExprKind::Local(slot) => Ok(match self.frame.get(*slot) {
                Some(Slot::Instance(declared, index)) => Some(Place::Instance(*declared, *index)),
                Some(Slot::Module(scope)) => Some(Place::Module(*scope)),
                Some(Slot::Value(_) | Slot::Empty) | None => None,
            }),
            ExprKind::Let(at) => {
                let program = Arc::clone(&self.scope.program);
                self.place_behind(self.scope.id, &program.lets[*at].value)
            }
            ExprKind::Index { target, index, .. } => match self.place(target)? {
                Some(Place::Instances(declared)) => {
                    let index_value = self.eval(index)?;
                    self.chosen(declared, &index_value, index.span)
                }
                Some(Place::Modules(declared)) => {
                    let index_value = self.eval(index)?;
                    self.chosen_module(declared, &index_value, index.span)
                }
                Some(Place::Absent) => Err(Stop::Short),
                Some(Place::Instance(..) | Place::Module(_)) | None => Ok(None),
            },
            ExprKind::Member { target, name, .. } if leads_to_a_place(target) => match self.place(target)? {
                Some(Place::Instances(declared)) => self.chosen(declared, &Value::String(name.clone()), expr.span),
                Some(Place::Modules(declared)) => self.chosen_module(declared, &Value::String(name.clone()), expr.span),
                Some(Place::Module(scope)) => self.output_place(scope, name),
                Some(Place::Absent) if matches!(target.ty, Type::Map(..)) => Ok(None),
                Some(Place::Instance(..) | Place::Absent) | None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// What a name stands for, where that is a place.
    fn place_behind(&mut self, scope: ScopeId, value: &Expr) -> Result<Option<Place>, Stop> {
        let names_one = matches!(
            value.kind,
            ExprKind::Resource(_)
                | ExprKind::Module(_)
                | ExprKind::Index { .. }
                | ExprKind::Let(_)
                | ExprKind::Member { .. }
        );
        if !names_one {
            return Ok(None);
        }
        let stable = self.stable_only;
        self.within(scope, Vec::new(), |machine| {
            machine.stable_only = stable;
            machine.place(value)
        })
    }

    fn output_place(&mut self, scope: ScopeId, name: &str) -> Result<Option<Place>, Stop> {
        let program = Arc::clone(&self.world.scope(scope).program);
        match program.outputs.iter().find(|output| output.name.value.as_str() == name) {
            Some(output) => self.place_behind(scope, &output.value),
            None => Ok(None),
        }
    }

    fn declared(&self, declared: Declared) -> Result<Place, Stop> {
        let expansion = self.world.scope(declared.scope).expansion(declared.at);
        if expansion.failed {
            return Err(Stop::Failed);
        }
        Ok(match (expansion.repeated, expansion.len()) {
            (true, _) => Place::Instances(declared),
            (false, 0) => Place::Absent,
            (false, _) => Place::Instance(declared, 0),
        })
    }

    fn chosen(&mut self, declared: Declared, index: &Value, span: Span) -> Result<Option<Place>, Stop> {
        let scope = self.world.scope(declared.scope);
        let expansion = scope.expansion(declared.at);
        let Some(key) = key_of(index) else { return Ok(None) };
        if let Some(at) = key.as_ref().and_then(|key| expansion.find(key)) {
            return Ok(Some(Place::Instance(declared, at)));
        }
        let resource = &scope.program.resources[declared.at];
        let shown = format!("{}.{}", resource.kind, resource.name);
        self.no_instance(&shown, expansion, key, index, span)
    }

    /// The complaint that a key chooses nothing.
    pub fn no_instance<T>(
        &mut self,
        shown: &str,
        expansion: &Expansion,
        key: Option<Key>,
        index: &Value,
        span: Span,
    ) -> Result<T, Stop> {
        let keys: Vec<String> = expansion.keys.iter().take(200).map(Key::to_string).collect();
        let fallback = match keys.len() {
            0 => "it has no instances here".to_owned(),
            1..=8 => format!("there are {}", keys.join(", ")),
            _ => format!("there are {} instances", expansion.len()),
        };
        let wanted = key.map(|key| key.to_string()).unwrap_or_default();
        let help = did_you_mean(&wanted, keys.iter().map(String::as_str), &fallback);
        let message = format!("`{shown}` has no instance {}", crate::program::convert::shown(index));
        self.fail(&codes::MISSING_KEY, span, &message, "no such instance", &help)
    }

    /// `target.name`
    pub fn member(&mut self, expr: &Expr) -> Evaluated {
        let ExprKind::Member { target, name, optional } = &expr.kind else { return Err(Stop::Failed) };
        if let ExprKind::Elsewhere(at) = target.kind {
            return self.output_elsewhere(self.scope.declared(at), name, expr);
        }
        if let Some(place) = self.place(expr)? {
            return self.place_value(place);
        }
        match self.place(target)? {
            Some(Place::Instance(declared, index)) => return self.attribute(declared, index, name),
            Some(Place::Module(scope)) => return self.output(scope, name),
            Some(Place::Absent) => return Err(Stop::Short),
            Some(Place::Instances(_) | Place::Modules(_)) | None => {}
        }
        let value = self.eval(target)?;
        match &value {
            Value::Object(members) => match members.get(name) {
                Some(member) => Ok(member.clone()),
                None if matches!(target.ty.required(), Type::Any) => self.no_member(name, expr.span),
                None => Ok(Value::Null),
            },
            Value::Map(entries) => match entries.get(&Key::Text(name.clone())) {
                Some(entry) => Ok(entry.clone()),
                None => self.no_member(name, expr.span),
            },
            Value::Null if *optional => Err(Stop::Short),
            Value::Unknown(_) => Ok(pending(&[&value], &expr.ty)),
            other => {
                let message = format!("{} has no members", shown(other));
                self.fail(&codes::WRONG_VALUE, target.span, &message, "no object", "use `?.` where it may be null")
            }
        }
    }

    fn no_member(&mut self, name: &str, span: Span) -> Evaluated {
        let message = format!("there is no `{name}`");
        let help = "use `lookup(…, key, default)` where a key may be absent";
        self.fail(&codes::MISSING_KEY, span, &message, "no such key", help)
    }

    /// `target[index]`
    pub fn index(&mut self, expr: &Expr) -> Evaluated {
        let ExprKind::Index { target, index, optional } = &expr.kind else { return Err(Stop::Failed) };
        if let Some(place) = self.place(expr)? {
            return self.place_value(place);
        }
        let value = self.eval(target)?;
        if value.is_null() && *optional {
            return Err(Stop::Short);
        }
        let at = self.eval(index)?;
        if matches!(value, Value::Unknown(_)) || matches!(at, Value::Unknown(_)) {
            return Ok(pending(&[&value, &at], &expr.ty));
        }
        let found = match (&value, &at) {
            (Value::List(items), Value::Number(number)) => {
                number.to_i64().and_then(|at| usize::try_from(at).ok()).and_then(|at| items.get(at))
            }
            (Value::Map(entries), Value::String(text)) => entries.get(&Key::Text(text.clone())),
            (Value::Map(entries), Value::Number(number)) => {
                number.to_i64().and_then(|number| entries.get(&Key::Int(number)))
            }
            (Value::Object(members), Value::String(text)) => members.get(text),
            _ => None,
        };
        if let Some(found) = found {
            return Ok(found.clone());
        }
        let message = format!("{} has no element {}", shown(&value), shown(&at));
        let help = self.known_keys(&value, &at);
        self.fail(&codes::MISSING_KEY, index.span, &message, "no such key", &help)
    }

    fn known_keys(&self, value: &Value, at: &Value) -> String {
        let keys: Vec<String> = match value {
            Value::Map(entries) => entries.keys().take(200).map(Key::to_string).collect(),
            Value::Object(members) => members.keys().map(|name| Key::Text(name.clone()).to_string()).collect(),
            Value::List(items) if items.is_empty() => return "the list is empty".to_owned(),
            Value::List(items) => return format!("places go from 0 to {}", items.len() - 1),
            _ => return "use `lookup(…, key, default)` where a key may be absent".to_owned(),
        };
        let fallback = match keys.len() {
            0 => "it is empty".to_owned(),
            1..=8 => format!("there are {}", keys.join(", ")),
            count => format!("there are {count} keys; use `lookup(…, key, default)` where one may be absent"),
        };
        did_you_mean(&shown(at), keys.iter().map(String::as_str), &fallback)
    }

    fn place_value(&mut self, place: Place) -> Evaluated {
        match place {
            Place::Instance(declared, index) => self.instance_value(declared, index),
            Place::Instances(declared) => self.whole(declared),
            Place::Module(scope) => self.module_value(scope),
            Place::Modules(declared) => self.modules_value(declared),
            Place::Absent => Ok(Value::Null),
        }
    }

    /// One attribute of an instance: as written, else as observed, else unknown.
    pub fn attribute(&mut self, declared: Declared, index: usize, name: &SmolStr) -> Evaluated {
        self.references.insert(Reference::One(declared, index));
        let scope = self.world.scope(declared.scope);
        let program = Arc::clone(&scope.program);
        let resource = &program.resources[declared.at];
        let attributes = program.catalog.attributes_of(resource.kind.as_str());
        let known = attributes.and_then(|attributes| attributes.get(name.as_str()));
        let ty = match known {
            Some(attribute) => read_type(attribute),
            None => member_type(&program.catalog, &resource.kind, name).unwrap_or(Type::Any),
        };
        let settable =
            known.is_some_and(|attribute| attribute.presence != Presence::Computed) || resource.mode == Mode::Data;
        if settable && !self.is_missed(declared, index) {
            let references = std::mem::take(&mut self.references);
            let written = self.configured(declared, index, name);
            self.references = references;
            match written? {
                Value::Null => {}
                value => return Ok(self.with_every_member(value, &ty)),
            }
        }
        let address = scope.address(declared.at, index);
        let observed = self.outputs.and_then(|outputs| outputs.attributes(&address)?.get(name.as_str()));
        match observed {
            Some(Value::Null) if !ty.is_optional() => {}
            Some(value) => return Ok(self.with_every_member(value.clone(), &ty)),
            None => {}
        }
        let path = AttrPath { address, path: vec![name.clone()] };
        Ok(Value::unknown(ty, BTreeSet::from([path])))
    }

    fn is_missed(&self, declared: Declared, index: usize) -> bool {
        let missed = self.outputs.map(|outputs| outputs.missed()).filter(|missed| !missed.is_empty());
        missed.is_some_and(|missed| missed.contains(&self.world.scope(declared.scope).address(declared.at, index)))
    }

    /// The objects in it have every member of their type, null where nothing stands; what the API shows otherwise than its type says stays.
    fn with_every_member(&self, value: Value, ty: &Type) -> Value {
        if may_hold_object(ty) { convert(&value, ty, &self.world.catalog).unwrap_or(value) } else { value }
    }

    /// All attributes of an instance as an object.
    pub fn instance_value(&mut self, declared: Declared, index: usize) -> Evaluated {
        self.references.insert(Reference::One(declared, index));
        let program = Arc::clone(&self.world.scope(declared.scope).program);
        let resource = &program.resources[declared.at];
        let names: Vec<Ident> = match program.catalog.attributes_of(resource.kind.as_str()) {
            Some(attributes) => attributes
                .values()
                .filter(|one| !self.stable_only || one.stable || one.presence != Presence::Computed)
                .map(|one| one.name.clone())
                .collect(),
            None => Vec::new(),
        };
        let mut members = BTreeMap::new();
        for name in names {
            let value = self.attribute(declared, index, &name.0)?;
            let unwritten =
                self.stable_only && matches!(&value, Value::Unknown(_)) && self.is_unmanaged(resource, &name);
            if !unwritten {
                members.insert(name.0, value);
            }
        }
        if program.catalog.sources.get(&resource.kind).is_some_and(|source| source.items.is_some()) {
            let items = SmolStr::new_static("items");
            members.insert(items.clone(), self.attribute(declared, index, &items)?);
        }
        Ok(Value::object(members))
    }

    /// An optional attribute that nobody wrote: the API may choose it, so it triggers nothing.
    fn is_unmanaged(&self, resource: &crate::program::ir::Resource, name: &Ident) -> bool {
        let attributes = self.world.catalog.attributes_of(resource.kind.as_str());
        let optional = attributes
            .and_then(|attributes| attributes.get(name))
            .is_some_and(|one| matches!(one.presence, Presence::Optional { .. }));
        optional && !resource.attributes.contains_key(name)
    }

    /// A whole declaration as a value: its instance, null, or the map of its instances.
    pub fn whole(&mut self, declared: Declared) -> Evaluated {
        match self.declared(declared)? {
            Place::Instance(declared, index) => self.instance_value(declared, index),
            Place::Absent => Ok(Value::Null),
            Place::Module(_) | Place::Modules(_) => Err(Stop::Failed),
            Place::Instances(declared) => {
                self.references.insert(Reference::All(declared));
                let world = self.world;
                let cache = &world.scope(declared.scope).wholes[declared.at][usize::from(self.stable_only)];
                if let (None, Some(value)) = (self.outputs, cache.get()) {
                    return Ok(value.clone());
                }
                let references = std::mem::take(&mut self.references);
                let made = self.instances_value(declared);
                self.references = references;
                let value = made?;
                if self.outputs.is_none() {
                    cache.get_or_init(|| value.clone());
                }
                Ok(value)
            }
        }
    }

    fn instances_value(&mut self, declared: Declared) -> Evaluated {
        let expansion = self.world.scope(declared.scope).expansion(declared.at);
        let mut entries = BTreeMap::new();
        for (index, key) in expansion.keys.iter().enumerate() {
            self.grant();
            entries.insert(key.clone(), self.instance_value(declared, index)?);
        }
        Ok(Value::map(entries))
    }

    /// The complaint that something decides what exists and waits for an output.
    pub fn not_known_yet(&mut self, value: &Value, span: Span, what: &str) {
        let mut waits_for = BTreeSet::new();
        value.waits_for(&mut waits_for);
        if self.world.partial && waits_for.is_empty() {
            return;
        }
        let names: Vec<String> = waits_for
            .iter()
            .take(3)
            .map(|path| match path.path.first() {
                Some(name) => format!("`{}.{name}`", path.address),
                None => format!("`{}`", path.address),
            })
            .collect();
        let waits = if names.is_empty() { "an output".to_owned() } else { names.join(", ") };
        self.complain(
            Diagnostic::new(&codes::NOT_KNOWN_YET, format!("{what} must be known before apply, and waits for {waits}"))
                .at(span, format!("waits for {waits}"))
                .help("decide it by a parameter, or by the keys of the resource: `for k, s in kind.name`"),
        );
    }
}

/// Whether an expression may name instances whose members are to be chosen by name.
fn leads_to_a_place(target: &Expr) -> bool {
    match &target.kind {
        ExprKind::Module(_) => true,
        ExprKind::Local(_) => matches!(target.ty.required(), Type::Object(_) | Type::Map(..)),
        ExprKind::Index { target, .. } | ExprKind::Member { target, .. } => leads_to_a_place(target),
        ExprKind::Resource(_) | ExprKind::Let(_) => matches!(target.ty.required(), Type::Object(_) | Type::Map(..)),
        _ => false,
    }
}

/// An index as a key: `None` where it is no key at all, `Some(None)` where it can be none's.
pub fn key_of(index: &Value) -> Option<Option<Key>> {
    match index {
        Value::String(text) => Some(Some(Key::Text(text.clone()))),
        Value::Number(number) => Some(number.to_i64().map(Key::Int)),
        _ => None,
    }
}
