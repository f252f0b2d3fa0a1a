//! The network against sockets of this machine: what is refused, and which failures count as sent.

use super::*;
use crate::world::block_on;
use std::io::{Read, Write};
use std::net::TcpListener;

fn request(origin: &str, target: &str) -> Request {
    Request {
        method: Method::Post,
        origin: origin.to_owned(),
        target: target.to_owned(),
        headers: Headers::default(),
        body: b"{}".to_vec(),
    }
}

fn send(origin: &str) -> Result<Response, TransportError> {
    let network = Network::new().unwrap();
    block_on(network.send(request(origin, "/v1/servers"), Duration::from_secs(2))).unwrap()
}

/// A server that answers one connection with these bytes and closes it; its origin.
fn serve(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut seen = [0; 4096];
        let _ = socket.read(&mut seen);
        let _ = socket.write_all(&answer);
    });
    origin
}

#[test]
fn only_https_and_this_machine_are_spoken_to() {
    let refused = [
        ("http://api.cloudnexus.com", "/v1"),
        ("http://127.0.0.1.evil.example", "/v1"),
        ("http://127.0.0.1@evil.example", "/v1"),
        ("http://0177.0.0.1", "/v1"),
        ("http://2130706433", "/v1"),
        ("http://localhost", "/v1"),
        ("http://[::ffff:8.8.8.8]", "/v1"),
        ("https://user:word@api.cloudnexus.com", "/v1"),
        ("https://api.cloudnexus.com", "@evil.example/v1"),
        ("https://api.cloudnexus.com", ".evil.example/v1"),
        ("https://api.cloudnexus.com", ":8443/v1"),
        ("file:///etc", "/passwd"),
    ];
    for (origin, target) in refused {
        assert!(checked_url(&request(origin, target)).is_err(), "{origin} {target}");
    }
    for origin in [
        "https://api.cloudnexus.com",
        "https://api.cloudnexus.com:443",
        "http://127.0.0.1:4711",
        "http://127.9.9.9",
        "http://[::1]:80",
    ] {
        assert!(checked_url(&request(origin, "/v1//evil")).is_ok(), "{origin}");
    }
}

#[test]
fn a_refused_connection_is_not_sent_and_a_cut_one_is_lost() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    assert!(matches!(send(&origin), Err(TransportError::NotSent { .. })));

    for cut in [&b""[..], b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"a\""] {
        let outcome = send(&serve(cut.to_vec()));
        assert!(matches!(outcome, Err(TransportError::Lost { .. })), "{outcome:?}");
    }
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let answer =
        send(&serve(b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec())).unwrap();
    assert_eq!((answer.status, answer.headers.get("Location")), (307, Some("http://127.0.0.1:1/")));
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let mut answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    answer.resize(BODY_LIMIT + 1024, b' ');
    let outcome = send(&serve(answer));
    assert!(matches!(&outcome, Err(TransportError::Lost { reason }) if reason.contains("16 MiB")), "{outcome:?}");
}

#[test]
fn silence_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let network = Network::new().unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let outcome = block_on(network.send(request(&origin, "/v1"), Duration::from_millis(100))).unwrap();
    assert!(matches!(outcome, Err(TransportError::Lost { .. })), "{outcome:?}");
}
