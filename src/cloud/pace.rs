//! How long to wait: what the rate limit headers say (`contract.md L57`, `L58`), and back-off where they say nothing.

use crate::model::Timestamp;
use crate::model::http::Headers;
use crate::world::{Clock, Random};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

/// A number from 0 to 1.
fn fraction(random: &dyn Random) -> f64 {
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

/// Anything from nothing to a second at the first attempt (1), twice as long at each further one, a minute at most.
pub(super) fn back_off(attempt: u32, random: &dyn Random) -> Duration {
    let ceiling = Duration::from_secs(1 << attempt.saturating_sub(1).min(6)).min(Duration::from_secs(60));
    ceiling.mul_f64(fraction(random))
}

/// After a 429: `Retry-After`, else the reset of the window, else back-off; and up to a second more.
pub(super) fn after_too_many(headers: &Headers, now: Timestamp, attempt: u32, random: &dyn Random) -> Duration {
    let told = retry_after(headers, now).or_else(|| until_reset(headers, now));
    told.unwrap_or_else(|| back_off(attempt, random)) + Duration::from_secs(1).mul_f64(fraction(random))
}

/// Seconds or an HTTP date; a date in the past is no wait.
pub(super) fn retry_after(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let text = headers.get("Retry-After")?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => Some(Duration::from_secs(u64::from(seconds))),
        Err(_) => Some(date(text)?.since(server_time(headers, now))),
    }
}

/// Until the window of `X-RateLimit-Reset` ends; a second where it has ended already.
pub(super) fn until_reset(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let reset: i64 = headers.get("X-RateLimit-Reset")?.trim().parse().ok().filter(|reset| *reset >= 0)?;
    let at = match reset {
        milliseconds if milliseconds > 1_000_000_000_000 => Timestamp(milliseconds),
        seconds if seconds > 1_000_000_000 => Timestamp(seconds * 1000),
        delta => return Some(Duration::from_secs(delta.unsigned_abs())),
    };
    Some(at.since(server_time(headers, now)).max(Duration::from_secs(1)))
}

/// A clock of a server, as far as its answers tell.
#[derive(Default)]
pub(super) struct ServerClock {
    /// Its time less ours by the monotonic clock, milliseconds. The greatest that was told: what a cache or a slow way brings
    /// is older than it was when it was sent.
    ahead: Mutex<Option<i64>>,
}

impl ServerClock {
    pub fn observe(&self, clock: &dyn Clock, headers: &Headers) {
        let Some(told) = headers.get("Date").and_then(date) else { return };
        let ahead = told.0 - milliseconds(clock.monotonic());
        let mut known = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(ahead, |known| known.max(ahead)));
    }

    /// What it shows now.
    pub fn now(&self, clock: &dyn Clock) -> Option<Timestamp> {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.map(|ahead| Timestamp(ahead + milliseconds(clock.monotonic())))
    }
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The server's clock, which its own instants are to be compared with.
fn server_time(headers: &Headers, now: Timestamp) -> Timestamp {
    headers.get("Date").and_then(date).unwrap_or(now)
}

/// An HTTP date.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp(i64::try_from(since.as_millis()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::StillClock;

    /// Always the largest number.
    struct Largest;
    impl Random for Largest {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn the_servers_clock_is_the_latest_that_was_told() {
        let (clock, time) = (StillClock::default(), ServerClock::default());
        assert_eq!(time.now(&clock), None);
        let told = |date: &str| time.observe(&clock, &Headers(vec![("Date".to_owned(), date.to_owned())]));
        told("Sat, 01 Feb 2025 01:00:00 GMT");
        drop(clock.sleep(Duration::from_secs(30)));
        // As a cache has kept it.
        told("Sat, 01 Feb 2025 01:00:00 GMT");
        told("no date");
        assert_eq!(time.now(&clock), Timestamp::parse("2025-02-01T01:00:30Z"));
        told("Sat, 01 Feb 2025 01:00:31 GMT");
        assert_eq!(time.now(&clock), Timestamp::parse("2025-02-01T01:00:31Z"));
    }

    #[test]
    fn the_wait_follows_the_headers() {
        let now = Timestamp::parse("2025-02-01T02:00:00Z").unwrap();
        let date = ("Date", "Sat, 01 Feb 2025 01:00:00 GMT");
        let cases: &[(&[(&str, &str)], u64)] = &[
            (&[("Retry-After", "12")], 13),
            (&[("Retry-After", "12"), ("X-RateLimit-Reset", "50")], 13),
            (&[("Retry-After", "Sat, 01 Feb 2025 02:00:07 GMT")], 8),
            (&[("Retry-After", "Sat, 01 Feb 2025 01:00:07 GMT"), date], 8),
            (&[("Retry-After", "Sat, 01 Feb 2020 01:00:07 GMT")], 1),
            (&[("Retry-After", "soon")], 5),
            (&[("X-RateLimit-Reset", "30")], 31),
            (&[("X-RateLimit-Reset", "1738375230")], 31),
            (&[("X-RateLimit-Reset", "1738375230000")], 31),
            (&[("X-RateLimit-Reset", "1738371630"), date], 31),
            (&[("X-RateLimit-Reset", "1708492800")], 2),
            (&[("X-RateLimit-Reset", "-5")], 5),
            (&[], 5),
        ];
        for (pairs, seconds) in cases {
            let headers = Headers(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
            let wait = after_too_many(&headers, now, 3, &Largest);
            assert_eq!(wait, Duration::from_secs(*seconds), "{pairs:?}");
        }
        assert_eq!(back_off(20, &Largest), Duration::from_secs(60));
    }
}
