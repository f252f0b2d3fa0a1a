//! Every knob of the emulated cloud, as plain data (contract.md section 1, right-hand column, and section 4).
//! Knows no request and no object.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys::Key;
use super::sense;

/// The whole configuration. `Config::default()` is the served emulator, `Config::local()` the embedded one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which routes, members and headers exist (4.1).
    pub profile: Profile,
    /// Source of every id and delay (4.9).
    pub seed: u64,
    /// What the world holds at the beginning and after a reset.
    pub fixtures: Fixtures,
    /// Whether virtual time follows real time or only `clock/advance`.
    pub clock: ClockMode,
    /// Real delay = documented delay × this; 0 = done at the next read (4.3).
    pub time_factor: f64,
    /// Virtual time at the beginning, Unix milliseconds; absent: the real time of the first start.
    pub start_unix_ms: Option<i64>,
    /// Requests without a key act as admin (the embedded emulator; never the served default).
    pub open_access: bool,
    /// Unknown members of a request body are refused.
    pub strict_bodies: bool,
    pub auth: Auth,
    pub meta: Meta,
    pub pagination: Pagination,
    pub names: Names,
    pub delays: Delays,
    pub failed_create: FailedCreate,
    pub actions: Actions,
    pub resize: Resize,
    pub ratelimit: RateLimit,
    pub capacity: Capacity,
    /// Most objects of a kind (`server`, `compute_instance`, …); absent: 100,000.
    pub quota: BTreeMap<String, u64>,
    pub idempotency: Idempotency,
    /// The form of error answers.
    pub error_format: ErrorFormat,
    /// Keys beyond the seeded ones of 4.4.
    pub keys: Vec<Key>,
    /// How many requests the log keeps.
    pub log_capacity: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            profile: Profile::Full,
            seed: 1,
            fixtures: Fixtures::Empty,
            clock: ClockMode::Real,
            time_factor: 1.0,
            start_unix_ms: None,
            open_access: false,
            strict_bodies: true,
            auth: Auth::default(),
            meta: Meta::default(),
            pagination: Pagination::default(),
            names: Names::default(),
            delays: Delays::default(),
            failed_create: FailedCreate::Keep,
            actions: Actions::default(),
            resize: Resize::default(),
            ratelimit: RateLimit::default(),
            capacity: Capacity::default(),
            quota: BTreeMap::new(),
            idempotency: Idempotency::On,
            error_format: ErrorFormat::Envelope,
            keys: Vec::new(),
            log_capacity: 20_000,
        }
    }
}

impl Config {
    /// The embedded emulator of target `local`: no key, a hundredth of the delays, no rate limit (design/cli.md).
    pub fn local() -> Config {
        Config {
            open_access: true,
            time_factor: 0.01,
            ratelimit: RateLimit { mode: Switch::Off, ..RateLimit::default() },
            ..Config::default()
        }
    }

    /// Most objects of a kind, by its resource name.
    pub fn quota_of(&self, kind: &str) -> u64 {
        self.quota.get(kind).copied().unwrap_or(100_000)
    }

    /// Whether a number in here makes no sense; the text says which.
    pub fn check(&self) -> Result<(), String> {
        if !self.time_factor.is_finite() || self.time_factor < 0.0 {
            return Err("time_factor must be 0 or more".to_owned());
        }
        if self.ratelimit.window_seconds == 0 {
            return Err("ratelimit.window_seconds must be 1 or more".to_owned());
        }
        if self.pagination.max == 0 || self.pagination.default == 0 {
            return Err("pagination.max and pagination.default must be 1 or more".to_owned());
        }
        if ![409, 412, 422, 503].contains(&self.capacity.status) {
            return Err("capacity.status must be one of: 409, 412, 422, 503".to_owned());
        }
        let factors = [
            ("delays.tail.factor", self.delays.tail.factor),
            ("ratelimit.scoped_factor", self.ratelimit.scoped_factor),
        ];
        if let Some((name, _)) = factors.iter().find(|(_, factor)| !factor.is_finite() || *factor < 0.0) {
            return Err(format!("{name} must be 0 or more"));
        }
        sense::of_maps(self)
    }
}

/// 4.1: which of the routes and members exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    Full,
    Documented,
    DocumentedNojobs,
}

impl Profile {
    pub fn is_full(self) -> bool {
        self == Profile::Full
    }
}

/// 4.9: the world at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fixtures {
    Empty,
    Documented,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    Real,
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    pub family: AuthFamily,
}

impl Default for Auth {
    fn default() -> Auth {
        Auth { family: AuthFamily::Any }
    }
}

/// L7: whether a key family is bound to its surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthFamily {
    Any,
    Strict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Meta {
    pub style: MetaStyle,
}

impl Default for Meta {
    fn default() -> Meta {
        Meta { style: MetaStyle::Both }
    }
}

/// L15: which links the `meta` of a list carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetaStyle {
    Both,
    CursorOnly,
    NextPageOnly,
}

/// L20: page sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pagination {
    pub over_max: OverMax,
    pub max: usize,
    pub default: usize,
}

impl Default for Pagination {
    fn default() -> Pagination {
        Pagination { over_max: OverMax::Reject, max: 100, default: 20 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverMax {
    Reject,
    Clamp,
}

/// L37: whether names of machines and databases are unique within a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Names {
    pub unique: bool,
}

/// 4.3: delays of jobs. `seconds` replaces the documented range of a job type (`server.create`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delays {
    pub seconds: BTreeMap<String, f64>,
    pub tail: Tail,
}

/// With probability `p` a job takes `factor` times as long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tail {
    pub p: f64,
    pub factor: f64,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { p: 0.0, factor: 10.0 }
    }
}

/// 4.3: what is left of a create that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedCreate {
    Keep,
    Vanish,
}

/// L41: whether actions answer a `job_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Actions {
    pub return_job: bool,
}

impl Default for Actions {
    fn default() -> Actions {
        Actions { return_job: true }
    }
}

/// L44: whether a resize needs a stopped machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resize {
    pub requires_stopped: bool,
}

/// 4.5: rate limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    pub mode: Switch,
    pub window_seconds: u32,
    /// One limit for every key.
    pub limit_override: Option<u32>,
    pub headers: LimitHeaders,
    /// L60: limits of scoped keys are multiplied by this.
    pub scoped_factor: f64,
}

impl Default for RateLimit {
    fn default() -> RateLimit {
        RateLimit {
            mode: Switch::On,
            window_seconds: 60,
            limit_override: None,
            headers: LimitHeaders::Documented,
            scoped_factor: 1.0,
        }
    }
}

/// L57: which rate-limit headers are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitHeaders {
    Documented,
    Both,
    None,
}

/// 4.6: how many machines or clusters of a size a region holds: `"region/size"` to number; absent: unlimited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    pub table: BTreeMap<String, u64>,
    pub status: u16,
    pub stage: CapacityStage,
}

impl Default for Capacity {
    fn default() -> Capacity {
        Capacity {
            table: BTreeMap::from([("eu-west-2/standard-16".to_owned(), 0)]),
            status: 409,
            stage: CapacityStage::Request,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityStage {
    Request,
    Job,
}

/// 4.7: `ignore` is a header without effect, the documented truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idempotency {
    On,
    Ignore,
}

/// L53: the form of error answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorFormat {
    Envelope,
    Problem,
    Bare,
    Text,
    Html,
    Empty,
}
