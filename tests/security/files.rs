//! What cnx writes: for its owner alone whatever the umask says, through no link that lies in wait, and nothing of its memory.
#![cfg(unix)]

use super::canary::files;
use super::listener::{Cloud, quick};
use super::programs::{KEY, SERVER, at, far, project};
use crate::support::{Project, Run, root};
use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One run of everything that writes, on the embedded emulator.
const WRITING: &[&[&str]] = &[
    &["emulator", "reset"],
    &["apply", "--yes"],
    &["plan", "-o", "plan.json", "--trace", "trace.jsonl"],
    &["state", "export", "copy.json"],
    &["init", "first"],
];

fn under(umask: &str, project: &Project, arguments: &[&str]) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_cnx")]).args(arguments);
    command.current_dir(project.path()).env_clear().env("HOME", project.path()).stdin(Stdio::null());
    Run::of(command.output().expect("a shell"))
}

/// Every path below a folder, folders too.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.symlink_metadata().expect("there").is_dir() {
            found.extend(paths(&path));
        }
        found.push(path);
    }
    found
}

#[test]
fn what_is_written_is_for_its_owner_alone() {
    for umask in ["000", "022", "077"] {
        let project = Project::new(&[("main.cnx", SERVER)]);
        for arguments in WRITING {
            let run = under(umask, &project, arguments);
            assert_eq!(run.code, 0, "{umask}: {}", run.all());
        }
        let written = paths(project.path());
        for name in [
            "dev.db",
            "default.db",
            "journal.jsonl",
            "requests.jsonl",
            "default.lock",
            "default.reserve",
            "default.serial",
            "plan.json",
            "trace.jsonl",
            "copy.json",
        ] {
            let is_there = written.iter().any(|path| path.ends_with(name));
            assert!(is_there || name == "dev.db", "{name} was not written: {written:?}");
        }
        // Named by chance: how far the state had come, outside of the project.
        assert!(written.iter().any(|path| path.parent().is_some_and(|folder| folder.ends_with("cnx/serials"))));
        for path in written {
            let mode = path.symlink_metadata().expect("there").mode() & 0o777;
            let name = path.strip_prefix(project.path()).expect("below").to_owned();
            // What a user writes and shares: its own sources.
            let is_source = name == Path::new("main.cnx") || name.starts_with("first");
            let forbidden = if is_source { 0o022 } else { 0o077 };
            let is_ours = !name.starts_with("main.cnx");
            assert!(!is_ours || mode & forbidden == 0, "umask {umask}: {} has mode {mode:o}", name.display());
        }
    }
}

#[test]
fn a_served_emulator_keeps_its_world_private() {
    for umask in ["000", "022", "077"] {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("world");
        let script = format!("umask {umask}; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_cnx"), "emulator", "serve"]);
        command.args(["--port-base", "0", "--ready", "--data"]).arg(&data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let url = |name: &str| ready[name].as_str().expect("an address").to_owned();
        let planned = super::programs::run(&at(&url("compute_url"), &url("sandbox_url"), SERVER), &["plan"]);
        child.kill().expect("killed");
        child.wait().expect("an end");
        assert_eq!(planned.code, 0, "{}", planned.all());
        let bits = |path: &Path| path.metadata().expect("there").mode() & 0o777;
        assert_eq!(bits(&data), 0o700, "{umask}");
        let written = paths(&data);
        for name in ["journal.jsonl", "requests.jsonl", "lock"] {
            assert!(written.iter().any(|path| path.ends_with(name)), "{name} was not written: {written:?}");
        }
        written.iter().for_each(|path| assert_eq!(bits(path), 0o600, "{umask}: {}", path.display()));
    }
}

/// Paths that a run writes, relative to the project; those that are gone after it are named here.
fn written() -> BTreeSet<PathBuf> {
    let project = Project::new(&[("main.cnx", SERVER)]);
    for arguments in WRITING {
        project.ok(arguments);
    }
    let below = |path: PathBuf| path.strip_prefix(project.path()).expect("below").to_owned();
    let mut all: BTreeSet<PathBuf> = paths(project.path()).into_iter().map(below).collect();
    all.remove(Path::new("main.cnx"));
    // The lineage is random: its file can't be waited for.
    all.retain(|path| !path.starts_with(".local/state/cnx/serials") || path.ends_with("serials"));
    for gone in ["default.db-wal", "default.db-shm", "default.db-journal"] {
        all.insert(Path::new(".cnx/state").join(gone));
    }
    all.insert(PathBuf::from(".cnx/emulator/requests.1.jsonl"));
    all.insert(PathBuf::from(".cnx/emulator/journal.new"));
    all
}

#[test]
fn a_link_in_the_place_of_a_file_is_never_followed() {
    for place in written() {
        let is_folder = is_folder(&place);
        let outside = tempfile::tempdir().expect("a folder");
        let victim = outside.path().join("victim");
        if is_folder {
            std::fs::create_dir(&victim).expect("made");
        } else {
            std::fs::write(&victim, "precious").expect("written");
        }
        let project = Project::new(&[("main.cnx", SERVER)]);
        let link = project.path().join(&place);
        std::fs::create_dir_all(link.parent().expect("a parent")).expect("made");
        symlink(&victim, &link).expect("linked");
        let said: String = WRITING.iter().map(|arguments| project.run(arguments).all()).collect();
        assert!(!said.contains("cnx is broken"), "{}: {said}", place.display());
        if is_folder {
            let inside = paths(&victim);
            let is_users_own = place.starts_with(".local") || place.starts_with("first");
            assert!(inside.is_empty() || is_users_own, "{}: {inside:?}", place.display());
        } else {
            assert_eq!(std::fs::read(&victim).expect("there"), b"precious", "{}: {said}", place.display());
            assert_eq!(victim.metadata().expect("there").permissions().mode() & 0o777, 0o644, "{}", place.display());
        }
    }
}

/// Its name is random, so the link is put there between two runs.
#[test]
fn a_link_in_the_place_of_the_serial_in_the_home_folder_is_not_followed() {
    for umask in ["000", "022", "077"] {
        let project = Project::new(&[("main.cnx", SERVER)]);
        assert_eq!(under(umask, &project, &["apply", "--yes"]).code, 0);
        let serials = paths(&project.path().join(".local/state/cnx/serials"));
        let [serial] = &serials[..] else { panic!("one serial: {serials:?}") };
        let before = std::fs::read(serial).expect("there");
        let outside = tempfile::tempdir().expect("a folder");
        let victim = outside.path().join("victim");
        std::fs::write(&victim, "precious").expect("written");
        std::fs::remove_file(serial).expect("gone");
        symlink(&victim, serial).expect("linked");
        let destroyed = under(umask, &project, &["destroy", "--yes"]);
        assert_eq!(destroyed.code, 0, "{}", destroyed.all());
        assert_eq!(std::fs::read(&victim).expect("there"), b"precious");
        let found = serial.symlink_metadata().expect("there");
        assert!(found.is_file() && found.mode() & 0o777 == 0o600, "{umask}: {found:?}");
        assert_ne!(std::fs::read(serial).expect("there"), before, "it was not written again");
    }
}

/// Those of our folders that have no ending in their name.
fn is_folder(place: &Path) -> bool {
    let names = [".cnx", "state", "emulator", ".local", "cnx", "serials", "first"];
    place.file_name().is_some_and(|name| names.iter().any(|folder| name == *folder))
        || place == Path::new(".local/state")
}

#[test]
fn keys_are_read_only_from_a_file_that_nobody_else_may_read() {
    let cloud = Cloud::honest(quick(Vec::new()));
    let project = project(&cloud, SERVER);
    let folder = project.path().join(".config/cnx");
    std::fs::create_dir_all(&folder).expect("made");
    let file = folder.join("credentials");
    std::fs::write(&file, format!("CLOUDNEXUS_API_KEY = {KEY}\n")).expect("written");
    let plan = |project: &Project| Run::of(project.command(&["plan", "-e", "far"]).output().expect("cnx runs"));
    let mode = |bits| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(bits)).expect("set");
    for bits in [0o644, 0o640, 0o604, 0o660, 0o620, 0o610, 0o777, 0o601] {
        mode(bits);
        let refused = plan(&project);
        assert_eq!(refused.code, 1, "{bits:o}: {}", refused.all());
        refused.says("cnx::cloud::credentials").says("chmod 600");
    }
    assert!(cloud.heard().is_empty(), "the key was sent");
    for bits in [0o600, 0o400] {
        mode(bits);
        assert_eq!(plan(&project).code, 0, "{bits:o}");
    }
    std::fs::create_dir(folder.join("elsewhere")).expect("made");
    std::fs::rename(&file, folder.join("elsewhere/credentials")).expect("renamed");
    symlink(folder.join("elsewhere/credentials"), &file).expect("linked");
    assert_eq!(plan(&project).code, 1, "a link was followed");
}

#[test]
fn no_core_file_holds_a_key() {
    let silent = super::listener::Listener::new(|_, _| std::thread::sleep(std::time::Duration::from_secs(20)));
    let project = at(&silent.url(), &silent.url(), SERVER);
    let inner = far(&project, &["plan"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited 2>/dev/null; exec \"$@\"", "sh"]).arg(inner.get_program());
    command.args(inner.get_args()).env_clear().current_dir(project.path());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell");
    let began = std::time::Instant::now();
    while silent.heard().is_empty() {
        assert!(began.elapsed().as_secs() < 20, "nothing was asked");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    if let Ok(limits) = std::fs::read_to_string(format!("/proc/{}/limits", child.id())) {
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
        assert!(core.split_whitespace().nth(4) == Some("0"), "{core}");
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-ABRT", &id]).status().expect("kill runs").success());
    let status = child.wait().expect("an end");
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped(), "a core was dumped");
    assert!(files(project.path()).iter().all(|(name, _)| !name.contains("core")), "a core file");
}

#[test]
fn no_child_process_inherits_a_key() {
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8(std::fs::read(&path).expect("readable")).expect("text");
            let own = text.split("#[cfg(test)]").next().unwrap_or("");
            if own.contains("Command::new(") && own.contains("process::Command") {
                assert!(own.contains("env_clear()"), "{} starts a process with all of our environment", path.display());
            }
        }
    }
}
