//! A script of answers for a transport, a clock that jumps, randomness that is none.

use crate::cloud::endpoint::{CONCURRENCY, MAX_WAIT};
use crate::cloud::{Call, Client, Endpoint, IdempotencyKey, RateLimit, Verb};
use crate::model::http::{Headers, Request, Response};
use crate::model::{Attributes, Ident, RemoteId, Timestamp, Value};
use crate::provider::cloudnexus;
use crate::world::{ApiKey, Clock, Random, Transport, TransportError};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Sleeping moves it; nothing else does.
#[derive(Default)]
pub struct JumpClock {
    elapsed: Mutex<Duration>,
    pub sleeps: Mutex<Vec<Duration>>,
}

/// 2025-02-01T02:00:00Z.
pub const START: Timestamp = Timestamp(1_738_375_200_000);

impl Clock for JumpClock {
    fn now(&self) -> Timestamp {
        START.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        *self.elapsed.lock().unwrap() += span;
        self.sleeps.lock().unwrap().push(span);
        Box::pin(async {})
    }
}

/// Always the largest number: back-off and jitter are at their longest.
pub struct Largest;

impl Random for Largest {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xff);
    }
}

/// One scripted answer.
#[derive(Clone, Debug)]
pub enum Answer {
    Give(u16, Vec<(String, String)>, String),
    NotSent,
    Lost,
}

/// `"200 {…}"`, `"429 Retry-After=5 {…}"`, `"not sent"`, `"lost"`.
pub fn answer(text: &str) -> Answer {
    match text {
        "not sent" => return Answer::NotSent,
        "lost" => return Answer::Lost,
        _ => {}
    }
    let (status, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut headers = Vec::new();
    while let Some((word, after)) = rest.split_once(' ')
        && let Some((name, value)) = word.split_once('=').filter(|_| !word.starts_with(['{', '<', '[']))
    {
        headers.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
    Answer::Give(status.parse().unwrap(), headers, rest.to_owned())
}

/// Answers in order; the last one again and again. Keeps what was asked.
pub struct Script {
    answers: Mutex<VecDeque<Answer>>,
    pub requests: Mutex<Vec<Request>>,
}

impl Transport for Script {
    fn send(&self, request: Request, _: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.requests.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let reason = "the script says so, with cnx_sk_live_canary".to_owned();
        let result = match answer.expect("at least one answer") {
            Answer::Give(status, headers, body) => {
                Ok(Response { status, headers: Headers(headers), body: body.into_bytes() })
            }
            Answer::NotSent => Err(TransportError::NotSent { reason }),
            Answer::Lost => Err(TransportError::Lost { reason }),
        };
        Box::pin(async { result })
    }

    fn dies_with_sender(&self) -> bool {
        false
    }
}

/// A client and what surrounds it.
pub struct Stage {
    pub client: Client,
    pub script: Arc<Script>,
    pub clock: Arc<JumpClock>,
}

pub fn stage(answers: &[&str]) -> Stage {
    stage_with(answers, RateLimit::Unlimited)
}

pub fn stage_with(answers: &[&str], rate: RateLimit) -> Stage {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.iter().map(|text| answer(text)).collect()),
        requests: Mutex::default(),
    });
    let clock = Arc::new(JumpClock::default());
    let client = client_over(script.clone(), &clock, rate);
    Stage { client, script, clock }
}

fn client_over(transport: Arc<dyn Transport>, clock: &Arc<JumpClock>, rate: RateLimit) -> Client {
    let endpoints = ["compute", "platform"].map(|surface| Endpoint {
        surface: Ident::new(surface),
        origin: format!("https://{surface}.example"),
        base_path: "/v1".to_owned(),
        key: Some(ApiKey::new("cnx_sk_live_canary")),
        rate,
        max_wait: MAX_WAIT,
        concurrency: CONCURRENCY,
    });
    Client::new(cloudnexus().clone(), endpoints.to_vec(), transport, clock.clone(), Arc::new(Largest))
}

impl Stage {
    /// Another client of this stage, over another transport.
    pub fn client_over(&self, transport: Arc<dyn Transport>) -> Client {
        client_over(transport, &self.clock, RateLimit::Unlimited)
    }

    /// `METHOD target` of every request so far.
    pub fn asked(&self) -> Vec<String> {
        self.script.requests.lock().unwrap().iter().map(|r| format!("{} {}", r.method.as_str(), r.target)).collect()
    }

    pub fn bodies(&self) -> Vec<String> {
        self.script.requests.lock().unwrap().iter().map(|r| String::from_utf8(r.body.clone()).unwrap()).collect()
    }
}

pub fn run<F: Future>(future: F) -> F::Output {
    crate::world::block_on(future).unwrap()
}

pub fn ident(text: &str) -> Ident {
    Ident::new(text)
}

/// Attributes of texts.
pub fn texts(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| (Ident::new(name), Value::string(value))).collect()
}

pub fn call(kind: &str, verb: Verb, id: Option<&str>, attributes: Attributes) -> Call {
    Call {
        kind: Ident::new(kind),
        verb,
        id: id.map(RemoteId::new),
        attributes,
        idempotency_key: Some(IdempotencyKey("key-1".to_owned())),
        stamp: BTreeMap::new(),
        etag: None,
        deadline: Duration::from_secs(30),
        until: None,
    }
}

pub fn update(name: &str) -> Verb {
    Verb::Update(Ident::new(name))
}
