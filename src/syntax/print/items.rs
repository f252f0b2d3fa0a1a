//! Declarations: the header on one line, then the body.

use super::apart::{Part, Whole};
use super::cells::Cell;
use super::printer::Printer;
use super::sequence::{BRACES, body_cells};
use crate::model::{Ident, Span, Spanned};
use crate::syntax::ast::*;

impl Printer<'_> {
    pub fn item(&mut self, item: &Item) {
        let parts = self.parts(item);
        if self.strays(item.span, parts.iter().map(Part::span)) {
            return self.apart(item.span, Whole::Typed, &parts);
        }
        let mark = self.out.len();
        if self.header(item) {
            let header = self.out[mark..].chars().count();
            self.item_body(item, header);
        }
    }

    /// A declaration that is all on one line, its `{` in the column after a header of `width`; false where it is not on one line.
    pub fn item_on_one_line(&mut self, item: &Item, width: usize) -> bool {
        let Some(body) = body_of(item) else { return false };
        if self.has_comments(item.span) {
            return false;
        }
        let mark = self.out.len();
        if !self.header(item) || self.out[mark..].contains('\n') {
            return false;
        }
        let header = self.out[mark..].chars().count();
        for _ in header..width.max(header) + 1 {
            self.out.push(' ');
        }
        self.sequence_flat(body.span, BRACES, &body_cells(body)) && (width > 0 || self.fits())
    }

    /// The width of the header, without the blank before `{`.
    pub fn header_width(&mut self, item: &Item) -> usize {
        self.measure(|printer| {
            let mark = printer.out.len();
            printer.header(item);
            printer.out[mark..].chars().count()
        })
    }

    fn item_body(&mut self, item: &Item, header: usize) {
        if let Some(body) = body_of(item) {
            if header > 0 {
                self.push(" ");
            }
            self.block_body(body);
        }
    }

    /// A body on one line where it was written so and fits; true, as it can always be printed.
    pub fn block_body(&mut self, body: &Body) -> bool {
        let cells = body_cells(body);
        let flat = !self.has_comments(body.span)
            && self.attempt(|printer| printer.sequence_flat(body.span, BRACES, &cells) && printer.fits());
        if !flat {
            self.sequence(body.span, BRACES, &cells);
        }
        true
    }

    /// All up to the body; true where a body follows.
    fn header(&mut self, item: &Item) -> bool {
        match &item.kind {
            ItemKind::Project(project) => self.words(&["project", self.source(project.name.span)]),
            ItemKind::Environment(environment) => self.words(&["environment", self.source(environment.name.span)]),
            ItemKind::Provider(provider) => self.words(&["provider", provider.name.value.as_str()]),
            ItemKind::Check(check) => self.words(&["check", self.source(check.name.span)]),
            ItemKind::Test(test) => self.words(&["test", self.source(test.name.span)]),
            ItemKind::Policy(policy) => {
                self.words(&["policy", policy.name.value.as_str(), "for", policy.variable.value.as_str(), "in", ""]);
                self.qualified(policy.provider.as_ref());
                self.push(policy.kind.value.as_str());
            }
            ItemKind::Module(module) => {
                self.words(&["module", module.name.value.as_str(), "from", self.source(module.source.span)]);
                self.clauses(module.repeat.as_ref(), module.condition.as_ref());
            }
            ItemKind::Resource(resource) => {
                match resource.form {
                    ResourceForm::Managed => {}
                    ResourceForm::Data => self.push("data "),
                    ResourceForm::Action => self.push("action "),
                }
                self.qualified(resource.provider.as_ref());
                self.words(&[resource.kind.value.as_str(), resource.name.value.as_str()]);
                self.clauses(resource.repeat.as_ref(), resource.condition.as_ref());
            }
            ItemKind::Param(param) => {
                self.words(if param.secret { &["secret", "param", ""] } else { &["param", ""] });
                self.typed(param.name.value.as_str(), Some(&param.ty));
                self.equals(param.default.as_ref());
                return param.body.is_some();
            }
            ItemKind::Let(_)
            | ItemKind::Function(_)
            | ItemKind::Type(_)
            | ItemKind::Output(_)
            | ItemKind::Moved(_)
            | ItemKind::Forget(_)
            | ItemKind::Import(_) => {
                self.statement(item);
                return false;
            }
        }
        true
    }

    /// A declaration without a body.
    fn statement(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Let(value) => {
                self.words(&["let", value.name.value.as_str()]);
                self.equals(Some(&value.value));
            }
            ItemKind::Function(function) => self.function(function),
            ItemKind::Type(alias) => {
                self.words(&["type", alias.name.value.as_str(), "="]);
                let flat = self.attempt(|printer| {
                    printer.push(" ");
                    printer.type_flat(&alias.ty) && printer.fits()
                });
                if !flat {
                    self.long_alias(&alias.ty);
                }
            }
            ItemKind::Output(output) => {
                self.words(if output.secret { &["secret", "output", ""] } else { &["output", ""] });
                self.typed(output.name.value.as_str(), output.ty.as_ref());
                self.equals(Some(&output.value));
            }
            ItemKind::Moved(moved) => {
                self.push("moved ");
                self.expr(&moved.from);
                self.push(" -> ");
                self.expr(&moved.to);
            }
            ItemKind::Forget(forget) => {
                self.push("forget ");
                self.expr(&forget.target);
            }
            ItemKind::Import(import) => {
                self.push("import ");
                self.expr(&import.target);
                self.equals(Some(&import.id));
                self.clauses(import.repeat.as_ref(), None);
            }
            ItemKind::Project(_)
            | ItemKind::Environment(_)
            | ItemKind::Param(_)
            | ItemKind::Provider(_)
            | ItemKind::Resource(_)
            | ItemKind::Module(_)
            | ItemKind::Check(_)
            | ItemKind::Policy(_)
            | ItemKind::Test(_) => {}
        }
    }

    /// The alternatives of a union on lines of their own, below the `=`.
    fn long_alias(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Union(_) => {
                self.indent += 1;
                self.line();
                self.indent -= 1;
            }
            _ => self.push(" "),
        }
        self.type_expr(ty);
    }

    fn words(&mut self, words: &[&str]) {
        self.push(&words.join(" "));
    }

    /// The provider before a kind, where it is written.
    fn qualified(&mut self, provider: Option<&Spanned<Ident>>) {
        if let Some(provider) = provider {
            self.words(&[provider.value.as_str()]);
            self.push(".");
        }
    }

    fn typed(&mut self, name: &str, ty: Option<&TypeExpr>) {
        self.push(name);
        if let Some(ty) = ty {
            self.push(": ");
            self.type_expr(ty);
        }
    }

    fn equals(&mut self, value: Option<&Expr>) {
        if let Some(value) = value {
            self.push(" = ");
            self.value(value);
        }
    }

    fn clauses(&mut self, repeat: Option<&ForClause>, condition: Option<&Expr>) {
        if let Some(clause) = repeat {
            self.push(" ");
            self.for_names(clause);
            self.expr(&clause.over);
            if let Some(by) = &clause.by {
                self.push(" by ");
                self.expr(by);
            }
        }
        if let Some(condition) = condition {
            self.push(" if ");
            self.expr(condition);
        }
    }

    fn function(&mut self, function: &Function) {
        self.words(&["fn", function.name.value.as_str()]);
        let cells: Vec<Cell<'_>> = function.parameters.iter().map(Cell::Parameter).collect();
        self.parameters(self.parameter_span(function), &cells);
        self.push(": ");
        self.type_expr(&function.result);
        self.equals(Some(&function.value));
    }

    /// From `(` to `)`.
    fn parameter_span(&self, function: &Function) -> Span {
        let last =
            function.parameters.last().map(|last| last.default.as_ref().map_or(last.ty.span, |value| value.span));
        let name = function.name.span;
        let start =
            self.between(name.end, function.result.span.start).find('(').map_or(name.end, |at| name.end + at as u32);
        let after = last.map_or(start, |span| span.end);
        let end = self.closed_after(after);
        Span { start, end, ..name }
    }

    /// The parts of a declaration that place their comments themselves, in order of place.
    fn parts<'a>(&self, item: &'a Item) -> Vec<Part<'a>> {
        let mut parts = match &item.kind {
            ItemKind::Param(param) => {
                std::iter::once(Part::Type(&param.ty)).chain(exprs(param.default.as_ref())).collect()
            }
            ItemKind::Let(value) => vec![Part::Expr(&value.value)],
            ItemKind::Function(function) => {
                let cells = function.parameters.iter().map(Cell::Parameter).collect();
                let parameters = Part::Parameters(cells, self.parameter_span(function));
                vec![parameters, Part::Type(&function.result), Part::Expr(&function.value)]
            }
            ItemKind::Type(alias) => vec![Part::Type(&alias.ty)],
            ItemKind::Output(output) => output.ty.iter().map(Part::Type).chain([Part::Expr(&output.value)]).collect(),
            ItemKind::Moved(moved) => vec![Part::Expr(&moved.from), Part::Expr(&moved.to)],
            ItemKind::Forget(forget) => vec![Part::Expr(&forget.target)],
            ItemKind::Import(import) => {
                [Part::Expr(&import.target), Part::Expr(&import.id)].into_iter().chain(clause(&import.repeat)).collect()
            }
            ItemKind::Resource(resource) => {
                clause(&resource.repeat).chain(exprs(resource.condition.as_ref())).collect()
            }
            ItemKind::Module(module) => clause(&module.repeat).chain(exprs(module.condition.as_ref())).collect(),
            ItemKind::Project(_)
            | ItemKind::Environment(_)
            | ItemKind::Provider(_)
            | ItemKind::Check(_)
            | ItemKind::Policy(_)
            | ItemKind::Test(_) => Vec::new(),
        };
        parts.extend(body_of(item).map(Part::Body));
        parts
    }
}

fn exprs(expr: Option<&Expr>) -> impl Iterator<Item = Part<'_>> {
    expr.into_iter().map(Part::Expr)
}

fn clause(clause: &Option<ForClause>) -> impl Iterator<Item = Part<'_>> {
    clause.iter().flat_map(|one| [Some(&*one.over), one.by.as_deref()]).flatten().map(Part::Expr)
}

pub(super) fn body_of(item: &Item) -> Option<&Body> {
    match &item.kind {
        ItemKind::Project(project) => Some(&project.body),
        ItemKind::Environment(environment) => Some(&environment.body),
        ItemKind::Param(param) => param.body.as_ref(),
        ItemKind::Provider(provider) => Some(&provider.body),
        ItemKind::Resource(resource) => Some(&resource.body),
        ItemKind::Module(module) => Some(&module.body),
        ItemKind::Check(check) => Some(&check.body),
        ItemKind::Policy(policy) => Some(&policy.body),
        ItemKind::Test(test) => Some(&test.body),
        ItemKind::Let(_)
        | ItemKind::Function(_)
        | ItemKind::Type(_)
        | ItemKind::Output(_)
        | ItemKind::Moved(_)
        | ItemKind::Forget(_)
        | ItemKind::Import(_) => None,
    }
}
