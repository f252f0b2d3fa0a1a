//! One instance: its attributes as written, with defaults, tags and region filled in; its lifecycle.

use super::codes;
use super::machine::{Evaluated, Machine, Stop};
use super::scope::{Declared, Reference};
use super::types::{Condition, Given, Instance, Lifecycle};
use crate::model::{Ident, Key, Mode, Secrecy, Span, Type, Value};
use crate::program::convert::{may_hold_object, without_nulls};
use crate::program::expr::Expr;
use crate::program::ir::{self, Resource};
use crate::program::validate::validate;
use crate::provider::{Attribute, Presence};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What all instances of a declaration share, evaluated once.
#[derive(Default)]
pub struct Shared {
    attributes: BTreeMap<Ident, (Option<Given>, BTreeSet<Reference>)>,
    lifecycle: Option<(Arc<Lifecycle>, BTreeSet<Reference>)>,
}

impl<'w> Machine<'w> {
    /// Evaluates what does not depend on the loop variables.
    pub fn shared(&mut self, declaration: usize) -> Shared {
        let program = Arc::clone(&self.scope.program);
        let resource = &program.resources[declaration];
        let slots = header_slots(resource);
        self.frame.clear();
        let mut shared = Shared::default();
        if slots == 0 {
            return shared;
        }
        for attribute in self.attributes_of(resource) {
            let written = resource.attributes.get(&attribute.name);
            if written.is_none_or(|setting| !setting.value.reads_local_below(slots)) {
                let given = self.given(resource, attribute).unwrap_or_default();
                let references = std::mem::take(&mut self.references);
                shared.attributes.insert(attribute.name.clone(), (given, references));
            }
        }
        if lifecycle_exprs(&resource.lifecycle).iter().all(|expr| !expr.reads_local_below(slots)) {
            let lifecycle = self.lifecycle(declaration, &resource.lifecycle);
            shared.lifecycle = Some((Arc::new(lifecycle), std::mem::take(&mut self.references)));
        }
        shared
    }

    /// Evaluates one instance; what it refers to is left in `references`.
    pub fn instance(&mut self, declaration: usize, index: usize, shared: &Shared) -> Instance {
        let program = Arc::clone(&self.scope.program);
        let resource = &program.resources[declaration];
        self.references.clear();
        self.enter(declaration, index);
        let mut attributes = BTreeMap::new();
        for attribute in self.attributes_of(resource) {
            let given = match shared.attributes.get(&attribute.name) {
                Some((given, references)) => {
                    self.references.extend(references.iter().copied());
                    given.clone()
                }
                None => self.given(resource, attribute).unwrap_or_default(),
            };
            if let Some(given) = given {
                attributes.insert(attribute.name.clone(), given);
            }
        }
        let lifecycle = match &shared.lifecycle {
            Some((lifecycle, references)) => {
                self.references.extend(references.iter().copied());
                Arc::clone(lifecycle)
            }
            None => Arc::new(self.lifecycle(declaration, &resource.lifecycle)),
        };
        let address = self.scope.address(declaration, index);
        Instance { address, attributes, lifecycle, span: resource.span, doc: Arc::clone(&resource.doc) }
    }

    fn enter(&mut self, declaration: usize, index: usize) {
        self.frame.clear();
        if let Some(frame) = self.scope.expansion(declaration).frames.get(index) {
            self.frame.extend(frame.iter().cloned());
        }
    }

    /// The attributes that may have a configured value.
    fn attributes_of(&self, resource: &Resource) -> Vec<&'w Attribute> {
        let world = self.world;
        let attributes = world.catalog.attributes_of(resource.kind.as_str());
        attributes
            .into_iter()
            .flat_map(|all| all.values())
            .filter(|one| one.presence != Presence::Computed || resource.attributes.contains_key(&one.name))
            .collect()
    }

    /// One attribute in the present frame: written, else filled in. `Ok(None)` where nothing stands.
    fn given(&mut self, resource: &Resource, attribute: &Attribute) -> Result<Option<Given>, Stop> {
        let written = resource.attributes.get(&attribute.name);
        let mut given = None;
        if let Some(setting) = written {
            let value = match self.eval(&setting.value) {
                Err(Stop::Short) => Value::Null,
                other => other?,
            };
            if !value.is_null() {
                let value = if may_hold_object(&attribute.ty) { without_nulls(&value) } else { value };
                if setting.value.as_constant().is_none() && value.is_known() {
                    self.validated(attribute, &value, setting.span);
                }
                given = Some(Given { value, span: setting.span, secrecy: setting.secrecy.clone() });
            }
        }
        if resource.mode == Mode::Data {
            return Ok(given);
        }
        if resource.mode == Mode::Managed && is_tags(attribute) {
            given = self.with_default_tags(given, resource.span);
        }
        let filled = given.or_else(|| self.filled(attribute, resource.span));
        if filled.is_none() && attribute.presence == Presence::Required {
            let message = format!("`{}` of a `{}` is null here", attribute.name, resource.kind);
            let span = written.map_or(resource.span, |setting| setting.span);
            return self.fail(&codes::WRONG_VALUE, span, &message, "must have a value", "give a value for every case");
        }
        Ok(filled)
    }

    fn validated(&mut self, attribute: &Attribute, value: &Value, span: Span) {
        if let Some(complaint) = validate(attribute, value, span) {
            self.complain(complaint);
        }
    }

    /// What stands where nothing was written: the default region, or the catalog's default.
    fn filled(&self, attribute: &Attribute, span: Span) -> Option<Given> {
        let settings = self.world.settings.get();
        if attribute.name.as_str() == "region"
            && let Some(region) = settings.and_then(|settings| settings.default_region.as_ref())
        {
            return Some(Given::plain(Value::string(region), span));
        }
        match &attribute.presence {
            Presence::Optional { default } => default.clone().map(|value| Given::plain(value, span)),
            Presence::Required | Presence::Computed => None,
        }
    }

    /// The provider's default tags below the written ones.
    fn with_default_tags(&self, given: Option<Given>, span: Span) -> Option<Given> {
        let defaults = self.world.settings.get().map(|settings| &settings.default_tags)?;
        if defaults.is_empty() {
            return given;
        }
        let mut tags: BTreeMap<Key, Value> =
            defaults.iter().map(|(name, text)| (Key::text(name), Value::string(text))).collect();
        match given {
            None => Some(Given::plain(Value::map(tags), span)),
            Some(Given { value: Value::Map(written), span, secrecy }) => {
                tags.extend(written.iter().map(|(key, value)| (key.clone(), value.clone())));
                Some(Given { value: Value::map(tags), span, secrecy })
            }
            Some(other) => Some(other),
        }
    }

    /// The configured value of another instance's attribute; null where nothing is written or filled in.
    pub fn configured(&mut self, declared: Declared, index: usize, name: &SmolStr) -> Evaluated {
        let scope = self.world.scope(declared.scope);
        if let Some(instances) = scope.instances[declared.at].get() {
            let value = instances[index].attributes.get(name.as_str()).map(|given| &given.value);
            match value {
                Some(value) if self.outputs.is_none() || value.is_known() => return Ok(value.clone()),
                None => return Ok(Value::Null),
                Some(_) => {}
            }
        }
        let key = (declared, index, name.clone());
        if let Some(known) = self.attributes.get(&key) {
            return known.clone().ok_or(Stop::Failed);
        }
        self.burn(10, scope.program.resources[declared.at].span)?;
        let value = self.configured_fresh(declared, index, name);
        self.attributes.insert(key, value.as_ref().ok().cloned());
        value
    }

    fn configured_fresh(&mut self, declared: Declared, index: usize, name: &SmolStr) -> Evaluated {
        let program = Arc::clone(&self.world.scope(declared.scope).program);
        let resource = &program.resources[declared.at];
        let attributes = program.catalog.attributes_of(resource.kind.as_str());
        let Some(attribute) = attributes.and_then(|attributes| attributes.get(name.as_str())) else {
            return Ok(Value::Null);
        };
        if attribute.presence == Presence::Computed && !resource.attributes.contains_key(&attribute.name) {
            return Ok(Value::Null);
        }
        self.depth += 1;
        let given = self.within(declared.scope, Vec::new(), |machine| {
            machine.enter(declared.at, index);
            machine.given(resource, attribute)
        });
        self.depth -= 1;
        Ok(given?.map_or(Value::Null, |given| given.value))
    }

    fn lifecycle(&mut self, declaration: usize, written: &ir::Lifecycle) -> Lifecycle {
        let flag = |machine: &mut Self, expr: &Option<Expr>| {
            machine.setting(expr.as_ref()).and_then(|value| value.as_bool()).unwrap_or(false)
        };
        let mut made = Lifecycle {
            protect: self.setting(written.protect.as_ref()).and_then(|value| value.as_bool()),
            create_before_destroy: flag(self, &written.create_before_destroy),
            ignore: written.ignore.clone(),
            retain: flag(self, &written.retain),
            adopt: flag(self, &written.adopt),
            wait_for_window: flag(self, &written.wait_for_window),
            ..Lifecycle::default()
        };
        if let Some(Value::Duration(milliseconds)) = self.setting(written.retry_capacity.as_ref()) {
            made.retry_capacity = Some(milliseconds);
        }
        if let Some(Value::List(regions)) = self.setting(written.region_fallback.as_ref()) {
            made.region_fallback = regions.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        if let Some(Value::Map(timeouts)) = self.setting(written.timeouts.as_ref()) {
            made.timeouts = timeouts
                .iter()
                .filter_map(|(key, value)| match (key, value) {
                    (Key::Text(name), Value::Duration(milliseconds)) => Some((Ident(name.clone()), *milliseconds)),
                    _ => None,
                })
                .collect();
        }
        made.triggers = sealed(self.values(written.triggers.as_ref()), &written.triggers_secrecy);
        made.replace_when = sealed(self.values(written.replace_when.as_ref()), &written.replace_when_secrecy);
        for expr in &written.depends_on {
            self.depend(expr);
        }
        self.conditions(declaration, written, &mut made);
        made
    }

    /// An instruction; it must be known when planning.
    fn setting(&mut self, expr: Option<&Expr>) -> Option<Value> {
        let value = self.value(expr?)?;
        if value.is_known() {
            return Some(value);
        }
        self.not_known_yet(&value, expr?.span, "an instruction to cnx");
        None
    }

    fn values(&mut self, expr: Option<&Expr>) -> Vec<Value> {
        let Some(expr) = expr else { return Vec::new() };
        let before = std::mem::replace(&mut self.stable_only, true);
        let value = self.value(expr);
        self.stable_only = before;
        match value {
            Some(Value::List(values)) => values.to_vec(),
            Some(other) => vec![other],
            None => Vec::new(),
        }
    }

    fn depend(&mut self, expr: &Expr) {
        use super::references::Place;
        match self.place(expr) {
            Ok(Some(Place::Instance(declared, index))) => {
                self.references.insert(Reference::One(declared, index));
            }
            Ok(Some(Place::Instances(declared))) => {
                self.references.insert(Reference::All(declared));
            }
            Ok(Some(Place::Module(scope))) => {
                self.references.insert(Reference::Module(scope));
            }
            Ok(Some(Place::Modules(declared))) => {
                let modules = self.world.scope(declared.scope).modules(declared.at);
                let scopes = modules.into_iter().flat_map(|modules| &modules.scopes);
                self.references.extend(scopes.map(|scope| Reference::Module(*scope)));
            }
            Ok(Some(Place::Absent) | None) | Err(_) => {}
        }
    }

    /// Conditions may look at the declaration itself, which is no dependency.
    fn conditions(&mut self, declaration: usize, written: &ir::Lifecycle, made: &mut Lifecycle) {
        let before = written.before.iter().map(|one| (false, one));
        for (after, assertion) in before.chain(written.after.iter().map(|one| (true, one))) {
            let holds = self.value(&assertion.condition).unwrap_or_else(|| Value::unknown(Type::Bool, BTreeSet::new()));
            let message = assertion.message.as_ref().and_then(|message| self.value(message));
            made.conditions.push(Condition {
                after,
                holds,
                message: message.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
                span: assertion.condition.span,
            });
        }
        let own = self.scope.declared(declaration);
        self.references.retain(|reference| match reference {
            Reference::One(other, _) | Reference::All(other) => *other != own,
            Reference::Module(_) => true,
        });
    }
}

/// They are only compared, so that secret ones need not be known.
fn sealed(values: Vec<Value>, secrecy: &Secrecy) -> Vec<Value> {
    let list = Value::list(values);
    if let Value::List(values) = secrecy.sealed(&list, "trigger") { values.to_vec() } else { vec![list] }
}

/// How many local slots the header fills.
fn header_slots(resource: &Resource) -> usize {
    resource.repeat.as_ref().map_or(0, |repeat| repeat.each.value.max(repeat.each.key.unwrap_or(0)) + 1)
}

pub fn is_tags(attribute: &Attribute) -> bool {
    attribute.name.as_str() == "tags" && matches!(attribute.ty.required(), Type::Map(..))
}

fn lifecycle_exprs(written: &ir::Lifecycle) -> Vec<&Expr> {
    let single = [
        &written.protect,
        &written.create_before_destroy,
        &written.retain,
        &written.adopt,
        &written.wait_for_window,
        &written.retry_capacity,
        &written.region_fallback,
        &written.timeouts,
        &written.triggers,
        &written.replace_when,
    ];
    let assertions = written.before.iter().chain(&written.after);
    let asserted = assertions.flat_map(|one| std::iter::once(&one.condition).chain(one.message.as_ref()));
    single.into_iter().flatten().chain(&written.depends_on).chain(asserted).collect()
}
