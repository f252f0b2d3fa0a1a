//! Runs the simulation and prints its figures.
//!
//! `cargo bench --bench simulation [-- MODE… [--from SEED] [--threads N] [--log]]`; modes are `single`, `double[=STRIDE]`,
//! `kills`, `swarm=RUNS`, `order=RUNS`, `rivals=RUNS`, `planted`, `rate`; without any: all of them, as CI runs them.
//! `replay CASE` repeats one run and prints what happened.

#![expect(clippy::print_stdout, reason = "a runner prints its figures")]

#[path = "../tests/generate.rs"]
mod generate;
#[path = "../tests/simulation/mod.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod simulation;

use simulation::campaign::Campaign;
use simulation::case::{Case, Story};
use simulation::runner::{self, Part};
use std::io::Write;
use std::time::Instant;

const DEFAULT: &[&str] = &["single", "double", "kills", "order=20000", "rivals=20000", "swarm=200000", "planted"];

/// What the arguments say.
struct Wish {
    modes: Vec<String>,
    from: u64,
    threads: usize,
    log: bool,
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [word, case] = arguments.as_slice()
        && word == "replay"
    {
        return match Case::parse(case) {
            Some(case) => println!("{}", runner::replay(&case)),
            None => println!("this is no case: {case}"),
        };
    }
    let wish = wish(&arguments);
    let mut total = Campaign::default();
    let mut missed = 0;
    for mode in &wish.modes {
        if mode == "planted" {
            let caught = runner::planted(wish.threads, runner::PLANTED_RUNS);
            missed += caught.iter().filter(|caught| caught.found.is_none()).count();
            println!("\n{}", runner::planted_table(&caught));
            continue;
        }
        let begin = Instant::now();
        let campaign = run(mode, &wish);
        let part = Part { name: mode.clone(), campaign, seconds: begin.elapsed().as_secs_f64() };
        println!("{}", runner::figures(&part));
        if wish.log {
            log(&part, wish.from);
        }
        total.add(part.campaign);
    }
    println!("\n{}", runner::faults_by_kind(&total.tally));
    println!(
        "{} distinct journals (hash over the sequence of entries: kind, operation, address, class; no ids, no times)",
        total.tally.journals.len()
    );
    for found in total.findings.iter().take(8) {
        println!("\n{}\n{}", found.case, runner::finding(found));
    }
    if total.failed > 0 || missed > 0 {
        println!("{} runs failed, {missed} planted bugs were missed", total.failed);
        std::process::exit(1);
    }
}

fn wish(arguments: &[String]) -> Wish {
    let mut wish = Wish { modes: Vec::new(), from: 0, threads: 2, log: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || rest.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        match argument.as_str() {
            "--from" => wish.from = number(),
            "--threads" => wish.threads = number() as usize,
            "--log" => wish.log = true,
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
        "order" => runner::seeds(wish.threads, wish.from, number(20_000), Story::Order),
        "rivals" => runner::seeds(wish.threads, wish.from, number(20_000), Story::Rivals),
        "rate" => {
            runner::seeds(wish.threads, 0, number(5_000), |_| Story::Named { name: "ten".to_owned(), local: true })
        }
        _ => Campaign::default(),
    }
}

/// One more line in the log of all runs.
fn log(part: &Part, from: u64) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulation/log.txt");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    if let Ok(mut file) = file {
        let _ = writeln!(file, "from {from:<10} {}", runner::figures(part));
    }
}
