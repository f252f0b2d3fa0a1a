//! Where the objects of the state are in what was read: there, gone, hidden or unread; and the guard against "all gone".

use super::codes;
use super::types::{Absence, ListRead, Live, Options};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, Attributes, RemoteId};
use crate::provider::Catalog;
use crate::state::{Record, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// So many objects may be gone at once without a question.
const GONE_UNASKED: usize = 3;

/// What became of an object that the state knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Presence<'a> {
    /// As it was read just now.
    There(&'a Attributes),
    Gone,
    Hidden,
    /// Not read: as the state last saw it, and why where it was tried.
    Remembered(&'a Attributes, Option<&'a str>),
}

/// Which objects are gone, over the whole state.
#[derive(Debug, Default)]
pub struct Survey<'a> {
    gone: BTreeSet<&'a RemoteId>,
}

/// The list that would show an object, where its parent's id is known.
pub fn list_of(record: &Record, catalog: &Catalog) -> Option<ListRead> {
    let kind = catalog.kind(&record.kind)?;
    let mut parent = BTreeMap::new();
    if let Some(name) = &kind.parent {
        let id = record.observed.get(name).or_else(|| record.applied.get(name))?.as_str()?;
        parent.insert(name.clone(), RemoteId::new(id));
    }
    Some(ListRead { kind: record.kind.clone(), parent })
}

impl<'a> Survey<'a> {
    /// Looks at every object that the state knows, and complains when many are gone that nobody assumes gone.
    pub fn take(
        snapshot: &'a Snapshot,
        live: &Live,
        catalog: &Catalog,
        options: &Options,
        out: &mut Diagnostics,
    ) -> Survey<'a> {
        let mut survey = Survey::default();
        let mut unexplained = Vec::new();
        let (children, roots): (Vec<&Record>, Vec<&Record>) = all_records(snapshot)
            .partition(|record| catalog.kind(&record.kind).is_some_and(|kind| kind.parent.is_some()));
        for record in roots {
            if is_gone(record, live, catalog, options) {
                survey.gone.insert(&record.id);
                unexplained.push(&record.address);
            }
        }
        for record in children {
            let with_parent = list_of(record, catalog)
                .is_some_and(|list| list.parent.values().any(|parent| survey.gone.contains(parent)));
            if with_parent || is_gone(record, live, catalog, options) {
                survey.gone.insert(&record.id);
                unexplained.extend((!with_parent).then_some(&record.address));
            }
        }
        unexplained.retain(|address| !options.assume_gone.iter().any(|pattern| pattern.matches(address)));
        let known = all_records(snapshot).count();
        if unexplained.len() > GONE_UNASKED || unexplained.len() > 1 && unexplained.len() * 5 > known {
            out.push(vanished(&unexplained, known));
        }
        survey
    }

    /// What became of one object.
    pub fn presence(&self, record: &'a Record, live: &'a Live, catalog: &Catalog) -> Presence<'a> {
        if let Some(found) = live.objects.get(&record.kind).and_then(|objects| objects.get(&record.id)) {
            return Presence::There(&found.attributes);
        }
        if self.gone.contains(&record.id) {
            return Presence::Gone;
        }
        match live.absent.get(&(record.kind.clone(), record.id.clone())) {
            Some(Absence::Hidden) => Presence::Hidden,
            Some(Absence::Unread(why)) => Presence::Remembered(&record.observed, Some(why)),
            Some(Absence::Gone) | None => {
                let why = list_of(record, catalog).and_then(|list| live.unlisted.get(&list));
                Presence::Remembered(&record.observed, why.map(String::as_str))
            }
        }
    }
}

fn all_records(snapshot: &Snapshot) -> impl Iterator<Item = &Record> {
    snapshot.records.values().chain(snapshot.deposed.values().flatten())
}

fn is_gone(record: &Record, live: &Live, catalog: &Catalog, options: &Options) -> bool {
    if live.objects.get(&record.kind).is_some_and(|objects| objects.contains_key(&record.id)) {
        return false;
    }
    match live.absent.get(&(record.kind.clone(), record.id.clone())) {
        Some(Absence::Gone) => true,
        Some(Absence::Hidden) => options.assume_gone.iter().any(|pattern| pattern.matches(&record.address)),
        Some(Absence::Unread(_)) => false,
        None => list_of(record, catalog).is_some_and(|list| live.listed.contains(&list)),
    }
}

fn vanished(gone: &[&Address], known: usize) -> Diagnostic {
    let named: Vec<String> = gone.iter().take(5).map(ToString::to_string).collect();
    let more = if gone.len() > named.len() { format!(" and {} more", gone.len() - named.len()) } else { String::new() };
    Diagnostic::new(
        &codes::VANISHED,
        format!("{} of {known} known objects were not found: {}{more}", gone.len(), named.join(", ")),
    )
    .help("check the key and the environment; if they really are gone, say so with --assume-gone '*'")
}

/// An object that may be there, but not for this key.
pub fn hidden(record: &Record) -> Diagnostic {
    Diagnostic::new(&codes::HIDDEN, format!("{} ({}) is not visible", record.address, record.id))
        .help(format!("use a key that may see it, or say that it is gone: --assume-gone '{}'", record.address))
}

/// An object that was tried to be read; the plan goes by the state.
pub fn unread(record: &Record, why: &str) -> Diagnostic {
    Diagnostic::new(&codes::UNREAD, format!("{} ({}): {why}", record.address, record.id))
        .help("the plan goes by what the state last saw; plan again when the API answers")
}
