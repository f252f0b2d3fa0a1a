//! Strict reading of request bodies: every wrong member is named, not only the first (`details.fields`).
use std::collections::BTreeMap;

use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::errors::{Refusal, invalid_fields};
use super::patterns;

/// A body that is being read, with what is wrong in it.
pub struct Fields<'a> {
    body: &'a Map<String, Value>,
    wrong: Vec<(String, String)>,
}

impl<'a> Fields<'a> {
    /// Begins to read; members that are not `known` are wrong unless the emulator is told to ignore them (4.2).
    pub fn of(body: &'a Map<String, Value>, known: &[&str], strict: bool) -> Fields<'a> {
        let unknown = body.keys().filter(|name| strict && !known.contains(&name.as_str()));
        let wrong = unknown.map(|name| (name.clone(), "is not a member of this request".to_owned())).collect();
        Fields { body, wrong }
    }

    pub fn wrong(&mut self, field: &str, reason: impl Into<String>) {
        self.wrong.push((field.to_owned(), reason.into()));
    }

    /// Everything read: nothing wrong, or a 400 that names all of it.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.wrong.is_empty() { Ok(()) } else { Err(invalid_fields(self.wrong)) }
    }

    /// What is wrong so far.
    pub fn into_wrong(self) -> Vec<(String, String)> {
        self.wrong
    }

    pub fn has(&self, field: &str) -> bool {
        self.body.contains_key(field)
    }

    pub fn value(&self, field: &str) -> Option<&'a Value> {
        self.body.get(field)
    }

    /// Complains about a member that must be there and is not.
    pub fn require(&mut self, field: &str) {
        if !self.has(field) {
            self.wrong(field, "is required");
        }
    }

    /// A text that fits a check; the check says what is wrong with it.
    pub fn text(&mut self, field: &str, check: impl Fn(&str) -> Option<String>) -> Option<&'a str> {
        let value = self.body.get(field)?;
        let Some(text) = value.as_str() else {
            self.wrong(field, "must be a string");
            return None;
        };
        if let Some(reason) = check(text) {
            self.wrong(field, reason);
            return None;
        }
        Some(text)
    }

    /// A required text.
    pub fn required_text(&mut self, field: &str, check: impl Fn(&str) -> Option<String>) -> SmolStr {
        self.require(field);
        SmolStr::from(self.text(field, check).unwrap_or_default())
    }

    pub fn boolean(&mut self, field: &str) -> Option<bool> {
        let value = self.body.get(field)?;
        let found = value.as_bool();
        if found.is_none() {
            self.wrong(field, "must be true or false");
        }
        found
    }

    /// A whole number in a range.
    pub fn integer(&mut self, field: &str, least: i64, most: i64) -> Option<i64> {
        let value = self.body.get(field)?;
        match whole(value) {
            Some(number) if (least..=most).contains(&number) => Some(number),
            Some(_) if most == i64::MAX => {
                self.wrong(field, format!("must be at least {least}"));
                None
            }
            Some(_) => {
                self.wrong(field, format!("must be from {least} to {most}"));
                None
            }
            None => {
                self.wrong(field, "must be an integer");
                None
            }
        }
    }

    /// A list of different texts that each fit a check.
    pub fn texts(
        &mut self,
        field: &str,
        least: usize,
        most: usize,
        check: impl Fn(&str) -> Option<String>,
    ) -> Option<Vec<SmolStr>> {
        let value = self.body.get(field)?;
        let Some(items) = value.as_array() else {
            self.wrong(field, "must be a list");
            return None;
        };
        if items.len() < least || items.len() > most {
            self.wrong(field, format!("has {} items; {least} to {most} are allowed", items.len()));
            return None;
        }
        let mut texts: Vec<SmolStr> = Vec::with_capacity(items.len());
        let mut seen = std::collections::BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let place = format!("{field}[{index}]");
            match item.as_str() {
                None => self.wrong(&place, "must be a string"),
                Some(text) if !seen.insert(text) => self.wrong(&place, "occurs twice"),
                Some(text) => match check(text) {
                    Some(reason) => self.wrong(&place, reason),
                    None => texts.push(SmolStr::from(text)),
                },
            }
        }
        Some(texts)
    }

    /// Tags: at most 64, keys and values within the limits of 2.1.
    pub fn tags(&mut self, field: &str) -> Option<BTreeMap<String, String>> {
        let value = self.body.get(field)?;
        let Some(map) = value.as_object() else {
            self.wrong(field, "must be an object");
            return None;
        };
        if map.len() > 64 {
            self.wrong(field, "must have at most 64 members");
        }
        let mut tags = BTreeMap::new();
        for (key, value) in map {
            let place = format!("{field}.{key}");
            if !is_tag_key(key) {
                self.wrong(&place, "has a key that does not match [A-Za-z0-9][A-Za-z0-9_./-]{0,62}");
            }
            match value.as_str() {
                Some(text) if text.chars().count() <= 255 => {
                    tags.insert(key.clone(), text.to_owned());
                }
                Some(_) => self.wrong(&place, "must have at most 255 characters"),
                None => self.wrong(&place, "must be a string"),
            }
        }
        Some(tags)
    }
}

/// A whole number, written as `3` or `3.0`.
pub fn whole(value: &Value) -> Option<i64> {
    if !value.is_number() {
        return None;
    }
    value
        .as_i64()
        .or_else(|| value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15).map(|n| n as i64))
}

fn is_tag_key(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && key.len() <= 63
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte))
}

/// A length in characters.
pub fn length(least: usize, most: usize) -> impl Fn(&str) -> Option<String> {
    move |text| {
        let count = text.chars().count();
        (count < least || count > most).then(|| format!("must have {least} to {most} characters"))
    }
}

/// A region of the catalog.
pub fn region(text: &str) -> Option<String> {
    (!super::catalog::is_region(text)).then(|| format!("{text:?} is no known region"))
}

/// One of some words.
pub fn one_of<'a>(words: &'a [&'a str]) -> impl Fn(&str) -> Option<String> + 'a {
    move |text| (!words.contains(&text)).then(|| format!("must be one of: {}", words.join(", ")))
}

/// An id with a prefix and letters and digits after it.
pub fn id(prefix: &'static str) -> impl Fn(&str) -> Option<String> {
    move |text| {
        let suffix = text.strip_prefix(prefix).unwrap_or("");
        let fits = !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (!fits).then(|| format!("must be an id that begins with {prefix}"))
    }
}

/// An absolute http or https address.
pub fn http_url(text: &str) -> Option<String> {
    (!patterns::is_origin_url(text)).then(|| "must be an absolute http or https URL".to_owned())
}

/// An address, absolute or relative.
pub fn uri_reference(text: &str) -> Option<String> {
    (!patterns::is_uri_reference(text)).then(|| "must be a URI reference as in RFC 3986".to_owned())
}

/// A host name.
pub fn hostname(text: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (text.len() > 253 || !text.split('.').all(label)).then(|| "must be a host name".to_owned())
}

/// An absolute path, `*` for any run of characters.
pub fn path_glob(text: &str) -> Option<String> {
    (!text.starts_with('/') || text.chars().count() > 2048)
        .then(|| "must begin with / and have at most 2048 characters".to_owned())
}
