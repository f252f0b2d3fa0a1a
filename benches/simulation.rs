//! Runs the simulation and prints its figures.
//!
//! `cargo bench --bench simulation [-- MODE… [--from SEED] [--threads N] [--log DAY] [--no-keep]]`; modes are `single`, `double[=STRIDE]`,
//! `kills`, `swarm=RUNS`, `wide=RUNS`, `order=RUNS`, `rivals=RUNS`, `people=RUNS`, `lag=RUNS`, `planted`, `rate`; without any: all of them.
//! `replay CASE` repeats one run and prints what happened.

#![expect(clippy::print_stdout, reason = "a runner prints its figures")]

#[path = "../tests/generate.rs"]
mod generate;
#[path = "../tests/simulation/mod.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod simulation;

use simulation::campaign::Campaign;
use simulation::case::{Case, Story};
use simulation::log;
use simulation::runner::{self, Part};
use std::process::ExitCode;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DEFAULT: &[&str] = &[
    "single",
    "double",
    "kills",
    "order=5000",
    "rivals=5000",
    "people=5000",
    "lag=5000",
    "wide=5000",
    "swarm=200000",
    "planted",
];

/// What the arguments say.
struct Wish {
    modes: Vec<String>,
    from: u64,
    threads: usize,
    /// The day, where the runs are to be added to the log.
    log: Option<String>,
    /// Whether runs that fail are added to `regressions.txt`.
    keeps: bool,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [word, case] = arguments.as_slice()
        && word == "replay"
    {
        match Case::parse(case) {
            Some(case) => println!("{}", runner::replay(&case)),
            None => println!("this is no case: {case}"),
        }
        return ExitCode::SUCCESS;
    }
    let wish = wish(&arguments);
    let mut total = Campaign::default();
    let mut missed = 0;
    for mode in &wish.modes {
        if mode == "planted" {
            let caught = runner::planted(wish.threads, runner::PLANTED_RUNS);
            missed += caught.iter().filter(|caught| caught.found.is_none()).count();
            println!("{}", runner::planted_table(&caught));
            continue;
        }
        let begin = Instant::now();
        let campaign = run(mode, &wish);
        let part = Part { name: mode.clone(), campaign, seconds: begin.elapsed().as_secs_f64() };
        println!("{}", runner::figures(&part));
        if mode.starts_with("rate") {
            println!("{}\n", runner::rate(&part, wish.threads));
        }
        if let Some(day) = &wish.log {
            log::add(day, &part, wish.from);
        }
        total.add(part.campaign);
    }
    print!("{}", runner::faults_by_kind(&total.tally));
    println!("\n{} distinct journals: hashes over the sequence of entries,", total.tally.journals.len());
    println!("each by its kind, operation, address and class; without ids, times and nonces");
    if wish.log.is_some() {
        println!("{}", log::sum());
    }
    for found in total.findings.iter().take(8) {
        println!("\n{}\n{}", found.case, runner::finding(found, wish.keeps));
    }
    if total.failed > 0 || missed > 0 {
        println!("{} runs failed, {missed} planted bugs were missed", total.failed);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn wish(arguments: &[String]) -> Wish {
    let mut wish = Wish { modes: Vec::new(), from: 0, threads: 2, log: None, keeps: true };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--from" => wish.from = rest.next().and_then(|text| text.parse().ok()).unwrap_or(0),
            "--threads" => wish.threads = rest.next().and_then(|text| text.parse().ok()).unwrap_or(1),
            "--no-keep" => wish.keeps = false,
            "--log" => wish.log = rest.next().cloned(),
            mode => wish.modes.push(mode.to_owned()),
        }
    }
    if wish.modes.is_empty() {
        wish.modes = DEFAULT.iter().map(|mode| (*mode).to_owned()).collect();
    }
    wish
}

fn run(mode: &str, wish: &Wish) -> Campaign {
    let (word, number) = mode.split_once('=').unwrap_or((mode, ""));
    let number = |usual: u64| number.parse().unwrap_or(usual);
    match word {
        "single" => runner::single(wish.threads),
        "double" => runner::double(wish.threads, number(1) as usize),
        "kills" => runner::kills(wish.threads),
        "swarm" => runner::seeds(wish.threads, wish.from, number(200_000), Story::Swarm),
        "wide" => runner::seeds(wish.threads, wish.from, number(5_000), Story::Wide),
        "order" => runner::seeds(wish.threads, wish.from, number(20_000), Story::Order),
        "rivals" => runner::seeds(wish.threads, wish.from, number(20_000), Story::Rivals),
        "lag" => runner::seeds(wish.threads, wish.from, number(20_000), Story::Lag),
        "people" => runner::seeds(wish.threads, wish.from, number(20_000), Story::People),
        "rate" => {
            runner::seeds(wish.threads, 0, number(5_000), |_| Story::Named { name: "ten+once".to_owned(), local: true })
        }
        _ => Campaign::default(),
    }
}
