//! System calls of the real process, counted, killed and refused through strace.
#![cfg(target_os = "linux")]

use super::sweep::{points, sweep};
use super::world::{Cloud, cnx};
use crate::outside::tools::{is_ci, say};
use crate::support::Project;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

static INSTALLING: Mutex<()> = Mutex::new(());

/// Whether strace is there; with `CI=true` it is installed, else its absence is said.
fn is_there() -> bool {
    let works = || Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
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

/// `cnx apply --yes` under strace.
fn traced(project: &Project, options: &[String]) -> Output {
    let inner = cnx(project, &["apply", "--yes"]);
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
fn calls(set: &str, paths: &[&str]) -> Vec<(String, usize)> {
    let cloud = Cloud::new();
    let project = cloud.project();
    let mut options =
        vec!["-e".to_owned(), format!("trace={set}"), "-o".to_owned(), log(&project).display().to_string()];
    options.extend(below(&project, paths));
    let output = traced(&project, &options);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
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

/// A sweep over every call of a set; `lasting` strikes every later one of its name too.
fn strike(name: &str, set: &str, paths: &[&str], effect: &str, lasting: bool, some: usize) {
    if !is_there() {
        return;
    }
    let calls = calls(set, paths);
    assert!(!calls.is_empty(), "no call of {set}");
    sweep(name, &points(0, calls.len() - 1, some), |_, project, point| {
        let (call, number) = &calls[point];
        let (trace, on) = (log(project), if lasting { "+" } else { "" });
        let mut options = vec!["-o".to_owned(), trace.display().to_string(), "-e".to_owned(), format!("trace={call}")];
        options.extend(["-e".to_owned(), format!("inject={call}:{effect}:when={number}{on}")]);
        options.extend(below(project, paths));
        let output = traced(project, &options);
        let struck = text(&trace).contains("INJECTED") || output.status.signal() == Some(9);
        // What was refused is told, and never called a success while something is open.
        let is_fair = !struck || effect.contains("signal") || is_honest(&output);
        assert!(is_fair, "{call} {number}: {}", String::from_utf8_lossy(&output.stderr));
        struck
    });
}

fn is_honest(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    !said.contains("cnx is broken") && (output.status.code() != Some(0) || !said.contains(" open"))
}

#[test]
fn killed_at_any_system_call_the_next_run_ends_it() {
    strike("SIGKILL at every system call", "all", &[], "signal=SIGKILL", false, 40);
}

#[test]
fn killed_at_any_call_of_the_network_the_next_run_ends_it() {
    strike("SIGKILL at every call of the network", "%net,writev,epoll_wait", &[], "signal=SIGKILL", false, 20);
}

#[test]
fn killed_at_any_write_of_the_state_the_next_run_ends_it() {
    strike("SIGKILL at every write or sync of the state", WRITES, STATE, "signal=SIGKILL", false, 20);
}

/// What writes to a disk.
const WRITES: &str = "write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,openat,mkdir";

/// What can fail on a disk when it breaks or is full.
const REFUSED: &str = "write,pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,unlink";

const STATE: &[&str] = &[
    ".cnx/state/far.db",
    ".cnx/state/far.db-wal",
    ".cnx/state/far.db-shm",
    ".cnx/state/far.lock",
    ".cnx/state/far.reserve",
    ".cnx/state/far.serial",
    ".cnx/state",
];

#[test]
fn a_disk_that_fails_at_any_write_loses_nothing() {
    strike("EIO at every write or sync", REFUSED, STATE, "error=EIO", false, 20);
}

#[test]
fn a_full_disk_at_any_write_loses_nothing() {
    strike("ENOSPC at every write or sync", REFUSED, STATE, "error=ENOSPC", false, 20);
}

#[test]
fn a_disk_that_stays_full_from_any_write_on_loses_nothing() {
    strike("EIO from every write or sync on", REFUSED, STATE, "error=EIO", true, 8);
    strike("ENOSPC from every write or sync on", REFUSED, STATE, "error=ENOSPC", true, 8);
}
