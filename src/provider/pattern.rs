//! A pattern that the catalog bounds texts by. Compiled where a text is first held against it: many runs of one process
//! share a catalog.

use regex::Regex;
use std::sync::OnceLock;

#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub fn new(text: String) -> Pattern {
        Pattern { text, compiled: OnceLock::new() }
    }

    /// As the catalog has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `false`: no regular expression; `verify` lets none of these into a catalog.
    pub fn is_valid(&self) -> bool {
        self.regex().is_some()
    }

    /// Whether the text is of this form; each one is where the pattern is not valid.
    pub fn fits(&self, text: &str) -> bool {
        self.regex().is_none_or(|regex| regex.is_match(text))
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}
