//! `moved`, `forget` and `import`: what is said about addresses of the state. Whether they are there is not known here.

use super::checker::{Checker, Reach};
use super::codes;
use super::ir::{Import, Move, Place};
use crate::model::{Address, Ident, Key, Mode, Number, Span, Type, Value};
use crate::syntax::ast::{self, ExprKind as Written, ResourceForm};

impl Checker<'_> {
    pub fn moves(&mut self) -> Vec<Move> {
        let mut made = Vec::new();
        for node in self.symbols.moves.clone() {
            let (from, to) = (self.named(&node.from), self.named(&node.to));
            let (Some(from), Some(to)) = (from, to) else { continue };
            if from.address.kind != to.address.kind {
                let message = format!("a `{}` cannot become a `{}`", from.address.kind, to.address.kind);
                self.report(&codes::WRONG_TYPE, message, node.to.span, "another kind", "name the same kind twice");
                continue;
            }
            if from.address == to.address {
                self.report(
                    &codes::INVALID_VALUE,
                    "both ends are the same",
                    node.to.span,
                    "the same",
                    "remove the line",
                );
                continue;
            }
            made.push(Move { from, to });
        }
        made
    }

    pub fn forgets(&mut self) -> Vec<Place> {
        let nodes = self.symbols.forgets.clone();
        nodes.into_iter().filter_map(|node| self.named(&node.target)).collect()
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
            let id = self.within(Reach::Inputs, |it| it.check(&node.id, &Type::String));
            self.locals.clear();
            let Some(target) = self.named(base) else { continue };
            let address = &target.address;
            let known = (false, address.kind.clone(), address.name.clone());
            if address.mode == Mode::Managed && self.symbols.resource_names.contains_key(&known) {
                made.push(Import { target, key, id, each });
            } else {
                let message = format!("no resource `{}.{}` is declared", address.kind, address.name);
                let help = "declare what the object is to be: `KIND NAME { … }`";
                self.report(&codes::UNKNOWN_RESOURCE, message, base.span, "not declared", help);
            }
        }
        made
    }

    /// `server.web`, `server.web[1]`: an address, declared or not.
    fn named(&mut self, expr: &ast::Expr) -> Option<Place> {
        let (base, key) = match &expr.kind {
            Written::Index { target, index, optional: false } => (target.as_ref(), Some(self.key(index)?)),
            _ => (expr, None),
        };
        let Some((kind, name)) = parts(base) else {
            return self.no_address(base.span);
        };
        let mode = if self.catalog.kinds.contains_key(kind) {
            Mode::Managed
        } else if self.catalog.actions.contains_key(kind) {
            Mode::Action
        } else {
            self.unknown_kind(kind, base.span, ResourceForm::Managed);
            return None;
        };
        let address = Address { module: Vec::new(), mode, kind: kind.clone(), name: name.clone(), key };
        Some(Place { address, span: expr.span })
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

fn parts(expr: &ast::Expr) -> Option<(&Ident, &Ident)> {
    let Written::Member { target, name, optional: false } = &expr.kind else { return None };
    let Written::Name(kind) = &target.kind else { return None };
    Some((kind, &name.value))
}
