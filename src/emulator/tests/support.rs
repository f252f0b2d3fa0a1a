//! Requests against a machine under a clock that the test moves.
use serde_json::Value;

use crate::emulator::{Config, Door, Emulator, Fixtures, Now};
use crate::model::http::{Headers, Method, Request, Response};

pub const LIVE_C: &str = "cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e";
pub const LIVE_P: &str = "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j";
pub const TEST_P: &str = "cnx_sk_test_admin0000000000000000";
pub const READ_ONLY: &str = "cnx_sk_test_readonly0000000000000";

/// 2026-01-01T00:00:30Z: in the middle of a rate-limit window.
pub const START_MS: i64 = 1_767_225_630_000;

/// A machine, its time and the key that requests carry.
pub struct World {
    pub emulator: Emulator,
    pub now_ms: i64,
    pub key: Option<&'static str>,
}

pub fn documented() -> Config {
    Config { fixtures: Fixtures::Documented, ..Config::default() }
}

impl World {
    pub fn new(config: Config) -> World {
        let emulator = Emulator::new(config, Now { unix_ms: START_MS });
        World { emulator, now_ms: START_MS, key: None }
    }

    /// Sends a request with the documented live key of the door, or with the key that was set.
    pub fn send(&mut self, door: Door, method: &str, target: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let usual = match door {
            Door::C => LIVE_C,
            Door::P => LIVE_P,
            Door::Sandbox | Door::Control => TEST_P,
        };
        let key = self.key.unwrap_or(usual);
        let mut all = Headers::default();
        if !key.is_empty() {
            all.push("Authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            all.push(name, *value);
        }
        let request = Request {
            method: Method::parse(method).expect("a method"),
            origin: "http://127.0.0.1".to_owned(),
            target: target.to_owned(),
            headers: all,
            body: body.as_bytes().to_vec(),
        };
        let response = self.emulator.handle(door, &request, Now { unix_ms: self.now_ms });
        Answer::of(response)
    }

    pub fn get(&mut self, door: Door, target: &str) -> Answer {
        self.send(door, "GET", target, "", &[])
    }

    pub fn post(&mut self, door: Door, target: &str, body: &str) -> Answer {
        self.send(door, "POST", target, body, &[])
    }

    /// Lets real time pass.
    pub fn wait_s(&mut self, seconds: f64) {
        self.now_ms += (seconds * 1000.0) as i64;
    }

    /// Waits for a job in steps of a second; the seconds that it took and its last reading.
    pub fn finish(&mut self, door: Door, job_id: &str) -> (i64, Value) {
        for seconds in 0..2000 {
            let job = self.get(door, &format!("/v1/jobs/{job_id}")).json["data"].clone();
            if ["succeeded", "failed", "canceled"].contains(&job["status"].as_str().unwrap_or("")) {
                return (seconds, job);
            }
            self.wait_s(1.0);
        }
        (2000, Value::Null)
    }
}

/// A response with its body read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub json: Value,
}

impl Answer {
    fn of(response: Response) -> Answer {
        let json = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        Answer { status: response.status, headers: response.headers, json }
    }

    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or("")
    }

    pub fn job_id(&self) -> String {
        self.json["job_id"].as_str().unwrap_or("").to_owned()
    }
}
