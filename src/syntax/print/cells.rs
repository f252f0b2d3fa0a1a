//! The things that stand one after another between brackets: entries, elements, arguments, members, parameters.

use super::apart::{Part, Whole};
use super::printer::Printer;
use super::sequence::{BRACES, body_cells};
use crate::model::Span;
use crate::syntax::ast::*;

#[derive(Clone, Copy)]
pub(super) enum Cell<'a> {
    Attribute(&'a Attribute),
    Block(&'a Block),
    Value(&'a Expr),
    Spread(&'a Expr),
    Pair(&'a ObjectKey, &'a Expr),
    Argument(&'a Argument),
    Member(&'a TypeMember),
    Parameter(&'a Parameter),
}

impl<'a> Cell<'a> {
    pub fn span(self) -> Span {
        match self {
            Cell::Attribute(attribute) => attribute.span,
            Cell::Block(block) => block.name.span.to(block.body.span),
            Cell::Value(expr) | Cell::Spread(expr) => expr.span,
            Cell::Pair(key, value) => key_span(key).to(value.span),
            Cell::Argument(argument) => {
                argument.name.as_ref().map_or(argument.value.span, |name| name.span.to(argument.value.span))
            }
            Cell::Member(member) => typed_span(member.name.span, &member.ty, member.default.as_ref()),
            Cell::Parameter(parameter) => typed_span(parameter.name.span, &parameter.ty, parameter.default.as_ref()),
        }
    }

    /// The parts that have layouts of their own.
    fn parts(self) -> Vec<Part<'a>> {
        match self {
            Cell::Attribute(attribute) => vec![Part::Expr(&attribute.value)],
            Cell::Block(block) => vec![Part::Body(&block.body)],
            Cell::Value(expr) | Cell::Spread(expr) => vec![Part::Expr(expr)],
            Cell::Pair(ObjectKey::Name(_), value) => vec![Part::Expr(value)],
            Cell::Pair(ObjectKey::Text(key, span), value) => vec![Part::Text(key, *span), Part::Expr(value)],
            Cell::Pair(ObjectKey::Computed(key), value) => vec![Part::Expr(key), Part::Expr(value)],
            Cell::Argument(argument) => vec![Part::Expr(&argument.value)],
            Cell::Member(member) => typed_parts(&member.ty, member.default.as_ref()),
            Cell::Parameter(parameter) => typed_parts(&parameter.ty, parameter.default.as_ref()),
        }
    }

    /// `name = value`, whose `=` can be aligned: its value.
    pub fn aligned_value(&self) -> Option<&Expr> {
        match self {
            Cell::Attribute(attribute) => Some(&attribute.value),
            Cell::Pair(_, value) => Some(value),
            Cell::Block(_)
            | Cell::Value(_)
            | Cell::Spread(_)
            | Cell::Argument(_)
            | Cell::Member(_)
            | Cell::Parameter(_) => None,
        }
    }
}

fn typed_span(name: Span, ty: &TypeExpr, default: Option<&Expr>) -> Span {
    name.to(default.map_or(ty.span, |value| value.span))
}

fn typed_parts<'a>(ty: &'a TypeExpr, default: Option<&'a Expr>) -> Vec<Part<'a>> {
    std::iter::once(Part::Type(ty)).chain(default.map(Part::Expr)).collect()
}

pub(super) fn key_span(key: &ObjectKey) -> Span {
    match key {
        ObjectKey::Name(name) => name.span,
        ObjectKey::Text(_, span) => *span,
        ObjectKey::Computed(expr) => expr.span,
    }
}

/// How a cell is printed.
#[derive(Clone, Copy)]
enum Layout {
    /// On one line, its `=` behind a name of at least this width.
    OneLine(usize),
    Lines,
}

impl Printer<'_> {
    /// On one line; false where that cannot be.
    pub fn cell_flat(&mut self, cell: Cell<'_>) -> bool {
        self.cell_as(cell, Layout::OneLine(0))
    }

    /// However many lines it takes.
    pub fn cell(&mut self, cell: Cell<'_>) {
        let span = cell.span();
        let parts = cell.parts();
        if self.strays(span, parts.iter().map(Part::span)) {
            let start = match cell {
                Cell::Pair(ObjectKey::Computed(key), _) => self.opened_before(key.span.start),
                _ => span.start,
            };
            return self.apart(Span { start, ..span }, Whole::Typed, &parts);
        }
        self.cell_as(cell, Layout::Lines);
    }

    /// On one line, its `=` in the column that `width` gives: the width of the longest name of the run.
    pub fn cell_aligned(&mut self, cell: Cell<'_>, width: usize) {
        self.cell_as(cell, Layout::OneLine(width));
    }

    fn cell_as(&mut self, cell: Cell<'_>, layout: Layout) -> bool {
        match cell {
            Cell::Attribute(attribute) => {
                let name = self.source(attribute.name.span);
                self.push(name);
                self.assign(name.chars().count(), layout);
                self.value_as(&attribute.value, layout)
            }
            Cell::Pair(key, value) => {
                let mark = self.out.len();
                self.key(key);
                if matches!(layout, Layout::OneLine(_)) && self.out[mark..].contains('\n') {
                    return false;
                }
                self.assign(self.out[mark..].chars().count(), layout);
                self.value_as(value, layout)
            }
            Cell::Block(block) => {
                self.push(block.name.value.as_str());
                self.push(" ");
                match layout {
                    Layout::OneLine(_) => self.sequence_flat(block.body.span, BRACES, &body_cells(&block.body)),
                    Layout::Lines => self.block_body(&block.body),
                }
            }
            Cell::Value(value) => self.expr_as(value, layout),
            Cell::Spread(value) => {
                self.push("...");
                self.expr_as(value, layout)
            }
            Cell::Argument(argument) => {
                if let Some(name) = &argument.name {
                    self.push(name.value.as_str());
                    self.push(" = ");
                }
                self.expr_as(&argument.value, layout)
            }
            Cell::Member(TypeMember { name, ty, default }) | Cell::Parameter(Parameter { name, ty, default }) => {
                self.push(self.source(name.span));
                self.push(": ");
                let typed = match layout {
                    Layout::OneLine(_) => self.type_flat(ty),
                    Layout::Lines => {
                        self.type_expr(ty);
                        true
                    }
                };
                typed
                    && default.as_ref().is_none_or(|value| {
                        self.push(" = ");
                        self.value_as(value, layout)
                    })
            }
        }
    }

    fn expr_as(&mut self, expr: &Expr, layout: Layout) -> bool {
        match layout {
            Layout::OneLine(_) => self.flat(expr),
            Layout::Lines => {
                self.expr(expr);
                true
            }
        }
    }

    /// Behind a `=`.
    fn value_as(&mut self, expr: &Expr, layout: Layout) -> bool {
        match layout {
            Layout::OneLine(_) => self.flat(expr),
            Layout::Lines => {
                self.value(expr);
                true
            }
        }
    }

    fn assign(&mut self, name: usize, layout: Layout) {
        let width = match layout {
            Layout::OneLine(width) => width,
            Layout::Lines => 0,
        };
        for _ in name..width {
            self.out.push(' ');
        }
        self.push(" = ");
    }

    /// A key, as it was written where it does not fit on one line.
    pub fn key(&mut self, key: &ObjectKey) {
        match key {
            ObjectKey::Name(name) => self.push(name.value.as_str()),
            ObjectKey::Text(text, span) => self.quoted(text, *span),
            ObjectKey::Computed(expr) => {
                self.push("(");
                if !self.attempt(|printer| printer.flat(expr)) {
                    self.verbatim(expr.span);
                }
                self.push(")");
            }
        }
    }
}
