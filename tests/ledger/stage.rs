//! A world for one row of the ledger: an emulator whose knobs and faults a test turns, a client that takes it for a remote
//! API, and everything that passed between them.

use crate::engine::{Planned, START, Setting, World};
use cnx::apply::{self, Progress, StepEnd, Summary};
use cnx::cloud::{Endpoint, RateLimit, local_endpoints};
use cnx::diag::Diagnostics;
use cnx::emulator::{Config, Door, LogEntry, Now, Profile};
use cnx::model::http::{Headers, Method, Request, Response};
use cnx::model::{Address, Attributes, Ident, RemoteId, Value as Worth};
use cnx::plan::{Action, Options};
use cnx::provider::cloudnexus;
use cnx::state::{Record, Snapshot, Store};
use cnx::world::{ApiKey, Clock, Transport, TransportError};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const LIVE_C: &str = "cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e";
pub const LIVE_P: &str = "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j";
pub const ENTERPRISE: &str = "cnx_sk_live_enterprise00000000000";
pub const PROFILES: [Profile; 3] = [Profile::Full, Profile::Documented, Profile::DocumentedNojobs];

/// Changes an answer on its way, or puts another in its place.
type Tamper = Box<dyn FnMut(&Request, &mut Response) + Send>;

/// Keeps what passes, and lets a test change it. For the client it is a network: what was sent may still arrive.
struct Wiretap {
    below: Arc<dyn Transport>,
    tap: Arc<Tap>,
}

#[derive(Default)]
struct Tap {
    sent: Mutex<Vec<Request>>,
    tamper: Mutex<Option<Tamper>>,
}

impl Transport for Wiretap {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            self.tap.sent.lock().expect("one thread").push(request.clone());
            let mut answer = self.below.send(request.clone(), deadline).await?;
            if let Some(tamper) = self.tap.tamper.lock().expect("one thread").as_mut() {
                tamper(&request, &mut answer);
            }
            Ok(answer)
        })
    }

    fn dies_with_sender(&self) -> bool {
        false
    }
}

pub struct Stage {
    pub world: World,
    tap: Arc<Tap>,
}

impl Stage {
    /// Everything that cnx can use, documented delays in virtual time, no rate limit, no key needed.
    pub fn new() -> Stage {
        Stage::with(|_| {})
    }

    pub fn of(profile: Profile) -> Stage {
        Stage::with(|setting| setting.config.profile = profile)
    }

    pub fn with(change: impl FnOnce(&mut Setting)) -> Stage {
        let tap = Arc::new(Tap::default());
        let mut setting = Setting::local(1);
        setting.config = Config { time_factor: 1.0, ..Config::local() };
        setting.options = apply::Options::default();
        change(&mut setting);
        let wire = Arc::clone(&tap);
        setting.between = Box::new(move |below| Arc::new(Wiretap { below, tap: wire }) as Arc<dyn Transport>);
        Stage { world: World::with(setting), tap }
    }

    /// As served: keys are asked for and rates are limited.
    pub fn served(keys: &[(&str, &str, RateLimit)], change: impl FnOnce(&mut Setting)) -> Stage {
        Stage::with(|setting| {
            setting.config = Config::default();
            setting.endpoints = keys.iter().map(|(surface, key, rate)| endpoint(surface, key, *rate)).collect();
            change(setting);
        })
    }

    /// `METHOD /__emulator/…` with a body.
    pub fn control(&self, method: Method, target: &str, body: &Value) -> Value {
        let request = Request {
            method,
            origin: String::new(),
            target: format!("/__emulator/{target}"),
            headers: Headers::default(),
            body: body.to_string().into_bytes(),
        };
        let now = Now { unix_ms: self.world.clock.now().0 };
        let answer = self.world.emulator.call(Door::Control, &request, now);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{target} {body}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// `{"match": …, "effect": …, "times": …}`
    pub fn fault(&self, fault: Value) -> &Stage {
        self.control(Method::Post, "faults", &fault);
        self
    }

    pub fn no_faults(&self) {
        self.control(Method::Delete, "faults", &json!({}));
    }

    pub fn knob(&self, config: Value) -> &Stage {
        self.control(Method::Put, "config", &config);
        self
    }

    pub fn drift(&self, change: Value) -> &Stage {
        self.control(Method::Post, "drift", &change);
        self
    }

    /// Something happens to every answer from now on.
    pub fn tamper(&self, change: impl FnMut(&Request, &mut Response) + Send + 'static) -> &Stage {
        *self.tap.tamper.lock().expect("one thread") = Some(Box::new(change));
        self
    }

    /// The emulator's log: all that it was asked over the API.
    pub fn log(&self) -> Vec<LogEntry> {
        self.world.emulator.requests()
    }

    /// Those of one method whose path (without the query) ends so.
    pub fn asked(&self, method: &str, path: &str) -> Vec<LogEntry> {
        let fits = |entry: &LogEntry| {
            let own = entry.target.split('?').next().unwrap_or_default();
            entry.method == method && own == format!("/v1{path}")
        };
        self.log().into_iter().filter(fits).collect()
    }

    /// Everything that left the client, headers included.
    pub fn sent(&self) -> Vec<Request> {
        self.tap.sent.lock().expect("one thread").clone()
    }

    pub fn try_plan(&self, text: &str) -> Result<Planned, Diagnostics> {
        self.plan_with(text, &Options::default())
    }

    pub fn plan_with(&self, text: &str, options: &Options) -> Result<Planned, Diagnostics> {
        let desired = self.world.desired(text)?;
        self.world.plan(desired, options)
    }

    pub fn plan(&self, text: &str) -> Planned {
        self.try_plan(text).unwrap_or_else(|found| panic!("{text}\n{}", words(&found)))
    }

    /// Plans and applies, however it ends.
    pub fn apply(&self, text: &str) -> (Summary, Vec<Progress>) {
        self.world.apply(self.plan(text))
    }

    /// Applies to its end; then nothing is left to do.
    pub fn settle(&self, text: &str) -> &Stage {
        let (summary, told) = self.apply(text);
        assert!(summary.failed + summary.open + summary.skipped == 0, "{text}\n{told:#?}");
        let again = self.plan(text);
        let left: Vec<String> = steps(&again);
        assert!(left.is_empty(), "not empty after apply: {left:?}\n{text}");
        self
    }

    pub fn snapshot(&self) -> Snapshot {
        self.world.store.load().expect("a state")
    }

    pub fn record(&self, kind: &str, name: &str) -> Record {
        let address = Address::managed(kind, name, None);
        self.snapshot().records.get(&address).cloned().unwrap_or_else(|| panic!("no record of {address}"))
    }

    pub fn id(&self, kind: &str, name: &str) -> RemoteId {
        self.record(kind, name).id
    }

    /// The ids of a whole list, as the client reads it.
    pub fn list(&self, kind: &str) -> Result<Vec<String>, String> {
        let listed = self.world.run(self.world.client.list(&Ident::new(kind), &Attributes::new()));
        let listing = listed.map_err(|error| {
            let told = error.diagnostic();
            format!("{} {}", told.code.id, told.message)
        })?;
        Ok(listing.objects.into_iter().map(|object| object.id.to_string()).collect())
    }

    /// How many objects a list of the emulator holds, whatever faults there are.
    pub fn list_anyway(&self, kind: &str) -> usize {
        self.no_faults();
        self.list(kind).map_or(0, |ids| ids.len())
    }

    /// The next run begins: what the last one left open is brought to its end. The state after it.
    pub fn recover(&self) -> Snapshot {
        let mut tell = |_: Progress| {};
        let interrupts = futures::stream::pending::<apply::Interrupt>();
        let recovered = self.world.run(apply::recover(&self.world.context, self.snapshot(), &mut tell, interrupts));
        recovered.snapshot
    }

    /// Seconds of virtual time since the beginning.
    pub fn elapsed(&self) -> u64 {
        self.world.clock.monotonic().as_secs()
    }
}

pub fn endpoint(surface: &str, key: &str, rate: RateLimit) -> Endpoint {
    let all = local_endpoints(cloudnexus());
    let own = all.into_iter().find(|endpoint| endpoint.surface.as_str() == surface).expect("a surface");
    Endpoint { key: Some(ApiKey::new(key)), rate, ..own }
}

/// Codes, messages and helps, a line each.
pub fn words(found: &Diagnostics) -> String {
    found.0.iter().map(|d| format!("{}: {} ({})\n", d.code.id, d.message, d.help)).collect()
}

/// `action address`, in order.
pub fn steps(planned: &Planned) -> Vec<String> {
    let word = |action: &Action| match action {
        Action::Create => "create".to_owned(),
        Action::Update(operations) => {
            let names: Vec<&str> = operations.iter().map(Ident::as_str).collect();
            names.join("+")
        }
        Action::Destroy => "destroy".to_owned(),
        Action::Forget => "forget".to_owned(),
        Action::Read => "read".to_owned(),
        Action::Run => "run".to_owned(),
        Action::Adopt(_) => "adopt".to_owned(),
        Action::Wait(_) => "wait".to_owned(),
        Action::Note => "note".to_owned(),
    };
    planned.plan.steps.order().map(|(_, step)| format!("{} {}", word(&step.action), step.address)).collect()
}

/// How the steps ended that did not end well.
pub fn troubles(told: &[Progress]) -> String {
    let trouble = |progress: &Progress| match progress {
        Progress::StepEnded { address, end: StepEnd::Failed { message, code, request_id, help }, .. } => {
            Some(format!("failed {address}: {message} [{code}] {request_id} ({help})\n"))
        }
        Progress::StepEnded { address, end: StepEnd::Open { why }, .. } => Some(format!("open {address}: {why}\n")),
        Progress::StepEnded { address, end: StepEnd::Skipped { why, .. }, .. } => {
            Some(format!("skipped {address}: {why}\n"))
        }
        _ => None,
    };
    told.iter().filter_map(trouble).collect()
}

pub fn contains(text: &str, wanted: &str) {
    assert!(text.contains(wanted), "not said: {wanted:?}\n{text}");
}

pub fn server(name: &str) -> String {
    sized_server(name, "standard-8", "eu-west-2")
}

pub fn sized_server(name: &str, plan: &str, region: &str) -> String {
    let quoted = name.replace('_', "-");
    format!(
        "server {name} {{\n  name = \"{quoted}\"\n  plan = \"{plan}\"\n  region = \"{region}\"\n  image = \"ubuntu-22.04\"\n}}\n"
    )
}

pub fn instance(name: &str) -> String {
    sized_instance(name, "standard-2x4")
}

pub fn sized_instance(name: &str, size: &str) -> String {
    let quoted = name.replace('_', "-");
    format!(
        "compute_instance {name} {{\n  name = \"{quoted}\"\n  type = \"{size}\"\n  region = \"us-east-1\"\n  image = \"debian-12\"\n}}\n"
    )
}

pub fn database(tier: &str, replicas: u32, more: &str) -> String {
    format!(
        "database main {{\n  name = \"main\"\n  engine = \"postgresql\"\n  tier = \"{tier}\"\n  region = \"us-east-1\"\n  read_replicas = {replicas}\n{more}}}\n"
    )
}

pub fn zone() -> String {
    "cdn_zone shop {\n  domain = \"shop.example.com\"\n  origin_url = \"https://origin.example.com\"\n}\n".to_owned()
}

/// Adds lines to the last block of a text.
pub fn with(text: &str, more: &str) -> String {
    let open = text.trim_end().strip_suffix('}').expect("a block");
    format!("{open}  {more}\n}}\n")
}

/// An instant so many seconds after the beginning.
pub fn instant(seconds: i64) -> String {
    cnx::model::Timestamp(START + seconds * 1000).to_string()
}

pub fn text_of(record: &Record, name: &str) -> Option<String> {
    record.observed.get(&Ident::new(name)).and_then(Worth::as_str).map(str::to_owned)
}

/// Replaces the JSON of an answer.
pub fn rewrite(answer: &mut Response, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) {
        change(&mut body);
        answer.body = body.to_string().into_bytes();
    }
}

/// Answers with this instead.
pub fn replace(answer: &mut Response, status: u16, body: &Value) {
    answer.status = status;
    answer.body = body.to_string().into_bytes();
}
