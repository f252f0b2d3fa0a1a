//! The secret texts of a run, so that they can be taken out of what others say (the API's errors, our own complaints) in
//! whatever usual form they stand there. Knows no program.

use super::json::to_json;
use super::value::Value;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// What stands in the place of a secret.
pub const REDACTED: &str = "(secret)";

/// Shorter texts are not looked for: they would turn up everywhere.
const SHORTEST: usize = 3;

/// Shared by all parts of a run; grows as secrets come to be known.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<BTreeSet<Form>>>);

/// A form that a secret may stand in; the longest come first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Form(std::cmp::Reverse<usize>, String);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Adds every text and number in a value.
    pub fn add(&self, value: &Value) {
        match value {
            Value::String(text) => self.add_text(text),
            Value::Number(_) | Value::Duration(_) => {
                self.add_text(&to_json(value).map(|json| json.to_string()).unwrap_or_default());
            }
            Value::List(items) => items.iter().for_each(|item| self.add(item)),
            Value::Set(items) => items.iter().for_each(|item| self.add(item)),
            Value::Map(entries) => entries.values().for_each(|item| self.add(item)),
            Value::Object(members) => members.values().for_each(|item| self.add(item)),
            Value::Null | Value::Bool(_) | Value::Unknown(_) | Value::Sealed(_) => {}
        }
    }

    /// Adds a text in all of its forms: as it is, trimmed, line by line, as JSON, in a URL, in base64 at any offset.
    pub fn add_text(&self, text: &str) {
        let mut forms = BTreeSet::new();
        forms_of(text, &mut forms);
        if text.contains('\n') {
            text.lines().filter(|line| line.trim().len() >= 8).for_each(|line| forms_of(line, &mut forms));
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.extend(forms.into_iter().map(|form| Form(std::cmp::Reverse(form.len()), form)));
    }

    pub fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The text with every secret in it replaced.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut cleaned = Cow::Borrowed(text);
        for Form(_, form) in all.iter() {
            if cleaned.contains(form.as_str()) {
                cleaned = Cow::Owned(cleaned.replace(form.as_str(), REDACTED));
            }
        }
        cleaned
    }

    /// Whether a secret stands in the text.
    pub fn stands_in(&self, text: &str) -> bool {
        matches!(self.clean(text), Cow::Owned(_))
    }
}

fn forms_of(text: &str, forms: &mut BTreeSet<String>) {
    let text = text.trim();
    if text.chars().count() < SHORTEST {
        return;
    }
    forms.insert(text.to_owned());
    let quoted = serde_json::Value::String(text.to_owned()).to_string();
    forms.insert(quoted[1..quoted.len() - 1].to_owned());
    forms.insert(quoted[1..quoted.len() - 1].replace('/', "\\/"));
    forms.insert(percent(text, "%20"));
    forms.insert(percent(text, "+"));
    forms.insert(format!("{text:?}")[1..].trim_end_matches('"').to_owned());
    if text.len() >= 6 {
        for offset in 0..3 {
            based(text.as_bytes(), offset, forms);
        }
    }
}

fn percent(text: &str, space: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        match (plain, byte) {
            (true, _) => out.push(char::from(byte)),
            (false, b' ') => out.push_str(space),
            (false, _) => _ = write!(out, "%{byte:02X}"),
        }
        out
    })
}

/// The characters that stand for the text wherever it begins in what is encoded.
fn based(bytes: &[u8], offset: usize, forms: &mut BTreeSet<String>) {
    let mut shifted = vec![0; offset];
    shifted.extend(bytes);
    let from = (offset * 8).div_ceil(6);
    let to = shifted.len() * 8 / 6;
    for text in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
        forms.extend(text.get(from..to).map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_secret_is_found_in_every_usual_form() {
        let secret = "cänary/\"7 +x";
        let secrets = Secrets::default();
        secrets.add(&Value::list(vec![Value::string(secret), Value::string("ab"), Value::int(48_151_623)]));
        let json = serde_json::Value::String(secret.to_owned()).to_string();
        let told = [
            format!("bad value {secret}!"),
            json,
            percent(secret, "%20"),
            percent(secret, "+"),
            STANDARD.encode(secret),
            STANDARD.encode(format!("user:{secret}")),
            STANDARD.encode(format!("x{secret}y")),
            format!("{secret:?}"),
            "n = 48151623".to_owned(),
        ];
        for text in told {
            let cleaned = secrets.clean(&text);
            assert!(cleaned.contains(REDACTED), "{text} became {cleaned}");
            assert!(!cleaned.contains("nary"), "{cleaned}");
        }
        assert_eq!(secrets.clean("a b ab"), "a b ab");
    }
}
