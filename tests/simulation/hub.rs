//! The world outside of the engine: one heap of things that will happen, in virtual time, between any number of engine
//! processes and one emulated cloud. Every request passes here, and everything that can go wrong on its way.

use super::choices::{Choices, Point};
use super::cloud::{self, Settings};
use super::faults::{self, Fault};
use super::tally::Tally;
use super::truth::Truth;
use cnx::emulator::{Door, Emulator, Now};
use cnx::model::http::{Method, Request, Response};
use cnx::world::TransportError;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

/// The instant at which every simulated world begins, Unix milliseconds.
pub const START_MS: i64 = 1_760_000_000_000;
const MS: u64 = 1_000_000;
/// Slow, and still within the settle window.
const LONG: u64 = 100_000 * MS;
/// Things that happen within this time of each other may happen in any order.
const WINDOW: u64 = 5 * MS;

/// Sizes of pages so small that lists have several.
const PAGES: &[usize] = &[1, 2, 3, 5];

/// How far the wall clock jumps, in milliseconds.
const JUMPS: &[i64] = &[86_400_000, 3_600_000, 130_000, 3_000];

/// Why nothing of a request left.
const NOT_SENT: &[&str] =
    &["connection refused", "no such host", "the TLS handshake failed", "the network is unreachable"];

/// What a request came to, for whoever waits for it.
pub type Answered = Result<Response, TransportError>;

/// Where an answer is put.
#[derive(Debug, Default)]
pub struct Slot {
    pub answer: Option<Answered>,
    /// What the answer asks of whoever reads it: on this surface not before this instant.
    pub not_before: Option<(Door2, u64)>,
    pub waker: Option<Waker>,
}

/// A request under way.
#[derive(Debug)]
pub struct Flight {
    pub process: usize,
    pub request: Request,
    pub fault: Option<Fault>,
    pub slot: Arc<Mutex<Slot>>,
    /// When the sender stops waiting.
    pub deadline_ns: u64,
    pub number: u64,
}

#[derive(Debug)]
enum Event {
    Timer(Waker),
    Arrive(Box<Flight>),
    Return(Box<Flight>, Box<Answered>),
}

/// What one process has to keep to.
#[derive(Debug, Default, Clone)]
pub struct Manners {
    pub in_flight: BTreeMap<Door2, usize>,
    pub not_before_ns: BTreeMap<Door2, u64>,
    /// When the requests of the last minute left.
    pub departed_ns: BTreeMap<Door2, VecDeque<u64>>,
    pub token_expired: bool,
    /// Until when it was stopped last.
    pub stopped_until_ns: u64,
    pub doomed: bool,
    /// Somebody pressed Ctrl-C, or the system asked it to end.
    pub interrupted: bool,
}

/// A surface, in order.
pub type Door2 = bool;

/// An instant of the cloud's clock as time since the beginning.
pub fn since_start_ns(unix_ms: i64) -> u64 {
    (unix_ms - START_MS).max(0) as u64 * MS
}

pub fn is_compute(door: Door) -> Door2 {
    door == Door::C
}

#[derive(Debug)]
pub struct Inner {
    pub choices: Choices,
    pub now_ns: u64,
    /// How far the processes' wall clock is off.
    pub skew_ms: i64,
    pub settings: Settings,
    pub emulator: Emulator,
    pub truth: Truth,
    pub tally: Tally,
    pub manners: Vec<Manners>,
    /// When the run that is under way began.
    pub launched_ns: u64,
    /// Whether more than one engine is at work on the state.
    pub has_rivals: bool,
    /// What happened, line by line, where somebody wants to read it.
    pub log: Option<Vec<String>>,
    /// Targets that go on to be answered with 404, and how often.
    pub blind: BTreeMap<String, u32>,
    /// Whether the emulator has been told of faults for the next request.
    pub planted: bool,
    /// The last create that a process sent, and its key.
    pub created: Option<(Request, String)>,
    /// Priorities of requests: the lowest number goes first, whatever came first (PCT).
    pub priorities: Option<Priorities>,
    events: BTreeMap<(u64, u64), Event>,
    sequence: u64,
}

/// Priorities by request number, changed at a few points of the run.
#[derive(Debug)]
pub struct Priorities {
    pub salt: u64,
    /// The points, by the number of ordered choices so far.
    pub changes: Vec<u64>,
    pub lowered: BTreeMap<u64, u64>,
    pub at: u64,
}

/// Shared by processes, store and scheduler of one run.
#[derive(Debug)]
pub struct Hub(Mutex<Inner>);

impl Hub {
    pub fn new(mut choices: Choices, mut settings: Settings) -> Hub {
        if let Some(page) = PAGES.get((choices.choose(Point::World, PAGES.len() as u32) as usize).wrapping_sub(1)) {
            settings.page = *page;
        }
        let emulator = Emulator::new(settings.config(), Now { unix_ms: START_MS });
        Hub(Mutex::new(Inner {
            choices,
            now_ns: 0,
            skew_ms: 0,
            settings,
            emulator,
            truth: Truth::default(),
            tally: Tally::default(),
            manners: vec![Manners::default(), Manners::default()],
            launched_ns: 0,
            has_rivals: false,
            log: None,
            blind: BTreeMap::new(),
            planted: false,
            created: None,
            priorities: None,
            events: BTreeMap::new(),
            sequence: 0,
        }))
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("a run is on one thread")
    }

    /// The next thing happens; whether there was one. Wakers are called when the world is at rest again.
    pub fn happen(&self) -> bool {
        let (happened, waker) = self.lock().happen();
        if let Some(waker) = waker {
            waker.wake();
        }
        happened
    }
}

impl Inner {
    pub fn now(&self) -> Now {
        Now { unix_ms: START_MS + (self.now_ns / MS) as i64 }
    }

    pub fn note(&mut self, line: impl FnOnce(&Inner) -> String) {
        if self.log.is_some() {
            let line = format!("{:>12} {}", self.now_ns / 1000, line(self));
            self.log.get_or_insert_default().push(line);
        }
    }

    fn plan_event(&mut self, at_ns: u64, event: Event) -> (u64, u64) {
        self.sequence += 1;
        let key = (at_ns.max(self.now_ns), self.sequence);
        self.events.insert(key, event);
        key
    }

    /// Wakes at an instant; the key takes it back.
    pub fn wake_at(&mut self, at_ns: u64, waker: Waker) -> (u64, u64) {
        self.plan_event(at_ns, Event::Timer(waker))
    }

    pub fn rewake(&mut self, key: (u64, u64), waker: &Waker) -> bool {
        match self.events.get_mut(&key) {
            Some(Event::Timer(old)) => {
                old.clone_from(waker);
                true
            }
            Some(Event::Arrive(_) | Event::Return(..)) | None => false,
        }
    }

    pub fn forget(&mut self, key: (u64, u64)) {
        self.events.remove(&key);
    }

    /// Whether requests are still under way.
    pub fn is_busy(&self) -> bool {
        self.events.values().any(|event| !matches!(event, Event::Timer(_)))
    }

    fn happen(&mut self) -> (bool, Option<Waker>) {
        let Some(key) = self.next_key() else { return (false, None) };
        let Some(event) = self.events.remove(&key) else { return (false, None) };
        self.now_ns = self.now_ns.max(key.0);
        match event {
            Event::Timer(waker) => (true, Some(waker)),
            Event::Arrive(flight) => {
                self.arrive(*flight);
                (true, None)
            }
            Event::Return(flight, answer) => (true, self.come_back(*flight, *answer)),
        }
    }

    /// The earliest thing, or another one that happens at about the same time.
    fn next_key(&mut self) -> Option<(u64, u64)> {
        let (first, event) = self.events.first_key_value()?;
        let first = *first;
        if matches!(event, Event::Timer(_)) {
            return Some(first);
        }
        let near = |(key, event): (&(u64, u64), &Event)| match event {
            Event::Timer(_) => None,
            Event::Arrive(flight) | Event::Return(flight, _) => Some((*key, flight.number)),
        };
        let until = (first.0 + WINDOW, u64::MAX);
        let mut near: Vec<((u64, u64), u64)> = self.events.range(first..=until).filter_map(near).take(24).collect();
        if near.len() == 1 {
            return Some(first);
        }
        if let Some(priorities) = &mut self.priorities {
            near.sort_by_key(|(_, number)| priorities.of(*number));
            let (key, number) = near[0];
            priorities.step(number);
            return Some(key);
        }
        let way = self.choices.choose(Point::Order, near.len() as u32 - 1);
        Some(near[way as usize].0)
    }

    /// A request leaves its process.
    pub fn depart(&mut self, process: usize, request: Request, deadline: Duration) -> Option<Arc<Mutex<Slot>>> {
        let fault = self.choices.fault(Point::Request, faults::of(&request));
        self.tally.requests += 1;
        let is_further = request.query().contains("cursor=") || request.query().contains("&page=");
        self.tally.pages += u64::from(is_further);
        let (number, now) = (self.tally.requests, self.now_ns);
        if request.method == Method::Get && !is_further {
            self.truth.listed.insert(request.path().to_owned(), now);
        }
        self.note(|_| format!("p{process} #{number} {} {} {fault:?}", request.method.as_str(), request.target));
        if fault.is_some_and(|fault| matches!(fault, Fault::KillUnsent | Fault::KillSent | Fault::KillLater)) {
            self.kill(process, fault);
        }
        if fault == Some(Fault::KillUnsent) {
            return None;
        }
        if fault == Some(Fault::TokenExpires) {
            self.manners[process].token_expired = true;
        }
        let slot = Arc::new(Mutex::new(Slot::default()));
        let deadline_ns = now + deadline.as_nanos() as u64;
        let flight = Flight { process, request, fault, slot: slot.clone(), deadline_ns, number };
        let lost = |reason: &str| Box::new(Err(TransportError::Lost { reason: reason.to_owned() }));
        let soon = now + self.latency();
        match fault {
            Some(Fault::NotSent) => {
                let reason =
                    NOT_SENT[self.choices.choose(Point::Detail, NOT_SENT.len() as u32 - 1) as usize].to_owned();
                self.plan_event(
                    soon,
                    Event::Return(Box::new(flight), Box::new(Err(TransportError::NotSent { reason }))),
                );
            }
            Some(Fault::CutRequest | Fault::LostBefore) => {
                self.plan_event(soon, Event::Return(Box::new(flight), lost("the connection was reset")));
            }
            Some(Fault::TimeoutNever) => {
                self.plan_event(deadline_ns, Event::Return(Box::new(flight), lost("timed out")));
            }
            Some(_) | None => {
                let at_ns = match fault {
                    Some(Fault::TimeoutLater) => deadline_ns + LONG,
                    Some(Fault::TimeoutMuchLater) => deadline_ns + 400_000 * MS,
                    Some(Fault::KillLater) => now + 90_000 * MS,
                    Some(_) | None => soon,
                };
                self.plan_event(at_ns, Event::Arrive(Box::new(flight)));
            }
        }
        if matches!(fault, Some(Fault::TimeoutLater | Fault::TimeoutMuchLater)) {
            let echo = Flight { process, request: empty(), fault, slot: slot.clone(), deadline_ns, number };
            self.plan_event(deadline_ns, Event::Return(Box::new(echo), lost("timed out")));
        }
        Some(slot)
    }

    fn latency(&mut self) -> u64 {
        [MS, 0, 30 * MS, 3_000 * MS, 25_000 * MS][self.choices.choose(Point::Latency, 4) as usize]
    }

    /// A request reaches the cloud. In process it dies with its sender.
    fn arrive(&mut self, flight: Flight) {
        let is_alone = Arc::strong_count(&flight.slot) == 1;
        if is_alone && self.settings.in_process {
            self.note(|_| format!("   #{} died with its sender", flight.number));
            return;
        }
        if let (Some(Fault::TimeoutMuchLater), Some(key)) =
            (flight.fault, flight.request.headers.get("Idempotency-Key"))
        {
            self.truth.slow.insert(key.to_owned(), self.now_ns);
        }
        // Whoever goes on after a pause still sends what it had written before: another engine may have given that up.
        // In process there is no window, and a rival that begins later takes this one for dead.
        let was_stopped = |manners: &Manners| manners.stopped_until_ns > 0;
        let may_be_taken_for_dead = self.settings.in_process && self.manners.iter().any(was_stopped);
        let is_of_past = self.has_rivals && (was_stopped(&self.manners[flight.process]) || may_be_taken_for_dead);
        if let (true, Some(key)) = (is_of_past, flight.request.headers.get("Idempotency-Key")) {
            self.truth.slow.insert(key.to_owned(), self.now_ns);
        }
        let is_late = matches!(flight.fault, Some(Fault::TimeoutLater | Fault::TimeoutMuchLater | Fault::KillLater));
        if let (true, Some(key)) = (is_late, flight.request.headers.get("Idempotency-Key")) {
            self.truth.late.insert(key.to_owned());
        }
        let answer = cloud::carry_out(self, &flight);
        let back = match flight.fault {
            Some(Fault::TimeoutLater | Fault::TimeoutMuchLater | Fault::KillSent | Fault::KillLater) => return,
            Some(Fault::TimeoutExecuted) => flight.deadline_ns,
            Some(_) | None => self.now_ns + self.latency(),
        };
        let (back, answer) = if back >= flight.deadline_ns {
            (flight.deadline_ns, Err(TransportError::Lost { reason: "timed out".to_owned() }))
        } else {
            (back, answer)
        };
        self.plan_event(back, Event::Return(Box::new(flight), Box::new(answer)));
    }

    /// An answer reaches its process, if that still waits.
    fn come_back(&mut self, flight: Flight, answer: Answered) -> Option<Waker> {
        let status = answer.as_ref().map_or(0, |response| response.status);
        self.note(|_| format!("   #{} answered {status}", flight.number));
        if flight.fault == Some(Fault::KillAnswered) {
            self.kill(flight.process, flight.fault);
            return None;
        }
        if Arc::strong_count(&flight.slot) == 1 {
            return None;
        }
        if let Some(Fault::NotSent | Fault::CutRequest | Fault::LostBefore | Fault::TimeoutNever) = flight.fault {
            self.took_effect(flight.fault);
        }
        let mut not_before = None;
        if let Ok(response) = &answer {
            not_before = cloud::manners_asked(self, &flight, response);
            self.truth.lists.answered(flight.number, flight.process, self.now_ns, response);
        }
        let mut slot = flight.slot.lock().expect("a run is on one thread");
        slot.answer.get_or_insert(answer);
        slot.not_before = slot.not_before.or(not_before);
        slot.waker.take()
    }

    /// What a process has left under way: from its end on a request can be no slower than the window allows.
    pub fn left_behind(&mut self, process: usize) {
        let latest = self.now_ns + LONG;
        let is_late = |(key, event): (&(u64, u64), &Event)| match event {
            Event::Arrive(flight) => (flight.process == process && flight.fault == Some(Fault::TimeoutLater))
                .then_some(*key)
                .filter(|(at_ns, _)| *at_ns > latest),
            Event::Timer(_) | Event::Return(..) => None,
        };
        let late: Vec<(u64, u64)> = self.events.iter().filter_map(is_late).collect();
        for key in late {
            if let Some(event) = self.events.remove(&key) {
                self.plan_event(latest, event);
            }
        }
    }

    /// A process has read what an answer asks of it.
    pub fn learns(&mut self, process: usize, (door, until_ns): (Door2, u64)) {
        let not_before = self.manners[process].not_before_ns.entry(door).or_default();
        *not_before = (*not_before).max(until_ns);
    }

    /// The processes' wall clock jumps.
    pub fn turn_clock(&mut self, direction: i64) {
        let span = JUMPS[self.choices.choose(Point::Detail, JUMPS.len() as u32 - 1) as usize];
        self.skew_ms += direction * span;
    }

    /// A fault is counted where it changes what happens, not where it is chosen.
    pub fn took_effect(&mut self, fault: Option<Fault>) {
        if let Some(fault) = fault {
            self.tally.fault(fault);
        }
    }

    /// The process is gone as soon as it lets go of the processor.
    pub fn kill(&mut self, process: usize, fault: Option<Fault>) {
        if !self.manners[process].doomed {
            self.manners[process].doomed = true;
            self.tally.kills += 1;
            self.took_effect(fault);
            self.note(|_| format!("p{process} killed"));
        }
    }
}

fn empty() -> Request {
    Request {
        method: Method::Get,
        origin: String::new(),
        target: String::new(),
        headers: cnx::model::http::Headers::default(),
        body: Vec::new(),
    }
}

impl Priorities {
    /// Priorities at random, three of which fall on the way.
    pub fn new(dice: &mut crate::generate::Dice) -> Priorities {
        let changes = (0..3).map(|_| dice.next() % 200).collect();
        Priorities { salt: dice.next(), changes, lowered: BTreeMap::new(), at: 0 }
    }

    fn of(&self, number: u64) -> u64 {
        let mixed = crate::generate::Dice(self.salt ^ number).next() >> 1;
        self.lowered.get(&number).copied().unwrap_or(mixed)
    }

    fn step(&mut self, number: u64) {
        self.at += 1;
        if self.changes.contains(&self.at) {
            self.lowered.insert(number, u64::MAX - self.at);
        }
    }
}
