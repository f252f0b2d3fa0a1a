//! The threats that each must have a test, and the page that says so in users' words: neither may know what the other
//! does not, and every test that is named must be there.

use crate::support::root;
use std::collections::BTreeSet;
use std::path::Path;

/// Every threat of the design. One without a test fails.
const THREATS: &[&str] = &[
    "Links in answers",
    "Redirects",
    "Plain HTTP",
    "The key in outputs",
    "Secrets that the API sends",
    "Secrets of programs",
    "Files of others",
    "Changed plans",
    "Changed or older states",
    "Terminal escapes",
    "Paths of modules and environments",
    "Programs that blow the parser up",
    "Programs that blow the evaluator up",
    "Answers that are too much",
    "Dependencies",
    "A wrong key destroys or doubles everything",
    "A live key on the wrong target",
    "A process that is killed or stopped",
    "A disk or a network that fails",
];

/// The names of all tests: functions below a test attribute, and those of property tests.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = String::from_utf8(std::fs::read(&path).expect("readable")).expect("text");
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                match line.strip_prefix("fn ").and_then(|rest| rest.split('(').next()) {
                    Some(name) if is_test => drop(found.insert(name.to_owned())),
                    _ => {}
                }
                is_test = line.starts_with("#[test]") || is_test && line.starts_with("#[");
            }
        }
    }
}

/// Threat and named tests, row by row.
fn rows(page: &str) -> Vec<(String, Vec<String>)> {
    let table = page.split("## What is defended").nth(1).expect("a table").split("\n## ").next().expect("its end");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        let tests = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (cells[0].to_owned(), tests)
    })
    .collect()
}

#[test]
fn every_threat_has_its_tests_and_the_page_names_them() {
    let mut known = BTreeSet::new();
    ["src", "tests"].iter().for_each(|folder| tests(&root().join(folder), &mut known));
    assert!(known.len() > 300, "{}", known.len());
    let rows = rows(&std::fs::read_to_string(root().join("docs/security.md")).expect("the page"));
    let threats: Vec<&str> = rows.iter().map(|(threat, _)| threat.as_str()).collect();
    assert_eq!(threats, THREATS);
    let mut named = BTreeSet::new();
    for (threat, tests) in &rows {
        assert!(!tests.is_empty(), "{threat} has no test");
        for test in tests {
            assert!(known.contains(test), "{threat}: there is no test `{test}`");
            named.insert(test.clone());
        }
    }
    let mut own = BTreeSet::new();
    ["tests/security", "tests/kill"].iter().for_each(|folder| tests(&root().join(folder), &mut own));
    own.remove("every_threat_has_its_tests_and_the_page_names_them");
    let missing: Vec<&String> = own.difference(&named).collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
}
