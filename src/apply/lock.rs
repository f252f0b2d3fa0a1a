//! Waiting for a lock: the one part of locking that needs a clock.

use crate::state::{Holder, Lock, LockError};
use crate::world::Clock;
use std::path::Path;
use std::time::Duration;

/// How often a held lock is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// Takes the lock of a state, waiting so long for another holder to end.
pub async fn take_lock(path: &Path, holder: &Holder, timeout: Duration, clock: &dyn Clock) -> Result<Lock, LockError> {
    let begun = clock.monotonic();
    loop {
        let waited = clock.monotonic().saturating_sub(begun);
        match Lock::take(path, holder) {
            Err(LockError::Held { .. }) if waited < timeout => {
                clock.sleep(RETRY.min(timeout.saturating_sub(waited))).await;
            }
            other => return other,
        }
    }
}
