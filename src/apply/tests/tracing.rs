//! An unclear create is traced among what never rests: lists that never agree, what somebody changed before it was found.

use super::super::*;
use super::rollback::instance;
use super::sim::{World, desired};
use crate::cloud::{Call, Job, JobStatus, Listing, Outcome};
use crate::model::{Address, Attributes, Ident, JobId, Key, Observed, RemoteId, Timestamp, Value};
use crate::plan::{Action, ListRead, Live, Plan, checks};
use crate::provider::cloudnexus;
use crate::state::{
    Intent, JournalEntry, Nonce, Open, OperationId, Purpose, Remembered, STAMP_OPERATION, Snapshot, Store, Tombstone,
};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A cloud of which nothing is known but what its n-th list shows and how the create's job ended.
pub(super) struct Restless {
    pub(super) lists: AtomicUsize,
    shows: fn(usize) -> Vec<Observed>,
    job: JobStatus,
    near: bool,
    /// What the job names where it is asked for by itself, and how often it was: among others it is left unasked.
    names: Option<&'static str>,
    polls: AtomicUsize,
}

impl Restless {
    pub(super) fn showing(shows: fn(usize) -> Vec<Observed>, job: JobStatus, near: bool) -> Restless {
        Restless { lists: AtomicUsize::new(0), shows, job, near, names: None, polls: AtomicUsize::new(0) }
    }
}

impl Cloud for Restless {
    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        panic!("nothing is sent: {call:?}")
    }

    fn read(&self, target: Target) -> BoxFuture<'_, Seen> {
        let shown = (self.shows)(0).into_iter().find(|object| object.id == target.id);
        ready(shown.map_or(Seen::Gone, |object| Seen::Found(Box::new(object)))).boxed()
    }

    fn list(&self, _list: ListRead) -> BoxFuture<'_, Result<Listing, String>> {
        let number = self.lists.fetch_add(1, Ordering::Relaxed);
        ready(Ok(Listing { objects: (self.shows)(number), requests: 1, regions: None })).boxed()
    }

    fn jobs(&self, _surface: Ident, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        let is_left = self.names.is_some() && self.polls.fetch_add(1, Ordering::Relaxed) < 2;
        let job = |id| Job {
            id,
            work: "server.create".to_owned(),
            created: None,
            status: if is_left { JobStatus::Unasked } else { self.job.clone() },
            progress: 100,
            resource: self.names.filter(|_| !is_left).map(RemoteId::new),
            result: None,
            error: None,
        };
        ready(Ok(ids.into_iter().map(job).collect())).boxed()
    }

    fn recent_jobs(&self, _surface: Ident) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn source(&self, source: Ident, _arguments: Attributes) -> BoxFuture<'_, Result<Value, String>> {
        panic!("nothing is read: {source}")
    }

    fn dies_with_sender(&self) -> bool {
        self.near
    }

    fn requests(&self) -> u32 {
        0
    }
}

fn object(id: &str, name: &str, marked: bool) -> Observed {
    let mut attributes = Attributes::from([
        (Ident::new("name"), Value::string(name)),
        (Ident::new("region"), Value::string("eu-west-2")),
    ]);
    if marked {
        let tags = BTreeMap::from([(Key::text(STAMP_OPERATION), Value::string("n"))]);
        attributes.insert(Ident::new("tags"), Value::map(tags));
    }
    let status = Some("running".to_owned());
    Observed { id: RemoteId::new(id), attributes, status, current_job: None, etag: None }
}

/// A state whose create of `app` is open, with this job.
fn open(kind: &str, job: Option<&str>) -> World {
    let world = World::local();
    begin(&world, intent(kind));
    if let Some(job) = job {
        let entry = JournalEntry::Accepted { operation: OperationId(0), job: Some(JobId::new(job)), id: None };
        world.store.append(&[entry]).expect("writes");
    }
    world
}

/// The create of `app`.
pub(in crate::apply) fn intent(kind: &str) -> Intent {
    Intent {
        operation: OperationId(0),
        address: Address::managed(kind, "app", None),
        kind: Ident::new(kind),
        purpose: Purpose::Create,
        id: None,
        nonce: Nonce("n".to_owned()),
        idempotency_key: String::new(),
        fingerprint: String::new(),
        inputs_hash: String::new(),
        wanted: object("", "app", false).attributes,
        lifecycle: Remembered::default(),
        epoch: 1,
        attempt: 1,
        surveyed: true,
        at: Timestamp(0),
    }
}

fn begin(world: &World, intent: Intent) {
    let started = JournalEntry::RunStarted {
        run: "r".into(),
        epoch: 1,
        holder: "a@b".into(),
        plan: "p".into(),
        at: Timestamp(0),
    };
    world.store.append(&[started, JournalEntry::Intent(Box::new(intent))]).expect("writes");
}

/// `server.app` is managed, and is this one.
fn manage(world: &World, id: &str) {
    manage_at(world, Address::managed("server", "app", None), id);
}

fn manage_at(world: &World, address: Address, id: &str) {
    let (observed, kind) = (object(id, "app", false), address.kind.clone());
    let (applied, lifecycle, at) = (observed.attributes.clone(), Remembered::default(), Timestamp(0));
    let entry = JournalEntry::Imported { address, kind, observed, applied, lifecycle, at };
    world.store.append(&[entry]).expect("writes");
}

fn recovered(world: &World, cloud: Restless) -> (Recovered, usize) {
    let cloud = Arc::new(cloud);
    let context = Context { cloud: cloud.clone(), ..world.context() };
    let snapshot = world.store.load().expect("loads");
    let recovered = world.finish(recover(&context, snapshot, &mut |_| (), futures::stream::pending()));
    (recovered, cloud.lists.load(Ordering::Relaxed))
}

fn candidates(snapshot: &Snapshot) -> Vec<RemoteId> {
    assert!(snapshot.open.values().all(|open| open.asked), "{:?}", snapshot.open);
    snapshot.open.values().flat_map(|open| open.candidates.clone()).collect()
}

#[test]
fn lists_that_never_agree_end_in_a_question() {
    let twins: fn(usize) -> Vec<Observed> = |n| vec![object(&format!("srv_{n}"), "app", false)];
    let renamed: fn(usize) -> Vec<Observed> = |n| vec![object(&format!("srv_{n}"), "other", false)];
    let now_and_then: fn(usize) -> Vec<Observed> =
        |n| if n % 2 == 0 { vec![object("srv_1", "app", false)] } else { Vec::new() };
    let marked: fn(usize) -> Vec<Observed> =
        |n| vec![object(&format!("inst_{n}"), "app", true), object(&format!("inst_{n}x"), "app", true)];
    for (kind, shows, exact) in [
        ("server", twins, false),
        ("server", twins, true),
        ("server", renamed, false),
        ("server", now_and_then, false),
        ("compute_instance", marked, false),
    ] {
        for near in [true, false] {
            let mut world = open(kind, None);
            world.options.adopt_exact = exact;
            let cloud = Restless::showing(shows, JobStatus::Missing, near);
            let (recovered, lists) = recovered(&world, cloud);
            assert!((24..=60).contains(&lists), "{kind}: {lists} lists");
            assert_eq!(recovered.snapshot.open.len(), 1, "{kind}: it is asked about");
            let shown = (0..lists).rev().map(shows).find(|shown| !shown.is_empty()).unwrap_or_default();
            let shown: Vec<RemoteId> = shown.into_iter().map(|object| object.id).collect();
            assert_eq!(candidates(&recovered.snapshot), shown, "{kind}: what the last one showed that showed any");
        }
    }
}

#[test]
fn what_showed_once_is_asked_for_by_itself_before_its_create_is_given_up() {
    // It has another name from the second list on, and lists leave it out.
    let left_out: fn(usize) -> Vec<Observed> = |n| match n {
        0 => vec![object("srv_1", "app", false)],
        1 | 3 => vec![object("srv_1", "other", false)],
        _ => Vec::new(),
    };
    let marked: fn(usize) -> Vec<Observed> =
        |n| if n == 0 { vec![object("inst_1", "other", true)] } else { Vec::new() };
    let gone: fn(usize) -> Vec<Observed> = |n| if n == 1 { vec![object("srv_1", "other", false)] } else { Vec::new() };
    for (kind, shows, made) in
        [("server", left_out, Some("srv_1")), ("compute_instance", marked, Some("inst_1")), ("server", gone, None)]
    {
        let world = open(kind, None);
        let cloud = Restless::showing(shows, JobStatus::Missing, true);
        let (recovered, lists) = recovered(&world, cloud);
        assert!(lists <= 60, "{lists} lists");
        let asked = candidates(&recovered.snapshot);
        assert_eq!(asked.first().map(RemoteId::as_str), made, "{kind}: {:#?}", world.store_history());
        assert_eq!(recovered.snapshot.open.len(), usize::from(made.is_some()), "{kind}");
    }
}

#[test]
fn what_was_accepted_and_changed_before_it_was_found_is_asked_about() {
    let renamed: fn(usize) -> Vec<Observed> = |_| vec![object("srv_1", "other", false)];
    let cloud = || Restless::showing(renamed, JobStatus::Succeeded, false);
    let world = open("server", Some("job_1"));
    let (first, _) = recovered(&world, cloud());
    assert_eq!(candidates(&first.snapshot), [RemoteId::new("srv_1")], "{:#?}", world.store_history());
    let told = first.still_open();
    assert!(told.0.iter().all(|one| one.help.contains("--answer 'server.app=srv_1'")), "{told:?}");
    let began = world.context().clock.monotonic();
    let (again, _) = recovered(&world, cloud());
    assert_eq!(again.snapshot.open, first.snapshot.open);
    assert!(world.context().clock.monotonic() - began < world.options.settle_window, "at once");
}

const TWINS: fn(usize) -> Vec<Observed> = |_| vec![object("srv_1", "app", false), object("srv_2", "app", false)];

#[test]
fn a_job_of_its_own_tells_which_of_several_a_create_made() {
    for surveyed in [true, false] {
        let world = World::local();
        begin(&world, Intent { surveyed, ..intent("server") });
        let entry = JournalEntry::Accepted { operation: OperationId(0), job: Some(JobId::new("job_1")), id: None };
        world.store.append(&[entry]).expect("writes");
        let cloud = Restless { names: Some("srv_2"), ..Restless::showing(TWINS, JobStatus::Succeeded, false) };
        let (recovered, _) = recovered(&world, cloud);
        assert_eq!((recovered.snapshot.open.len(), recovered.summary.asked), (0, 0), "{:#?}", world.store_history());
        assert_eq!(recovered.snapshot.ids.keys().map(RemoteId::as_str).collect::<Vec<_>>(), ["srv_2"]);
    }
}

/// What a create came to that the API had accepted, with a job that names nothing.
fn accepted(intent: Intent, shows: fn(usize) -> Vec<Observed>) -> (World, Recovered) {
    let world = World::local();
    begin(&world, intent);
    let entry = JournalEntry::Accepted { operation: OperationId(0), job: Some(JobId::new("job_1")), id: None };
    world.store.append(&[entry]).expect("writes");
    let (recovered, _) = recovered(&world, Restless::showing(shows, JobStatus::Succeeded, true));
    (world, recovered)
}

#[test]
fn what_was_accepted_is_not_called_never_made() {
    let stranger: fn(usize) -> Vec<Observed> =
        |n| if n == 1 { vec![object("srv_1", "other", false)] } else { Vec::new() };
    let unsure: fn(usize) -> Vec<Observed> = |n| if n == 1 { TWINS(n) } else { Vec::new() };
    let nothing: fn(usize) -> Vec<Observed> = |_| Vec::new();
    // Lists of other instances show marks, and none of theirs is its own.
    let other: fn(usize) -> Vec<Observed> = |_| vec![object("inst_1", "other", true)];
    let by_another = Intent { nonce: Nonce("m".to_owned()), ..intent("compute_instance") };
    for (intent, shows) in [
        (intent("server"), stranger),
        (intent("server"), unsure),
        (intent("server"), nothing),
        (intent("compute_instance"), nothing),
        (intent("ssh_key"), nothing),
        (by_another, other),
    ] {
        let kind = intent.kind.clone();
        let (world, recovered) = accepted(intent, shows);
        let end = recovered.ends.get(&OperationId(0));
        let Some(StepEnd::Failed { message, .. }) = end else { panic!("{kind}: {end:?} {:#?}", world.store_history()) };
        assert!(message.contains("nowhere to be seen"), "{message}");
        assert!(recovered.snapshot.open.is_empty() && recovered.snapshot.tombstones.len() == 1, "it may still show");
    }
}

#[test]
fn what_made_it_unsure_is_remembered() {
    let once: fn(usize) -> Vec<Observed> = |n| if n == 0 { vec![object("srv_1", "app", false)] } else { Vec::new() };
    let (world, recovered) = accepted(Intent { surveyed: false, ..intent("server") }, once);
    assert_eq!(candidates(&recovered.snapshot), [RemoteId::new("srv_1")], "{:#?}", world.store_history());
    assert_eq!(recovered.snapshot.open.len(), 1, "it is still there by its own route");
}

#[test]
fn what_is_managed_by_now_is_not_asked_about_again() {
    let shows: fn(usize) -> Vec<Observed> = |_| vec![object("inst_1", "app", false), object("inst_2", "web", true)];
    for managed in [true, false] {
        let world = World::local();
        begin(&world, Intent { nonce: Nonce("m".to_owned()), ..intent("compute_instance") });
        let candidates = vec![RemoteId::new("inst_1")];
        world.store.append(&[JournalEntry::Asked { operation: OperationId(0), candidates }]).expect("writes");
        if managed {
            manage_at(&world, Address::managed("compute_instance", "theirs", None), "inst_1");
        }
        let (recovered, _) = recovered(&world, Restless::showing(shows, JobStatus::Missing, true));
        assert_eq!(recovered.snapshot.open.is_empty(), managed, "{:#?}", world.store_history());
    }
}

#[test]
fn a_failed_create_names_what_appeared_meanwhile() {
    let renamed: fn(usize) -> Vec<Observed> = |_| vec![object("srv_1", "other", false)];
    let world = open("server", Some("job_1"));
    let cloud = Restless::showing(renamed, JobStatus::Failed, false);
    let left = world.store.load().expect("loads").open;
    let (recovered, _) = recovered(&world, cloud);
    let Some(StepEnd::Failed { help, .. }) = recovered.ends.get(&OperationId(0)) else {
        panic!("{:?}", recovered.ends)
    };
    assert!(help.contains("srv_1 appeared meanwhile"), "{help}");

    // It counts in the run that had left it open.
    let mut summary = Summary { open: 1, asked: 1, created: 2, ..Summary::default() };
    recovered.count_in(left.clone(), &Plan::default(), &mut summary, None);
    assert_eq!(summary, Summary { failed: 1, created: 2, ..Summary::default() });

    // Or in the way back of that run.
    let asked = Summary { open: 1, asked: 1, ..Summary::default() };
    let mut back = RolledBack { summary: asked, first: OperationId(0), kept: Vec::new() };
    let mut summary = Summary { failed: 1, ..Summary::default() };
    recovered.count_in(left, &Plan::default(), &mut summary, Some(&mut back));
    assert_eq!((summary.failed, back.summary.failed, back.summary.open), (1, 1, 0));
}

#[test]
fn what_a_question_came_to_counts_in_the_run_that_asked() {
    let one: fn(usize) -> Vec<Observed> = |_| vec![object("srv_1", "app", false)];
    let address = Address::managed("server", "app", None);
    let asked = Summary { open: 1, asked: 1, ..Summary::default() };
    let skipped = Summary { skipped: 1, ..Summary::default() };
    for (answer, counted) in [
        (Answer::Adopt(RemoteId::new("srv_1")), Summary { adopted: 1, ..Summary::default() }),
        (Answer::Retry, skipped.clone()),
        (Answer::Forget, skipped.clone()),
        (Answer::Adopt(RemoteId::new("srv_2")), asked.clone()),
    ] {
        // Also where another object stood at the address until it was deleted outside.
        for former in [None, Some("srv_0")] {
            let mut world = World::local();
            former.into_iter().for_each(|id| manage(&world, id));
            begin(&world, intent("server"));
            let cloud = || Restless::showing(one, JobStatus::Missing, true);
            let (first, _) = recovered(&world, cloud());
            assert_eq!(candidates(&first.snapshot), [RemoteId::new("srv_1")]);
            let left = first.snapshot.open.clone();
            world.options.answers = BTreeMap::from([(address.clone(), answer.clone())]);
            let (second, _) = recovered(&world, cloud());
            let mut summary = asked.clone();
            second.after(first).count_in(left, &Plan::default(), &mut summary, None);
            assert_eq!(summary, counted, "{answer:?} {former:?}");
        }
    }
}

#[test]
fn what_came_to_nothing_is_no_success() {
    let there: fn(usize) -> Vec<Observed> = |_| vec![object("srv_1", "app", false)];
    let gone: fn(usize) -> Vec<Observed> = |_| Vec::new();
    let resize = Purpose::Update(vec![Ident::new("resize")]);
    let skipped = Summary { skipped: 1, ..Summary::default() };
    for (purpose, kind, shows, counted) in [
        (resize, "server", there, skipped.clone()),
        (Purpose::Run, "cdn_purge", there, skipped.clone()),
        (Purpose::Delete, "server", there, skipped),
        (Purpose::Delete, "server", gone, Summary { destroyed: 1, ..Summary::default() }),
    ] {
        let world = World::local();
        manage(&world, "srv_1");
        let id = (purpose != Purpose::Run).then(|| RemoteId::new("srv_1"));
        let wanted = Attributes::from([(Ident::new("plan"), Value::string("standard-16"))]);
        begin(&world, Intent { purpose: purpose.clone(), id, wanted, ..intent(kind) });
        let left = world.store.load().expect("loads").open;
        let cloud = Restless::showing(shows, JobStatus::Missing, true);
        let (recovered, _) = recovered(&world, cloud);
        assert!(recovered.snapshot.open.is_empty(), "{:?}", recovered.snapshot.open);
        let mut summary = Summary { open: 1, ..Summary::default() };
        recovered.count_in(left, &Plan::default(), &mut summary, None);
        assert_eq!(summary, counted, "{purpose:?}: {:?}", recovered.ends);
    }
}

#[test]
fn an_update_of_which_more_was_to_come_is_not_made() {
    let program =
        |size: &str, team: &str| instance("app", "us-east-1", size, &format!("tags = {{ team = \"{team}\" }}"));
    let world = World::local();
    world.run(&program("standard-2x4", "a")).expect("lives");
    let plan = world.plan(&program("standard-4x8", "b"));
    let (_, step) = plan.steps.order().next().expect("a step");
    let Action::Update(operations) = &step.action else { panic!("{step:?}") };
    let [first, last] = operations.as_slice() else { panic!("{operations:?}") };
    let (updated, skipped) =
        (Summary { updated: 1, ..Summary::default() }, Summary { skipped: 1, ..Summary::default() });
    for (through, counted) in [(first, skipped), (last, updated)] {
        let purpose = Purpose::Update(vec![through.clone()]);
        let intent = Intent { purpose, id: step.id.clone(), ..intent("compute_instance") };
        let open = Open { intent, job: None, id: step.id.clone(), candidates: Vec::new(), asked: false };
        let ends = BTreeMap::from([(OperationId(0), StepEnd::Done)]);
        let mut summary = Summary { open: 1, ..Summary::default() };
        Recovered { ends, ..Recovered::default() }.count_in([(OperationId(0), open)].into(), &plan, &mut summary, None);
        assert_eq!(summary, counted, "{through}");
    }
}

#[test]
fn what_a_question_came_to_is_in_outputs_and_checks() {
    let program = "server app {\n name = \"app\"\n region = \"eu-west-2\"\n plan = \"standard-8\"\n image = \"ubuntu-22.04\"\n}\n\
                   output name: string = server.app.name\n\
                   check \"it\" {\n assert = server.app.region != \"eu-west-2\"\n message = \"there\"\n}\n";
    let desired = desired(program);
    let one: fn(usize) -> Vec<Observed> = |_| vec![object("srv_1", "app", false)];
    let address = Address::managed("server", "app", None);
    for (answer, told) in [(Answer::Adopt(RemoteId::new("srv_1")), 1), (Answer::Retry, 0)] {
        let mut world = open("server", None);
        let left = world.store.load().expect("loads").open;
        world.options.answers = BTreeMap::from([(address.clone(), answer)]);
        let cloud = Restless::showing(one, JobStatus::Missing, true);
        let (recovered, _) = recovered(&world, cloud);
        let mut holdings = Holdings::default();
        holdings.miss([address.clone()].into());
        let catalog = world.context().catalog;
        let outputs = recovered.catch_up(&left, &Plan::default(), (&desired, &catalog), &mut holdings);
        let outputs = outputs.map(|(outputs, count)| (outputs[&Ident::new("name")].value.clone(), count));
        assert_eq!(outputs, (told == 1).then(|| (Value::string("app"), 1)));
        assert_eq!(checks(&desired, &holdings).0.len(), told);
    }
}

#[test]
fn what_a_person_is_asked_about_is_not_called_late_as_well() {
    let catalog = cloudnexus();
    let shown = object("srv_1", "app", false);
    let kind = catalog.kind(&Ident::new("server")).expect("a kind");
    let asked = Open { intent: intent("server"), job: None, id: None, candidates: vec![shown.id.clone()], asked: true };
    let former = Tombstone {
        address: Address::managed("server", "former", None),
        kind: kind.name.clone(),
        nonce: Nonce("m".to_owned()),
        fingerprint: identity::fingerprint(kind, &shown.attributes),
        at: Timestamp(0),
        surveyed: true,
    };
    let tombstones = BTreeMap::from([(OperationId(0), former)]);
    let objects = BTreeMap::from([(kind.name.clone(), [(shown.id.clone(), shown)].into())]);
    let live = Live { objects, ..Live::default() };
    for (open, told) in [(BTreeMap::new(), 1), ([(OperationId(1), asked)].into(), 0)] {
        let snapshot = Snapshot { tombstones: tombstones.clone(), open, ..Snapshot::default() };
        assert_eq!(sweep(&snapshot, &live, catalog).0.len(), told);
    }
}
