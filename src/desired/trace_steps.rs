//! The single steps of a trace: a named value, an attribute, a loop variable, a call, a setting. Knows what each comes from.

use super::instance::is_tags;
use super::named::Named;
use super::origin::{Cut, Origin, SALT, Source};
use super::references::Place;
use super::scope::{Declared, Scope, Slot};
use super::seen::Seen;
use super::trace::{Site, Told, Tracer, one_value};
use crate::model::{Key, Mode, Span, Value, shown_path};
use crate::program::expr::{Entry, Expr, ExprKind};
use crate::program::ir::Resource;
use crate::provider::Presence;
use smol_str::SmolStr;

impl<'w> Tracer<'w> {
    /// A parameter, a `let` or an output.
    pub fn named(&mut self, named: Named, used: Option<Span>) -> Origin {
        let (Named::Param(of) | Named::Let(of) | Named::Output(of)) = named;
        let scope = self.machine.world.scope(of.scope);
        let program = &scope.program;
        let (sort, name, secret) = match named {
            Named::Param(of) => ("param", &program.params[of.at].name, program.params[of.at].secret),
            Named::Let(of) => {
                ("let", &program.lets[of.at].name, self.is_secret(of.scope, program.lets[of.at].value.span))
            }
            Named::Output(of) => {
                let output = &program.outputs[of.at];
                ("output", &output.name, output.secret || self.is_secret(of.scope, output.value.span))
            }
        };
        let shown = match (sort, scope.path.is_empty()) {
            (_, true) => format!("{sort} {}", name.value),
            ("output", false) => format!("{}.{}", shown_path(&scope.path), name.value),
            (_, false) => format!("{sort} {} of {}", name.value, shown_path(&scope.path)),
        };
        let value = self.machine.named(named).ok();
        let mut origin = Origin::new(shown, used, Source::Written).holding(value, secret);
        origin.declared = Some(name.span);
        if !self.told.insert(Told::Named(named)) {
            origin.cut = Some(Cut::Above);
            return origin;
        }
        match named {
            Named::Param(of) if scope.origin.is_none() => self.given_param(origin, scope, of.at),
            Named::Param(of) => self.argument(origin, scope, of.at),
            Named::Let(of) => self.follow(origin, &Site::plain(of.scope), &program.lets[of.at].value),
            Named::Output(of) => self.follow(origin, &Site::plain(of.scope), &program.outputs[of.at].value),
        }
    }

    /// A parameter of the project: given from outside, else by the environment, else its default.
    fn given_param(&mut self, mut origin: Origin, scope: &'w Scope, at: usize) -> Origin {
        let param = &scope.program.params[at];
        if let Some((by, place)) = self.machine.world.given.get(param.name.value.as_str()) {
            origin.source = Source::Given(by.clone());
            origin.span = *place;
            return origin;
        }
        let name = &self.machine.world.environment;
        let environment = scope.program.environment(name);
        if let Some(written) = environment.and_then(|environment| environment.params.get(&at)) {
            origin.source = Source::Environment(name.clone());
            return self.follow(origin, &Site::plain(scope.id), written);
        }
        self.default_of(origin, scope, at)
    }

    fn default_of(&mut self, mut origin: Origin, scope: &'w Scope, at: usize) -> Origin {
        match &scope.program.params[at].default {
            Some(default) => {
                origin.source = Source::Default;
                self.follow(origin, &Site::plain(scope.id), default)
            }
            None => {
                origin.source = Source::NotGiven;
                origin
            }
        }
    }

    /// A parameter of a module: what stands where it is used, else its default.
    fn argument(&mut self, mut origin: Origin, scope: &'w Scope, at: usize) -> Origin {
        let Some(by) = scope.origin else { return origin };
        let user = self.machine.world.scope(by.module.scope);
        let module = &user.program.modules[by.module.at];
        let frames = user.modules(by.module.at).map(|modules| &modules.expansion.frames);
        let frame = frames.and_then(|frames| frames.get(by.index)).cloned().unwrap_or_default();
        let Some(written) = module.arguments.get(&at) else { return self.default_of(origin, scope, at) };
        let site = Site { scope: user.id, frame, each: module.repeat.as_ref().map(|repeat| &repeat.each) };
        let (value, parts) = self.traced(&site, written);
        if value.is_some_and(|value| value.is_null()) && !scope.program.params[at].ty.is_optional() {
            return self.default_of(origin, scope, at);
        }
        origin.source = Source::Argument;
        origin.span = Some(written.span);
        origin.parts = parts;
        origin
    }

    /// One attribute of an instance, and the members below it; `None` where there is no such member.
    pub fn attribute(
        &mut self,
        (declared, index): (Declared, usize),
        name: &SmolStr,
        below: &[SmolStr],
        used: Option<Span>,
    ) -> Option<Origin> {
        let scope = self.machine.world.scope(declared.scope);
        let resource = &scope.program.resources[declared.at];
        let setting = resource.attributes.get(name.as_str());
        let mut value = self.machine.attribute(declared, index, name).ok();
        if let (Some(whole), Some(setting)) = (&value, setting) {
            value = Some(setting.secrecy.sealed(whole, SALT));
        }
        let secret = value.as_ref().is_some_and(holds_seal);
        for member in below {
            value = Some(member_of(value.as_ref()?, member)?);
        }
        let path: String = below.iter().map(step_shown).collect();
        let shown = format!("{}.{name}{path}", scope.address(declared.at, index));
        let mut origin = Origin::new(shown, used, Source::Written).holding(value, false);
        origin.secret = secret;
        origin.declared = Some(resource.span);
        if !self.told.insert(Told::Attribute(declared, index, name.clone())) {
            origin.cut = Some(Cut::Above);
            return Some(origin);
        }
        let frame = scope.expansion(declared.at).frames.get(index).cloned().unwrap_or_default();
        let site = Site { scope: scope.id, frame, each: resource.repeat.as_ref().map(|repeat| &repeat.each) };
        let mut written = false;
        if let Some(setting) = setting {
            let expr = narrowed(&setting.value, below);
            let (value, parts) = self.traced(&site, expr);
            // Where it is not written out, the whole is told, unless the member is surely not in it.
            let whole = std::ptr::eq(expr, &setting.value);
            let holds = |value: &Value| {
                !value.is_null() && below.first().is_none_or(|name| !whole || member_of(value, name).is_some())
            };
            written = value.as_ref().is_none_or(holds);
            if written {
                origin.parts = parts;
                origin.span = Some(expr.span);
            }
        }
        Some(self.filled(origin, resource, (name, below.first()), written))
    }

    /// What stands where nothing was written, and the tags that are added to what was.
    fn filled(
        &mut self,
        mut origin: Origin,
        resource: &'w Resource,
        (name, member): (&SmolStr, Option<&SmolStr>),
        written: bool,
    ) -> Origin {
        let world = self.machine.world;
        let settings = world.settings.get();
        let attribute = world.catalog.attributes_of(resource.kind.as_str()).and_then(|all| all.get(name.as_str()));
        let tagged = resource.mode == Mode::Managed
            && attribute.is_some_and(is_tags)
            && settings.is_some_and(|settings| match member {
                Some(member) => !written && settings.default_tags.contains_key(member.as_str()),
                None => !settings.default_tags.is_empty(),
            });
        if tagged {
            origin.parts.extend(self.setting("default_tags"));
        }
        let placed = resource.mode != Mode::Data
            && name.as_str() == "region"
            && settings.is_some_and(|settings| settings.default_region.is_some());
        let presence = attribute.map(|attribute| &attribute.presence);
        origin.source = match presence {
            _ if written => Source::Written,
            _ if tagged => Source::Setting("default_tags"),
            Some(Presence::Computed) | None => Source::Api,
            Some(Presence::Optional { .. } | Presence::Required) if placed => {
                origin.parts.extend(self.setting("default_region"));
                Source::Setting("default_region")
            }
            Some(Presence::Optional { default: Some(_) }) if resource.mode != Mode::Data => Source::Catalog,
            Some(Presence::Optional { .. } | Presence::Required) => Source::Unmanaged,
        };
        origin
    }

    /// A setting of the provider: the environment's, else the project's.
    fn setting(&mut self, name: &'static str) -> Option<Origin> {
        let world = self.machine.world;
        let root = world.root();
        let environment = root.program.environment(&world.environment);
        let own = environment.and_then(|environment| environment.provider.get(name));
        let source = if own.is_some() { Source::Environment(world.environment.clone()) } else { Source::Written };
        let written = own.or_else(|| root.program.provider.get(name))?;
        let (value, parts) = self.traced(&Site::plain(root.id), written);
        let mut origin = Origin::new(name.to_owned(), None, source).holding(value, false);
        origin.span = Some(written.span);
        origin.parts = parts;
        Some(origin)
    }

    /// A variable: of the header, or a parameter of a function, which its call tells.
    pub fn local(&mut self, site: &Site<'w>, slot: usize, expr: &'w Expr) -> Option<Origin> {
        let each = site.each?;
        let held = site.frame.get(slot)?;
        let secret = self.is_secret(site.scope, expr.span);
        let value = match held {
            Slot::Value(value) => Some(value.clone()),
            Slot::Instance(..) | Slot::Module(_) | Slot::Empty => None,
        };
        let mut origin = Origin::new(String::new(), Some(expr.span), Source::Loop).holding(value, secret);
        origin.span = Some(each.over.span);
        if self.told.insert(Told::Loop(site.scope, each.over.span)) {
            return Some(self.follow(origin, &Site::plain(site.scope), &each.over));
        }
        Some(origin)
    }

    /// A function of the program: what it was given, then what its body names.
    pub fn call(
        &mut self,
        site: &Site<'w>,
        expr: &'w Expr,
        (function, arguments): (usize, &'w [Expr]),
        seen: &Seen,
        parts: Vec<Origin>,
    ) -> Origin {
        let called = &self.machine.world.scope(site.scope).program.functions[function];
        let secret = self.is_secret(site.scope, expr.span);
        let value = one_value(expr, seen);
        let mut origin = Origin::new(String::new(), Some(expr.span), Source::Function).holding(value, secret);
        origin.span = Some(called.value.span);
        origin.declared = Some(called.name.span);
        origin.parts = parts;
        let given: Option<Vec<Slot>> =
            arguments.iter().map(|argument| one_value(argument, seen).map(Slot::Value)).collect();
        if let Some(frame) = given
            && self.told.insert(Told::Function(site.scope, function))
        {
            let (_, below) = self.traced(&Site { scope: site.scope, frame, each: None }, &called.value);
            origin.parts.extend(below);
        }
        origin
    }

    /// An output of another project, or all of them.
    pub fn elsewhere(&mut self, of: Declared, name: Option<&SmolStr>, expr: &'w Expr, values: &[Value]) -> Origin {
        let source = &self.machine.world.scope(of.scope).program.elsewhere[of.at];
        let output = name.map_or_else(String::new, |name| format!(".{name}"));
        let shown = format!("data.{}.{}{output}", crate::program::ELSEWHERE, source.name.value);
        let secret = source.secret || self.is_secret(of.scope, expr.span);
        let value = values.first().filter(|_| name.is_some()).cloned();
        let mut origin = Origin::new(shown, Some(expr.span), Source::Elsewhere).holding(value, secret);
        let (_, parts) = self.traced(&Site::plain(of.scope), &source.project);
        origin.span = Some(source.project.span);
        origin.declared = Some(source.name.span);
        origin.parts = parts;
        origin
    }

    /// All of an instance, of a declaration, or of a module.
    pub fn whole(&mut self, place: Place, used: Option<Span>) -> Origin {
        let world = self.machine.world;
        let header = |of: Declared| world.scope(of.scope).program.resources[of.at].span;
        let (name, span) = match place {
            Place::Instance(of, index) => (world.scope(of.scope).address(of.at, index).to_string(), Some(header(of))),
            Place::Instances(of) => {
                (world.scope(of.scope).address(of.at, usize::MAX).declaration().to_string(), Some(header(of)))
            }
            Place::Module(scope) => (shown_path(&world.scope(scope).path), None),
            Place::Modules(of) => {
                let module = &world.scope(of.scope).program.modules[of.at];
                (shown_path(&world.scope(of.scope).step(module, None)), Some(module.name.span))
            }
            Place::Absent => {
                let origin = Origin::new(String::new(), used, Source::Absent);
                return origin.holding(Some(Value::Null), false);
            }
        };
        let mut origin = Origin::new(name, used, Source::Whole);
        origin.span = span;
        origin
    }
}

fn holds_seal(value: &Value) -> bool {
    !crate::model::Secrecy::of_sealed(value).is_clear()
}

/// The part of an expression that gives these members, as far as it is written out.
fn narrowed<'e>(expr: &'e Expr, path: &[SmolStr]) -> &'e Expr {
    let Some((name, rest)) = path.split_first() else { return expr };
    match &expr.kind {
        ExprKind::Convert(inner) | ExprKind::Chain(inner) => {
            let found = narrowed(inner, path);
            if std::ptr::eq(found, &**inner) { expr } else { found }
        }
        ExprKind::Object(entries) | ExprKind::Map(entries) => {
            match entries.iter().rev().find(|one| may_give(one, name)) {
                Some(Entry::Pair { key, value }) if key.as_constant().is_some() => narrowed(value, rest),
                Some(Entry::Pair { .. } | Entry::Spread(_)) | None => expr,
            }
        }
        _ => expr,
    }
}

fn may_give(entry: &Entry, name: &str) -> bool {
    match entry {
        Entry::Pair { key, .. } => key.as_constant().is_none_or(|key| key.as_str() == Some(name)),
        Entry::Spread(_) => true,
    }
}

/// `.team`, `["app.io/name"]`
fn step_shown(member: &SmolStr) -> String {
    let is_word = member.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word { format!(".{member}") } else { format!("[{}]", Key::Text(member.clone())) }
}

/// A member, an entry or an element; unknown where the whole is.
fn member_of(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(members) => members.get(name).cloned(),
        Value::Map(entries) => {
            let by_number = || name.parse().ok().and_then(|number| entries.get(&Key::Int(number)));
            entries.get(&Key::text(name)).or_else(by_number).cloned()
        }
        Value::List(items) => name.parse::<usize>().ok().and_then(|at| items.get(at)).cloned(),
        Value::Unknown(_) | Value::Sealed(_) => Some(value.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Duration(_) | Value::Set(_) => None,
    }
}
