//! Another process while it runs: how much memory it has taken at most, and how much of the processor.

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

/// What a process has taken of the processor so far, in all its threads: other work on the machine does not count.
pub fn processor_time(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    // User and system time, in hundredths of a second.
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}
