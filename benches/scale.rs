//! How the whole way from text to a changed cloud grows: 1,000, 10,000 and 100,000 servers against the emulator in this
//! process, without latency. Each size runs in a process of its own, so that its peak memory is its own.
//!
//! `cargo bench --bench scale [-- SIZE…]`

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/engine.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod engine;
#[path = "../tests/generate.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod generate;

use cnx::model::http::{Request, Response};
use cnx::plan::Options;
use cnx::world::{Transport, TransportError};
use engine::World;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SIZES: &[usize] = &[1_000, 10_000, 100_000];

/// Counts the time spent in the emulator.
struct Timed {
    below: Arc<dyn Transport>,
    spent: Arc<AtomicU64>,
}

impl Transport for Timed {
    fn send(&self, request: Request, deadline: Duration) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut sending = self.below.send(request, deadline);
            std::future::poll_fn(|context| {
                let begin = Instant::now();
                let polled = sending.as_mut().poll(context);
                self.spent.fetch_add(begin.elapsed().as_nanos() as u64, Ordering::Relaxed);
                polled
            })
            .await
        })
    }

    fn dies_with_sender(&self) -> bool {
        self.below.dies_with_sender()
    }
}

fn program(servers: usize) -> String {
    format!(
        "ssh_key k {{\n  name = \"k\"\n  public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0cyMHvHGVvVpVbxb8xTjZ5ZbyF4b3nVdKQ0qGJr1aF\"\n}}\n\
         server web for n in 1..={servers} {{\n  name = \"web-${{n}}\"\n  region = \"us-east-1\"\n  plan = \"standard-8\"\n  image = \"debian-12\"\n  ssh_keys = [ssh_key.k.id]\n}}\n"
    )
}

fn milliseconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}

/// Peak resident memory of this process in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("");
    let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.0);
    kilobytes / 1024.0
}

fn one(servers: usize) {
    let spent = Arc::new(AtomicU64::new(0));
    let counter = spent.clone();
    let world = World::over(1, move |below| Arc::new(Timed { below, spent: counter }));
    let text = program(servers);
    let begin = Instant::now();
    let desired = world.desired(&text).expect("a valid program");
    let evaluated = milliseconds(begin);
    let begin = Instant::now();
    let planned = world.plan(desired, &Options::default()).expect("a plan");
    let first_plan = milliseconds(begin);
    let begin = Instant::now();
    let (summary, _) = world.apply(planned);
    let apply = milliseconds(begin);
    assert_eq!(summary.created, servers + 1);
    let emulator_apply = spent.swap(0, Ordering::Relaxed) as f64 / 1e6;
    let desired = world.desired(&text).expect("a valid program");
    let begin = Instant::now();
    let again = world.plan(desired, &Options::default()).expect("a plan");
    let second_plan = milliseconds(begin);
    assert!(again.plan.steps.is_empty());
    let emulator_plan = spent.load(Ordering::Relaxed) as f64 / 1e6;
    println!(
        "{servers:>8} {evaluated:>16.1} {first_plan:>12.1} {apply:>10.0} {emulator_apply:>12.0} {second_plan:>14.1} {emulator_plan:>12.1} {:>10.0} {:>10.1}",
        peak(),
        apply * 1000.0 / servers as f64,
    );
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    if let (Ok(_), [size]) = (std::env::var("CNX_BENCH_CHILD"), sizes.as_slice()) {
        return one(*size);
    }
    println!(
        " servers  text to desired   first plan      apply  of emulator  plan (nothing)  of emulator   peak MiB  us/server"
    );
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    for size in sizes {
        let program = std::env::current_exe().expect("this program");
        let status = std::process::Command::new(program).arg(size.to_string()).env("CNX_BENCH_CHILD", "1").status();
        assert!(status.expect("a child").success(), "size {size} failed");
    }
}
