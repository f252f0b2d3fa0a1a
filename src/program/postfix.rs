//! Chains: `a.b`, `a[k]`, `a?.b`, `a[*].b`, and what they mean at their root: resources, data, `env`.

use super::checker::{Checker, member_names};
use super::codes;
use super::expr::{Expr, ExprKind};
use super::fits::{has_error, join, literals};
use super::ir::Each;
use super::mismatch::unknown_member;
use super::providers::{chain, is_provider};
use super::symbols::resource_key;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Ident, KeyType, Span, Spanned, Type};
use crate::syntax::ast::{self, ExprKind as Written, ResourceForm};
use smol_str::SmolStr;
use std::collections::BTreeSet;

impl Checker<'_> {
    /// A whole chain; where a `?.` may stop it short, it is optional.
    pub fn postfix(&mut self, expr: &ast::Expr) -> Expr {
        if let Some(splat) = first_splat(expr, &self.splats) {
            return self.splat(expr, splat);
        }
        let (inner, short) = self.link(expr);
        if !short {
            return inner;
        }
        Expr { span: inner.span, ty: inner.ty.clone().optional(), kind: ExprKind::Chain(Box::new(inner)) }
    }

    /// One link of a chain, and whether an earlier `?.` may stop it.
    fn link(&mut self, expr: &ast::Expr) -> (Expr, bool) {
        match &expr.kind {
            Written::Member { target, name, optional } => {
                if let Some(root) = self.root(target, name, expr.span) {
                    return (root, false);
                }
                let (target, short) = self.link(target);
                let (target, stops) = self.through(target, *optional, name.span);
                (self.member(target, name, *optional, expr.span), short || stops)
            }
            Written::Index { target, index, optional } => {
                let (target, short) = self.link(target);
                let (target, stops) = self.through(target, *optional, index.span);
                (self.index(target, index, *optional, expr.span), short || stops)
            }
            Written::Splat { .. } => {
                let bound = self.splats.iter().find(|(node, _)| *node == address(expr));
                match bound {
                    Some((_, slot)) => {
                        let ty = self.locals[*slot].clone();
                        (Expr { kind: ExprKind::Local(*slot), ty, span: expr.span }, false)
                    }
                    None => (self.postfix(expr), false),
                }
            }
            _ => (self.infer(expr), false),
        }
    }

    /// The target without its `?`: taken off by `?.`, else a mistake.
    fn through(&mut self, target: Expr, optional: bool, span: Span) -> (Expr, bool) {
        match (&target.ty, optional) {
            (Type::Optional(inner), true) => {
                let ty = (**inner).clone();
                (Expr { ty, ..target }, true)
            }
            (Type::Optional(_), false) => {
                self.diagnostics.push(
                    Diagnostic::new(&codes::MAYBE_NULL, format!("the value is of type {}", target.ty))
                        .at(target.span, "may be null")
                        .help("use `?.` (or `?[`) and say with `??` what stands in for null"),
                );
                (Expr::error(span), false)
            }
            (Type::Any, true) => (target, true),
            (_, _) => (target, false),
        }
    }

    /// `kind.name`, `data.kind.name`, `env.name` and names of other tools.
    fn root(&mut self, target: &ast::Expr, name: &Spanned<Ident>, span: Span) -> Option<Expr> {
        if let Written::Name(word) = &target.kind {
            return if self.in_scope(word) { None } else { self.named_root(word, target.span, name, span) };
        }
        let found = chain(target, |word| self.in_scope(word))?;
        if found.data && found.provider.is_none() && found.kind.as_str() == super::elsewhere::SOURCE {
            return Some(self.outputs_elsewhere(name, span));
        }
        let form = if found.data { ResourceForm::Data } else { ResourceForm::Managed };
        match found.provider {
            None => Some(self.resource(form, found.kind, found.kind_span, name, span)),
            Some((provider, _)) if is_provider(provider) => {
                Some(self.resource(form, found.kind, found.kind_span, name, span))
            }
            // `server.web.plan` has three words too: only what cannot be one of ours is taken for a provider.
            Some((provider, at)) => {
                let ours = self.catalog.attributes_of(provider.as_str()).is_some();
                let words = ["env", "module", "data"].contains(&provider.as_str());
                let foreign = super::foreign::advice(provider.as_str(), None).is_some();
                if ours || words || foreign || self.catalog.attributes_of(found.kind.as_str()).is_none() {
                    return None;
                }
                self.known_provider(&Spanned::new(provider.clone(), at));
                Some(Expr::error(span))
            }
        }
    }

    fn in_scope(&self, name: &Ident) -> bool {
        self.locals.find(name.as_str()).is_some() || self.symbols.globals.contains_key(name)
    }

    fn named_root(&mut self, word: &Ident, at: Span, name: &Spanned<Ident>, span: Span) -> Option<Expr> {
        let catalog = self.catalog;
        if catalog.kinds.contains_key(word) || catalog.actions.contains_key(word) {
            return Some(self.resource(ResourceForm::Managed, word, at, name, span));
        }
        match word.as_str() {
            "env" if name.value.as_str() == "name" => {
                Some(Expr { kind: ExprKind::EnvironmentName, ty: Type::String, span })
            }
            "env" => {
                self.diagnostics.push(unknown_member(name.value.as_str(), ["name"], name.span));
                Some(Expr::error(span))
            }
            "module" => Some(self.module(name, span)),
            "data" => {
                let help = "name the source and the declaration: `data.plans.NAME`";
                self.report(&codes::UNKNOWN_NAME, "", span, "not a whole reference", help);
                Some(Expr::error(span))
            }
            _ if is_provider(word) => {
                let help = format!("name the kind and the declaration: `{word}.KIND.NAME`");
                self.report(&codes::UNKNOWN_NAME, "", span, "not a whole reference", &help);
                Some(Expr::error(span))
            }
            other => {
                if let Some(help) = super::foreign::advice(other, Some(name.value.as_str())) {
                    self.mark_meant(name.value.as_str());
                    let message = format!("`{other}.{}` is not a name of cnx", name.value);
                    self.report(&codes::FOREIGN_NAME, message, span, "unknown here", &help);
                    return Some(Expr::error(span));
                }
                self.undeclared_kind(word, at, name)
            }
        }
    }

    /// `sever.web`: a kind with a typing error, where the resource exists or the kind is close.
    fn undeclared_kind(&mut self, word: &Ident, at: Span, name: &Spanned<Ident>) -> Option<Expr> {
        if self.symbols.broken.contains(&name.value) {
            return Some(Expr::error(at));
        }
        let may = self.may_compare(self.symbols.resource_names.len());
        let mut all = self.symbols.resource_names.keys();
        let declared = if may { all.find(|(_, _, other)| *other == name.value) } else { None };
        let kinds = self.catalog.kinds.keys().chain(self.catalog.actions.keys()).map(Ident::as_str);
        let close = crate::diag::suggest::closest(word.as_str(), kinds);
        if declared.is_none() && close.is_none() {
            return None;
        }
        let help = match (close, declared) {
            (Some(close), _) => format!("did you mean `{close}`?"),
            (None, Some((data, kind, _))) => {
                format!("did you mean `{}{kind}.{}`?", if *data { "data." } else { "" }, name.value)
            }
            (None, None) => String::new(),
        };
        let message = format!("nothing here is called `{word}`");
        self.report(&codes::UNKNOWN_NAME, message, at, "unknown", &help);
        Some(Expr::error(at))
    }

    fn resource(&mut self, form: ResourceForm, kind: &Ident, at: Span, name: &Spanned<Ident>, span: Span) -> Expr {
        let key = resource_key(form, kind, &name.value);
        if let Some((index, _)) = self.symbols.resource_names.get(&key).copied() {
            self.touches_resource(&format!("{kind}.{}", name.value), span);
            return Expr { kind: ExprKind::Resource(index), ty: self.resource_types[index].clone(), span };
        }
        if self.catalog.attributes_of(kind.as_str()).is_none() {
            self.unknown_kind(kind, at, form);
            return Expr::error(span);
        }
        let may = self.may_compare(self.symbols.resource_names.len());
        let all = || self.symbols.resource_names.keys().take(if may { usize::MAX } else { 0 });
        let misspelt = |(_, of, other): &(bool, Ident, Ident)| {
            *other == name.value && self.catalog.attributes_of(of.as_str()).is_none()
        };
        if self.symbols.broken.contains(&name.value) || all().any(misspelt) {
            return Expr::error(span);
        }
        let data = form == ResourceForm::Data;
        let same_kind = all().filter(|(other, of, _)| *other == data && of == kind);
        let names: Vec<&str> = same_kind.map(|(_, _, name)| name.as_str()).collect();
        let fallback = match names.len() {
            0 if may => format!("declare it: `{}{kind} {} {{ … }}`", if data { "data " } else { "" }, name.value),
            1..=8 => format!("declared are `{}`", names.join("`, `")),
            _ => "see `cnx check` for what is declared".to_owned(),
        };
        let help = did_you_mean(name.value.as_str(), names, &fallback);
        let message = format!("no `{kind}` named `{}` is declared", name.value);
        self.report(&codes::UNKNOWN_RESOURCE, message, name.span, "not declared", &help);
        Expr::error(span)
    }

    fn module(&mut self, name: &Spanned<Ident>, span: Span) -> Expr {
        if let Some((at, _)) = self.symbols.module_names.get(&name.value).copied() {
            self.touches_resource(&format!("module.{}", name.value), span);
            return Expr { kind: ExprKind::Module(at), ty: self.module_types[at].clone(), span };
        }
        if !self.symbols.broken.contains(&name.value) {
            let may = self.may_compare(self.symbols.module_names.len());
            let all = if may { self.symbols.module_names.len() } else { 0 };
            let names: Vec<&str> = self.symbols.module_names.keys().take(all).map(Ident::as_str).collect();
            let fallback = format!("declare it: `module {} from \"./path\" {{ … }}`", name.value);
            let help = did_you_mean(name.value.as_str(), names, &fallback);
            let message = format!("no module named `{}` is declared", name.value);
            self.report(&codes::UNKNOWN_RESOURCE, message, name.span, "not declared", &help);
        }
        Expr::error(span)
    }

    fn member(&mut self, target: Expr, name: &Spanned<Ident>, optional: bool, span: Span) -> Expr {
        let ty = match &target.ty {
            _ if has_error(&target.ty) && !matches!(target.ty, Type::Object(_)) => return Expr::error(span),
            Type::Any => Some(Type::Any),
            Type::Object(object) => object.members.get(name.value.as_str()).map(|member| match member.default {
                Some(_) => member.ty.required().clone(),
                None => member.ty.clone(),
            }),
            Type::Instance(kind) => self.member_type(kind, name.value.as_str()),
            Type::Union(members) => union_member(members, name.value.as_str()),
            Type::Map(KeyType::Text, item) => Some((**item).clone()),
            _ => None,
        };
        let Some(ty) = ty else {
            let complaint = self.no_member(&target, name);
            self.diagnostics.push(complaint);
            return Expr::error(span);
        };
        self.warn_of_output(&target, name.value.as_str(), name.span);
        Expr { kind: ExprKind::Member { target: Box::new(target), name: name.value.0.clone(), optional }, ty, span }
    }

    fn no_member(&self, target: &Expr, name: &Spanned<Ident>) -> Diagnostic {
        match &target.ty {
            Type::Object(object) => {
                unknown_member(name.value.as_str(), object.members.keys().map(SmolStr::as_str), name.span)
            }
            Type::Instance(kind) => {
                let known = member_names(self.catalog, kind);
                let alias = self.catalog.attributes_of(kind.as_str()).and_then(|attributes| {
                    attributes.values().find(|one| one.also_known_as.iter().any(|other| other == name.value.as_str()))
                });
                let help = match alias {
                    Some(right) => format!("on a `{kind}` it is called `{}`", right.name),
                    None => {
                        let fallback = format!("a `{kind}` has `{}`", known.join("`, `"));
                        did_you_mean(name.value.as_str(), known.iter().map(String::as_str), &fallback)
                    }
                };
                Diagnostic::new(&codes::UNKNOWN_ATTRIBUTE, format!("a `{kind}` has no attribute `{}`", name.value))
                    .at(name.span, "unknown attribute")
                    .help(help)
            }
            Type::Union(members) if members.iter().all(|one| matches!(one, Type::Object(_))) => {
                let objects =
                    members.iter().filter_map(|one| if let Type::Object(one) = one { Some(one) } else { None });
                let names: BTreeSet<&str> = objects.flat_map(|one| one.members.keys()).map(SmolStr::as_str).collect();
                unknown_member(name.value.as_str(), names, name.span)
            }
            Type::Map(_, item) if matches!(**item, Type::Instance(_)) => {
                Diagnostic::new(&codes::UNKNOWN_MEMBER, "this is a map of instances")
                    .at(name.span, "which instance?")
                    .help(format!("choose one with `[key]`, or all of them with `[*].{}`", name.value))
            }
            Type::List(_) | Type::Set(_) => {
                Diagnostic::new(&codes::UNKNOWN_MEMBER, format!("a {} has no members", target.ty))
                    .at(name.span, "which element?")
                    .help(format!("choose one with `[0]`, or all of them with `[*].{}`", name.value))
            }
            other => {
                Diagnostic::new(&codes::UNKNOWN_MEMBER, format!("a {} has no members", super::fits::widened(other)))
                    .at(name.span, "no such member")
                    .help("only objects, maps and resources have members")
            }
        }
    }

    fn index(&mut self, target: Expr, index: &ast::Expr, optional: bool, span: Span) -> Expr {
        let (index, ty) = match &target.ty {
            Type::Error => (self.infer(index), Type::Error),
            Type::Any => (self.infer(index), Type::Any),
            Type::List(item) => {
                let item = (**item).clone();
                (self.check(index, &Type::Int), item)
            }
            Type::Map(key, item) => {
                let item = (**item).clone();
                let key = if *key == KeyType::Int { Type::Int } else { Type::String };
                (self.check(index, &key), item)
            }
            Type::Object(object) => {
                let object = object.clone();
                let index = self.check(index, &Type::String);
                let ty = self.indexed_member(&object, &index);
                (index, ty)
            }
            other => {
                let shown = super::fits::widened(other);
                let help = match other {
                    Type::Set(_) => "a set has no order: use `tolist(…)` first",
                    Type::Instance(_) => "it is one instance, without `for`: leave the index out",
                    _ => "only lists, maps and objects have elements",
                };
                self.report(&codes::WRONG_TYPE, format!("a {shown} has no elements by index"), span, "no index", help);
                (self.infer(index), Type::Error)
            }
        };
        if ty == Type::Error {
            return Expr::error(span);
        }
        Expr { kind: ExprKind::Index { target: Box::new(target), index: Box::new(index), optional }, ty, span }
    }

    /// The joint type of the members that the index can choose.
    fn indexed_member(&mut self, object: &crate::model::ObjectType, index: &Expr) -> Type {
        if index.ty == Type::Error {
            return Type::Error;
        }
        let Some(names) = literals(&index.ty) else {
            return super::literals::shared_member_type(object).unwrap_or_else(|| {
                let help = "index with a constant or a union of literals";
                self.report(&codes::MIXED_TYPES, "the members have different types", index.span, "which member?", help);
                Type::Error
            });
        };
        let mut joint: Option<Type> = None;
        for name in names {
            let Some(member) = object.members.get(name) else {
                let known = object.members.keys().map(SmolStr::as_str);
                self.diagnostics.push(unknown_member(name, known, index.span));
                return Type::Error;
            };
            joint = match joint {
                None => Some(member.ty.clone()),
                Some(before) => join(&before, &member.ty),
            };
            if joint.is_none() {
                return Type::Any;
            }
        }
        joint.unwrap_or(Type::Error)
    }

    /// `over[*].rest` is `[for x in over : x.rest]`.
    fn splat(&mut self, whole: &ast::Expr, splat: &ast::Expr) -> Expr {
        let Written::Splat { target } = &splat.kind else { return Expr::error(whole.span) };
        let over = self.infer(target);
        let depth = self.locals.len();
        let Some((_, item)) = self.loop_types(&over) else { return Expr::error(whole.span) };
        let slot = self.bind_silently(Ident::new("*"), item);
        self.splats.push((address(splat), slot));
        let value = self.postfix(whole);
        self.splats.pop();
        self.locals.truncate(depth);
        let ty = Type::list(value.ty.clone());
        let each = Each { over: Box::new(over), key: None, value: slot };
        Expr {
            kind: ExprKind::ListFor { each, condition: None, value: Box::new(value), set: false },
            ty,
            span: whole.span,
        }
    }
}

/// What identifies a node while its tree is borrowed.
fn address(expr: &ast::Expr) -> usize {
    std::ptr::from_ref(expr) as usize
}

/// The splat nearest to the root of the chain that has no variable yet.
fn first_splat<'e>(expr: &'e ast::Expr, bound: &[(usize, usize)]) -> Option<&'e ast::Expr> {
    match &expr.kind {
        Written::Splat { target } => {
            first_splat(target, bound).or_else(|| bound.iter().all(|(node, _)| *node != address(expr)).then_some(expr))
        }
        Written::Member { target, .. } | Written::Index { target, .. } => first_splat(target, bound),
        _ => None,
    }
}

/// The member of a union: present in all, optional where one lacks it.
fn union_member(members: &[Type], name: &str) -> Option<Type> {
    let mut joint: Option<Type> = None;
    let mut lacking = false;
    for member in members {
        let Type::Object(object) = member else { return None };
        match object.members.get(name) {
            Some(found) => {
                joint = Some(match joint {
                    None => found.ty.clone(),
                    Some(before) => join(&before, &found.ty)?,
                });
            }
            None => lacking = true,
        }
    }
    joint.map(|ty| if lacking { ty.optional() } else { ty })
}
