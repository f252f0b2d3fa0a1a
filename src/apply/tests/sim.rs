//! A small simulation: the real client, emulator and machine on one thread under a virtual clock, with a seam where every
//! request and every commit can go wrong, or the process can end.

use super::super::*;
use crate::cloud::{Client, local_endpoints};
use crate::desired::{Desired, evaluate};
use crate::diag::Diagnostics;
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Config, Door, Now};
use crate::model::http::{Headers, Method, Request, Response};
use crate::model::{FileId, Ident, RemoteId, Timestamp};
use crate::plan::{Live, Plan};
use crate::provider::cloudnexus;
use crate::state::{HistoryRow, JournalEntry, MemoryStore, Snapshot, Store, StoreError};
use crate::world::{Clock, Random, Transport, TransportError};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

/// Virtual time; it moves when nothing else can.
#[derive(Default)]
pub struct SimClock {
    now: Mutex<Duration>,
    sleepers: Arc<Mutex<BTreeMap<(Duration, u64), Waker>>>,
    count: AtomicU64,
}

const START: i64 = 1_760_000_000_000;

struct Sleep {
    clock: Arc<Mutex<BTreeMap<(Duration, u64), Waker>>>,
    key: (Duration, u64),
    asleep: bool,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let mut sleepers = self.clock.lock().unwrap();
        if self.asleep && !sleepers.contains_key(&self.key) {
            return Poll::Ready(());
        }
        sleepers.insert(self.key, cx.waker().clone());
        drop(sleepers);
        self.asleep = true;
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.lock().unwrap().remove(&self.key);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp(START).plus(*self.now.lock().unwrap())
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        let key = (self.monotonic() + span, self.count.fetch_add(1, Ordering::Relaxed));
        Sleep { clock: self.sleepers.clone(), key, asleep: false }.boxed()
    }
}

impl SimClock {
    /// Moves to the next sleeper and wakes it; whether there was one.
    fn advance(&self) -> bool {
        let Some(((at, _), waker)) = self.sleepers.lock().unwrap().pop_first() else { return false };
        let mut now = self.now.lock().unwrap();
        *now = (*now).max(at);
        drop(now);
        waker.wake();
        true
    }
}

/// Bytes from a counter.
#[derive(Default)]
pub struct SimRandom(AtomicU64);

impl Random for SimRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (number >> 56) as u8;
        }
    }
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accident {
    /// It never leaves.
    NotSent,
    /// It leaves, is not carried out, and no answer comes.
    LostBefore,
    /// It is carried out, and no answer comes.
    LostAfter,
    /// As `LostBefore` and `LostAfter`, with a 502 from something in between.
    BadGatewayBefore,
    BadGatewayAfter,
    /// The API says that it is done, shows the object, and changed nothing.
    Ignored,
}

/// Where accidents happen, and whether the process still lives.
#[derive(Default)]
pub struct Seams {
    /// Passages through a seam so far: before and after each request and each commit.
    pub passed: AtomicU64,
    /// The process ends at this passage.
    pub dies_at: Mutex<Option<u64>>,
    pub dead: AtomicBool,
    pub writes: AtomicU64,
    /// By the number of the write request, from 1.
    pub accidents: Mutex<BTreeMap<u64, Accident>>,
    /// Method and path of each request that reached the cloud.
    pub log: Mutex<Vec<String>>,
}

impl Seams {
    /// Whether the process lives on after this passage.
    fn pass(&self) -> bool {
        let passage = self.passed.fetch_add(1, Ordering::Relaxed) + 1;
        if *self.dies_at.lock().unwrap() == Some(passage) {
            self.dead.store(true, Ordering::Relaxed);
        }
        !self.dead.load(Ordering::Relaxed)
    }
}

struct SimTransport {
    emulator: LocalEmulator,
    clock: Arc<SimClock>,
    seams: Arc<Seams>,
    in_process: bool,
}

impl SimTransport {
    fn carry_out(&self, request: &Request) -> Response {
        self.seams.log.lock().unwrap().push(format!("{} {}", request.method.as_str(), request.target));
        let door = if request.origin.ends_with("compute") { Door::C } else { Door::P };
        self.emulator.call(door, request, Now { unix_ms: self.clock.now().0 })
    }

    fn accident(&self, request: &Request) -> Option<Accident> {
        if request.method == Method::Get {
            return None;
        }
        let number = self.seams.writes.fetch_add(1, Ordering::Relaxed) + 1;
        self.seams.accidents.lock().unwrap().get(&number).copied()
    }
}

impl Transport for SimTransport {
    fn send(&self, request: Request, _deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            if !self.seams.pass() {
                return futures::future::pending().await;
            }
            let lost = || Err(TransportError::Lost { reason: "the connection was reset".to_owned() });
            let gateway = || {
                let headers = Headers(vec![("Content-Type".to_owned(), "text/html".to_owned())]);
                Ok(Response { status: 502, headers, body: b"<html>502</html>".to_vec() })
            };
            let answer = match self.accident(&request) {
                None => Ok(self.carry_out(&request)),
                Some(Accident::NotSent) => Err(TransportError::NotSent { reason: "refused".to_owned() }),
                Some(Accident::LostBefore) => lost(),
                Some(Accident::BadGatewayBefore) => gateway(),
                Some(Accident::LostAfter) => {
                    self.carry_out(&request);
                    lost()
                }
                Some(Accident::BadGatewayAfter) => {
                    self.carry_out(&request);
                    gateway()
                }
                Some(Accident::Ignored) => {
                    Ok(self.carry_out(&Request { method: Method::Get, body: Vec::new(), ..request.clone() }))
                }
            };
            self.clock.sleep(Duration::from_micros(50)).await;
            if !self.seams.pass() {
                return futures::future::pending().await;
            }
            answer
        }
        .boxed()
    }

    fn dies_with_sender(&self) -> bool {
        self.in_process
    }
}

/// A store that outlives the process, and whose writes can come too late for it.
pub struct SimStore {
    kept: MemoryStore,
    seams: Arc<Seams>,
    /// Room for so many more intents; the rest of the disk is the reserve.
    pub room: Mutex<Option<u32>>,
    /// Nothing can be written.
    pub fails: AtomicBool,
}

impl SimStore {
    /// The outputs as text.
    pub fn load_outputs(&self) -> String {
        format!("{:?}", self.kept.load().expect("loads").outputs)
    }
}

impl Store for SimStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        self.kept.load()
    }

    fn append(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let dead = || StoreError::Poisoned("the process is dead".to_owned());
        if !self.seams.pass() {
            return Err(dead());
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Poisoned("the disk is gone".to_owned()));
        }
        let intents = entries.iter().filter(|entry| matches!(entry, JournalEntry::Intent(_))).count() as u32;
        if let Some(room) = self.room.lock().unwrap().as_mut() {
            *room = room.checked_sub(intents).ok_or(StoreError::NoSpace { path: "disk".to_owned() })?;
        }
        self.kept.append(entries)?;
        if self.seams.pass() { Ok(()) } else { Err(dead()) }
    }

    fn history(&self, limit: usize) -> Result<Vec<HistoryRow>, StoreError> {
        self.kept.history(limit)
    }
}

/// One cloud, one state, any number of runs.
pub struct World {
    pub emulator: LocalEmulator,
    pub clock: Arc<SimClock>,
    pub seams: Arc<Seams>,
    pub store: Arc<SimStore>,
    pub options: Options,
    pub in_process: bool,
    /// `--on-failure rollback`.
    pub rolls_back: bool,
    /// A run first ends what an earlier one left open.
    pub recovers: bool,
    /// `--target`, `--exclude`, `--refresh-only`.
    pub choices: crate::plan::Options,
    pub random: Arc<SimRandom>,
}

/// What one whole run came to.
#[derive(Debug)]
pub struct Ran {
    pub plan: Plan,
    pub summary: Summary,
    pub undone: Undone,
    pub holdings: Holdings,
    pub progress: Vec<Progress>,
}

impl World {
    pub fn new(config: Config) -> World {
        let clock = Arc::new(SimClock::default());
        let seams = Arc::new(Seams::default());
        World {
            emulator: LocalEmulator::in_memory(config, Now { unix_ms: START }),
            store: Arc::new(SimStore {
                kept: MemoryStore::new("lineage"),
                seams: seams.clone(),
                room: Mutex::new(None),
                fails: AtomicBool::new(false),
            }),
            clock,
            seams,
            options: Options { speed: 100, ..Options::default() },
            in_process: true,
            rolls_back: false,
            recovers: true,
            choices: crate::plan::Options::default(),
            random: Arc::default(),
        }
    }

    pub fn local() -> World {
        World::new(Config::local())
    }

    pub fn context(&self) -> Context {
        let catalog = cloudnexus().clone();
        let transport = Arc::new(SimTransport {
            emulator: self.emulator.clone(),
            clock: self.clock.clone(),
            seams: self.seams.clone(),
            in_process: self.in_process,
        });
        let endpoints = local_endpoints(&catalog);
        let client = Client::new(catalog.clone(), endpoints, transport, self.clock.clone(), self.random.clone());
        Context {
            cloud: Arc::new(client),
            store: self.store.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            catalog,
            options: self.options.clone(),
        }
    }

    /// A run of the program from recovery to the end; `None` where the process died on the way.
    pub fn run(&self, program: &str) -> Option<Ran> {
        self.run_interrupted(program, futures::stream::pending())
    }

    pub fn run_interrupted(
        &self,
        program: &str,
        interrupts: impl futures::Stream<Item = Interrupt> + Send + Unpin,
    ) -> Option<Ran> {
        self.block_on(self.run_all(self.context(), program, interrupts))
    }

    /// A run against another cloud, or this one as it shows through that.
    pub fn run_through(&self, program: &str, cloud: Arc<dyn Cloud>) -> Ran {
        let context = Context { cloud, ..self.context() };
        self.finish(self.run_all(context, program, futures::stream::pending()))
    }

    async fn run_all(
        &self,
        context: Context,
        program: &str,
        interrupts: impl futures::Stream<Item = Interrupt> + Send + Unpin,
    ) -> Ran {
        let (desired, destroy) = (desired(program), program.is_empty());
        let mut progress = Vec::new();
        let snapshot = self.store.load().expect("loads");
        let recovered = if self.recovers {
            recover(&context, snapshot, &mut |told| progress.push(told), futures::stream::pending()).await
        } else {
            Recovered { snapshot, ..Recovered::default() }
        };
        let (plan, live) = self.planned(&context, &desired, &recovered.snapshot, destroy).await.expect("plans");
        let fingerprint = plan.fingerprint();
        let approved = plan.clone().approve(&fingerprint).expect("is itself");
        let input = Input { desired, snapshot: recovered.snapshot, live };
        let mut tell = |told| progress.push(told);
        let (Ended { summary, holdings }, undone) = if self.rolls_back {
            let options = crate::plan::Options::default();
            apply_or_roll_back(&context, &approved, input, &options, &mut tell, interrupts).await
        } else {
            (apply(&context, &approved, input, &mut tell, interrupts).await, Undone::NotNeeded)
        };
        Ran { plan, summary, undone, holdings, progress }
    }

    async fn planned(
        &self,
        context: &Context,
        desired: &Desired,
        snapshot: &Snapshot,
        destroy: bool,
    ) -> Result<(Plan, Live), Diagnostics> {
        let mut live = Live::default();
        loop {
            let reads = crate::plan::reads(desired, snapshot, &live, &context.catalog)?;
            if reads == crate::plan::Reads::default() {
                break;
            }
            refresh(context, &reads, snapshot, &mut live).await?;
        }
        let options = crate::plan::Options { destroy, ..self.choices.clone() };
        Ok((crate::plan::plan(desired, snapshot, &live, &context.catalog, &options)?, live))
    }

    /// What a plan would do now.
    pub fn plan(&self, program: &str) -> Plan {
        let context = self.context();
        let desired = desired(program);
        let snapshot = self.store.load().expect("loads");
        let planned = self.planned(&context, &desired, &snapshot, program.is_empty());
        self.block_on(planned).expect("lives").expect("plans").0
    }

    /// Does one thing to its end.
    pub fn finish<T>(&self, future: impl Future<Output = T>) -> T {
        self.block_on(future).expect("the process lives")
    }

    /// Polls until it is done, moving the clock when nothing else moves; `None` where the process died.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(flag.clone());
        let mut turns = 0_u64;
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut TaskContext::from_waker(&waker)) {
                let died = self.seams.dead.load(Ordering::Relaxed);
                return (!died).then_some(value);
            }
            turns += 1;
            assert!(turns < 5_000_000, "it never ends");
            while !flag.0.swap(false, Ordering::Relaxed) {
                if self.seams.dead.load(Ordering::Relaxed) {
                    return None;
                }
                assert!(self.clock.advance(), "everything waits for something that never comes");
            }
        }
    }

    /// The process starts anew: the cloud and the journal are as they were.
    pub fn restart(&self) {
        self.seams.dead.store(false, Ordering::Relaxed);
        *self.seams.dies_at.lock().unwrap() = None;
    }

    /// Every object that the cloud holds, by kind, as lists show them.
    pub fn objects(&self) -> BTreeMap<Ident, BTreeSet<RemoteId>> {
        let context = self.context();
        let mut found = BTreeMap::new();
        for kind in cloudnexus().kinds.values().filter(|kind| kind.parent.is_none()) {
            let list = crate::plan::ListRead { kind: kind.name.clone(), parent: BTreeMap::new() };
            let listing = self.block_on(context.cloud.list(list)).expect("lives").expect("lists");
            let ids: BTreeSet<RemoteId> = listing.objects.into_iter().map(|object| object.id).collect();
            if !ids.is_empty() {
                found.insert(kind.name.clone(), ids);
            }
        }
        found
    }

    /// The journal, for messages.
    pub fn store_history(&self) -> Vec<String> {
        self.store.history(usize::MAX).expect("reads").iter().map(|row| format!("{:?}", row.entry)).collect()
    }

    /// Nothing open, nothing twice, nothing lost: what the state holds is what the cloud holds.
    pub fn assert_state_is_cloud(&self) {
        let snapshot = self.store.load().expect("loads");
        assert_eq!(snapshot.open, BTreeMap::new(), "nothing is open");
        let mut held: BTreeMap<Ident, BTreeSet<RemoteId>> = BTreeMap::new();
        for record in snapshot.records.values().chain(snapshot.deposed.values().flatten()) {
            if cloudnexus().kind(&record.kind).is_some_and(|kind| kind.parent.is_none()) {
                held.entry(record.kind.clone()).or_default().insert(record.id.clone());
            }
        }
        assert_eq!(held, self.objects(), "state equals cloud");
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl std::task::Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

static EVALUATED: LazyLock<Mutex<BTreeMap<String, Desired>>> = LazyLock::new(Mutex::default);

/// A program's wish, evaluated once; the empty program's is nothing.
pub fn desired(program: &str) -> Desired {
    if program.is_empty() {
        return Desired::default();
    }
    let mut evaluated = EVALUATED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    evaluated.entry(program.to_owned()).or_insert_with(|| evaluated_anew(program)).clone()
}

fn evaluated_anew(program: &str) -> Desired {
    let parsed = crate::syntax::parse(FileId(0), program);
    assert_eq!(parsed.diagnostics, Diagnostics::default());
    let (program, found) = crate::program::check(std::slice::from_ref(&parsed.ast), cloudnexus());
    assert!(!found.has_errors(), "{found:?}");
    let (desired, found) = evaluate(Arc::new(program), &crate::desired::Inputs::default());
    assert!(!found.has_errors(), "{found:?}");
    desired
}
