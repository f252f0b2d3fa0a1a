//! A recording of an evaluation: what each expression gave. Knows no program.

use crate::model::Value;
use crate::program::expr::Expr;
use std::collections::HashMap;

/// So many different values of one expression are kept.
const MOST: usize = 4;

/// Values by expression (by where it lies in memory: the program does not move while it is evaluated).
#[derive(Debug, Default)]
pub struct Seen(HashMap<*const Expr, Vec<Value>>);

impl Seen {
    pub fn note(&mut self, expr: &Expr, value: &Value) {
        let values = self.0.entry(std::ptr::from_ref(expr)).or_default();
        if values.len() < MOST && !values.contains(value) {
            values.push(value.clone());
        }
    }

    /// The values that it had, in order; `None` where it was never reached.
    pub fn of(&self, expr: &Expr) -> Option<&[Value]> {
        self.0.get(&std::ptr::from_ref(expr)).map(Vec::as_slice)
    }
}
