//! The things that stand one after another between brackets: entries, elements, arguments, members, parameters.

use super::printer::Printer;
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

impl Cell<'_> {
    pub fn span(self) -> Span {
        match self {
            Cell::Attribute(attribute) => attribute.span,
            Cell::Block(block) => block.name.span.to(block.body.span),
            Cell::Value(expr) | Cell::Spread(expr) => expr.span,
            Cell::Pair(key, value) => key_span(key).to(value.span),
            Cell::Argument(argument) => argument.name.as_ref().map_or(argument.value.span, |name| name.span.to(argument.value.span)),
            Cell::Member(member) => typed_span(member.name.span, &member.ty, member.default.as_ref()),
            Cell::Parameter(parameter) => typed_span(parameter.name.span, &parameter.ty, parameter.default.as_ref()),
        }
    }

    /// The parts that have layouts of their own.
    fn parts(self) -> Vec<Span> {
        match self {
            Cell::Attribute(attribute) => vec![attribute.value.span],
            Cell::Block(block) => vec![block.body.span],
            Cell::Value(expr) | Cell::Spread(expr) => vec![expr.span],
            Cell::Pair(_, value) => vec![value.span],
            Cell::Argument(argument) => vec![argument.value.span],
            Cell::Member(member) => typed_parts(&member.ty, member.default.as_ref()),
            Cell::Parameter(parameter) => typed_parts(&parameter.ty, parameter.default.as_ref()),
        }
    }

    /// `name = value`, whose `=` can be aligned: its value.
    pub fn aligned_value(&self) -> Option<&Expr> {
        match self {
            Cell::Attribute(attribute) => Some(&attribute.value),
            Cell::Pair(_, value) => Some(value),
            Cell::Block(_) | Cell::Value(_) | Cell::Spread(_) | Cell::Argument(_) | Cell::Member(_) | Cell::Parameter(_) => None,
        }
    }
}

fn typed_span(name: Span, ty: &TypeExpr, default: Option<&Expr>) -> Span {
    name.to(default.map_or(ty.span, |value| value.span))
}

fn typed_parts(ty: &TypeExpr, default: Option<&Expr>) -> Vec<Span> {
    std::iter::once(ty.span).chain(default.map(|value| value.span)).collect()
}

pub(super) fn key_span(key: &ObjectKey) -> Span {
    match key {
        ObjectKey::Name(name) => name.span,
        ObjectKey::Text(_, span) => *span,
        ObjectKey::Computed(expr) => expr.span,
    }
}

impl Printer<'_> {
    /// On one line; false where that cannot be.
    pub fn cell_flat(&mut self, cell: Cell<'_>) -> bool {
        self.cell_with(cell, 0, &mut |printer, expr| printer.flat(expr), &mut |printer, ty| printer.type_flat(ty))
    }

    /// However many lines it takes.
    pub fn cell(&mut self, cell: Cell<'_>) {
        let span = cell.span();
        if self.strays(span, &cell.parts()) {
            let start = match cell {
                Cell::Pair(ObjectKey::Computed(key), _) => {
                    let before = &self.text[..key.span.start as usize];
                    before.rfind('(').map_or(span.start, |at| at as u32)
                }
                _ => span.start,
            };
            return self.verbatim(Span { start, ..span });
        }
        self.cell_with(
            cell,
            0,
            &mut |printer, expr| {
                printer.value(expr);
                true
            },
            &mut |printer, ty| {
                printer.type_expr(ty);
                true
            },
        );
    }

    /// On one line, its `=` in the column that `width` gives: the width of the longest name of the run.
    pub fn cell_aligned(&mut self, cell: Cell<'_>, width: usize) {
        self.cell_with(cell, width, &mut |printer, expr| printer.flat(expr), &mut |printer, ty| printer.type_flat(ty));
    }

    fn cell_with(
        &mut self,
        cell: Cell<'_>,
        width: usize,
        expr: &mut dyn FnMut(&mut Self, &Expr) -> bool,
        ty: &mut dyn FnMut(&mut Self, &TypeExpr) -> bool,
    ) -> bool {
        match cell {
            Cell::Attribute(attribute) => {
                self.push(self.source(attribute.name.span));
                self.assign(self.source(attribute.name.span).chars().count(), width);
                expr(self, &attribute.value)
            }
            Cell::Pair(key, value) => {
                let mark = self.out.len();
                if !self.key(key) {
                    return false;
                }
                self.assign(self.out[mark..].chars().count(), width);
                expr(self, value)
            }
            Cell::Block(block) => {
                self.push(block.name.value.as_str());
                self.push(" ");
                self.block_body(&block.body)
            }
            Cell::Value(value) => expr(self, value),
            Cell::Spread(value) => {
                self.push("...");
                expr(self, value)
            }
            Cell::Argument(argument) => {
                if let Some(name) = &argument.name {
                    self.push(name.value.as_str());
                    self.push(" = ");
                }
                expr(self, &argument.value)
            }
            Cell::Member(TypeMember { name, ty: of, default }) | Cell::Parameter(Parameter { name, ty: of, default }) => {
                self.push(self.source(name.span));
                self.push(": ");
                if !ty(self, of) {
                    return false;
                }
                default.as_ref().is_none_or(|value| {
                    self.push(" = ");
                    expr(self, value)
                })
            }
        }
    }

    fn assign(&mut self, name: usize, width: usize) {
        for _ in name..width {
            self.out.push(' ');
        }
        self.push(" = ");
    }

    /// A key, always on one line.
    pub fn key(&mut self, key: &ObjectKey) -> bool {
        match key {
            ObjectKey::Name(name) => self.push(name.value.as_str()),
            ObjectKey::Text(text, span) => self.quoted(text, *span),
            ObjectKey::Computed(expr) => {
                self.push("(");
                if !self.flat(expr) {
                    self.verbatim(expr.span);
                }
                self.push(")");
            }
        }
        true
    }
}
