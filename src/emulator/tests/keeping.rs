//! What survives: journals, torn lines, several holders of a folder, and the two doors.
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::support::START_MS;
use crate::emulator::local::LocalEmulator;
use crate::emulator::{Config, Door, Now, Ports, serve};
use crate::model::http::{Headers, Method, Request};

const SERVER: &str = r#"{"name": "web", "region": "eu-west-3", "plan": "standard-8", "image": "ubuntu-22.04"}"#;

fn request(method: Method, target: &str, body: &str) -> Request {
    let mut headers = Headers::default();
    headers.push("Content-Type", "application/json");
    Request { method, origin: "http://local".to_owned(), target: target.to_owned(), headers, body: body.into() }
}

fn call(emulator: &LocalEmulator, method: Method, target: &str, body: &str, at_ms: i64) -> (u16, Value) {
    let response = emulator.call(Door::P, &request(method, target, body), Now { unix_ms: at_ms });
    (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
}

fn open(folder: &Path, at_ms: i64) -> LocalEmulator {
    LocalEmulator::open(Config::local(), folder, Now { unix_ms: at_ms }).expect("opens")
}

fn names(emulator: &LocalEmulator, at_ms: i64) -> Vec<String> {
    let (_, body) = call(emulator, Method::Get, "/v1/servers", "", at_ms);
    let items = body["data"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| format!("{} {}", item["name"], item["status"]).replace('"', "")).collect()
}

#[test]
fn a_restart_forgets_nothing_and_jobs_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path(), START_MS);
    let account = first.account_id();
    assert_eq!(call(&first, Method::Post, "/v1/servers", SERVER, START_MS).0, 202);
    drop(first);
    let second = open(folder.path(), START_MS + 10);
    assert_eq!(second.account_id(), account);
    assert_eq!(names(&second, START_MS + 10), ["web provisioning"]);
    assert_eq!(names(&second, START_MS + 460), ["web running"]);
    assert_eq!(second.requests().len(), 3);
    assert_eq!(call(&second, Method::Get, "/v1/jobs", "", START_MS + 460).1["data"][0]["status"], "succeeded");
}

#[test]
fn a_torn_last_line_is_cut_and_a_bad_middle_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.jsonl");
    drop(open(folder.path(), START_MS));
    let one = open(folder.path(), START_MS);
    call(&one, Method::Post, "/v1/servers", SERVER, START_MS);
    drop(one);
    let whole = std::fs::read(&path).expect("a journal");
    for cut in 0..200 {
        std::fs::write(&path, &whole[..whole.len() - cut]).expect("written");
        let emulator = open(folder.path(), START_MS);
        let expected: &[&str] = if cut == 0 { &["web provisioning"] } else { &[] };
        assert_eq!(names(&emulator, START_MS), expected, "cut {cut}");
    }
    let mut damaged = whole.clone();
    damaged[30] ^= 1;
    std::fs::File::create(&path).expect("created").write_all(&damaged).expect("written");
    assert!(LocalEmulator::open(Config::local(), folder.path(), Now { unix_ms: START_MS }).is_err());
}

#[test]
fn two_holders_of_a_folder_see_one_world() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (open(folder.path(), START_MS), open(folder.path(), START_MS));
    for turn in 0..5 {
        let (writer, reader) = if turn % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let body = SERVER.replace("web", &format!("web-{turn}"));
        assert_eq!(call(writer, Method::Post, "/v1/servers", &body, START_MS).0, 202);
        assert_eq!(names(reader, START_MS).len(), turn + 1);
    }
    assert_eq!(names(&one, START_MS + 500), names(&two, START_MS + 500));
}

#[test]
fn a_rewritten_journal_is_the_same_world_to_everybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (open(folder.path(), START_MS), open(folder.path(), START_MS));
    for index in 0..30 {
        call(&one, Method::Post, "/v1/servers", &SERVER.replace("web", &format!("web-{index}")), START_MS);
    }
    let (before, length) =
        (names(&two, START_MS + 900), || std::fs::metadata(folder.path().join("journal.jsonl")).expect("there").len());
    let long = length();
    one.call(Door::Control, &request(Method::Post, "/__emulator/snapshot", ""), Now { unix_ms: START_MS + 900 });
    assert!(length() < long);
    assert_eq!(names(&two, START_MS + 900), before);
    call(&two, Method::Post, "/v1/servers", SERVER, START_MS + 901);
    assert_eq!(call(&one, Method::Get, "/v1/servers", "", START_MS + 901).1["meta"]["total"], 31);
    assert_eq!(names(&open(folder.path(), START_MS + 901), START_MS + 901).len(), 20);
}

#[test]
fn many_threads_share_one_emulator() {
    let folder = tempfile::tempdir().expect("a folder");
    let emulator = open(folder.path(), START_MS);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let emulator = emulator.clone();
            scope.spawn(move || {
                for index in 0..20 {
                    let body = SERVER.replace("web", &format!("web-{thread}-{index}"));
                    assert_eq!(call(&emulator, Method::Post, "/v1/servers", &body, START_MS).0, 202);
                }
            });
        }
    });
    let again = open(folder.path(), START_MS);
    assert_eq!(call(&again, Method::Get, "/v1/servers?limit=1", "", START_MS).1["meta"]["total"], 160);
}

#[test]
fn the_server_answers_on_four_ports_of_loopback() {
    let [control, created, options] = while_served(|ports| {
        [
            ask(ports.control, "GET /__emulator/config HTTP/1.1", ""),
            ask(ports.platform, "POST /v1/servers HTTP/1.1", SERVER),
            ask(ports.compute, "OPTIONS /v1/compute/instances HTTP/1.1", ""),
        ]
    });
    assert!(control.starts_with("HTTP/1.1 200 ") && control.contains("\"profile\":\"full\""), "{control}");
    assert!(created.starts_with("HTTP/1.1 202 ") && created.to_lowercase().contains("x-ratelimit-limit"), "{created}");
    assert!(options.starts_with("HTTP/1.1 405 ") && options.to_lowercase().contains("allow: get, post"), "{options}");
}

#[test]
fn the_server_carries_out_what_faults_do_to_a_connection() {
    let [reset, truncated, slow, hung] = while_served(|ports| {
        let effects = ["\"reset_after\"", r#"{"truncate": {"bytes": 7}}"#, r#"{"slow_body": {"ms": 40}}"#, "\"hang\""];
        effects.map(|effect| {
            let fault = format!(r#"{{"effect": {effect}, "times": 1}}"#);
            ask(ports.control, "POST /__emulator/faults HTTP/1.1", &fault);
            ask(ports.platform, "GET /v1/account HTTP/1.1", "")
        })
    });
    assert_eq!((reset.as_str(), hung.as_str()), ("", ""));
    let body = truncated.split_once("\r\n\r\n").map(|(_, body)| body);
    assert_eq!(body, Some("{\"data\""));
    assert!(slow.ends_with("}}}"), "{slow}");
}

/// What is asked of an emulator on free ports, which ends with the last answer.
fn while_served<T: Send + 'static>(asks: impl FnOnce(Ports) -> T + Send + 'static) -> T {
    serve::runtime().expect("a runtime").block_on(async {
        let emulator = LocalEmulator::in_memory(Config::local(), Now { unix_ms: START_MS });
        let server = serve::start(emulator, 0).await.expect("bound");
        let ports = server.ports;
        let asked = std::thread::spawn(move || asks(ports));
        let stop = async {
            while !asked.is_finished() {
                serve::pause_ms(5).await;
            }
        };
        server.run_until(stop).await.expect("ran");
        asked.join().expect("asked")
    })
}

/// One raw request over a socket.
fn ask(port: u16, line: &str, body: &str) -> String {
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connects");
    let length = body.len();
    let head = format!(
        "{line}\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    socket.write_all(format!("{head}{body}").as_bytes()).expect("sent");
    socket.set_read_timeout(Some(std::time::Duration::from_millis(500))).expect("set");
    let mut answer = Vec::new();
    // A reset or a time-out leaves what came before it.
    let _ = std::io::Read::read_to_end(&mut socket, &mut answer);
    String::from_utf8(answer).expect("text")
}
