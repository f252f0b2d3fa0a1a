//! Files that are named on the command line: pipes, devices and giants in their place are refused, none is waited for or
//! read to its end. Parameters may come from a pipe, as shells hand them over.
#![cfg(unix)]

use super::programs::SERVER;
use crate::support::{Project, Run};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs with a bound on time; the memory of a process that reads without end is bounded too.
fn bounded(project: &Project, arguments: &[&str]) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 4000000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_cnx")]).args(arguments);
    command.current_dir(project.path()).env_clear().env("HOME", project.path()).env("PATH", "/usr/bin:/bin");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cnx");
    let began = Instant::now();
    while child.try_wait().expect("a state").is_none() {
        let is_late = began.elapsed() > Duration::from_secs(30);
        if is_late {
            child.kill().expect("killed");
        }
        assert!(!is_late, "{arguments:?} does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    Run::of(child.wait_with_output().expect("its output"))
}

#[test]
fn pipes_devices_and_giants_are_no_files() {
    let project = Project::new(&[("main.cnx", SERVER)]);
    assert!(Command::new("mkfifo").arg(project.path().join("pipe")).status().expect("mkfifo").success());
    let giant = std::fs::File::create(project.path().join("giant")).expect("made");
    giant.set_len(10 << 30).expect("sparse");
    for file in ["pipe", "/dev/zero", "giant", "."] {
        for arguments in [
            &["apply", file][..],
            &["show", file],
            &["state", "import", file, "--yes"],
            &["emulator", "state", "import", file],
        ] {
            let run = bounded(&project, arguments);
            assert_eq!(run.code, 1, "{arguments:?}: {}", run.all());
            assert!(run.all().contains("cnx::cli::"), "{arguments:?}: {}", run.all());
        }
    }
    for file in ["/dev/zero", "giant", "."] {
        let run = bounded(&project, &["plan", "--params", file]);
        assert_eq!(run.code, 1, "{file}: {}", run.all());
    }
}

#[test]
fn parameters_may_come_from_a_pipe() {
    let project = Project::new(&[("main.cnx", "param size: number\noutput size = size\n")]);
    let pipe = project.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let writer = std::thread::spawn(move || std::fs::write(pipe, "size = 7\n"));
    let run = bounded(&project, &["plan", "--params", "pipe"]);
    assert_eq!(run.code, 0, "{}", run.all());
    run.says("7");
    writer.join().expect("no panic").expect("written");
}
