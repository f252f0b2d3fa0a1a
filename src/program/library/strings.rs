//! Texts: cutting, joining, testing.

use super::arguments::{count, fits_elements, int, items, list, made, text};
use super::table::{Function, Shape};
use crate::model::Value;

const S: Shape = Shape::String;
const TEXTS: Shape = Shape::List(&Shape::String);

pub static FUNCTIONS: &[Function] = &[
    Function::new("chomp", "Removes line breaks at the end.", &[("text", S)], S, (r#"chomp("a\n")"#, r#""a""#), |a| {
        made(text(&a[0])?.trim_end_matches(['\n', '\r']).to_owned())
    }),
    Function::new(
        "endswith",
        "Whether the text ends with the suffix.",
        &[("text", S), ("suffix", S)],
        Shape::Bool,
        (r#"endswith("a.png", ".png")"#, "true"),
        |a| Ok(Value::Bool(text(&a[0])?.ends_with(text(&a[1])?))),
    ),
    Function::new(
        "startswith",
        "Whether the text begins with the prefix.",
        &[("text", S), ("prefix", S)],
        Shape::Bool,
        (r#"startswith("web-1", "web")"#, "true"),
        |a| Ok(Value::Bool(text(&a[0])?.starts_with(text(&a[1])?))),
    ),
    Function::new(
        "strcontains",
        "Whether the text contains the part.",
        &[("text", S), ("part", S)],
        Shape::Bool,
        (r#"strcontains("hello", "ell")"#, "true"),
        |a| Ok(Value::Bool(text(&a[0])?.contains(text(&a[1])?))),
    ),
    Function::new(
        "indent",
        "Puts blanks before every line but the first.",
        &[("spaces", Shape::Int), ("text", S)],
        S,
        (r#"indent(2, "a\nb")"#, r#""a\n  b""#),
        indent,
    ),
    Function::new(
        "join",
        "The texts with a separator between them.",
        &[("separator", S), ("parts", Shape::Collection(&S))],
        S,
        (r#"join("-", ["a", "b"])"#, r#""a-b""#),
        join,
    ),
    Function::new("lower", "In lower case.", &[("text", S)], S, (r#"lower("ABC")"#, r#""abc""#), |a| {
        made(text(&a[0])?.to_lowercase())
    }),
    Function::new("upper", "In upper case.", &[("text", S)], S, (r#"upper("abc")"#, r#""ABC""#), |a| {
        made(text(&a[0])?.to_uppercase())
    }),
    Function::new(
        "title",
        "Each word with a capital.",
        &[("text", S)],
        S,
        (r#"title("hello world")"#, r#""Hello World""#),
        title,
    ),
    Function::new(
        "repeat",
        "The text so many times.",
        &[("text", S), ("times", Shape::Int)],
        S,
        (r#"repeat("ab", 3)"#, r#""ababab""#),
        |a| {
            let (part, times) = (text(&a[0])?, count(&a[1])?);
            super::arguments::fits_limit(part.len().saturating_mul(times))?;
            made(part.repeat(times))
        },
    ),
    Function::new(
        "replace",
        "With every occurrence of one text put as another; `replace_regex` takes a pattern.",
        &[("text", S), ("from", S), ("to", S)],
        S,
        (r#"replace("a.b.c", ".", "-")"#, r#""a-b-c""#),
        replace,
    ),
    Function::new(
        "split",
        "The parts between the separators.",
        &[("separator", S), ("text", S)],
        TEXTS,
        (r#"split(",", "a,b")"#, r#"["a", "b"]"#),
        split,
    ),
    Function::new("strrev", "Backwards, by characters.", &[("text", S)], S, (r#"strrev("abc")"#, r#""cba""#), |a| {
        made(text(&a[0])?.chars().rev().collect())
    }),
    Function::new(
        "substr",
        "Characters from an offset on (negative counts from the end); a length of -1 is all the rest.",
        &[("text", S), ("offset", Shape::Int), ("length", Shape::Int)],
        S,
        (r#"substr("hello", 1, 3)"#, r#""ell""#),
        substr,
    ),
    Function::new(
        "trim",
        "Without the given characters at both ends.",
        &[("text", S), ("characters", S)],
        S,
        (r#"trim("..a..", ".")"#, r#""a""#),
        |a| {
            let cut: Vec<char> = text(&a[1])?.chars().collect();
            made(text(&a[0])?.trim_matches(cut.as_slice()).to_owned())
        },
    ),
    Function::new(
        "trimspace",
        "Without blanks and line breaks at both ends.",
        &[("text", S)],
        S,
        (r#"trimspace("  a ")"#, r#""a""#),
        |a| made(text(&a[0])?.trim().to_owned()),
    ),
    Function::new(
        "trimprefix",
        "Without the prefix, where it has it.",
        &[("text", S), ("prefix", S)],
        S,
        (r#"trimprefix("v1.2", "v")"#, r#""1.2""#),
        |a| {
            let whole = text(&a[0])?;
            made(whole.strip_prefix(text(&a[1])?).unwrap_or(whole).to_owned())
        },
    ),
    Function::new(
        "trimsuffix",
        "Without the suffix, where it has it.",
        &[("text", S), ("suffix", S)],
        S,
        (r#"trimsuffix("a.txt", ".txt")"#, r#""a""#),
        |a| {
            let whole = text(&a[0])?;
            made(whole.strip_suffix(text(&a[1])?).unwrap_or(whole).to_owned())
        },
    ),
    Function::new(
        "lines",
        "The lines of a text, without their breaks.",
        &[("text", S)],
        TEXTS,
        (r#"lines("a\nb\n")"#, r#"["a", "b"]"#),
        |a| {
            let whole = text(&a[0])?;
            fits_elements(whole.matches('\n').count())?;
            Ok(texts(whole.lines()))
        },
    ),
    Function::new(
        "slug",
        "In lower case, with one `-` for each run of what is neither a letter of ASCII nor a digit.",
        &[("text", S)],
        S,
        (r#"slug("My Shop!")"#, r#""my-shop""#),
        slug,
    ),
    Function::new(
        "padleft",
        "Filled up on the left to a width.",
        &[("text", S), ("width", Shape::Int), ("fill", S)],
        S,
        (r#"padleft("7", 3, "0")"#, r#""007""#),
        |a| padded(a, true),
    ),
    Function::new(
        "padright",
        "Filled up on the right to a width.",
        &[("text", S), ("width", Shape::Int), ("fill", S)],
        S,
        (r#"padright("a", 3, ".")"#, r#""a..""#),
        |a| padded(a, false),
    ),
];

fn texts<'t>(parts: impl Iterator<Item = &'t str>) -> Value {
    Value::list(parts.map(Value::string).collect())
}

fn indent(a: &[Value]) -> Result<Value, String> {
    let (spaces, whole) = (count(&a[0])?, text(&a[1])?);
    let breaks = whole.matches('\n').count();
    super::arguments::fits_limit(whole.len().saturating_add(breaks.saturating_mul(spaces)))?;
    made(whole.replace('\n', &format!("\n{}", " ".repeat(spaces.min(super::arguments::MAX_TEXT)))))
}

fn join(a: &[Value]) -> Result<Value, String> {
    let separator = text(&a[0])?;
    let parts = items(&a[1])?.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let length: usize = parts.iter().map(|part| part.len().saturating_add(separator.len())).sum();
    super::arguments::fits_limit(length.saturating_sub(separator.len()))?;
    made(parts.join(separator))
}

fn title(a: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    let mut start = true;
    for c in text(&a[0])?.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        start = !c.is_alphanumeric();
    }
    made(out)
}

fn replace(a: &[Value]) -> Result<Value, String> {
    let (whole, from, to) = (text(&a[0])?, text(&a[1])?, text(&a[2])?);
    if from.is_empty() {
        return Err("the text to replace is empty".to_owned());
    }
    let times = whole.matches(from).count();
    super::arguments::fits_limit(
        whole.len().saturating_add(times.saturating_mul(to.len())).saturating_sub(times * from.len()),
    )?;
    made(whole.replace(from, to))
}

fn split(a: &[Value]) -> Result<Value, String> {
    let (separator, whole) = (text(&a[0])?, text(&a[1])?);
    if separator.is_empty() {
        fits_elements(whole.chars().count())?;
        let parts: Vec<String> = whole.chars().map(String::from).collect();
        return Ok(texts(parts.iter().map(String::as_str)));
    }
    fits_elements(whole.matches(separator).count())?;
    Ok(texts(whole.split(separator)))
}

fn substr(a: &[Value]) -> Result<Value, String> {
    let chars: Vec<char> = text(&a[0])?.chars().collect();
    let (offset, length) = (int(&a[1])?, int(&a[2])?);
    let size = chars.len() as i64;
    let start = if offset < 0 { size.saturating_add(offset).max(0) } else { offset.min(size) };
    let end = if length < 0 { size } else { start.saturating_add(length).min(size) };
    made(chars[start as usize..end as usize].iter().collect())
}

fn slug(a: &[Value]) -> Result<Value, String> {
    let words: Vec<String> = text(&a[0])?
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    made(words.join("-"))
}

fn padded(a: &[Value], left: bool) -> Result<Value, String> {
    let (whole, width, fill) = (text(&a[0])?, count(&a[1])?, text(&a[2])?);
    let mut filler = fill.chars();
    let (Some(fill), None) = (filler.next(), filler.next()) else {
        return Err("the fill is one character".to_owned());
    };
    super::arguments::fits_limit(width)?;
    let missing: String = std::iter::repeat_n(fill, width.saturating_sub(whole.chars().count())).collect();
    made(if left { format!("{missing}{whole}") } else { format!("{whole}{missing}") })
}

/// Texts of a list argument.
pub fn list_of_texts(value: &Value) -> Result<Vec<&str>, String> {
    list(value)?.iter().map(text).collect()
}
