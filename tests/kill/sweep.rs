//! Points: the places at which a run is killed, refused or stopped, worked through by several workers with a cloud each.

use super::world::{Cloud, Ending, PROGRAM, next_run_ends_it};
use crate::outside::tools::say;
use crate::support::Project;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Every point with `CNX_EVERY_POINT=1`, every twentieth from the third one on with `CNX_EVERY_POINT=3/20`; else about so many,
/// beginning elsewhere each day.
pub fn points(first: usize, last: usize, some: usize) -> Vec<usize> {
    let all = last.saturating_sub(first) + 1;
    let wished = std::env::var("CNX_EVERY_POINT").ok();
    if let Some((part, parts)) = wished.as_deref().and_then(|text| text.split_once('/')) {
        let number = |text: &str| text.parse::<usize>().expect("CNX_EVERY_POINT=PART/PARTS");
        return (first + number(part).saturating_sub(1)..=last).step_by(number(parts).max(1)).collect();
    }
    if wished.is_some() || all <= some {
        return (first..=last).collect();
    }
    let stride = all.div_ceil(some);
    let days = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs() / 86_400;
    let offset = usize::try_from(days).unwrap_or(0) % stride;
    (first + offset..=last).step_by(stride).collect()
}

/// What a sweep came to.
#[derive(Debug, Default)]
struct Tally {
    whole: usize,
    asked: usize,
    /// The run ended before the point was reached.
    unreached: usize,
    wrong: Vec<String>,
}

/// Lets `strike` harm a fresh run at each point (it says whether the point was reached), then lets a plain run end it.
pub fn sweep(name: &str, points: &[usize], strike: impl Fn(&Cloud, &Project, usize) -> bool + Sync) {
    sweep_of(name, PROGRAM, points, strike, next_run_ends_it);
}

/// As [`sweep`], of this program, with another way to end it.
pub fn sweep_of(
    name: &str,
    program: &str,
    points: &[usize],
    strike: impl Fn(&Cloud, &Project, usize) -> bool + Sync,
    end: impl Fn(&Cloud, &Project) -> Result<Ending, String> + Sync,
) {
    let began = Instant::now();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..workers().min(points.len()) {
            scope.spawn(|| {
                let cloud = Cloud::new();
                while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                    cloud.reset();
                    let project = cloud.project_of(program);
                    let reached = strike(&cloud, &project, *point);
                    let ended = end(&cloud, &project);
                    let mut tally = tally.lock().expect("unbroken");
                    tally.unreached += usize::from(!reached);
                    match ended {
                        Ok(Ending::Whole) => tally.whole += 1,
                        Ok(Ending::Asked) => tally.asked += 1,
                        Err(why) => tally.wrong.push(format!("{name}, point {point}: {why}")),
                    }
                }
            });
        }
    });
    let tally = tally.into_inner().expect("unbroken");
    say(&format!(
        "{name}: {} points in {} s: {} whole after the next run, {} ask, {} ended before their point, {} wrong",
        points.len(),
        began.elapsed().as_secs(),
        tally.whole,
        tally.asked,
        tally.unreached,
        tally.wrong.len()
    ));
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n\n"));
    assert!(tally.unreached < points.len(), "no point was reached");
}

fn workers() -> usize {
    std::env::var("CNX_WORKERS").ok().and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// How long an undisturbed run takes on this machine now.
pub fn undisturbed(cloud: &Cloud) -> Duration {
    cloud.reset();
    let project = cloud.project();
    let began = Instant::now();
    let run = super::world::run(&project, &["apply", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.all());
    began.elapsed()
}
