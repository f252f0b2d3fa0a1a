//! Servers that mean harm, on loopback: they record every byte that reaches them and answer what a test says.

use cnx::emulator::local::LocalEmulator;
use cnx::emulator::{Config, Door, Key, KeyState, Now, Permission, RateLimit, Switch, Tier};
use cnx::model::http::{Headers, Method, Request, Response};
use serde_json::Value;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub method: String,
    pub target: String,
    pub head: String,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// A listener on a free port; its threads end with the test's process.
#[derive(Clone, Debug)]
pub struct Listener {
    pub port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Listener {
    /// Gives every connection to `answer`, one request each.
    pub fn new(answer: impl Fn(&Heard, &mut TcpStream) + Send + Sync + 'static) -> Listener {
        Listener::on(vec![TcpListener::bind(("127.0.0.1", 0)).expect("a free port")], answer)
    }

    /// The same on several sockets, all of one port.
    fn on(sockets: Vec<TcpListener>, answer: impl Fn(&Heard, &mut TcpStream) + Send + Sync + 'static) -> Listener {
        let port = sockets[0].local_addr().expect("an address").port();
        let listener = Listener { port, heard: Arc::default() };
        let answer = Arc::new(answer);
        for socket in sockets {
            let (heard, answer) = (Arc::clone(&listener.heard), Arc::clone(&answer));
            std::thread::spawn(move || {
                for stream in socket.incoming().flatten() {
                    let (heard, answer) = (Arc::clone(&heard), Arc::clone(&answer));
                    std::thread::spawn(move || {
                        let (request, mut stream) = read(stream);
                        heard.lock().expect("unbroken").push(request.clone());
                        answer(&request, &mut stream);
                    });
                }
            });
        }
        listener
    }

    /// Answers with these bytes, whatever is asked.
    pub fn saying(bytes: impl Fn(&Heard) -> Vec<u8> + Send + Sync + 'static) -> Listener {
        // Whoever hangs up early is no failure of the listener.
        Listener::new(move |heard, stream| drop(stream.write_all(&bytes(heard))))
    }

    /// Nobody should come here: one port of two hosts, 127.0.0.1 and, where the system has it, 127.0.0.2.
    pub fn forbidden() -> Listener {
        let (first, second) = loop {
            let first = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            match TcpListener::bind(("127.0.0.2", first.local_addr().expect("an address").port())) {
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                second => break (first, second.ok()),
            }
        };
        Listener::on([Some(first), second].into_iter().flatten().collect(), |_, stream| {
            drop(stream.write_all(&answer(200, &[], b"{\"data\":[]}")));
        })
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("unbroken").clone()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

fn read(stream: TcpStream) -> (Heard, TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|length| length > 2) {}
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_owned());
    let mut heard = Heard { method, target, head, body: Vec::new() };
    let length = heard.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    heard.body = vec![0; length];
    let _ = reader.read_exact(&mut heard.body);
    (heard, reader.into_inner())
}

/// An answer as bytes.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        text.push_str("content-type: application/json\r\n");
    }
    headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
    let mut bytes = (text + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A cloud of two surfaces that is honest but for what a test changes in its answers.
pub struct Cloud {
    pub compute: Listener,
    pub platform: Listener,
}

/// What a test does with an answer before it is sent.
pub type Tamper = dyn Fn(&Heard, Response) -> Vec<u8> + Send + Sync;

fn now() -> Now {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Now { unix_ms: i64::try_from(since.as_millis()).expect("a clock in range") }
}

/// A key that may do everything with test data.
pub fn admin(secret: &str) -> Key {
    Key {
        secret: secret.to_owned(),
        environment: cnx::emulator::Environment::Test,
        permission: Permission::Admin,
        tier: Tier::Enterprise,
        scopes: Vec::new(),
        regions: None,
        state: KeyState::Active,
        limit: None,
    }
}

/// No delays, no limits, and the given keys beyond the seeded ones.
pub fn quick(keys: Vec<Key>) -> Config {
    let ratelimit = RateLimit { mode: Switch::Off, ..RateLimit::default() };
    Config { time_factor: 0.0, ratelimit, keys, ..Config::default() }
}

impl Cloud {
    pub fn new(config: Config, tamper: impl Fn(&Heard, Response) -> Vec<u8> + Send + Sync + 'static) -> Cloud {
        let emulator = LocalEmulator::in_memory(config, now());
        let tamper: Arc<Tamper> = Arc::new(tamper);
        let door = |door: Door| {
            let (emulator, tamper) = (emulator.clone(), Arc::clone(&tamper));
            Listener::saying(move |heard| tamper(heard, emulator.call(door, &request(heard), now())))
        };
        Cloud { compute: door(Door::C), platform: door(Door::Sandbox) }
    }

    pub fn honest(config: Config) -> Cloud {
        Cloud::new(config, |_, response| pass(&response))
    }

    /// Everything that came, on both surfaces.
    pub fn heard(&self) -> Vec<Heard> {
        [self.compute.heard(), self.platform.heard()].concat()
    }

    /// Requests that may have changed something.
    pub fn writes(&self) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| heard.method != "GET").collect()
    }
}

fn request(heard: &Heard) -> Request {
    let mut headers = Headers::default();
    for (name, value) in heard.head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        headers.push(name, value);
    }
    Request {
        method: Method::parse(&heard.method).unwrap_or(Method::Get),
        origin: "http://127.0.0.1".to_owned(),
        target: heard.target.clone(),
        headers,
        body: heard.body.clone(),
    }
}

/// The answer unchanged.
pub fn pass(response: &Response) -> Vec<u8> {
    let headers: Vec<(&str, &str)> = response
        .headers
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !["content-length", "connection"].contains(&name.to_ascii_lowercase().as_str()))
        .collect();
    answer(response.status, &headers, &response.body)
}

/// The answer with its JSON changed.
pub fn changed(response: &Response, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    change(&mut value);
    pass(&Response { body: value.to_string().into_bytes(), ..response.clone() })
}
