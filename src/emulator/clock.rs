//! Real time as it is handed in, and the virtual time that objects and jobs live in (contract.md 4.3).
//! Reads no clock.
use serde::{Deserialize, Serialize};

use super::config::{ClockMode, Config};
use super::patterns::is_date_time;
use crate::model::time::Timestamp;

/// The real time of a request, handed in by whoever calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    pub unix_ms: i64,
}

/// Virtual time: an anchor in both times and the speed between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    pub virtual_start_ms: i64,
    pub real_start_ms: i64,
    pub mode: ClockMode,
    pub factor: f64,
}

impl Clock {
    /// A clock that begins now.
    pub fn start(config: &Config, now: Now) -> Clock {
        Clock {
            virtual_start_ms: config.start_unix_ms.unwrap_or(now.unix_ms),
            real_start_ms: now.unix_ms,
            mode: config.clock,
            factor: config.time_factor,
        }
    }

    /// Virtual time at a real time, Unix milliseconds. With factor 0 it runs as real time does and jobs take no time.
    pub fn virtual_ms(&self, now: Now) -> i64 {
        let elapsed_ms = now.unix_ms.saturating_sub(self.real_start_ms).max(0);
        match self.mode {
            ClockMode::Manual => self.virtual_start_ms,
            ClockMode::Real if self.factor == 0.0 => self.virtual_start_ms.saturating_add(elapsed_ms),
            ClockMode::Real => self.virtual_start_ms.saturating_add((elapsed_ms as f64 / self.factor) as i64),
        }
    }

    /// Whether jobs take any time at all.
    pub fn is_instant(&self) -> bool {
        self.mode == ClockMode::Real && self.factor == 0.0
    }

    /// The same instant, from now on at the configuration's speed.
    pub fn follow(&mut self, config: &Config, now: Now) {
        if self.mode == config.clock && self.factor == config.time_factor {
            return;
        }
        *self = Clock {
            virtual_start_ms: self.virtual_ms(now),
            real_start_ms: now.unix_ms,
            mode: config.clock,
            factor: config.time_factor,
        };
    }

    /// Moves virtual time forward.
    pub fn advance(&mut self, ms: i64) {
        self.virtual_start_ms = self.virtual_start_ms.saturating_add(ms.max(0));
    }
}

/// An instant as the API writes it: RFC 3339, UTC, whole seconds; clocks may be advanced beyond what it can write.
pub fn rfc3339(unix_ms: i64) -> String {
    Timestamp(unix_ms.clamp(0, LAST_MS)).to_string()
}

/// The last second that RFC 3339 can write in every time zone.
const LAST_MS: i64 = 253_402_207_200_000;

/// An RFC 3339 instant in Unix milliseconds; the last day of the last year counts as its beginning.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    if !is_date_time(text) {
        return None;
    }
    let instant = Timestamp::parse(text).or_else(|| {
        let earlier = text.strip_prefix("9999-12-3").filter(|rest| rest.starts_with(['0', '1']))?;
        Timestamp::parse(&format!("9999-12-2{earlier}")).map(|_| Timestamp(LAST_MS))
    });
    instant.map(|instant| instant.0)
}
