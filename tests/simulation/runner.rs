//! What the command does: modes, figures, the table of planted bugs, replay, and the log that adds up.

use super::campaign::{self, Campaign, Finding};
use super::case::{Case, Story};
use super::faults;
use super::life::{Look, Plot};
use super::log;
use super::modes;
use super::planted::{self, Bug};
use super::tally::Tally;
use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs in which a planted bug must show.
pub const PLANTED_RUNS: u64 = 2_000;

/// One mode's part of a report.
#[derive(Debug)]
pub struct Part {
    pub name: String,
    pub campaign: Campaign,
    pub seconds: f64,
}

pub fn single(threads: usize) -> Campaign {
    campaign::all(threads, &modes::single())
}

/// All pairs; `stride` takes every so manieth first fault.
pub fn double(threads: usize, stride: usize) -> Campaign {
    let firsts = modes::double(stride);
    campaign::spread(threads, firsts.len(), |piece, campaign| {
        let (story, first) = &firsts[piece];
        modes::seconds(story, first).into_iter().for_each(|case| campaign.live(case));
    })
}

pub fn kills(threads: usize) -> Campaign {
    let firsts = modes::kills();
    campaign::spread(threads, firsts.len(), |piece, campaign| {
        let (story, first) = &firsts[piece];
        modes::second_kills(story, first).into_iter().for_each(|case| campaign.live(case));
    })
}

pub fn seeds(threads: usize, from: u64, count: u64, story: impl Fn(u64) -> Story + Sync) -> Campaign {
    const PIECE: u64 = 100;
    campaign::spread(threads, count.div_ceil(PIECE) as usize, |piece, campaign| {
        let begin = from + piece as u64 * PIECE;
        for seed in begin..(begin + PIECE).min(from + count) {
            campaign.live(Case::of(story(seed)));
        }
    })
}

/// A planted bug, what it is in words, and after how many runs which invariant caught it.
#[derive(Debug)]
pub struct Caught {
    pub bug: Bug,
    pub words: &'static str,
    pub found: Option<(u64, &'static str)>,
}

/// In how many runs each planted bug was caught, and by which invariant.
pub fn planted(threads: usize, runs: u64) -> Vec<Caught> {
    let next = AtomicUsize::new(0);
    let caught = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((bug, words, ..)) = planted::ALL.get(at) else { break };
                    let found = catch(*bug, 0..runs);
                    caught.lock().expect("no thread panics").push((at, *bug, *words, found));
                }
            });
        }
    });
    let mut caught = caught.into_inner().expect("no thread panics");
    caught.sort_by_key(|(at, ..)| *at);
    caught.into_iter().map(|(_, bug, words, found)| Caught { bug, words, found }).collect()
}

/// The first of these seeds that catches the bug, counted from 1, and the invariant that did.
pub fn catch(bug: Bug, seeds: Range<u64>) -> Option<(u64, &'static str)> {
    seeds.into_iter().find_map(|seed| {
        let look = Look { canary: bug == Bug::PrintsTheKey, ..Look::default() };
        let lived = Case::of(Story::Planted(bug, seed)).run(look);
        // It counts only where the engine without the bug lives through the same.
        let found = lived.violations.first()?;
        let sound = Case::of(Story::Sound(bug, seed)).run(look);
        sound.violations.is_empty().then_some((seed + 1, found.invariant))
    })
}

pub fn planted_table(caught: &[Caught]) -> String {
    let mut text = format!("{:58} {:9} {:>10}\n", "planted bug", "caught by", "after runs");
    for Caught { words, found, .. } in caught {
        let (invariant, runs) =
            found.map_or(("MISSED", String::new()), |(runs, invariant)| (invariant, runs.to_string()));
        let _ = writeln!(text, "{words:58} {invariant:9} {runs:>10}");
    }
    text
}

/// Figures of one campaign, 80 columns wide.
pub fn figures(part: &Part) -> String {
    let Tally {
        runs,
        applies,
        requests,
        commits,
        kills,
        recoveries,
        asked,
        late,
        rollbacks,
        repeats,
        faults,
        journals,
        pages: _,
    } = &part.campaign.tally;
    let injected: u64 = faults.values().sum();
    let seconds = part.seconds.max(0.001);
    let (name, failed, distinct) = (&part.name, part.campaign.failed, journals.len());
    let rate = *applies as f64 / seconds;
    format!(
        "{name}\n\
         {runs:>12} runs     {applies:>12} applies   {requests:>12} requests\n\
         {injected:>12} faults   {kills:>12} kills     {recoveries:>12} recoveries\n\
         {commits:>12} commits  {distinct:>12} journals  {asked:>12} asked\n\
         {late:>12} late     {rollbacks:>12} rollbacks {repeats:>12} repeats\n\
         {failed:>12} failed   {rate:>12.0} applies/s {seconds:>7.1} s\n"
    )
}

/// Applies a second, where each run is one apply that makes ten objects.
pub fn rate(part: &Part, threads: usize) -> String {
    let applies = part.campaign.tally.runs - part.campaign.failed;
    let rate = applies as f64 / part.seconds.max(0.001);
    format!("{rate:.0} applies a second on {threads} threads, each of which makes ten objects")
}

/// Faults by kind, those that never happened included.
pub fn faults_by_kind(tally: &Tally) -> String {
    let mut text = String::new();
    for (at, fault) in faults::ALL.iter().enumerate() {
        let count = tally.faults.get(fault).copied().unwrap_or(0);
        let name = format!("{fault:?}");
        let _ = write!(text, "{name:17}{count:>8}{}", if at % 3 == 2 { "\n" } else { "  " });
    }
    text
}

/// What a story is about, beside the choices of its run.
fn plot_of(case: &Case) -> String {
    let Plot {
        name,
        settings,
        programs,
        seed,
        rivals,
        stubborn,
        clock_jumps,
        other_account_at,
        stranger_first,
        rolls_back,
        once,
        sweeps_again,
        examined,
        bug,
    } = case.story.plot().0;
    let mut text = format!("{name}: {} programs, seed {seed}, {stubborn} starts each", programs.len());
    let traits = [
        ("rivals", rivals),
        ("clock jumps", clock_jumps),
        ("a stranger first", stranger_first),
        ("rolls back", rolls_back),
        ("once", once),
        ("sweeps again", sweeps_again),
        ("examined", examined),
    ];
    traits.iter().filter(|(_, is_so)| *is_so).for_each(|(name, _)| text.extend([", ", name]));
    text.extend(other_account_at.map(|at| format!(", another account at start {at}")));
    text.extend(bug.map(|bug| format!(", {bug:?}")));
    format!("{text}; {settings:?}")
}

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulation/regressions.txt");

/// Adds a run to those that `cargo test` repeats, where the sources can be written. Whether it did.
fn keep(small: &Case, why: &str) -> bool {
    let line = small.to_string();
    let known = std::fs::read_to_string(REGRESSIONS).unwrap_or_default();
    if known.lines().any(|other| other == line) {
        return false;
    }
    let file = std::fs::OpenOptions::new().append(true).open(REGRESSIONS);
    file.is_ok_and(|mut file| file.write_all(format!("# {why}\n{line}\n").as_bytes()).is_ok())
}

/// A failure made small, with the commit, what it is about and the command that repeats it; with `keeps` it is added to the
/// runs that failed once.
pub fn finding(found: &Finding, keeps: bool) -> String {
    let small = found.case.shrunk();
    let lived = small.run(Look::default());
    let violations = if lived.violations.is_empty() { &found.violations } else { &lived.violations };
    let mut text = String::new();
    for violation in violations.iter().take(3) {
        let _ = writeln!(text, "  {}: {}", violation.invariant, violation.what);
    }
    let commit = log::commit();
    let _ = writeln!(text, "  at {commit}, {}", plot_of(&small));
    let _ = writeln!(text, "  cargo bench --bench simulation -- replay '{small}'");
    let why = violations.first().map(|first| format!("{} at {commit}: {}", first.invariant, first.what));
    if keeps && why.is_some_and(|why| keep(&small, why.lines().next().unwrap_or_default())) {
        let _ = writeln!(text, "  added to tests/simulation/regressions.txt");
    }
    text
}

/// What a run did, line by line, and what did not hold.
pub fn replay(case: &Case) -> String {
    let lived = case.run(Look { log: true, ..Look::default() });
    let mut text = lived.log.join("\n");
    text.push('\n');
    for violation in &lived.violations {
        let _ = writeln!(text, "{}: {}", violation.invariant, violation.what);
    }
    text
}
