//! The house rules, checked over the source text: borders between rooms, one home for each third party, sizes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which room may import which: every arrow by name, the rest refused. `cli` may import every room.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("diag", &["model"]),
    ("syntax", &["model", "diag"]),
    ("provider", &["model", "diag", "syntax"]),
    ("program", &["model", "diag", "syntax", "provider"]),
    ("desired", &["model", "diag", "syntax", "provider", "program"]),
    ("state", &["model", "diag"]),
    ("plan", &["model", "diag", "provider", "desired", "state"]),
    ("world", &["model", "emulator"]),
    ("emulator", &["model"]),
    ("cloud", &["model", "diag", "provider", "world"]),
    ("apply", &["model", "diag", "provider", "desired", "state", "plan", "cloud", "world"]),
    ("report", &["model", "diag", "provider", "desired", "state", "plan", "apply", "cloud"]),
];

/// Third parties and the only places that may name them.
const HOMES: &[(&str, &[&str])] = &[
    ("pest", &["src/syntax/"]),
    ("pest_derive", &["src/syntax/"]),
    ("petgraph", &["src/model/dag.rs"]),
    ("similar", &["src/report/"]),
    ("miette", &["src/report/"]),
    ("indicatif", &["src/report/"]),
    ("anstream", &["src/report/"]),
    ("anstyle", &["src/report/"]),
    ("reqwest", &["src/world/"]),
    ("tokio", &["src/world/", "src/cli/", "src/emulator/serve"]),
    ("axum", &["src/emulator/serve"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("rusqlite", &["src/state/"]),
    ("bigdecimal", &["src/model/number.rs"]),
    ("jiff", &["src/model/time.rs"]),
    ("getrandom", &["src/world/"]),
    ("rustix", &["src/world/"]),
    ("rustyline", &["src/world/editor.rs"]),
];

/// Disk, network, time, environment, threads and chance (the order of hash maps): what reaches the outside, and the only places that may.
/// The hash maps named here are only asked what they hold and never walked over; outside of `world` and `serve`, `std::net` is named for the
/// notation of addresses alone.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("std::fs", &["src/world/", "src/emulator/store", "src/emulator/local", "src/emulator/serve", "src/state/"]),
    ("File::open", &["src/world/", "src/emulator/store", "src/state/"]),
    (
        "std::net",
        &[
            "src/world/",
            "src/emulator/serve",
            "src/cloud/endpoint.rs",
            "src/emulator/drift.rs",
            "src/emulator/patterns.rs",
            "src/emulator/schema.rs",
            "src/emulator/views.rs",
            "src/program/library/network.rs",
        ],
    ),
    ("TcpStream", &["src/world/", "src/emulator/serve"]),
    ("TcpListener", &["src/world/", "src/emulator/serve"]),
    ("UdpSocket", &["src/world/"]),
    ("UnixStream", &["src/world/"]),
    ("SystemTime", &["src/world/", "src/emulator/serve"]),
    ("Instant::now", &["src/world/", "src/emulator/serve"]),
    ("std::env::var", &["src/world/"]),
    ("thread::sleep", &["src/world/"]),
    ("thread::spawn", &["src/world/"]),
    ("thread::Builder", &["src/world/"]),
    ("thread::scope", &["src/world/", "src/cli/test/command.rs"]),
    ("spawn_blocking", &["src/cli/answers.rs", "src/cli/consent.rs", "src/emulator/serve.rs"]),
    ("select!", &["src/emulator/serve.rs"]),
    (
        "HashMap",
        &["src/desired/machine.rs", "src/desired/seen.rs", "src/emulator/collection.rs", "src/program/locals.rs"],
    ),
    ("HashSet", &["src/desired/machine.rs", "src/desired/trace.rs"]),
    ("RandomState", &[]),
    ("std::process::exit", &["src/main.rs"]),
    // What is imported in one pair of braces would not be found above.
    ("std::{", &[]),
];

const MAX_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 70;

/// Files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Functions that may be longer (`file:name`), each with its reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").display().to_string();
                let text = String::from_utf8(std::fs::read(&path).expect("readable")).expect("text");
                found.insert(name, text);
            }
        }
    }
    found
}

fn room(file: &str) -> Option<&str> {
    file.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
}

/// Lines that are code: no comment lines.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Only tests may reach across the borders (an emulator under a client).
fn is_test_file(file: &str) -> bool {
    Path::new(file).components().any(|part| part.as_os_str().to_string_lossy().starts_with("test"))
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or("")
}

fn complain(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_import_only_along_the_arrows() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    let rooms: BTreeSet<&str> = allowed.keys().copied().chain(["cli"]).collect();
    let mut wrong = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| !is_test_file(file)) {
        let Some(from) = room(file) else { continue };
        let Some(to) = allowed.get(from) else { continue };
        for (at, line) in code_lines(without_tests(text)) {
            for (place, _) in line.match_indices("crate::") {
                let rest = &line[place + "crate::".len()..];
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name != from && rooms.contains(name.as_str()) && !to.contains(name.as_str()) {
                    wrong.push(format!("{file}:{}: {from} may not import {name}", at + 1));
                }
            }
        }
    }
    complain(&wrong);
}

#[test]
fn every_room_is_in_the_table() {
    let listed: BTreeSet<String> =
        ARROWS.iter().map(|(room, _)| (*room).to_owned()).chain(["cli".to_owned()]).collect();
    let found: BTreeSet<String> = sources().keys().filter_map(|file| room(file).map(str::to_owned)).collect();
    assert_eq!(listed, found);
}

#[test]
fn third_parties_stay_at_home() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (at, line) in code_lines(&text) {
            for (library, homes) in HOMES {
                let named = line
                    .match_indices(&format!("{library}::"))
                    .any(|(place, _)| !line[..place].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
                if named && !homes.iter().any(|home| file.starts_with(home)) {
                    wrong.push(format!("{file}:{}: {library} lives in {}", at + 1, homes.join(", ")));
                }
            }
        }
    }
    complain(&wrong);
}

#[test]
fn only_world_reaches_the_outside() {
    let mut wrong = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| !is_test_file(file)) {
        for (at, line) in code_lines(without_tests(text)) {
            for (name, homes) in OUTSIDE {
                if line.contains(name) && !homes.iter().any(|home| file.starts_with(home)) {
                    wrong.push(format!("{file}:{}: {name} belongs in {}", at + 1, homes.join(", ")));
                }
            }
        }
    }
    complain(&wrong);
}

/// A file that is excused by its full name uses what it is excused for.
#[test]
fn no_excuse_is_left_over() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (name, homes) in OUTSIDE {
        for home in homes.iter().filter(|home| home.ends_with(".rs") && **home != "src/main.rs") {
            let uses = |text: &String| code_lines(without_tests(text)).any(|(_, line)| line.contains(name));
            if !sources.get(*home).is_some_and(uses) {
                wrong.push(format!("{home} does not use {name}"));
            }
        }
    }
    complain(&wrong);
}

#[test]
fn files_say_what_they_are_for_and_stay_small() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{file}: does not begin with //!"));
        }
        let lines = text.lines().count();
        let excused = LONG_FILES.iter().any(|(name, reason)| *name == file && !reason.is_empty());
        if lines > MAX_LINES && !excused {
            wrong.push(format!("{file}: {lines} lines, at most {MAX_LINES}"));
        }
    }
    complain(&wrong);
}

#[test]
fn functions_fit_on_a_page() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (name, line, length) in functions(&text) {
            let excused = LONG_FUNCTIONS.iter().any(|(f, _)| *f == format!("{file}:{name}"));
            if length > MAX_FUNCTION_LINES && !excused {
                wrong.push(format!("{file}:{line}: fn {name} has {length} lines, at most {MAX_FUNCTION_LINES}"));
            }
        }
    }
    complain(&wrong);
}

/// Name, first line and number of lines of each function, by the indent of its closing brace (the code is formatted).
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let Some(place) = trimmed.find("fn ") else { continue };
        let words = &trimmed[..place];
        if !words.split_whitespace().all(|w| w.starts_with("pub") || ["async", "const"].contains(&w)) {
            continue;
        }
        if trimmed.ends_with('}') || trimmed.ends_with(';') {
            continue;
        }
        let closing = format!("{}}}", &line[..line.len() - trimmed.len()]);
        let name: String = trimmed[place + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let Some(end) = lines[at..].iter().position(|l| *l == closing) {
            found.push((name, at + 1, end + 1));
        }
    }
    found
}

#[test]
fn mod_files_hold_no_logic() {
    let mut wrong = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| file.ends_with("/mod.rs")) {
        for (at, line) in code_lines(text) {
            if line.contains("fn ") {
                wrong.push(format!("{file}:{}: logic in a mod.rs", at + 1));
            }
        }
    }
    complain(&wrong);
}

#[test]
fn kinds_have_names_only_in_provider_and_emulator() {
    let kinds = ["compute_instance", "cdn_routing_rule", "cdn_zone", "cdn_purge", "ssh_key", "cdn_analytics"];
    let homes = ["src/provider/", "src/emulator/"];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if is_test_file(&file) || homes.iter().any(|home| file.starts_with(home)) {
            continue;
        }
        for (at, line) in code_lines(without_tests(&text)) {
            if kinds.iter().any(|kind| line.contains(&format!("\"{kind}\""))) {
                wrong.push(format!("{file}:{}: names a kind", at + 1));
            }
        }
    }
    complain(&wrong);
}

#[test]
fn no_machine_paths_and_no_unfinished_marks() {
    let marks = ["todo!(", "unimplemented!(", "FIXME", "XXX", "/root/"];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (at, line) in text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                wrong.push(format!("{file}:{}: {mark}", at + 1));
            }
        }
    }
    complain(&wrong);
}
