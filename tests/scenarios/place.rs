//! Scenarios of the command line and of the machine that it runs on.

use super::state::keyed;
use super::{KEY, said};
use crate::support::{Project, Run};
use cnx::world::Environment;
use std::sync::{Arc, Mutex};

/// A test that applies a program with a region that no cloud has.
pub(super) fn step_failed() -> Vec<String> {
    let server = "server web {\n  name = \"web\"\n  region = \"xx-nowhere-9\"\n  plan = \"standard-8\"\n  image = \"ubuntu-22.04\"\n}\n";
    let test = "test \"it applies\" {\n  apply = true\n  assert = [true]\n}\n";
    said(&Project::new(&[("main.cnx", server), ("main.test.cnx", test)]).run(&["test"]))
}

pub(super) fn unsafe_path() -> Vec<String> {
    let project = keyed();
    project.write("elsewhere/note", "");
    project.write(".cnx/note", "");
    std::os::unix::fs::symlink(project.path().join("elsewhere"), project.path().join(".cnx/state")).expect("a link");
    said(&project.run(&["plan", "--json"]))
}

pub(super) fn not_text() -> Vec<String> {
    let project = keyed();
    std::fs::write(project.path().join("latin.cnx"), b"# gr\xfc\xdfe\n").expect("a file");
    said(&project.run(&["check", "--json"]))
}

/// A terminal at which somebody says no.
struct Reluctant;

impl cnx::world::Terminal for Reluctant {
    fn can_ask(&self) -> bool {
        true
    }

    fn output_is_terminal(&self) -> bool {
        false
    }

    fn error_is_terminal(&self) -> bool {
        false
    }

    fn width(&self) -> Option<u16> {
        None
    }

    fn ask(&self, _: &str) -> std::io::Result<Option<String>> {
        Ok(Some("no".to_owned()))
    }

    fn ask_secretly(&self, question: &str) -> std::io::Result<Option<String>> {
        self.ask(question)
    }
}

pub(super) fn declined() -> Vec<String> {
    let project = keyed();
    let mut world = cnx::cli::shell::World::real();
    world.environment = Environment::default();
    world.terminal = Arc::new(Reluctant);
    let kept = Arc::new(Mutex::new(Vec::new()));
    let writer = || cnx::report::Writer::new(Box::new(crate::pages::Kept(Arc::clone(&kept))));
    let folder = project.path().display().to_string();
    let arguments = ["cnx", "apply", "-C", &folder].map(Into::into);
    let exit = cnx::cli::run_in(world, writer(), writer(), arguments);
    assert_eq!(exit, 5);
    let stderr = String::from_utf8(kept.lock().expect("no writer panics").clone()).expect("text");
    said(&Run { code: 5, stdout: String::new(), stderr })
}

/// Somebody edits a module that was fetched.
pub(super) fn module_changed() -> Vec<String> {
    let repository = crate::modules::repository();
    let project = crate::modules::using(repository.path(), "v1");
    project.ok(&["check"]);
    std::fs::write(crate::modules::fetched(&project).join("n/main.cnx"), "output x = 3\n").expect("a file");
    said(&project.run(&["check", "--json"]))
}

/// A machine without certificates.
pub(super) fn no_network() -> Vec<String> {
    let project = Project::new(&[("main.cnx", &format!("environment s {{ target = \"sandbox\" }}\n{KEY}"))]);
    let mut command = project.command(&["plan", "-e", "s", "--json"]);
    command.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere").env("CLOUDNEXUS_API_KEY", "cn_test_1");
    said(&Run::of(command.output().expect("cnx runs")))
}

/// A process that may open next to nothing.
pub(super) fn machine() -> Vec<String> {
    let project = keyed();
    let script = format!("ulimit -n 5; exec {} plan --json", env!("CARGO_BIN_EXE_cnx"));
    let run = std::process::Command::new("sh").args(["-c", &script]).current_dir(project.path()).env_clear().output();
    said(&Run::of(run.expect("sh runs")))
}
