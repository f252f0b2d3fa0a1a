//! A project in a folder that vanishes, and the real binary run in it as a user would run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with `.cnx` files; `cnx` runs in it without a terminal, without keys, with an empty home.
#[derive(Debug)]
pub struct Project {
    folder: tempfile::TempDir,
}

/// What a run left: exit code and both streams as text.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A project of these files (path, text).
    pub fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { folder: tempfile::tempdir().expect("a temporary folder") };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A copy of `examples/NAME`.
    pub fn example(name: &str) -> Project {
        let source = root().join("examples").join(name);
        let project = Project::new(&[]);
        copy(&source, project.path());
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a written file");
    }

    /// Replaces a text that must stand in the file.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path().join(path)).expect("the file");
        assert!(text.contains(from), "{path} holds no {from:?}");
        self.write(path, &text.replace(from, to));
    }

    /// The command, ready for more arguments or variables.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnx"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("cnx runs"))
    }

    /// Runs and demands exit code 0.
    pub fn ok(&self, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "cnx {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
        run
    }
}

impl Run {
    pub fn of(output: Output) -> Run {
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text on stdout"),
            stderr: String::from_utf8(output.stderr).expect("text on stderr"),
        }
    }

    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Demands that a text was said on either stream.
    pub fn says(&self, text: &str) -> &Run {
        assert!(self.all().contains(text), "not said: {text:?}\n{}", self.all());
        self
    }
}

/// The package's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files and folders, but not what cnx keeps beside them.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the example's folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a file name");
        let target = to.join(name);
        if path.is_file() {
            std::fs::copy(&path, target).expect("a copy");
        } else if name != ".cnx" {
            std::fs::create_dir_all(&target).expect("a folder");
            copy(&path, &target);
        }
    }
}
