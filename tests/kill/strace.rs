//! System calls of the real process, counted, killed and refused through strace.
#![cfg(target_os = "linux")]

use super::changes::{BACK, Change, DESTRUCTIONS, UNDONE, ends, failing, prepared};
use super::sweep::{points, sweep_of};
use super::world::{Cloud, Ending, PROGRAM, cnx, next_run_ends_it};
use crate::outside::tools::{alone, is_ci, say};
use crate::support::Project;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Whether strace is there; with `CI=true` it is installed, else its absence is said.
fn is_there() -> bool {
    let works = || Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    let _alone = alone();
    if works() {
        return true;
    }
    if !is_ci() {
        say("left out: strace is not installed (CI=true installs it): no sweep over system calls");
        return false;
    }
    for arguments in [&["update", "-q"][..], &["install", "-y", "-q", "strace"]] {
        let _ = Command::new("apt-get").args(arguments).stdout(Stdio::null()).status();
    }
    assert!(works(), "strace can't be installed, or may not trace");
    true
}

/// What is run under strace, on what another run left, and what the next run must come to.
struct Story {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// Of the undisturbed run.
    code: i32,
    prepare: fn(&Cloud, &Project),
    end: fn(&Cloud, &Project) -> Result<Ending, String>,
}

const CREATES: Story = Story {
    name: "creates",
    program: PROGRAM,
    arguments: &["apply", "--yes"],
    code: 0,
    prepare: |_, _| {},
    end: next_run_ends_it,
};

/// Beside what `PROGRAM` has: a machine whose successor is made first, and a key that goes.
const MANY: &str = concat!(
    "compute_instance twin {\n  name   = \"twin\"\n  type   = \"standard-2x4\"\n  region = \"eu-west-1\"\n  ",
    "image  = \"debian-12\"\n  lifecycle { create_before_destroy = true }\n}\n",
    "ssh_key deploy {\n  name       = \"deploy\"\n  public_key = \"ssh-ed25519 ",
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ8p5nIu0vQGkQnZ1tQ0bq0mVv3l0x1sYVqXH0aR2p7d\"\n}\n",
    "ssh_key old {\n  name       = \"old\"\n  public_key = \"ssh-ed25519 ",
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ8p5nIu0vQGkQnZ1tQ0bq0mVv3l0x1sYVqXH0aR2p7e\"\n}\n",
    "server web {\n  name   = \"web\"\n  plan   = \"standard-8\"\n  image  = \"ubuntu-22.04\"\n  ",
    "region = \"us-east-1\"\n}\n",
    "compute_instance jump {\n  name   = \"jump\"\n  type   = \"standard-2x4\"\n  region = \"us-east-1\"\n  ",
    "image  = \"ubuntu-22.04-lts\"\n}\n",
);

/// Updated in place, replaced in both orders, and destroyed, in one run.
const EVERYTHING: Change = Change {
    name: "",
    edits: &[
        ("\"standard-8\"", "\"standard-16\""),
        ("\"ubuntu-22.04-lts\"", "\"debian-12\""),
        ("\"eu-west-1\"", "\"eu-west-2\""),
        (
            "ssh_key old {\n  name       = \"old\"\n  public_key = \"ssh-ed25519 \
             AAAAC3NzaC1lZDI1NTE5AAAAIJ8p5nIu0vQGkQnZ1tQ0bq0mVv3l0x1sYVqXH0aR2p7e\"\n}\n",
            "",
        ),
    ],
    arguments: &["apply", "--yes", "--allow-destroy", "*"],
    objects: &["inst_jump", "inst_twin", "key_deploy", "srv_web"],
};

const CHANGED: Story = Story {
    name: "an update, replacements in both orders, a destruction",
    program: MANY,
    arguments: EVERYTHING.arguments,
    code: 0,
    prepare: |cloud, project| prepared(cloud, project, &EVERYTHING),
    end: |cloud, project| ends(cloud, project, &EVERYTHING),
};

const DESTROYED: Story = Story {
    name: "destructions",
    program: PROGRAM,
    arguments: DESTRUCTIONS.arguments,
    code: 0,
    prepare: |cloud, project| prepared(cloud, project, &DESTRUCTIONS),
    end: |cloud, project| ends(cloud, project, &DESTRUCTIONS),
};

const ROLLED_BACK: Story = Story {
    name: "a rollback",
    program: PROGRAM,
    arguments: BACK,
    code: 1,
    prepare: |cloud, project| {
        let before = failing(cloud, project);
        project.write("before.txt", &before);
    },
    end: |cloud, project| {
        let before = std::fs::read_to_string(project.path().join("before.txt")).expect("the program");
        project.write("main.cnx", &before);
        ends(cloud, project, &UNDONE)
    },
};

/// The story's command under strace.
fn traced(story: &Story, project: &Project, options: &[String]) -> Output {
    let inner = cnx(project, story.arguments);
    let mut command = Command::new("strace");
    command.args(["-f", "-q"]).args(options).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(project.path()).env_clear().stdin(Stdio::null());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.output().expect("strace runs")
}

fn log(project: &Project) -> PathBuf {
    project.path().join("trace.txt")
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// Every call of this set that an undisturbed run makes, as its name and its number among those of its name: strace
/// counts for each thread and each name, and strikes the first thread that comes so far.
fn calls(story: &Story, set: &str, paths: &[&str]) -> Vec<(String, usize)> {
    let cloud = Cloud::new();
    let project = cloud.project_of(story.program);
    (story.prepare)(&cloud, &project);
    let mut options =
        vec!["-e".to_owned(), format!("trace={set}"), "-o".to_owned(), log(&project).display().to_string()];
    options.extend(below(&project, paths));
    let output = traced(story, &project, &options);
    assert_eq!(output.status.code(), Some(story.code), "{}", String::from_utf8_lossy(&output.stderr));
    let mut by_thread: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in text(&log(&project)).lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let name = call.trim_start().split('(').next().unwrap_or("");
        if !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && call.contains('(')
        {
            *by_thread.entry((thread.to_owned(), name.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((_, name), count) in by_thread {
        let known = most.entry(name).or_default();
        *known = count.max(*known);
    }
    most.into_iter().flat_map(|(name, count)| (1..=count).map(move |number| (name.clone(), number))).collect()
}

fn below(project: &Project, paths: &[&str]) -> Vec<String> {
    let folder = project.path().canonicalize().expect("there");
    paths.iter().flat_map(|path| ["-P".to_owned(), folder.join(path).display().to_string()]).collect()
}

/// How calls are struck.
struct Blow {
    name: &'static str,
    set: &'static str,
    paths: &'static [&'static str],
    effect: &'static str,
    /// Every later call of the name too.
    lasts: bool,
}

/// A sweep over every call of a set; by default over so many of them.
fn strike(story: &Story, blow: &Blow, some: usize) {
    if !is_there() {
        return;
    }
    let calls = calls(story, blow.set, blow.paths);
    assert!(!calls.is_empty(), "no call of {}", blow.set);
    let name = format!("{}: {}, {} in all", story.name, blow.name, calls.len());
    let hit = |cloud: &Cloud, project: &Project, point: usize| {
        (story.prepare)(cloud, project);
        let (call, number) = &calls[point];
        let (trace, on) = (log(project), if blow.lasts { "+" } else { "" });
        let mut options = vec!["-o".to_owned(), trace.display().to_string(), "-e".to_owned(), format!("trace={call}")];
        options.extend(["-e".to_owned(), format!("inject={call}:{}:when={number}{on}", blow.effect)]);
        options.extend(below(project, blow.paths));
        let output = traced(story, project, &options);
        let struck = text(&trace).contains("INJECTED") || output.status.signal() == Some(9);
        // What was refused is told, and never called a success while something is open.
        let is_fair = !struck || blow.effect.contains("signal") || is_honest(&output);
        assert!(is_fair, "{name}: {call} {number}: {}", String::from_utf8_lossy(&output.stderr));
        struck
    };
    sweep_of(&name, story.program, &points(0, calls.len() - 1, some), hit, story.end);
}

fn is_honest(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    !said.contains("cnx is broken") && (output.status.code() != Some(0) || !said.contains(" open"))
}

#[test]
fn killed_at_any_system_call_the_next_run_ends_it() {
    strike(&CREATES, &KILLED, 20);
}

#[test]
fn whatever_it_changes_killed_at_any_system_call_the_next_run_ends_it() {
    strike(&CHANGED, &KILLED, 12);
    strike(&DESTROYED, &KILLED, 6);
    strike(&ROLLED_BACK, &KILLED, 8);
}

#[test]
fn killed_at_any_call_of_the_network_the_next_run_ends_it() {
    let set = "%net,writev,epoll_wait";
    strike(&CREATES, &Blow { name: "SIGKILL at every call of the network", set, ..KILLED }, 14);
}

#[test]
fn killed_at_any_write_of_the_state_the_next_run_ends_it() {
    let blow = Blow { name: "SIGKILL at every write or sync of the state", set: WRITES, paths: STATE, ..KILLED };
    strike(&CREATES, &blow, 14);
    strike(&CHANGED, &blow, 6);
}

const KILLED: Blow =
    Blow { name: "SIGKILL at every system call", set: "all", paths: &[], effect: "signal=SIGKILL", lasts: false };

/// What writes to a disk.
const WRITES: &str = "write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,openat,mkdir";

/// What can fail on a disk when it breaks or is full.
const REFUSED: &str = "write,pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,unlink,openat,mkdir";

/// The same but for `write`, wherever it is: how far a state had come is kept in the home, under a name that is random.
const ANYWHERE: &str = "pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,unlink,openat,mkdir";

const STATE: &[&str] = &[
    ".cnx/state/far.db",
    ".cnx/state/far.db-wal",
    ".cnx/state/far.db-shm",
    ".cnx/state/far.lock",
    ".cnx/state/far.reserve",
    ".cnx/state/far.serial",
    ".cnx/state",
    ".local/state/cnx/serials",
];

const BROKEN: Blow =
    Blow { name: "EIO at every write or sync", set: REFUSED, paths: STATE, effect: "error=EIO", lasts: false };

const FULL: Blow =
    Blow { name: "ENOSPC at every write or sync", set: REFUSED, paths: STATE, effect: "error=ENOSPC", lasts: false };

#[test]
fn a_disk_that_fails_at_any_write_loses_nothing() {
    strike(&CREATES, &BROKEN, 8);
    strike(&CHANGED, &BROKEN, 4);
    strike(&ROLLED_BACK, &BROKEN, 2);
    strike(
        &CREATES,
        &Blow { name: "EIO wherever a file is opened, synced or renamed", set: ANYWHERE, paths: &[], ..BROKEN },
        4,
    );
}

#[test]
fn a_full_disk_at_any_write_loses_nothing() {
    strike(&CREATES, &FULL, 8);
    strike(&CHANGED, &FULL, 4);
    strike(&DESTROYED, &FULL, 2);
    strike(
        &CREATES,
        &Blow { name: "ENOSPC wherever a file is opened, synced or renamed", set: ANYWHERE, paths: &[], ..FULL },
        4,
    );
}

#[test]
fn a_disk_that_stays_full_from_any_write_on_loses_nothing() {
    strike(&CREATES, &Blow { name: "EIO from every write or sync on", lasts: true, ..BROKEN }, 6);
    strike(&CREATES, &Blow { name: "ENOSPC from every write or sync on", lasts: true, ..FULL }, 6);
    strike(&CHANGED, &Blow { name: "ENOSPC from every write or sync on", lasts: true, ..FULL }, 4);
}
