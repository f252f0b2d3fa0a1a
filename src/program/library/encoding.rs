//! Encodings, hashes, patterns and files.

use super::arguments::{encoded, fits_elements, fits_limit, fits_together, made, map, render, text};
use super::table::{Function, Run, Shape};
use crate::model::{Key, Type, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::{Regex, RegexBuilder};
use sha2::{Digest, Sha256, Sha512};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const S: Shape = Shape::String;

pub static FUNCTIONS: &[Function] = &[
    Function::new(
        "base64encode",
        "The text's bytes as base64.",
        &[("text", S)],
        S,
        (r#"base64encode("hi")"#, r#""aGk=""#),
        |a| made(STANDARD.encode(text(&a[0])?)),
    ),
    Function::new(
        "base64decode",
        "The text from its base64.",
        &[("text", S)],
        S,
        (r#"base64decode("aGk=")"#, r#""hi""#),
        |a| {
            let bytes = STANDARD.decode(text(&a[0])?).map_err(|_| "no base64".to_owned())?;
            made(String::from_utf8(bytes).map_err(|_| "the bytes are no UTF-8 text".to_owned())?)
        },
    ),
    Function::new(
        "jsonencode",
        "The value as JSON.",
        &[("value", Shape::Any)],
        S,
        (r#"jsonencode({ a = [1, true] })"#, r#""{\"a\":[1,true]}""#),
        |a| made(encoded(&a[0])?),
    ),
    Function::new(
        "jsondecode",
        "The value of a JSON text; its type is checked where it is used.",
        &[("text", S)],
        Shape::Any,
        (r#"jsondecode("{\"a\": 1}").a"#, "1"),
        |a| {
            let json: serde_json::Value =
                serde_json::from_str(text(&a[0])?).map_err(|why| format!("no JSON: {why}"))?;
            Ok(crate::model::json::from_json(&json, &Type::Any))
        },
    ),
    Function::new(
        "urlencode",
        "Made safe for a URL's query.",
        &[("text", S)],
        S,
        (r#"urlencode("a b/c")"#, r#""a+b%2Fc""#),
        |a| {
            let mut out = String::new();
            for byte in text(&a[0])?.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
                    b' ' => out.push('+'),
                    other => out.push_str(&format!("%{other:02X}")),
                }
            }
            made(out)
        },
    ),
    Function::new(
        "sha256",
        "The SHA-256 of the text, in hex.",
        &[("text", S)],
        S,
        (r#"substr(sha256("a"), 0, 8)"#, r#""ca978112""#),
        |a| made(hex(&Sha256::digest(text(&a[0])?.as_bytes()))),
    ),
    Function::new(
        "sha512",
        "The SHA-512 of the text, in hex.",
        &[("text", S)],
        S,
        (r#"substr(sha512("a"), 0, 8)"#, r#""1f40fc92""#),
        |a| made(hex(&Sha512::digest(text(&a[0])?.as_bytes()))),
    ),
    Function::new(
        "base64sha256",
        "The SHA-256 of the text, in base64.",
        &[("text", S)],
        S,
        (r#"base64sha256("a")"#, r#""ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=""#),
        |a| made(STANDARD.encode(Sha256::digest(text(&a[0])?.as_bytes()))),
    ),
    Function::new(
        "base64sha512",
        "The SHA-512 of the text, in base64.",
        &[("text", S)],
        S,
        (r#"substr(base64sha512("a"), 0, 12)"#, r#""H0D8ktokFpR1""#),
        |a| made(STANDARD.encode(Sha512::digest(text(&a[0])?.as_bytes()))),
    ),
    Function::new(
        "tostring",
        "The scalar as text.",
        &[("value", Shape::Any)],
        S,
        ("tostring(1.50)", r#""1.5""#),
        |a| made(render(&a[0]).ok_or("no scalar")?),
    ),
    Function::new(
        "tobool",
        "A bool from its text.",
        &[("value", Shape::Any)],
        Shape::Bool,
        (r#"tobool("true")"#, "true"),
        |a| match (&a[0], a[0].as_str()) {
            (Value::Bool(flag), _) => Ok(Value::Bool(*flag)),
            (_, Some("true")) => Ok(Value::Bool(true)),
            (_, Some("false")) => Ok(Value::Bool(false)),
            _ => Err("neither true nor false".to_owned()),
        },
    ),
    Function::new(
        "regex",
        "The groups of the first match by name; by number, `0` is the whole match.",
        &[("pattern", S), ("text", S)],
        Shape::Map(&S),
        (r#"regex("(?<n>[0-9]+)", "web-12").n"#, r#""12""#),
        regex_groups,
    )
    .matching(0),
    Function::new(
        "regexall",
        "Every whole match.",
        &[("pattern", S), ("text", S)],
        Shape::List(&S),
        (r#"regexall("[0-9]+", "1 and 22")"#, r#"["1", "22"]"#),
        regex_all,
    )
    .matching(0),
    Function::new(
        "matches",
        "Whether the pattern matches somewhere in the text.",
        &[("pattern", S), ("text", S)],
        Shape::Bool,
        (r#"matches("^web-", "web-1")"#, "true"),
        |a| {
            let whole = text(&a[1])?;
            Ok(Value::Bool(compiled(text(&a[0])?, whole)?.is_match(whole)))
        },
    )
    .matching(0),
    Function::new(
        "replace_regex",
        "With every match put as another text, where `$1` or `${name}` is a group.",
        &[("text", S), ("pattern", S), ("to", S)],
        S,
        (r#"replace_regex("a1b22", "[0-9]+", "-")"#, r#""a-b-""#),
        replace_regex,
    )
    .matching(1),
    Function::new(
        "file",
        "The text of a file in the folder of the program.",
        &[("path", S)],
        S,
        (r#"file("hello.txt")"#, r#""hello\n""#),
        never,
    )
    .runs(Run::File(|bytes| made(utf8(bytes)?.to_owned()))),
    Function::new(
        "filebase64",
        "The bytes of a file, as base64.",
        &[("path", S)],
        S,
        (r#"filebase64("hello.txt")"#, r#""aGVsbG8K""#),
        never,
    )
    .runs(Run::File(|bytes| made(STANDARD.encode(bytes)))),
    Function::new(
        "filesha256",
        "The SHA-256 of a file, in hex.",
        &[("path", S)],
        S,
        (r#"substr(filesha256("hello.txt"), 0, 8)"#, r#""5891b5b5""#),
        never,
    )
    .runs(Run::File(|bytes| made(hex(&Sha256::digest(bytes))))),
    Function::new(
        "filesha512",
        "The SHA-512 of a file, in hex.",
        &[("path", S)],
        S,
        (r#"substr(filesha512("hello.txt"), 0, 8)"#, r#""e7c22b99""#),
        never,
    )
    .runs(Run::File(|bytes| made(hex(&Sha512::digest(bytes))))),
    Function::new(
        "filebase64sha256",
        "The SHA-256 of a file, in base64.",
        &[("path", S)],
        S,
        (r#"filebase64sha256("hello.txt")"#, r#""WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=""#),
        never,
    )
    .runs(Run::File(|bytes| made(STANDARD.encode(Sha256::digest(bytes))))),
    Function::new(
        "filebase64sha512",
        "The SHA-512 of a file, in base64.",
        &[("path", S)],
        S,
        (r#"substr(filebase64sha512("hello.txt"), 0, 12)"#, r#""58IrmUxZ2c8r""#),
        never,
    )
    .runs(Run::File(|bytes| made(STANDARD.encode(Sha512::digest(bytes))))),
    Function::new(
        "template",
        "The text of a file, with the given variables interpolated.",
        &[("path", S), ("variables", Shape::Any)],
        S,
        (r#"template("greeting.txt", { name = "Ada" })"#, r#""hello Ada\n""#),
        never,
    )
    .runs(Run::Template),
];

/// Functions that read a file have another way to run.
fn never(_: &[Value]) -> Result<Value, String> {
    Err("it reads a file".to_owned())
}

pub fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "the file is no UTF-8 text".to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that all searches for further matches may have before them, added up: each may look at all the rest of the text.
const MAX_SEARCHED: usize = 1 << 27;

/// A pattern for that text: its size as a program times the length of the text bounds the time that a match takes.
fn compiled(pattern: &str, whole: &str) -> Result<Regex, String> {
    const LARGEST: usize = 1 << 20;
    const WORK: usize = 1 << 36;
    static KNOWN: Mutex<BTreeMap<(String, usize), Regex>> = Mutex::new(BTreeMap::new());
    let size = (WORK / whole.len().max(1)).min(LARGEST);
    let key = (pattern.to_owned(), size);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known.get(&key) {
        return Ok(regex.clone());
    }
    let regex = RegexBuilder::new(pattern).size_limit(size).build().map_err(|why| match why {
        regex::Error::CompiledTooBig(_) if size < LARGEST => "the pattern is too large for so long a text".to_owned(),
        regex::Error::CompiledTooBig(_) => "no pattern: it is too large".to_owned(),
        other => format!("no pattern: {}", other.to_string().lines().last().unwrap_or_default().trim()),
    })?;
    if known.len() >= 256 {
        known.clear();
    }
    known.insert(key, regex.clone());
    Ok(regex)
}

fn fits_search(searched: &mut usize, rest: usize) -> Result<(), String> {
    *searched = searched.saturating_add(rest);
    let message = "too many matches in so long a text";
    if *searched > MAX_SEARCHED { Err(message.to_owned()) } else { Ok(()) }
}

fn regex_all(a: &[Value]) -> Result<Value, String> {
    let whole = text(&a[1])?;
    let pattern = compiled(text(&a[0])?, whole)?;
    let (mut all, mut searched) = (Vec::new(), 0);
    for found in pattern.find_iter(whole) {
        fits_search(&mut searched, whole.len() - found.end())?;
        all.push(Value::string(found.as_str()));
        fits_elements(all.len())?;
    }
    Ok(Value::list(all))
}

fn regex_groups(a: &[Value]) -> Result<Value, String> {
    let whole = text(&a[1])?;
    let pattern = compiled(text(&a[0])?, whole)?;
    let found = pattern.captures(whole).ok_or("the pattern does not match")?;
    let groups = pattern.capture_names().enumerate().filter_map(|(at, name)| {
        let key = name.map_or_else(|| at.to_string(), str::to_owned);
        found.get(at).map(|group| (Key::text(&key), Value::string(group.as_str())))
    });
    Ok(Value::map(groups.collect()))
}

fn replace_regex(a: &[Value]) -> Result<Value, String> {
    let (whole, to) = (text(&a[0])?, text(&a[2])?);
    let pattern = compiled(text(&a[1])?, whole)?;
    let groups = to.matches('$').count();
    let (mut out, mut last, mut searched) = (String::new(), 0, 0);
    for found in pattern.captures_iter(whole) {
        let Some(all) = found.get(0) else { continue };
        fits_search(&mut searched, whole.len() - all.end())?;
        // No group is longer than the match.
        fits_together(to.len().saturating_add(groups.saturating_mul(all.len())))?;
        out.push_str(&whole[last..all.start()]);
        found.expand(to, &mut out);
        fits_limit(out.len())?;
        last = all.end();
    }
    out.push_str(&whole[last..]);
    made(out)
}

/// The variables of a template: the members of an object or the entries of a map.
pub fn variables(value: &Value) -> Result<Vec<(String, Value)>, String> {
    match value {
        Value::Object(members) => Ok(members.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()),
        other => Ok(map(other)?
            .iter()
            .map(|(key, value)| (render(&super::arguments::key_value(key)).unwrap_or_default(), value.clone()))
            .collect()),
    }
}
