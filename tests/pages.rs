//! The pages of `cnx explain`: every code has one, its examples are true, and every code is reached by some test.

use crate::scenarios::SCENARIOS;
use crate::support::{Project, root};
use cnx::cli::explanations::{Explanation, explanations};
use cnx::report::page::markdown::Sample;
use cnx::report::page::{Block, Place, parse};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// What a command said: its exit code and every complaint with its code and place.
#[derive(Debug, Default)]
pub struct Said {
    pub exit: u8,
    pub complaints: Vec<Complaint>,
    pub text: String,
}

/// One complaint, as its JSON line says it.
#[derive(Clone, Debug)]
pub struct Complaint {
    pub code: String,
    pub severity: String,
    pub place: Option<Place>,
    pub help: String,
}

impl Said {
    fn has(&self, code: &str) -> bool {
        self.complaints.iter().any(|complaint| complaint.code == code)
    }
}

/// A stream that can be read afterwards.
#[derive(Clone, Default)]
pub struct Kept(pub std::sync::Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs cnx in this process, in the project's folder, with an empty home and no keys.
pub fn run(project: &Project, arguments: &[&str]) -> Said {
    let (out, err) = (Kept::default(), Kept::default());
    let mut world = cnx::cli::shell::World::real();
    let home = project.path().display().to_string();
    world.environment.0 = BTreeMap::from([("HOME".to_owned(), home.clone())]);
    let words =
        ["cnx", arguments[0], "-C", &home, "--json", "--no-input"].into_iter().chain(arguments[1..].iter().copied());
    let writer = |kept: &Kept| cnx::report::Writer::new(Box::new(kept.clone()));
    let exit = cnx::cli::run_in(world, writer(&out), writer(&err), words.map(Into::into));
    let text = |kept: &Kept| String::from_utf8(kept.0.lock().expect("no writer panics").clone()).expect("text");
    heard(exit, &text(&out), &text(&err))
}

/// Runs the real binary, as a person would.
fn run_binary(project: &Project, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let mut command = project.command(&[arguments, &["--json"]].concat());
    let run = crate::support::Run::of(command.envs(variables.iter().copied()).output().expect("cnx runs"));
    heard(u8::try_from(run.code).unwrap_or(u8::MAX), &run.stdout, &run.stderr)
}

fn heard(exit: u8, out: &str, err: &str) -> Said {
    let mut said = Said { exit, ..Said::default() };
    for line in out.lines().filter(|line| line.starts_with('{')) {
        let json: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
        collect(&json, &mut said.complaints);
    }
    said.text = format!("{out}{err}");
    said
}

/// Every diagnostic in a JSON value, wherever it stands (a plan holds its warnings).
fn collect(json: &serde_json::Value, into: &mut Vec<Complaint>) {
    match json {
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
        serde_json::Value::Object(members) => {
            if let Some(code) =
                members.get("code").and_then(|code| code.as_str()).filter(|code| code.starts_with("cnx::"))
            {
                let number = |name: &str| Some(members.get("place")?.get(name)?.as_u64()? as usize);
                let place = number("line").zip(number("column")).map(|(line, column)| Place { line, column });
                let text = |name: &str| members.get(name).and_then(|text| text.as_str()).unwrap_or_default().to_owned();
                into.push(Complaint { code: code.to_owned(), severity: text("severity"), place, help: text("help") });
            }
            members.values().for_each(|value| collect(value, into));
        }
        _ => {}
    }
}

fn room(code: &str) -> &str {
    code.split("::").nth(1).unwrap_or_default()
}

fn samples(one: &Explanation) -> Vec<Sample> {
    let blocks = parse(one.text).0.into_iter();
    blocks.filter_map(|block| if let Block::Code(sample) = block { Some(sample) } else { None }).collect()
}

/// Whether an example can be run; the others (`text`) show what a scenario in `tests/scenarios.rs` does.
fn runs(sample: &Sample) -> bool {
    matches!(sample.language.as_str(), "cnx" | "console" | "txt")
}

/// Runs the examples of a page in order. Files have names (` ```cnx main.cnx `) and are kept for what follows; an example without a name is
/// the whole program, for `cnx check` (`cnx plan` for the rooms behind it). A `console` block runs its `$ cnx …` lines; the last one counts.
fn check_page(one: &Explanation, wrong: &mut Vec<String>) -> bool {
    let code = one.code.id;
    let project = Project::new(&[]);
    let mut reached = false;
    for sample in samples(one).iter().filter(|sample| runs(sample)) {
        let said = match perform(&project, code, sample) {
            Some(said) => said,
            None => continue,
        };
        if sample.is("wrong") {
            reached |= said.has(code);
            let mut found: Vec<(String, Option<Place>)> =
                said.complaints.iter().map(|one| (one.code.clone(), one.place)).collect();
            found.sort();
            found.dedup();
            let places = sample.places.iter().map(|place| (code.to_owned(), Some(*place)));
            let mut wanted: Vec<(String, Option<Place>)> = places.collect();
            wanted.sort();
            let fits = if sample.places.is_empty() { said.has(code) } else { found == wanted };
            if !fits {
                wrong.push(format!("{code}: the wrong example should say {wanted:?}, says {}", shown(&said)));
            }
        }
        if sample.is("right") && (said.has(code) || !matches!(said.exit, 0 | 2)) {
            wrong.push(format!("{code}: the right example says {}", shown(&said)));
        }
    }
    reached
}

fn shown(said: &Said) -> String {
    let place =
        |place: &Option<Place>| place.map_or("nowhere".to_owned(), |place| format!("{}:{}", place.line, place.column));
    let complaints: Vec<String> =
        said.complaints.iter().map(|one| format!("{} {}", one.code, place(&one.place))).collect();
    format!("[{}], exit {}\n{}", complaints.join(", "), said.exit, said.text)
}

/// What the sample's command said; nothing where it only writes a file.
fn perform(project: &Project, code: &str, sample: &Sample) -> Option<Said> {
    if sample.language == "console" {
        let mut last = None;
        for line in sample.text.lines() {
            let Some(words) = line.strip_prefix("$ ") else { continue };
            let words = split(words);
            let assigned = words.iter().take_while(|word| word.contains('=') && !word.starts_with('-')).count();
            let variables: Vec<(&str, &str)> =
                words[..assigned].iter().filter_map(|word| word.split_once('=')).collect();
            let words: Vec<&str> = words[assigned..].iter().map(String::as_str).collect();
            match words.as_slice() {
                ["cnx", arguments @ ..] => last = Some(run_binary(project, arguments, &variables)),
                other => assert!(shell(project, other), "{code}: what is {other:?}?"),
            }
        }
        return last;
    }
    if room(code) == "provider" && sample.language == "cnx" {
        return Some(read_provider(&sample.text));
    }
    let name = sample.words.iter().find(|word| word.contains('.') && !word.starts_with('-'));
    project.write(name.map_or("main.cnx", String::as_str), &sample.text);
    if name.is_some() && !sample.is("wrong") && !sample.is("right") {
        return None;
    }
    let flags: Vec<&str> = sample.words.iter().map(String::as_str).filter(|word| word.starts_with("-")).collect();
    let command = if matches!(room(code), "syntax" | "program") { "check" } else { "plan" };
    let arguments: Vec<&str> = [command].into_iter().chain(flags.iter().flat_map(|flag| flag.split('~'))).collect();
    Some(run(project, &arguments))
}

/// What a person does between two commands of cnx, in the project's folder.
fn shell(project: &Project, words: &[&str]) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let path = |name: &str| project.path().join(name);
    match words {
        ["rm", "-r", folder] => std::fs::remove_dir_all(path(folder)).is_ok(),
        ["rm", file] => std::fs::remove_file(path(file)).is_ok(),
        ["mkdir", folder] => std::fs::create_dir_all(path(folder)).is_ok(),
        ["mv", from, to] => std::fs::rename(path(from), path(to)).is_ok(),
        ["cp", from, to] => std::fs::copy(path(from), path(to)).is_ok(),
        ["cp", "-r", from, to] => std::process::Command::new("cp")
            .args(["-r"])
            .args([path(from), path(to)])
            .status()
            .is_ok_and(|it| it.success()),
        ["touch", file] => std::fs::write(path(file), "").is_ok(),
        ["chmod", mode, file] => {
            let bits = u32::from_str_radix(mode, 8).expect("a mode");
            std::fs::set_permissions(path(file), std::fs::Permissions::from_mode(bits)).is_ok()
        }
        ["echo", text, ">", file] => std::fs::write(path(file), format!("{text}\n")).is_ok(),
        ["sed", "-i", edit, file] => {
            let parts: Vec<&str> = edit.split('/').collect();
            let text = std::fs::read_to_string(path(file)).expect("a file");
            std::fs::write(path(file), text.replace(parts[1], parts[2])).is_ok() && text.contains(parts[1])
        }
        _ => false,
    }
}

/// The words of a command line; quotes hold blanks together.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().expect("one word at least").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Reads a provider file.
fn read_provider(text: &str) -> Said {
    let mut sources = cnx::model::SourceMap::default();
    let file = sources.add("provider.cnx", text);
    let parsed = cnx::syntax::parse(file, text);
    let mut found = parsed.diagnostics;
    found.append(cnx::provider::read(&parsed.ast).err().unwrap_or_default());
    let place = |diagnostic: &cnx::diag::Diagnostic| {
        let (line, column) = sources.line_column(diagnostic.primary.as_ref()?.span);
        Some(Place { line, column })
    };
    let complaints = found
        .0
        .iter()
        .map(|one| Complaint {
            code: one.code.id.to_owned(),
            severity: String::new(),
            place: place(one),
            help: one.help.clone(),
        })
        .collect();
    Said { exit: u8::from(found.has_errors()), complaints, text: String::new() }
}

#[test]
fn every_code_has_a_page_with_a_wrong_and_a_right_example() {
    let mut wrong = Vec::new();
    for one in explanations() {
        let samples = samples(&one);
        let lacks = ["wrong", "right"].into_iter().filter(|word| !samples.iter().any(|sample| sample.is(word)));
        for word in lacks {
            let (id, title, room) = (one.code.id, one.code.title, room(one.code.id));
            wrong.push(format!(
                "docs/errors/{room}.md lacks a {word} example of {id} ({title}): below a line `## {id}` write what it means, why it \
                 is an error and what to do, then a block ```cnx wrong LINE:COLUMN and a block ```cnx right"
            ));
        }
    }
    let known: BTreeSet<&str> = explanations().map(|one| one.code.id).collect();
    for entry in std::fs::read_dir(root().join("docs/errors")).expect("the folder") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a page");
        for heading in text.lines().filter_map(|line| line.strip_prefix("## ")) {
            if !known.contains(heading) {
                wrong.push(format!("docs/errors tells of {heading}, which is no code"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_is_true_and_every_code_is_reached() {
    let all: Vec<Explanation> = explanations().collect();
    let only = std::env::var("CNX_CODE").ok();
    let chosen = |one: &&Explanation| only.as_ref().is_none_or(|only| one.code.id.contains(only.as_str()));
    let chosen: Vec<&Explanation> = all.iter().filter(chosen).collect();
    let half = |half: usize| {
        let (mut wrong, mut reached) = (Vec::new(), BTreeSet::new());
        for one in chosen.iter().skip(half).step_by(2) {
            if check_page(one, &mut wrong) {
                reached.insert(one.code.id.to_owned());
            }
        }
        (wrong, reached)
    };
    let (mut wrong, mut reached) = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let (mut wrong, mut reached) = half(0);
        let (more, others) = other.join().expect("no example panics");
        wrong.extend(more);
        reached.extend(others);
        (wrong, reached)
    });
    for (code, scenario) in
        SCENARIOS.iter().filter(|(code, _)| only.as_ref().is_none_or(|only| code.contains(only.as_str())))
    {
        let said = scenario();
        if said.iter().any(|other| other == code) {
            reached.insert((*code).to_owned());
        } else {
            wrong.push(format!("{code}: its scenario in tests/scenarios.rs gives {said:?}"));
        }
    }
    for one in chosen.iter().filter(|one| !reached.contains(one.code.id)) {
        let (id, room) = (one.code.id, room(one.code.id));
        wrong.push(format!(
            "no test reaches {id}: give its page in docs/errors/{room}.md a `cnx` or `console` example that cnx answers with it, or add \
             (\"{id}\", scenario) to SCENARIOS in tests/scenarios.rs; if nothing can say it, remove the code"
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
