//! Situations for codes that no example of a page can show by itself: a cloud that answers strangely, a broken disk, a damaged state.

use crate::engine::World;
use crate::outside::served::{LIVE_C, LIVE_P, quick, serve};
use crate::support::{Project, Run};
use cnx::apply::Recovered;
use cnx::cloud::{Client, Endpoint, Hosts, RateLimit, Wishes, endpoints};
use cnx::desired::{Inputs, evaluate};
use cnx::diag::Diagnostics;
use cnx::emulator::{Config, Fixtures};
use cnx::model::http::{Headers, Request, Response};
use cnx::model::{Address, Attributes, FileId, Ident, Observed, RemoteId, SourceMap, Timestamp};
use cnx::plan::{Live, Options};
use cnx::provider::cloudnexus;
use cnx::state::{
    Holder, Intent, JournalEntry, Lock, MemoryStore, Nonce, OperationId, Purpose, Remembered, SqliteStore, Store,
    StoreError, Tombstone, lock_path,
};
use cnx::world::{ApiKey, Environment, RealFiles, Transport, TransportError};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A code, and what makes cnx say it: the codes that were said.
pub type Scenario = fn() -> Vec<String>;

pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("cnx::syntax::file_too_large", || text(&" ".repeat(17 << 20))),
    ("cnx::syntax::nesting_too_deep", || text(&format!("let a = {}1{}\n", "[".repeat(129), "]".repeat(129)))),
    ("cnx::syntax::string_too_long", || text(&format!("let a = \"{}\"\n", "x".repeat(2 << 20)))),
    ("cnx::syntax::number_too_long", || text(&format!("let a = {}\n", "1".repeat(1_001)))),
    ("cnx::program::too_complex", too_complex),
    ("cnx::plan::hidden", || {
        twisted(KEY, |request| match request.target.split('?').next() {
            Some("/v1/ssh_keys") => Some(Ok(Response { body: br#"{"data":[]}"#.to_vec(), ..answer(200, "") })),
            _ => Some(Ok(answer(403, "insufficient_permissions"))),
        })
    }),
    ("cnx::plan::unread", || twisted(KEY, |_| Some(Ok(answer(500, "internal_error"))))),
    ("cnx::plan::unseen", unseen),
    ("cnx::plan::needs_approval", needs_approval),
    ("cnx::plan::another_object", another_object),
    ("cnx::plan::past_instant", past_instant),
    ("cnx::cloud::read_only_key", read_only_key),
    ("cnx::cli::step_failed", step_failed),
    ("cnx::plan::unknown_kind", unknown_kind),
    ("cnx::apply::source_unread", || {
        twisted(&format!("{KEY}data plans all {{}}\n"), |_| Some(Ok(answer(500, "internal_error"))))
    }),
    ("cnx::apply::late_duplicate", late_duplicate),
    ("cnx::apply::open_operation", open_operation),
    ("cnx::cloud::authentication", || answered(|| Ok(answer(401, "invalid_api_key")))),
    ("cnx::cloud::permission", || answered(|| Ok(answer(403, "insufficient_permissions")))),
    ("cnx::cloud::unreachable", || {
        answered(|| Err(TransportError::NotSent { reason: "connection refused".to_owned() }))
    }),
    ("cnx::cloud::untrusted", || {
        answered(|| Err(TransportError::NotSent { reason: "invalid peer certificate".to_owned() }))
    }),
    ("cnx::cloud::interrupted", || answered(|| Err(TransportError::Lost { reason: "connection reset".to_owned() }))),
    ("cnx::cloud::rate_limited", || {
        let headers = Headers(vec![("Retry-After".to_owned(), "3600".to_owned())]);
        answered(move || Ok(Response { headers: Headers(headers.0.clone()), ..answer(429, "rate_limit_exceeded") }))
    }),
    ("cnx::cloud::bad_answer", || answered(|| Ok(Response { body: b"<html>".to_vec(), ..answer(200, "") }))),
    ("cnx::cloud::server_error", || answered(|| Ok(answer(500, "internal_error")))),
    ("cnx::cloud::refused", || answered(|| Ok(answer(422, "quota_exceeded")))),
    ("cnx::cloud::not_found", || answered(|| Ok(answer(404, "not_found")))),
    ("cnx::cloud::no_capacity", || answered(|| Ok(answer(409, "insufficient_resources")))),
    ("cnx::cloud::not_possible", not_possible),
    ("cnx::cloud::test_key_on_production", test_key),
    ("cnx::state::locked", locked),
    ("cnx::state::unwritable", unwritable),
    ("cnx::state::unreadable", unreadable),
    ("cnx::state::corrupt", || damaged("UPDATE journal SET entry = replace(entry, 'deploy', 'depoly')")),
    ("cnx::state::too_new", || damaged("PRAGMA user_version = 99")),
    ("cnx::state::unsafe_path", unsafe_path),
    ("cnx::state::fenced", fenced),
    // A full disk is made in the room's own tests, where pages can be limited.
    ("cnx::state::no_space", || {
        vec![StoreError::NoSpace { path: "dev.db".to_owned() }.diagnostic().code.id.to_owned()]
    }),
    ("cnx::state::illegal_entry", illegal_entry),
    ("cnx::cli::not_text", not_text),
    ("cnx::cli::declined", declined),
    ("cnx::cli::module_changed", module_changed),
    ("cnx::cli::not_empty", not_empty),
    ("cnx::cli::no_network", no_network),
    ("cnx::cli::machine", machine),
];

const KEY: &str =
    "ssh_key deploy {\n  name = \"deploy\"\n  public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEsM\"\n}\n";

fn codes(found: &Diagnostics) -> Vec<String> {
    found.0.iter().map(|one| one.code.id.to_owned()).collect()
}

/// What is wrong with a text.
fn text(source: &str) -> Vec<String> {
    codes(&cnx::syntax::parse(FileId(0), source).diagnostics)
}

/// Every code that the run printed.
fn said(run: &Run) -> Vec<String> {
    let words = run.stdout.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let words = words.chain(run.stderr.split_whitespace());
    words.filter(|word| word.starts_with("cnx::")).map(str::to_owned).collect()
}

fn too_complex() -> Vec<String> {
    let types: String = (1..40).map(|n| format!("let a{n} = {{ x = a{}, y = a{} }}\n", n - 1, n - 1)).collect();
    let source = format!("let a0 = {{ x = 1 }}\n{types}output b = a39\n");
    let parsed = cnx::syntax::parse(FileId(0), &source);
    codes(&cnx::program::check(&[parsed.ast], cloudnexus()).1)
}

/// An answer of the API: the error with this code, or an account.
fn answer(status: u16, code: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": code, "message": "No.", "request_id": "req_1" } });
    Response { status, headers: Headers::default(), body: body.to_string().into_bytes() }
}

type Twist = dyn Fn(&Request) -> Option<Result<Response, TransportError>> + Send + Sync;

/// Answers instead of the cloud once it is switched on; what the twist leaves alone goes through.
struct Twisted {
    inner: Option<Arc<dyn Transport>>,
    twist: Box<Twist>,
    on: Arc<AtomicBool>,
}

impl Transport for Twisted {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        let twisted = if self.on.load(Ordering::SeqCst) { (self.twist)(&request) } else { None };
        match (twisted, &self.inner) {
            (Some(answer), _) => Box::pin(async { answer }),
            (None, Some(inner)) => inner.send(request, deadline),
            (None, None) => Box::pin(async { Err(TransportError::NotSent { reason: "nothing is there".to_owned() }) }),
        }
    }

    fn dies_with_sender(&self) -> bool {
        false
    }
}

/// A world whose cloud answers as the twist says once `on` is set.
fn world(
    twist: impl Fn(&Request) -> Option<Result<Response, TransportError>> + Send + Sync + 'static,
) -> (World, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&on);
    let world = World::over(1, move |below| Arc::new(Twisted { inner: Some(below), twist: Box::new(twist), on }));
    (world, switch)
}

/// Applies a key, then plans the program while the cloud answers as the twist says.
fn twisted(program: &str, twist: fn(&Request) -> Option<Result<Response, TransportError>>) -> Vec<String> {
    let (world, switch) = world(move |request| if request.target.contains("/account") { None } else { twist(request) });
    let desired = |text: &str| world.desired(text).unwrap_or_default();
    let planned = world.plan(desired(KEY), &Options::default()).expect("it can be done");
    world.apply(planned);
    switch.store(true, Ordering::SeqCst);
    match world.plan(desired(program), &Options::default()) {
        Ok(planned) => codes(&planned.plan.warnings),
        Err(found) => codes(&found),
    }
}

/// A server that another state made, whose keys the API does not show.
fn unseen() -> Vec<String> {
    let (world, switch) = world(|_| None);
    let server = "server web {\n  name = \"web\"\n  region = \"eu-west-2\"\n  plan = \"standard-8\"\n  image = \"ubuntu-22.04\"\n  \
                  ssh_keys = [ssh_key.deploy.id]\n  lifecycle { adopt = true }\n}\n";
    let desired = || world.desired(&format!("{KEY}{server}")).unwrap_or_default();
    let planned = world.plan(desired(), &Options::default()).expect("it can be done");
    world.apply(planned);
    drop(switch);
    let mut snapshot = world.store.load().unwrap_or_default();
    snapshot.records.retain(|address, _| address.kind.as_str() == "ssh_key");
    snapshot.ids.retain(|_, address| address.kind.as_str() == "ssh_key");
    let mut live = Live::default();
    let desired = desired();
    loop {
        let needed = cnx::plan::reads(&desired, &snapshot, &live, &world.catalog).expect("it can be done");
        if needed == cnx::plan::Reads::default() {
            break;
        }
        world.run(cnx::apply::refresh(&world.context, &needed, &snapshot, &mut live)).expect("it can be done");
    }
    for object in live.objects.values_mut().flat_map(BTreeMap::values_mut) {
        object.attributes.remove("ssh_keys");
    }
    match cnx::plan::plan(&desired, &snapshot, &live, &world.catalog, &Options::default()) {
        Ok(plan) => codes(&plan.warnings),
        Err(found) => codes(&found),
    }
}

/// A key whose object was made at another time than the state says.
fn another_object() -> Vec<String> {
    let (world, _) = world(|_| None);
    let planned = world.plan(world.desired(KEY).unwrap_or_default(), &Options::default()).expect("it can be done");
    world.apply(planned);
    let mut snapshot = world.store.load().unwrap_or_default();
    let created = cnx::model::Value::string("2001-01-01T00:00:00Z");
    snapshot.records.values_mut().for_each(|record| {
        record.observed.insert(Ident::new("created_at"), created.clone());
    });
    let desired = world.desired("").unwrap_or_default();
    let mut live = Live::default();
    loop {
        let needed = cnx::plan::reads(&desired, &snapshot, &live, &world.catalog).expect("it can be done");
        if needed == cnx::plan::Reads::default() {
            break;
        }
        world.run(cnx::apply::refresh(&world.context, &needed, &snapshot, &mut live)).expect("it can be done");
    }
    match cnx::plan::plan(&desired, &snapshot, &live, &world.catalog, &Options::default()) {
        Ok(plan) => codes(&plan.warnings),
        Err(found) => codes(&found),
    }
}

/// A database that is to grow in a window that is past.
fn past_instant() -> Vec<String> {
    let (world, _) = world(|_| None);
    let database = |rest: &str| {
        let head = "database main {\n  name = \"main\"\n  engine = \"mysql\"\n  region = \"eu-west-2\"\n";
        world.desired(&format!("{head}{rest}}}\n")).unwrap_or_default()
    };
    let planned = world.plan(database("  tier = \"production-standard\"\n"), &Options::default());
    world.apply(planned.expect("it can be done"));
    let grown = "  tier = \"production-high\"\n  maintenance_window = \"2020-01-01T00:00:00Z\"\n";
    let options = Options { now: Some(Timestamp(1_760_000_000_000)), ..Options::default() };
    world.plan(database(grown), &options).map(|planned| codes(&planned.plan.warnings)).unwrap_or_default()
}

/// An account whose key may only read.
fn read_only_key() -> Vec<String> {
    let account = br#"{"data":{"account_id":"acc_1","key":{"permission":"read-only"}}}"#;
    let (world, client) = client(|| Ok(Response { body: account.to_vec(), ..answer(200, "") }));
    let asked = world.run(client.only_reads(&BTreeSet::from([Ident::new("platform")])));
    asked.ok().flatten().map(|found| found.code.id.to_owned()).into_iter().collect()
}

/// A test that applies a program with a region that no cloud has.
fn step_failed() -> Vec<String> {
    let server = "server web {\n  name = \"web\"\n  region = \"xx-nowhere-9\"\n  plan = \"standard-8\"\n  image = \"ubuntu-22.04\"\n}\n";
    let test = "test \"it applies\" {\n  apply = true\n  assert = [true]\n}\n";
    said(&Project::new(&[("main.cnx", server), ("main.test.cnx", test)]).run(&["test"]))
}

fn needs_approval() -> Vec<String> {
    let (world, _) = world(|_| None);
    let database = "database main { name = \"main\", engine = \"mysql\", region = \"eu-west-2\", tier = \"production-standard\" }\n";
    let desired = |text: &str| {
        let mut sources = SourceMap::default();
        let file = sources.add("main.cnx", text);
        let (program, _) = cnx::program::check(&[cnx::syntax::parse(file, text).ast], &world.catalog);
        let inputs = Inputs { environment: Some("s".to_owned()), ..Inputs::default() };
        evaluate(Arc::new(program), &inputs).0
    };
    let sandbox = "environment s { target = \"sandbox\" }\n";
    let planned = world.plan(desired(&format!("{sandbox}{database}")), &Options::default());
    world.apply(planned.expect("it can be done"));
    world.plan(desired(sandbox), &Options::default()).err().map(|found| codes(&found)).unwrap_or_default()
}

/// A state with an object of a kind that no catalog has.
fn unknown_kind() -> Vec<String> {
    let (world, _) = world(|_| None);
    let (kind, id) = (Ident::new("gadget"), RemoteId::new("gad_1"));
    let observed = Observed { id, attributes: Attributes::new(), status: None, current_job: None, etag: None };
    let entries = [
        started(),
        JournalEntry::Imported {
            address: Address::managed("gadget", "one", None),
            kind,
            observed,
            applied: Attributes::new(),
            lifecycle: Remembered::default(),
            at: Timestamp(0),
        },
    ];
    world.store.append(&entries).expect("it can be done");
    match world.plan(world.desired("").unwrap_or_default(), &Options::default()) {
        Ok(planned) => codes(&planned.plan.warnings),
        Err(found) => codes(&found),
    }
}

fn started() -> JournalEntry {
    JournalEntry::RunStarted { run: "r".into(), epoch: 1, holder: "a@b".into(), plan: "p".into(), at: Timestamp(0) }
}

fn intent() -> JournalEntry {
    JournalEntry::Intent(Box::new(Intent {
        operation: OperationId(0),
        address: Address::managed("server", "web", None),
        kind: Ident::new("server"),
        purpose: Purpose::Create,
        id: None,
        nonce: Nonce("n".to_owned()),
        idempotency_key: String::new(),
        fingerprint: String::new(),
        inputs_hash: String::new(),
        wanted: Attributes::new(),
        lifecycle: Remembered::default(),
        epoch: 1,
        attempt: 1,
        surveyed: true,
        at: Timestamp(0),
    }))
}

/// An object with the mark of a create that was given up.
fn late_duplicate() -> Vec<String> {
    let kind = Ident::new("compute_instance");
    let store = MemoryStore::new("test");
    let mut snapshot = store.load().unwrap_or_default();
    let tombstone = Tombstone {
        address: Address::managed("compute_instance", "web", None),
        kind: kind.clone(),
        nonce: Nonce("n".to_owned()),
        fingerprint: String::new(),
        at: Timestamp(0),
    };
    snapshot.tombstones.insert(OperationId(0), tombstone);
    let tags = BTreeMap::from([(cnx::model::Key::text(cnx::state::STAMP_OPERATION), cnx::model::Value::string("n"))]);
    let attributes = Attributes::from([(Ident::new("tags"), cnx::model::Value::map(tags))]);
    let object = Observed { id: RemoteId::new("inst_1"), attributes, status: None, current_job: None, etag: None };
    let mut live = Live::default();
    live.objects.insert(kind, BTreeMap::from([(object.id.clone(), object)]));
    codes(&cnx::apply::sweep(&snapshot, &live, cloudnexus()))
}

fn open_operation() -> Vec<String> {
    let store = MemoryStore::new("test");
    store.append(&[started(), intent()]).expect("it can be done");
    let snapshot = store.load().unwrap_or_default();
    codes(&Recovered { snapshot, summary: cnx::apply::Summary::default() }.still_open())
}

/// A client of one surface whose every answer is this one.
fn client(answer: impl Fn() -> Result<Response, TransportError> + Send + Sync + 'static) -> (World, Client) {
    let transport =
        Twisted { inner: None, twist: Box::new(move |_| Some(answer())), on: Arc::new(AtomicBool::new(true)) };
    let (world, _) = world(|_| None);
    let key = ApiKey::new("cn_test_1");
    let endpoint = Endpoint::new(&Ident::new("platform"), "https://api.example/v1", key, RateLimit::Unlimited);
    let endpoint = endpoint.expect("it can be done");
    let (clock, random) = (Arc::clone(&world.context.clock), Arc::clone(&world.context.random));
    let client = Client::new(Arc::clone(cloudnexus()), vec![endpoint], Arc::new(transport), clock, random);
    (world, client)
}

fn answered(answer: impl Fn() -> Result<Response, TransportError> + Send + Sync + 'static) -> Vec<String> {
    let (world, client) = client(answer);
    let asked = world.run(client.account(&Ident::new("platform")));
    asked.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

fn not_possible() -> Vec<String> {
    let (world, client) = client(|| Ok(answer(200, "")));
    let asked = world.run(client.source(&Ident::new("nothing"), &Attributes::new()));
    asked.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

fn test_key() -> Vec<String> {
    let variables = BTreeMap::from([("CLOUDNEXUS_API_KEY".to_owned(), "cn_test_1".to_owned())]);
    let wishes = Wishes {
        hosts: Hosts::Production,
        urls: BTreeMap::new(),
        requests_per_minute: None,
        max_wait: None,
        allow_live_key: false,
        needed: cloudnexus().surfaces.keys().cloned().collect::<BTreeSet<_>>(),
    };
    codes(&endpoints(cloudnexus(), &wishes, &Environment(variables), &RealFiles).1)
}

fn keyed() -> Project {
    Project::new(&[("main.cnx", KEY)])
}

fn locked() -> Vec<String> {
    let project = keyed();
    let path = lock_path(&project.path().join(".cnx/state/default.db"));
    let holder =
        Holder { who: "ann@desk".to_owned(), process: 1, command: "cnx apply".to_owned(), since: Timestamp(0) };
    let lock = Lock::take(&path, &holder);
    let said = said(&project.run(&["apply", "--yes", "--json"]));
    drop(lock);
    said
}

fn of_store(result: Result<SqliteStore, StoreError>) -> Vec<String> {
    result.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

/// A folder that nobody can make.
fn unwritable() -> Vec<String> {
    of_store(SqliteStore::open(std::path::Path::new("/proc/cnx/state/default.db"), "test"))
}

/// The state file is a folder.
fn unreadable() -> Vec<String> {
    let project = Project::new(&[("main.cnx", KEY), (".cnx/state/default.db/note", "")]);
    said(&project.run(&["plan", "--json"]))
}

/// Applies, then changes the state file behind cnx's back.
fn damaged(statement: &str) -> Vec<String> {
    let project = keyed();
    project.ok(&["apply", "--yes"]);
    let connection = rusqlite::Connection::open(project.path().join(".cnx/state/default.db")).expect("it can be done");
    connection.execute_batch(statement).expect("it can be done");
    drop(connection);
    said(&project.run(&["apply", "--yes", "--json"]))
}

fn unsafe_path() -> Vec<String> {
    let project = keyed();
    project.write("elsewhere/note", "");
    project.write(".cnx/note", "");
    std::os::unix::fs::symlink(project.path().join("elsewhere"), project.path().join(".cnx/state")).expect("a link");
    said(&project.run(&["plan", "--json"]))
}

/// Two stores on one file: the second one writes, the first one finds out.
fn fenced() -> Vec<String> {
    let project = keyed();
    let open = || SqliteStore::open(&project.path().join("state/default.db"), "test").expect("it can be done");
    let (first, second) = (open(), open());
    second.append(&[started()]).expect("it can be done");
    first.append(&[started()]).err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

fn illegal_entry() -> Vec<String> {
    let store = MemoryStore::new("test");
    let refused = store.append(&[JournalEntry::Ran { operation: OperationId(7) }]);
    refused.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

fn not_text() -> Vec<String> {
    let project = keyed();
    std::fs::write(project.path().join("latin.cnx"), b"# gr\xfc\xdfe\n").expect("a file");
    said(&project.run(&["check", "--json"]))
}

/// A terminal at which somebody says no.
struct Reluctant;

impl cnx::world::Terminal for Reluctant {
    fn can_ask(&self) -> bool {
        true
    }

    fn output_is_terminal(&self) -> bool {
        false
    }

    fn error_is_terminal(&self) -> bool {
        false
    }

    fn width(&self) -> Option<u16> {
        None
    }

    fn ask(&self, _: &str) -> std::io::Result<Option<String>> {
        Ok(Some("no".to_owned()))
    }

    fn ask_secretly(&self, question: &str) -> std::io::Result<Option<String>> {
        self.ask(question)
    }
}

fn declined() -> Vec<String> {
    let project = keyed();
    let mut world = cnx::cli::shell::World::real();
    world.environment = Environment::default();
    world.terminal = Arc::new(Reluctant);
    let kept = Arc::new(Mutex::new(Vec::new()));
    let writer = || cnx::report::Writer::new(Box::new(crate::pages::Kept(Arc::clone(&kept))));
    let folder = project.path().display().to_string();
    let arguments = ["cnx", "apply", "-C", &folder].map(Into::into);
    let exit = cnx::cli::run_in(world, writer(), writer(), arguments);
    assert_eq!(exit, 5);
    let stderr = String::from_utf8(kept.lock().expect("no writer panics").clone()).expect("text");
    said(&Run { code: 5, stdout: String::new(), stderr })
}

/// Somebody edits a module that was fetched.
fn module_changed() -> Vec<String> {
    let repository = crate::modules::repository();
    let project = crate::modules::using(repository.path(), "v1");
    project.ok(&["check"]);
    std::fs::write(crate::modules::fetched(&project).join("n/main.cnx"), "output x = 3\n").expect("a file");
    said(&project.run(&["check", "--json"]))
}

/// Somebody renames the key behind cnx's back before every list.
fn not_empty() -> Vec<String> {
    let served = serve(Config { fixtures: Fixtures::Empty, ..quick() });
    let url = |port: u16| format!("http://127.0.0.1:{port}/v1");
    let (compute, platform) = (url(served.ports.compute), url(served.ports.platform));
    let provider = format!("{{ compute_url = \"{compute}\", platform_url = \"{platform}\" }}");
    let environment = format!("environment live {{ target = \"production\", provider = {provider} }}\n");
    let project = Project::new(&[("main.cnx", &format!("{environment}{KEY}"))]);
    let apply = |flags: &[&str]| {
        let mut command = project.command(&[&["apply", "-e", "live", "--yes", "--json"], flags].concat());
        command.env("CLOUDNEXUS_COMPUTE_API_KEY", LIVE_C).env("CLOUDNEXUS_PLATFORM_API_KEY", LIVE_P);
        Run::of(command.output().expect("cnx runs"))
    };
    apply(&[]);
    let (_, listed) = served.send("p", "GET", "/v1/ssh_keys", "");
    let id = &listed["data"][0]["id"];
    let drift = serde_json::json!({ "id": id, "effect": "rename", "name": "odd" });
    let fault =
        serde_json::json!({ "match": { "method": "GET", "path": "/v1/ssh_keys*" }, "effect": { "drift": drift } });
    let (status, answer) = served.send("control", "POST", "/__emulator/faults", &fault.to_string());
    assert!(status < 300, "{answer}");
    said(&apply(&["--verify"]))
}

/// A machine without certificates.
fn no_network() -> Vec<String> {
    let project = Project::new(&[("main.cnx", &format!("environment s {{ target = \"sandbox\" }}\n{KEY}"))]);
    let mut command = project.command(&["plan", "-e", "s", "--json"]);
    command.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere").env("CLOUDNEXUS_API_KEY", "cn_test_1");
    said(&Run::of(command.output().expect("cnx runs")))
}

/// A process that may open next to nothing.
fn machine() -> Vec<String> {
    let project = keyed();
    let script = format!("ulimit -n 5; exec {} plan --json", env!("CARGO_BIN_EXE_cnx"));
    let run = std::process::Command::new("sh").args(["-c", &script]).current_dir(project.path()).env_clear().output();
    said(&Run::of(run.expect("sh runs")))
}
