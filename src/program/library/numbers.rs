//! Numbers: exact decimals.

use super::arguments::{int, items, number, text};
use super::table::{Function, Shape};
use crate::model::{Number, Value};

const N: Shape = Shape::Number;

pub static FUNCTIONS: &[Function] = &[
    Function::new("abs", "Without its sign.", &[("number", Shape::A)], Shape::A, ("abs(-3)", "3"), |a| {
        Ok(Value::Number(number(&a[0])?.absolute()))
    }),
    Function::new("ceil", "The next int above.", &[("number", N)], Shape::Int, ("ceil(1.2)", "2"), |a| {
        Ok(Value::Number(number(&a[0])?.ceiling()))
    }),
    Function::new("floor", "The next int below.", &[("number", N)], Shape::Int, ("floor(-1.2)", "-2"), |a| {
        Ok(Value::Number(number(&a[0])?.floor()))
    }),
    Function::new(
        "round",
        "To so many digits after the point, halves to the even digit.",
        &[("number", N), ("digits", Shape::Int)],
        N,
        ("round(2.345, 2)", "2.34"),
        |a| {
            let digits = u32::try_from(int(&a[1])?).ok().filter(|digits| *digits <= 1000);
            let digits = digits.ok_or("digits are 0 to 1000")?;
            Ok(Value::Number(number(&a[0])?.rounded(digits)))
        },
    )
    .optional(0),
    Function::new("max", "The greatest.", &[("numbers", Shape::A)], Shape::A, ("max(1, 3, 2)", "3"), |a| {
        extreme(a.iter().collect(), true)
    })
    .variadic(),
    Function::new("min", "The least.", &[("numbers", Shape::A)], Shape::A, ("min(1, 3, 2)", "1"), |a| {
        extreme(a.iter().collect(), false)
    })
    .variadic(),
    Function::new(
        "sum",
        "All added up.",
        &[("numbers", Shape::Collection(&Shape::A))],
        Shape::A,
        ("sum([1, 2, 3])", "6"),
        sum,
    ),
    Function::new(
        "pow",
        "To a whole power of at least 0.",
        &[("base", Shape::A), ("exponent", Shape::Int)],
        Shape::A,
        ("pow(2, 10)", "1024"),
        pow,
    ),
    Function::new("signum", "-1, 0 or 1.", &[("number", N)], Shape::Int, ("signum(-5)", "-1"), |a| {
        let value = number(&a[0])?;
        Ok(Value::int(if value.is_zero() {
            0
        } else if value.is_negative() {
            -1
        } else {
            1
        }))
    }),
    Function::new(
        "parseint",
        "An int from its digits in a base of 2 to 36.",
        &[("text", Shape::String), ("base", Shape::Int)],
        Shape::Int,
        (r#"parseint("ff", 16)"#, "255"),
        parseint,
    ),
    Function::new(
        "tonumber",
        "A number from its text.",
        &[("value", Shape::Any)],
        N,
        (r#"tonumber("1.5")"#, "1.5"),
        tonumber,
    ),
    Function::new(
        "toint",
        "An int from its text, or from a number without a fraction.",
        &[("value", Shape::Any)],
        Shape::Int,
        (r#"toint("42")"#, "42"),
        |a| match tonumber(a)? {
            Value::Number(number) if number.is_int() => Ok(Value::Number(number)),
            _ => Err("it has a fraction".to_owned()),
        },
    ),
];

fn extreme(values: Vec<&Value>, greatest: bool) -> Result<Value, String> {
    let numbers = values.into_iter().map(number).collect::<Result<Vec<_>, _>>()?;
    let found = if greatest { numbers.into_iter().max() } else { numbers.into_iter().min() };
    found.cloned().map(Value::Number).ok_or_else(|| "there is no number".to_owned())
}

fn sum(a: &[Value]) -> Result<Value, String> {
    let mut total = Number::from(0);
    for value in items(&a[0])? {
        total = total.plus(number(value)?).ok_or("the sum has too many digits")?;
    }
    Ok(Value::Number(total))
}

const TOO_LARGE: &str = "the power has too many digits";

fn pow(a: &[Value]) -> Result<Value, String> {
    let base = number(&a[0])?;
    let exponent = super::arguments::count(&a[1])?;
    if exponent > 4_000 {
        return Err("the exponent is above 4000".to_owned());
    }
    let (mut result, mut square, mut rest) = (Number::from(1), base.clone(), exponent);
    while rest > 0 {
        if rest % 2 == 1 {
            result = result.times(&square).ok_or(TOO_LARGE)?;
        }
        rest /= 2;
        if rest > 0 {
            square = square.times(&square).ok_or(TOO_LARGE)?;
        }
    }
    Ok(Value::Number(result))
}

fn parseint(a: &[Value]) -> Result<Value, String> {
    let base = int(&a[1])?;
    if !(2..=36).contains(&base) {
        return Err("the base is 2 to 36".to_owned());
    }
    let whole = text(&a[0])?;
    let (negative, digits) = whole.strip_prefix('-').map_or((false, whole), |rest| (true, rest));
    if digits.is_empty() || digits.len() > 1_000 {
        return Err(format!("no int in base {base}"));
    }
    let factor = Number::from(base);
    let mut result = Number::from(0);
    for c in digits.chars() {
        let digit = c.to_digit(base as u32).ok_or_else(|| format!("`{c}` is no digit in base {base}"))?;
        let shifted = result.times(&factor).ok_or("too many digits")?;
        result = shifted.plus(&Number::from(i64::from(digit))).ok_or("too many digits")?;
    }
    Ok(Value::Number(if negative { result.negated() } else { result }))
}

fn tonumber(a: &[Value]) -> Result<Value, String> {
    match &a[0] {
        Value::Number(number) => Ok(Value::Number(number.clone())),
        Value::String(text) if !text.contains(['e', 'E', '+']) => {
            Number::parse(text).map(Value::Number).ok_or_else(|| "no number".to_owned())
        }
        other => Err(format!("no number: {}", crate::program::convert::shown(other))),
    }
}
