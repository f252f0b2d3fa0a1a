//! Who starts the runs, and knows the truth: what is said on the command line, which answers are given, what is confirmed.
//! Where a run is repeated without its choices, everything is answered rightly and confirmed.

use super::choices::Point;
use super::cloud;
use super::launch::{Flags, by_hand};
use super::life::Life;
use super::truth::{Maker, living};
use cnx::apply::Answer;
use cnx::model::{Address, RemoteId, Timestamp, Value};
use cnx::provider::cloudnexus;
use cnx::state::{JournalEntry, Open, Snapshot};

fn choose(life: &Life, ways: u32) -> u32 {
    life.hub.lock().choices.choose(Point::Person, ways)
}

/// What is on the command line while anything may go wrong: now and then a flag that says how unclear creates are judged.
pub fn flags(life: &Life) -> Flags {
    if !life.is_careful {
        return Flags::default();
    }
    let way = choose(life, 6);
    let confirm = rightly_guessed(life).into_iter().filter(|_| choose(life, 1) == 1).collect();
    Flags { retry_unknown: way == 1, adopt_exact: way == 2, confirm: Some(confirm), ..Flags::default() }
}

/// What was adopted by a guess, and whether rightly.
fn guessed(life: &Life) -> Vec<(Address, RemoteId, bool)> {
    let snapshot = life.disk.look(Snapshot::clone);
    let guessed = snapshot.records.values().filter(|record| record.quarantine.is_some());
    let made_for = |id: &RemoteId| match life.hub.lock().truth.makers.get(id.as_str()) {
        Some((_, Maker::Engine(key))) => Some(key.clone()),
        Some((_, Maker::Stranger)) | None => None,
    };
    let is_right = |address: &Address, id: &RemoteId| {
        made_for(id).and_then(|key| life.disk.intent(&key)).is_some_and(|(_, other, _)| other == *address)
    };
    guessed.map(|it| (it.address.clone(), it.id.clone(), is_right(&it.address, &it.id))).collect()
}

fn rightly_guessed(life: &Life) -> Vec<Address> {
    guessed(life).into_iter().filter(|(.., is_right)| *is_right).map(|(address, ..)| address).collect()
}

/// What a refusal names as there already, and whether strangers made it.
fn named(life: &Life, refused: &str) -> Vec<(String, bool)> {
    let world = life.hub.lock();
    let told = refused.split("; ").filter(|told| told.contains("exists_already") || told.contains("already_exists"));
    let told = told.collect::<Vec<_>>().join(" ");
    let words = told.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let known = words.filter_map(|word| world.truth.makers.get(word).map(|(_, maker)| (word, maker)));
    known.map(|(id, maker)| (id.to_owned(), *maker == Maker::Stranger)).collect()
}

/// Whether every object was made by a run of ours that a refusal names as there already.
pub fn names_ours(life: &Life, refused: &str) -> bool {
    let named = named(life, refused);
    !named.is_empty() && named.iter().all(|(_, is_strangers)| !is_strangers)
}

/// Has strangers take away what a refusal names as there already and what is theirs. Whether there was such a thing.
pub fn makes_way(life: &Life, refused: &str) -> bool {
    let is_ours_by_now = |id: &String| life.hub.lock().truth.confirmed.contains(id);
    let theirs = named(life, refused).into_iter().filter(|(_, theirs)| *theirs).map(|(id, _)| id);
    let theirs: Vec<String> = theirs.filter(|id| !is_ours_by_now(id)).collect();
    theirs.iter().for_each(|id| cloud::taken_away(&mut life.hub.lock(), id));
    !theirs.is_empty()
}

/// Confirms the right guesses and lets go of the wrong ones (`cnx state forget`).
pub fn look_after_guesses(life: &Life, flags: &mut Flags) {
    if !life.is_careful {
        return;
    }
    flags.confirm = Some(rightly_guessed(life));
    for (address, id, _) in guessed(life).into_iter().filter(|(.., is_right)| !is_right) {
        // What the create really made is nobody's concern any more: somebody said that it was the other.
        let key = life.hub.lock().truth.guessed.get(id.as_str()).cloned();
        let made = key.and_then(|key| made_by(life, &key));
        life.hub.lock().truth.denied.extend(made.map(|made| made.to_string()));
        let at = Timestamp(life.hub.lock().now().unix_ms);
        let entry = JournalEntry::Forgotten { address };
        let entries = life.disk.look(|snapshot| by_hand(snapshot, "cnx state forget", vec![entry], at));
        life.disk.edit(&entries);
    }
}

fn open(life: &Life) -> Vec<Open> {
    life.disk.look(|snapshot| snapshot.open.values().filter(|open| open.asked || open.job.is_none()).cloned().collect())
}

fn made_by(life: &Life, key: &str) -> Option<RemoteId> {
    let world = life.hub.lock();
    let is_its = |id: &str| matches!(world.truth.makers.get(id), Some((_, Maker::Engine(other))) if other == key);
    living(&world.emulator).find(|object| is_its(&object.id)).map(|object| RemoteId::new(&object.id))
}

/// Says what cannot be, if it comes to that: an object that is not there, one of another address, a stranger's of old, or
/// the one that the address has had since before the create.
pub fn errs(life: &Life, flags: &mut Flags) -> bool {
    if !life.is_careful || choose(life, 3) == 0 {
        return false;
    }
    let way = choose(life, 3);
    let wrong = |snapshot: &Snapshot, open: &Open| {
        let of_another = snapshot.ids.keys().next().filter(|_| way == 1);
        // What somebody was asked about may be taken, whoever's it is.
        let is_refused = |id: &&RemoteId| way == 2 && !open.candidates.contains(id);
        let of_old = snapshot.strangers.get(&open.intent.kind).and_then(|ids| ids.iter().find(is_refused));
        let address = &open.intent.address;
        let in_place = snapshot.records.get(address).map(|record| &record.id).filter(|_| way != 3);
        of_another.or(of_old).or(in_place).cloned().unwrap_or_else(|| RemoteId::new("srv_0000000000"))
    };
    let said = |snapshot: &Snapshot| {
        let answer = |open: &Open| (open.intent.address.clone(), Answer::Adopt(wrong(snapshot, open)));
        snapshot.open.values().filter(|open| open.asked).map(answer).collect()
    };
    flags.answers = life.disk.look(said);
    !flags.answers.is_empty()
}

/// Answers for what is open: rightly, by letting go, or by a flag where nothing was made.
pub fn answers(life: &Life, flags: &mut Flags) {
    let open = open(life);
    if !open.is_empty() {
        life.hub.lock().tally.asked += 1;
    }
    let way = if life.is_careful { choose(life, 4) } else { 0 };
    let is_nothing = open.iter().all(|open| made_by(life, &open.intent.idempotency_key).is_none());
    flags.retry_unknown = way == 1 && is_nothing;
    flags.answers = match way {
        1 if is_nothing && open.iter().all(|open| open.candidates.is_empty()) => Default::default(),
        2 => {
            // Of what there can be only one, whoever lets go has to import it: nothing takes its place.
            let is_only =
                |open: &Open| cloudnexus().kind(&open.intent.kind).is_some_and(|kind| kind.natural_key_unique);
            let said = |open: &Open| if is_only(open) { answer(life, open) } else { let_go(life, open) };
            open.iter().map(|open| (open.intent.address.clone(), said(open))).collect()
        }
        _ => open.iter().map(|open| (open.intent.address.clone(), answer(life, open))).collect(),
    };
}

fn let_go(life: &Life, open: &Open) -> Answer {
    let made = made_by(life, &open.intent.idempotency_key);
    life.hub.lock().truth.denied.extend(made.map(|id| id.to_string()));
    Answer::Forget
}

/// What somebody says who knows what the create made. An object that nobody was shown, and that is changed by now, is let go
/// of: whoever wants it imports it.
fn answer(life: &Life, open: &Open) -> Answer {
    let Some(id) = made_by(life, &open.intent.idempotency_key) else { return Answer::Retry };
    let (name, is_edited) = {
        let world = life.hub.lock();
        let name = living(&world.emulator).find(|object| object.id == id.as_str()).map(|it| it.name.to_string());
        (name, world.truth.edited.contains(id.as_str()))
    };
    let wanted = open.intent.wanted.get("name").and_then(Value::as_str);
    if !is_edited && wanted.is_none_or(|wanted| Some(wanted) == name.as_deref()) || open.candidates.contains(&id) {
        return Answer::Adopt(id);
    }
    let_go(life, open)
}
