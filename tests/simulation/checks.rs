//! The invariants that are looked at when a process has ended, and when everything is at rest.

use super::cloud::RENAMED;
use super::faults::Fault;
use super::launch::{Compiled, Report};
use super::life::Life;
use super::outcome;
use super::person;
use super::steps::is_left;
use super::truth::{Maker, living};
use cnx::cli::exit::Exit;
use cnx::model::{Mode, RemoteId};
use cnx::state::{Condition, JournalEntry, OperationId, Snapshot, fold};
use std::collections::{BTreeMap, BTreeSet};

/// More requests than any run of these sizes may need, by object, by fault and by apply.
const REQUESTS_BASE: u64 = 80;
const REQUESTS_EACH: u64 = 10;
/// What has not ended is looked at in its list and its job, at most so often, in milliseconds where the cloud is as slow as
/// documented.
const LOOKS: u64 = 2;
const BETWEEN_LOOKS_MS: u64 = 5_000;

/// What is said of a job that does not end.
const TOO_LONG: &str = "takes longer than its timeout";

/// I14: exit code and last line are true. `open`: nobody else may have left it so.
fn tells_the_truth(life: &Life, report: &Report, process: usize, open: Option<usize>) {
    let was_interrupted = life.hub.lock().manners[process].interrupted;
    let first = report.last.split(':').next().unwrap_or_default();
    // Whether what could not be written is open, nobody can say.
    let is_broken = report.is_undoing_broken || report.summary.as_ref().is_some_and(|summary| summary.broken.is_some());
    let counted = report.summary.as_ref().map_or(0, |summary| summary.failed + summary.skipped + summary.open);
    let lie = match (report.exit, open) {
        (Some(Exit::Done), Some(open)) if open > 0 => Some(format!("ends as a success with {open} operations open")),
        (Some(Exit::Done), _) if report.refused.is_some() => Some("ends as a success and was refused".to_owned()),
        (Some(Exit::Open), Some(0)) if !is_broken => Some("says that something is open, and nothing is".to_owned()),
        (Some(Exit::Interrupted), _) if !was_interrupted => Some("says it was interrupted, and it was not".to_owned()),
        (Some(Exit::Locked | Exit::Changes), _) => Some("ends as no apply here can".to_owned()),
        (Some(Exit::Refused), _) if report.refused.is_none() => Some("says it was refused, and it was not".to_owned()),
        (Some(_) | None, _) if first == "Applied" && counted > 0 => Some(format!("says that {}", report.last)),
        (Some(Exit::Done), _) if !["Applied", ""].contains(&first) => Some(format!("ends with 0 and {}", report.last)),
        (Some(_) | None, _) => None,
    };
    if let Some(lie) = lie {
        life.hub.lock().truth.violate("I14", format!("it {lie}"));
    }
}

/// I14, and I8 for the journal as it stands; the reports of all that ran beside each other.
pub fn after_launches(life: &Life, reports: &[Option<Report>]) {
    let open = life.disk.look(|snapshot| snapshot.open.len());
    for (process, report) in reports.iter().enumerate() {
        let Some(report) = report else { continue };
        // What another one began is not this one's to tell.
        let are_all_done = reports.iter().all(|other| other.as_ref().is_some_and(Report::claims_success));
        let open = Some(open).filter(|_| reports.len() == 1 || are_all_done);
        tells_the_truth(life, report, process, open);
        after_launch(life, report);
    }
}

fn after_launch(life: &Life, report: &Report) {
    if let Some(summary) = &report.summary
        && let Some(broken) = &summary.broken
        && broken.contains("bug of cnx")
    {
        life.hub.lock().truth.violate("I8", broken.clone());
    }
    let operations = life.disk.look(|snapshot| snapshot.next_operation);
    let mut world = life.hub.lock();
    let faults: u64 = world.tally.faults.values().sum();
    // What is open and has made nothing yet is looked for as well.
    let objects = world.truth.makers.len() as u64 + operations;
    let speed = if life.plot.settings.is_fast() { 100 } else { 1 };
    let looks = LOOKS * objects * (world.now_ns / 1_000_000 * speed / BETWEEN_LOOKS_MS);
    let bound = REQUESTS_BASE + REQUESTS_EACH * (objects + faults + world.tally.applies) + looks;
    let (requests, pages) = (world.tally.requests - world.tally.pages, world.tally.pages);
    let most = requests * (living(&world.emulator).count() as u64 + objects + 1);
    if pages > most {
        world.truth.violate("I11", format!("{pages} further pages in {requests} requests"));
    }
    if requests > bound {
        world
            .truth
            .violate("I11", format!("{requests} requests for {objects} objects and operations and {faults} faults"));
    }
}

/// I2: what is bound to an address was made for it. And nothing is late that was not slower than the window.
fn bound_right(life: &Life, snapshot: &Snapshot, found: &mut Vec<(&'static str, String)>) {
    let world = life.hub.lock();
    for (id, address) in &snapshot.ids {
        let Some((_, Maker::Engine(key))) = world.truth.makers.get(id.as_str()) else { continue };
        let made_for = life.disk.intent(key).map(|(_, address, _)| address);
        if let Some(other) = made_for.filter(|made_for| made_for != address) {
            found.push(("I2", format!("{id} was made for {other} and is bound to {address}")));
        }
    }
    // What only looks like it is told as well: a stranger's, or what a create made that is still open.
    // The line names the create that was given up: another one's object may look the same while a rival makes it.
    let given_up = |key: &String, line: &str| {
        let tombstone = life.disk.intent(key).and_then(|(operation, ..)| snapshot.tombstones.get(&operation));
        tombstone.is_some_and(|tombstone| line.ends_with(&tombstone.at.to_string()))
    };
    let own = |line: &&String| {
        let id = line.split(' ').next().unwrap_or_default();
        // Slower than the window, or left out of the list before it was given up.
        let is_excused = |key: &String| world.truth.slow.contains_key(key) || world.truth.overlooked.contains(id);
        matches!(world.truth.makers.get(id), Some((_, Maker::Engine(key))) if given_up(key, line) && !is_excused(key))
    };
    if let Some(line) = life.late.iter().find(own) {
        found.push(("I2", format!("late, though nothing took longer than the window: {line}")));
    }
}

/// What one apply was to make is there, ready.
pub fn all_there(life: &Life, program: &Compiled) {
    let is_ready = |record: &&cnx::state::Record| record.condition == Condition::Ready;
    let made = life.disk.look(|snapshot| snapshot.records.values().filter(is_ready).count());
    if made != program.needs.len() {
        tell(life, vec![("liveness", format!("{made} of {} objects were made", program.needs.len()))]);
    }
}

/// Everything else, when nothing goes wrong any more.
pub fn at_rest(life: &mut Life, last: Option<&Report>, program: &Compiled) {
    every_prefix_folds(life);
    let snapshot = life.disk.look(Snapshot::clone);
    let world = life.hub.lock();
    let alive: BTreeMap<String, String> =
        living(&world.emulator).map(|object| (object.id.to_string(), object.status.as_str().to_owned())).collect();
    let makers = world.truth.makers.clone();
    let slow: BTreeSet<String> = world.truth.slow.keys().cloned().collect();
    let edited = &world.truth.edited;
    let is_renamed = |it: &&cnx::emulator::Object| it.name.as_str() == RENAMED || edited.contains(it.id.as_str());
    let renamed: BTreeSet<String> = living(&world.emulator).filter(is_renamed).map(|it| it.id.to_string()).collect();
    let confirmed = world.truth.confirmed.clone();
    let denied = world.truth.denied.clone();
    drop(world);
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let refused = last.and_then(|report| report.refused.clone()).unwrap_or_default();
    let candidates: BTreeSet<&RemoteId> = snapshot.open.values().flat_map(|open| &open.candidates).collect();
    for id in alive.keys() {
        let remote = RemoteId::new(id);
        let is_held = snapshot.ids.contains_key(&remote);
        match makers.get(id).map(|(_, maker)| maker) {
            Some(Maker::Engine(key)) if !is_held => {
                let is_told = candidates.contains(&remote)
                    || life.late.iter().any(|line| line.contains(id.as_str()))
                    || refused.contains(id.as_str());
                let is_open = snapshot.open.values().any(|open| open.intent.idempotency_key == *key);
                let intent = life.disk.intent(key);
                let operation = intent.as_ref().map(|(operation, ..)| *operation);
                let whose = intent.map(|(_, address, _)| address);
                // A stranger's object was taken for it, which a list had left out before, and nothing could tell.
                let in_place = whose.as_ref().and_then(|address| snapshot.records.get(address));
                let is_displaced =
                    in_place.is_some_and(|record| confirmed.iter().any(|other| *record.id.as_str() == **other));
                // Shown to a person as what another create may have made, who said that it is not that one's.
                let is_shown = || was_asked_about(life, &remote);
                let was_displaced = || operation.is_some_and(|operation| took_other(life, operation, &confirmed));
                // Slower than the window, and of another name or size before anybody looked again.
                let is_unmarked = whose.as_ref().is_some_and(|address| super::store::is_unmarked(&address.kind));
                let is_hidden = is_unmarked && slow.contains(key) && renamed.contains(id);
                let is_excused = || is_displaced || is_hidden || is_shown() || was_displaced();
                if !is_told && !is_open && !denied.contains(id) && !is_excused() {
                    let whose = whose.map(|address| address.to_string()).unwrap_or_default();
                    found.push(("I1", format!("{id}, made for {whose}, is known to nobody")));
                }
            }
            Some(Maker::Stranger) if is_held && !confirmed.contains(id) => {
                found.push(("I3", format!("{id} is a stranger's and managed as {}", snapshot.ids[&remote])));
            }
            Some(Maker::Engine(_) | Maker::Stranger) | None => {}
        }
    }
    bound_right(life, &snapshot, &mut found);
    let never_ends = {
        let world = life.hub.lock();
        world.tally.faults.contains_key(&Fault::JobStuck)
            || living(&world.emulator).any(|object| is_left(&world.emulator, object))
    };
    let is_followed = |open: &cnx::state::Open| open.job.is_some() || open.id.is_some();
    // Its own job, or one that keeps something else busy.
    let waits = never_ends && (snapshot.open.values().any(is_followed) || last_ends(life).contains(TOO_LONG));
    let Some(report) = last else {
        return tell(life, vec![("liveness", "the last calm run has no report".to_owned())]);
    };
    let rests = report.claims_success() && !report.has_changes;
    // Whoever is told that ours has the name has to say what it is: it is not as declared, or it would have been imported.
    let is_named = refused.contains("exists_already") && person::names_ours(life, &refused) || fails_for_names(life);
    if !rests && !waits && !is_named {
        let why = report.refused.clone().unwrap_or_else(|| format!("{:?}", report.summary));
        let told = life.told.lock().expect("one thread");
        let last: Vec<String> = told.iter().rev().filter_map(bad_end).take(3).collect();
        found.push((
            "liveness",
            format!("it does not come to rest: {why} open {}; {last:?}", report.open_after_recovery),
        ));
    }
    if rests {
        same(&snapshot, &alive, program, &mut found);
        if let Some(other) = differs(life, &snapshot) {
            found.push(("G", other));
        }
    }
    tell(life, found);
}

/// G: the first line in which it differs from what it comes to where nothing goes wrong.
fn differs(life: &mut Life, snapshot: &Snapshot) -> Option<String> {
    let now = outcome::describe(snapshot, &life.hub.lock().emulator);
    if life.look.outcome {
        life.outcome = Some(now);
        return None;
    }
    let expected = outcome::expected(&life.plot);
    let other = now.lines().zip(expected.lines()).find(|(now, expected)| now != expected);
    let longer = now.lines().count() != expected.lines().count();
    let told = other.map(|(now, expected)| format!("{now}\n     and not {expected}"));
    told.or_else(|| longer.then(|| format!("{now}\n     and not {expected}")))
}

/// Whether a failure of the last run says that ours has the name: nobody but a person can say what is to become of it.
fn fails_for_names(life: &Life) -> bool {
    let last = last_ends(life);
    last.contains("already_exists") && person::names_ours(life, &last)
}

/// The steps of the last run that did not end well, in words.
pub fn last_ends(life: &Life) -> String {
    let told = life.told.lock().expect("one thread");
    let ends = told[life.told_before.min(told.len())..].iter().filter_map(bad_end);
    ends.collect::<Vec<_>>().join("; ")
}

fn bad_end(progress: &cnx::apply::Progress) -> Option<String> {
    match progress {
        cnx::apply::Progress::StepEnded { end: cnx::apply::StepEnd::Done, .. } => None,
        cnx::apply::Progress::StepEnded { address, end, .. } => Some(format!("{address}: {end:?}")),
        _ => None,
    }
}

fn tell(life: &Life, found: Vec<(&'static str, String)>) {
    let mut world = life.hub.lock();
    for (invariant, what) in found {
        world.truth.violate(invariant, what);
    }
}

/// I6 and G: the state holds what the program names, the cloud holds what the state names.
fn same(
    snapshot: &Snapshot,
    alive: &BTreeMap<String, String>,
    program: &Compiled,
    found: &mut Vec<(&'static str, String)>,
) {
    for (id, address) in &snapshot.ids {
        if !alive.contains_key(id.as_str()) {
            found.push(("I6", format!("{address} is {id} in the state and nothing in the cloud")));
        }
    }
    if !snapshot.deposed.is_empty() {
        found.push(("I6", format!("{:?} are deposed for good", snapshot.deposed.keys())));
    }
    let wanted: BTreeSet<_> = program
        .desired
        .graph
        .order()
        .map(|(_, instance)| &instance.address)
        .filter(|address| address.mode == Mode::Managed)
        .collect();
    let held: BTreeSet<_> = snapshot.records.keys().collect();
    if wanted != held {
        found.push(("I6", format!("the state holds {held:?}")));
    }
    let unready = snapshot.records.values().find(|record| record.condition != Condition::Ready);
    if let Some(record) = unready {
        found.push(("I7", format!("{} is {:?} at rest", record.address, record.condition)));
    }
}

/// Whether one of these was taken for what a create made, whatever became of it since.
fn took_other(life: &Life, operation: OperationId, others: &[String]) -> bool {
    let takes = |entry: &JournalEntry| match entry {
        JournalEntry::Adopted { operation: of, id, .. } | JournalEntry::Bound { operation: of, id } => {
            *of == operation && others.iter().any(|other| other == id.as_str())
        }
        _ => false,
    };
    life.disk.rows().iter().any(|row| takes(row.entry()))
}

/// Whether a person was ever asked whether a create made it.
fn was_asked_about(life: &Life, id: &RemoteId) -> bool {
    let names =
        |entry: &JournalEntry| matches!(entry, JournalEntry::Asked { candidates, .. } if candidates.contains(id));
    life.disk.rows().iter().any(|row| names(row.entry()))
}

/// I8: what the journal holds is legal from the first entry to the last.
fn every_prefix_folds(life: &Life) {
    let mut snapshot = Snapshot { lineage: super::store::LINEAGE.to_owned(), ..Snapshot::default() };
    if let Err(illegal) = life.disk.rows().iter().try_for_each(|row| fold(&mut snapshot, row.entry())) {
        life.hub.lock().truth.violate("I8", illegal.to_string());
    }
}
