//! Exact decimals: `0.1 + 0.2 == 0.3`, integers of any practical size. One canonical form, so equal numbers are equal bytes.

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode, Signed, ToPrimitive, Zero};
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// At most this many digits, before and after the point together (`design: language`, "ints up to 1,000 digits").
const MAX_DIGITS: u64 = 1_000;

/// Significant digits of a quotient.
const QUOTIENT_DIGITS: u64 = 34;

/// An exact decimal, normalised: no trailing zeros after the point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

impl Number {
    /// Reads a plain or exponent form (`1.50`, `1e3`); `None` when it is no number or has more than 1,000 digits.
    pub fn parse(text: &str) -> Option<Number> {
        if text.len() as u64 > MAX_DIGITS + 32 {
            return None;
        }
        let exponent = text.split_once(['e', 'E']).map_or(Some(0), |(_, e)| e.parse::<i64>().ok())?;
        if exponent.unsigned_abs() > MAX_DIGITS {
            return None;
        }
        Number::bounded(BigDecimal::from_str(text).ok()?)
    }

    fn bounded(value: BigDecimal) -> Option<Number> {
        let value = value.normalized();
        let (_, scale) = value.as_bigint_and_exponent();
        let size = value.digits() + scale.unsigned_abs();
        (size <= 2 * MAX_DIGITS && value.digits() <= MAX_DIGITS + 1).then_some(Number(value))
    }

    pub fn is_int(&self) -> bool {
        self.0.is_integer()
    }

    /// How long it is: about three for each decimal digit, and one for each zero before or behind them.
    pub fn size(&self) -> u64 {
        let (digits, scale) = self.0.as_bigint_and_scale();
        digits.bits() + scale.unsigned_abs()
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The value as an `i64`, where it is an integer that fits.
    pub fn to_i64(&self) -> Option<i64> {
        if self.is_int() { self.0.to_i64() } else { None }
    }

    /// The nearest `f64`, for estimates only.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    pub fn negated(&self) -> Number {
        Number(-&self.0)
    }

    pub fn absolute(&self) -> Number {
        Number(self.0.abs())
    }

    /// `None` when the result has too many digits; so for the other operators.
    pub fn plus(&self, other: &Number) -> Option<Number> {
        Number::bounded(&self.0 + &other.0)
    }

    pub fn minus(&self, other: &Number) -> Option<Number> {
        Number::bounded(&self.0 - &other.0)
    }

    pub fn times(&self, other: &Number) -> Option<Number> {
        Number::bounded(&self.0 * &other.0)
    }

    /// The quotient to 34 significant digits, half to even; `None` for a zero divisor.
    pub fn divided_by(&self, other: &Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        let quotient = &self.0 / &other.0;
        let digits = NonZeroU64::new(QUOTIENT_DIGITS)?;
        Number::bounded(quotient.with_precision_round(digits, RoundingMode::HalfEven))
    }

    /// The remainder with the dividend's sign; `None` for a zero divisor.
    pub fn remainder(&self, other: &Number) -> Option<Number> {
        if other.is_zero() { None } else { Number::bounded(&self.0 % &other.0) }
    }

    pub fn floor(&self) -> Number {
        Number(self.0.with_scale_round(0, RoundingMode::Floor).normalized())
    }

    pub fn ceiling(&self) -> Number {
        Number(self.0.with_scale_round(0, RoundingMode::Ceiling).normalized())
    }

    /// Rounded to so many digits after the point, half to even.
    pub fn rounded(&self, digits: u32) -> Number {
        Number(self.0.with_scale_round(i64::from(digits), RoundingMode::HalfEven).normalized())
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        // As `normalized` leaves it, without its detour over decimal digits of any length.
        let (mut digits, mut zeros) = (value, 0);
        while digits != 0 && digits % 10 == 0 {
            digits /= 10;
            zeros += 1;
        }
        Number(BigDecimal::new(BigInt::from(digits), -zeros))
    }
}

impl fmt::Display for Number {
    /// Plain digits, never an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    /// From an integer or from its digits: the same number in the same form.
    #[test]
    fn integers_have_one_form() {
        let near = |n: i64| [n.saturating_sub(1), n, n.saturating_add(1)];
        let powers = (0..19).map(|exponent| 10_i64.pow(exponent));
        let all =
            powers.chain((0..63).map(|bit| 1_i64 << bit)).chain([0, 120, 9_007_199_254_740_993, i64::MIN, i64::MAX]);
        for n in all.flat_map(|n| [n, n.saturating_neg()]).flat_map(near) {
            let (number, read) = (Number::from(n), Number::parse(&n.to_string()));
            assert_eq!(Some(&number), read.as_ref(), "{n}");
            assert_eq!(format!("{number:?}"), format!("{:?}", read.expect("a number")), "{n}");
            assert_eq!((number.to_i64(), number.to_string()), (Some(n), n.to_string()));
            assert_eq!(number.plus(&Number::from(0)), Some(number));
        }
    }
}
