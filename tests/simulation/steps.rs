//! The invariants that hold at each commit and each create, not only in the end: what the journal says of an object is held
//! against what is really so at that instant.

use super::hub::{Inner as World, since_start_ns};
use super::lists::{may_be_overlooked, was_left_out};
use super::truth::{Maker, living};
use cnx::emulator::{Body, Emulator, Object};
use cnx::model::{Address, Attributes, Ident, Observed, RemoteId};
use cnx::provider::{Kind, cloudnexus};
use cnx::state::{JournalEntry, Open, OperationId, Purpose, Snapshot, Tombstone};

/// Before entries are written: I1, I2, I3 and I14 as far as they are about them.
pub fn before_commit(world: &mut World, snapshot: &Snapshot, entries: &[JournalEntry]) {
    for entry in entries {
        match entry {
            JournalEntry::Bound { operation, id } => made_for(world, snapshot, *operation, id),
            JournalEntry::Adopted { operation, id, rule, .. } if is_left_alone(snapshot, *operation, rule, entries) => {
                guessed(world, snapshot, *operation, id);
            }
            JournalEntry::Adopted { operation, id, rule, .. } => {
                made_for(world, snapshot, *operation, id);
                has_evidence(world, snapshot, *operation, id, rule);
            }
            JournalEntry::Failed { operation, id: Some(id), .. } => {
                made_for(world, snapshot, *operation, id);
                really_failed(world, snapshot, *operation, id);
            }
            JournalEntry::Failed { operation, id: None, .. }
            | JournalEntry::NotCreated { operation, .. }
            | JournalEntry::Rejected { operation, .. } => made_nothing(world, snapshot, *operation),
            JournalEntry::Deleted { id, .. } => really_gone(world, id),
            JournalEntry::Forgotten { address } => let_go(world, snapshot, address),
            JournalEntry::Imported { address, observed, .. } if is_quarantined(address, entries) => {
                // By its looks, and for no create in particular.
                world.truth.guessed.insert(observed.id.to_string(), String::new());
            }
            JournalEntry::Imported { address, observed, .. } => taken_over(world, snapshot, address, observed),
            JournalEntry::Intent(intent) => world.truth.began(intent, world.now().unix_ms),
            JournalEntry::RunStarted { .. }
            | JournalEntry::RunEnded { .. }
            | JournalEntry::Pinned(_)
            | JournalEntry::Strangers { .. }
            | JournalEntry::Accepted { .. }
            | JournalEntry::Ready { .. }
            | JournalEntry::Ran { .. }
            | JournalEntry::Asked { .. }
            | JournalEntry::LateDuplicate { .. }
            | JournalEntry::Deposed { .. }
            | JournalEntry::Reinstated { .. }
            | JournalEntry::Moved { .. }
            | JournalEntry::Noted { .. }
            | JournalEntry::Quarantined { .. }
            | JournalEntry::Confirmed { .. }
            | JournalEntry::Untainted { .. }
            | JournalEntry::Restored { .. }
            | JournalEntry::Outputs(_) => {}
        }
    }
}

fn create(snapshot: &Snapshot, operation: OperationId) -> Option<&Open> {
    snapshot.open.get(&operation).filter(|open| open.intent.purpose == Purpose::Create)
}

/// What an operation binds, this very operation's request has made.
fn made_for(world: &mut World, snapshot: &Snapshot, operation: OperationId, id: &RemoteId) {
    let Some(open) = create(snapshot, operation) else { return };
    // A person gave up a create of this address that was slower than the window: what came of it is as good as what is
    // waited for, and that is told of when it comes. For whom it was made is looked at in the end.
    let is_retried = snapshot.tombstones.values().any(|given_up| given_up.address == open.intent.address);
    let complaint = match world.truth.makers.get(id.as_str()) {
        Some((_, Maker::Engine(key))) if *key == open.intent.idempotency_key => return,
        Some((_, Maker::Engine(key))) if is_retried && world.truth.slow.contains_key(key) => return,
        // Its own create was given up while lists left it out; then its name was taken, and it is what has it.
        Some((_, Maker::Engine(_))) if world.truth.overlooked.contains(id.as_str()) => return,
        Some((_, Maker::Engine(_))) => {
            ("I2", format!("{id} was made by another request than {}'s", open.intent.address))
        }
        // A list that left it out showed nobody there before the create, or ours was refused and nobody knows.
        Some((_, Maker::Stranger)) if is_only(world, id, open) => {
            world.truth.confirmed.push(id.to_string());
            return;
        }
        Some((_, Maker::Stranger)) => ("I3", format!("{id} is a stranger's and becomes {}", open.intent.address)),
        None => ("I2", format!("{id} is bound to {} and there never was such an object", open.intent.address)),
    };
    world.truth.violate(complaint.0, complaint.1);
}

/// No request is carried out later than so long after it was sent, and machines' clocks are no further apart, in milliseconds.
const MOST_LATE_MS: i64 = 3_600_000;
const CLOCKS_APART_MS: i64 = 5_000;

/// What is taken under management for its unique name was made for this address, or else by a stranger while a create of this
/// address that was given up may have been carried out: that one's object and this one are the same in everything.
fn taken_over(world: &mut World, snapshot: &Snapshot, address: &Address, observed: &Observed) {
    let id = &observed.id;
    let made = living(&world.emulator).find(|object| object.id == id.as_str()).map(|object| object.created_ms);
    let kind = cloudnexus().kind(&address.kind).filter(|kind| kind.natural_key_unique);
    let was_there = snapshot.strangers.get(&address.kind).is_some_and(|ids| ids.contains(id));
    let may_have_made = |(operation, given_up): (&OperationId, &Tombstone)| {
        let began = world.truth.began.get(operation).map(|(_, began)| *began);
        let is_in_time = began.zip(made).is_some_and(|(began, made)| {
            (began - CLOCKS_APART_MS..=began + MOST_LATE_MS + CLOCKS_APART_MS).contains(&made)
        });
        given_up.address == *address && given_up.surveyed && is_in_time
    };
    let is_as_good = kind.is_some() && !was_there && snapshot.tombstones.iter().any(may_have_made);
    let complaint = match world.truth.makers.get(id.as_str()) {
        Some((_, Maker::Engine(key))) => {
            let made_for = world.truth.began.values().find(|((made_by, _), _)| made_by == key);
            match made_for {
                Some(((_, other), _)) if other != address => {
                    ("I2", format!("{id} was made for {other} and becomes {address}"))
                }
                Some(_) | None => return,
            }
        }
        Some((_, Maker::Stranger)) if world.truth.confirmed.iter().any(|known| known == id.as_str()) => return,
        Some((_, Maker::Stranger)) if is_as_good => {
            world.truth.confirmed.push(id.to_string());
            return;
        }
        Some((_, Maker::Stranger)) => ("I3", format!("{id} is a stranger's and is taken over as {address}")),
        None => ("I2", format!("{id} is taken over as {address} and there never was such an object")),
    };
    world.truth.violate(complaint.0, complaint.1);
}

/// A guess that somebody asked for, which nothing is done on before somebody confirms it.
fn is_left_alone(snapshot: &Snapshot, operation: OperationId, rule: &str, entries: &[JournalEntry]) -> bool {
    let Some(open) = create(snapshot, operation) else { return false };
    rule == "exact" && is_quarantined(&open.intent.address, entries)
}

fn is_quarantined(of: &Address, entries: &[JournalEntry]) -> bool {
    entries.iter().any(|entry| matches!(entry, JournalEntry::Quarantined { address, .. } if address == of))
}

/// A guess may be wrong; then the person lets go of it.
fn guessed(world: &mut World, snapshot: &Snapshot, operation: OperationId, id: &RemoteId) {
    let Some(open) = create(snapshot, operation) else { return };
    let key = &open.intent.idempotency_key;
    if !matches!(world.truth.makers.get(id.as_str()), Some((_, Maker::Engine(maker))) if maker == key) {
        world.truth.guessed.insert(id.to_string(), key.clone());
    }
}

/// I3: what could be anybody's is not ours for its looks.
fn has_evidence(world: &mut World, snapshot: &Snapshot, operation: OperationId, id: &RemoteId, rule: &str) {
    let kind = create(snapshot, operation).and_then(|open| cloudnexus().kind(&open.intent.kind));
    if rule == "unique" && kind.is_some_and(|kind| !kind.natural_key_unique) {
        world.truth.violate("I3", format!("{id} is taken for ours, and nothing but its looks says so"));
    }
}

/// I1: a create is given up only while there is nothing of it.
fn made_nothing(world: &mut World, snapshot: &Snapshot, operation: OperationId) {
    let Some(open) = create(snapshot, operation) else { return };
    let key = &open.intent.idempotency_key;
    let of_it = |id: &str| matches!(world.truth.makers.get(id), Some((_, Maker::Engine(maker))) if maker == key);
    let left = living(&world.emulator).find(|object| of_it(&object.id)).map(|object| object.id.clone());
    if let Some(id) = left
        && !may_be_overlooked(world, &id)
        && !world.truth.denied.contains(id.as_str())
        && !came_after_the_list(world, open)
        && !looks_given_up(world, snapshot, &open.intent.address, &id)
    {
        let what = format!("the create of {} is given up, and it made {id}", open.intent.address);
        world.truth.violate("I1", what);
    }
}

/// What somebody changed looks like the late object of an earlier create of the address that was given up: it is told as that.
fn looks_given_up(world: &mut World, snapshot: &Snapshot, address: &Address, id: &str) -> bool {
    let is_one = world.truth.edited.contains(id) && snapshot.tombstones.values().any(|it| it.address == *address);
    if is_one {
        world.truth.overlooked.insert(id.to_owned());
    }
    is_one
}

/// A request that is slower than the window may arrive between the last list and what is concluded from it.
fn came_after_the_list(world: &World, open: &Open) -> bool {
    let kind = cloudnexus().kind(&open.intent.kind);
    let route = kind.and_then(|kind| kind.list.routes.first()).map(|route| route.path.as_str());
    let of_kind = |path: &str| route.is_some_and(|route| path.ends_with(route));
    let listed = world.truth.listed.iter().filter(|(path, _)| of_kind(path)).map(|(_, at)| at).max();
    let arrived = world.truth.slow.get(&open.intent.idempotency_key);
    arrived.is_some_and(|arrived| listed.is_some_and(|listed| arrived > listed))
}

/// I14: nothing is called failed that is not.
fn really_failed(world: &mut World, snapshot: &Snapshot, operation: OperationId, id: &RemoteId) {
    let Some(open) = create(snapshot, operation) else { return };
    let Some(made) = living(&world.emulator).find(|object| object.id == id.as_str()) else { return };
    let status = made.status.as_str();
    let is_well = status != "failed" && status != "deleting" && !is_left(&world.emulator, made);
    if is_well && !world.truth.spoilt.contains(&open.intent.idempotency_key) {
        let what = format!("{id} of {} is called failed, and it is {status}", open.intent.address);
        world.truth.violate("I14", what);
    }
}

/// Whether it is made for ever: somebody deleted what it is made of, and its job went with that.
pub fn is_left(emulator: &Emulator, object: &Object) -> bool {
    let is_lone = |source: &str| !living(emulator).any(|other| other.id == source);
    matches!(&object.body, Body::Snapshot(of) if object.status.as_str() == "creating" && is_lone(&of.source_id))
}

/// I1: what the journal calls gone is gone.
fn really_gone(world: &mut World, id: &RemoteId) {
    let there = living(&world.emulator).any(|object| object.id == id.as_str());
    if there && is_denied(world, id) {
        world.truth.denied.insert(id.to_string());
    } else if there {
        world.truth.violate("I1", format!("{id} is called gone, and it is there"));
    }
}

/// What was forgotten since both ways to ask for it, or for what it is below of, denied it, nobody can know of any more.
fn let_go(world: &mut World, snapshot: &Snapshot, address: &Address) {
    let Some(record) = snapshot.records.get(address) else { return };
    let parent = cloudnexus().kind(&record.kind).and_then(|kind| kind.parent.as_ref());
    let parent = parent.and_then(|parent| record.observed.get(parent)?.as_str().map(RemoteId::new));
    if is_denied(world, &record.id) || parent.is_some_and(|parent| is_denied(world, &parent)) {
        world.truth.denied.insert(record.id.to_string());
    }
}

fn is_only(world: &World, id: &RemoteId, open: &Open) -> bool {
    let truth = &world.truth;
    // Clocks tell whole milliseconds.
    let began_ns = truth.began.get(&open.intent.operation).map_or(0, |(_, began_ms)| since_start_ns(*began_ms + 1));
    truth.alone.get(id.as_str()) == Some(&open.intent.idempotency_key)
        || truth.lists.hidden_by(id.as_str(), began_ns).is_some()
}

/// Whether both ways to ask for it denied it. Where the API once said 404 of what its list shows, it is taken for one that
/// answers for no single object (`contract.md` 2.3), and a list tells alone.
fn is_denied(world: &World, id: &RemoteId) -> bool {
    !world.truth.hidden_read.is_empty() && was_left_out(world, id.as_str())
}

/// I2: of creates that nobody can tell apart only one is under way. For kinds without a mark.
pub fn tells_apart(snapshot: &Snapshot, operation: OperationId) -> Option<String> {
    let open = create(snapshot, operation)?;
    let kind = cloudnexus().kind(&open.intent.kind).filter(|kind| kind.stamp.is_none())?;
    let same = |other: &&Open| {
        other.intent.operation != operation
            && other.intent.purpose == Purpose::Create
            && other.intent.kind == open.intent.kind
            && other.id.is_none()
            && looks_like(kind, &other.intent.wanted) == looks_like(kind, &open.intent.wanted)
    };
    let other = snapshot.open.values().find(same)?;
    Some(format!("{} is under way, and what it makes looks like {}", other.intent.address, open.intent.address))
}

/// What a list shows of it: the natural key, or all of it where the program does not give that.
fn looks_like(kind: &Kind, wanted: &Attributes) -> Vec<(Ident, String)> {
    let is_named = !kind.natural_key.is_empty() && kind.natural_key.iter().all(|name| wanted.contains_key(name));
    let shown = wanted.iter().filter(|(name, _)| !is_named || kind.natural_key.contains(name));
    shown.map(|(name, value)| (name.clone(), format!("{value:?}"))).collect()
}
