//! Encodings, hashes, patterns and files.

use super::arguments::{encoded, made, map, render, text};
use super::patterns;
use super::table::{Function, Run, Shape};
use crate::model::{Type, Value, hex};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

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
                serde_json::from_str(text(&a[0])?).map_err(|why| no_json(&why.to_string()))?;
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
        never,
    )
    .searching(0, patterns::regex_groups),
    Function::new(
        "regexall",
        "Every whole match.",
        &[("pattern", S), ("text", S)],
        Shape::List(&S),
        (r#"regexall("[0-9]+", "1 and 22")"#, r#"["1", "22"]"#),
        never,
    )
    .searching(0, patterns::regex_all),
    Function::new(
        "matches",
        "Whether the pattern matches somewhere in the text.",
        &[("pattern", S), ("text", S)],
        Shape::Bool,
        (r#"matches("^web-", "web-1")"#, "true"),
        never,
    )
    .searching(0, patterns::matches),
    Function::new(
        "replace_regex",
        "With every match put as another text, where `$1` or `${name}` is a group.",
        &[("text", S), ("pattern", S), ("to", S)],
        S,
        (r#"replace_regex("a1b22", "[0-9]+", "-")"#, r#""a-b-""#),
        never,
    )
    .searching(1, patterns::replace_regex),
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

/// The reader's words, but for its own name of a limit (`docs/language.md`, Limits).
fn no_json(why: &str) -> String {
    if why.starts_with("recursion limit") {
        "it is nested more than 127 deep".to_owned()
    } else {
        format!("no JSON: {why}")
    }
}

/// Functions that read a file or search have another way to run.
fn never(_: &[Value]) -> Result<Value, String> {
    Err("it runs in another way".to_owned())
}

pub fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "the file is no UTF-8 text".to_owned())
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
