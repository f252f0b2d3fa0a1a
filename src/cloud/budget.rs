//! The budget of one surface: how many requests at once, how many a minute, and not before which instant.

use super::endpoint::RateLimit;
use super::pace;
use crate::model::http::Headers;
use crate::world::Clock;
use futures::channel::oneshot;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(60);

/// Shared by all requests of a surface.
pub(super) struct Budget {
    gate: Arc<Mutex<Gate>>,
    pace: Mutex<Pace>,
}

#[derive(Default)]
struct Gate {
    free: usize,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

struct Pace {
    rate: RateLimit,
    /// `X-RateLimit-Limit` of the last answer that had one.
    told: Option<u32>,
    /// From when on the last requests may leave, in the order of asking, by the monotonic clock; never more than the limit.
    departures: VecDeque<Duration>,
    /// When the last ones really left: later, where all of them were held back.
    departed: VecDeque<Duration>,
    not_before: Duration,
    sent: u64,
}

/// The right to have one request under way; passes itself on when it is dropped.
pub(super) struct Permit(Option<Arc<Mutex<Gate>>>);

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        loop {
            let mut gate = lock(&shared);
            let Some(next) = gate.waiting.pop_front() else {
                gate.free += 1;
                return;
            };
            drop(gate);
            match next.send(Permit(Some(shared.clone()))) {
                Ok(()) => return,
                // The one who waited is gone: its permit must not pass itself on as well.
                Err(mut returned) => returned.0 = None,
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Budget {
    pub fn new(rate: RateLimit, concurrency: usize) -> Budget {
        let gate = Gate { free: concurrency.max(1), waiting: VecDeque::new() };
        let pace = Pace {
            rate,
            told: None,
            departures: VecDeque::new(),
            departed: VecDeque::new(),
            not_before: Duration::ZERO,
            sent: 0,
        };
        Budget { gate: Arc::new(Mutex::new(gate)), pace: Mutex::new(pace) }
    }

    /// Requests that left, or were about to.
    pub fn sent(&self) -> u64 {
        lock(&self.pace).sent
    }

    /// How many requests may still leave within this minute, and how many a minute has; `None` where there is no limit.
    pub fn left(&self, clock: &dyn Clock) -> Option<(u32, u32)> {
        let now = clock.monotonic();
        let pace = lock(&self.pace);
        let limit = pace.limit()?;
        let left = pace.departed.iter().filter(|departed| **departed + WINDOW > now).count();
        let spent = left + pace.departures.iter().filter(|departure| **departure > now).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some((number(limit.saturating_sub(spent)), number(limit)))
    }

    /// Waits until one more request may be under way, in the order of asking.
    pub async fn permit(&self) -> Permit {
        let receiver = {
            let mut gate = lock(&self.gate);
            if gate.free > 0 {
                gate.free -= 1;
                return Permit(Some(self.gate.clone()));
            }
            let (sender, receiver) = oneshot::channel();
            gate.waiting.push_back(sender);
            receiver
        };
        receiver.await.expect("invariant: a permit in use passes itself on")
    }

    /// Waits until the rate allows one more; the wait that would be needed where it is beyond `max_wait`.
    pub async fn slot(&self, clock: &dyn Clock, max_wait: Duration) -> Result<(), Duration> {
        let departure = lock(&self.pace).reserve(clock.monotonic());
        loop {
            let now = clock.monotonic();
            let wait = {
                let mut pace = lock(&self.pace);
                let wait = departure.max(pace.not_before).max(pace.room(now)).saturating_sub(now);
                if wait.is_zero() {
                    pace.departed.push_back(now);
                    pace.sent += 1;
                    return Ok(());
                }
                wait
            };
            if wait > max_wait.max(WINDOW) {
                return Err(wait);
            }
            clock.sleep(wait).await;
        }
    }

    /// Nothing leaves for so long: the API said that there were too many.
    pub fn block(&self, clock: &dyn Clock, wait: Duration) {
        let until = clock.monotonic() + wait;
        let mut pace = lock(&self.pace);
        pace.not_before = pace.not_before.max(until);
    }

    /// Begins with a limit that was told earlier.
    pub fn expect(&self, limit: u32) {
        lock(&self.pace).told = Some(limit.max(1));
    }

    /// Learns the limit, and waits for the next window where this one is used up.
    pub fn observe(&self, clock: &dyn Clock, headers: &Headers) {
        let number = |name| headers.get(name).and_then(|text| text.trim().parse::<u32>().ok());
        let Some(limit) = number("X-RateLimit-Limit") else { return };
        let is_unlimited = {
            let mut pace = lock(&self.pace);
            pace.told = Some(limit.max(1));
            pace.rate == RateLimit::Unlimited
        };
        if number("X-RateLimit-Remaining") == Some(0) && !is_unlimited {
            let wait = pace::until_reset(headers, clock.now()).unwrap_or(Duration::from_secs(1));
            self.block(clock, wait.min(WINDOW));
        }
    }
}

impl Pace {
    fn limit(&self) -> Option<usize> {
        let limit = match (self.rate, self.told) {
            (RateLimit::Unlimited, _) => return None,
            (RateLimit::Documented(_), Some(told)) => told,
            (RateLimit::Documented(limit), None) => limit,
            (RateLimit::Chosen(limit), told) => limit.min(told.unwrap_or(limit)),
        };
        Some(limit.max(1) as usize)
    }

    /// The instant at which one more may leave: never more than the limit within any minute, so that it holds
    /// for the server's windows wherever they begin.
    fn reserve(&mut self, now: Duration) -> Duration {
        let Some(limit) = self.limit() else { return now };
        let departure =
            next_after(&mut self.departures, limit, now).max(self.departures.back().copied().unwrap_or_default());
        self.departures.push_back(departure);
        departure
    }

    /// The instant at which there is room for one more beside those that really left.
    fn room(&mut self, now: Duration) -> Duration {
        let Some(limit) = self.limit() else {
            self.departed.clear();
            return now;
        };
        next_after(&mut self.departed, limit, now)
    }
}

/// The instant at which one more fits, where no minute may hold more than the limit; drops what no minute holds any more.
fn next_after(instants: &mut VecDeque<Duration>, limit: usize, now: Duration) -> Duration {
    while instants.len() > limit || instants.front().is_some_and(|first| *first + WINDOW <= now) {
        instants.pop_front();
    }
    if instants.len() < limit { now } else { now.max(instants[instants.len() - limit] + WINDOW) }
}
