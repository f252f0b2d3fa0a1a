//! The emulator as a server on loopback: four listeners (contract.md 4.1), real time read here and nowhere else.
//! The only file of the room that knows axum and tokio.
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use futures::StreamExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::answer::{Answer, Delivery, Payload};
use super::clock::Now;
use super::handle::control_error;
use super::local::LocalEmulator;
use super::routes::Door;
pub use super::routes::Ports;
use super::serve_plug::{Plugged, Switch};
use crate::model::http::{Headers, Method, Request};

/// The usual first port.
pub const PORT_BASE: u16 = 4710;
const MAX_BODY_BYTES: usize = 10 << 20;

/// Bound listeners that answer until they are stopped.
#[derive(Debug)]
pub struct Server {
    pub ports: Ports,
    listeners: JoinSet<io::Result<()>>,
}

/// The real time.
fn now() -> Now {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { unix_ms: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX) }
}

/// What the server's futures run on.
pub type Runtime = tokio::runtime::Runtime;

/// A runtime of its own for the server.
///
/// # Errors
/// The machine's, for example no more threads.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Waits in real time.
pub async fn pause_ms(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Binds four ports from `port_base` on (0: any free ones) on loopback, both 127.0.0.1 and (where the machine knows it)
/// [::1], and begins to answer.
///
/// # Errors
/// A port that is taken or may not be bound.
pub async fn start(emulator: LocalEmulator, port_base: u16) -> io::Result<Server> {
    let mut bound = Vec::new();
    for (index, door) in [Door::C, Door::P, Door::Sandbox, Door::Control].into_iter().enumerate() {
        let Some(port) = port_base.checked_add(index as u16) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("there is no port above {}", u16::MAX)));
        };
        let port = if port_base == 0 { 0 } else { port };
        // Which of the four it is stands in no error of the system.
        let named = |error: io::Error| io::Error::new(error.kind(), format!("port {port}: {error}"));
        bound.push((door, bind(port).await.map_err(named)?));
    }
    let port_of = |wanted| bound.iter().find(|(door, _)| *door == wanted).map_or(0, |(_, bound)| bound.port);
    let ports = Ports {
        compute: port_of(Door::C),
        platform: port_of(Door::P),
        sandbox: port_of(Door::Sandbox),
        control: port_of(Door::Control),
    };
    emulator.listens_on(ports);
    let mut listeners = JoinSet::new();
    for (door, bound) in bound {
        for listener in bound.listeners {
            let emulator = emulator.clone();
            let router = Router::new().fallback(move |request| answer(emulator.clone(), door, request));
            let service = router.into_make_service_with_connect_info::<Switch>();
            listeners.spawn(async move { axum::serve(Plugged(listener), service).await });
        }
    }
    Ok(Server { ports, listeners })
}

/// One port on every loopback address.
struct Bound {
    port: u16,
    listeners: Vec<TcpListener>,
}

/// How often a port that is free on one address and taken on the other is given back for another one.
const ATTEMPTS: usize = 20;

async fn bind(port: u16) -> io::Result<Bound> {
    let mut attempt = 1;
    loop {
        let first = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let bound = first.local_addr()?.port();
        match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, bound))).await {
            Ok(second) => return Ok(Bound { port: bound, listeners: vec![first, second] }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port == 0 && attempt < ATTEMPTS => attempt += 1,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            // A machine without IPv6.
            Err(_) => return Ok(Bound { port: bound, listeners: vec![first] }),
        }
    }
}

impl Server {
    /// Answers until `stop` is ready or a listener fails.
    ///
    /// # Errors
    /// The failed listener's error.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) -> io::Result<()> {
        tokio::select! {
            () = stop => Ok(()),
            ended = self.listeners.join_next() => match ended {
                Some(Ok(result)) => result,
                Some(Err(error)) => Err(io::Error::other(error)),
                None => Ok(()),
            },
        }
    }
}

/// One request through the machine. A machine with a disk may block, so it gets a thread that may.
async fn answer(emulator: LocalEmulator, door: Door, request: axum::extract::Request) -> axum::response::Response {
    let switch = request.extensions().get::<ConnectInfo<Switch>>().map(|info| info.0.clone());
    let (method, request) = match read(request).await {
        Ok(read) => read,
        Err(message) => return write(Answer::whole(control_error(400, "invalid_parameter", &message))),
    };
    let answered = if emulator.is_persistent() {
        let blocking = tokio::task::spawn_blocking(move || emulator.answer_owned(door, method, request, now()));
        let failed = |_| Answer::whole(control_error(500, "internal_error", "Unexpected infrastructure failure."));
        blocking.await.unwrap_or_else(failed)
    } else {
        emulator.answer_owned(door, method, request, now())
    };
    deliver(answered, switch).await
}

/// Gives an answer out as the faults that it met say.
async fn deliver(answered: Answer, switch: Option<Switch>) -> axum::response::Response {
    if answered.delay_ms > 0 {
        pause_ms(answered.delay_ms).await;
    }
    let length = answered.body.len();
    match answered.delivery {
        Delivery::Whole => write(answered),
        Delivery::Reset => {
            if let Some(switch) = switch {
                switch.cut();
            }
            write(answered)
        }
        Delivery::Hang => std::future::pending().await,
        Delivery::Truncated { bytes } => {
            let head = answered.body[..bytes.min(length)].to_vec();
            let cut = futures::stream::once(async {
                // What was written before only leaves while the body has nothing more to give.
                pause_ms(20).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            });
            let pieces = futures::stream::once(async move { Ok(Bytes::from(head)) }).chain(cut);
            in_pieces(answered, length, Body::from_stream(pieces))
        }
        Delivery::Slow { ms } => {
            let (head, tail) = answered.body.split_at(length / 2);
            let (head, tail) = (Bytes::copy_from_slice(head), Bytes::copy_from_slice(tail));
            let late = futures::stream::once(async move {
                pause_ms(ms).await;
                Ok::<Bytes, io::Error>(tail)
            });
            let pieces = futures::stream::once(async move { Ok(head) }).chain(late);
            in_pieces(answered, length, Body::from_stream(pieces))
        }
    }
}

/// An answer whose body comes from a stream but says its whole length.
fn in_pieces(answered: Answer, length: usize, body: Body) -> axum::response::Response {
    let mut written = write(Answer { body: Payload::Own(Vec::new()), ..answered });
    written.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    *written.body_mut() = body;
    written
}

/// A request in our own words; a method of none of the API's routes counts as a read.
async fn read(request: axum::extract::Request) -> Result<(Option<Method>, Request), String> {
    let (parts, body) = request.into_parts();
    let method = Method::parse(parts.method.as_str());
    let mut headers = Headers::default();
    for (name, value) in &parts.headers {
        headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    let target = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| format!("The body can't be read: {error}."))?;
    // Its origin is the door that it came in by.
    let origin = String::new();
    let request = Request { method: method.unwrap_or(Method::Get), origin, target, headers, body: body.to_vec() };
    Ok((method, request))
}

/// A page that several answers are given from.
struct Page(Arc<Vec<u8>>);

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn write(answered: Answer) -> axum::response::Response {
    let bytes = match answered.body {
        Payload::Own(bytes) => Bytes::from(bytes),
        // The page stays where it is; the socket is written from there.
        Payload::Shared(bytes) => Bytes::from_owner(Page(bytes)),
    };
    let mut written = axum::response::Response::new(Body::from(bytes));
    *written.status_mut() = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    written.headers_mut().reserve(answered.headers.len());
    for (name, value) in answered.headers {
        let value = HeaderValue::from_maybe_shared(Bytes::from(value));
        if let (Some(name), Ok(value)) = (header_name(&name), value) {
            written.headers_mut().append(name, value);
        }
    }
    written
}

/// A name as HTTP's library has it; those of most answers are known beforehand.
fn header_name(name: &str) -> Option<HeaderName> {
    const KNOWN: [(&str, HeaderName); 6] = [
        ("Content-Type", header::CONTENT_TYPE),
        ("Date", header::DATE),
        ("X-RateLimit-Limit", HeaderName::from_static("x-ratelimit-limit")),
        ("X-RateLimit-Remaining", HeaderName::from_static("x-ratelimit-remaining")),
        ("X-RateLimit-Reset", HeaderName::from_static("x-ratelimit-reset")),
        ("X-Request-Id", HeaderName::from_static("x-request-id")),
    ];
    let known = KNOWN.into_iter().find(|(known, _)| *known == name);
    known.map(|(_, name)| name).or_else(|| HeaderName::try_from(name).ok())
}
