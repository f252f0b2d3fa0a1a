//! Faults on command (contract.md 4.8): which request meets which. What they do is in `effects.rs`; it is carried
//! out by `handle.rs` (around the execution), `tamper.rs` (on the answer) and the doors (on the wire).
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cdn::glob;
use super::effects::{Effect, Instead};
use super::ids;
use super::routes::{self, Door};
use crate::model::http::Request;

/// One fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Given by the emulator.
    #[serde(default)]
    pub id: u64,
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    pub effect: Effect,
    /// How often it happens; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What `p` is drawn from; absent: the emulator's seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Requests so far that fit the matcher's first four members.
    #[serde(default)]
    pub seen: u64,
    /// How often it has happened.
    #[serde(default)]
    pub happened: u32,
    /// The same by route, where `p` draws: what another route is asked in between changes nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ordinals: BTreeMap<String, u64>,
}

/// Which requests: all that are given must fit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matcher {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surface: Option<Door>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Of the path with `/v1`, `*` for any run of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The key's secret; kept as its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Only the n-th such request, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Every n-th such request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// With this probability, drawn from the seed and the request's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// Only after n such requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_n: Option<u64>,
}

/// The faults that are set, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Faults {
    faults: Vec<Fault>,
    next_id: u64,
}

impl Faults {
    /// Adds a fault before another one, or after all; its id.
    pub fn add(&mut self, mut fault: Fault, before: Option<u64>) -> u64 {
        self.next_id += 1;
        fault.id = self.next_id;
        fault.matcher.key = fault.matcher.key.as_deref().map(sealed);
        let at = before.and_then(|id| self.faults.iter().position(|other| other.id == id));
        self.faults.insert(at.unwrap_or(self.faults.len()), fault);
        self.next_id
    }

    pub fn has(&self, id: u64) -> bool {
        self.faults.iter().any(|fault| fault.id == id)
    }

    /// Takes one fault away, or all.
    pub fn remove(&mut self, id: Option<u64>) -> usize {
        let before = self.faults.len();
        self.faults.retain(|fault| id.is_some_and(|id| fault.id != id));
        before - self.faults.len()
    }

    /// As they stand; no secret is in them.
    pub fn list(&self) -> Vec<Fault> {
        self.faults.clone()
    }

    /// What a request meets, in order, and whether any count has changed.
    pub fn meet(&mut self, seed: u64, door: Door, method: &str, request: &Request) -> (Vec<Effect>, bool) {
        let (mut met, mut counted) = (Vec::new(), false);
        for fault in &mut self.faults {
            if !fault.matcher.fits(door, method, request) {
                continue;
            }
            fault.seen += 1;
            counted = true;
            let is_drawn = fault.is_drawn(seed, door, method, request);
            let is_over = fault.times.is_some_and(|times| fault.happened >= times);
            if is_over || !is_drawn || !fault.matcher.is_turn(fault.seen) {
                continue;
            }
            // The n of revoke_after counts requests that still pass.
            if matches!(fault.effect, Effect::Instead(Instead::RevokeAfter { n }) if fault.seen <= n) {
                continue;
            }
            fault.happened += 1;
            met.push(fault.effect.clone());
        }
        (met, counted)
    }
}

impl Fault {
    /// Whether the fault's probability falls on a request, by its ordinal among those of its route.
    fn is_drawn(&mut self, seed: u64, door: Door, method: &str, request: &Request) -> bool {
        let Some(p) = self.matcher.p else { return true };
        let route = routes::name(door.surface(), method, request.path());
        let ordinal = self.ordinals.entry(format!("{} {method} {route}", door.as_str())).or_insert(0);
        *ordinal += 1;
        let parts = [self.seed.unwrap_or(seed).to_string(), ordinal.to_string()];
        ids::fraction(&["fault", &parts[0], method, route, &parts[1]]) < p
    }
}

/// A key as it is kept, here and on the disk: told apart from others, and not to be read back.
fn sealed(key: &str) -> String {
    if key.starts_with("sha256:") {
        return key.to_owned();
    }
    format!("sha256:{}", ids::hex_digest(key.as_bytes(), 64))
}

impl Matcher {
    /// Whether the request is one that this is about.
    fn fits(&self, door: Door, method: &str, request: &Request) -> bool {
        let sent = request.headers.get("authorization").unwrap_or("");
        self.surface.is_none_or(|wanted| wanted == door)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|pattern| glob(pattern, request.path()))
            && self.key.as_deref().is_none_or(|key| key == sealed(sent.strip_prefix("Bearer ").unwrap_or(sent)))
    }

    /// Whether it is this one's turn, by its number among those that fit.
    fn is_turn(&self, number: u64) -> bool {
        self.nth.is_none_or(|nth| number == nth)
            && self.every.is_none_or(|every| every > 0 && number.is_multiple_of(every))
            && self.after_n.is_none_or(|after| number > after)
    }
}
