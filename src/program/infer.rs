//! Types of expressions, both ways: what is expected shapes literals, what is found must fit.

use super::checker::{Checker, Reach};
use super::codes;
use super::expr::{Expr, ExprKind};
use super::fits::{fits, has_error, needs_conversion};
use super::mismatch::mismatch;
use super::symbols::Global;
use crate::diag::Diagnostic;
use crate::diag::suggest::{closest, did_you_mean};
use crate::model::{Ident, Span, Type, Value};
use crate::syntax::ast::{self, ExprKind as Written, Piece, UnaryOperator};
use smol_str::SmolStr;

impl Checker<'_> {
    /// The expression with exactly the expected type; a mismatch is reported once and absorbed.
    pub fn check(&mut self, expr: &ast::Expr, expected: &Type) -> Expr {
        let found = self.shape(expr, Some(expected));
        self.fit(found, expected)
    }

    /// The expression with the type that it has by itself.
    pub fn infer(&mut self, expr: &ast::Expr) -> Expr {
        self.shape(expr, None)
    }

    /// Reports a mismatch, or puts the expression into the expected form.
    pub fn fit(&mut self, found: Expr, expected: &Type) -> Expr {
        if has_error(&found.ty) || has_error(expected) {
            return Expr { ty: expected.clone(), ..found };
        }
        if !fits(&found.ty, expected) {
            self.diagnostics.push(mismatch(self.catalog, &found, expected));
            return Expr { kind: ExprKind::Error, ty: Type::Error, span: found.span };
        }
        if let (Some(Value::String(text)), Type::Id(kind)) = (found.as_constant(), expected.required())
            && let Some(complaint) = super::mismatch::wrong_prefix(self.catalog, text, kind, found.span)
        {
            self.diagnostics.push(complaint);
            return Expr::error(found.span);
        }
        if !needs_conversion(&found.ty, expected) {
            return found;
        }
        let span = found.span;
        if let Some(value) = found.as_constant() {
            return match super::convert::convert(value, expected, self.catalog) {
                Ok(value) => Expr::constant(value, expected.clone(), span),
                Err(why) => {
                    let help = format!("write a value of type {expected}");
                    self.report(&codes::WRONG_TYPE, "", span, &why, &help);
                    Expr::error(span)
                }
            };
        }
        Expr { kind: ExprKind::Convert(Box::new(found)), ty: expected.clone(), span }
    }

    /// The expression; a literal takes the hint's form, anything else the type that it has.
    pub fn shape(&mut self, expr: &ast::Expr, hint: Option<&Type>) -> Expr {
        let span = expr.span;
        match &expr.kind {
            Written::Null => Expr::constant(Value::Null, Type::Null, span),
            Written::Bool(flag) => Expr::constant(Value::Bool(*flag), Type::Bool, span),
            Written::Number(number) => {
                let ty = if number.is_int() { Type::Int } else { Type::Number };
                Expr::constant(Value::Number(number.clone()), ty, span)
            }
            Written::Duration(milliseconds) => Expr::constant(Value::Duration(*milliseconds), Type::Duration, span),
            Written::Text(text) => self.text(text, span),
            Written::Name(name) => self.name(name, span),
            Written::List(elements) => self.list(elements, span, hint),
            Written::Object(entries) => self.object(entries, span, hint),
            Written::Member { .. } | Written::Index { .. } | Written::Splat { .. } => self.postfix(expr),
            Written::Call { name, arguments } => self.call(name, arguments, span, hint),
            Written::Unary { operator, operand } => self.unary(*operator, operand, span, hint),
            Written::Binary { operator, left, right } => self.binary(operator, left, right, span, hint),
            Written::Conditional { condition, yes, no } => self.conditional(condition, yes, no, span, hint),
            Written::ListFor { clause, condition, value } => {
                self.list_for(clause, condition.as_deref(), value, span, hint)
            }
            Written::ObjectFor { clause, condition, key, value } => {
                self.map_for(clause, condition.as_deref(), key, value, span, hint)
            }
            Written::Group(inner) => self.shape(inner, hint),
        }
    }

    /// A string: a constant where nothing is interpolated.
    pub fn text(&mut self, text: &ast::Text, span: Span) -> Expr {
        let mut pieces = Vec::new();
        let mut broken = false;
        for piece in &text.pieces {
            match piece {
                Piece::Literal(literal) => pieces.push(Expr::constant(Value::string(literal), Type::String, span)),
                Piece::Interpolation(inner) => {
                    let piece = self.infer(inner);
                    if !has_error(&piece.ty) && !is_scalar(&piece.ty) {
                        broken = true;
                        self.diagnostics.push(not_a_scalar(&piece));
                    }
                    pieces.push(piece);
                }
            }
        }
        let constant: Option<String> = pieces.iter().map(|piece| piece.as_constant().and_then(Value::as_str)).collect();
        match constant {
            Some(constant) if !broken => {
                let text = SmolStr::new(&constant);
                Expr::constant(Value::String(text.clone()), Type::Literal(text), span)
            }
            _ => Expr { kind: ExprKind::Text(pieces), ty: Type::String, span },
        }
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &ast::Expr, span: Span, hint: Option<&Type>) -> Expr {
        match operator {
            UnaryOperator::Not => {
                let operand = self.check(operand, &Type::Bool);
                Expr { kind: ExprKind::Not(Box::new(operand)), ty: Type::Bool, span }
            }
            UnaryOperator::Negate => {
                let operand = self.shape(operand, hint);
                let operand = match operand.ty {
                    Type::Duration | Type::Int => operand,
                    _ => self.fit(operand, &Type::Number),
                };
                match operand.as_constant() {
                    Some(Value::Number(number)) => {
                        Expr::constant(Value::Number(number.negated()), operand.ty.clone(), span)
                    }
                    Some(Value::Duration(milliseconds)) => {
                        Expr::constant(Value::Duration(milliseconds.saturating_neg()), Type::Duration, span)
                    }
                    _ => Expr { ty: operand.ty.clone(), kind: ExprKind::Negate(Box::new(operand)), span },
                }
            }
        }
    }

    /// A bare name: a variable, a parameter, a let.
    fn name(&mut self, name: &Ident, span: Span) -> Expr {
        if let Some(slot) = self.locals.find(name.as_str()) {
            return Expr { kind: ExprKind::Local(slot), ty: self.locals[slot].clone(), span };
        }
        let Some((global, _)) = self.symbols.globals.get(name).copied() else {
            self.unknown_name(name, span);
            return Expr::error(span);
        };
        if self.reach == Reach::Constants {
            self.mark_used(global);
            let message = format!("`{name}` has no value yet in this place");
            self.report(&codes::NOT_HERE, message, span, "only constants here", "write the value itself");
            return Expr::error(span);
        }
        self.mark_used(global);
        match global {
            Global::Param(at) => Expr { kind: ExprKind::Param(at), ty: self.param_types[at].clone(), span },
            Global::Let(at) => {
                if self.live_lets.contains(&at) {
                    self.touches_resource(name.as_str(), span);
                }
                Expr { kind: ExprKind::Let(at), ty: self.let_types[at].clone(), span }
            }
            Global::Function(_) => {
                let help = format!("call it: `{name}(…)`");
                self.report(
                    &codes::WRONG_TYPE,
                    format!("`{name}` is a function"),
                    span,
                    "a function is no value",
                    &help,
                );
                Expr::error(span)
            }
        }
    }

    /// Notes that the value hangs on a resource, which not every place allows.
    pub fn touches_resource(&mut self, shown: &str, span: Span) {
        self.touched_resource = true;
        if self.reach != Reach::Everything {
            let message = format!("`{shown}` depends on a resource, and this is needed before any resource is read");
            self.report(&codes::NOT_HERE, message, span, "only parameters and constants here", "use a parameter");
        }
    }

    pub fn mark_used(&mut self, global: Global) {
        match global {
            Global::Param(at) => self.used.params.insert(at),
            Global::Let(at) => self.used.lets.insert(at),
            Global::Function(at) => self.used.functions.insert(at),
        };
    }

    /// Only so that what it uses counts as used: what it should be is not known, so nothing in it can be wrong.
    pub fn infer_quietly(&mut self, expr: &ast::Expr) {
        let told = self.diagnostics.0.len();
        self.infer(expr);
        self.diagnostics.0.truncate(told);
    }

    /// What a misspelt name most likely means is used: that it is not would be a second complaint about one mistake.
    pub fn mark_meant(&mut self, written: &str) {
        let mut meant = self.symbols.globals.get(&Ident::new(written)).copied();
        if meant.is_none() && self.may_compare(self.symbols.globals.len()) {
            let near = closest(written, self.symbols.globals.keys().map(Ident::as_str));
            meant = near.and_then(|near| self.symbols.globals.get(&Ident::new(near)).copied());
        }
        if let Some((meant, _)) = meant {
            self.mark_used(meant);
        }
    }

    fn unknown_name(&mut self, name: &Ident, span: Span) {
        if self.symbols.broken.contains(name) {
            return;
        }
        self.mark_meant(name.as_str());
        if let Some(help) = super::foreign::advice(name.as_str(), None) {
            let message = format!("`{name}` is not a name of cnx");
            return self.report(&codes::FOREIGN_NAME, message, span, "unknown here", &help);
        }
        if self.catalog.kinds.contains_key(name) || self.catalog.actions.contains_key(name) {
            let help = format!("name the resource: `{name}.NAME`");
            let message = format!("`{name}` is a kind and no value");
            return self.report(&codes::UNKNOWN_NAME, message, span, "a kind", &help);
        }
        if name.as_str() == "env" {
            let help = "the environment's name is `env.name`";
            return self.report(&codes::UNKNOWN_NAME, "`env` is no value", span, "not a whole reference", help);
        }
        let may = self.may_compare(self.symbols.globals.len());
        let mut candidates: Vec<&str> = self.locals.names().collect();
        if may {
            candidates.extend(self.symbols.globals.keys().map(Ident::as_str));
        }
        candidates.extend(self.catalog.kinds.keys().map(Ident::as_str));
        candidates.push("env");
        let help = did_you_mean(name.as_str(), candidates, "declare it with `let` or `param`, or put text in quotes");
        let message = format!("nothing here is called `{name}`");
        self.report(&codes::UNKNOWN_NAME, message, span, "unknown", &help);
    }
}

/// What interpolation can render.
pub fn is_scalar(ty: &Type) -> bool {
    match ty {
        Type::Bool
        | Type::Int
        | Type::Number
        | Type::String
        | Type::Duration
        | Type::Literal(_)
        | Type::Id(_)
        | Type::Any
        | Type::Error => true,
        Type::Union(members) => members.iter().all(is_scalar),
        Type::Null
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(..)
        | Type::Object(_)
        | Type::Optional(_)
        | Type::Instance(_) => false,
    }
}

fn not_a_scalar(piece: &Expr) -> Diagnostic {
    if piece.ty.is_optional() {
        return Diagnostic::new(&codes::MAYBE_NULL, format!("the value is of type {}", piece.ty))
            .at(piece.span, "may be null")
            .help("give a value for that case: `${… ?? \"none\"}`");
    }
    let help = match &piece.ty {
        Type::Instance(_) => "take one attribute: `${….name}`",
        Type::List(_) | Type::Set(_) => "join the elements: `${join(\", \", …)}`",
        _ => "render it with `jsonencode(…)`",
    };
    Diagnostic::new(&codes::WRONG_TYPE, "a string takes texts, numbers, booleans and durations")
        .at(piece.span, format!("expected a scalar, found {}", super::fits::widened(&piece.ty)))
        .help(help)
}
