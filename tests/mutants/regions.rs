//! Where a mistake may be told: where it was made, and where what it changed is used.

use super::checked::Base;
use super::sites::{Declared, Place};
use cnx::model::Span;
use std::collections::BTreeSet;

/// One change of one file.
#[derive(Clone, Debug)]
pub struct Edit {
    pub source: usize,
    pub place: Place,
    pub text: String,
    /// What else stands for the place: the partner of a bracket, the header that lacks an attribute.
    pub also: Vec<Place>,
}

impl Edit {
    pub fn text_of(&self, text: &str) -> String {
        format!("{}{}{}", &text[..self.place.start], self.text, &text[self.place.end..])
    }

    /// A place of the text as it was, as it is.
    fn moved(&self, place: &Place) -> Place {
        let moved = |at: usize| match at {
            at if at >= self.place.end => at - self.place.len() + self.text.len(),
            at if at > self.place.start => self.place.start,
            at => at,
        };
        moved(place.start)..moved(place.end)
    }
}

/// Places by file.
pub type Regions = Vec<(usize, Place)>;

fn touch(a: &Place, b: &Place) -> bool {
    a.start <= b.end && b.start <= a.end
}

fn overlap(a: &Place, b: &Place) -> bool {
    a.start < b.end && b.start < a.end || a.start == b.start || (b.start..=b.end).contains(&a.start) && a.is_empty()
}

/// The mistake itself: what was written, and what stands for it.
pub fn own(edit: &Edit) -> Regions {
    let written = edit.place.start..edit.place.start + edit.text.len();
    let also = edit.also.iter().map(|place| (edit.source, edit.moved(place)));
    [(edit.source, written)].into_iter().chain(also).collect()
}

/// Every use of what the mistake changed, directly or through others, in the text as it is.
pub fn uses(base: &Base, edit: &Edit) -> Regions {
    let mut changed: Regions = vec![(edit.source, edit.place.clone())];
    changed.extend(edit.also.iter().map(|place| (edit.source, place.clone())));
    let mut named: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut found = part_of(base, edit);
    loop {
        let mut fresh = Regions::new();
        for (file, source) in base.sources.iter().enumerate() {
            for (at, declared) in source.sites.declared.iter().enumerate() {
                let depends = |place: &Place| changed.iter().any(|(of, one)| *of == file && overlap(one, place));
                if !named.contains(&(file, at)) && declared.depends.iter().any(depends) {
                    named.insert((file, at));
                    fresh.extend(uses_of(base, file, declared));
                }
            }
        }
        if fresh.is_empty() {
            break;
        }
        found.extend(fresh.iter().cloned());
        changed.extend(fresh);
    }
    let moved = |(file, place): (usize, Place)| {
        let place = if file == edit.source { edit.moved(&place) } else { place };
        (file, place)
    };
    found.into_iter().map(moved).collect()
}

/// The expression that the changed one is a part of, where both stand on one line: an operator and its other side, a call, a list.
fn part_of(base: &Base, edit: &Edit) -> Regions {
    let source = &base.sources[edit.source];
    let holds = |outer: &Place| outer.start <= edit.place.start && edit.place.end <= outer.end;
    let parts =
        source.sites.parts.iter().filter(|(inner, outer)| holds(inner) && !source.text[outer.clone()].contains('\n'));
    let nearest = parts.min_by_key(|(inner, outer)| (inner.len(), outer.len()));
    // An operator stands between the parts of one expression.
    let itself = nearest.filter(|(inner, _)| *inner != edit.place).map(|(inner, _)| inner);
    let all = nearest.map(|(_, outer)| outer).into_iter().chain(itself);
    all.map(|place| (edit.source, place.clone())).collect()
}

/// Where a declaration is named: in the files of its folder, and in those that use the folder as a module.
fn uses_of(base: &Base, file: usize, declared: &Declared) -> Regions {
    let folder = &base.sources[file].folder;
    let is_local = declared.key.contains('@');
    let mut found = Regions::new();
    for (at, source) in base.sources.iter().enumerate() {
        let sites = &source.sites;
        if source.folder == *folder && (at == file || !is_local) {
            let uses = sites.uses.iter().filter(|one| one.key == declared.key);
            found.extend(uses.map(|one| (at, one.reach.clone())));
            let given = sites.given.iter().filter(|given| given.source.is_none() && given.key == declared.key);
            found.extend(given.map(|given| (at, given.whole.clone())));
        }
        let leads = |from: &Option<String>| from.as_deref().is_some_and(|it| it.trim_start_matches("./") == folder);
        if declared.key.starts_with("output.") {
            let users = sites.items.iter().filter(|item| leads(&item.source));
            found.extend(users.map(|item| (at, item.header.clone())));
        }
        let given = sites.given.iter().filter(|given| leads(&given.source) && given.key == declared.key);
        found.extend(given.map(|given| (at, given.whole.clone())));
        let from = base.sources[file].sites.items.iter().find(|item| item.name.as_ref() == Some(&declared.name));
        let source_of = from.and_then(|item| item.source.as_deref()).map(|it| it.trim_start_matches("./"));
        if source_of == Some(source.folder.as_str()) {
            let params = sites.declared.iter().filter(|one| !one.key.contains(['@', '.']));
            found.extend(params.map(|one| (at, one.name.clone())));
        }
    }
    found
}

/// Whether a place of a complaint is one of these.
pub fn points(span: Span, regions: &Regions) -> bool {
    let place = super::sites::place(span);
    regions.iter().any(|(file, region)| *file == span.file.0 as usize && touch(&place, region))
}
