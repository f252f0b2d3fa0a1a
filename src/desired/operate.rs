//! Binary operators on values.

use super::codes;
use super::machine::{Evaluated, Machine, pending};
use super::sizes::parts;
use crate::model::{Number, Value};
use crate::program::expr::{Expr, Operator};
use std::cmp::Ordering;

impl Machine<'_> {
    pub fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr, expr: &Expr) -> Evaluated {
        match operator {
            Operator::And | Operator::Or => self.logical(operator, left, right, expr),
            Operator::Coalesce => match self.eval(left)? {
                Value::Null => self.eval(right),
                Value::Unknown(unknown) if left.ty.is_optional() => Ok(pending(&[&Value::Unknown(unknown)], &expr.ty)),
                value => Ok(value),
            },
            Operator::Multiply
            | Operator::Divide
            | Operator::Remainder
            | Operator::Add
            | Operator::Subtract
            | Operator::Range
            | Operator::RangeInclusive
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Equal
            | Operator::NotEqual => {
                let a = self.eval(left)?;
                let b = self.eval(right)?;
                self.strict(operator, &a, &b, right, expr)
            }
        }
    }

    fn logical(&mut self, operator: Operator, left: &Expr, right: &Expr, expr: &Expr) -> Evaluated {
        let decides = operator == Operator::Or;
        let a = self.eval(left)?;
        if a == Value::Bool(decides) {
            return Ok(a);
        }
        let b = if matches!(a, Value::Unknown(_)) { self.supposed(right, &a)? } else { self.eval(right)? };
        if b == Value::Bool(decides) {
            return Ok(b);
        }
        let unknown = matches!(a, Value::Unknown(_)) || matches!(b, Value::Unknown(_));
        Ok(if unknown { pending(&[&a, &b], &expr.ty) } else { b })
    }

    fn strict(&mut self, operator: Operator, a: &Value, b: &Value, right: &Expr, expr: &Expr) -> Evaluated {
        if matches!(operator, Operator::Equal | Operator::NotEqual) {
            let wanted = operator == Operator::Equal;
            self.burn((parts(a) + parts(b)) / 8, expr.span)?;
            if a.is_known() && b.is_known() {
                return Ok(Value::Bool(equal(a, b) == wanted));
            }
            return Ok(pending(&[a, b], &expr.ty));
        }
        if matches!(a, Value::Unknown(_)) || matches!(b, Value::Unknown(_)) {
            return Ok(pending(&[a, b], &expr.ty));
        }
        match operator {
            Operator::Less => self.compared(a, b, expr, Ordering::is_lt),
            Operator::LessOrEqual => self.compared(a, b, expr, Ordering::is_le),
            Operator::Greater => self.compared(a, b, expr, Ordering::is_gt),
            Operator::GreaterOrEqual => self.compared(a, b, expr, Ordering::is_ge),
            Operator::Range => self.range(a, b, expr, false),
            Operator::RangeInclusive => self.range(a, b, expr, true),
            Operator::Multiply
            | Operator::Divide
            | Operator::Remainder
            | Operator::Add
            | Operator::Subtract
            | Operator::Equal
            | Operator::NotEqual
            | Operator::And
            | Operator::Or
            | Operator::Coalesce => self.arithmetic(operator, a, b, right, expr),
        }
    }

    fn compared(&mut self, a: &Value, b: &Value, expr: &Expr, holds: fn(Ordering) -> bool) -> Evaluated {
        let order = match (a, b) {
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
            _ => {
                let help = "compare two numbers, two texts or two durations";
                return self.fail(&codes::WRONG_VALUE, expr.span, "these have no order", "not comparable", help);
            }
        };
        Ok(Value::Bool(holds(order)))
    }

    fn range(&mut self, a: &Value, b: &Value, expr: &Expr, inclusive: bool) -> Evaluated {
        let bounds = a.as_number().and_then(Number::to_i64).zip(b.as_number().and_then(Number::to_i64));
        let Some((start, end)) = bounds else {
            let help = "use ints that fit into 64 bits";
            return self.fail(&codes::NUMBER_TOO_LARGE, expr.span, "a bound is too large", "too large", help);
        };
        let end = i128::from(end) + i128::from(inclusive);
        let count = usize::try_from((end - i128::from(start)).max(0)).unwrap_or(usize::MAX);
        self.limit(count, expr.span)?;
        self.burn(count as u64, expr.span)?;
        Ok(Value::list((0..count as i64).map(|step| Value::int(start + step)).collect()))
    }

    fn arithmetic(&mut self, operator: Operator, a: &Value, b: &Value, right: &Expr, expr: &Expr) -> Evaluated {
        if matches!(a, Value::Duration(_)) || matches!(b, Value::Duration(_)) {
            return self.durations(operator, a, b, right, expr);
        }
        let (Value::Number(a), Value::Number(b)) = (a, b) else {
            return self.fail(&codes::WRONG_VALUE, expr.span, "these are no numbers", "no numbers", "use numbers");
        };
        // A product of long numbers takes time by the product of their lengths.
        self.burn(a.size() * b.size() / 4096, expr.span)?;
        let divides = matches!(operator, Operator::Divide | Operator::Remainder);
        if divides && b.is_zero() {
            return self.zero_divisor(right);
        }
        let result = match operator {
            Operator::Multiply => a.times(b),
            Operator::Divide => a.divided_by(b),
            Operator::Remainder => a.remainder(b),
            Operator::Add => a.plus(b),
            Operator::Subtract => a.minus(b),
            _ => None,
        };
        match result {
            Some(number) => Ok(Value::Number(number)),
            None => {
                let message = "the result has more than 1,000 digits";
                self.fail(&codes::NUMBER_TOO_LARGE, expr.span, message, "too large", "use smaller numbers")
            }
        }
    }

    fn zero_divisor(&mut self, right: &Expr) -> Evaluated {
        let help = "guard it: `n == 0 ? … : a / n`";
        self.fail(&codes::DIVISION_BY_ZERO, right.span, "the divisor is 0", "this is 0", help)
    }

    fn durations(&mut self, operator: Operator, a: &Value, b: &Value, right: &Expr, expr: &Expr) -> Evaluated {
        let int = |value: &Value| value.as_number().and_then(Number::to_i64);
        let result = match (operator, a, b) {
            (Operator::Add, Value::Duration(a), Value::Duration(b)) => a.checked_add(*b),
            (Operator::Subtract, Value::Duration(a), Value::Duration(b)) => a.checked_sub(*b),
            (Operator::Multiply, Value::Duration(a), other) | (Operator::Multiply, other, Value::Duration(a)) => {
                int(other).and_then(|times| a.checked_mul(times))
            }
            (Operator::Divide, Value::Duration(a), other) => match int(other) {
                Some(0) => return self.zero_divisor(right),
                Some(by) => a.checked_div(by),
                None => None,
            },
            _ => None,
        };
        match result {
            Some(milliseconds) => Ok(Value::Duration(milliseconds)),
            None => {
                let message = "the duration is too long";
                self.fail(&codes::NUMBER_TOO_LARGE, expr.span, message, "too long", "use shorter durations")
            }
        }
    }
}

/// Equality of known values; an object and a map with the same entries are equal.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(members), Value::Map(entries)) | (Value::Map(entries), Value::Object(members)) => {
            members.len() == entries.len()
                && members.iter().all(|(name, one)| {
                    entries.get(&crate::model::Key::Text(name.clone())).is_some_and(|other| equal(one, other))
                })
        }
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(one, other)| equal(one, other))
        }
        _ => a == b,
    }
}
