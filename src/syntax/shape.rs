//! What a tree says without its places: two texts with one shape mean the same.

use super::ast::*;
use std::fmt::Write;

/// The tree as one line of text: every name, literal and bracket in order, no place, no layout, no comment but documentation.
/// Equal exactly when the trees are equal but for places.
pub fn shape(ast: &Ast) -> String {
    let mut shape = Shape::default();
    for item in &ast.items {
        shape.item(item);
        shape.0.push('\n');
    }
    shape.0
}

/// The shape of one expression.
pub fn expr_shape(expr: &Expr) -> String {
    let mut shape = Shape::default();
    shape.expr(expr);
    shape.0
}

#[derive(Default)]
struct Shape(String);

impl Shape {
    /// `(word part part)`: parts written by `inside`.
    fn node(&mut self, word: &str, inside: impl FnOnce(&mut Shape)) {
        self.0.push('(');
        self.0.push_str(word);
        inside(self);
        self.0.push(')');
    }

    fn text(&mut self, value: &str) {
        let _infallible = write!(self.0, " {value:?}");
    }

    fn flag(&mut self, name: &str, set: bool) {
        if set {
            self.0.push_str(name);
        }
    }

    fn item(&mut self, item: &Item) {
        if !item.doc.is_empty() {
            self.node("doc", |shape| shape.text(&item.doc));
        }
        match &item.kind {
            ItemKind::Project(Project { name, body }) => self.named("project", &name.value, body),
            ItemKind::Environment(Environment { name, body }) => self.named("environment", name.value.as_str(), body),
            ItemKind::Provider(Provider { name, body }) => self.named("provider", name.value.as_str(), body),
            ItemKind::Check(Check { name, body }) => self.named("check", &name.value, body),
            ItemKind::Test(Test { name, body }) => self.named("test", &name.value, body),
            ItemKind::Policy(policy) => {
                self.text(policy.variable.value.as_str());
                policy.provider.iter().for_each(|provider| self.text(provider.value.as_str()));
                self.text(policy.kind.value.as_str());
                self.named("policy", policy.name.value.as_str(), &policy.body);
            }
            ItemKind::Param(param) => self.node("param", |shape| {
                shape.flag(" secret", param.secret);
                shape.text(param.name.value.as_str());
                shape.ty(&param.ty);
                shape.maybe(param.default.as_ref());
                param.body.iter().for_each(|body| shape.body(body));
            }),
            ItemKind::Let(Let { name, value }) => self.node("let", |shape| {
                shape.text(name.value.as_str());
                shape.expr(value);
            }),
            ItemKind::Function(function) => self.function(function),
            ItemKind::Type(TypeAlias { name, ty }) => self.node("type", |shape| {
                shape.text(name.value.as_str());
                shape.ty(ty);
            }),
            ItemKind::Resource(resource) => self.resource(resource),
            ItemKind::Module(module) => {
                self.text(&module.source.value);
                self.header(module.repeat.as_ref(), module.condition.as_ref());
                self.named("module", module.name.value.as_str(), &module.body);
            }
            ItemKind::Output(output) => self.node("output", |shape| {
                shape.flag(" secret", output.secret);
                shape.text(output.name.value.as_str());
                output.ty.iter().for_each(|ty| shape.ty(ty));
                shape.expr(&output.value);
            }),
            ItemKind::Moved(Moved { from, to }) => self.node("moved", |shape| {
                shape.expr(from);
                shape.expr(to);
            }),
            ItemKind::Forget(Forget { target }) => self.node("forget", |shape| shape.expr(target)),
            ItemKind::Import(import) => self.node("import", |shape| {
                shape.expr(&import.target);
                shape.expr(&import.id);
                shape.header(import.repeat.as_ref(), None);
            }),
        }
    }

    fn named(&mut self, word: &str, name: &str, body: &Body) {
        self.node(word, |shape| {
            shape.text(name);
            shape.body(body);
        });
    }

    fn function(&mut self, function: &Function) {
        self.node("fn", |shape| {
            shape.text(function.name.value.as_str());
            for parameter in &function.parameters {
                shape.text(parameter.name.value.as_str());
                shape.ty(&parameter.ty);
                shape.maybe(parameter.default.as_ref());
            }
            shape.ty(&function.result);
            shape.expr(&function.value);
        });
    }

    fn resource(&mut self, resource: &Resource) {
        let word = match resource.form {
            ResourceForm::Managed => "resource",
            ResourceForm::Data => "data",
            ResourceForm::Action => "action",
        };
        self.node(word, |shape| {
            resource.provider.iter().for_each(|provider| shape.text(provider.value.as_str()));
            shape.text(resource.kind.value.as_str());
            shape.text(resource.name.value.as_str());
            shape.header(resource.repeat.as_ref(), resource.condition.as_ref());
            shape.body(&resource.body);
        });
    }

    fn header(&mut self, repeat: Option<&ForClause>, condition: Option<&Expr>) {
        repeat.into_iter().for_each(|clause| self.clause(clause));
        condition.into_iter().for_each(|condition| self.node("if", |shape| shape.expr(condition)));
    }

    fn clause(&mut self, clause: &ForClause) {
        self.node("for", |shape| {
            clause.names.iter().for_each(|name| shape.text(name.value.as_str()));
            shape.expr(&clause.over);
            clause.by.iter().for_each(|by| shape.expr(by));
        });
    }

    fn body(&mut self, body: &Body) {
        self.node("{", |shape| {
            for entry in &body.entries {
                match entry {
                    BodyEntry::Attribute(attribute) => {
                        shape.text(attribute.name.value.as_str());
                        shape.expr(&attribute.value);
                    }
                    BodyEntry::Block(block) => shape.named("block", block.name.value.as_str(), &block.body),
                }
            }
        });
    }

    fn maybe(&mut self, expr: Option<&Expr>) {
        expr.into_iter().for_each(|expr| self.node("default", |shape| shape.expr(expr)));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Null => self.0.push_str(" null"),
            ExprKind::Bool(value) => self.flag(if *value { " true" } else { " false" }, true),
            ExprKind::Number(number) => self.0.push_str(&format!(" {number}")),
            ExprKind::Duration(milliseconds) => self.0.push_str(&format!(" {milliseconds}ms")),
            ExprKind::Text(text) => self.string(text),
            ExprKind::Name(name) => self.node("name", |shape| shape.text(name.as_str())),
            ExprKind::List(elements) => {
                self.node("[", |shape| elements.iter().for_each(|element| shape.element(element)))
            }
            ExprKind::Object(entries) => {
                self.node("object", |shape| entries.iter().for_each(|entry| shape.entry(entry)))
            }
            ExprKind::Call { name, arguments } => self.node("call", |shape| {
                shape.text(name.value.as_str());
                for argument in arguments {
                    argument.name.iter().for_each(|name| shape.node("=", |shape| shape.text(name.value.as_str())));
                    shape.expr(&argument.value);
                }
            }),
            ExprKind::Group(inner) => self.node("group", |shape| shape.expr(inner)),
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Splat { .. } => self.access(expr),
            ExprKind::Unary { operator, operand } => self.node(&format!("{operator:?}"), |shape| shape.expr(operand)),
            ExprKind::Binary { operator, left, right } => self.node(operator.value.symbol(), |shape| {
                shape.expr(left);
                shape.expr(right);
            }),
            ExprKind::Conditional { condition, yes, no } => {
                self.node("?", |shape| [condition, yes, no].into_iter().for_each(|part| shape.expr(part)));
            }
            ExprKind::ListFor { clause, condition, value } => self.node("list", |shape| {
                shape.header(Some(clause), condition.as_deref());
                shape.expr(value);
            }),
            ExprKind::ObjectFor { clause, condition, key, value } => self.node("map", |shape| {
                shape.header(Some(clause), condition.as_deref());
                shape.expr(key);
                shape.expr(value);
            }),
        }
    }

    fn access(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Member { target, name, optional } => self.node(if *optional { "?." } else { "." }, |shape| {
                shape.expr(target);
                shape.text(name.value.as_str());
            }),
            ExprKind::Index { target, index, optional } => {
                self.node(if *optional { "?index" } else { "index" }, |shape| {
                    shape.expr(target);
                    shape.expr(index);
                })
            }
            ExprKind::Splat { target } => self.node("splat", |shape| shape.expr(target)),
            _ => {}
        }
    }

    fn string(&mut self, text: &Text) {
        self.node(if text.multiline { "lines" } else { "text" }, |shape| {
            for piece in &text.pieces {
                match piece {
                    Piece::Literal(value) => shape.text(value),
                    Piece::Interpolation(expr) => shape.expr(expr),
                }
            }
        });
    }

    fn element(&mut self, element: &Element) {
        match element {
            Element::Value(expr) => self.expr(expr),
            Element::Spread(expr) => self.node("...", |shape| shape.expr(expr)),
        }
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Spread(expr) => self.node("...", |shape| shape.expr(expr)),
            Entry::Pair { key, value } => {
                match key {
                    ObjectKey::Name(name) => self.text(name.value.as_str()),
                    ObjectKey::Text(text, _) => self.string(text),
                    ObjectKey::Computed(expr) => self.node("key", |shape| shape.expr(expr)),
                }
                self.expr(value);
            }
        }
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Name(name) => self.node("type", |shape| shape.text(name.as_str())),
            TypeExprKind::Null => self.0.push_str(" null"),
            TypeExprKind::Literal(value) => self.text(value),
            TypeExprKind::Apply { constructor, argument } => {
                self.node(constructor.value.as_str(), |shape| shape.ty(argument))
            }
            TypeExprKind::Optional(inner) => self.node("?", |shape| shape.ty(inner)),
            TypeExprKind::Group(inner) => self.node("group", |shape| shape.ty(inner)),
            TypeExprKind::Union(alternatives) => {
                self.node("|", |shape| alternatives.iter().for_each(|ty| shape.ty(ty)))
            }
            TypeExprKind::Id { kind, member } => self.node("id", |shape| {
                shape.text(kind.value.as_str());
                shape.text(member.value.as_str());
            }),
            TypeExprKind::Object(members) => self.node("{", |shape| {
                for member in members {
                    shape.text(member.name.value.as_str());
                    shape.ty(&member.ty);
                    shape.maybe(member.default.as_ref());
                }
            }),
        }
    }
}
