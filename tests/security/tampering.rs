//! Saved plans and state files that somebody changed, went back to an older copy of, or put a foreign id into: refused
//! before anything is changed in the cloud.

use super::listener::{Cloud, changed, quick};
use super::programs::{SERVER, far, ok, project, run};
use crate::support::{Project, Run};
use cnx::model::{RemoteId, Timestamp};
use cnx::state::{JournalEntry, SqliteStore, Store, read_only};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// With all points where `CNX_EVERY_POINT` is set; else so many, beginning elsewhere each day.
fn points(all: usize, some: usize) -> Vec<usize> {
    if std::env::var_os("CNX_EVERY_POINT").is_some() || all <= some {
        return (0..all).collect();
    }
    let stride = all.div_ceil(some);
    let days = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs() / 86_400;
    let begin = usize::try_from(days).unwrap_or(0) % stride;
    (begin..all).step_by(stride).collect()
}

fn refused(project: &Project, cloud: &Cloud, what: &str, codes: &[i32]) -> Run {
    let before = cloud.writes().len();
    let run = run(project, &["apply", "plan.json"]);
    assert!(codes.contains(&run.code), "{what}: {}\n{}", run.code, run.all());
    assert_eq!(cloud.writes().len(), before, "{what}: something was changed");
    run
}

#[test]
fn a_saved_plan_with_any_byte_changed_is_refused() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    ok(&project, &["plan", "-o", "plan.json"]);
    let file = project.path().join("plan.json");
    let good = std::fs::read(&file).expect("saved");
    for at in points(good.len(), 150) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 7);
        std::fs::write(&file, &bad).expect("written");
        refused(&project, &cloud, &format!("byte {at}"), &[1, 5]);
    }
    for (what, bad) in [
        ("cut", good[..good.len() / 2].to_vec()),
        ("without its last byte", good[..good.len() - 1].to_vec()),
        ("with one byte more", [&good[..], b"\n"].concat()),
        ("empty", Vec::new()),
        ("without a seal", String::from_utf8(good.clone()).expect("text").replace("\"seal\"", "\"sael\"").into_bytes()),
    ] {
        std::fs::write(&file, bad).expect("written");
        refused(&project, &cloud, what, &[1, 5]);
    }
    let other = String::from_utf8(good.clone()).expect("text").replace("1 to create", "0 to create");
    std::fs::write(&file, other).expect("written");
    refused(&project, &cloud, "another word", &[5]).says("it was changed since it was saved");
    std::fs::write(&file, &good).expect("written");
    ok(&project, &["apply", "plan.json"]);
    assert!(!cloud.writes().is_empty());
}

/// Changes a saved plan as somebody would who knows how it is sealed.
fn forge(project: &Project, change: impl FnOnce(&mut Value)) {
    let file = project.path().join("plan.json");
    let text = std::fs::read_to_string(&file).expect("saved");
    let mut plan: Value = serde_json::from_str(&text).expect("JSON");
    change(&mut plan);
    plan["seal"] = json!("");
    let unsealed = serde_json::to_string_pretty(&plan).expect("text") + "\n";
    let digest = Sha256::digest(&unsealed);
    let seal: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let sealed = unsealed.replace("\"seal\": \"\"\n}\n", &format!("\"seal\": \"sha256:{seal}\"\n}}\n"));
    std::fs::write(file, sealed).expect("written");
}

/// What somebody might make of a saved plan, and how.
type Change = (&'static str, fn(&mut Value));

#[test]
fn a_forged_plan_does_nothing_that_was_not_agreed_to() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let program = format!("{SERVER}param size: string = \"small\"\noutput size = size\n");
    let project = project(&cloud, &program);
    ok(&project, &["apply", "--yes"]);
    ok(&project, &["plan", "--replace", "server.web", "-o", "plan.json"]);
    let good = std::fs::read(project.path().join("plan.json")).expect("saved");
    let changes: &[Change] = &[
        ("another fingerprint", |plan| plan["fingerprint"] = json!("sha256:00")),
        ("destroys", |plan| plan["choices"]["destroy"] = json!(true)),
        ("replaces nothing", |plan| plan["choices"]["replace"] = json!([])),
        ("excludes", |plan| plan["choices"]["excludes"] = json!(["server.web"])),
        ("targets", |plan| plan["choices"]["targets"] = json!(["server.other"])),
        ("only refreshes", |plan| plan["choices"]["refresh_only"] = json!(true)),
        ("another environment", |plan| plan["choices"]["environment"] = json!("nowhere")),
        ("another parameter", |plan| plan["choices"]["parameters"]["size"] = json!({"raw": "large"})),
        ("another state", |plan| plan["state"]["lineage"] = json!("00000000000000000000000000000000")),
        ("an older state", |plan| plan["state"]["serial"] = json!(1)),
        ("a later state", |plan| plan["state"]["serial"] = json!(99_999)),
        ("another format", |plan| plan["format"] = json!("terraform")),
        ("an older version", |plan| plan["version"] = json!(1)),
        ("a newer version", |plan| plan["version"] = json!(99)),
        ("no choices", |plan| plan["choices"] = json!(null)),
    ];
    for (what, change) in changes {
        std::fs::write(project.path().join("plan.json"), &good).expect("written");
        forge(&project, change);
        refused(&project, &cloud, what, &[1, 5]);
    }
    std::fs::write(project.path().join("plan.json"), &good).expect("written");
    let before = cloud.writes().len();
    let other = run(&project, &["apply", "plan.json", "--approve", "sha256:1234"]);
    assert_eq!((other.code, cloud.writes().len()), (5, before), "{}", other.all());
    // An untouched forgery is the plan itself.
    forge(&project, |_| ());
    ok(&project, &["apply", "plan.json"]);
}

/// What a person is told to approve.
fn approval(project: &Project) -> String {
    let shown = ok(project, &["show", "plan.json"]).all();
    let line = shown.lines().find_map(|line| line.strip_prefix("--approve ")).expect("what to approve");
    line.trim().to_owned()
}

#[test]
fn a_plan_that_shows_something_else_than_it_does_is_refused() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    ok(&project, &["apply", "--yes"]);
    ok(&project, &["plan", "--destroy", "-o", "plan.json"]);
    let good = std::fs::read(project.path().join("plan.json")).expect("saved");
    let real = approval(&project);
    let shown: &[Change] = &[
        ("another text", |plan| plan["text"] = json!("No changes: 1 resource is as declared.\n")),
        ("other steps", |plan| plan["plan"]["steps"] = json!([])),
        ("another sum", |plan| plan["plan"]["changes"] = json!(false)),
        ("another object", |plan| plan["plan"]["steps"][0]["id"] = json!("srv_other")),
    ];
    let unseen: &[Change] = &[
        ("confirms", |plan| plan["choices"]["confirm"] = json!(["*"])),
        ("assumes", |plan| plan["choices"]["assume_gone"] = json!(["*"])),
        ("allows", |plan| plan["choices"]["allow_destroy"] = json!(["*"])),
        ("adopts", |plan| plan["choices"]["adopt_exact"] = json!(true)),
        ("retries", |plan| plan["choices"]["retry_unknown"] = json!(true)),
        ("does not look", |plan| plan["choices"]["refresh"] = json!("none")),
        ("runs", |plan| plan["choices"]["run"] = json!(["*"])),
        ("another time", |plan| plan["created"] = json!("2020-01-01T00:00:00Z")),
    ];
    let before = cloud.writes().len();
    for (what, change) in shown.iter().chain(unseen) {
        std::fs::write(project.path().join("plan.json"), &good).expect("written");
        forge(&project, change);
        let forged = approval(&project);
        assert_ne!(forged, real, "{what}: approved as the real one");
        let swapped = run(&project, &["apply", "plan.json", "--approve", &real]);
        assert_eq!(swapped.code, 5, "{what}: {}", swapped.all());
        if shown.iter().any(|(other, _)| other == what) {
            refused(&project, &cloud, what, &[5]).says("what the file shows is not what");
            let approved = run(&project, &["apply", "plan.json", "--approve", &forged]);
            assert_eq!(approved.code, 5, "{what}: {}", approved.all());
        }
        // Whoever looked at the forgery approved nothing of the real one.
        std::fs::write(project.path().join("plan.json"), &good).expect("written");
        let real_one = run(&project, &["apply", "plan.json", "--approve", &forged]);
        assert_eq!(real_one.code, 5, "{what}: {}", real_one.all());
        assert_eq!(cloud.writes().len(), before, "{what}: something was changed");
    }
    ok(&project, &["apply", "plan.json", "--approve", &real]);
    assert_eq!(cloud.writes().len(), before + 1);
}

#[test]
fn a_plan_is_saved_in_one_place_and_applied_in_another() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    ok(&project, &["apply", "--yes"]);
    project.edit("main.cnx", "us-east-1", "eu-west-2");
    let folder = project.path().display().to_string();
    ok(&project, &["-C", &folder, "plan", "-o", "plan.json"]).says("main.cnx:");
    ok(&project, &["apply", "plan.json"]);
    let again = run(&project, &["apply", "--yes", "--approve", "sha256:1234"]);
    assert_eq!(again.code, 5, "what is approved is compared where nothing is to be done too: {}", again.all());
}

#[test]
fn a_saved_plan_holds_where_only_its_places_moved() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    ok(&project, &["apply", "--yes"]);
    project.edit("main.cnx", "us-east-1", "eu-west-2");
    ok(&project, &["plan", "-o", "plan.json"]);
    let (approved, text) =
        (approval(&project), std::fs::read_to_string(project.path().join("main.cnx")).expect("text"));
    let good = std::fs::read(project.path().join("plan.json")).expect("saved");
    // Moved down by more than a digit, and to the right; and what is done is another thing.
    let moved = format!("{}{}", "# a comment\n".repeat(120), text.replace("region = \"eu", "region =         \"eu"));
    project.write("main.cnx", &moved.replace("eu-west-2", "eu-west-1"));
    refused(&project, &cloud, "another region", &[5]);
    project.write("main.cnx", &moved.replace("standard-8", "standard-16"));
    refused(&project, &cloud, "another size", &[5]);
    project.write("main.cnx", &moved);
    let forgeries: &[Change] = &[
        ("another file", |plan| {
            plan["text"] = json!(plan["text"].as_str().expect("text").replace("(main.cnx", "(other.cnx"))
        }),
        ("another place", |plan| plan["plan"]["steps"][0]["reason"]["place"] = json!("elsewhere")),
        ("a gap", |plan| {
            plan["text"] = json!(plan["text"].as_str().expect("text").replace("(main.cnx", "\n\n\n(main.cnx"))
        }),
    ];
    for (what, change) in forgeries {
        forge(&project, change);
        refused(&project, &cloud, what, &[5]);
        std::fs::write(project.path().join("plan.json"), &good).expect("written");
    }
    assert_eq!(run(&project, &["apply", "plan.json", "--approve", "sha256:1234"]).code, 5);
    let before = cloud.writes().len();
    ok(&project, &["apply", "plan.json", "--approve", &approved]).says("main.cnx:1");
    assert!(cloud.writes().len() > before);
}

#[test]
fn a_saved_plan_is_applied_once_and_to_its_own_state() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    ok(&project, &["plan", "-o", "plan.json"]);
    ok(&project, &["apply", "plan.json"]);
    refused(&project, &cloud, "again", &[5]);
    // The cloud and the program are as they were when the plan was made; the state has gone on.
    ok(&project, &["destroy", "--yes"]);
    refused(&project, &cloud, "again, after a destroy", &[5]).says("cnx::plan::plan_changed");
    let state = project.path().join(".cnx/state");
    std::fs::remove_dir_all(&state).expect("removed");
    ok(&project, &["apply", "--yes"]);
    ok(&project, &["plan", "--destroy", "-o", "plan.json"]);
    std::fs::remove_dir_all(&state).expect("removed");
    refused(&project, &cloud, "the state is gone", &[5]);
}

fn state_of(project: &Project) -> PathBuf {
    project.path().join(".cnx/state/far.db")
}

/// A project whose state holds records, outputs and a history, with its log merged.
fn applied(cloud: &Cloud) -> Project {
    let project = project(cloud, &format!("{SERVER}output address = server.web.ipv4\n"));
    ok(&project, &["apply", "--yes"]);
    project
}

#[test]
fn a_state_with_any_byte_changed_is_never_taken_for_another_one() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = applied(&cloud);
    let good = std::fs::read(state_of(&project)).expect("a state");
    let known = read_only(&state_of(&project)).expect("readable").expect("there");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("state/far.db");
    std::fs::create_dir_all(copy.parent().expect("a parent")).expect("made");
    let (mut told, mut harmless) = (0, 0);
    for at in points(good.len(), 1_500) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&copy, &bad).expect("written");
        match read_only(&copy) {
            Ok(Some(read)) => {
                assert_eq!(read, known, "byte {at} was changed and another state was read");
                harmless += 1;
            }
            Ok(None) => panic!("byte {at} was changed and the state was taken for none"),
            Err(_) => told += 1,
        }
    }
    assert!(told > 50, "{told} told, {harmless} without meaning");
    for length in [0, 1, 100, 4096, good.len() / 2] {
        std::fs::write(&copy, &good[..length]).expect("written");
        std::fs::copy(state_of(&project).with_extension("reserve"), copy.with_extension("reserve")).expect("a copy");
        assert!(read_only(&copy).is_err(), "cut to {length} bytes");
        assert!(SqliteStore::open(&copy, "other").is_err(), "cut to {length} bytes and opened for writing");
        assert_eq!(std::fs::metadata(&copy).expect("there").len(), length as u64, "was laid out anew");
    }
}

#[test]
fn a_state_that_was_edited_by_hand_is_refused() {
    let edits = [
        "UPDATE fact SET body = replace(body, 'srv_', 'srv_0') WHERE section = 'record'",
        "DELETE FROM fact WHERE section = 'record'",
        "INSERT INTO fact SELECT section, name || 'x', body FROM fact WHERE section = 'output'",
        "UPDATE fact SET name = name || 'x' WHERE section = 'record'",
        "UPDATE head SET serial = serial - 1",
        "UPDATE head SET serial = serial + 1",
        "UPDATE head SET pin = NULL",
        "UPDATE head SET pin = replace(pin, '127.0.0.1', '127.0.0.2')",
        "UPDATE head SET lineage = 'ffffffffffffffffffffffffffffffff'",
        "UPDATE head SET next_operation = next_operation + 5",
        "UPDATE head SET epoch = epoch + 1",
        "UPDATE journal SET entry = replace(entry, 'srv_', 'srv_0')",
        "DELETE FROM journal WHERE serial = (SELECT max(serial) FROM journal)",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = 1; UPDATE fact SET body = replace(body, 'srv_', 'srv_0')",
        "PRAGMA user_version = 7",
        "DROP TABLE fact",
        "DELETE FROM head",
    ];
    for edit in edits {
        let cloud = Cloud::honest(quick(Vec::new()));
        let project = applied(&cloud);
        let database = rusqlite::Connection::open(state_of(&project)).expect("a database");
        database.execute_batch(edit).expect(edit);
        database.close().expect("closed");
        let before = cloud.writes().len();
        for arguments in [&["apply", "--yes"][..], &["destroy", "--yes"]] {
            let run = run(&project, arguments);
            assert!([1, 5].contains(&run.code), "{edit}: {}", run.all());
            assert!(run.all().contains("cnx::state::") || run.all().contains("another_cloud"), "{edit}: {}", run.all());
        }
        assert_eq!(cloud.writes().len(), before, "{edit}: something was changed");
    }
}

#[test]
fn an_older_state_is_told_and_stops_everything_that_changes() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = applied(&cloud);
    let older = std::fs::read(state_of(&project)).expect("a state");
    project.edit("main.cnx", "region = \"us-east-1\"\n}", "region = \"us-east-1\"\n  auto_backup = true\n}");
    ok(&project, &["apply", "--yes"]);
    let newer = std::fs::read(state_of(&project)).expect("a state");
    std::fs::write(state_of(&project), older).expect("written");
    let before = cloud.writes().len();
    for arguments in
        [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"], &["run", "server.web", "reboot", "--yes"]]
    {
        let run = run(&project, arguments);
        assert_eq!(run.code, 5, "{}: {}", arguments.join(" "), run.all());
        run.says("cnx::cli::older_state").says("serials");
    }
    assert_eq!(cloud.writes().len(), before, "something was changed");
    // What is there can still be looked at, and the newer one is welcome again.
    assert_eq!(run(&project, &["state", "list"]).code, 0);
    std::fs::write(state_of(&project), newer).expect("written");
    ok(&project, &["plan"]).says("No changes");
}

#[test]
fn an_object_under_a_foreign_id_is_neither_changed_nor_destroyed() {
    // All objects are said to be of one and the same second.
    let cloud = Cloud::new(quick(Vec::new()), |_, response| {
        changed(&response, |value| {
            let same_second = |object: &mut Value| {
                if object["created_at"].is_string() {
                    object["created_at"] = json!("2026-02-01T02:00:00Z");
                }
            };
            match &mut value["data"] {
                Value::Array(items) => items.iter_mut().for_each(same_second),
                data @ Value::Object(_) => same_second(data),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        })
    });
    // Somebody else's server: alike in all that the program says.
    let foreign = project(&cloud, SERVER);
    ok(&foreign, &["apply", "--yes"]);
    let project = applied(&cloud);
    let id = |project: &Project| {
        let known = read_only(&state_of(project)).expect("readable").expect("there");
        known.records.values().next().expect("a record").id.clone()
    };
    let (own, theirs) = (id(&project), id(&foreign));
    inject(&project, &theirs);
    let before = cloud.writes().len();
    let destroyed = run(&project, &["destroy", "--yes"]);
    assert_eq!(destroyed.code, 5, "{}", destroyed.all());
    destroyed.says("cnx::plan::another_object").says(theirs.as_str());
    project.edit("main.cnx", "name   = \"web\"", "name   = \"mine\"");
    let renamed = run(&project, &["apply", "--yes"]);
    assert_eq!(renamed.code, 5, "{}", renamed.all());
    let replaced = run(&project, &["apply", "--yes", "--replace", "server.web"]);
    assert_eq!(replaced.code, 5, "{}", replaced.all());
    assert_eq!(cloud.writes().len(), before, "something was changed");
    assert_ne!(own, theirs);
}

/// Puts another id into a record as cnx itself would write it: what seals the file fits.
fn inject(project: &Project, id: &RemoteId) {
    let store = SqliteStore::open(&state_of(project), "").expect("a store");
    let record = store.load().expect("loaded").records.values().next().expect("a record").clone();
    let observed = cnx::model::Observed {
        id: id.clone(),
        attributes: record.observed.clone(),
        status: record.status.clone(),
        current_job: None,
        etag: None,
    };
    store
        .append(&[
            JournalEntry::Forgotten { address: record.address.clone() },
            JournalEntry::Imported {
                address: record.address,
                kind: record.kind,
                observed,
                applied: record.applied,
                lifecycle: record.lifecycle,
                at: Timestamp(0),
            },
        ])
        .expect("appended");
}

#[test]
fn two_copies_of_one_state_cannot_both_go_on() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = applied(&cloud);
    let copy = Project::new(&[]);
    for (name, bytes) in super::canary::files(project.path()) {
        let below = std::path::Path::new(&name).strip_prefix(project.path()).expect("below").to_owned();
        let target = copy.path().join(&below);
        std::fs::create_dir_all(target.parent().expect("a parent")).expect("made");
        std::fs::write(target, bytes).expect("written");
    }
    project.edit("main.cnx", "region = \"us-east-1\"\n}", "region = \"us-east-1\"\n  auto_backup = true\n}");
    ok(&project, &["apply", "--yes"]);
    // The copy's user is the same one, on the same machine.
    let mut command = far(&copy, &["apply", "--yes"]);
    let run = Run::of(command.env("HOME", project.path()).output().expect("cnx runs"));
    assert_eq!(run.code, 5, "{}", run.all());
    run.says("cnx::cli::older_state");
}

#[test]
fn an_environment_is_no_path() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    for name in ["../../evil", "/etc/evil", "a/b", ".."] {
        let mut command = project.command(&["plan"]);
        command.args(["-e", name]);
        let run = Run::of(command.output().expect("cnx runs"));
        assert_eq!(run.code, 1, "{name}: {}", run.all());
    }
}
