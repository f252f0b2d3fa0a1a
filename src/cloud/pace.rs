//! How long to wait: what the rate limit headers say (`contract.md L57`, `L58`), and back-off where they say nothing.

use crate::model::Timestamp;
use crate::model::http::Headers;
use crate::world::Random;
use std::sync::atomic::{AtomicI64, Ordering};
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

/// So far apart two clocks may be that tell the same time.
pub const CLOCKS_APART: Duration = Duration::from_secs(5);

/// How far the API's clock is ahead of this machine's, by the last answer; nothing as long as both may tell the same time.
#[derive(Default)]
pub(super) struct ServerClock(AtomicI64);

impl ServerClock {
    /// The answer to a request that was sent and answered at these instants of this machine's clock.
    pub fn observe(&self, headers: &Headers, sent: Timestamp, answered: Timestamp) {
        let Some(told) = headers.get("Date").and_then(date) else { return };
        let apart = milliseconds(CLOCKS_APART);
        // It was made in between, and a date has no milliseconds.
        let (least, most) = (told.0.saturating_sub(answered.0), told.0.saturating_sub(sent.0).saturating_add(1000));
        let ahead = if least > apart { least } else { most.min(0) };
        self.0.store(if ahead.saturating_abs() > apart { ahead } else { 0 }, Ordering::Relaxed);
    }

    /// Milliseconds.
    pub fn ahead(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
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

    /// Always the largest number.
    struct Largest;
    impl Random for Largest {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn a_clock_is_off_where_no_moment_of_the_exchange_is_near_what_the_answer_tells() {
        let instant = |text: &str| Timestamp::parse(text).unwrap();
        let ahead = |date: &str, sent, answered| {
            let time = ServerClock::default();
            let headers = Headers(vec![("Date".to_owned(), date.to_owned())]);
            time.observe(&headers, instant(sent), instant(answered));
            time.ahead()
        };
        let date = "Sat, 01 Feb 2025 01:00:00 GMT";
        assert_eq!(ahead(date, "2025-02-01T00:59:56Z", "2025-02-01T00:59:57Z"), 0);
        assert_eq!(ahead(date, "2025-02-01T00:59:00Z", "2025-02-01T01:00:50Z"), 0, "a slow answer");
        assert_eq!(ahead(date, "2025-01-31T00:59:59Z", "2025-01-31T01:00:00Z"), 86_400_000);
        assert_eq!(ahead(date, "2025-02-01T02:00:00Z", "2025-02-01T02:00:09Z"), -3_599_000);
        assert_eq!(
            ahead("Fri, 31 Dec 9999 23:59:59 GMT", "1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z") / 1_000_000_000,
            253_402
        );
        assert_eq!(ahead("soon", "1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"), 0);
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
