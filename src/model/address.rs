//! Where a declared thing stands: `module.shop.server.web[1]`. Printed so that it can be pasted back.

use super::ident::{Ident, Key};
use std::fmt;

/// Which of the three declaration forms an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `KIND NAME { … }`: created, changed and destroyed by cnx.
    Managed,
    /// `data KIND NAME { … }`: only read.
    Data,
    /// `action KIND NAME { … }`: runs, has no lasting object.
    Action,
}

/// One step of a module path: `module.NAME` or `module.NAME[key]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleStep {
    pub name: Ident,
    pub key: Option<Key>,
}

/// One instance of a declaration (`key` is `None` for a declaration without `for`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub module: Vec<ModuleStep>,
    pub mode: Mode,
    pub kind: Ident,
    pub name: Ident,
    pub key: Option<Key>,
}

impl Address {
    pub fn managed(kind: &str, name: &str, key: Option<Key>) -> Address {
        Address { module: Vec::new(), mode: Mode::Managed, kind: Ident::new(kind), name: Ident::new(name), key }
    }

    /// Where it is in the module at `path` (all of its instances, where the last step has no key): the steps below it.
    pub fn below(&self, path: &[ModuleStep]) -> Option<&[ModuleStep]> {
        let (own, rest) = self.module.split_at_checked(path.len())?;
        let (last, before) = path.split_last()?;
        let (own_last, own_before) = own.split_last()?;
        let same = own_before == before && own_last.name == last.name;
        (same && (last.key.is_none() || own_last.key == last.key)).then_some(rest)
    }

    /// The address of the whole declaration, without an instance key.
    pub fn declaration(&self) -> Address {
        Address { key: None, ..self.clone() }
    }

    /// Reads a printed address and the shells' forms: `server.jump[eu-west-2]`, `server.web.1`.
    /// Whether a `kind.name` is an action is not written in it: `is_action` says so (by the catalog).
    pub fn parse(text: &str, is_action: impl Fn(&str) -> bool) -> Option<Address> {
        let mut reader = Reader { rest: text };
        let mut module = Vec::new();
        let mut mode = Mode::Managed;
        let mut word = reader.word()?;
        while word == "module" {
            reader.dot()?;
            let name = Ident::new(reader.word()?);
            let key = reader.bracket_key()?;
            module.push(ModuleStep { name, key });
            reader.dot()?;
            word = reader.word()?;
        }
        if word == "data" {
            mode = Mode::Data;
            reader.dot()?;
            word = reader.word()?;
        }
        if mode == Mode::Managed && is_action(word) {
            mode = Mode::Action;
        }
        reader.dot()?;
        let name = Ident::new(reader.word()?);
        let key = if reader.dot().is_some() { Some(key_of(reader.rest_word()?)) } else { reader.bracket_key()? };
        reader.rest.is_empty().then(|| Address { module, mode, kind: Ident::new(word), name, key })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.module {
            write!(f, "{step}.")?;
        }
        if self.mode == Mode::Data {
            f.write_str("data.")?;
        }
        write!(f, "{}.{}", self.kind, self.name)?;
        match &self.key {
            Some(key) => write!(f, "[{key}]"),
            None => Ok(()),
        }
    }
}

/// A pattern over addresses: exact, a whole declaration (covers its instances), or with `*` as the only wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern(pub String);

impl AddressPattern {
    pub fn matches(&self, address: &Address) -> bool {
        let wanted = self.0.replace('"', "");
        let fits = |address: &Address| {
            let plain = address.to_string().replace('"', "");
            glob(&wanted, &plain)
                || glob(&wanted, &address.declaration().to_string().replace('"', ""))
                || plain.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'))
                || dotted(address).is_some_and(|form| glob(&wanted, &form))
        };
        fits(address) || address.module.iter().any(|step| step.key.is_some()) && fits(&of_all_modules(address))
    }
}

/// The address as it stands in every instance of its modules.
fn of_all_modules(address: &Address) -> Address {
    let module = address.module.iter().map(|step| ModuleStep { key: None, ..step.clone() }).collect();
    Address { module, ..address.clone() }
}

/// `module.shop["a"].module.web`
pub fn shown_path(path: &[ModuleStep]) -> String {
    path.iter().map(ModuleStep::to_string).collect::<Vec<_>>().join(".")
}

impl fmt::Display for ModuleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "module.{}[{key}]", self.name),
            None => write!(f, "module.{}", self.name),
        }
    }
}

fn dotted(address: &Address) -> Option<String> {
    let key = match address.key.as_ref()? {
        Key::Int(number) => number.to_string(),
        Key::Text(text) => text.to_string(),
    };
    Some(format!("{}.{key}", address.declaration()))
}

/// Whether `text` matches `pattern`, where `*` stands for any run of characters, an empty one too. Linear by backtracking to the last star only.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((star_at, matched)) = star {
            p = star_at + 1;
            t = matched + 1;
            star = Some((star_at, matched + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

fn key_of(text: &str) -> Key {
    text.parse().map_or_else(|_| Key::text(text), Key::Int)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn rest_word(&mut self) -> Option<&'a str> {
        let word = std::mem::take(&mut self.rest);
        (!word.is_empty()).then_some(word)
    }

    fn dot(&mut self) -> Option<()> {
        self.rest = self.rest.strip_prefix('.')?;
        Some(())
    }

    /// `[1]`, `["a"]`, `[a]` or nothing; `None` when what stands there is no key.
    fn bracket_key(&mut self) -> Option<Option<Key>> {
        let Some(inner) = self.rest.strip_prefix('[') else { return Some(None) };
        if let Some(quoted) = inner.strip_prefix('"') {
            let (key, used) = unquote(quoted)?;
            self.rest = quoted[used..].strip_prefix(']')?;
            return Some(Some(Key::text(&key)));
        }
        let (key, rest) = inner.split_once(']')?;
        self.rest = rest;
        (!key.is_empty()).then(|| Some(key_of(key)))
    }
}

/// The text up to the closing quote and how many bytes it took, quote included.
fn unquote(text: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, at + 1)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'u' => {
                    let hex: String = chars.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                    out.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
                }
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    None
}
