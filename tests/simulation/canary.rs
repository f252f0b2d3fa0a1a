//! The key in an output, however it is written there: as it is, in base64, in hexadecimal, percent-encoded, escaped as JSON, or
//! split by spaces, quotes and ends of lines.

use super::cloud::CANARY;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::LazyLock;

/// Each way to write the key, without what depends on its neighbours.
static WAYS: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let bytes = |form: fn(u8) -> String| CANARY.bytes().map(form).collect::<String>();
    let mut ways = vec![
        ("in hexadecimal", bytes(|byte| format!("{byte:02x}"))),
        ("percent-encoded", bytes(|byte| format!("%{byte:02X}"))),
        ("escaped as JSON", bytes(|byte| format!("\\u{byte:04x}"))),
    ];
    for before in 0..3 {
        let text = STANDARD.encode([&vec![b'x'; before], CANARY.as_bytes()].concat());
        ways.push(("in base64", text[4..text.len() - 4].to_owned()));
    }
    ways
});

/// How the key is written in one of the texts, if it is.
pub fn found(texts: &[String]) -> Option<&'static str> {
    let whole = texts.concat();
    let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let joined: String = whole.chars().filter(is_part).collect();
    if joined.contains(CANARY) {
        return Some(if whole.contains(CANARY) { "as it is" } else { "in pieces" });
    }
    WAYS.iter()
        .find(|(_, text)| whole.contains(text) || whole.contains(&text.replace("\\", "\\\\")))
        .map(|(way, _)| *way)
}
