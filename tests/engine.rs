//! The whole engine in one process: parser to executor against an emulator in memory, on a clock that only sleeping moves.

use cnx::apply::{self, Context, Interrupt, Progress, Summary};
use cnx::cloud::{Client, Endpoint, local_endpoints};
use cnx::desired::{Desired, Inputs, evaluate};
use cnx::diag::Diagnostics;
use cnx::emulator::local::LocalEmulator;
use cnx::emulator::{Config, Now};
use cnx::model::{Secrets, SourceMap, Timestamp};
use cnx::plan::{self, Live, Options, Plan, Reads};
use cnx::provider::{Catalog, cloudnexus};
use cnx::state::{MemoryStore, Snapshot, Store};
use cnx::world::{Clock, InProcess, Random, Transport};
use futures::future::{BoxFuture, FutureExt};
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

pub const START: i64 = 1_760_000_000_000;

/// Time that moves only when everybody sleeps: then to the earliest who wakes.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Arc<Mutex<Sleepers>>);

#[derive(Debug, Default)]
struct Sleepers {
    now: Duration,
    drawn: u64,
    waiting: BTreeMap<(Duration, u64), Waker>,
}

/// Wakes when its time has come, and is forgotten when it is dropped.
struct Sleep {
    clock: VirtualClock,
    place: (Duration, u64),
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Flag>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl VirtualClock {
    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.0.lock().expect("one thread")
    }

    /// Runs a future to its end; where it waits for time alone, time moves on.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(flag.clone());
        let mut context = std::task::Context::from_waker(&waker);
        loop {
            while flag.0.swap(false, Ordering::SeqCst) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return output;
                }
            }
            let mut sleepers = self.sleepers();
            let ((at, _), waker) = sleepers.waiting.pop_first().expect("somebody sleeps where everybody waits");
            sleepers.now = sleepers.now.max(at);
            drop(sleepers);
            waker.wake();
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(START + self.monotonic().as_millis() as i64)
    }

    fn monotonic(&self) -> Duration {
        self.sleepers().now
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        let mut sleepers = self.sleepers();
        sleepers.drawn += 1;
        let place = (sleepers.now + span, sleepers.drawn);
        Sleep { clock: self.clone(), place }.boxed()
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Sleep>, context: &mut std::task::Context<'_>) -> Poll<()> {
        let mut sleepers = self.clock.sleepers();
        if sleepers.now >= self.place.0 {
            return Poll::Ready(());
        }
        sleepers.waiting.insert(self.place, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.sleepers().waiting.remove(&self.place);
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

/// Something between client and emulator.
pub type Between = Box<dyn FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>>;

/// What a world is made from.
pub struct Setting {
    pub seed: u64,
    pub config: Config,
    pub endpoints: Vec<Endpoint>,
    pub options: apply::Options,
    pub between: Between,
}

impl Setting {
    /// The embedded emulator as people have it, but that its jobs are done at the next read.
    pub fn local(seed: u64) -> Setting {
        Setting {
            seed,
            config: Config { time_factor: 0.0, ..Config::local() },
            endpoints: local_endpoints(cloudnexus()),
            options: apply::Options { speed: 100, ..apply::Options::default() },
            between: Box::new(|below| below),
        }
    }
}

/// A cloud, a state and a client between them; programs come and go.
pub struct World {
    pub catalog: Arc<Catalog>,
    pub store: Arc<MemoryStore>,
    pub context: Context,
    pub emulator: LocalEmulator,
    pub client: Arc<Client>,
    pub clock: VirtualClock,
    endpoints: Vec<Endpoint>,
    transport: Arc<dyn Transport>,
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
    pub fn over(seed: u64, between: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport> + 'static) -> World {
        World::with(Setting { between: Box::new(between), ..Setting::local(seed) })
    }

    pub fn with(setting: Setting) -> World {
        let clock = VirtualClock::default();
        let emulator = LocalEmulator::in_memory(setting.config, Now { unix_ms: START });
        let random: Arc<dyn Random> = Arc::new(Seeded(AtomicU64::new(setting.seed)));
        let catalog = Arc::clone(cloudnexus());
        let transport = (setting.between)(Arc::new(InProcess::new(emulator.clone(), Arc::new(clock.clone()))));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let (endpoints, wire) = (setting.endpoints.clone(), transport.clone());
        let client = Client::new(catalog.clone(), setting.endpoints, wire, shared.clone(), random.clone());
        let client = Arc::new(client);
        let store = Arc::new(MemoryStore::new("test"));
        let context = Context {
            cloud: client.clone(),
            store: store.clone(),
            clock: shared,
            random,
            catalog: catalog.clone(),
            options: setting.options,
        };
        World { catalog, store, context, emulator, client, clock, endpoints, transport }
    }

    /// The next run has another key for a surface.
    pub fn rekey(&mut self, surface: &str, key: &str) {
        for endpoint in self.endpoints.iter_mut().filter(|endpoint| endpoint.surface.as_str() == surface) {
            endpoint.key = Some(cnx::world::ApiKey::new(key));
        }
        self.renew();
    }

    /// The same world, with these texts taken out of what the API says.
    pub fn discreet(mut self, secrets: Secrets) -> World {
        self.client = Arc::new(self.fresh_client().discreet(secrets));
        self.context.cloud = self.client.clone();
        self
    }

    fn fresh_client(&self) -> Client {
        let Context { catalog, clock, random, .. } = self.context.clone();
        Client::new(catalog, self.endpoints.clone(), self.transport.clone(), clock, random)
    }

    /// A client that has learned nothing yet, as at the start of another run.
    pub fn renew(&mut self) {
        self.client = Arc::new(self.fresh_client());
        self.context.cloud = self.client.clone();
    }

    /// Runs a future to its end in virtual time.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.clock.run(future)
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
            ..Inputs::default()
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
            self.run(apply::refresh(&self.context, &needed, &snapshot, &mut live))?;
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
        let ended = self.run(apply::apply(&self.context, &approved, input, &mut tell, interrupts));
        (ended.summary, told.into_inner().expect("one thread"))
    }

    /// How many objects the cloud holds in its collections.
    pub fn objects(&self) -> usize {
        let lists =
            self.catalog.kinds.keys().filter(|kind| self.catalog.kind(kind).is_some_and(|kind| kind.parent.is_none()));
        let count = lists.map(|kind| {
            let list = plan::ListRead { kind: kind.clone(), parent: BTreeMap::new() };
            let listing = self.run(self.context.cloud.list(list)).expect("a list");
            listing.objects.len()
        });
        count.sum()
    }
}
