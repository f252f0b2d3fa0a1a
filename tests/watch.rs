//! Another process while it runs: how much memory it has taken at most.

use std::process::Child;
use std::time::Duration;

/// Waits for its end; the highest memory that was seen of it, in KiB. `meanwhile` is called at every look.
pub fn highest_memory(child: &mut Child, pause: Duration, mut meanwhile: impl FnMut()) -> u64 {
    let mut highest = 0;
    while child.try_wait().expect("a state").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        highest = highest.max(peak.unwrap_or(0));
        meanwhile();
        std::thread::sleep(pause);
    }
    highest
}
