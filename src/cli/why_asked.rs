//! What `cnx why` is asked for: an address with or without an attribute, or a name. Addresses are read as they are printed and in the
//! forms of shells; which one is meant is decided by what there is.

use super::codes;
use super::exit::Failure;
use crate::desired::{Asked, Desired, Outputs};
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Address, Attributes, Key, Mode, ModuleStep};
use crate::program::member_names;
use crate::provider::cloudnexus;
use crate::state::Snapshot;
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// What is meant.
#[derive(Debug, PartialEq)]
pub enum Meant {
    Thing(Address),
    Value(Asked),
}

/// An address that stands at the beginning of the text, how long it is there without quotes, and what follows.
struct Found<'a> {
    address: &'a Address,
    rest: &'a str,
    length: usize,
}

pub fn meant(text: &str, desired: &Desired, snapshot: &Snapshot) -> Result<Meant, Failure> {
    let plain = text.replace('"', "");
    let known: BTreeSet<&Address> = desired.by_address.keys().chain(snapshot.records.keys()).collect();
    let found = known.iter().filter_map(|address| begins(text, &plain, address)).max_by_key(|found| found.length);
    match found {
        Some(found) if found.rest.is_empty() => Ok(Meant::Thing(found.address.clone())),
        Some(found) => attribute(&found, desired),
        None => match name(text) {
            Some(asked) if is_name(&asked, desired) => Ok(Meant::Value(asked)),
            Some(_) | None => Err(unknown(text, &plain, desired, &known)),
        },
    }
}

/// Whether the text begins with the address, in any of its forms.
fn begins<'a>(text: &'a str, plain: &str, address: &'a Address) -> Option<Found<'a>> {
    let declaration = address.declaration().to_string().replace('"', "");
    let key = address.key.as_ref().map(|key| match key {
        Key::Int(number) => number.to_string(),
        Key::Text(text) => text.replace('"', ""),
    });
    let forms = match &key {
        Some(key) => vec![format!("{declaration}[{key}]"), format!("{declaration}.{key}")],
        None => vec![declaration],
    };
    let begun = forms.iter().filter_map(|form| Some((form.len(), plain.strip_prefix(form.as_str())?)));
    let (length, rest) = begun.filter(|(_, rest)| rest.is_empty() || rest.starts_with(['.', '['])).max()?;
    let rest = if rest.is_empty() { "" } else { behind(text, length) };
    Some(Found { address, rest, length })
}

/// What stands behind so many bytes that are no quotes.
fn behind(text: &str, length: usize) -> &str {
    let mut bytes = text.bytes().enumerate().filter(|(_, byte)| *byte != b'"');
    bytes.nth(length).map_or("", |(at, _)| &text[at..])
}

/// `.tags.team`, `.tags[team]`, `.tags["app.io/name"]`: within brackets everything is the key.
fn segments(rest: &str) -> Vec<SmolStr> {
    let mut all = Vec::new();
    let mut rest = rest;
    while let Some(first) = rest.chars().next() {
        let (part, behind) = match (first, rest.strip_prefix("[\"")) {
            (_, Some(quoted)) => quoted.split_once("\"]").unwrap_or((quoted, "")),
            ('[', None) => rest[1..].split_once(']').unwrap_or((&rest[1..], "")),
            _ => {
                let word = rest.strip_prefix('.').unwrap_or(rest);
                word.split_at(word.find(['.', '[']).unwrap_or(word.len()))
            }
        };
        all.extend((!part.is_empty()).then(|| SmolStr::new(part)));
        rest = behind;
    }
    all
}

fn attribute(found: &Found<'_>, desired: &Desired) -> Result<Meant, Failure> {
    let address = found.address;
    let path = segments(found.rest);
    let Some(first) = path.first() else { return Ok(Meant::Thing(address.clone())) };
    if !desired.by_address.contains_key(address) {
        let absence = desired.headers().absence(address).map(|absence| absence.text);
        let why = absence.unwrap_or_else(|| format!("{address} is no longer declared"));
        let message = format!("{why}, so nothing gives it values");
        let help = format!("`cnx why {address}` tells what becomes of it");
        return Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into());
    }
    let names = member_names(cloudnexus(), &address.kind);
    if names.iter().any(|name| *name == first.as_str()) {
        return Ok(Meant::Value(Asked::Attribute(address.clone(), path)));
    }
    let fallback = format!("`cnx docs {}` shows what it has", address.kind);
    let help = did_you_mean(first, names.iter().map(|name| &**name), &fallback);
    let message = format!("a {} has no attribute `{first}`", address.kind);
    Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into())
}

/// `replicas`, `module.shop["a"].address`
fn name(text: &str) -> Option<Asked> {
    let (path, name) = text.rsplit_once('.').unwrap_or(("", text));
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_word(name) {
        return None;
    }
    let path: Vec<ModuleStep> = match path {
        "" => Vec::new(),
        path => Address::parse(&format!("{path}.a.b"), |_| false)?.module,
    };
    (path.is_empty() != text.contains('.')).then(|| Asked::Named(path, SmolStr::new(name)))
}

fn is_name(asked: &Asked, desired: &Desired) -> bool {
    match &desired.resolver.0 {
        Some(resolver) => resolver.origin(asked, &Nothing).is_some(),
        None => false,
    }
}

/// Nothing is known of any instance.
struct Nothing;

impl Outputs for Nothing {
    fn attributes(&self, _: &Address) -> Option<&Attributes> {
        None
    }
}

fn unknown(text: &str, plain: &str, desired: &Desired, known: &BTreeSet<&Address>) -> Failure {
    let of = |address: &&&Address| {
        let declaration = address.declaration().to_string().replace('"', "");
        address.key.is_some()
            && plain.strip_prefix(&declaration).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let instances: Vec<String> = known.iter().filter(of).take(6).map(ToString::to_string).collect();
    if !instances.is_empty() {
        let message = format!("`{text}` is repeated: which instance is meant?");
        let help = format!("there are {}", instances.join(", "));
        return Diagnostic::new(&codes::NOT_THERE, message).help(help).into();
    }
    let declared = known.iter().filter(|address| address.key.is_some()).map(|address| address.declaration());
    let declared: BTreeSet<Address> = declared.collect();
    let names: Vec<String> = known.iter().copied().chain(&declared).map(ToString::to_string).collect();
    let outputs = desired.outputs.keys().map(|name| name.as_str());
    let all = names.iter().map(String::as_str).chain(outputs);
    let fallback = "`cnx graph` shows what is declared, `cnx state list` what is managed";
    let address = text.rsplit_once('.').map(|(before, _)| before);
    let near = did_you_mean(text, all.clone(), "");
    let help = match (near.is_empty(), address) {
        (true, Some(before)) => did_you_mean(before, all, fallback),
        (true, None) => fallback.to_owned(),
        (false, _) => near,
    };
    Diagnostic::new(&codes::NOT_THERE, format!("nothing is called `{text}`")).help(help).into()
}

/// The complaint that a value has no such member.
pub fn no_such_value(asked: &Asked, written: &str, desired: &Desired) -> Failure {
    let help = match asked {
        Asked::Attribute(address, _) if address.mode == Mode::Data => {
            format!("`cnx docs {}` shows its members", address.kind)
        }
        Asked::Attribute(address, path) => {
            let given = desired.by_address.get(address).map(|node| desired.graph.node(*node));
            let whole = path.first().filter(|name| given.is_some_and(|one| one.attributes.contains_key(name.as_str())));
            whole.map_or_else(
                || "ask for the attribute".to_owned(),
                |name| format!("`cnx why {address}.{name}` shows all of it"),
            )
        }
        Asked::Named(..) => "`cnx docs` shows what the project declares".to_owned(),
    };
    Diagnostic::new(&codes::NOT_THERE, format!("`{written}` has no value here")).help(help).into()
}
