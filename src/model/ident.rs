//! Names and addresses: who is meant. Newtypes for every identity, no conversion between them.

use smol_str::SmolStr;
use std::fmt;

/// A name in the language or the catalog: `[a-z][a-z0-9_]*` (types `[A-Z]…`); quoted attribute names may hold more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(pub SmolStr);

impl Ident {
    pub fn new(text: &str) -> Ident {
        Ident(SmolStr::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Ident {
    fn from(text: &str) -> Ident {
        Ident::new(text)
    }
}

impl std::borrow::Borrow<str> for Ident {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The id that the API gave an object (`srv_8x9y2z3a4b`): opaque, `contract.md L36`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteId(pub SmolStr);

impl RemoteId {
    pub fn new(text: &str) -> RemoteId {
        RemoteId(SmolStr::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a job (`job_…`): opaque.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub SmolStr);

impl JobId {
    pub fn new(text: &str) -> JobId {
        JobId(SmolStr::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What tells one instance of a repeated declaration from another; `1` and `"1"` differ, ints sort as numbers and first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Int(i64),
    Text(SmolStr),
}

impl Key {
    pub fn text(text: &str) -> Key {
        Key::Text(SmolStr::new(text))
    }
}

impl fmt::Display for Key {
    /// As written between brackets: `1`, `"eu-west-2"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Int(number) => write!(f, "{number}"),
            Key::Text(text) => {
                f.write_str("\"")?;
                for c in text.chars() {
                    match c {
                        '"' => f.write_str("\\\"")?,
                        '\\' => f.write_str("\\\\")?,
                        '$' => f.write_str("\\$")?,
                        '\n' => f.write_str("\\n")?,
                        '\t' => f.write_str("\\t")?,
                        c if c.is_control() => write!(f, "\\u{{{:x}}}", c as u32)?,
                        c => write!(f, "{c}")?,
                    }
                }
                f.write_str("\"")
            }
        }
    }
}
