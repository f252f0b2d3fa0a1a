//! Numbers and durations: whatever begins with a digit.

use super::builder::Builder;
use crate::model::{Number, Span};
use crate::syntax::ast::ExprKind;
use crate::syntax::codes;

/// Unit and its milliseconds, the longest spelling first.
const UNITS: [(&str, i64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Digits of an integer, before and after the point together (`design: language`, "Limits").
const MAX_DIGITS: usize = 1_000;

impl Builder<'_> {
    pub(super) fn numeral(&mut self, span: Span) -> ExprKind {
        let text = self.source(span);
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return self.number(span, text);
        }
        if let Some(milliseconds) = duration(text) {
            return ExprKind::Duration(milliseconds);
        }
        let digits = text.find(|c: char| c.is_ascii_alphabetic() || c == '_').unwrap_or(text.len());
        let rest = &text[digits..];
        if rest.starts_with('_') {
            let help = format!("write `{}`", text.replace('_', ""));
            self.complain(&codes::BAD_NUMBER, span, "digits are not grouped", help);
        } else if is_exponent(rest) {
            self.complain(&codes::EXPONENT, span, "numbers are exact and have no exponent", "write all the digits");
        } else if UNITS.iter().any(|(unit, _)| rest.starts_with(unit)) {
            let help = "write whole numbers with the units ms, s, m, h or d, such as `90s` or `1h30m`";
            self.complain(&codes::BAD_DURATION, span, "not a duration", help);
        } else {
            let help = "a number is digits with at most one point, a duration such as `1h30m`; a name begins with a letter; quote a text";
            self.complain(&codes::BAD_NUMBER, span, "neither a number nor a duration", help);
        }
        ExprKind::Null
    }

    fn number(&mut self, span: Span, text: &str) -> ExprKind {
        if text.len() <= 18
            && let Ok(small) = text.parse::<i64>()
        {
            return ExprKind::Number(Number::from(small));
        }
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if digits <= MAX_DIGITS
            && let Some(number) = Number::parse(text)
        {
            return ExprKind::Number(number);
        }
        self.complain(&codes::NUMBER_TOO_LONG, span, format!("{digits} digits"), "a number has at most 1,000 digits");
        ExprKind::Null
    }
}

/// `e5`, `E10`, or `e` before a sign.
fn is_exponent(rest: &str) -> bool {
    rest.strip_prefix(['e', 'E']).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `1h30m` in milliseconds: whole numbers, each with its unit, the larger unit first.
fn duration(text: &str) -> Option<i64> {
    let (mut rest, mut total, mut last) = (text, 0_i64, i64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (_, size) = UNITS.iter().find(|(unit, _)| *unit == &tail[..letters])?;
        if *size >= last {
            return None;
        }
        last = *size;
        total = total.checked_add(count.checked_mul(*size)?)?;
        rest = &tail[letters..];
    }
    Some(total)
}
