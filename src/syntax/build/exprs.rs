//! Expressions: the grammar's flat row of operands and operators becomes a tree.

use super::builder::{Builder, Pair};
use super::operators::operator;
use crate::model::{Ident, Span, Spanned};
use crate::syntax::ast::{
    Argument, BinaryOperator, Element, Entry, Expr, ExprKind, ForClause, ObjectKey, UnaryOperator,
};
use crate::syntax::codes;
use crate::syntax::grammar::Rule;
use pest::iterators::Pairs;
use std::iter::Peekable;

type Row<'t> = Peekable<Pairs<'t, Rule>>;

impl Builder<'_> {
    /// An `expr`, a `wide`, a `whole` or an `address`.
    pub(in crate::syntax) fn expr(&mut self, pair: Pair<'_>) -> Expr {
        let span = self.span(&pair);
        if pair.as_rule() == Rule::whole {
            return Expr { kind: self.atom(span, pair), span };
        }
        let mut row = pair.into_inner().peekable();
        if row.len() == 1
            && let Some(only) = row.next()
        {
            return self.primary(only);
        }
        let weight = weigh(row.clone());
        let built = self.deeper(weight, span, |builder| builder.conditional(&mut row));
        built.unwrap_or(Expr { kind: ExprKind::Null, span })
    }

    fn conditional(&mut self, row: &mut Row<'_>) -> Expr {
        let mut chain = Vec::new();
        let mut last = self.binary(row, 0);
        while let Some(then) = row.next() {
            let yes = then.into_inner().next().expect("invariant: `then` holds an expression");
            let yes = self.expr(yes);
            chain.push((last, yes));
            last = self.binary(row, 0);
        }
        while let Some((condition, yes)) = chain.pop() {
            let span = condition.span.to(last.span);
            let kind = ExprKind::Conditional { condition: Box::new(condition), yes: Box::new(yes), no: Box::new(last) };
            last = Expr { kind, span };
        }
        last
    }

    fn binary(&mut self, row: &mut Row<'_>, least: u8) -> Expr {
        let mut left = self.operand(row);
        let mut compared: Option<Spanned<BinaryOperator>> = None;
        while let Some(operator) = row.peek().filter(|pair| is_infix(pair.as_rule())).map(|pair| self.infix(pair)) {
            let precedence = operator.value.precedence();
            if precedence < least {
                break;
            }
            row.next();
            let right = self.binary(row, precedence + 1);
            if let Some(first) = &compared
                && first.value.precedence() == precedence
            {
                self.complain_of_chain(first.span, operator.span);
            }
            compared = operator.value.is_comparison().then(|| operator.clone());
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Binary { operator, left: Box::new(left), right: Box::new(right) }, span };
        }
        left
    }

    fn complain_of_chain(&mut self, first: Span, second: Span) {
        let help = "join the two comparisons: `a < b && b < c`";
        self.complain(&codes::CHAINED_COMPARISON, second, "compares the result of a comparison", help);
        if let Some(last) = self.diagnostics.pop() {
            self.diagnostics.push(last.and(first, "the first comparison"));
        }
    }

    fn infix(&mut self, pair: &Pair<'_>) -> Spanned<BinaryOperator> {
        let span = self.span(pair);
        let text = self.source(span);
        let value = operator(text).unwrap_or_else(|| {
            let (meant, value) = if text == "&" { ("&&", BinaryOperator::And) } else { ("||", BinaryOperator::Or) };
            let already =
                self.diagnostics.last().and_then(|last| last.primary.as_ref()).is_some_and(|label| label.span == span);
            if !already {
                let help = format!("write `{meant}`; a union of types stands after `type NAME =` or a `:`");
                self.complain(&codes::SINGLE_OPERATOR, span, format!("`{meant}` is meant"), help);
            }
            value
        });
        Spanned::new(value, span)
    }

    fn operand(&mut self, row: &mut Row<'_>) -> Expr {
        let mut prefixes = Vec::new();
        while let Some(prefix) = row.next_if(|pair| pair.as_rule() == Rule::prefix) {
            let span = self.span(&prefix);
            let unary = if self.source(span) == "!" { UnaryOperator::Not } else { UnaryOperator::Negate };
            prefixes.push((unary, span));
        }
        let primary = row.next().expect("invariant: an operand has a primary");
        let mut expr = self.primary(primary);
        while let Some(postfix) = row.next_if(|pair| is_postfix(pair.as_rule())) {
            expr = self.postfix(expr, postfix);
        }
        while let Some((operator, span)) = prefixes.pop() {
            let span = span.to(expr.span);
            expr = Expr { kind: ExprKind::Unary { operator, operand: Box::new(expr) }, span };
        }
        expr
    }

    fn primary(&mut self, pair: Pair<'_>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::atom | Rule::path | Rule::name | Rule::numeral | Rule::string => self.atom(span, pair),
            Rule::group => {
                let inner = pair.into_inner().next().expect("invariant: a group holds an expression");
                self.deeper(1, span, |builder| ExprKind::Group(Box::new(builder.expr(inner)))).unwrap_or(ExprKind::Null)
            }
            Rule::list => self.deeper(1, span, |builder| builder.list(pair)).unwrap_or(ExprKind::Null),
            _ => self.deeper(1, span, |builder| builder.object(pair)).unwrap_or(ExprKind::Null),
        };
        Expr { kind, span }
    }

    /// A name, a path, a number or a string: told apart by their first character.
    fn atom(&mut self, span: Span, pair: Pair<'_>) -> ExprKind {
        let text = self.source(span);
        match text.as_bytes().first() {
            Some(b'"') => ExprKind::Text(self.text_at(span, pair)),
            Some(b'0'..=b'9') => self.numeral(span),
            _ if text.contains('.') => self.path_expr(span, &pair),
            _ => self.name_expr(text, span),
        }
    }

    fn name_expr(&mut self, text: &str, span: Span) -> ExprKind {
        match text {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            text => {
                let name = Spanned::new(Ident::new(text), span);
                self.check_name(&name);
                ExprKind::Name(name.value)
            }
        }
    }

    /// `a.b.c`, as one.
    fn path_expr(&mut self, span: Span, pair: &Pair<'_>) -> ExprKind {
        let names = self.path(pair);
        let built = self.deeper(names.len() - 1, span, |builder| {
            let mut names = names.into_iter();
            let first = names.next().expect("invariant: a path has names");
            let mut expr = Expr { kind: builder.name_expr(first.value.as_str(), first.span), span: first.span };
            for name in names {
                let span = expr.span.to(name.span);
                expr = Expr { kind: ExprKind::Member { target: Box::new(expr), name, optional: false }, span };
            }
            expr.kind
        });
        built.unwrap_or(ExprKind::Null)
    }

    /// The names of a path.
    pub(super) fn path(&self, pair: &Pair<'_>) -> Vec<Spanned<Ident>> {
        let span = self.span(pair);
        let mut start = span.start;
        let name = |text: &str| {
            let place = Span { start, end: start + text.len() as u32, ..span };
            start = place.end + 1;
            Spanned::new(Ident::new(text), place)
        };
        self.source(span).split('.').map(name).collect()
    }

    /// The name behind the point.
    pub(super) fn member_name(&self, pair: &Pair<'_>) -> Spanned<Ident> {
        let place = self.span(pair);
        let text = self.source(place);
        let name = &text[text.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len()..];
        Spanned::new(Ident::new(name), Span { start: place.end - name.len() as u32, ..place })
    }

    fn postfix(&mut self, target: Expr, pair: Pair<'_>) -> Expr {
        let place = self.span(&pair);
        let span = target.span.to(place);
        let rule = pair.as_rule();
        let kind = match rule {
            Rule::dotted | Rule::member | Rule::optional_member => {
                let optional = rule == Rule::optional_member;
                ExprKind::Member { target: Box::new(target), name: self.member_name(&pair), optional }
            }
            Rule::splat => ExprKind::Splat { target: Box::new(target) },
            Rule::arguments => return self.call(target, pair, span),
            _ => {
                let index = pair.into_inner().next().expect("invariant: an index holds an expression");
                let index = Box::new(self.expr(index));
                ExprKind::Index { target: Box::new(target), index, optional: rule == Rule::optional_index }
            }
        };
        Expr { kind, span }
    }

    fn call(&mut self, target: Expr, pair: Pair<'_>, span: Span) -> Expr {
        let arguments = self.arguments(pair);
        let kind = match target.kind {
            ExprKind::Name(name) => ExprKind::Call { name: Spanned::new(name, target.span), arguments },
            kind => {
                let help = "call a function by its bare name, as in `upper(x)`; there are no methods";
                self.complain(&codes::NOT_A_FUNCTION, target.span, "not the name of a function", help);
                kind
            }
        };
        Expr { kind, span }
    }

    fn arguments(&mut self, pair: Pair<'_>) -> Vec<Argument> {
        let mut inner = pair.into_inner();
        let mut arguments: Vec<Argument> = Vec::with_capacity(inner.len());
        while let Some(child) = inner.next() {
            let (name, value) = match child.as_rule() {
                Rule::key | Rule::label => {
                    (Some(self.name(&child)), inner.next().expect("invariant: a label has a value"))
                }
                _ => (None, child),
            };
            let value = self.expr(value);
            if name.is_none() && arguments.last().is_some_and(|last| last.name.is_some()) {
                let help = "put the positional arguments first, or name this one too";
                self.complain(&codes::NAMED_FIRST, value.span, "positional", help);
            }
            arguments.push(Argument { name, value });
        }
        arguments
    }

    fn list(&mut self, pair: Pair<'_>) -> ExprKind {
        let mut inner = pair.into_inner().peekable();
        if let Some(head) = inner.next_if(|child| child.as_rule() == Rule::for_each) {
            let clause = self.for_clause(head);
            let condition =
                inner.next_if(|child| child.as_rule() == Rule::filter).map(|child| Box::new(self.inner_expr(child)));
            let value = Box::new(self.expr(inner.next().expect("invariant: a list comprehension has a value")));
            return ExprKind::ListFor { clause, condition, value };
        }
        let elements = inner.map(|child| match child.as_rule() {
            Rule::spread => Element::Spread(self.inner_expr(child)),
            _ => Element::Value(self.expr(child)),
        });
        ExprKind::List(elements.collect())
    }

    fn object(&mut self, pair: Pair<'_>) -> ExprKind {
        let mut inner = pair.into_inner().peekable();
        if let Some(head) = inner.next_if(|child| child.as_rule() == Rule::for_each) {
            let clause = self.for_clause(head);
            let condition =
                inner.next_if(|child| child.as_rule() == Rule::filter).map(|child| Box::new(self.inner_expr(child)));
            let key = Box::new(self.expr(inner.next().expect("invariant: an object comprehension has a key")));
            let value = Box::new(self.expr(inner.next().expect("invariant: an object comprehension has a value")));
            return ExprKind::ObjectFor { clause, condition, key, value };
        }
        let mut entries = Vec::with_capacity(inner.len() / 2);
        while let Some(child) = inner.next() {
            if child.as_rule() == Rule::spread {
                entries.push(Entry::Spread(self.inner_expr(child)));
                continue;
            }
            let key = match child.as_rule() {
                Rule::key | Rule::word => ObjectKey::Name(self.name(&child)),
                Rule::string => {
                    let span = self.span(&child);
                    ObjectKey::Text(self.text(child), span)
                }
                _ => ObjectKey::Computed(self.inner_expr(child)),
            };
            self.refuse_colon(&mut inner);
            let value = self.expr(inner.next().expect("invariant: a key has a value"));
            entries.push(Entry::Pair { key, value });
        }
        ExprKind::Object(entries)
    }

    /// `name: value` is read, and refused.
    pub(super) fn refuse_colon(&mut self, inner: &mut Row<'_>) {
        if let Some(colon) = inner.next_if(|child| child.as_rule() == Rule::colon) {
            let span = self.span(&colon);
            self.complain(&codes::COLON_FOR_EQUALS, span, "`=` is meant", "write `name = value`");
        }
    }

    /// The one expression inside a pair.
    pub(super) fn inner_expr(&mut self, pair: Pair<'_>) -> Expr {
        let inner = pair.into_inner().next().expect("invariant: the rule holds an expression");
        self.expr(inner)
    }

    /// A `for_each` or a `for_header`.
    pub(super) fn for_clause(&mut self, pair: Pair<'_>) -> ForClause {
        let span = self.span(&pair);
        let mut inner = pair.into_inner().peekable();
        let mut names = Vec::with_capacity(1);
        while let Some(word) = inner.next_if(|child| child.as_rule() == Rule::word) {
            names.push(self.name(&word));
        }
        let over = Box::new(self.expr(inner.next().expect("invariant: a `for` has a source")));
        let by = inner.next().map(|child| Box::new(self.expr(child)));
        ForClause { names, over, by, span }
    }
}

fn is_infix(rule: Rule) -> bool {
    matches!(rule, Rule::operator | Rule::infix)
}

fn is_postfix(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::dotted
            | Rule::member
            | Rule::optional_member
            | Rule::splat
            | Rule::index
            | Rule::optional_index
            | Rule::arguments
    )
}

/// How many levels of tree a row makes at most.
fn weigh(row: Row<'_>) -> usize {
    let (mut operators, mut longest, mut current) = (0, 0, 0);
    for pair in row {
        match pair.as_rule() {
            Rule::operator | Rule::infix | Rule::choice | Rule::wide_pick | Rule::then | Rule::wide_then => {
                operators += 1;
                current = 0;
            }
            _ => {
                current += 1;
                longest = longest.max(current);
            }
        }
    }
    operators + longest - 1
}
