//! The whole engine in one process: parser to executor against an emulator in memory, on a clock that only sleeping moves.

use cnx::apply::{self, Context, Interrupt, Progress, Summary};
use cnx::cloud::{Client, local_endpoints};
use cnx::desired::{Desired, Inputs, evaluate};
use cnx::diag::Diagnostics;
use cnx::emulator::local::LocalEmulator;
use cnx::emulator::{Config, Now};
use cnx::model::{Secrets, SourceMap, Timestamp};
use cnx::plan::{self, Live, Options, Plan, Reads};
use cnx::provider::{Catalog, cloudnexus};
use cnx::state::{MemoryStore, Snapshot, Store};
use cnx::world::{Clock, InProcess, Random, Transport, block_on};
use futures::future::{BoxFuture, FutureExt};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const START: i64 = 1_760_000_000_000;

/// Time that moves only when somebody sleeps; in nanoseconds, since a shortened wait may be less than a millisecond.
#[derive(Debug)]
pub struct VirtualClock(AtomicI64);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(START + self.0.load(Ordering::SeqCst) / 1_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst) as u64)
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        self.0.fetch_add(span.as_nanos() as i64, Ordering::SeqCst);
        async {}.boxed()
    }
}

/// Random bytes from a seed.
#[derive(Debug)]
pub struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut dice = crate::generate::Dice(self.0.fetch_add(1, Ordering::SeqCst));
            *byte = dice.next() as u8;
        }
    }
}

/// A cloud, a state and a client between them; programs come and go.
pub struct World {
    pub catalog: Arc<Catalog>,
    pub store: Arc<MemoryStore>,
    pub context: Context,
    client: Box<dyn Fn(Secrets) -> Client>,
}

/// A plan and what it was made from.
pub struct Planned {
    pub plan: Plan,
    pub desired: Desired,
    pub snapshot: Snapshot,
    pub live: Live,
}

impl World {
    pub fn new(seed: u64) -> World {
        World::over(seed, |below| below)
    }

    /// With something between client and emulator.
    pub fn over(seed: u64, between: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>) -> World {
        let config = Config { time_factor: 0.0, ..Config::local() };
        let emulator = LocalEmulator::in_memory(config, Now { unix_ms: START });
        let clock = Arc::new(VirtualClock(AtomicI64::new(0)));
        let random: Arc<dyn Random> = Arc::new(Seeded(AtomicU64::new(seed)));
        let catalog = Arc::clone(cloudnexus());
        let transport = between(Arc::new(InProcess::new(emulator, clock.clone())));
        let (of, tick, dice) = (catalog.clone(), clock.clone(), random.clone());
        let client = Box::new(move |secrets: Secrets| {
            let endpoints = local_endpoints(&of);
            Client::new(of.clone(), endpoints, transport.clone(), tick.clone(), dice.clone()).discreet(secrets)
        });
        let store = Arc::new(MemoryStore::new("test"));
        let context = Context {
            cloud: Arc::new(client(Secrets::default())),
            store: store.clone(),
            clock,
            random,
            catalog: catalog.clone(),
            options: apply::Options { speed: 100, ..apply::Options::default() },
        };
        World { catalog, store, context, client }
    }

    /// The same world, with these texts taken out of what the API says.
    pub fn discreet(self, secrets: Secrets) -> World {
        let context = Context { cloud: Arc::new((self.client)(secrets)), ..self.context };
        World { context, ..self }
    }

    /// The text, parsed, checked and evaluated.
    pub fn desired(&self, text: &str) -> Result<Desired, Diagnostics> {
        let mut sources = SourceMap::default();
        let file = sources.add("main.cnx", text);
        let parsed = cnx::syntax::parse(file, text);
        let mut found = parsed.diagnostics;
        let (program, checked) = cnx::program::check(&[parsed.ast], &self.catalog);
        found.append(checked);
        if found.has_errors() {
            return Err(found);
        }
        let inputs = Inputs {
            environment: None,
            params: BTreeMap::new(),
            files: Arc::new(|path: &str| Err(format!("there is no {path}"))),
            project_name: "test".to_owned(),
        };
        let (desired, found) = evaluate(Arc::new(program), &inputs);
        if found.has_errors() { Err(found) } else { Ok(desired) }
    }

    pub fn plan(&self, desired: Desired, options: &Options) -> Result<Planned, Diagnostics> {
        let snapshot = self.store.load().map_err(|error| Diagnostics(vec![error.diagnostic()]))?;
        let mut live = Live::default();
        loop {
            let needed = plan::reads(&desired, &snapshot, &live, &self.catalog)?;
            if needed == Reads::default() {
                break;
            }
            block_on(apply::refresh(&self.context, &needed, &snapshot, &mut live)).expect("a runtime")?;
        }
        let plan = plan::plan(&desired, &snapshot, &live, &self.catalog, options)?;
        Ok(Planned { plan, desired, snapshot, live })
    }

    pub fn apply(&self, planned: Planned) -> (Summary, Vec<Progress>) {
        let fingerprint = planned.plan.fingerprint();
        let approved = planned.plan.approve(&fingerprint).expect("its own fingerprint");
        let input = apply::Input { desired: planned.desired, snapshot: planned.snapshot, live: planned.live };
        let told = Mutex::new(Vec::new());
        let mut tell = |progress: Progress| told.lock().expect("one thread").push(progress);
        let interrupts = futures::stream::pending::<Interrupt>();
        let summary =
            block_on(apply::apply(&self.context, &approved, input, &mut tell, interrupts)).expect("a runtime");
        (summary, told.into_inner().expect("one thread"))
    }

    /// How many objects the cloud holds in its collections.
    pub fn objects(&self) -> usize {
        let lists =
            self.catalog.kinds.keys().filter(|kind| self.catalog.kind(kind).is_some_and(|kind| kind.parent.is_none()));
        let count = lists.map(|kind| {
            let list = plan::ListRead { kind: kind.clone(), parent: BTreeMap::new() };
            let listing = block_on(self.context.cloud.list(list)).expect("a runtime").expect("a list");
            listing.objects.len()
        });
        count.sum()
    }
}
