//! An emulator on free ports of loopback for as long as a test holds it, and plain requests to it.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use cnx::emulator::local::LocalEmulator;
use cnx::emulator::serve::{self, Ports, Runtime};
use cnx::emulator::{Config, Fixtures, Now, RateLimit, Switch};
use serde_json::Value;

pub const LIVE_C: &str = "cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e";
pub const LIVE_P: &str = "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j";
pub const TEST_P: &str = "cnx_sk_test_admin0000000000000000";

/// The three API surfaces as the control port names them, with a key that may do everything there.
pub const SURFACES: [(&str, &str); 3] = [("c", LIVE_C), ("p", LIVE_P), ("sandbox", TEST_P)];

pub struct Served {
    pub ports: Ports,
    _runtime: Runtime,
}

/// The documents' world, quick jobs, no rate limit.
pub fn quick() -> Config {
    Config {
        fixtures: Fixtures::Documented,
        time_factor: 0.001,
        ratelimit: RateLimit { mode: Switch::Off, ..RateLimit::default() },
        ..Config::default()
    }
}

pub fn serve(config: Config) -> Served {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let now = Now { unix_ms: i64::try_from(since_epoch.as_millis()).expect("a clock before the year 292278994") };
    let runtime = serve::runtime().expect("a runtime");
    let server = runtime.block_on(serve::start(LocalEmulator::in_memory(config, now), 0)).expect("bound");
    let ports = server.ports;
    runtime.spawn(server.run_until(std::future::pending()));
    Served { ports, _runtime: runtime }
}

impl Served {
    pub fn port(&self, surface: &str) -> u16 {
        match surface {
            "c" => self.ports.compute,
            "p" => self.ports.platform,
            "sandbox" => self.ports.sandbox,
            _ => self.ports.control,
        }
    }

    /// One request; status and JSON of its answer.
    pub fn send(&self, surface: &str, method: &str, target: &str, body: &str) -> (u16, Value) {
        let key = SURFACES.iter().find(|(name, _)| *name == surface).map_or("", |(_, key)| key);
        request(self.port(surface), key, method, target, body)
    }

    /// The document of one surface, or of all.
    pub fn document(&self, surface: Option<&str>) -> Value {
        let query = surface.map_or_else(String::new, |surface| format!("?surface={surface}"));
        let (status, document) = self.send("control", "GET", &format!("/__emulator/openapi.json{query}"), "");
        assert_eq!(status, 200);
        document
    }
}

/// One request to a port of this machine; status and JSON of its answer.
pub fn request(port: u16, key: &str, method: &str, target: &str, body: &str) -> (u16, Value) {
    try_request(port, key, method, target, body).expect("an answer")
}

/// As `request`; `None` where no whole answer came.
pub fn try_request(port: u16, key: &str, method: &str, target: &str, body: &str) -> Option<(u16, Value)> {
    exchange(port, key, method, target, body).map(|(status, _, body)| (status, body))
}

/// Status, head (as text) and JSON of the answer to one request.
pub fn exchange(port: u16, key: &str, method: &str, target: &str, body: &str) -> Option<(u16, String, Value)> {
    let authorization = if key.is_empty() { String::new() } else { format!("Authorization: Bearer {key}\r\n") };
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{authorization}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let status = answer.get(9..12).and_then(|digits| digits.parse().ok())?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let is_whole = length.is_none_or(|length: usize| body.len() == length);
    is_whole.then(|| (status, head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null)))
}
