//! Query strings: decoded pairs, and integers in them.
use std::borrow::Cow;

use super::errors::{Refusal, invalid};

/// What a larger number counts as: no list is as long.
const LARGEST: usize = i64::MAX as usize;

/// The decoded pairs of a query, in order.
#[derive(Clone, Debug, Default)]
pub struct Query<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Query<'_> {
    pub fn parse(text: &str) -> Query<'_> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_form(name), decode_form(value))
        });
        Query(pairs.collect())
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Every value of a repeatable name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// A whole number of at least 1, of any size.
    pub fn positive(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let digits = text.trim_start_matches('0');
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid(name, "must be an integer of at least 1"));
        }
        Ok(Some(digits.parse().unwrap_or(usize::MAX).min(LARGEST)))
    }
}

/// A value of a form: `+` is a space. The documented cursor has `=` in it, which stays.
fn decode_form(text: &str) -> Cow<'_, str> {
    if text.contains(['+', '%']) { Cow::Owned(decode(&text.replace('+', " "))) } else { Cow::Borrowed(text) }
}

/// Percent-decoding; what is no escape stays as it is.
pub fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escape = (bytes[index] == b'%').then(|| bytes.get(index + 1..index + 3)).flatten();
        let byte = escape
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte {
            decoded.push(byte);
            index += 3;
        } else {
            decoded.push(bytes[index]);
            index += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Percent-encoding of everything but unreserved characters.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
