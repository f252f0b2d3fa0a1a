//! The request log: what came in and what went out, secrets redacted, bounded.
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::routes::Door;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    pub number: u64,
    /// Real time, RFC 3339.
    pub at: String,
    pub door: Door,
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The `Authorization` header with its secret taken out.
    pub key: Option<String>,
    /// The request's body: JSON where it is, else text; secrets taken out.
    pub body: Value,
    pub status: u16,
    pub error_code: Option<String>,
    pub request_id: String,
    pub idempotency_key: Option<String>,
    /// Faults that this request met, in order.
    pub faults: Vec<String>,
}

/// The last requests.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<LogEntry>,
    capacity: usize,
}

impl Log {
    pub fn new(capacity: usize) -> Log {
        Log { entries: VecDeque::new(), capacity }
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

/// A body as the log shows it.
pub fn body_value(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let text = super::keys::redact(&String::from_utf8_lossy(bytes));
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
