//! The machine alone, against answers drawn by chance: whatever comes in whatever order, the journal is ahead of the
//! requests, dependants come after what they depend on, and every step ends once.

use super::super::command::{Command, Event, Moment, Ticket};
use super::super::run::{Aim, Run, Setup};
use super::super::*;
use crate::cloud::{Accepted, ApiError, Job, JobStatus, Listing, Outcome};
use crate::desired::Desired;
use crate::model::{Address, Attributes, Graph, Ident, JobId, Key, NodeId, Observed, RemoteId, Timestamp, Value};
use crate::plan::{Action, Live, Plan, Reason, ReasonCode, Step};
use crate::provider::cloudnexus;
use crate::state::{JournalEntry, MemoryStore, OperationId, Remembered, STAMP_OPERATION, Store};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const KINDS: [&str; 4] = ["server", "compute_instance", "ssh_key", "database"];

/// Bytes from which every decision is drawn; when they are used up, everything goes well.
struct Chance {
    bytes: Vec<u8>,
    at: usize,
}

impl Chance {
    fn draw(&mut self, choices: u8) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte % choices
    }
}

fn address(number: usize) -> Address {
    Address::managed(KINDS[number % KINDS.len()], "it", Some(Key::Int(number as i64)))
}

fn id(number: usize) -> RemoteId {
    let prefix = &cloudnexus().kind(&Ident::new(KINDS[number % KINDS.len()])).unwrap().id_prefix;
    RemoteId::new(&format!("{prefix}{number}"))
}

fn observed(id: &RemoteId, status: &str, mark: Option<&str>) -> Observed {
    let mut attributes = Attributes::from([(Ident::new("status"), Value::string(status))]);
    if let Some(mark) = mark {
        let marks = BTreeMap::from([(Key::text(STAMP_OPERATION), Value::string(mark))]);
        attributes.insert(Ident::new("tags"), Value::map(marks));
    }
    Observed { id: id.clone(), attributes, status: Some(status.to_owned()), current_job: None, etag: None }
}

fn step(number: usize, action: Action) -> Step {
    let makes = action == Action::Create;
    Step {
        address: address(number),
        action,
        reason: Reason { code: ReasonCode::Declared, text: String::new(), span: None },
        id: (!makes).then(|| id(number)),
        deposed: false,
        interim: Attributes::new(),
        changes: Vec::new(),
        before: Attributes::new(),
        after: Attributes::new(),
        desired: None,
        twin: None,
        disruptive: false,
        expected: 0,
        requests: 1,
    }
}

/// A plan of so many steps; `shape` decides actions and edges.
fn plan(shape: &[(u8, u8, u8)]) -> Plan {
    let mut graph = Graph::default();
    let mut nodes: Vec<NodeId> = Vec::new();
    for (number, (action, first, second)) in shape.iter().enumerate() {
        let action = match action % 6 {
            0..=2 => Action::Create,
            3 => Action::Destroy,
            4 => Action::Update(vec![Ident::new("patch")]),
            _ => Action::Forget,
        };
        let node = graph.add(step(number, action));
        for edge in [first, second].into_iter().filter(|edge| **edge > 100 && !nodes.is_empty()) {
            graph.depend(node, nodes[usize::from(*edge) % nodes.len()]);
        }
        nodes.push(node);
    }
    Plan { steps: graph.freeze().unwrap(), ..Plan::default() }
}

/// The outside of one run: what is pending, what is durable, and what was seen so far.
struct Outside {
    chance: Chance,
    store: MemoryStore,
    pending: Vec<Command>,
    now: Duration,
    /// Idempotency keys of durable intents (R1), and jobs of durable acceptances (R2).
    intents: BTreeSet<String>,
    jobs: BTreeSet<JobId>,
    /// Addresses whose operation's end is durable (R3).
    ended: BTreeSet<Address>,
    operations: BTreeMap<OperationId, Address>,
    marks: BTreeMap<RemoteId, String>,
    made: BTreeMap<String, RemoteId>,
    ends: BTreeMap<NodeId, StepEnd>,
    log: Vec<String>,
    finished: Option<Summary>,
}

impl Outside {
    fn new(bytes: Vec<u8>, shape: &[(u8, u8, u8)]) -> Outside {
        let store = MemoryStore::new("lineage");
        for (number, (action, _, _)) in shape.iter().enumerate() {
            if action % 6 > 2 {
                let entry = JournalEntry::Imported {
                    address: address(number),
                    kind: address(number).kind,
                    observed: observed(&id(number), "running", None),
                    applied: Attributes::new(),
                    lifecycle: Remembered::default(),
                    at: Timestamp(0),
                };
                store.append(&[entry]).unwrap();
            }
        }
        Outside {
            chance: Chance { bytes, at: 0 },
            store,
            pending: Vec::new(),
            now: Duration::ZERO,
            intents: BTreeSet::new(),
            jobs: BTreeSet::new(),
            ended: BTreeSet::new(),
            operations: BTreeMap::new(),
            marks: BTreeMap::new(),
            made: BTreeMap::new(),
            ends: BTreeMap::new(),
            log: Vec::new(),
            finished: None,
        }
    }

    /// Takes what the machine asks, checks the rules that can be broken by asking.
    fn take(&mut self, commands: Vec<Command>, plan: &Plan) {
        for command in commands {
            self.log.push(format!("{command:?}"));
            match &command {
                Command::Call { call, .. } => {
                    let key = &call.idempotency_key.as_ref().expect("a key").0;
                    assert!(self.intents.contains(key), "R1: no durable intent for {call:?}");
                    if let Some(mark) = call.stamp.get(STAMP_OPERATION) {
                        self.marks.insert(RemoteId::new(key), mark.clone());
                    }
                }
                Command::PollJobs { ids, .. } => {
                    for job in ids.iter().filter(|job| !job.as_str().starts_with("foreign")) {
                        assert!(self.jobs.contains(job), "R2: {job} is used before its acceptance is durable");
                    }
                }
                Command::Append { entries, .. } => self.check_dependencies(entries, plan),
                Command::Tell(Progress::StepEnded { step, end, .. }) => {
                    assert!(self.ends.insert(*step, end.clone()).is_none(), "{step:?} ends twice");
                }
                Command::Finish(summary) => self.finished = Some((**summary).clone()),
                Command::Tell(_)
                | Command::RecentJobs { .. }
                | Command::Read { .. }
                | Command::List { .. }
                | Command::Source { .. }
                | Command::Sleep { .. } => {}
            }
            if !matches!(command, Command::Tell(_) | Command::Finish(_)) {
                self.pending.push(command);
            }
        }
    }

    fn check_dependencies(&mut self, entries: &[JournalEntry], plan: &Plan) {
        for entry in entries {
            let JournalEntry::Intent(intent) = entry else { continue };
            let (node, _) = plan.steps.order().find(|(_, step)| step.address == intent.address).expect("planned");
            for dependency in plan.steps.dependencies(node) {
                let address = &plan.steps.node(dependency).address;
                assert!(self.ended.contains(address), "R3: {} before {address} is durable", intent.address);
            }
        }
    }

    /// Answers one pending command, whichever chance picks. Appends keep their order.
    fn answer(&mut self) -> Option<Event> {
        if self.pending.is_empty() {
            return None;
        }
        let most = u8::try_from(self.pending.len().min(250)).unwrap();
        let mut at = usize::from(self.chance.draw(most));
        if matches!(self.pending[at], Command::Append { .. } | Command::Sleep { .. }) {
            at = self.pending.iter().position(|command| matches!(command, Command::Append { .. })).unwrap_or(at);
        }
        Some(match self.pending.remove(at) {
            Command::Append { ticket, entries } => self.write(ticket, &entries),
            Command::Call { ticket, call } => Event::Answered { ticket, outcome: Box::new(self.outcome(&call)) },
            Command::PollJobs { ticket, ids, .. } => {
                let answer = if self.chance.draw(9) == 8 { Err("503".to_owned()) } else { Ok(self.polled(&ids)) };
                Event::Jobs { ticket, answer }
            }
            Command::RecentJobs { ticket, .. } => Event::Jobs { ticket, answer: Ok(Vec::new()) },
            Command::Read { ticket, target } => {
                let seen = match self.chance.draw(6) {
                    1 => Seen::Gone,
                    2 => Seen::Unread("503".to_owned()),
                    3 => Seen::Found(Box::new(observed(&target.id, "provisioning", None))),
                    _ => Seen::Found(Box::new(observed(&target.id, "running", None))),
                };
                Event::Seen { ticket, seen }
            }
            Command::List { ticket, list } => {
                let prefix = cloudnexus().kind(&list.kind).unwrap().id_prefix.clone();
                let made = self.made.iter().filter(|(_, id)| id.as_str().starts_with(&prefix));
                let objects = made
                    .map(|(key, id)| observed(id, "running", self.marks.get(&RemoteId::new(key)).map(String::as_str)));
                let objects = objects.collect();
                let answer = if self.chance.draw(5) == 4 {
                    Err("503".to_owned())
                } else {
                    Ok(Listing { objects, requests: 1, regions: None })
                };
                Event::Listed { ticket, answer }
            }
            Command::Source { ticket, .. } => Event::Sourced { ticket, answer: Ok(Value::Null) },
            Command::Sleep { ticket, span } => {
                self.now += span;
                Event::Woken { ticket }
            }
            Command::Tell(_) | Command::Finish(_) => return None,
        })
    }

    fn write(&mut self, ticket: Ticket, entries: &[JournalEntry]) -> Event {
        if self.chance.draw(200) == 199 {
            return Event::AppendFailed { ticket, reason: "disk".to_owned(), full: false };
        }
        self.store.append(entries).expect("the machine writes only what may be written");
        for entry in entries {
            match entry {
                JournalEntry::Intent(intent) => {
                    self.intents.insert(intent.idempotency_key.clone());
                    self.operations.insert(intent.operation, intent.address.clone());
                }
                JournalEntry::Accepted { job, .. } => self.jobs.extend(job.clone()),
                JournalEntry::Ready { operation, .. } => {
                    self.ended.extend(self.operations.get(operation).cloned());
                }
                JournalEntry::Deleted { address, .. } | JournalEntry::Forgotten { address } => {
                    self.ended.insert(address.clone());
                }
                _ => {}
            }
        }
        Event::Appended { ticket }
    }

    fn outcome(&mut self, call: &crate::cloud::Call) -> Outcome {
        let key = call.idempotency_key.as_ref().unwrap().0.clone();
        let fresh = {
            let prefix = &cloudnexus().kind(&call.kind).unwrap().id_prefix;
            RemoteId::new(&format!("{prefix}{}", &key[..8]))
        };
        let id = call.id.clone().unwrap_or(fresh);
        let refused = |code: &str, status| {
            Outcome::Rejected(ApiError {
                status,
                code: code.to_owned(),
                details: r#"{"job_id":"foreign_1"}"#.to_owned(),
                ..ApiError::default()
            })
        };
        let choice = self.chance.draw(12);
        if call.id.is_none() && matches!(choice, 0..=2 | 6) {
            self.made.insert(key.clone(), id.clone());
        }
        match choice {
            0 | 1 => {
                let job = Some(JobId::new(&format!("job_{key}")));
                let named = (choice == 0 || call.id.is_some()).then(|| id.clone());
                Outcome::Accepted(Accepted { job, id: named, ..Accepted::default() })
            }
            2 => Outcome::Accepted(Accepted { id: Some(id.clone()), ..Accepted::default() }),
            3 => refused("resource_busy", 409),
            4 => refused("state_conflict", 409),
            5 => Outcome::NotSent { reason: "refused".to_owned() },
            6 | 7 => Outcome::Unknown { reason: "reset".to_owned(), error: None },
            8 => refused("validation", 400),
            9 => refused("", 404),
            _ => Outcome::Accepted(Accepted { id: Some(id.clone()), ..Accepted::default() }),
        }
    }

    fn polled(&mut self, ids: &[JobId]) -> Vec<Job> {
        let mut jobs = Vec::new();
        for id in ids {
            let status = match self.chance.draw(6) {
                1 | 2 => JobStatus::Open,
                3 => JobStatus::Failed,
                4 => JobStatus::Missing,
                _ => JobStatus::Succeeded,
            };
            let resource = self.made.get(id.as_str().trim_start_matches("job_")).cloned();
            let (progress, work) = (50, "create".to_owned());
            jobs.push(Job {
                id: id.clone(),
                work,
                created: None,
                status,
                progress,
                resource,
                result: None,
                error: None,
            });
        }
        jobs
    }
}

/// Runs a plan to its end; the log of everything that was asked.
fn run(shape: &[(u8, u8, u8)], bytes: &[u8], in_process: bool) -> Outside {
    let planned = plan(shape);
    let mut outside = Outside::new(bytes.to_vec(), shape);
    let options = Options { speed: 100, retry_unknown: true, ..Options::default() };
    let mut machine = Run::new(Setup {
        plan: planned.clone(),
        fingerprint: String::new(),
        desired: Desired::default(),
        snapshot: outside.store.load().unwrap(),
        live: Live::default(),
        catalog: cloudnexus().clone(),
        options,
        in_process,
        honouring: Default::default(),
        seed: [7; 32],
        aim: Aim::Apply,
    });
    let mut event = Some(Event::Begin);
    for _ in 0..50_000 {
        let Some(happened) = event.take().or_else(|| outside.answer()) else { break };
        outside.log.push(format!("{happened:?}"));
        let moment = Moment { wall: Timestamp(outside.now.as_millis() as i64), monotonic: outside.now };
        let commands = machine.on(moment, happened);
        outside.take(commands, &planned);
        if outside.finished.is_some() {
            break;
        }
        if outside.chance.draw(240) == 239 {
            event = Some(if outside.chance.draw(2) == 0 { Event::Stop } else { Event::Leave });
        }
    }
    outside
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 20_000 }))]

    #[test]
    fn the_journal_is_ahead_and_every_step_ends_once(
        shape in prop::collection::vec(any::<(u8, u8, u8)>(), 0..14),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        in_process in any::<bool>(),
    ) {
        let outside = run(&shape, &bytes, in_process);
        let summary = outside.finished.clone().expect("it comes to its end");
        prop_assert_eq!(outside.ends.len(), shape.len());
        let s = &summary;
        let done = s.created + s.updated + s.replaced + s.destroyed + s.ran + s.adopted + s.forgotten + s.other;
        let counted = done + s.failed + s.skipped + s.open;
        prop_assert_eq!(counted, shape.len());
        let open = outside.store.load().unwrap().open.len();
        if s.broken.is_none() {
            prop_assert!(s.open <= open, "{} open in the journal, {} told", open, s.open);
        }
        if s.broken.is_none() && !s.interrupted {
            prop_assert!(open <= s.open, "{} open in the journal, {} told", open, s.open);
        }
        let again = run(&shape, &bytes, in_process);
        prop_assert_eq!(outside.log, again.log, "the same answers, the same run");
    }
}
