//! Wrong programs, one a file below `tests/wrong`: what cnx says of each stands at its end, `# error: CODE@LINE:COLUMN` (or `warning`), all of
//! it and nothing else. `cnx check` says it, or where it cannot know, `cnx plan` (`# told by plan`). A line `# with: -p NAME=VALUE` gives arguments. `UPDATE_WRONG=1 cargo test` writes what is said; look at every change.

use crate::pages::{Said, run};
use crate::support::{Project, root};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the programs may read.
const FILES: [(&str, &str); 3] = [
    ("deploy.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 deploy@example.com\n"),
    ("greeting.txt", "hello ${name}\n"),
    ("broken.txt", "hello ${name\n"),
];

fn programs() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for folder in std::fs::read_dir(root().join("tests/wrong")).expect("the folder") {
        for file in std::fs::read_dir(folder.expect("an entry").path()).expect("a folder") {
            let path = file.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a program");
            found.insert(path, text);
        }
    }
    found
}

/// `# error: wrong_type@2:11`
fn is_expectation(line: &str) -> bool {
    line.starts_with("# error: ") || line.starts_with("# warning: ")
}

/// What the file says that cnx says, sorted by place.
fn expected(text: &str) -> Vec<String> {
    text.lines().filter(|line| is_expectation(line)).map(str::to_owned).collect()
}

fn found(said: &Said) -> Vec<String> {
    let mut complaints = said.complaints.clone();
    complaints.sort_by_key(|complaint| (complaint.place.is_none(), complaint.place));
    let line = |complaint: &crate::pages::Complaint| {
        let code = complaint.code.rsplit("::").next().unwrap_or_default();
        let place = complaint.place.map_or(String::new(), |place| format!("@{}:{}", place.line, place.column));
        format!("# {}: {code}{place}", complaint.severity)
    };
    complaints.iter().map(line).collect()
}

fn check(text: &str) -> Said {
    let source: String = text.lines().filter(|line| !is_expectation(line)).map(|line| format!("{line}\n")).collect();
    let project = Project::new(&FILES);
    project.write("main.cnx", &source);
    let with = text.lines().find_map(|line| line.strip_prefix("# with: ")).unwrap_or_default();
    let command = if text.lines().any(|line| line == "# told by plan") { "plan" } else { "check" };
    run(&project, &[command].into_iter().chain(with.split_whitespace()).collect::<Vec<_>>())
}

#[test]
fn every_wrong_program_is_told_and_nothing_else() {
    let programs: Vec<(PathBuf, String)> = programs().into_iter().collect();
    let update = std::env::var_os("UPDATE_WRONG").is_some();
    let half = |half: usize| {
        let mut wrong = Vec::new();
        for (path, text) in programs.iter().skip(half).step_by(2) {
            let said = check(text);
            let (found, expected) = (found(&said), expected(text));
            let name = path.strip_prefix(root()).expect("below the root").display();
            if update {
                let source: String =
                    text.lines().filter(|line| !is_expectation(line)).map(|line| format!("{line}\n")).collect();
                let told: String = found.iter().map(|line| format!("{line}\n")).collect();
                std::fs::write(path, source + &told).expect("a written program");
            } else if found != expected {
                wrong.push(format!("{name}\n   found {found:?}\nexpected {expected:?}\n{}", said.text));
            }
            if found.is_empty() {
                wrong.push(format!("{name} is not wrong"));
            }
            if let Some(silent) = said.complaints.iter().find(|complaint| complaint.help.is_empty()) {
                wrong.push(format!("{name}: {} says nothing of what to do", silent.code));
            }
        }
        wrong
    };
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut wrong = half(0);
        wrong.extend(other.join().expect("no program panics"));
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(programs.len() >= 200, "{} programs", programs.len());
}
