//! Tables and lists of names that somebody else chose: candidates of a question, drift, imports, what carries a mark,
//! history, the state's list. Of control characters nothing reaches the terminal.

use super::escapes::{NASTY, check, literal};
use super::listener::{Cloud, Heard, answer, changed, pass, quick};
use super::programs::{SERVER, far, ok, project};
use crate::support::Project;
use cnx::model::http::Response;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// All that leads terminals astray, some at once.
fn nasty() -> Vec<Arc<str>> {
    NASTY.chunks(9).map(|some| Arc::from(some.concat())).collect()
}

/// Names and values of every object become that text; what tells one from another stays.
fn rename(value: &mut Value, said: &str) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match (name.as_str(), &member) {
                    ("id" | "status" | "created_at" | "plan" | "type" | "image" | "region" | "ipv4", _) => {}
                    ("tags", Value::Object(_)) => member[said] = json!(said),
                    ("job_id" | "meta" | "pagination" | "resource", _) => {}
                    (_, Value::String(_)) => *member = json!(said),
                    (_, _) => rename(member, said),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, said)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_object(heard: &Heard) -> bool {
    heard.method == "GET" && ["/servers", "/instances"].iter().any(|part| heard.target.contains(part))
}

/// Runs each, looks at every character, and demands that the words were said at least once.
fn all(what: &str, project: &Project, commands: &[&[&str]], words: &[&str]) {
    let said: String = commands.iter().map(|arguments| check(what, far(project, arguments))).collect();
    for word in words {
        assert!(said.contains(word), "{what}: {word:?} was never shown\n{said}");
    }
}

#[test]
fn candidates_of_a_question_are_shown_as_text() {
    for said in nasty() {
        let cloud = Cloud::new(quick(Vec::new()), {
            let said = Arc::clone(&said);
            move |heard: &Heard, response: Response| match heard.target.split('?').next() {
                // Carried out, and no answer.
                Some("/v1/servers") if heard.method == "POST" => Vec::new(),
                Some("/v1/jobs") => answer(404, &[], b"{}"),
                _ if is_object(heard) => changed(&response, |value| {
                    rename(value, &said);
                    for item in value["data"].as_array_mut().into_iter().flatten() {
                        item["id"] = json!(format!("srv_{said}"));
                    }
                }),
                _ => pass(&response),
            }
        });
        let project = project(&cloud, SERVER);
        let commands: &[&[&str]] = &[
            &["apply", "--yes", "--color", "always"],
            &["recover"],
            &["recover", "--json"],
            &["recover", "--color", "always", "-v"],
            &["state", "list"],
            &["state", "list", "--json"],
            &["plan"],
            &["plan", "--json"],
            &["state", "history", "--entries"],
            &["state", "history", "--entries", "--json"],
        ];
        let shown =
            ["asked for", "--answer 'server.web=srv_", "cnx-question", "Open: the create of server.web", "asked"];
        all("candidates", &project, commands, &shown);
    }
}

/// A cloud that calls every object so, from when the flag is set.
fn renaming(said: &Arc<str>) -> (Cloud, Arc<AtomicBool>) {
    let renames = Arc::new(AtomicBool::new(false));
    let cloud = Cloud::new(quick(Vec::new()), {
        let (said, renames) = (Arc::clone(said), Arc::clone(&renames));
        move |heard: &Heard, response: Response| {
            let is_renamed = is_object(heard) && renames.load(Ordering::SeqCst);
            if is_renamed { changed(&response, |value| rename(value, &said)) } else { pass(&response) }
        }
    });
    (cloud, renames)
}

#[test]
fn drift_imports_marks_and_histories_are_shown_as_text() {
    for said in nasty() {
        let (cloud, renames) = renaming(&said);
        let key = literal(&said);
        let instance = "compute_instance jump for key in [KEY] {\n  name   = \"jump\"\n  type   = \"standard-2x4\"\n  \
                        region = \"us-east-1\"\n  image  = \"ubuntu-22.04-lts\"\n  tags   = { team = \"a\" }\n}\n"
            .replace("KEY", &key);
        let project = project(&cloud, &format!("{SERVER}{instance}"));
        check("first", far(&project, &["apply", "--yes"]));
        renames.store(true, Ordering::SeqCst);
        let commands: &[&[&str]] = &[
            &["drift"],
            &["drift", "--color", "always"],
            &["drift", "--json"],
            &["plan", "--color", "always"],
            &["plan", "--refresh-only"],
            &["drift", "--accept", "*", "--until", "2099-01-01"],
            &["drift"],
            &["state", "list"],
            &["state", "list", "--json"],
            &["state", "show", "*"],
            &["why", "server.web"],
            &["graph"],
            &["graph", "--format", "mermaid"],
            &["graph", "--format", "svg"],
            &["graph", "--json"],
            &["destroy", "--yes"],
            &["state", "history", "--entries", "--color", "always"],
            &["state", "history", "--entries", "--json"],
        ];
        all(
            "drift",
            &project,
            commands,
            &["Changed outside cnx", "cnx-drift", "Accepted", "server.web", "cnx-history"],
        );
    }
}

#[test]
fn what_is_imported_and_what_carries_a_mark_is_shown_as_text() {
    for said in nasty() {
        let (cloud, renames) = renaming(&said);
        let instance = "compute_instance jump {\n  name   = \"jump\"\n  type   = \"standard-2x4\"\n  region = \"us-east-1\"\n  \
                        image  = \"ubuntu-22.04-lts\"\n}\n";
        let owner = project(&cloud, &format!("{SERVER}{instance}"));
        ok(&owner, &["apply", "--yes"]);
        let listed = ok(&owner, &["state", "list"]).stdout;
        let id = listed.split_whitespace().find(|word| word.starts_with("srv_")).expect("an id").to_owned();
        renames.store(true, Ordering::SeqCst);
        // Another project takes the server in.
        let other = project(&cloud, &format!("{SERVER}import server.web = \"{id}\"\n"));
        let commands: &[&[&str]] = &[
            &["plan", "--color", "always"],
            &["plan", "--json"],
            &["apply", "--yes"],
            &["state", "list"],
            &["state", "show", "server.web"],
            &["state", "history", "--entries"],
        ];
        all("import", &other, commands, &["import"]);
        // The first one's state is lost.
        std::fs::remove_dir_all(owner.path().join(".cnx")).expect("removed");
        let commands: &[&[&str]] = &[
            &["plan"],
            &["plan", "--json"],
            &["recover", "--from-cloud", "--no-input"],
            &["recover", "--from-cloud", "--yes", "--json"],
            &["state", "list"],
        ];
        all("marks", &owner, commands, &["made_before", "compute_instance.jump"]);
    }
}
