//! Expressions of their own over an evaluated program: their values, and those of their parts, for tests and the console.

use super::machine::{Machine, Stop};
use super::resolve::Resolution;
use super::scope::{ScopeId, Slot};
use super::types::{Examined, Outputs, Part};
use crate::model::Value;
use crate::program::expr::{Expr, ExprKind};

impl Resolution {
    /// The expression in the root, with these values in its first slots.
    pub fn examined(&self, expr: &Expr, frame: &[Value], outputs: &dyn Outputs) -> Examined {
        let mut machine = Machine::new(&self.world, Some(outputs));
        let slots = || frame.iter().cloned().map(Slot::Value).collect::<Vec<_>>();
        let value = machine.within(ScopeId::ROOT, slots(), |machine| machine.value(expr));
        let diagnostics = std::mem::take(&mut machine.diagnostics);
        let mut parts = Vec::new();
        let known = frame.len();
        machine.within(ScopeId::ROOT, slots(), |machine| machine.parts(expr, known, &mut parts));
        parts.sort_by_key(|part| (part.span, std::cmp::Reverse(part.span.end)));
        parts.dedup_by_key(|part| part.span);
        Examined { value, parts, diagnostics }
    }
}

impl Machine<'_> {
    /// The values of what an expression is made of. Parts that depend on variables of a loop are left out.
    fn parts(&mut self, expr: &Expr, known: usize, out: &mut Vec<Part>) {
        match &expr.kind {
            ExprKind::Constant(_) | ExprKind::Error => return,
            ExprKind::ListFor { each, .. } | ExprKind::MapFor { each, .. } => self.parts(&each.over, known, out),
            ExprKind::Local(slot) if *slot < known => return,
            ExprKind::Convert(inner) | ExprKind::Chain(inner) => {
                inner.children().into_iter().for_each(|child| self.parts(child, known, out));
            }
            _ => expr.children().into_iter().for_each(|child| self.parts(child, known, out)),
        }
        let frame = self.frame.clone();
        let found = self.eval(expr);
        self.frame = frame;
        let value = match found {
            Ok(value) => value,
            Err(Stop::Short) => Value::Null,
            Err(Stop::Failed) => return,
        };
        let secret = self.scope.program.secret_places.0.contains(&expr.span);
        out.push(Part { span: expr.span, value, secret });
    }
}
