//! The tools that judge from outside: which ones, which versions, where they are, how they get there.
//! They are installed under the build folder; with `CI=true` a missing one is installed, else it is left out and said so.
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

const PYTHON_PACKAGES: &[&str] = &["openapi-spec-validator==0.9.0", "schemathesis==4.32.0"];
const NODE_PACKAGES: &[&str] =
    &["@stoplight/spectral-cli@6.16.3", "@redocly/cli@2.77.0", "@stoplight/prism-cli@5.14.2"];

static INSTALLING: Mutex<()> = Mutex::new(());

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools")
}

pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// A command of the Python tools; `None` where they are not installed and this is no CI.
pub fn python(command: &str) -> Option<Command> {
    let home = folder().join("python");
    let installed = ensure(&home, PYTHON_PACKAGES, |home| {
        run(Command::new("python3").args(["-m", "venv"]).arg(home));
        run(Command::new(home.join("bin/pip")).args(["install", "--quiet"]).args(PYTHON_PACKAGES));
    });
    left_out(installed, command)?;
    Some(quiet(Command::new(home.join("bin").join(command))))
}

/// A command of the Node tools, as `python`.
pub fn node(command: &str) -> Option<Command> {
    let home = folder().join("npm");
    let installed = ensure(&home, NODE_PACKAGES, |home| {
        let options = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        run(Command::new("npm").args(options).arg(home).args(NODE_PACKAGES));
    });
    left_out(installed, command)?;
    Some(quiet(Command::new(home.join("node_modules/.bin").join(command))))
}

/// Nothing is reported to anybody, no newer version is looked for.
fn quiet(mut command: Command) -> Command {
    command.envs([("REDOCLY_TELEMETRY", "off"), ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"), ("DO_NOT_TRACK", "1")]);
    command
}

fn left_out(installed: bool, command: &str) -> Option<()> {
    if !installed {
        say(&format!("left out: {command} is not installed under {} (CI=true installs it)", folder().display()));
    }
    installed.then_some(())
}

/// A line for whoever reads the test's output.
pub fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).expect("a standard error");
}

/// Whoever installs something does it alone.
pub fn alone() -> MutexGuard<'static, ()> {
    INSTALLING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the packages are there in these versions. The list of versions is written last.
fn ensure(home: &Path, packages: &[&str], install: impl Fn(&Path)) -> bool {
    let _alone = alone();
    let (list, wanted) = (home.join("installed"), packages.join("\n"));
    if std::fs::read_to_string(&list).is_ok_and(|found| found == wanted) {
        return true;
    }
    if !is_ci() {
        return false;
    }
    std::fs::create_dir_all(home).expect("a folder for tools");
    install(home);
    std::fs::write(&list, wanted).expect("written");
    true
}

/// Runs to the end; its output where it failed is the test's failure.
pub fn run(command: &mut Command) -> Output {
    let output = command.output();
    assert!(output.is_ok(), "{command:?}: {output:?}");
    let output = output.expect("checked");
    assert!(output.status.success(), "{command:?}\n{}", text(&output));
    output
}

pub fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
