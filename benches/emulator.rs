//! The emulator as a load target: `GET /v1/servers?limit=50` under wrk beside a bare axum handler that returns the same
//! bytes, in pairs; how the cost of a request depends on the number of servers; what a world takes in memory. Each server
//! runs in a process of its own. Needs `wrk` (`apt-get install wrk`).
//!
//! `cargo bench --bench emulator [-- SERVERS…]`

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    reason = "a benchmark prints its figures, or why it has none"
)]

use axum::Router;
use axum::http::header;
use axum::routing::get;
use cnx::emulator::local::LocalEmulator;
use cnx::emulator::{Config, Door, Now, RateLimit, Switch, serve};
use cnx::model::http::{Headers, Method, Request};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

const SIZES: &[usize] = &[1_000, 10_000, 100_000, 1_000_000];
/// The world that is held against the bare handler.
const COMPARED: usize = 10_000;
const PAIRS: usize = 5;
const SECONDS: &str = "2s";
const KEY: &str = "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j";
const TARGET: &str = "/v1/servers?limit=50";

/// What a world of a million servers may take.
const MOST_MIB: u64 = 1_536;

/// What wrk asks for: the same page again, or pages that no cache can hold, because every target is another one.
const LISTS: &[(&str, &str)] = &[
    ("one page again", "path = '/v1/servers?limit=50'"),
    ("first page anew", "path = '/v1/servers?limit=50&x=' .. n"),
    ("deep pages anew", "path = '/v1/servers?limit=50&page=' .. math.random(1, pages) .. '&x=' .. n"),
    ("by name", "path = '/v1/servers?name=web-' .. math.random(1, servers - 1) .. '&x=' .. n"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => serve_emulator(arguments[1].parse().expect("a number")),
        Some("bare") => serve_bare(arguments[1].clone()),
        Some(_) | None => {
            if Command::new("wrk").arg("--version").output().is_err() {
                eprintln!("wrk is not installed: apt-get install wrk");
                return ExitCode::FAILURE;
            }
            let sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
            compare();
            grow(if sizes.is_empty() { SIZES } else { &sizes });
        }
    }
    ExitCode::SUCCESS
}

/// A child that says where it listens, and ends when it is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(kind: &str, argument: &str) -> Server {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        let mut child =
            command.args([kind, argument]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        Server { child, port: line.trim().parse().expect("a port") }
    }

    /// The most memory that it ever held, MiB.
    fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") / 1024
    }

    fn get(&self, target: &str) -> Vec<u8> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).expect("answered");
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a body");
        answer.split_off(at + 4)
    }

    /// Processor time so far, milliseconds (the kernel counts in hundredths of a second).
    fn busy_ms(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("its figures");
        let after_name = stat.rsplit_once(") ").expect("a name").1;
        let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
        ticks.sum::<f64>() * 10.0
    }

    /// What wrk sees and the server spends while it asks for a path.
    fn rate(&self, servers: usize, path: &str) -> Figures {
        let script = format!(
            "local n = 0\nlocal servers = {servers}\nlocal pages = math.max(1, servers / 50)\n\
             wrk.headers['Authorization'] = 'Bearer {KEY}'\n\
             request = function()\n  n = n + 1\n  local {path}\n  return wrk.format('GET', path)\nend\n\
             done = function(summary, latency, requests)\n  \
             print('rate ' .. summary.requests .. ' ' .. summary.duration .. ' ' .. summary.errors.status)\nend\n"
        );
        let file = std::env::temp_dir().join(format!("cnx-bench-{}.lua", std::process::id()));
        std::fs::write(&file, script).expect("a script");
        let url = format!("http://127.0.0.1:{}", self.port);
        let mut command = Command::new("wrk");
        command.args(["-t", "2", "-c", "32", "-d", SECONDS, "-s"]).arg(&file).arg(url);
        let before_ms = self.busy_ms();
        let output = command.output().expect("wrk runs");
        let spent_us = (self.busy_ms() - before_ms) * 1000.0;
        std::fs::remove_file(&file).expect("removed");
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("rate ")).expect("wrk's summary");
        let figures: Vec<f64> = line.split(' ').filter_map(|figure| figure.parse().ok()).collect();
        let [requests, duration_us, errors] = figures[..] else { panic!("figures: {text}") };
        assert!(errors == 0.0, "answers that are no success: {text}");
        Figures { rate: requests * 1e6 / duration_us, us: spent_us / requests }
    }
}

/// The rate suffers when the machine does other things as well, processor time hardly.
#[derive(Clone, Copy)]
struct Figures {
    /// Requests a second.
    rate: f64,
    /// The server's own processor time for one of them, microseconds.
    us: f64,
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Of the emulator, and of the bare handler.
type Pair = (Figures, Figures);

/// The emulator beside the bare handler, one after the other, several times.
fn compare() {
    let emulator = Server::start("serve", &COMPARED.to_string());
    let page = std::env::temp_dir().join(format!("cnx-bench-{}.json", std::process::id()));
    std::fs::write(&page, emulator.get(TARGET)).expect("written");
    let bare = Server::start("bare", page.to_str().expect("a path"));
    assert_eq!(bare.get(TARGET), emulator.get(TARGET), "both return the same bytes");
    let pairs: Vec<Pair> =
        (0..PAIRS).map(|_| (emulator.rate(COMPARED, LISTS[0].1), bare.rate(COMPARED, LISTS[0].1))).collect();
    std::fs::remove_file(&page).expect("removed");
    let of = |figure: fn(&Pair) -> f64| median(pairs.iter().map(figure).collect());
    let ratios: Vec<f64> = pairs.iter().map(|(own, other)| own.rate / other.rate).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    println!("GET {TARGET}, {COMPARED} servers, {PAIRS} pairs of {SECONDS}, medians:");
    let line = |name: &str, rate: f64, us: f64| {
        println!("{name:<19}{rate:>8.0} requests a second, {us:>5.1} us of processor each");
    };
    line("emulator", of(|p| p.0.rate), of(|p| p.0.us));
    line("bare axum handler", of(|p| p.1.rate), of(|p| p.1.us));
    println!("ratio of the rates {:>8.2} (least of a pair {least:.2})\n", median(ratios));
}

/// What a request costs by the number of servers.
fn grow(sizes: &[usize]) {
    println!("microseconds of processor for a request, by the number of servers; of {MOST_MIB} MiB a million may take");
    print!("{:>9}", "servers");
    LISTS.iter().for_each(|(name, _)| print!("{name:>18}"));
    println!("{:>18}{:>10}", "one by id", "peak MiB");
    for servers in sizes {
        let emulator = Server::start("serve", &servers.to_string());
        print!("{servers:>9}");
        let page = String::from_utf8(emulator.get("/v1/servers?limit=1")).expect("text");
        let id = page.split('"').find(|word| word.starts_with("srv_")).expect("an id").to_owned();
        let one = format!("path = '/v1/servers/{id}'");
        for path in LISTS.iter().map(|(_, path)| *path).chain([one.as_str()]) {
            print!("{:>18.1}", median((0..3).map(|_| emulator.rate(*servers, path).us).collect()));
        }
        let peak = emulator.peak_mib();
        println!("{peak:>10}");
        assert!(*servers > 1_000_000 || peak <= MOST_MIB, "{servers} servers take {peak} MiB of {MOST_MIB}");
    }
}

fn now() -> Now {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Now { unix_ms: since_epoch.as_millis() as i64 }
}

/// Serves a world of so many servers, all of them created by requests, until it is killed.
fn serve_emulator(servers: usize) {
    let ratelimit = RateLimit { mode: Switch::Off, ..RateLimit::default() };
    let config = Config { time_factor: 0.0, ratelimit, ..Config::default() };
    let mut quota = config.quota.clone();
    quota.insert("server".to_owned(), servers as u64 + 1);
    let emulator = LocalEmulator::in_memory(Config { quota, ..config }, now());
    let mut headers = Headers::default();
    headers.push("Authorization", format!("Bearer {KEY}"));
    for number in 0..servers {
        let body = format!(
            r#"{{"name": "web-{number}", "region": "us-east-1", "plan": "standard-8", "image": "ubuntu-22.04", "ssh_keys": [], "auto_backup": false}}"#
        );
        let request = Request {
            method: Method::Post,
            origin: "http://127.0.0.1".to_owned(),
            target: "/v1/servers".to_owned(),
            headers: headers.clone(),
            body: body.into_bytes(),
        };
        assert_eq!(emulator.call(Door::P, &request, now()).status, 202);
    }
    let runtime = serve::runtime().expect("a runtime");
    runtime.block_on(async {
        let server = serve::start(emulator, 0).await.expect("bound");
        println!("{}", server.ports.platform);
        server.run_until(std::future::pending()).await.expect("it listens");
    });
}

/// Serves one page of bytes and nothing else.
fn serve_bare(page: String) {
    let bytes = axum::body::Bytes::from(std::fs::read(page).expect("the page"));
    let handler = move || {
        let bytes = bytes.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], bytes) }
    };
    let runtime = serve::runtime().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        listener.set_nonblocking(true).expect("set");
        println!("{}", listener.local_addr().expect("an address").port());
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        axum::serve(listener, Router::new().route("/v1/servers", get(handler))).await.expect("it listens");
    });
}
