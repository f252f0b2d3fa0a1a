//! Rate limits: fixed windows of real time, per key and surface, and the headers that tell of them (contract.md 4.5).
use std::collections::BTreeMap;

use serde_json::json;

use super::clock::Now;
use super::config::{Config, LimitHeaders, Switch};
use super::errors::{ErrorCode, Refusal, refuse};
use super::keys::{Key, Permission, Tier};
use super::routes::Surface;

/// Requests counted in the present windows. Kept in memory only: a restart begins new windows.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    windows: BTreeMap<(u64, Surface), Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    start_s: i64,
    used: u32,
}

/// What a response tells about the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub limit: u32,
    pub remaining: u32,
    /// Unix seconds.
    pub reset_s: i64,
}

/// Requests a minute of a tier on a surface.
fn tier_limit(tier: Tier, surface: Surface) -> u32 {
    match (surface, tier) {
        (Surface::C, Tier::Free | Tier::Standard | Tier::Professional) => 120,
        (Surface::C, Tier::Enterprise) => 1000,
        (Surface::P, Tier::Free) => 100,
        (Surface::P, Tier::Standard | Tier::Professional) => 1000,
        (Surface::P, Tier::Enterprise) => 10_000,
    }
}

/// The limit of a key; without one that of the free tier.
pub fn limit_of(config: &Config, key: Option<&Key>, surface: Surface) -> u32 {
    let plain = key.map_or(Tier::Free, |key| key.tier);
    let own = key.and_then(|key| key.limit).or(config.ratelimit.limit_override);
    let limit = own.unwrap_or_else(|| tier_limit(plain, surface));
    if key.is_some_and(|key| key.permission == Permission::Scoped) {
        return (f64::from(limit) * config.ratelimit.scoped_factor) as u32;
    }
    limit
}

impl Limits {
    /// Start of the window that a real time falls into, Unix seconds.
    fn window_start_s(config: &Config, now: Now) -> i64 {
        let length = i64::from(config.ratelimit.window_seconds);
        now.unix_ms.div_euclid(1000).div_euclid(length) * length
    }

    /// The budget as it stands, nothing counted.
    pub fn budget(&self, config: &Config, key: Option<&Key>, surface: Surface, now: Now) -> Budget {
        let start_s = Limits::window_start_s(config, now);
        let limit = limit_of(config, key, surface);
        let used = key
            .filter(|_| !self.windows.is_empty())
            .and_then(|key| self.windows.get(&(key.id(), surface)))
            .filter(|window| window.start_s == start_s)
            .map_or(0, |window| window.used);
        let reset_s = start_s + i64::from(config.ratelimit.window_seconds);
        Budget { limit, remaining: limit.saturating_sub(used), reset_s }
    }

    /// Counts a request of this key, or refuses it with 429 (which counts nothing).
    pub fn count(&mut self, config: &Config, key: &Key, surface: Surface, now: Now) -> Result<(), Refusal> {
        if config.ratelimit.mode == Switch::Off {
            return Ok(());
        }
        let budget = self.budget(config, Some(key), surface, now);
        if budget.remaining == 0 {
            let details = json!({"limit": budget.limit, "window_seconds": config.ratelimit.window_seconds});
            return Err(refuse(ErrorCode::RateLimitExceeded, "Rate limit exceeded.", details));
        }
        let start_s = Limits::window_start_s(config, now);
        let window = self.windows.entry((key.id(), surface)).or_insert(Window { start_s, used: 0 });
        if window.start_s != start_s {
            *window = Window { start_s, used: 0 };
        }
        window.used += 1;
        Ok(())
    }
}

/// The rate-limit headers of an answer (L57, L61): P on every answer, C only `Retry-After` with a 429.
pub fn headers(
    config: &Config,
    budget: Budget,
    surface: Surface,
    status: u16,
    now: Now,
) -> Vec<(&'static str, String)> {
    let (budget_headers, retry_after) = match (config.ratelimit.headers, surface) {
        (LimitHeaders::Documented, Surface::C) => (false, true),
        (LimitHeaders::Documented, Surface::P) => (true, false),
        (LimitHeaders::Both, Surface::C | Surface::P) => (true, true),
        (LimitHeaders::None, Surface::C | Surface::P) => (false, false),
    };
    let mut headers = Vec::new();
    if budget_headers {
        headers.push(("X-RateLimit-Limit", budget.limit.to_string()));
        headers.push(("X-RateLimit-Remaining", budget.remaining.to_string()));
        headers.push(("X-RateLimit-Reset", budget.reset_s.to_string()));
    }
    if retry_after && status == 429 {
        let wait_s = (budget.reset_s - now.unix_ms.div_euclid(1000)).max(1);
        headers.push(("Retry-After", wait_s.to_string()));
    }
    headers
}
