//! From a tree to its sites.

use super::sites::{Call, Declared, Entry, Given, Item, Kind, Literal, Place, Sites, Use, place};
use cnx::model::{Ident, Span, Spanned};
use cnx::syntax::ast::*;
use std::collections::BTreeSet;

struct Walk<'a> {
    /// What is declared as `KIND.NAME`, `module.NAME` or `output.NAME`.
    known: &'a BTreeSet<String>,
    sites: Sites,
    /// Variables in scope: name and key.
    locals: Vec<(Ident, String)>,
    /// The expressions around the present one.
    around: Vec<Place>,
    /// Parameters of functions, by the function's name: places in `declared`.
    parameters: Vec<(String, usize)>,
}

/// Keys of all that the trees of a folder declare.
pub fn keys(trees: &[&Ast]) -> BTreeSet<String> {
    trees.iter().flat_map(|tree| &tree.items).filter_map(|item| name_of(&item.kind)).map(|(key, _)| key).collect()
}

/// The sites of one file of a folder that declares `known`.
pub fn sites(tree: &Ast, known: &BTreeSet<String>) -> Sites {
    let (sites, locals, around, parameters) = (Sites::default(), Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { known, sites, locals, around, parameters };
    tree.items.iter().for_each(|item| walk.item(item));
    let Walk { mut sites, parameters, .. } = walk;
    for (function, declared) in parameters {
        let calls = sites.uses.iter().filter(|one| one.key == function).map(|one| one.reach.clone());
        let calls: Vec<Place> = calls.collect();
        sites.declared[declared].depends.extend(calls);
    }
    sites
}

fn name_of(kind: &ItemKind) -> Option<(String, Span)> {
    let of = |key: String, span: Span| Some((key, span));
    match kind {
        ItemKind::Param(it) => of(it.name.value.to_string(), it.name.span),
        ItemKind::Let(it) => of(it.name.value.to_string(), it.name.span),
        ItemKind::Function(it) => of(it.name.value.to_string(), it.name.span),
        ItemKind::Type(it) => of(it.name.value.to_string(), it.name.span),
        ItemKind::Output(it) => of(format!("output.{}", it.name.value), it.name.span),
        ItemKind::Module(it) => of(format!("module.{}", it.name.value), it.name.span),
        ItemKind::Resource(it) => {
            let data = if it.form == ResourceForm::Data { "data." } else { "" };
            of(format!("{data}{}.{}", it.kind.value, it.name.value), it.name.span)
        }
        ItemKind::Environment(it) => of(format!("environment.{}", it.name.value), it.name.span),
        ItemKind::Policy(it) => of(format!("policy.{}", it.name.value), it.name.span),
        ItemKind::Check(it) => of(format!("check.{}", it.name.value), it.name.span),
        ItemKind::Test(it) => of(format!("test.{}", it.name.value), it.name.span),
        ItemKind::Project(_)
        | ItemKind::Provider(_)
        | ItemKind::Moved(_)
        | ItemKind::Forget(_)
        | ItemKind::Import(_) => None,
    }
}

impl Walk<'_> {
    fn item(&mut self, item: &Item_) {
        let whole = place(item.span);
        let named = name_of(&item.kind);
        let end = named.as_ref().map_or(whole.start, |(_, span)| span.end as usize);
        let header = whole.start..end;
        let mut made = Item {
            whole: whole.clone(),
            header: header.clone(),
            name: named.as_ref().map(|it| place(it.1)),
            kind: None,
            source: None,
        };
        if let Some((key, span)) = named {
            self.sites.declared.push(Declared { key, name: place(span), depends: vec![whole] });
        }
        match &item.kind {
            ItemKind::Resource(it) => made.kind = Some(place(it.kind.span)),
            ItemKind::Module(it) => made.source = Some(it.source.value.clone()),
            _ => {}
        }
        self.inside(&item.kind, &header);
        self.locals.clear();
        self.sites.items.push(made);
    }

    fn inside(&mut self, kind: &ItemKind, header: &Place) {
        match kind {
            ItemKind::Project(it) => self.body(&it.body, header),
            ItemKind::Environment(it) => {
                self.given(&it.body);
                self.body(&it.body, header);
            }
            ItemKind::Param(it) => {
                self.ty(&it.ty);
                it.default.iter().for_each(|value| self.expr(value));
                if let Some(default) = &it.default {
                    // The type is what the default is held against.
                    let key = format!("{}@type", it.name.value);
                    self.sites.declared.push(Declared {
                        key: key.clone(),
                        name: place(it.name.span),
                        depends: vec![place(it.ty.span)],
                    });
                    self.used(key, default.span);
                }
                it.body.iter().for_each(|body| self.body(body, header));
            }
            ItemKind::Let(it) => self.expr(&it.value),
            ItemKind::Function(it) => self.function(it),
            ItemKind::Type(it) => self.ty(&it.ty),
            ItemKind::Provider(it) => self.body(&it.body, header),
            ItemKind::Resource(it) => {
                it.repeat.iter().for_each(|clause| self.clause(clause));
                it.condition.iter().for_each(|condition| self.expr(condition));
                self.body(&it.body, header);
            }
            ItemKind::Module(it) => {
                it.repeat.iter().for_each(|clause| self.clause(clause));
                it.condition.iter().for_each(|condition| self.expr(condition));
                self.body(&it.body, header);
                for entry in &it.body.entries {
                    if let BodyEntry::Attribute(one) = entry {
                        let source = Some(it.source.value.clone());
                        self.gives(&one.name, one.value.span, source);
                    }
                }
            }
            ItemKind::Output(it) => {
                it.ty.iter().for_each(|ty| self.ty(ty));
                self.expr(&it.value);
            }
            ItemKind::Check(it) => self.body(&it.body, header),
            ItemKind::Policy(it) => {
                self.local(&it.variable, vec![place(it.kind.span)]);
                self.body(&it.body, header);
            }
            ItemKind::Moved(it) => {
                self.expr(&it.from);
                self.expr(&it.to);
            }
            ItemKind::Forget(it) => self.expr(&it.target),
            ItemKind::Import(it) => {
                it.repeat.iter().for_each(|clause| self.clause(clause));
                self.expr(&it.target);
                self.expr(&it.id);
            }
            ItemKind::Test(it) => {
                self.given(&it.body);
                self.body(&it.body, header);
            }
        }
    }

    fn function(&mut self, it: &Function) {
        for parameter in &it.parameters {
            self.ty(&parameter.ty);
            parameter.default.iter().for_each(|value| self.expr(value));
            self.parameters.push((it.name.value.to_string(), self.sites.declared.len()));
            self.local(&parameter.name, vec![place(parameter.name.span.to(parameter.ty.span))]);
        }
        self.ty(&it.result);
        self.expr(&it.value);
    }

    /// Parameters named in `params = { … }`.
    fn given(&mut self, body: &Body) {
        for entry in &body.entries {
            let BodyEntry::Attribute(one) = entry else { continue };
            if one.name.value.as_str() == "env"
                && let ExprKind::Text(Text { pieces, .. }) = &one.value.kind
                && let [Piece::Literal(name)] = pieces.as_slice()
            {
                self.used(format!("environment.{name}"), one.value.span);
            }
            let ExprKind::Object(members) = &one.value.kind else { continue };
            for member in members.iter().filter(|_| one.name.value.as_str() == "params") {
                if let cnx::syntax::ast::Entry::Pair { key: ObjectKey::Name(name), value } = member {
                    self.gives(name, value.span, None);
                }
            }
        }
    }

    fn gives(&mut self, name: &Spanned<Ident>, value: Span, source: Option<String>) {
        let (key, whole) = (name.value.to_string(), place(name.span.to(value)));
        self.sites.given.push(Given { key, name: place(name.span), whole, source });
    }

    fn local(&mut self, name: &Spanned<Ident>, depends: Vec<Place>) {
        let key = format!("{}@{}", name.value, name.span.start);
        let depends = depends.into_iter().chain([place(name.span)]).collect();
        self.sites.declared.push(Declared { key: key.clone(), name: place(name.span), depends });
        self.locals.push((name.value.clone(), key));
    }

    fn clause(&mut self, clause: &ForClause) {
        self.expr(&clause.over);
        for name in &clause.names {
            self.local(name, vec![place(clause.span)]);
        }
        clause.by.iter().for_each(|by| self.expr(by));
    }

    fn body(&mut self, body: &Body, owner: &Place) {
        for entry in &body.entries {
            match entry {
                BodyEntry::Attribute(one) => {
                    self.entry(one.name.span, one.value.span, owner.clone());
                    self.expr(&one.value);
                }
                BodyEntry::Block(block) => self.body(&block.body, &place(block.name.span)),
            }
        }
    }

    fn entry(&mut self, name: Span, value: Span, owner: Place) {
        let whole = place(name.to(value));
        self.sites.entries.push(Entry { name: place(name), value: place(value), whole, owner });
    }

    fn used(&mut self, key: String, span: Span) {
        self.sites.uses.push(Use { key, place: place(span), reach: place(span) });
    }

    fn literal(&mut self, kind: Kind, span: Span) {
        self.sites.literals.push(Literal { kind, place: place(span) });
    }

    fn expr(&mut self, expr: &Expr) {
        let span = expr.span;
        if let Some(around) = self.around.last() {
            self.sites.parts.push((place(span), around.clone()));
        }
        self.around.push(place(span));
        self.inside_of(expr, span);
        self.around.pop();
        // `server.web[1].ipv4` is one use of `server.web`.
        let chained = matches!(expr.kind, ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Splat { .. });
        let begun = self.sites.uses.iter_mut().rev().take(8).find(|one| one.reach.start == span.start as usize);
        if let (true, Some(begun)) = (chained, begun) {
            begun.reach = place(span);
        }
    }

    fn inside_of(&mut self, expr: &Expr, span: Span) {
        match &expr.kind {
            ExprKind::Null => {}
            ExprKind::Bool(_) => self.literal(Kind::Bool, span),
            ExprKind::Number(_) => self.literal(Kind::Number, span),
            ExprKind::Duration(_) => self.literal(Kind::Duration, span),
            ExprKind::Text(text) => self.text(text, span),
            ExprKind::Name(name) => {
                let local = self.locals.iter().rev().find(|(local, _)| local == name);
                let key = local.map_or_else(|| name.to_string(), |(_, key)| key.clone());
                self.used(key, span);
            }
            ExprKind::List(elements) => {
                for element in elements {
                    let (Element::Value(value) | Element::Spread(value)) = element;
                    self.expr(value);
                }
            }
            ExprKind::Object(entries) => entries.iter().for_each(|one| self.pair(one, span)),
            ExprKind::Member { target, name, .. } => self.member(expr, target, name),
            ExprKind::Index { target, index, .. } => {
                self.expr(target);
                self.expr(index);
            }
            ExprKind::Splat { target } => self.expr(target),
            ExprKind::Call { name, arguments } => self.call(name, arguments, span),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|side| self.expr(side)),
            ExprKind::Conditional { condition, yes, no } => {
                [condition, yes, no].into_iter().for_each(|part| self.expr(part));
            }
            ExprKind::ListFor { clause, condition, value } => {
                self.scoped(clause, condition.iter().chain([value]));
            }
            ExprKind::ObjectFor { clause, condition, key, value } => {
                self.scoped(clause, condition.iter().chain([key, value]));
            }
            ExprKind::Group(inner) => self.expr(inner),
        }
    }

    fn call(&mut self, name: &Spanned<Ident>, arguments: &[Argument], whole: Span) {
        self.used(name.value.to_string(), name.span);
        if let Some(begun) = self.sites.uses.last_mut() {
            begun.reach = place(whole);
        }
        let places = arguments.iter().map(|one| {
            let start = one.name.as_ref().map_or(one.value.span, |name| name.span);
            place(start.to(one.value.span))
        });
        let (name, whole) = (place(name.span), place(whole));
        self.sites.calls.push(Call { name, whole, arguments: places.collect() });
        arguments.iter().for_each(|one| self.expr(&one.value));
    }

    fn scoped<'e>(&mut self, clause: &ForClause, inside: impl Iterator<Item = &'e Box<Expr>>) {
        let before = self.locals.len();
        self.clause(clause);
        inside.for_each(|part| self.expr(part));
        self.locals.truncate(before);
    }

    fn text(&mut self, text: &Text, span: Span) {
        if text.pieces.iter().all(|piece| matches!(piece, Piece::Literal(_))) && !text.multiline {
            self.literal(Kind::Text, span);
        }
        for piece in &text.pieces {
            if let Piece::Interpolation(inner) = piece {
                self.expr(inner);
            }
        }
    }

    fn pair(&mut self, entry: &cnx::syntax::ast::Entry, object: Span) {
        match entry {
            cnx::syntax::ast::Entry::Spread(value) => self.expr(value),
            cnx::syntax::ast::Entry::Pair { key, value } => {
                match key {
                    ObjectKey::Name(name) => self.entry(name.span, value.span, place(object)),
                    ObjectKey::Text(text, span) => {
                        self.text(&Text { multiline: true, ..text.clone() }, *span);
                        self.entry(*span, value.span, place(object));
                    }
                    ObjectKey::Computed(key) => self.expr(key),
                }
                self.expr(value);
            }
        }
    }

    /// `server.web.id`: what is named is `server.web`.
    fn member(&mut self, whole: &Expr, target: &Expr, name: &Spanned<Ident>) {
        let root = dotted(target).map(|path| format!("{path}.{}", name.value));
        if let Some(key) = root {
            let key = key.strip_prefix("outputs.").map_or(key.clone(), |output| format!("output.{output}"));
            let hidden = self.locals.iter().any(|(local, _)| key.split('.').next() == Some(local.as_str()));
            if self.known.contains(&key) && !hidden {
                self.used(key, whole.span);
                return;
            }
        }
        self.sites.members.push(place(name.span));
        self.expr(target);
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Name(name) => {
                self.sites.types.push(place(ty.span));
                self.used(name.to_string(), ty.span);
            }
            TypeExprKind::Apply { constructor, argument } => {
                self.sites.types.push(place(constructor.span));
                self.ty(argument);
            }
            TypeExprKind::Object(members) => {
                for member in members {
                    self.ty(&member.ty);
                    member.default.iter().for_each(|value| self.expr(value));
                }
            }
            TypeExprKind::Union(parts) => parts.iter().for_each(|part| self.ty(part)),
            TypeExprKind::Optional(inner) | TypeExprKind::Group(inner) => self.ty(inner),
            TypeExprKind::Id { kind, .. } => self.sites.types.push(place(kind.span)),
            TypeExprKind::Literal(_) | TypeExprKind::Null => {}
        }
    }
}

/// `data.server` as text.
fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Member { target, name, optional: false } => Some(format!("{}.{}", dotted(target)?, name.value)),
        _ => None,
    }
}

type Item_ = cnx::syntax::ast::Item;
