//! The front end by size of the program: parsing beside `hcl-edit`, checking, evaluating, formatting.
//! `cargo bench --bench front` measures 1, 10 and 100 MB in files of a megabyte; `cargo bench --bench front -- 10` one size. With
//! `once parse`, `once check`, `once evaluate`, `once hcl-edit`, `once format` or `once nothing` it makes one pass (with those that it
//! needs before it), to be run under `valgrind --tool=callgrind`.

#![expect(clippy::print_stdout, reason = "its output is the result")]

#[path = "front/programs.rs"]
mod programs;

use cnx::desired::{Inputs, evaluate};
use cnx::model::FileId;
use cnx::program::{Program, check};
use cnx::provider::cloudnexus;
use cnx::syntax::{Parsed, format, parse};
use cnx::world::in_parallel;
use programs::Pair;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const SIZES: &[usize] = &[1, 10, 100];

/// Nanoseconds for which this thread has run on a processor.
fn ran() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

/// What work takes of one processor, which others on the machine change little; where that can't be read, its time.
fn seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let (began, before) = (Instant::now(), ran());
    let result = work();
    let ran = ran().zip(before).map(|(after, before)| (after - before) as f64 / 1e9);
    (ran.unwrap_or_else(|| began.elapsed().as_secs_f64()), result)
}

/// What work takes of time, by however many threads.
fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    black_box(work());
    began.elapsed().as_secs_f64()
}

/// Peak resident memory of this process in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    peak.unwrap_or(0_u64) >> 10
}

/// The least of several times: what the work takes where nothing else runs.
fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What one file takes, as the least of several rounds; the three take turns, so that a busy machine slows all alike.
#[derive(Default)]
struct File {
    cnx: Vec<f64>,
    hcl: Vec<f64>,
    format: Vec<f64>,
}

fn measure_files(files: &[Pair], rounds: usize) -> Vec<File> {
    let measure = |(number, file): (usize, &Pair)| {
        let mut times = File::default();
        for _ in 0..rounds {
            let (time, parsed) = seconds(|| parse(FileId(number as u32), &file.cnx));
            assert!(parsed.diagnostics.is_empty(), "a well-formed text");
            times.cnx.push(time);
            drop(parsed);
            let (time, body) = seconds(|| hcl_edit::parser::parse_body(&file.hcl).expect("a well-formed text"));
            times.hcl.push(time);
            drop(body);
            let (time, text) = seconds(|| format(FileId(number as u32), &file.cnx).expect("a well-formed text"));
            times.format.push(time);
            drop(black_box(text));
        }
        times
    };
    files.iter().enumerate().map(measure).collect()
}

fn parse_all(files: &[Pair]) -> Vec<Parsed> {
    let texts = files.iter().enumerate().collect();
    in_parallel(texts, |(number, file): (usize, &Pair)| parse(FileId(number as u32), &file.cnx))
}

fn one(megabytes: usize) {
    let files = programs::files(megabytes);
    let size = |text: fn(&Pair) -> &str| files.iter().map(|file| text(file).len()).sum::<usize>() as f64 / 1e6;
    let (cnx, hcl) = (size(|file| &file.cnx), size(|file| &file.hcl));
    let rounds = (30 / megabytes).max(5);
    let times = measure_files(&files, rounds);
    let total = |of: fn(&File) -> &Vec<f64>| times.iter().map(|file| least(of(file))).sum::<f64>();
    let (ours, theirs, formatted) = (total(|file| &file.cnx), total(|file| &file.hcl), total(|file| &file.format));
    let pairs = times.iter().flat_map(|file| file.cnx.iter().zip(&file.hcl));
    let ratio = median(pairs.map(|(ours, theirs)| (cnx / ours) / (hcl / theirs)).collect());

    let parallel: Vec<f64> = (0..rounds.min(5)).map(|_| time(|| parse_all(&files))).collect();
    let trees: Vec<_> = parse_all(&files).into_iter().map(|parsed| parsed.ast).collect();
    let (mut checks, mut evaluations) = (Vec::new(), Vec::new());
    let again = if megabytes > 10 { 3 } else { 7 };
    for _ in 0..again {
        let (time, (program, found)) = seconds(|| check(&trees, cloudnexus()));
        assert!(found.is_empty(), "{:?}", found.0.first());
        checks.push(time);
        let inputs = Inputs { project_name: "bench".to_owned(), ..Inputs::default() };
        let (time, (desired, found)) = seconds(|| evaluate(Arc::new(program), &inputs));
        assert!(!found.has_errors(), "{:?}", found.0.first());
        evaluations.push(time);
        drop(desired);
    }
    println!(
        "{cnx:>5.0} {:>8.1} {:>9.1} {ratio:>9.2} {:>8.1} {:>10.1} {:>8.1} {:>9.1} {:>10.2} {:>10.2} {:>9}",
        cnx / ours,
        hcl / theirs,
        cnx / least(&parallel),
        cnx / least(&checks),
        cnx / least(&evaluations),
        cnx / formatted,
        formatted / ours,
        least(&checks) / ours,
        peak(),
    );
}

fn checked(file: &Pair) -> Program {
    let (program, found) = check(&[parse(FileId(0), &file.cnx).ast], cloudnexus());
    assert!(found.is_empty(), "{:?}", found.0.first());
    program
}

/// One pass over one file and nothing else, for a counter of instructions.
fn once(what: &str) {
    let file = programs::files(1).remove(0);
    match what {
        "parse" => drop(black_box(parse(FileId(0), &file.cnx))),
        "hcl-edit" => drop(black_box(hcl_edit::parser::parse_body(&file.hcl))),
        "format" => drop(black_box(format(FileId(0), &file.cnx))),
        "check" => drop(black_box(checked(&file))),
        "evaluate" => {
            let inputs = Inputs { project_name: "bench".to_owned(), ..Inputs::default() };
            drop(black_box(evaluate(Arc::new(checked(&file)), &inputs)));
        }
        _ => {}
    }
}

fn main() {
    if let Some(what) = std::env::args().skip_while(|word| word != "once").nth(1) {
        return once(&what);
    }
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    println!(
        "   MB    parse  hcl-edit  cnx/hcl  2 cores      check evaluate    format  fmt/parse  chk/parse  peak MiB   (MB/s of a processor; of both by the clock)"
    );
    for size in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        one(size);
    }
}
