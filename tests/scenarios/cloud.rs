//! Scenarios of a cloud that answers strangely: a twist stands before it.

use super::{KEY, codes, said};
use crate::engine::World;
use crate::outside::served::{LIVE_C, LIVE_P, quick, serve};
use crate::support::{Project, Run};
use cnx::cloud::{Client, Endpoint, Hosts, RateLimit, Wishes, endpoints};
use cnx::desired::{Inputs, evaluate};
use cnx::emulator::{Config, Fixtures};
use cnx::model::http::{Headers, Request, Response};
use cnx::model::{Attributes, Ident, SourceMap, Timestamp};
use cnx::plan::{Live, Options};
use cnx::provider::cloudnexus;
use cnx::state::Store;
use cnx::world::{ApiKey, Environment, RealFiles, Transport, TransportError};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// An answer of the API: the error with this code, or an account.
pub(super) fn answer(status: u16, code: &str) -> Response {
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
pub(super) fn world(
    twist: impl Fn(&Request) -> Option<Result<Response, TransportError>> + Send + Sync + 'static,
) -> (World, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&on);
    let world = World::over(1, move |below| Arc::new(Twisted { inner: Some(below), twist: Box::new(twist), on }));
    (world, switch)
}

/// Applies a key, then plans the program while the cloud answers as the twist says.
pub(super) fn twisted(program: &str, twist: fn(&Request) -> Option<Result<Response, TransportError>>) -> Vec<String> {
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
pub(super) fn unseen() -> Vec<String> {
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
pub(super) fn another_object() -> Vec<String> {
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

/// A run that is to be undone, and whose key is accepted no more.
pub(super) fn not_rolled_back() -> Vec<String> {
    let (world, switch) = world(|_| Some(Ok(answer(401, "invalid_api_key"))));
    let planned = world.plan(world.desired(KEY).unwrap_or_default(), &Options::default()).expect("it can be done");
    switch.store(true, Ordering::SeqCst);
    let fingerprint = planned.plan.fingerprint();
    let approved = planned.plan.approve(&fingerprint).expect("its own fingerprint");
    let input = cnx::apply::Input { desired: planned.desired, snapshot: planned.snapshot, live: planned.live };
    let (options, interrupts) = (Options::default(), futures::stream::pending());
    let mut tell = |_| ();
    let run = cnx::apply::apply_or_roll_back(&world.context, &approved, input, &options, &mut tell, interrupts);
    match world.run(run) {
        (_, cnx::apply::Undone::Impossible(found)) => codes(&found),
        (_, other) => vec![format!("{other:?}")],
    }
}

/// A database that is to grow in a window that is past.
pub(super) fn past_instant() -> Vec<String> {
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
pub(super) fn read_only_key() -> Vec<String> {
    let account = br#"{"data":{"account_id":"acc_1","key":{"permission":"read-only"}}}"#;
    let (world, client) = client(|| Ok(Response { body: account.to_vec(), ..answer(200, "") }));
    let asked = world.run(client.only_reads(&BTreeSet::from([Ident::new("platform")])));
    asked.ok().flatten().map(|found| found.code.id.to_owned()).into_iter().collect()
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

pub(super) fn answered(answer: impl Fn() -> Result<Response, TransportError> + Send + Sync + 'static) -> Vec<String> {
    let (world, client) = client(answer);
    let asked = world.run(client.account(&Ident::new("platform")));
    asked.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

pub(super) fn not_possible() -> Vec<String> {
    let (world, client) = client(|| Ok(answer(200, "")));
    let asked = world.run(client.source(&Ident::new("nothing"), &Attributes::new()));
    asked.err().map(|error| error.diagnostic().code.id.to_owned()).into_iter().collect()
}

pub(super) fn test_key() -> Vec<String> {
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

/// Somebody renames the key behind cnx's back before every list.
pub(super) fn not_empty() -> Vec<String> {
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

pub(super) fn needs_approval() -> Vec<String> {
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
