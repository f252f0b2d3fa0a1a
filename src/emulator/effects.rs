//! The effects of faults (contract.md 4.8), in groups by where they are carried out. On the wire an effect is its name,
//! or an object of its name and its settings: `"hang"`, `{"latency": {"ms": 200}}`.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::ErrorFormat;

/// What happens to a request that meets a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Effect {
    Wire(Wire),
    Instead(Instead),
    Shape(Shape),
    Listing(Listing),
    Work(Work),
    World(World),
}

/// Carried out by the doors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Wire {
    Latency {
        ms: u64,
    },
    /// The connection ends before anything is executed.
    ResetBefore,
    /// Executed, and the answer is lost.
    ResetAfter,
    /// The body ends after some bytes.
    Truncate {
        bytes: usize,
    },
    /// The body comes in two pieces, with this between them.
    SlowBody {
        ms: u64,
    },
    /// No answer ever.
    Hang,
    /// The emulator ends itself after committing and starts again from its store.
    ExitAfterCommit,
}

/// An answer in the place of the execution's. `executed`: the request is carried out all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Instead {
    Status {
        status: u16,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        executed: bool,
    },
    #[serde(rename = "storm429")]
    Storm429 {
        #[serde(default)]
        headers: StormHeaders,
    },
    #[serde(rename = "http_502_html")]
    Http502Html {
        #[serde(default)]
        executed: bool,
    },
    #[serde(rename = "error_in_200")]
    ErrorIn200 {
        #[serde(default)]
        executed: bool,
    },
    RedirectForeign,
    /// For requests with a cursor.
    CursorExpired,
    /// For requests below `/v1/jobs`.
    #[serde(rename = "job_404")]
    Job404,
    /// The first n requests still pass.
    RevokeAfter {
        n: u64,
    },
    /// From a real time on, RFC 3339.
    ExpireAt {
        at: String,
    },
}

/// What a 429 of `storm429` tells about when to come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StormHeaders {
    #[default]
    None,
    RetryAfter,
    HttpDate,
    Reset,
    PastReset,
}

/// Done to an answer that is already made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    ErrorFormat {
        format: ErrorFormat,
    },
    /// A dotted path; `*` for every item of a list: `data.*.ipv4`.
    DropMember {
        path: String,
    },
    AddUnknownMember,
    UnknownStatus,
    NullData,
    NoJobId,
    WrongContentType,
    BadJson,
    Ipv4Null,
    /// Succeeded jobs read as running.
    JobFlap,
    /// `Date` and `X-RateLimit-Reset` are off by this.
    ClockSkew {
        seconds: i64,
    },
}

/// Done to lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Listing {
    /// Objects younger than this (virtual seconds) are not listed.
    ListLag {
        seconds: i64,
    },
    ListDuplicate,
    /// An object before the page was deleted while the client was listing: one is skipped.
    ListShift,
    CursorLoop,
    NextPageForeign,
    EmptyPage,
}

/// Changes how the request is carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Work {
    JobFail {
        #[serde(default)]
        code: Option<String>,
    },
    JobStuck,
    JobSlow {
        factor: f64,
    },
    /// The job fails and the object takes the change all the same.
    Partial,
    /// The key may only read.
    Downgrade,
}

/// Changes the world before the request is carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum World {
    CapacitySet {
        region: String,
        size: String,
        limit: u64,
    },
    QuotaSet {
        kind: String,
        limit: u64,
    },
    /// The body of `POST drift`.
    Drift(Map<String, Value>),
}

impl From<Effect> for Value {
    fn from(effect: Effect) -> Value {
        let value = match &effect {
            Effect::Wire(wire) => serde_json::to_value(wire),
            Effect::Instead(instead) => serde_json::to_value(instead),
            Effect::Shape(shape) => serde_json::to_value(shape),
            Effect::Listing(listing) => serde_json::to_value(listing),
            Effect::Work(work) => serde_json::to_value(work),
            Effect::World(world) => serde_json::to_value(world),
        };
        value.unwrap_or(Value::Null)
    }
}

impl TryFrom<Value> for Effect {
    type Error = String;

    fn try_from(value: Value) -> Result<Effect, String> {
        let (name, settings) = match &value {
            Value::String(name) => (name.clone(), Value::Object(Map::new())),
            Value::Object(map) => match map.iter().next() {
                Some((name, settings)) if map.len() == 1 => (name.clone(), settings.clone()),
                Some(_) | None => return Err(NO_EFFECT.to_owned()),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(NO_EFFECT.to_owned()),
        };
        let is_empty = settings.as_object().is_some_and(Map::is_empty);
        let whole = read(&name, &serde_json::json!({name.as_str(): settings}));
        // An effect without settings is its name, and may be written with an empty object.
        let alone = if is_empty { read(&name, &Value::String(name.clone())) } else { Err(None) };
        let told = |reason: String| match reason.as_str() {
            reason if reason.contains("expected unit") => format!("effect {name} takes no settings"),
            reason => format!("effect {name}: {reason}"),
        };
        match (alone, whole) {
            (Ok(effect), _) | (Err(_), Ok(effect)) => Ok(effect),
            (Err(_), Err(Some(reason))) => Err(told(reason)),
            (Err(_), Err(None)) => Err(format!("there is no effect {name}")),
        }
    }
}

const NO_EFFECT: &str = "effect must be a name, or an object of a name and settings";

/// The effect of one of the groups; `Err(None)`: none of them has this name.
fn read(name: &str, value: &Value) -> Result<Effect, Option<String>> {
    fn group<T: for<'de> Deserialize<'de>>(name: &str, value: &Value) -> Result<T, Option<String>> {
        T::deserialize(value).map_err(|error| {
            let text = error.to_string();
            (!text.starts_with(&format!("unknown variant `{name}`"))).then_some(text)
        })
    }
    let mut reason = None;
    let attempts = [
        group(name, value).map(Effect::Wire),
        group(name, value).map(Effect::Instead),
        group(name, value).map(Effect::Shape),
        group(name, value).map(Effect::Listing),
        group(name, value).map(Effect::Work),
        group(name, value).map(Effect::World),
    ];
    for attempt in attempts {
        match attempt {
            Ok(effect) => return Ok(effect),
            Err(why) => reason = reason.or(why),
        }
    }
    Err(reason)
}

impl Effect {
    /// Its name, as in the table of 4.8.
    pub fn name(&self) -> String {
        match Value::from(self.clone()) {
            Value::String(name) => name,
            Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
        }
    }
}
