//! A world for tests of programs: time that only sleeping moves, and chance that is the same every time.

use super::seams::{Clock, Random};
use crate::model::Timestamp;
use futures::future::{BoxFuture, ready};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Where its time begins: 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

/// Counts nanoseconds, since a shortened wait may be less than a millisecond.
#[derive(Debug, Default)]
pub struct StillClock(AtomicI64);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp(START_MS + self.0.load(Ordering::SeqCst) / 1_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst).unsigned_abs())
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        let nanoseconds = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        let add = |now: i64| Some(now.saturating_add(nanoseconds));
        let _before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
        Box::pin(ready(()))
    }
}

/// A sequence that is the same for the same start (splitmix64).
#[derive(Debug, Default)]
pub struct StillRandom(AtomicU64);

impl Random for StillRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = ((z ^ (z >> 31)) & 0xff) as u8;
        }
    }
}
