//! Objects under new names: what `moved` says, followed through the state. Ends that are no longer there are old history.

use super::codes;
use crate::desired::{Desired, Move};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, Span};
use crate::state::{JournalEntry, Snapshot, fold};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Old and new address of everything that the state knows under a name that was moved away from. Complains where
/// something else has the new name already.
pub fn moves(desired: &Desired, snapshot: &Snapshot, out: &mut Diagnostics) -> Vec<(Address, Address)> {
    if desired.moves.is_empty() {
        return Vec::new();
    }
    let written: BTreeMap<&Address, &Move> = desired.moves.iter().map(|one| (&one.from.address, one)).collect();
    let known: BTreeSet<&Address> = snapshot.records.keys().chain(snapshot.actions.keys()).collect();
    let mut taken: BTreeSet<Address> = known.iter().map(|address| (*address).clone()).collect();
    let mut made = Vec::new();
    for from in known {
        let to = followed(from, &written);
        if to == *from || desired.by_address.contains_key(from) {
            continue;
        }
        if taken.insert(to.clone()) {
            made.push((from.clone(), to));
        } else if let Some(one) = written.get(from).or_else(|| written.get(&from.declaration())) {
            out.push(
                Diagnostic::new(&codes::MOVE_BLOCKED, format!("{from} cannot become {to}: that is another object"))
                    .at(one.from.span, "both are there")
                    .help(format!("let go of one of them first: `forget {from}`")),
            );
        }
    }
    made
}

/// Where the moves lead from here; a ring ends where it began.
fn followed(from: &Address, written: &BTreeMap<&Address, &Move>) -> Address {
    let mut at = from.clone();
    let mut seen = BTreeSet::from([from.clone()]);
    while let Some(next) = next(&at, written) {
        if !seen.insert(next.clone()) {
            return from.clone();
        }
        at = next;
    }
    at
}

/// One move: of exactly this instance, else of its whole declaration, which keeps the keys.
fn next(at: &Address, written: &BTreeMap<&Address, &Move>) -> Option<Address> {
    if let Some(exact) = written.get(at) {
        return Some(exact.to.address.clone());
    }
    let whole = written.get(&at.declaration()).filter(|one| one.to.address.key.is_none())?;
    Some(Address { key: at.key.clone(), ..whole.to.address.clone() })
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

/// What is declared cannot have moved away or be forgotten.
pub fn contradictions(desired: &Desired, out: &mut Diagnostics) {
    let declared: BTreeSet<Address> = desired.by_address.keys().map(Address::declaration).collect();
    let stands = |address: &Address| {
        desired.by_address.contains_key(address) || address.key.is_none() && declared.contains(address)
    };
    for one in &desired.moves {
        let away = &one.from.address;
        let repeats = one.to.address.declaration() == *away;
        if desired.by_address.contains_key(away) || !repeats && one.to.address.key.is_none() && stands(away) {
            out.push(still_declared(away, one.from.span, "moved away"));
        }
    }
    for place in desired.forgets.iter().filter(|place| stands(&place.address)) {
        out.push(still_declared(&place.address, place.span, "forgotten"));
    }
}

fn still_declared(address: &Address, span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(&codes::STILL_DECLARED, format!("{address} is {what}, and declared"))
        .at(span, "still declared")
        .help("remove the declaration, or this line")
}
