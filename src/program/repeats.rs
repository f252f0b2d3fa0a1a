//! One name that is not declared is one mistake, however often it is used: told at the first place, with the others beside it.

use super::codes;
use crate::diag::{Code, Diagnostic, Diagnostics};
use std::collections::BTreeMap;

/// Complaints about something that is not there.
const NOT_THERE: [&Code; 7] = [
    &codes::UNKNOWN_NAME,
    &codes::UNKNOWN_RESOURCE,
    &codes::UNKNOWN_FUNCTION,
    &codes::UNKNOWN_TYPE,
    &codes::UNKNOWN_KIND,
    &codes::FOREIGN_NAME,
    &codes::DEPRECATED,
];

/// Further places of one complaint that are shown.
const MOST_PLACES: usize = 8;

/// Joins complaints that say the same of the same name. They are in order of place.
pub fn told_once(diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.0.len());
    for diagnostic in std::mem::take(&mut diagnostics.0) {
        let Some(key) = key(&diagnostic) else {
            kept.push(diagnostic);
            continue;
        };
        let Some(at) = first.get(&key).copied() else {
            first.insert(key, kept.len());
            kept.push(diagnostic);
            continue;
        };
        if let Some(label) = diagnostic.primary.filter(|_| kept[at].secondary.len() < MOST_PLACES) {
            kept[at] = kept[at].clone().and(label.span, "and here");
        }
    }
    diagnostics.0 = kept;
}

/// The code and the name that it is about: the last one in the message.
fn key(diagnostic: &Diagnostic) -> Option<(&'static str, String)> {
    let code = diagnostic.code;
    if !NOT_THERE.iter().any(|other| **other == *code) {
        return None;
    }
    // `no server named web` is about both words, `nothing here is called x` and `there is no parameter x` about one.
    let names: Vec<&str> = diagnostic.message.split('`').skip(1).step_by(2).collect();
    (!names.is_empty()).then(|| (code.id, names.join(".")))
}
