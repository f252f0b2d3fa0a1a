//! Operators and conditionals: which types they take, and what they give.

use super::checker::Checker;
use super::codes;
use super::expr::{Expr, ExprKind, Operator};
use super::fits::{fits, has_error, join, literals, widened};
use super::mismatch::{mismatch, wrong_literal};
use crate::diag::Diagnostic;
use crate::model::{Span, Spanned, Type};
use crate::syntax::ast::{self, BinaryOperator};

impl Checker<'_> {
    pub fn binary(
        &mut self,
        operator: &Spanned<BinaryOperator>,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        hint: Option<&Type>,
    ) -> Expr {
        let symbol = operator_of(operator.value);
        match operator.value {
            BinaryOperator::And | BinaryOperator::Or => {
                let left = self.check(left, &Type::Bool);
                let right = self.check(right, &Type::Bool);
                made(symbol, left, right, Type::Bool, span)
            }
            BinaryOperator::Coalesce => self.coalesce(left, right, span, hint),
            BinaryOperator::Equal | BinaryOperator::NotEqual => self.equality(symbol, left, right, span),
            BinaryOperator::Less
            | BinaryOperator::LessOrEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterOrEqual => self.comparison(symbol, left, right, span),
            BinaryOperator::Range | BinaryOperator::RangeInclusive | BinaryOperator::Remainder => {
                let (left, right) = self.both(left, right, &Type::Int);
                let ty = if operator.value == BinaryOperator::Remainder { Type::Int } else { Type::list(Type::Int) };
                made(symbol, left, right, ty, span)
            }
            BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Add | BinaryOperator::Subtract => {
                self.arithmetic(operator, left, right, span)
            }
        }
    }

    fn arithmetic(
        &mut self,
        operator: &Spanned<BinaryOperator>,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let symbol = operator_of(operator.value);
        let left = self.infer(left);
        let right = self.infer(right);
        if has_error(&left.ty) || has_error(&right.ty) {
            return Expr::error(span);
        }
        if symbol == Operator::Add && (is_text(&left.ty) || is_text(&right.ty)) {
            let help = "join texts by interpolation: `\"${a}${b}\"`";
            self.report(&codes::WRONG_TYPE, "`+` adds numbers", operator.span, "a text stands beside it", help);
            return Expr::error(span);
        }
        if symbol == Operator::Add && (is_collection(&left.ty) || is_collection(&right.ty)) {
            let help = "join collections by spreading: `[...a, ...b]`, `{ ...a, ...b }`";
            self.report(&codes::WRONG_TYPE, "`+` adds numbers", operator.span, "a collection stands beside it", help);
            return Expr::error(span);
        }
        let number = |ty: &Type| fits(ty, &Type::Number);
        let duration = |ty: &Type| *ty == Type::Duration;
        let ty = match symbol {
            Operator::Add | Operator::Subtract if duration(&left.ty) && duration(&right.ty) => Type::Duration,
            Operator::Multiply if duration(&left.ty) && fits(&right.ty, &Type::Int) => Type::Duration,
            Operator::Multiply if fits(&left.ty, &Type::Int) && duration(&right.ty) => Type::Duration,
            Operator::Divide if duration(&left.ty) && fits(&right.ty, &Type::Int) => Type::Duration,
            Operator::Divide if number(&left.ty) && number(&right.ty) => Type::Number,
            _ if fits(&left.ty, &Type::Int) && fits(&right.ty, &Type::Int) => Type::Int,
            _ => Type::Number,
        };
        if ty == Type::Duration {
            return made(symbol, left, right, ty, span);
        }
        if duration(&left.ty) || duration(&right.ty) {
            let help = "a duration is multiplied or divided by an int, and added to a duration";
            let label = format!("between {} and {}", widened(&left.ty), widened(&right.ty));
            self.report(&codes::WRONG_TYPE, "this is no sum of durations", operator.span, &label, help);
            return Expr::error(span);
        }
        let (left, right) = self.fit_both(left, right, &Type::Number);
        made(symbol, left, right, ty, span)
    }

    fn both(&mut self, left: &ast::Expr, right: &ast::Expr, expected: &Type) -> (Expr, Expr) {
        let left = self.infer(left);
        let right = self.infer(right);
        self.fit_both(left, right, expected)
    }

    /// Two operands of the same wrong type are one mistake.
    fn fit_both(&mut self, left: Expr, right: Expr, expected: &Type) -> (Expr, Expr) {
        let alike = widened(&left.ty) == widened(&right.ty) && !fits(&left.ty, expected);
        let left = self.fit(left, expected);
        let right = if alike { Expr::error(right.span) } else { self.fit(right, expected) };
        (left, right)
    }

    fn comparison(&mut self, symbol: Operator, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let left = self.infer(left);
        let right = self.infer(right);
        if !has_error(&left.ty) && !has_error(&right.ty) {
            let same = [Type::Number, Type::String, Type::Duration];
            let fitting = same.iter().any(|ty| fits(&left.ty, ty) && fits(&right.ty, ty));
            if !fitting {
                let (wrong, expected) = if same.iter().any(|ty| fits(&left.ty, ty)) {
                    (&right, widened(&left.ty))
                } else {
                    (&left, Type::Number)
                };
                self.diagnostics.push(mismatch(self.catalog, wrong, &expected));
            }
        }
        made(symbol, left, right, Type::Bool, span)
    }

    fn equality(&mut self, symbol: Operator, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let left = self.infer(left);
        let hint = left.ty.clone();
        let right = self.shape(right, Some(&hint));
        if has_error(&left.ty) || has_error(&right.ty) {
            return made(symbol, left, right, Type::Bool, span);
        }
        for (one, other) in [(&left, &right), (&right, &left)] {
            if let (Some(allowed), Type::Literal(text)) = (literals(&one.ty), &other.ty)
                && allowed.len() > 1
                && !allowed.contains(&text)
                && self.is_declared(one)
            {
                self.diagnostics.push(wrong_literal(text, &allowed, other.span));
                return Expr::error(span);
            }
        }
        let (a, b) = (left.ty.required(), right.ty.required());
        let nullable = left.ty.is_optional() || right.ty.is_optional();
        let comparable = join(a, b).is_some() || (nullable && (*a == Type::Null || *b == Type::Null));
        if !comparable {
            let (a, b) = (widened(&left.ty), widened(&right.ty));
            self.diagnostics.push(
                Diagnostic::new(&codes::MIXED_TYPES, format!("{a} and {b} are never equal"))
                    .at(right.span, format!("this is {b}"))
                    .and(left.span, format!("this is {a}"))
                    .help("compare values of the same type"),
            );
        }
        made(symbol, left, right, Type::Bool, span)
    }

    /// Whether the texts that the expression may be were declared (by a type, by the catalog), and are not only those that somebody wrote.
    pub fn is_declared(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Param(_)
            | ExprKind::Resource(_)
            | ExprKind::Call { .. }
            | ExprKind::Convert(_)
            | ExprKind::EnvironmentName
            | ExprKind::Elsewhere(_)
            | ExprKind::Error => true,
            ExprKind::Constant(_) | ExprKind::Text(_) | ExprKind::Module(_) => false,
            ExprKind::Let(at) => !self.open_lets.contains(at),
            ExprKind::Local(slot) => !self.open_locals.contains(slot),
            ExprKind::Member { target, .. } | ExprKind::Index { target, .. } => self.is_declared(target),
            ExprKind::ListFor { value, .. } | ExprKind::MapFor { value, .. } => self.is_declared(value),
            ExprKind::Conditional { yes, no, .. } => self.is_declared(yes) || self.is_declared(no),
            ExprKind::List(_)
            | ExprKind::Set(_)
            | ExprKind::Object(_)
            | ExprKind::Map(_)
            | ExprKind::Chain(_)
            | ExprKind::Library { .. }
            | ExprKind::Not(_)
            | ExprKind::Negate(_)
            | ExprKind::Binary { .. } => expr.children().into_iter().any(|child| self.is_declared(child)),
        }
    }

    fn coalesce(&mut self, left: &ast::Expr, right: &ast::Expr, span: Span, hint: Option<&Type>) -> Expr {
        let optional = hint.map(|hint| hint.clone().optional());
        let left = self.shape(left, optional.as_ref());
        let wanted = hint.cloned().unwrap_or_else(|| left.ty.required().clone());
        let right = self.shape(right, Some(&wanted));
        if has_error(&left.ty) || has_error(&right.ty) {
            return Expr::error(span);
        }
        let ty = match left.ty.required() {
            Type::Null => Some(right.ty.clone()),
            inner => join(inner, &right.ty),
        };
        let Some(ty) = ty else {
            self.mixed(left.ty.required(), left.span, &right.ty, right.span);
            return Expr::error(span);
        };
        made(Operator::Coalesce, left, right, ty, span)
    }

    pub fn conditional(
        &mut self,
        condition: &ast::Expr,
        yes: &ast::Expr,
        no: &ast::Expr,
        span: Span,
        hint: Option<&Type>,
    ) -> Expr {
        let condition = self.check(condition, &Type::Bool);
        if let Some(expected) = hint.filter(|hint| **hint != Type::Any) {
            let yes = self.check(yes, expected);
            let no = self.check(no, expected);
            let broken = yes.ty == Type::Error || no.ty == Type::Error;
            let ty = if broken { Type::Error } else { join(&yes.ty, &no.ty).unwrap_or_else(|| expected.clone()) };
            return conditional(condition, yes, no, ty, span);
        }
        let yes = self.infer(yes);
        let no = self.infer(no);
        if has_error(&yes.ty) || has_error(&no.ty) {
            return conditional(condition, yes, no, Type::Error, span);
        }
        match join(&yes.ty, &no.ty) {
            Some(ty) => {
                let yes = self.fit(yes, &ty);
                let no = self.fit(no, &ty);
                conditional(condition, yes, no, ty, span)
            }
            None => {
                self.mixed(&yes.ty, yes.span, &no.ty, no.span);
                Expr::error(span)
            }
        }
    }
}

fn conditional(condition: Expr, yes: Expr, no: Expr, ty: Type, span: Span) -> Expr {
    let kind = ExprKind::Conditional { condition: Box::new(condition), yes: Box::new(yes), no: Box::new(no) };
    Expr { kind, ty, span }
}

fn made(operator: Operator, left: Expr, right: Expr, ty: Type, span: Span) -> Expr {
    Expr { kind: ExprKind::Binary { operator, left: Box::new(left), right: Box::new(right) }, ty, span }
}

fn is_text(ty: &Type) -> bool {
    !matches!(ty, Type::Any | Type::Error) && fits(ty.required(), &Type::String)
}

fn is_collection(ty: &Type) -> bool {
    matches!(ty.required(), Type::List(_) | Type::Set(_) | Type::Map(..) | Type::Object(_))
}

fn operator_of(written: BinaryOperator) -> Operator {
    match written {
        BinaryOperator::Multiply => Operator::Multiply,
        BinaryOperator::Divide => Operator::Divide,
        BinaryOperator::Remainder => Operator::Remainder,
        BinaryOperator::Add => Operator::Add,
        BinaryOperator::Subtract => Operator::Subtract,
        BinaryOperator::Range => Operator::Range,
        BinaryOperator::RangeInclusive => Operator::RangeInclusive,
        BinaryOperator::Coalesce => Operator::Coalesce,
        BinaryOperator::Less => Operator::Less,
        BinaryOperator::LessOrEqual => Operator::LessOrEqual,
        BinaryOperator::Greater => Operator::Greater,
        BinaryOperator::GreaterOrEqual => Operator::GreaterOrEqual,
        BinaryOperator::Equal => Operator::Equal,
        BinaryOperator::NotEqual => Operator::NotEqual,
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
    }
}
