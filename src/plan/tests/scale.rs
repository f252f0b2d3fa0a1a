//! Cost: planning grows no faster than its input, by a wide margin below quadratic.

use super::super::{Live, Options, plan};
use super::cloud::World;
use super::program::{catalog, desired};
use crate::desired::Desired;
use crate::state::Snapshot;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// So many servers, each with the key, every tenth behind a zone.
fn fleet(count: usize) -> Desired {
    let mut text = "ssh_key k name=k public_key=ssh_k\n".to_owned();
    for at in 0..count {
        let _ = writeln!(text, "server s[{at}] name=s{at} region=r plan=p image=u ssh_keys=[@ssh_key.k.id]");
        if at % 10 == 0 {
            let _ = writeln!(text, "cdn_zone z[{at}] domain=d{at} origin_url=@server.s[{at}].ipv4");
        }
    }
    desired(&text)
}

fn time(desired: &Desired, snapshot: &Snapshot, live: &Live, steps: usize) -> Duration {
    let start = Instant::now();
    let plan = plan(desired, snapshot, live, catalog(), &Options::default()).expect("plans");
    assert_eq!(plan.steps.len(), steps);
    start.elapsed()
}

#[test]
fn planning_is_no_worse_than_n_log_n() {
    let (small, large) = (fleet(400), fleet(8_000));
    let of = |desired: &Desired| time(desired, &Snapshot::default(), &Live::default(), desired.graph.len());
    let (few, many) = (of(&small).max(Duration::from_millis(2)), of(&large));
    assert!(many < few * 100, "{few:?} for 400 servers, {many:?} for 8,000");
}

#[test]
fn nothing_to_do_is_cheap() {
    let fleet = fleet(200);
    let mut world = World::default();
    let plan = world.plan(&fleet, &Options::default()).expect("plans");
    assert!(world.apply(&fleet, &plan).is_empty());
    let live = world.live(&fleet);
    time(&fleet, &world.snapshot, &live, 0);
}
