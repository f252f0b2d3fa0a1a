//! The log of all runs that were ever made with `--log`: one line for each mode of a command, committed.

use super::runner::Part;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulation/log.txt");

/// One more line: the day, the commit, the mode, the first seed, runs, failed ones, applies a second.
pub fn add(day: &str, part: &Part, from: u64) {
    let applies = part.campaign.tally.applies as f64 / part.seconds.max(0.001);
    let (mode, runs, failed) = (mode_of(&part.name), part.campaign.tally.runs, part.campaign.failed);
    let line = format!("{day} {} {mode} from {from} runs {runs} failed {failed} applies/s {applies:.0}\n", commit());
    let file = std::fs::OpenOptions::new().create(true).append(true).open(PATH);
    if let Ok(mut file) = file {
        let _ = file.write_all(line.as_bytes());
    }
}

fn mode_of(name: &str) -> &str {
    name.split_once('=').map_or(name, |(mode, _)| mode)
}

/// The commit that the runs were made with; marked where there is more than was committed, the log itself aside.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let named = git(&["rev-parse", "--short", "HEAD"]);
    let is_clean = git(&["diff", "--quiet", "HEAD", "--", ".", ":(exclude)tests/simulation/log.txt"]).is_some();
    named.map_or("unknown".to_owned(), |name| if is_clean { name } else { format!("{name}+") })
}

/// All that was logged, added up by mode: runs and failed ones.
pub fn added_up(text: &str) -> BTreeMap<String, (u64, u64)> {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, mode, "from", _, "runs", runs, "failed", failed, ..] = words.as_slice() else { continue };
        let sum = sums.entry((*mode).to_owned()).or_default();
        sum.0 += runs.parse::<u64>().unwrap_or(0);
        sum.1 += failed.parse::<u64>().unwrap_or(0);
    }
    sums
}

pub fn sum() -> String {
    let text = std::fs::read_to_string(PATH).unwrap_or_default();
    let lines = added_up(&text)
        .into_iter()
        .map(|(mode, (runs, failed))| format!("{mode:12} {runs:>12} runs in all, {failed} of them failed"));
    lines.collect::<Vec<_>>().join("\n")
}
