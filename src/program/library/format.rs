//! `format`: the verbs of Terraform that make sense for exact numbers (`%s %d %f %e %t %q %v %x %o %b %%`).

use super::arguments::{encoded, fits_elements, fits_limit, fits_together, items, made, number, render, text};
use super::table::{Function, Shape};
use crate::model::{Key, Number, Value};

const S: Shape = Shape::String;

pub static FUNCTIONS: &[Function] = &[
    Function::new(
        "format",
        "A text with values put in: `%s` as it is, `%d` an int, `%.2f` a number, `%e` with an exponent, `%02d` padded, `%q` quoted, `%[2]s` the second value.",
        &[("pattern", S), ("values", Shape::Any)],
        S,
        (r#"format("%s-%02d", "web", 3)"#, r#""web-03""#),
        |a| made(format(text(&a[0])?, &a[1..])?),
    )
    .variadic(),
    Function::new(
        "formatlist",
        "The pattern once for every element of the lists; other values stay.",
        &[("pattern", S), ("values", Shape::Any)],
        Shape::List(&S),
        (r#"formatlist("%s.example.com", ["a", "b"])"#, r#"["a.example.com", "b.example.com"]"#),
        formatlist,
    )
    .variadic(),
];

/// Width, flags and precision of one verb.
#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    zero: bool,
    width: usize,
    precision: Option<u32>,
    /// The place of the value, where `[n]` says it.
    value: Option<usize>,
}

fn format(pattern: &str, values: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let (mut next, mut chooses) = (0, false);
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let verb = read_verb(&mut chars)?;
        if let Some(chosen) = verb.value {
            (next, chooses) = (chosen, true);
        }
        let letter = chars.next().ok_or("the pattern ends with `%`")?;
        if letter == '%' {
            out.push('%');
            continue;
        }
        let value = values.get(next).ok_or("there are fewer values than verbs")?;
        next += 1;
        let body = rendered(letter, value, &verb)?;
        out.push_str(&padded(body, &verb));
        fits_limit(out.len())?;
    }
    // Whoever chooses values may leave some out.
    match values.len().saturating_sub(next) {
        more if more > 0 && !chooses => Err(format!("{more} of the values have no verb")),
        _ => Ok(out),
    }
}

fn read_verb(chars: &mut std::iter::Peekable<std::str::Chars>) -> Result<Verb, String> {
    let mut verb = Verb::default();
    while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | '0' | ' ' | '#')) {
        verb.minus |= flag == '-';
        verb.plus |= flag == '+';
        verb.zero |= flag == '0';
    }
    verb.width = digits(chars)?.unwrap_or(0);
    if chars.next_if_eq(&'.').is_some() {
        verb.precision = Some(digits(chars)?.unwrap_or(0) as u32);
    }
    if chars.next_if_eq(&'[').is_some() {
        let place = digits(chars)?.and_then(|place| place.checked_sub(1));
        verb.value = Some(place.filter(|_| chars.next_if_eq(&']').is_some()).ok_or("a value is chosen by `%[1]s`")?);
    }
    Ok(verb)
}

/// `1.500000e+00`: one digit, so many after the point, and a power of ten.
fn with_exponent(number: &Number, places: u32, letter: char) -> Option<String> {
    let text = number.absolute().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{fraction}");
    let first = digits.find(|digit| digit != '0');
    let mut exponent = first.map_or(0, |first| whole.len() as i64 - 1 - first as i64);
    let significant = &digits[first.unwrap_or(0)..];
    let shifted = Number::parse(&format!("{}.{}0", &significant[..1], &significant[1..]))?;
    let mut rounded = shifted.rounded(places).to_string();
    if rounded.starts_with("10") {
        rounded = "1".to_owned();
        exponent += 1;
    }
    let (lead, rest) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let point = if places == 0 { "" } else { "." };
    let sign = if number.is_negative() { "-" } else { "" };
    let power = if exponent < 0 { '-' } else { '+' };
    let width = places as usize;
    Some(format!("{sign}{lead}{point}{rest:0<width$}{letter}{power}{:02}", exponent.abs()))
}

fn digits(chars: &mut std::iter::Peekable<std::str::Chars>) -> Result<Option<usize>, String> {
    let mut found: Option<usize> = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        let so_far = found.unwrap_or(0) * 10 + digit.to_digit(10).unwrap_or(0) as usize;
        if so_far > 1_000 {
            return Err("widths and precisions go up to 1000".to_owned());
        }
        found = Some(so_far);
    }
    Ok(found)
}

fn rendered(letter: char, value: &Value, verb: &Verb) -> Result<String, String> {
    match letter {
        's' | 'v' => match render(value) {
            Some(text) => Ok(text),
            None => encoded(value),
        },
        'q' => Ok(Key::text(text(value)?).to_string()),
        't' => value.as_bool().map(|flag| flag.to_string()).ok_or_else(|| "`%t` takes a bool".to_owned()),
        'd' => {
            let number = number(value).map_err(|_| "`%d` takes an int")?;
            if !number.is_int() {
                return Err("`%d` takes an int".to_owned());
            }
            Ok(signed(number.to_string(), verb))
        }
        'f' => {
            let places = verb.precision.unwrap_or(6);
            let rounded = number(value).map_err(|_| "`%f` takes a number")?.rounded(places).to_string();
            let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
            let point = if places == 0 { "" } else { "." };
            Ok(signed(format!("{whole}{point}{fraction:0<width$}", width = places as usize), verb))
        }
        'e' | 'E' => {
            let number = number(value).map_err(|_| "`%e` takes a number")?;
            let text = with_exponent(number, verb.precision.unwrap_or(6), letter).ok_or("the number is too long")?;
            Ok(signed(text, verb))
        }
        'x' | 'X' | 'o' | 'b' => {
            let int = super::arguments::int(value)?;
            let sign = if int < 0 { "-" } else { "" };
            let size = int.unsigned_abs();
            Ok(match letter {
                'x' => format!("{sign}{size:x}"),
                'X' => format!("{sign}{size:X}"),
                'o' => format!("{sign}{size:o}"),
                _ => format!("{sign}{size:b}"),
            })
        }
        other => Err(format!("`%{other}` is no verb; there are %s %d %f %e %t %q %v %x %o %b %%")),
    }
}

fn signed(text: String, verb: &Verb) -> String {
    if verb.plus && !text.starts_with('-') { format!("+{text}") } else { text }
}

fn padded(body: String, verb: &Verb) -> String {
    let missing = verb.width.saturating_sub(body.chars().count());
    if verb.minus {
        return body + &" ".repeat(missing);
    }
    if verb.zero {
        let sign = body.len() - body.trim_start_matches(['-', '+']).len();
        return format!("{}{}{}", &body[..sign], "0".repeat(missing), &body[sign..]);
    }
    " ".repeat(missing) + &body
}

fn formatlist(a: &[Value]) -> Result<Value, String> {
    let pattern = text(&a[0])?;
    let length = a[1..].iter().filter_map(|value| items(value).ok().map(|items| items.len())).max().unwrap_or(1);
    let (mut out, mut together) = (Vec::new(), 0);
    fits_elements(length)?;
    for at in 0..length {
        let row = a[1..].iter().map(|value| match items(value) {
            Ok(all) => all.get(at).map(|one| (*one).clone()).ok_or("the lists have different lengths"),
            Err(_) => Ok(value.clone()),
        });
        let text = format(pattern, &row.collect::<Result<Vec<_>, _>>()?)?;
        together += text.len();
        fits_together(together)?;
        out.push(made(text)?);
    }
    Ok(Value::list(out))
}
