//! Types.

use super::apart::{Part, Whole};
use super::cells::Cell;
use super::printer::Printer;
use super::sequence::BRACES;
use crate::syntax::ast::{TypeExpr, TypeExprKind, TypeMember};

impl Printer<'_> {
    /// On one line where that fits and was written so.
    pub fn type_expr(&mut self, ty: &TypeExpr) {
        if self.attempt(|printer| printer.type_flat(ty) && printer.fits()) {
            return;
        }
        match &ty.kind {
            TypeExprKind::Object(members) => self.sequence(ty.span, BRACES, &member_cells(members)),
            _ if self.strays(ty.span, parts(ty).iter().map(Part::span)) => {
                self.apart(ty.span, Whole::Typed, &parts(ty));
            }
            TypeExprKind::Union(alternatives) => {
                self.indent += 1;
                for (at, alternative) in alternatives.iter().enumerate() {
                    if at > 0 {
                        self.line();
                        self.push("| ");
                    }
                    self.type_expr(alternative);
                }
                self.indent -= 1;
            }
            TypeExprKind::Apply { constructor, argument } => {
                self.push(constructor.value.as_str());
                self.push("(");
                self.type_expr(argument);
                self.push(")");
            }
            TypeExprKind::Optional(inner) => {
                self.type_expr(inner);
                self.push("?");
            }
            TypeExprKind::Group(inner) => {
                self.push("(");
                self.type_expr(inner);
                self.push(")");
            }
            TypeExprKind::Name(_) | TypeExprKind::Literal(_) | TypeExprKind::Id { .. } | TypeExprKind::Null => {
                self.push(self.source(ty.span));
            }
        }
    }

    /// On one line; false where a comment or a line break stands in the way.
    pub fn type_flat(&mut self, ty: &TypeExpr) -> bool {
        match &ty.kind {
            _ if self.has_comments(ty.span) => false,
            TypeExprKind::Object(members) => self.sequence_flat(ty.span, BRACES, &member_cells(members)),
            TypeExprKind::Union(alternatives) => {
                let broken = alternatives.windows(2).any(|pair| self.breaks(pair[0].span.end, pair[1].span.start));
                !broken
                    && alternatives.iter().enumerate().all(|(at, alternative)| {
                        self.push(if at > 0 { " | " } else { "" });
                        self.type_flat(alternative)
                    })
            }
            TypeExprKind::Apply { constructor, argument } => {
                self.push(constructor.value.as_str());
                self.push("(");
                let flat = self.type_flat(argument);
                self.push(")");
                flat
            }
            TypeExprKind::Optional(inner) => {
                let flat = self.type_flat(inner);
                self.push("?");
                flat
            }
            TypeExprKind::Group(inner) => {
                self.push("(");
                let flat = self.type_flat(inner);
                self.push(")");
                flat
            }
            TypeExprKind::Name(_) | TypeExprKind::Literal(_) | TypeExprKind::Id { .. } | TypeExprKind::Null => {
                self.push(self.source(ty.span));
                true
            }
        }
    }
}

fn member_cells(members: &[TypeMember]) -> Vec<Cell<'_>> {
    members.iter().map(Cell::Member).collect()
}

fn parts(ty: &TypeExpr) -> Vec<Part<'_>> {
    match &ty.kind {
        TypeExprKind::Union(alternatives) => alternatives.iter().map(Part::Type).collect(),
        TypeExprKind::Apply { argument: inner, .. } | TypeExprKind::Optional(inner) | TypeExprKind::Group(inner) => {
            vec![Part::Type(inner)]
        }
        TypeExprKind::Object(_)
        | TypeExprKind::Name(_)
        | TypeExprKind::Literal(_)
        | TypeExprKind::Id { .. }
        | TypeExprKind::Null => Vec::new(),
    }
}
