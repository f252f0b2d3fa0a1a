//! What every earlier cnx wrote, kept as files: a state, its export, a saved plan, an event stream and an emulator's journal of each
//! format of the state (`tests/formats/NUMBER`). Every later cnx reads them all. A new format adds a folder, made by the last cnx of
//! the old one; nothing in the old ones is ever changed.

use crate::support::{Project, Run, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Oldest first.
fn kept() -> Vec<(u64, PathBuf)> {
    let folders =
        std::fs::read_dir(root().join("tests/formats")).expect("the folder").map(|entry| entry.expect("one").path());
    let number = |path: &Path| path.file_name()?.to_str()?.parse().ok();
    let mut found: Vec<(u64, PathBuf)> =
        folders.map(|path| (number(&path).expect("a format's number"), path)).collect();
    found.sort();
    found
}

/// A project as the old cnx left it.
fn project(folder: &Path) -> Project {
    let project = Project::new(&[]);
    for name in ["main.cnx", "plan.cnxplan", "export.json"] {
        std::fs::copy(folder.join(name), project.path().join(name)).expect("a copy");
    }
    for name in ["state/default.db", "emulator/journal.jsonl"] {
        let path = project.path().join(".cnx").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::copy(folder.join("kept").join(name), path).expect("a copy");
    }
    project
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a file of every format")
}

fn version_of_export(project: &Project) -> u64 {
    project.ok(&["state", "export", "now.json"]);
    let text = std::fs::read_to_string(project.path().join("now.json")).expect("an export");
    serde_json::from_str::<Value>(&text).expect("JSON")["version"].as_u64().expect("a version")
}

#[test]
fn every_format_of_the_state_is_kept_up_to_todays() {
    let kept: Vec<u64> = kept().into_iter().map(|(number, _)| number).collect();
    let fresh = Project::new(&[("main.cnx", "project \"fresh\" {}\noutput word = \"hello\"\n")]);
    fresh.ok(&["apply", "--yes"]);
    assert_eq!(kept.last(), Some(&version_of_export(&fresh)), "today's format has its folder: {kept:?}");
    assert!(kept.windows(2).all(|two| two[0] + 1 == two[1]), "{kept:?}");
}

#[test]
fn what_an_older_cnx_kept_is_read_and_goes_on() {
    for (number, folder) in kept() {
        let project = project(&folder);
        assert_eq!(project.ok(&["state", "list"]).stdout, text(&folder, "list.txt"), "format {number}");
        // The emulator's world is as it was, too.
        project.ok(&["plan", "--detailed-exitcode"]).says("No changes: 5 resources are as declared.");
        let history = project.ok(&["state", "history"]).stdout;
        assert!(history.contains("5 created"), "format {number}: {history}");
        // From the first write on it is today's.
        project.edit("main.cnx", "\"platform\"", "\"edge\"");
        project.ok(&["apply", "--yes"]).says("1 updated");
        project.ok(&["plan", "--detailed-exitcode"]);
        assert_eq!(project.ok(&["state", "list"]).stdout, text(&folder, "list.txt"), "format {number}");
        assert!(version_of_export(&project) >= number);
        project.ok(&["state", "import", "export.json", "--yes", "--older"]);
        project.ok(&["plan"]).says("platform");
    }
}

/// A saved plan belongs to one state at one serial: one of an older form is made anew, and says so.
#[test]
fn a_saved_plan_is_read_or_asked_for_again() {
    for (number, folder) in kept() {
        let project = project(&folder);
        project.edit("main.cnx", "/assets/", "/static/");
        let shown = project.run(&["show", "plan.cnxplan"]);
        let applied = project.run(&["apply", "plan.cnxplan"]);
        for run in [shown, applied] {
            if run.code == 0 {
                run.says("cdn_purge.assets");
            } else {
                assert_eq!(run.code, 1, "format {number}: {}", run.all());
                run.says("plan again");
            }
        }
    }
}

/// By event: every member that was ever written, `end` by its word.
fn members(lines: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines.lines().filter(|line| line.contains("\"cnx-event\"")) {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let of =
            |value: &Value| value.as_object().map(|it| it.keys().cloned().collect::<BTreeSet<_>>()).unwrap_or_default();
        let name = event["event"].as_str().expect("a name").to_owned();
        found.entry(name.clone()).or_default().extend(of(&event));
        if let Some(how) = event["end"]["how"].as_str() {
            found.entry(format!("{name} {how}")).or_default().extend(of(&event["end"]));
        }
    }
    found
}

/// Event streams are read by others: within their version members are added and never left out.
#[test]
fn event_streams_say_all_that_older_ones_said() {
    let today: Run = {
        let (_, folder) = kept().pop().expect("today's");
        Project::new(&[("main.cnx", &text(&folder, "main.cnx"))]).ok(&["apply", "--yes", "--json"])
    };
    let now = members(&today.stdout);
    for (number, folder) in kept() {
        let then = members(&text(&folder, "events.jsonl"));
        assert!(then.len() > 4, "format {number}: {then:?}");
        for (event, members) in then {
            // Whether a job is polled or a budget told depends on the hour.
            let Some(now) = now.get(&event) else {
                assert!(["job", "waiting", "budget"].contains(&event.as_str()), "{event} is not told any more");
                continue;
            };
            assert!(members.is_subset(now), "format {number}, {event}: {members:?} and now {now:?}");
        }
    }
}
