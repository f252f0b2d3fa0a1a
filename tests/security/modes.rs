//! Files that only some commands write: what was fetched and locked, what drift was accepted, a trace, an export, a saved
//! plan. For their owner alone whatever the umask says (the lock file is shared, and nobody else's to write), and through
//! no link that lies in wait.
#![cfg(unix)]

use super::listener::{Cloud, changed, pass, quick};
use super::programs::{SERVER, far, project};
use crate::modules::{repository, using};
use crate::support::{Project, Run};
use serde_json::json;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The command, started by a shell with that umask.
fn under(umask: &str, inner: &Command) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(inner.get_current_dir().expect("a folder")).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Run::of(command.output().expect("a shell"))
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().expect("there").mode() & 0o777
}

/// Everything below must be its owner's alone.
fn private(folder: &Path, umask: &str) {
    closed(folder, 0o077, umask);
}

/// Nothing below gives others these rights.
fn closed(folder: &Path, rights: u32, umask: &str) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("there").file_type();
        assert!(
            kind.is_symlink() || mode(&path) & rights == 0,
            "umask {umask}: {} has {:o}",
            path.display(),
            mode(&path)
        );
        if kind.is_dir() {
            closed(&path, rights, umask);
        }
    }
}

/// A cloud in which every server is renamed from some moment on, and a project that is applied.
fn drifting() -> (Cloud, Project, Arc<AtomicBool>) {
    let drifts = Arc::new(AtomicBool::new(false));
    let cloud = Cloud::new(quick(Vec::new()), {
        let drifts = Arc::clone(&drifts);
        move |heard, response| {
            let is_list = heard.method == "GET" && heard.target.contains("/servers");
            if !(is_list && drifts.load(Ordering::SeqCst)) {
                return pass(&response);
            }
            changed(&response, |value| {
                let renamed = |item: &mut serde_json::Value| item["name"] = json!("renamed");
                value["data"].as_array_mut().into_iter().flatten().for_each(renamed);
            })
        }
    });
    let project = project(&cloud, SERVER);
    (cloud, project, drifts)
}

const ACCEPTS: &[&str] = &["drift", "--accept", "server.web", "--until", "2099-01-01"];

#[test]
fn what_is_accepted_traced_saved_and_exported_is_for_its_owner_alone() {
    for umask in ["000", "022", "077"] {
        let (_cloud, project, drifts) = drifting();
        for arguments in [
            &["apply", "--yes", "--trace", "trace.jsonl"][..],
            &["state", "export", "copy.json"],
            &["plan", "--destroy", "-o", "plan.json"],
        ] {
            let run = under(umask, &far(&project, arguments));
            assert_eq!(run.code, 0, "{umask}: {}", run.all());
        }
        drifts.store(true, Ordering::SeqCst);
        under(umask, &far(&project, ACCEPTS)).says("Accepted as it is now: server.web");
        for name in ["trace.jsonl", "copy.json", "plan.json", ".cnx/state/far.drift.json"] {
            assert_eq!(mode(&project.path().join(name)), 0o600, "umask {umask}: {name}");
        }
        for folder in [".cnx", ".local"] {
            private(&project.path().join(folder), umask);
        }
        // Again, over files that somebody has opened to all: what is secret in them is closed again.
        for name in ["trace.jsonl", "copy.json", ".cnx/state/far.drift.json"] {
            let all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
            std::fs::set_permissions(project.path().join(name), all).expect("set");
        }
        under(umask, &far(&project, &["plan", "--trace", "trace.jsonl"]));
        under(umask, &far(&project, &["state", "export", "copy.json"]));
        under(umask, &far(&project, ACCEPTS));
        for name in ["trace.jsonl", "copy.json", ".cnx/state/far.drift.json"] {
            assert_eq!(mode(&project.path().join(name)), 0o600, "umask {umask}: {name}, written again");
        }
    }
}

#[test]
fn a_state_that_lies_elsewhere_is_for_its_owner_alone() {
    for umask in ["000", "022", "077"] {
        let program = format!("project \"one\" {{ state = \"../states\" }}\n{SERVER}");
        let all = Project::new(&[("one/main.cnx", &program)]);
        let run = under(umask, &all.command(&["apply", "-C", "one", "--yes"]));
        assert_eq!(run.code, 0, "{umask}: {}", run.all());
        assert_eq!(mode(&all.path().join("states/one/default.db")), 0o600, "{umask}");
        private(&all.path().join("states"), umask);
    }
}

#[test]
fn a_lock_file_is_shared_and_its_owners_to_write() {
    let repository = repository();
    for umask in ["000", "022", "077"] {
        let project = using(repository.path(), "v1");
        let run = under(umask, &project.command(&["check"]));
        assert_eq!(run.code, 0, "{umask}: {}", run.all());
        let lock = mode(&project.path().join("cnx.lock"));
        assert!(lock & 0o022 == 0 && lock & 0o600 == 0o600, "umask {umask}: {lock:o}");
        assert!(umask != "077" || lock == 0o600, "umask {umask}: {lock:o}");
        // What was fetched is no secret; others may not change it.
        closed(&project.path().join(".cnx"), 0o022, umask);
    }
}

#[test]
fn no_link_in_the_place_of_these_files_is_followed() {
    let outside = tempfile::tempdir().expect("a folder");
    let victim = outside.path().join("victim");
    std::fs::write(&victim, "precious").expect("written");
    let untouched = |what: &str| assert_eq!(std::fs::read(&victim).expect("there"), b"precious", "{what}");

    let repository = repository();
    let fetching = using(repository.path(), "v1");
    symlink(&victim, fetching.path().join("cnx.lock")).expect("linked");
    let run = under("022", &fetching.command(&["check"]));
    assert!(!run.all().contains("precious"), "{}", run.all());
    untouched("cnx.lock");

    let (_cloud, project, drifts) = drifting();
    assert_eq!(under("022", &far(&project, &["apply", "--yes"])).code, 0);
    drifts.store(true, Ordering::SeqCst);
    for (place, arguments) in [
        (".cnx/state/far.drift.json", ACCEPTS),
        ("trace.jsonl", &["plan", "--trace", "trace.jsonl"]),
        ("copy.json", &["state", "export", "copy.json"]),
        ("plan.json", &["plan", "-o", "plan.json"]),
    ] {
        symlink(&victim, project.path().join(place)).expect("linked");
        let run = under("022", &far(&project, arguments));
        assert!(!run.all().contains("cnx is broken") && !run.all().contains("precious"), "{place}: {}", run.all());
        untouched(place);
    }
}
