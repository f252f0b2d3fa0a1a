//! Which failures count as sent, byte by byte: a peer that keeps what it sees and goes away at every byte of a request and of its answer.
//! Nothing may be called "not sent" of which it has seen a byte, and nothing may reach it twice.

use super::*;
use crate::world::block_on;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 8\r\n\r\n{\"id\":1}";
const PATIENCE: Duration = Duration::from_secs(60);

type Outcome = Result<Response, TransportError>;

/// A connection at the peer, and what came on it.
struct Line {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Line {
    /// The length of the request that has come and is not taken yet; 0 where none comes any more.
    fn next(&self) -> usize {
        let mut bytes = [0; 4096];
        loop {
            let count = self.stream.peek(&mut bytes).unwrap_or(0);
            if count == 0 || bytes[..count].ends_with(b"\r\n\r\n{}") {
                return count;
            }
            std::thread::yield_now();
        }
    }

    fn take(&mut self, count: usize) {
        let from = self.seen.len();
        self.seen.resize(from + count, 0);
        self.stream.read_exact(&mut self.seen[from..]).expect("what was there already");
    }

    fn take_all(&mut self) {
        // Whoever hangs up is no failure of the peer.
        let _ = self.stream.read_to_end(&mut self.seen);
    }

    fn say(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Answers so many requests; whether all of them came.
    fn answer(&mut self, count: usize) -> bool {
        (0..count).all(|_| {
            let length = self.next();
            self.take(length);
            self.say(ANSWER);
            length > 0
        })
    }
}

/// Gives its connections, counted from 0, to a script of the test.
struct Peer {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    thread: JoinHandle<()>,
}

impl Peer {
    fn new(script: impl Fn(usize, &mut Line) + Send + Sync + 'static) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (ends, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (ended, heard, script) = (Arc::clone(&ends), Arc::clone(&seen), Arc::new(script));
        let thread = std::thread::spawn(move || {
            let mut lines = Vec::new();
            for (number, stream) in listener.incoming().flatten().enumerate() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let (heard, script) = (Arc::clone(&heard), Arc::clone(&script));
                lines.push(std::thread::spawn(move || {
                    let mut line = Line { stream, seen: Vec::new() };
                    script(number, &mut line);
                    heard.lock().expect("unbroken").push(line.seen);
                }));
            }
            lines.into_iter().for_each(|line| line.join().expect("a script that ends"));
        });
        Peer { address, ends, seen, thread }
    }

    fn request(&self, target: &str) -> Request {
        Request {
            method: Method::Post,
            origin: format!("http://{}", self.address),
            target: target.to_owned(),
            headers: Headers::default(),
            body: b"{}".to_vec(),
        }
    }

    /// What came on each connection on which anything came, once all of them are closed.
    fn end(self) -> Vec<Vec<u8>> {
        self.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address).expect("a last connection"));
        self.thread.join().expect("a peer that ends");
        let mut seen = std::mem::take(&mut *self.seen.lock().expect("unbroken"));
        seen.retain(|bytes| !bytes.is_empty());
        seen
    }
}

/// How often this stands in what the peer has seen.
fn count(seen: &[Vec<u8>], text: &str) -> usize {
    seen.iter().map(|bytes| bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()).sum()
}

/// On a single thread: the connection's own task does only run where the test waits.
fn on_one_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// Until the connection has found its way back to those that wait for a request.
async fn put_back() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// What the peer does with a request: leaves so many bytes of it unread, says so many of its answer, and hangs up. With bytes
/// unread the kernel resets the connection, else it closes it.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// On a connection that has carried a request before.
    is_reused: bool,
    unread: usize,
    said: usize,
}

/// What becomes of the request that is cut, and its length.
fn exchange(network: &Network, cut: Cut) -> (Outcome, usize) {
    let before = usize::from(cut.is_reused);
    let (length, lengths) = mpsc::channel();
    let peer = Peer::new(move |number, line| {
        if number > 0 {
            // A request that is sent again would be answered, and seen.
            while line.answer(1) {}
            return;
        }
        line.answer(before);
        let whole = line.next();
        length.send(whole).expect("a test that waits");
        line.take(whole.saturating_sub(cut.unread));
        line.say(&ANSWER[..cut.said]);
        // What came here is known; what came on any other connection is a second sending.
        line.seen.clear();
    });
    let outcome = on_one_thread(async {
        for _ in 0..before {
            network.send(peer.request("/v1/servers"), PATIENCE).await.expect("an answer");
            put_back().await;
        }
        network.send(peer.request("/v1/servers"), PATIENCE).await
    });
    let whole = lengths.recv().expect("a request");
    let seen = peer.end();
    assert!(whole > 0 && seen.is_empty(), "{cut:?}: another connection was used: {seen:?}");
    (outcome, whole)
}

#[test]
fn a_reset_after_any_byte_of_a_request_is_lost_and_nothing_is_sent_again() {
    let network = Network::new().expect("a network");
    for is_reused in [false, true] {
        let mut unread = 0;
        loop {
            let cut = Cut { is_reused, unread, said: 0 };
            let (outcome, whole) = exchange(&network, cut);
            assert!(matches!(outcome, Err(TransportError::Lost { .. })), "{cut:?}: {outcome:?}");
            if unread == whole {
                break;
            }
            unread += 1;
        }
        assert!(unread > 50, "a request of {unread} bytes");
    }
}

#[test]
fn an_answer_cut_after_any_byte_is_lost_and_nothing_is_sent_again() {
    let network = Network::new().expect("a network");
    for is_reused in [false, true] {
        for said in 0..=ANSWER.len() {
            let closed = Cut { is_reused, unread: 0, said };
            let (outcome, _) = exchange(&network, closed);
            match &outcome {
                Ok(answer) => assert!(said == ANSWER.len() && answer.status == 201, "{closed:?}: {outcome:?}"),
                Err(TransportError::Lost { .. }) => assert!(said < ANSWER.len(), "{closed:?}: {outcome:?}"),
                Err(TransportError::NotSent { .. }) => panic!("{closed:?}: {outcome:?}"),
            }
            let reset = Cut { unread: 1, ..closed };
            let (outcome, _) = exchange(&network, reset);
            // A reset may take along what was said whole before it.
            let is_lost = matches!(outcome, Err(TransportError::Lost { .. }));
            assert!(is_lost || said == ANSWER.len() && outcome.is_ok(), "{reset:?}: {outcome:?}");
        }
    }
}

/// More than the buffers of both ends hold: the peer goes while the request is being written.
#[test]
fn a_reset_in_the_middle_of_a_large_request_is_lost() {
    let network = Network::new().expect("a network");
    for taken in [0, 1, 4096, 1 << 20] {
        let peer = Peer::new(move |_, line| {
            // A byte has come, so that what is left of it resets the connection.
            let _ = line.stream.peek(&mut [0]);
            line.take(taken);
        });
        let request = Request { body: vec![b' '; 32 << 20], ..peer.request("/v1/servers") };
        let outcome = on_one_thread(network.send(request, PATIENCE));
        assert!(matches!(outcome, Err(TransportError::Lost { .. })), "{taken}: {outcome:?}");
        let seen = peer.end();
        assert_eq!(seen.iter().map(Vec::len).sum::<usize>(), taken, "sent again");
    }
}

/// Whether a request that arrived so often may have this outcome.
fn is_right(outcome: &Outcome, times: usize) -> bool {
    match outcome {
        Ok(_) => times == 1,
        Err(TransportError::Lost { .. }) => times <= 1,
        Err(TransportError::NotSent { .. }) => times == 0,
    }
}

/// What becomes of the second of two requests, where the connection is closed between them.
fn closed_between(network: &Network, half: Shutdown, is_told: bool) -> Outcome {
    let (close, closes) = mpsc::channel();
    let (closed, is_closed) = mpsc::channel();
    let (closes, closed) = (Mutex::new(closes), Mutex::new(closed));
    let peer = Peer::new(move |number, line| {
        line.answer(1);
        if number == 0 {
            closes.lock().expect("unbroken").recv().expect("a test that tells");
            line.stream.shutdown(half).expect("open till now");
            closed.lock().expect("unbroken").send(()).expect("a test that waits");
        }
        line.take_all();
    });
    let outcome = on_one_thread(async {
        network.send(peer.request("/v1/first"), PATIENCE).await.expect("an answer");
        put_back().await;
        close.send(()).expect("a peer that waits");
        is_closed.recv().expect("a peer that closes");
        if is_told {
            tokio::task::yield_now().await;
        }
        network.send(peer.request("/v1/second"), PATIENCE).await
    });
    let seen = peer.end();
    let times = count(&seen, "POST /v1/second ");
    assert!(is_right(&outcome, times), "{half:?}, told {is_told}: {times} times, {outcome:?}");
    assert_eq!(count(&seen, "POST /v1/first "), 1);
    outcome
}

/// Where the connection's task has been told of the end, but had no turn yet, hyper finds the second request still whole in its queue and
/// sends it on another connection; where it has not been told, the request goes out on the closed one and is lost.
#[test]
fn a_request_on_a_connection_that_is_closed_already_is_sent_once() {
    let network = Network::new().expect("a network");
    for half in [Shutdown::Write, Shutdown::Both] {
        drop(closed_between(&network, half, false));
        // The system may be late to tell.
        assert!((0..50).any(|_| closed_between(&network, half, true).is_ok()), "{half:?}: never sent on another one");
    }
}

/// Connections that are closed at about the moment of the next request, now before it, now after it.
#[test]
fn whenever_a_connection_is_closed_no_request_arrives_twice() {
    const REQUESTS: usize = 1_000;
    let spin = |turns: usize| (0..turns * 200).for_each(|_| std::hint::spin_loop());
    let network = Network::new().expect("a network");
    let peer = Peer::new(move |number, line| {
        line.answer(1 + number % 3);
        spin(number * 7 % 31);
        if number % 2 == 0 {
            // What still comes is seen; else it is thrown away with the connection.
            let _ = line.stream.shutdown(Shutdown::Write);
            line.take_all();
        }
    });
    let outcomes: Vec<Outcome> = block_on(async {
        let mut outcomes = Vec::new();
        for number in 0..REQUESTS {
            outcomes.push(network.send(peer.request(&format!("/v1/{number}")), PATIENCE).await);
            spin(number * 5 % 37);
        }
        outcomes
    })
    .expect("a runtime");
    drop(network);
    let seen = peer.end();
    for (number, outcome) in outcomes.iter().enumerate() {
        let times = count(&seen, &format!("POST /v1/{number} "));
        assert!(is_right(outcome, times), "{number}: {times} times, {outcome:?}");
    }
    assert!(outcomes.iter().any(Result::is_ok), "no request was ever answered");
}

/// As the one for https, whatever proxy is set around the test.
fn direct() -> Network {
    let client = builder().no_proxy().https_only(true).build().expect("a client");
    Network { secure: client.clone(), loopback: client }
}

#[test]
fn a_refused_handshake_is_not_sent() {
    let network = direct();
    for answer in [
        &b""[..],
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x16\x03\x03\x00\x7a\x02\x00",
        b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
        b"\0\0\0\0\0\0\0\0",
    ] {
        for reads in [0, 5] {
            let peer = Peer::new(move |_, line| {
                let _ = line.stream.peek(&mut [0]);
                line.take(reads);
                line.say(answer);
                let _ = line.stream.shutdown(Shutdown::Write);
                if reads > 0 {
                    line.take_all();
                }
            });
            let request = Request { origin: format!("https://{}", peer.address), ..peer.request("/v1/servers") };
            let outcome = on_one_thread(network.send(request, PATIENCE));
            assert!(matches!(outcome, Err(TransportError::NotSent { .. })), "{answer:?}: {outcome:?}");
            let seen = peer.end();
            assert_eq!(count(&seen, "/v1/servers"), 0);
            // The beginning of a handshake, and once.
            assert_eq!(seen.iter().filter(|bytes| bytes.starts_with(b"\x16\x03")).count(), usize::from(reads > 0));
        }
    }
}

/// A name with a part that is too long for one: the resolver refuses it without asking anybody.
#[test]
fn a_name_that_is_none_is_not_sent() {
    let origin = format!("https://{}.invalid", "a".repeat(64));
    let request = Request { origin, ..Peer::new(|_, _| ()).request("/v1/servers") };
    let outcome = on_one_thread(direct().send(request, PATIENCE));
    assert!(matches!(outcome, Err(TransportError::NotSent { .. })), "{outcome:?}");
}

/// A tunnel that does not come about is no connection to the API.
#[test]
fn a_proxy_that_refuses_is_not_sent() {
    for answer in
        [&b""[..], b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", b"HTTP/1.1 407 x\r\n\r\n", b"HTTP/1.1 2"]
    {
        let peer = Peer::new(move |_, line| {
            let _ = line.stream.peek(&mut [0]);
            line.say(answer);
            let _ = line.stream.shutdown(Shutdown::Write);
            line.take_all();
        });
        let proxy = reqwest::Proxy::https(format!("http://{}", peer.address)).expect("a proxy");
        let client = builder().proxy(proxy).https_only(true).build().expect("a client");
        let network = Network { secure: client.clone(), loopback: client };
        let request = Request { origin: "https://api.cloudnexus.invalid".to_owned(), ..peer.request("/v1/servers") };
        let outcome = on_one_thread(network.send(request, PATIENCE));
        assert!(matches!(outcome, Err(TransportError::NotSent { .. })), "{answer:?}: {outcome:?}");
        let seen = peer.end();
        assert_eq!((count(&seen, "CONNECT api.cloudnexus.invalid"), count(&seen, "/v1/servers")), (1, 0), "{answer:?}");
    }
}
