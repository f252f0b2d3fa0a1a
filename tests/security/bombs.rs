//! Answers that are too much: too long, too deep, too slow, packed, with too many headers. Each ends in time, and in little memory.

use super::listener::{Cloud, Listener, answer, quick};
use super::programs::{SERVER, at, far};
use crate::watch::highest_memory;
use cnx::model::http::{Headers, Method, Request};
use cnx::world::{Network, Transport, TransportError, block_on};
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a run may take of memory while it is bombed: 16 answers of the largest size at once, and its own.
const MEMORY_KIB: u64 = 400 << 10;

fn get(port: u16, deadline: Duration) -> Result<cnx::model::http::Response, TransportError> {
    let request = Request {
        method: Method::Get,
        origin: format!("http://127.0.0.1:{port}"),
        target: "/v1/servers".to_owned(),
        headers: Headers::default(),
        body: Vec::new(),
    };
    let network = Network::new().expect("a network");
    block_on(network.send(request, deadline)).expect("a runtime")
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";

/// Writes this again and again until the client hangs up; how many bytes it took.
fn endless(stream: &mut TcpStream, head: &[u8], piece: &[u8], limit: u64) -> u64 {
    let mut sent = 0;
    if stream.write_all(head).is_err() {
        return 0;
    }
    while sent < limit && stream.write_all(piece).is_ok() {
        sent += piece.len() as u64;
    }
    sent
}

fn endless_listener(head: Vec<u8>, piece: Vec<u8>) -> (Listener, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let listener = Listener::new(move |_, stream| {
        counted.fetch_max(endless(stream, &head, &piece, 10 << 30), Ordering::SeqCst);
    });
    (listener, sent)
}

#[test]
fn a_body_of_ten_gibibytes_is_cut_off() {
    let lengths = [&b"content-length: 10737418240\r\n\r\n"[..], b"\r\n"];
    for length in lengths {
        let (listener, sent) = endless_listener([HEAD, length].concat(), vec![b' '; 1 << 16]);
        let began = Instant::now();
        let answered = get(listener.port, Duration::from_secs(30));
        assert!(matches!(answered, Err(TransportError::Lost { .. })), "{answered:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        std::thread::sleep(Duration::from_millis(200));
        assert!(sent.load(Ordering::SeqCst) < 64 << 20, "{} bytes were read", sent.load(Ordering::SeqCst));
    }
}

/// What a write made is not lost because its answer is too much: it is looked for, and nothing is sent twice.
#[test]
fn a_bomb_in_answer_to_a_write_leaves_it_open_or_found() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)).into_bytes();
    for bomb in [vec![b' '; 20 << 20], deep, b"{\"job_id\": 1e999999}".to_vec()] {
        let cloud = Cloud::new(quick(Vec::new()), move |heard, response| match heard.method.as_str() {
            "POST" => answer(202, &[], &bomb),
            _ => super::listener::pass(&response),
        });
        let project = super::programs::project(&cloud, SERVER);
        let run = super::programs::run(&project, &["apply", "--yes"]);
        assert!([0, 3].contains(&run.code), "{}", run.all());
        let posts = cloud.writes().len();
        assert_eq!(posts, 1, "sent again");
    }
}

#[test]
fn headers_without_end_are_cut_off() {
    let heads = [
        (b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-more: and more and more\r\n".repeat(1000)),
        (b"HTTP/1.1 200 OK\r\nx-long: ".to_vec(), vec![b'x'; 1 << 16]),
        (b"HTTP/1.1 200 ".to_vec(), vec![b'x'; 1 << 16]),
    ];
    for (head, piece) in heads {
        let (listener, sent) = endless_listener(head, piece);
        let began = Instant::now();
        let answered = get(listener.port, Duration::from_secs(30));
        assert!(matches!(answered, Err(TransportError::Lost { .. })), "{answered:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        std::thread::sleep(Duration::from_millis(200));
        assert!(sent.load(Ordering::SeqCst) < 64 << 20, "{} bytes were read", sent.load(Ordering::SeqCst));
    }
}

#[test]
fn a_byte_a_second_ends_at_the_deadline() {
    for head in [&b""[..], HEAD, &[HEAD, b"content-length: 1000000\r\n\r\n{".as_slice()].concat()] {
        let head = head.to_vec();
        let listener = Listener::new(move |_, stream| {
            let _ = stream.write_all(&head);
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        let began = Instant::now();
        let answered = get(listener.port, Duration::from_secs(3));
        assert!(matches!(answered, Err(TransportError::Lost { .. })), "{answered:?}");
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }
}

/// 10 MiB of zeros as deflate would pack them need not be unpacked at all: nothing was asked to be packed.
#[test]
fn a_packed_answer_is_not_unpacked() {
    let bomb = Listener::saying(|heard| {
        assert_eq!(heard.header("accept-encoding"), None, "packed answers are asked for");
        let packed: &[u8] =
            &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1, 1, 1, 0, 0, 0, 0x80, 0x90, 0xfe, 0xaf, 0xee, 8];
        answer(200, &[("content-encoding", "gzip")], packed)
    });
    let answered = get(bomb.port, Duration::from_secs(5)).expect("an answer");
    assert_eq!(answered.body.len(), 23, "it was unpacked");
}

/// Runs a plan against the listener; time and highest memory in KiB.
fn plan(listener: &Listener) -> (Option<i32>, String, Duration, u64) {
    let project = at(&listener.url(), &listener.url(), SERVER);
    let began = Instant::now();
    let mut child = far(&project, &["plan", "--adopt", "exact"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cnx");
    let highest = highest_memory(&mut child, Duration::from_millis(5), || {
        assert!(began.elapsed() < Duration::from_secs(120), "it does not end");
    });
    let output = child.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), said, began.elapsed(), highest)
}

#[test]
fn bombs_end_a_run_in_time_and_in_little_memory() {
    let deep = |open: &str, close: &str| format!("{{\"data\":{}1{}}}", open.repeat(1_000_000), close.repeat(1_000_000));
    let wide = format!("{{\"data\":[{}1]}}", "1,".repeat(5_000_000));
    let bodies = [
        ("deep lists", deep("[", "]")),
        ("deep objects", deep("{\"data\":", "}")),
        ("deep and open", deep("[", "")),
        ("wide", wide),
        ("a long number", format!("{{\"data\":[],\"meta\":{{\"total\":{}}}}}", "9".repeat(10_000_000))),
        ("a long text", format!("{{\"data\":[{{\"id\":\"{}\"}}]}}", "x".repeat(15_000_000))),
        (
            "many members",
            format!("{{{}\"data\":[]}}", (0..500_000).map(|n| format!("\"m{n}\":1,")).collect::<String>()),
        ),
        ("an endless list", "{\"data\":[],\"meta\":{\"next_cursor\":\"same\"}}".to_owned()),
        ("no text", "\u{0}".repeat(1_000_000)),
    ];
    for (name, body) in bodies {
        let body = Arc::new(body);
        let listener = Listener::saying(move |_| answer(200, &[], body.as_bytes()));
        let (code, said, taken, memory) = plan(&listener);
        assert!(matches!(code, Some(0 | 1)), "{name}: {code:?} {said}");
        assert!(!said.contains("cnx is broken") && said.len() < 100_000, "{name}: {said}");
        assert!(taken < Duration::from_secs(60), "{name}: {taken:?}");
        assert!(memory < MEMORY_KIB, "{name}: {memory} KiB");
    }
}

#[test]
fn a_cloud_that_never_answers_ends_with_an_interrupt() {
    let silent = Listener::new(|_, _| std::thread::sleep(Duration::from_secs(30)));
    let project = at(&silent.url(), &silent.url(), SERVER);
    let mut child =
        far(&project, &["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cnx");
    while silent.heard().is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs").success());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    // The control: an honest cloud is not taken for a bomb.
    let honest = Cloud::honest(quick(Vec::new()));
    assert_eq!(plan(&honest.platform).0, Some(0));
}
