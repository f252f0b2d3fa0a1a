//! Expressions: on one line where they were written so and fit, else broken at their brackets and where the author broke them.

use super::apart::{Part, Whole};
use super::cells::Cell;
use super::printer::Printer;
use super::sequence::{BRACES, BRACKETS, PARENTHESES};
use crate::model::Span;
use crate::syntax::ast::*;

impl Expr {
    /// A literal, a name, a text: nothing to break.
    pub(super) fn is_word(&self) -> bool {
        matches!(
            self.kind,
            ExprKind::Null
                | ExprKind::Bool(_)
                | ExprKind::Number(_)
                | ExprKind::Duration(_)
                | ExprKind::Text(_)
                | ExprKind::Name(_)
        )
    }

    /// Broken inside its own brackets.
    pub(super) fn is_bracketed(&self) -> bool {
        match &self.kind {
            ExprKind::List(_)
            | ExprKind::Object(_)
            | ExprKind::Call { .. }
            | ExprKind::ListFor { .. }
            | ExprKind::ObjectFor { .. }
            | ExprKind::Group(_) => true,
            ExprKind::Member { target, .. } | ExprKind::Index { target, .. } | ExprKind::Splat { target } => {
                target.is_bracketed()
            }
            ExprKind::Unary { operand, .. } => operand.is_bracketed(),
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Duration(_)
            | ExprKind::Text(_)
            | ExprKind::Name(_)
            | ExprKind::Binary { .. }
            | ExprKind::Conditional { .. } => false,
        }
    }

    /// The expressions right inside this one.
    fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Duration(_)
            | ExprKind::Text(_)
            | ExprKind::Name(_) => Vec::new(),
            ExprKind::List(_) | ExprKind::Object(_) | ExprKind::Call { .. } => Vec::new(),
            ExprKind::Member { target, .. } | ExprKind::Splat { target } => vec![target],
            ExprKind::Index { target, index, .. } => vec![target, index],
            ExprKind::Unary { operand, .. } => vec![operand],
            ExprKind::Binary { left, right, .. } => vec![left, right],
            ExprKind::Conditional { condition, yes, no } => vec![condition, yes, no],
            ExprKind::ListFor { clause, condition, value } => {
                std::iter::once(&*clause.over).chain(condition.as_deref()).chain([&**value]).collect()
            }
            ExprKind::ObjectFor { clause, condition, key, value } => {
                std::iter::once(&*clause.over).chain(condition.as_deref()).chain([&**key, &**value]).collect()
            }
            ExprKind::Group(inner) => vec![inner],
        }
    }
}

impl Printer<'_> {
    /// Behind ` = `: goes to the next line where that makes it fit and it has no brackets to break.
    pub fn value(&mut self, expr: &Expr) {
        if self.attempt(|printer| printer.flat(expr) && printer.fits()) {
            return;
        }
        let can_move = !expr.is_bracketed() && !expr.is_word() && !self.has_comments(expr.span);
        if can_move && self.attempt(|printer| printer.next_line(expr)) {
            // The blank behind `=` is at the end of its line now.
            let line = self.out.rfind('\n').unwrap_or(self.out.len());
            if self.out[..line].ends_with(' ') {
                self.out.remove(line - 1);
            }
            return;
        }
        self.broken(expr);
    }

    /// On a line of its own; false where it does not fit there either.
    fn next_line(&mut self, expr: &Expr) -> bool {
        self.indent += 1;
        self.line();
        self.indent -= 1;
        self.flat(expr) && self.fits()
    }

    /// On one line where that fits.
    pub fn expr(&mut self, expr: &Expr) {
        if !self.attempt(|printer| printer.flat(expr) && printer.fits()) {
            self.broken(expr);
        }
    }

    /// On one line; false where a comment or a line break stands in the way.
    pub fn flat(&mut self, expr: &Expr) -> bool {
        if !expr.is_word() && self.has_comments(expr.span) {
            return false;
        }
        match &expr.kind {
            ExprKind::List(elements) => self.sequence_flat(expr.span, BRACKETS, &list_cells(elements)),
            ExprKind::Object(entries) => self.sequence_flat(expr.span, BRACES, &object_cells(entries)),
            ExprKind::Call { name, arguments } => {
                self.push(name.value.as_str());
                self.sequence_flat(argument_span(expr, name.span), PARENTHESES, &argument_cells(arguments))
            }
            ExprKind::Group(inner) => {
                self.push("(");
                let flat = !self.group_breaks(expr, inner) && self.flat(inner);
                self.push(")");
                flat
            }
            ExprKind::Binary { operator, left, right } => {
                if self.breaks(left.span.end, right.span.start) || !self.flat(left) {
                    return false;
                }
                self.infix(operator.value);
                self.flat(right)
            }
            ExprKind::Conditional { condition, yes, no } => {
                let breaks =
                    self.breaks(condition.span.end, yes.span.start) || self.breaks(yes.span.end, no.span.start);
                !breaks && self.flat(condition) && self.flat_after(" ? ", yes) && self.flat_after(" : ", no)
            }
            ExprKind::ListFor { clause, value, .. } => {
                if self.breaks(expr.span.start, clause.span.start) {
                    return false;
                }
                self.push("[");
                let flat = self.comprehension_head_flat(expr) && self.flat_after(" : ", value);
                self.push("]");
                flat
            }
            ExprKind::ObjectFor { clause, key, value, .. } => {
                if self.breaks(expr.span.start, clause.span.start) {
                    return false;
                }
                self.push("{ ");
                let flat =
                    self.comprehension_head_flat(expr) && self.flat_after(" : ", key) && self.flat_after(" => ", value);
                self.push(" }");
                flat
            }
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Splat { .. } | ExprKind::Unary { .. } => {
                self.chain(expr, &mut |printer, part| printer.flat(part))
            }
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Duration(_)
            | ExprKind::Text(_)
            | ExprKind::Name(_) => self.word(expr),
        }
    }

    fn flat_after(&mut self, symbol: &str, expr: &Expr) -> bool {
        self.push(symbol);
        self.flat(expr)
    }

    /// A word as written; false for a multi-line string.
    fn word(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Text(text) if text.multiline => return false,
            ExprKind::Text(text) => self.quoted(text, expr.span),
            _ => self.push(self.source(expr.span)),
        }
        true
    }

    /// Over several lines, or on one that is too long.
    pub fn broken(&mut self, expr: &Expr) {
        let keeps_comments =
            matches!(expr.kind, ExprKind::List(_) | ExprKind::Object(_) | ExprKind::Call { .. } | ExprKind::Text(_));
        if !keeps_comments && self.strays(expr.span, expr.parts().iter().map(|part| part.span)) {
            let whole = if matches!(expr.kind, ExprKind::Unary { .. }) { Whole::Prefixed } else { Whole::Expr };
            let parts: Vec<Part<'_>> = expr.parts().into_iter().map(Part::Expr).collect();
            return self.apart(expr.span, whole, &parts);
        }
        match &expr.kind {
            ExprKind::Text(text) if text.multiline => self.multiline(text, expr.span),
            ExprKind::List(elements) => self.sequence(expr.span, BRACKETS, &list_cells(elements)),
            ExprKind::Object(entries) => self.sequence(expr.span, BRACES, &object_cells(entries)),
            ExprKind::Call { name, arguments } => {
                self.push(name.value.as_str());
                self.sequence(argument_span(expr, name.span), PARENTHESES, &argument_cells(arguments));
            }
            ExprKind::Group(inner) => self.broken_group(expr, inner),
            ExprKind::Binary { operator, left, right } => self.broken_binary(operator.value, left, right),
            ExprKind::Conditional { .. } => self.broken_conditional(expr),
            ExprKind::ListFor { value, .. } => self.broken_comprehension(expr, "[", "]", &[value]),
            ExprKind::ObjectFor { key, value, .. } => self.broken_comprehension(expr, "{", "}", &[key, value]),
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Duration(_)
            | ExprKind::Text(_)
            | ExprKind::Name(_) => {
                self.word(expr);
            }
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Splat { .. } | ExprKind::Unary { .. } => {
                self.chain(expr, &mut |printer, part| {
                    printer.expr(part);
                    true
                });
            }
        }
    }

    /// Members, indices and prefixes, which have no line breaks of their own.
    fn chain(&mut self, expr: &Expr, part: &mut dyn FnMut(&mut Self, &Expr) -> bool) -> bool {
        match &expr.kind {
            ExprKind::Member { target, name, optional } => {
                let done = part(self, target);
                self.push(if *optional { "?." } else { "." });
                self.push(name.value.as_str());
                done
            }
            ExprKind::Index { target, index, optional } => {
                let done = part(self, target);
                self.push(if *optional { "?[" } else { "[" });
                let done = done && part(self, index);
                self.push("]");
                done
            }
            ExprKind::Splat { target } => {
                let done = part(self, target);
                self.push("[*]");
                done
            }
            ExprKind::Unary { operator, operand } => {
                self.push(match operator {
                    UnaryOperator::Not => "!",
                    UnaryOperator::Negate => "-",
                });
                part(self, operand)
            }
            _ => false,
        }
    }

    fn infix(&mut self, operator: BinaryOperator) {
        if matches!(operator, BinaryOperator::Range | BinaryOperator::RangeInclusive) {
            return self.push(operator.symbol());
        }
        self.push(" ");
        self.push(operator.symbol());
        self.push(" ");
    }

    fn broken_binary(&mut self, operator: BinaryOperator, left: &Expr, right: &Expr) {
        self.expr(left);
        if !self.breaks(left.span.end, right.span.start) {
            self.infix(operator);
            return self.expr(right);
        }
        let leads = matches!(operator, BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Coalesce);
        self.indent += 1;
        if leads {
            self.line();
            self.push(operator.symbol());
            self.push(" ");
        } else {
            self.push(" ");
            self.push(operator.symbol());
            self.line();
        }
        self.expr(right);
        self.indent -= 1;
    }

    fn broken_conditional(&mut self, expr: &Expr) {
        let ExprKind::Conditional { condition, yes, no } = &expr.kind else { return };
        let breaks = self.breaks(condition.span.end, yes.span.start) || self.breaks(yes.span.end, no.span.start);
        if !breaks {
            self.expr(condition);
            self.push(" ? ");
            self.expr(yes);
            self.push(" : ");
            return self.expr(no);
        }
        self.expr(condition);
        self.indent += 1;
        let (mut yes, mut no) = (yes, no);
        loop {
            self.line();
            self.push("? ");
            self.expr(yes);
            self.line();
            self.push(": ");
            match &no.kind {
                ExprKind::Conditional { condition, yes: next, no: last }
                    if !self.strays(no.span, [condition.span, next.span, last.span].into_iter()) =>
                {
                    self.expr(condition);
                    (yes, no) = (next, last);
                }
                _ => break,
            }
        }
        self.expr(no);
        self.indent -= 1;
    }

    fn group_breaks(&self, expr: &Expr, inner: &Expr) -> bool {
        self.breaks(expr.span.start, inner.span.start) || self.breaks(inner.span.end, expr.span.end)
    }

    fn broken_group(&mut self, expr: &Expr, inner: &Expr) {
        self.push("(");
        if self.group_breaks(expr, inner) {
            self.indent += 1;
            self.line();
            self.expr(inner);
            self.indent -= 1;
            self.line();
        } else {
            self.expr(inner);
        }
        self.push(")");
    }

    /// `for k, v in m if p`
    fn comprehension_head_flat(&mut self, expr: &Expr) -> bool {
        let (ExprKind::ListFor { clause, condition, .. } | ExprKind::ObjectFor { clause, condition, .. }) = &expr.kind
        else {
            return false;
        };
        self.for_names(clause);
        self.flat(&clause.over) && condition.as_deref().is_none_or(|condition| self.flat_after(" if ", condition))
    }

    /// `for k, v in `
    pub fn for_names(&mut self, clause: &ForClause) {
        self.push("for ");
        for (at, name) in clause.names.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" });
            self.push(name.value.as_str());
        }
        self.push(" in ");
    }

    fn broken_comprehension(&mut self, expr: &Expr, open: &str, close: &str, parts: &[&Expr]) {
        let (ExprKind::ListFor { clause, condition, .. } | ExprKind::ObjectFor { clause, condition, .. }) = &expr.kind
        else {
            return;
        };
        self.push(open);
        self.indent += 1;
        self.line();
        self.for_names(clause);
        self.expr(&clause.over);
        let mut end = clause.over.span.end;
        if let Some(condition) = condition {
            self.push(" if ");
            self.expr(condition);
            end = condition.span.end;
        }
        self.push(" :");
        let breaks = parts.first().is_some_and(|first| self.breaks(end, first.span.start));
        let on_this_line = !breaks
            && self.attempt(|printer| {
                printer.push(" ");
                printer.flat_parts(parts) && printer.fits()
            });
        if !on_this_line {
            self.indent += 1;
            self.line();
            for (at, part) in parts.iter().enumerate() {
                self.push(if at > 0 { " => " } else { "" });
                self.expr(part);
            }
            self.indent -= 1;
        }
        self.indent -= 1;
        self.line();
        self.push(close);
    }

    fn flat_parts(&mut self, parts: &[&Expr]) -> bool {
        parts.iter().enumerate().all(|(at, part)| self.flat_after(if at > 0 { " => " } else { "" }, part))
    }
}

/// From the `(` of a call to its `)`.
fn argument_span(expr: &Expr, name: Span) -> Span {
    Span { start: name.end, ..expr.span }
}

fn list_cells(elements: &[Element]) -> Vec<Cell<'_>> {
    let cells = elements.iter().map(|element| match element {
        Element::Value(expr) => Cell::Value(expr),
        Element::Spread(expr) => Cell::Spread(expr),
    });
    cells.collect()
}

fn object_cells(entries: &[Entry]) -> Vec<Cell<'_>> {
    let cells = entries.iter().map(|entry| match entry {
        Entry::Pair { key, value } => Cell::Pair(key, value),
        Entry::Spread(expr) => Cell::Spread(expr),
    });
    cells.collect()
}

fn argument_cells(arguments: &[Argument]) -> Vec<Cell<'_>> {
    arguments.iter().map(Cell::Argument).collect()
}
