//! `moved`, `forget` and `import`: what is said about addresses of the state. Whether they are there is not known here.

use super::checker::{Checker, Reach};
use super::codes;
use super::ir::{Import, ModuleMove, Move, Place, Program};
use super::providers::is_provider;
use crate::model::{Address, Ident, Key, Mode, ModuleStep, Number, Span, Spanned, Type, Value};
use crate::syntax::ast::{self, ExprKind as Written, ResourceForm};

/// What an address names: an instance or a declaration, or a whole module.
enum Target {
    Place(Place),
    Module(Vec<ModuleStep>),
}

/// A part of an address as written.
enum Part<'e> {
    Name(&'e Ident),
    Key(Key),
}

impl Checker<'_> {
    pub fn moves(&mut self) -> (Vec<Move>, Vec<ModuleMove>) {
        let (mut made, mut modules) = (Vec::new(), Vec::new());
        for node in self.symbols.moves.clone() {
            let (from, to) = (self.target(&node.from), self.target(&node.to));
            let (Some(from), Some(to)) = (from, to) else { continue };
            match (from, to) {
                (Target::Place(from), Target::Place(to)) if from.address.kind != to.address.kind => {
                    let message = format!("a `{}` cannot become a `{}`", from.address.kind, to.address.kind);
                    let help = "name the same kind twice";
                    self.report(&codes::WRONG_TYPE, message, node.to.span, "another kind", help);
                }
                (Target::Place(from), Target::Place(to)) if from.address != to.address => made.push(Move { from, to }),
                (Target::Module(from), Target::Module(to)) if from != to => {
                    modules.push(ModuleMove { from, to, span: node.from.span });
                }
                (Target::Place(_), Target::Place(_)) | (Target::Module(_), Target::Module(_)) => {
                    let help = "remove the line";
                    self.report(&codes::INVALID_VALUE, "both ends are the same", node.to.span, "the same", help);
                }
                (Target::Place(_), Target::Module(_)) | (Target::Module(_), Target::Place(_)) => {
                    let help = "name two resources, or two modules";
                    let message = "a module cannot become a resource, nor the other way";
                    self.report(&codes::WRONG_TYPE, message, node.to.span, "of another sort", help);
                }
            }
        }
        (made, modules)
    }

    pub fn forgets(&mut self) -> (Vec<Place>, Vec<(Vec<ModuleStep>, Span)>) {
        let (mut places, mut modules) = (Vec::new(), Vec::new());
        for node in self.symbols.forgets.clone() {
            match self.target(&node.target) {
                Some(Target::Place(place)) => places.push(place),
                Some(Target::Module(path)) => modules.push((path, node.target.span)),
                None => {}
            }
        }
        (places, modules)
    }

    /// Key and id may use the loop's variables; both must be known before anything is read.
    pub fn imports(&mut self) -> Vec<Import> {
        let mut made = Vec::new();
        for node in self.symbols.imports.clone() {
            let each = node.repeat.as_ref().map(|clause| self.within(Reach::Inputs, |it| it.each(clause)));
            let (base, key) = match &node.target.kind {
                Written::Index { target, index, optional: false } => (target.as_ref(), Some(index.as_ref())),
                _ => (&node.target, None),
            };
            let key = key.map(|key| self.within(Reach::Inputs, |it| it.infer(key)));
            let locals = std::mem::take(&mut self.locals);
            let target = self.target(base);
            self.locals = locals;
            let kind = match &target {
                Some(Target::Place(place)) if place.address.mode == Mode::Managed => Some(&place.address.kind),
                Some(Target::Place(_) | Target::Module(_)) | None => None,
            };
            let ty = kind.map_or(Type::String, |kind| Type::Id(kind.clone()));
            let id = self.within(Reach::Inputs, |it| it.check(&node.id, &ty));
            self.locals.truncate(0);
            let target = match target {
                Some(Target::Place(target)) => target,
                Some(Target::Module(_)) => {
                    self.no_address::<()>(base.span);
                    continue;
                }
                None => continue,
            };
            if self.declares(&target.address) {
                made.push(Import { target, key, id, each });
            } else {
                let address = &target.address;
                let message = format!("no resource `{address}` is declared");
                let help = "declare what the object is to be: `KIND NAME { … }`";
                self.report(&codes::UNKNOWN_RESOURCE, message, base.span, "not declared", help);
            }
        }
        made
    }

    /// Whether a resource is declared there, here or in a module that is used.
    fn declares(&self, address: &Address) -> bool {
        if address.mode != Mode::Managed {
            return false;
        }
        let Some((first, rest)) = address.module.split_first() else {
            let known = (false, address.kind.clone(), address.name.clone());
            return self.symbols.resource_names.contains_key(&known);
        };
        let used = self.modules.iter().flatten().find(|module| module.name.value == first.name);
        let mut program: Option<&Program> = used.map(|module| &*module.program);
        for step in rest {
            let modules = program.into_iter().flat_map(|program| &program.modules);
            program = modules.filter(|module| module.name.value == step.name).map(|module| &*module.program).next();
        }
        let mut resources = program.into_iter().flat_map(|program| &program.resources);
        resources.any(|one| one.mode == Mode::Managed && one.kind == address.kind && one.name == address.name)
    }

    /// `server.web`, `server.web[1]`, `module.shop["a"].server.web`, `module.shop`: an address, declared or not.
    fn target(&mut self, expr: &ast::Expr) -> Option<Target> {
        let mut parts = Vec::new();
        self.parts(expr, expr.span, &mut parts)?;
        let mut parts = parts.into_iter().peekable();
        let mut module = Vec::new();
        let key = |parts: &mut std::iter::Peekable<std::vec::IntoIter<Part<'_>>>| {
            let next = parts.next_if(|part| matches!(part, Part::Key(_)));
            next.and_then(|part| if let Part::Key(key) = part { Some(key) } else { None })
        };
        while parts.next_if(|part| matches!(part, Part::Name(word) if word.as_str() == "module")).is_some() {
            let Some(Part::Name(name)) = parts.next() else { return self.no_address(expr.span) };
            module.push(ModuleStep { name: name.clone(), key: key(&mut parts) });
        }
        if parts.peek().is_none() && !module.is_empty() {
            return Some(Target::Module(module));
        }
        parts.next_if(|part| matches!(part, Part::Name(word) if is_provider(word)));
        let (Some(Part::Name(kind)), Some(Part::Name(name))) = (parts.next(), parts.next()) else {
            return self.no_address(expr.span);
        };
        let key = key(&mut parts);
        if let Some(next) = parts.next() {
            let is_kind = self.catalog.attributes_of(name.as_str()).is_some();
            return match next {
                Part::Name(_) if key.is_none() && is_kind && !self.catalog.kinds.contains_key(kind) => {
                    self.known_provider(&Spanned::new(kind.clone(), expr.span));
                    None
                }
                Part::Name(_) | Part::Key(_) => self.no_address(expr.span),
            };
        }
        let mode = if self.catalog.kinds.contains_key(kind) {
            Mode::Managed
        } else if self.catalog.actions.contains_key(kind) {
            Mode::Action
        } else {
            self.unknown_kind(kind, expr.span, ResourceForm::Managed);
            return None;
        };
        let address = Address { module, mode, kind: kind.clone(), name: name.clone(), key };
        Some(Target::Place(Place { address, span: expr.span }))
    }

    /// The names and keys of a chain, in order.
    fn parts<'e>(&mut self, expr: &'e ast::Expr, whole: Span, into: &mut Vec<Part<'e>>) -> Option<()> {
        match &expr.kind {
            Written::Name(name) => into.push(Part::Name(name)),
            Written::Member { target, name, optional: false } => {
                self.parts(target, whole, into)?;
                into.push(Part::Name(&name.value));
            }
            Written::Index { target, index, optional: false } => {
                self.parts(target, whole, into)?;
                into.push(Part::Key(self.key(index)?));
            }
            _ => return self.no_address(whole),
        }
        Some(())
    }

    fn key(&mut self, index: &ast::Expr) -> Option<Key> {
        let checked = self.within(Reach::Constants, |it| it.infer(index));
        let key = match checked.as_constant() {
            Some(Value::String(text)) => Some(Key::Text(text.clone())),
            Some(Value::Number(number)) => Number::to_i64(number).map(Key::Int),
            Some(_) | None => None,
        };
        if key.is_none() && !super::fits::has_error(&checked.ty) {
            return self.no_address(index.span);
        }
        key
    }

    fn no_address<T>(&mut self, span: Span) -> Option<T> {
        let help = "write an address with a plain key: `server.web`, `server.web[1]` or `server.web[\"a\"]`";
        self.report(&codes::NOT_HERE, "", span, "no address", help);
        None
    }
}
