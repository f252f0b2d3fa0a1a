//! The request log: what came in and what went out, secrets redacted, bounded.
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use super::cdn::glob;
use super::clock::rfc3339;
use super::keys::redact_whole;
use super::query::Query;
use super::routes::Door;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    pub number: u64,
    /// Real time, RFC 3339.
    pub at: SmolStr,
    pub door: Door,
    pub method: SmolStr,
    /// Path and query.
    pub target: SmolStr,
    /// The `Authorization` header with its secret taken out.
    pub key: Option<SmolStr>,
    /// The request's body: JSON where it is, else text; secrets taken out.
    pub body: Value,
    pub status: u16,
    pub error_code: Option<String>,
    pub request_id: SmolStr,
    pub idempotency_key: Option<String>,
    /// Faults that this request met, in order.
    pub faults: Vec<String>,
}

/// The last requests.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<LogEntry>,
    capacity: usize,
    /// The last `Authorization` header, and what is shown of it: most requests bring the same one.
    last_key: (String, SmolStr),
    /// The last second that a request arrived in, and how it is written.
    last_second: (i64, SmolStr),
}

impl Log {
    pub fn new(capacity: usize) -> Log {
        Log { entries: VecDeque::new(), capacity, last_key: Default::default(), last_second: Default::default() }
    }

    /// What the log shows of an `Authorization` header.
    pub fn shown_key(&mut self, header: &str) -> SmolStr {
        if self.last_key.0 != header {
            self.last_key = (header.to_owned(), SmolStr::from(redact_whole(header)));
        }
        self.last_key.1.clone()
    }

    /// How the log writes a real time.
    pub fn shown_time(&mut self, unix_ms: i64) -> SmolStr {
        let second = unix_ms.div_euclid(1000);
        if self.last_second.0 != second || self.last_second.1.is_empty() {
            self.last_second = (second, SmolStr::from(rfc3339(unix_ms)));
        }
        self.last_second.1.clone()
    }

    pub fn push(&mut self, entry: LogEntry) {
        self.entries.push_back(entry);
        self.trim();
    }

    pub fn resize(&mut self, capacity: usize) {
        self.capacity = capacity;
        self.trim();
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    fn trim(&mut self) {
        while self.entries.len() > self.capacity {
            self.entries.pop_front();
        }
    }

    /// Those with a higher number, found from the end.
    pub fn after(&self, number: u64) -> impl Iterator<Item = &LogEntry> {
        let old = self.entries.partition_point(|entry| entry.number <= number);
        self.entries.range(old..)
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &LogEntry> {
        self.entries.iter().rev()
    }

    /// Oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &LogEntry> {
        self.entries.iter()
    }
}

/// What a reader of the log asks for: all that are given must fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Numbers above this.
    pub since: u64,
    pub surface: Option<Door>,
    pub method: Option<String>,
    /// Of the path, `*` for any run of characters.
    pub path: Option<String>,
    /// `409`, a class (`4xx`), or `error` for 400 and more.
    pub status: Option<String>,
    /// A fault's name, or `*` for any.
    pub fault: Option<String>,
}

impl Wanted {
    /// From the query of a control request.
    ///
    /// # Errors
    /// Which member makes no sense, in words.
    pub fn parse(query: &Query<'_>) -> Result<Wanted, String> {
        let text = |name: &str| query.get(name).map(str::to_owned);
        let since = query.get("since").map_or(Ok(0), str::parse).map_err(|_| "since must be a number.")?;
        let surface = match query.get("surface") {
            None => None,
            Some("c") => Some(Door::C),
            Some("p") => Some(Door::P),
            Some("sandbox") => Some(Door::Sandbox),
            Some(_) => return Err("surface must be one of: c, p, sandbox.".to_owned()),
        };
        let status = text("status");
        let is_status = |status: &String| {
            let digits = status.strip_suffix("xx").unwrap_or(status);
            status == "error" || [1, 3].contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if status.as_ref().is_some_and(|status| !is_status(status)) {
            return Err("status must be a number, a class like 4xx, or error.".to_owned());
        }
        Ok(Wanted { since, surface, method: text("method"), path: text("path"), status, fault: text("fault") })
    }

    pub fn fits(&self, entry: &LogEntry) -> bool {
        let path = entry.target.split('?').next().unwrap_or_default();
        let has_status = |wanted: &String| match wanted.strip_suffix("xx") {
            Some(class) => (entry.status / 100).to_string() == class,
            None if wanted == "error" => entry.status >= 400,
            None => entry.status.to_string() == *wanted,
        };
        entry.number > self.since
            && self.surface.is_none_or(|door| entry.door == door)
            && self.method.as_ref().is_none_or(|method| entry.method.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|pattern| glob(pattern, path))
            && self.status.as_ref().is_none_or(has_status)
            && self.fault.as_ref().is_none_or(|wanted| entry.faults.iter().any(|name| glob(wanted, name)))
    }
}

/// A body as the log shows it.
pub fn body_value(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let text = String::from_utf8_lossy(bytes);
    let text = super::keys::redact(&text);
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}
