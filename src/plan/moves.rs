//! Objects under new names: what `moved` says, followed through the state. Ends that are no longer there are old history.

use super::codes;
use crate::desired::{Desired, ModuleMove, Move};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, ModuleStep, Span, shown_path};
use crate::state::{JournalEntry, Snapshot, fold};
use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What is written, to be looked up.
struct Written<'a> {
    places: BTreeMap<&'a Address, &'a Move>,
    modules: BTreeMap<&'a [ModuleStep], &'a ModuleMove>,
}

/// Old and new address of everything that the state knows under a name that was moved away from. Complains where
/// something else has the new name already.
pub fn moves(desired: &Desired, snapshot: &Snapshot, out: &mut Diagnostics) -> Vec<(Address, Address)> {
    if desired.moves.is_empty() && desired.module_moves.is_empty() {
        return Vec::new();
    }
    let written = Written {
        places: desired.moves.iter().map(|one| (&one.from.address, one)).collect(),
        modules: desired.module_moves.iter().map(|one| (one.from.as_slice(), one)).collect(),
    };
    let known: BTreeSet<&Address> = snapshot.records.keys().chain(snapshot.actions.keys()).collect();
    let begun = snapshot.creating.keys();
    let mut taken: BTreeSet<Address> = known.iter().copied().chain(begun).cloned().collect();
    let mut made = Vec::new();
    for from in known {
        let to = followed(from, &written);
        if to == *from || desired.by_address.contains_key(from) {
            continue;
        }
        if taken.insert(to.clone()) {
            made.push((from.clone(), to));
        } else if !known_at(snapshot, &to) {
            out.0.extend(next(from, &written).map(|(_, span)| being_made(from, &to, &to, span)));
        } else if let Some((_, span)) = next(from, &written) {
            out.push(
                Diagnostic::new(&codes::MOVE_BLOCKED, format!("{from} cannot become {to}: that is another object"))
                    .at(span, "both are there")
                    .help(format!("let go of one of them first: `forget {from}`")),
            );
        }
    }
    // What is being made has no record that could move along.
    for from in snapshot.creating.keys().filter(|from| !known_at(snapshot, from)) {
        let to = followed(from, &written);
        if to != *from && !desired.by_address.contains_key(from) {
            out.0.extend(next(from, &written).map(|(_, span)| being_made(from, &to, from, span)));
        }
    }
    made
}

fn known_at(snapshot: &Snapshot, address: &Address) -> bool {
    snapshot.records.contains_key(address) || snapshot.actions.contains_key(address)
}

/// An earlier run's create of one of them has no known end.
fn being_made(from: &Address, to: &Address, made: &Address, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::MOVE_BLOCKED, format!("{from} cannot become {to}: the create of {made} is open"))
        .at(span, format!("{made} is being made"))
        .help("run `cnx recover` first")
}

/// Where the moves lead from here; a ring ends where it began.
fn followed(from: &Address, written: &Written) -> Address {
    let mut at = from.clone();
    let mut seen = BTreeSet::from([from.clone()]);
    while let Some((next, _)) = next(&at, written) {
        if !seen.insert(next.clone()) {
            return from.clone();
        }
        at = next;
    }
    at
}

/// One move: of exactly this instance, else of its whole declaration, which keeps the keys, else of a module around it.
fn next(at: &Address, written: &Written) -> Option<(Address, Span)> {
    if let Some(exact) = written.places.get(at) {
        return Some((exact.to.address.clone(), exact.from.span));
    }
    let whole = written.places.get(&at.declaration()).filter(|one| one.to.address.key.is_none());
    if let Some(whole) = whole {
        return Some((Address { key: at.key.clone(), ..whole.to.address.clone() }, whole.from.span));
    }
    (1..=at.module.len()).rev().find_map(|length| with_module(at, length, written))
}

/// The move of the module that the first steps name: of exactly that instance, else of all, which keep their keys.
fn with_module(at: &Address, length: usize, written: &Written) -> Option<(Address, Span)> {
    let (path, rest) = at.module.split_at(length);
    let (last, before) = path.split_last()?;
    let keyless: Vec<ModuleStep> = before.iter().cloned().chain([ModuleStep { key: None, ..last.clone() }]).collect();
    let keeps_key = |one: &&&ModuleMove| one.to.last().is_some_and(|step| step.key.is_none());
    let (one, key) = match written.modules.get(path) {
        Some(exact) => (exact, None),
        None => (written.modules.get(keyless.as_slice()).filter(keeps_key)?, last.key.clone()),
    };
    let mut module = one.to.clone();
    if let (Some(step), Some(key)) = (module.last_mut(), key) {
        step.key = Some(key);
    }
    module.extend(rest.iter().cloned());
    Some((Address { module, ..at.clone() }, one.span))
}

/// The state as it is under the new names.
pub fn moved<'a>(moves: &[(Address, Address)], snapshot: &'a Snapshot) -> Cow<'a, Snapshot> {
    if moves.is_empty() {
        return Cow::Borrowed(snapshot);
    }
    let mut renamed = snapshot.clone();
    for (from, to) in moves {
        let entry = JournalEntry::Moved { from: from.clone(), to: to.clone() };
        fold(&mut renamed, &entry).expect("invariant: only what is there is moved, to where nothing is");
    }
    Cow::Owned(renamed)
}

/// Two moves that begin in one place, or end in one: which is meant cannot be told.
fn ambiguous(desired: &Desired, out: &mut Diagnostics) {
    let away = |from: String, places| twice(format!("{from} is moved to two places"), "moved away", places);
    let here = |to: String, places| twice(format!("two objects are moved to {to}"), "moved here", places);
    let (moves, modules) = (&desired.moves, &desired.module_moves);
    let from = shared(moves.iter().map(|one| (&one.from.address, one.from.span)));
    out.0.extend(from.into_iter().map(|(address, places)| away(address.to_string(), places)));
    let to = shared(moves.iter().map(|one| (&one.to.address, one.to.span)));
    out.0.extend(to.into_iter().map(|(address, places)| here(address.to_string(), places)));
    let from = shared(modules.iter().map(|one| (&one.from, one.span)));
    out.0.extend(from.into_iter().map(|(path, places)| away(shown_path(path), places)));
    let to = shared(modules.iter().map(|one| (&one.to, one.span)));
    out.0.extend(to.into_iter().map(|(path, places)| here(shown_path(path), places)));
}

/// The ends that were there before, with the first place and this one.
fn shared<K: Ord + Copy>(ends: impl Iterator<Item = (K, Span)>) -> Vec<(K, [Span; 2])> {
    let mut known: BTreeMap<K, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for (end, span) in ends {
        match known.entry(end) {
            Entry::Vacant(new) => _ = new.insert(span),
            Entry::Occupied(first) => found.push((end, [*first.get(), span])),
        }
    }
    found
}

fn twice(message: String, label: &str, [first, again]: [Span; 2]) -> Diagnostic {
    Diagnostic::new(&codes::MOVED_TWICE, message)
        .at(again, format!("{label} again"))
        .and(first, format!("{label} first"))
        .help("keep the move that is meant, and remove the other")
}

/// What is declared cannot have moved away or be forgotten, and what is moved goes from one place to one.
pub fn contradictions(desired: &Desired, out: &mut Diagnostics) {
    ambiguous(desired, out);
    let declared: BTreeSet<Address> = desired.by_address.keys().map(Address::declaration).collect();
    let stands = |address: &Address| {
        desired.by_address.contains_key(address) || address.key.is_none() && declared.contains(address)
    };
    for one in &desired.moves {
        let away = &one.from.address;
        let repeats = one.to.address.declaration() == *away;
        if desired.by_address.contains_key(away) || !repeats && one.to.address.key.is_none() && stands(away) {
            out.push(still_declared(&away.to_string(), one.from.span, "moved away"));
        }
    }
    for one in &desired.module_moves {
        let repeats = one.to.split_last().zip(one.from.split_last());
        let repeats = repeats.is_some_and(|((to, above), (from, around))| above == around && to.name == from.name);
        let stays = |address: &&Address| {
            address.module.starts_with(&one.from) || !repeats && address.below(&one.from).is_some()
        };
        if desired.by_address.keys().any(|address| stays(&address)) {
            out.push(still_declared(&shown_path(&one.from), one.span, "moved away"));
        }
    }
    for (path, span) in &desired.module_forgets {
        if desired.by_address.keys().any(|address| address.below(path).is_some()) {
            out.push(still_declared(&shown_path(path), *span, "forgotten"));
        }
    }
    for place in desired.forgets.iter().filter(|place| stands(&place.address)) {
        out.push(still_declared(&place.address.to_string(), place.span, "forgotten"));
    }
}

fn still_declared(address: &str, span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(&codes::STILL_DECLARED, format!("{address} is {what}, and declared"))
        .at(span, "still declared")
        .help("remove the declaration, or this line")
}
